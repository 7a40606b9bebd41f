//! The places of the ledgers of these tests: files.

use std::path::{Path, PathBuf};

use runcomfy_ledger::{Error, Ledger};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// The place of a ledger, which several processes may open.
pub(crate) struct Place(PathBuf);

impl Place {
    /// A new place. A file needs a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("ledger.db"))
    }

    /// The place that another process told.
    pub(crate) fn of(told: &str) -> Self {
        Self(told.into())
    }

    pub(crate) fn told(&self) -> String {
        self.0.display().to_string()
    }

    pub(crate) async fn open(&self) -> Result<Ledger, Error> {
        Ledger::open(&self.0).await
    }

    /// Returns the size of the database, with what is not yet in its main file.
    pub(crate) async fn bytes(&self) -> u64 {
        let size = |end: &str| {
            let path = format!("{}{end}", self.0.display());
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        size("") + size("-wal")
    }

    /// Returns the number that a query selects.
    pub(crate) async fn number(&self, select: &'static str) -> i64 {
        let options = SqliteConnectOptions::new().filename(&self.0);
        let mut connection = options.connect().await.expect("it opens");
        let number = sqlx::query_scalar(select).fetch_one(&mut connection).await;
        connection.close().await.expect("it closes");
        number.expect("it is a number")
    }

    /// Changes the tables as no ledger would.
    pub(crate) async fn execute(&self, sql: &str) {
        let options = SqliteConnectOptions::new().filename(&self.0);
        let mut connection = options.connect().await.expect("it opens");
        let statement = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection);
        statement.await.expect("it can be written");
        connection.close().await.expect("it closes");
    }
}
