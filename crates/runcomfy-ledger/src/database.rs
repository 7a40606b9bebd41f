//! The database: one set of statements for SQLite and for PostgreSQL.
//!
//! Every column is a whole number or text, so two kinds of values are enough. A transaction is the
//! driver's own, so another library can take part in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow, Postgres};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row as _, SqlSafeStr, SqlStr, Sqlite, Transaction};

#[cfg(feature = "postgres")]
use crate::again::Attempts;
use crate::clock::now_micros;
use crate::error::Error;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite;

/// The time of a server in microseconds since 1970.
const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";

/// An open database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    name: Arc<str>,
    pools: Pools,
}

/// Connections that write, and connections that read. PostgreSQL has one pool for both.
#[derive(Debug, Clone)]
enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        path: Arc<Path>,
    },
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// Connections of a driver, for another library that uses it.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// A transaction that writes.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Transaction<'static, Postgres>),
}

/// The connection that a query runs on.
pub(crate) enum Target<'c> {
    SqlitePool(&'c SqlitePool),
    Sqlite(&'c mut SqliteConnection),
    #[cfg(feature = "postgres")]
    PostgresPool(&'c PgPool),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut PgConnection),
}

/// A row of a result.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
}

/// A statement with its values.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A value of a column, which may be NULL.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
}

impl Database {
    /// Opens an SQLite file, and brings it to the newest schema. The caller lets one process at a
    /// time do this.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, sqlite::Options::new()).await
    }

    pub(crate) async fn open_with(path: &Path, options: sqlite::Options) -> Result<Self, Error> {
        let (writer, readers) = sqlite::open(path, options).await?;
        let pools = Pools::Sqlite { writer, readers, path: path.into() };
        Ok(Self { name: sqlite::name(path).into(), pools })
    }

    /// Connects to PostgreSQL, and brings its schema to the newest version.
    #[cfg(feature = "postgres")]
    pub(crate) async fn connect(address: &postgres::Address) -> Result<Self, Error> {
        let pool = postgres::connect(address).await?;
        Ok(Self { name: address.to_string().into(), pools: Pools::Postgres(pool) })
    }

    /// Returns the name for people: the path, or the address without its password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the SQLite file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { path, .. } => Some(path),
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => None,
        }
    }

    /// Returns the connections that write, as the driver has them.
    pub(crate) fn pool(&self) -> Pool {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Pool::Sqlite(writer.clone()),
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => Pool::Postgres(pool.clone()),
        }
    }

    /// Returns the connections that read.
    pub(crate) fn readers(&self) -> Target<'_> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => Target::SqlitePool(readers),
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => Target::PostgresPool(pool),
        }
    }

    /// Begins a transaction that writes. On SQLite, no other process writes until it ends.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        let tx = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite)
            }
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        };
        tx.map_err(|error| self.error(error))
    }

    /// Commits, which waits until the disk has it.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Error> {
        let committed = match tx {
            Tx::Sqlite(tx) => tx.commit().await,
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|error| match self.error(error) {
            Error::Database { ledger, source } => {
                Error::Database { ledger, source: Box::new(Commit(source)) }
            }
            error => error,
        })
    }

    /// Returns the time in microseconds since 1970, by the one clock that every process shares.
    pub(crate) async fn now_micros(&self) -> Result<i64, sqlx::Error> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(now_micros()),
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => query(NOW).fetch_one(self.readers()).await?.int("now"),
        }
    }

    /// Returns the time for which an outcome is tried to be written. A server that is restarted
    /// comes back; a disk that is full rarely does.
    pub(crate) fn patience(&self) -> Duration {
        match &self.pools {
            Pools::Sqlite { .. } => Duration::from_secs(4),
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => Duration::from_secs(120),
        }
    }

    /// Closes the connections.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Returns the function that says what an error of the database means.
    pub(crate) fn errors(&self) -> impl Fn(sqlx::Error) -> Error + Copy {
        |error| self.error(error)
    }

    /// Says what an error of the database means.
    pub(crate) fn error(&self, error: sqlx::Error) -> Error {
        match &self.pools {
            Pools::Sqlite { .. } => sqlite::error(&self.name, error),
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => postgres::error(&self.name, error),
        }
    }
}

/// The error of a commit, which may have been done although its answer got lost.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Commit(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Tx {
    /// Returns `true` on PostgreSQL, where others write at the same time, on machines with other
    /// clocks. On SQLite, this transaction has the whole file.
    fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// Returns the end of a query that locks its rows until this transaction ends.
    pub(crate) fn for_update(&self) -> &'static str {
        if self.is_shared() { " FOR UPDATE" } else { "" }
    }

    /// Returns the time in microseconds since 1970, by the one clock that every process shares.
    pub(crate) async fn now_micros(&mut self) -> Result<i64, sqlx::Error> {
        if !self.is_shared() {
            return Ok(now_micros());
        }
        query(NOW).fetch_one(self).await?.int("now")
    }

    /// Lets no other transaction ask for the twins of this fingerprint until this one ends.
    pub(crate) async fn lock_fingerprint(&mut self, fingerprint: &str) -> Result<(), sqlx::Error> {
        if self.is_shared() {
            let lock = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))";
            query(lock).bind(fingerprint).execute(self).await?;
        }
        Ok(())
    }

    /// Lets no other transaction fill the queue of a batch until this one ends.
    pub(crate) async fn lock_queue(&mut self, batch: &str) -> Result<(), sqlx::Error> {
        if self.is_shared() {
            let lock = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 1))";
            query(lock).bind(batch).execute(self).await?;
        }
        Ok(())
    }

    /// Lets no other transaction change jobs until this one ends, and waits for those that have.
    pub(crate) async fn lock_jobs(&mut self) -> Result<(), sqlx::Error> {
        if self.is_shared() {
            query("LOCK TABLE job IN SHARE MODE").execute(self).await?;
        }
        Ok(())
    }

    /// Lets no other transaction change the limits and the spend until this one ends.
    pub(crate) async fn lock_accounts(&mut self) -> Result<(), sqlx::Error> {
        if self.is_shared() {
            query("LOCK TABLE \"limit\", spend IN EXCLUSIVE MODE").execute(self).await?;
        }
        Ok(())
    }

    /// Returns what is damaged in an SQLite file. PostgreSQL checks what it reads itself.
    pub(crate) async fn damage(&mut self) -> Result<Option<String>, sqlx::Error> {
        if self.is_shared() {
            return Ok(None);
        }
        let found = query("PRAGMA integrity_check(1)").fetch_one(self).await?;
        let found = found.text("integrity_check")?;
        Ok((found != "ok").then(|| found.to_owned()))
    }
}

impl<'c> From<&'c mut Tx> for Target<'c> {
    fn from(tx: &'c mut Tx) -> Self {
        match tx {
            Tx::Sqlite(tx) => Self::Sqlite(tx),
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => Self::Postgres(tx),
        }
    }
}

/// Returns a query, whose values are `$1`, `$2` and so on.
pub(crate) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

/// Runs a query by the driver of its target: a method of `sqlx`, and what becomes of its output.
macro_rules! run {
    ($query:expr, $target:expr, $method:ident, $output:ident, $sqlite:expr, $postgres:expr) => {
        match $target.into() {
            Target::SqlitePool(pool) => $query.sqlite().$method(pool).await.map(|$output| $sqlite),
            Target::Sqlite(connection) => {
                $query.sqlite().$method(connection).await.map(|$output| $sqlite)
            }
            // Outside of a transaction, the ledger only reads.
            #[cfg(feature = "postgres")]
            Target::PostgresPool(pool) => {
                let mut attempts = Attempts::new();
                loop {
                    let read = $query.clone().postgres().$method(pool);
                    match postgres::in_time(read).await {
                        Err(error) if attempts.again_after(&error).await => {}
                        read => break read.map(|$output| $postgres),
                    }
                }
            }
            #[cfg(feature = "postgres")]
            Target::Postgres(connection) => {
                postgres::in_time($query.postgres().$method(connection))
                    .await
                    .map(|$output| $postgres)
            }
        }
    };
}

impl Query {
    /// Sets the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it, and returns the number of rows that it changed.
    pub(crate) async fn execute<'c>(self, on: impl Into<Target<'c>>) -> Result<u64, sqlx::Error> {
        run!(self, on, execute, done, done.rows_affected(), done.rows_affected())
    }

    /// Runs it, and returns every row.
    pub(crate) async fn fetch_all<'c>(
        self,
        on: impl Into<Target<'c>>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        run!(
            self,
            on,
            fetch_all,
            rows,
            rows.into_iter().map(Row::Sqlite).collect(),
            rows.into_iter().map(Row::Postgres).collect()
        )
    }

    /// Runs it, and returns the row, if there is one.
    pub(crate) async fn fetch_optional<'c>(
        self,
        on: impl Into<Target<'c>>,
    ) -> Result<Option<Row>, sqlx::Error> {
        run!(self, on, fetch_optional, row, row.map(Row::Sqlite), row.map(Row::Postgres))
    }

    /// Runs it, and returns the row.
    pub(crate) async fn fetch_one<'c>(self, on: impl Into<Target<'c>>) -> Result<Row, sqlx::Error> {
        self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        })
    }

    #[cfg(feature = "postgres")]
    fn postgres(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        })
    }
}

/// Reads a column by the driver of the row.
macro_rules! column {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get($column),
        }
    };
}

impl Row {
    pub(crate) fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn optional_int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn text(&self, column: &str) -> Result<&str, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        column!(self, column)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
