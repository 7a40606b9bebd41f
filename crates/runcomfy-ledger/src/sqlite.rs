//! The database: connections to SQLite, and its migrations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, Row, Sqlite, Transaction};

use crate::clock::now;
use crate::error::Error;

/// Time that a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that read. One more writes: SQLite has one writer at a time, and waiting for a
/// connection is fair, while waiting for SQLite's lock is not.
const READERS: u32 = 4;
/// Each migration is applied once, in this order, and is never changed after a release.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/1.sql")];

/// An open database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Database {
    /// Connects to the file, and brings it to the newest schema. The caller lets one process at a
    /// time do this.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, SqliteConnectOptions::new()).await
    }

    pub(crate) async fn open_with(
        path: &Path,
        options: SqliteConnectOptions,
    ) -> Result<Self, Error> {
        let options = options
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk before it returns.
            .synchronous(SqliteSynchronous::Full)
            // On macOS, a sync does not reach the disk without these.
            .pragma("fullfsync", "ON")
            .pragma("checkpoint_fullfsync", "ON")
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_lifetime(None)
            .idle_timeout(None)
            // Many tasks may wait for the one writer.
            .acquire_timeout(Duration::from_secs(300));
        let map = |error| map(path, error);
        let writer = pool.clone().max_connections(1).connect_with(options.clone()).await;
        let writer = writer.map_err(map)?;
        let mut connection = writer.acquire().await.map_err(map)?;
        migrate(path, &mut connection).await?;
        drop(connection);
        let readers = pool.max_connections(READERS).connect_lazy_with(options);
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the connections that read.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Begins a transaction that writes. No other process writes until it ends.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.error(error))
    }

    /// Commits, which waits until the disk has it.
    pub(crate) async fn commit(&self, tx: Transaction<'static, Sqlite>) -> Result<(), Error> {
        tx.commit().await.map_err(|error| self.error(error))
    }

    /// Closes the connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Says what an error of the database means.
    pub(crate) fn error(&self, error: sqlx::Error) -> Error {
        map(&self.path, error)
    }
}

/// Applies the migrations that the file does not have yet, in one transaction.
async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), Error> {
    let known = MIGRATIONS.len() as i64;
    let map = |error| map(path, error);
    let (tables, is_ledger) = tables(connection).await.map_err(map)?;
    if tables > 0 && !is_ledger {
        return Err(Error::NotALedger(path.to_owned()));
    }
    let found = if is_ledger { version(connection).await.map_err(map)? } else { 0 };
    if found > known {
        return Err(Error::NewerVersion { path: path.to_owned(), found, known });
    }
    if found == known {
        return Ok(());
    }
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(map)?;
    if !is_ledger {
        let create =
            "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)";
        sqlx::query(create).execute(&mut *tx).await.map_err(map)?;
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        sqlx::raw_sql(*migration).execute(&mut *tx).await.map_err(map)?;
        let insert = "INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)";
        let insert = sqlx::query(insert).bind(index as i64 + 1).bind(now());
        insert.execute(&mut *tx).await.map_err(map)?;
    }
    tx.commit().await.map_err(map)
}

/// Returns the number of tables, and `true` if one of them is a ledger's.
async fn tables(connection: &mut SqliteConnection) -> Result<(i64, bool), sqlx::Error> {
    let select = "SELECT COUNT(*), COALESCE(SUM(name = 'schema_version'), 0) FROM sqlite_master WHERE type = 'table'";
    let row = sqlx::query(select).fetch_one(connection).await?;
    let own: i64 = row.try_get(1)?;
    Ok((row.try_get(0)?, own > 0))
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let select = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
    sqlx::query_scalar(select).fetch_one(connection).await
}

/// Says what an error means, by SQLite's result codes.
fn map(path: &Path, error: sqlx::Error) -> Error {
    let path = path.to_owned();
    let code = match &error {
        sqlx::Error::Database(database) => {
            database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default()
        }
        _ => 0,
    };
    // The upper bits are details.
    match code & 0xFF {
        5 | 6 => Error::Busy { path },
        11 | 26 => Error::Damaged { path, reason: error.to_string() },
        13 => Error::Full { path },
        _ => Error::Database { path, source: Box::new(error) },
    }
}
