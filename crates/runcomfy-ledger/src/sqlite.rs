//! SQLite: connections, and its migrations.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Row};

use crate::clock::now;
use crate::error::Error;
use crate::migrations::{CREATE_VERSIONS, INSERT_VERSION, SELECT_VERSION, missing};

pub(crate) use sqlx::sqlite::SqliteConnectOptions as Options;

/// Time that a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that read. One more writes: SQLite has one writer at a time, and waiting for a
/// connection is fair, while waiting for SQLite's lock is not.
const READERS: u32 = 4;

/// Opens the connection that writes and those that read, and brings the file to the newest schema.
pub(crate) async fn open(path: &Path, options: Options) -> Result<(SqlitePool, SqlitePool), Error> {
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
        .acquire_timeout(Duration::from_secs(300))
        // If the disk was full, SQLite has ended the transaction itself, and the driver could begin
        // no other one.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        });
    let name = name(path);
    let map = |error| self::error(&name, error);
    let writer = pool.clone().max_connections(1).connect_with(options.clone()).await;
    let writer = writer.map_err(map)?;
    let mut connection = writer.acquire().await.map_err(map)?;
    migrate(&name, &mut connection).await?;
    drop(connection);
    let readers = pool.max_connections(READERS).connect_lazy_with(options);
    Ok((writer, readers))
}

/// SQLite's code for a file of shared memory that cannot grow: on a local disk, for want of room.
const SHARED_MEMORY_SIZE: i32 = 4874;

/// Returns the name of the ledger for people.
pub(crate) fn name(path: &Path) -> String {
    path.display().to_string()
}

/// Applies the migrations that the file does not have yet, in one transaction.
async fn migrate(name: &str, connection: &mut SqliteConnection) -> Result<(), Error> {
    let map = |error| self::error(name, error);
    let (tables, is_ledger) = tables(connection).await.map_err(map)?;
    if tables > 0 && !is_ledger {
        return Err(Error::NotALedger(name.to_owned()));
    }
    let found = if is_ledger { version(connection).await.map_err(map)? } else { 0 };
    let mut missing = missing(name, found)?.peekable();
    if missing.peek().is_none() {
        return Ok(());
    }
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(map)?;
    if !is_ledger {
        sqlx::query(CREATE_VERSIONS).execute(&mut *tx).await.map_err(map)?;
    }
    for (version, migration) in missing {
        sqlx::raw_sql(migration).execute(&mut *tx).await.map_err(map)?;
        let insert = sqlx::query(INSERT_VERSION).bind(version).bind(now());
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
    sqlx::query_scalar(SELECT_VERSION).fetch_one(connection).await
}

/// Says what an error means, by SQLite's result codes.
pub(crate) fn error(ledger: &str, error: sqlx::Error) -> Error {
    let ledger = ledger.to_owned();
    let code = match &error {
        sqlx::Error::Database(database) => {
            database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default()
        }
        _ => 0,
    };
    // The upper bits are details.
    match code & 0xFF {
        _ if code == SHARED_MEMORY_SIZE => Error::Full { ledger },
        5 | 6 => Error::Busy { ledger },
        11 | 26 => Error::Damaged { ledger, reason: error.to_string() },
        13 => Error::Full { ledger },
        _ => Error::Database { ledger, source: Box::new(error) },
    }
}
