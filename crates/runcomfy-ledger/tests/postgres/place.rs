//! The places of the ledgers of these tests: each a schema of its own.

use std::path::Path;

use runcomfy_ledger::{Error, Ledger};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Environment variable with the address of the server, of a role that may do everything.
const SERVER: &str = "RCOMFY_TEST_POSTGRES";

/// The place of a ledger, which several processes may open.
pub(crate) struct Place {
    server: String,
    schema: String,
}

/// Returns the address of the server.
pub(crate) fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        unreachable!("these tests need a PostgreSQL server: run them with `.ci/postgres`")
    })
}

pub(crate) async fn connect(address: &str) -> Result<Ledger, Error> {
    Ledger::connect(&address.parse()?).await
}

impl Place {
    /// A new place. The folder is for files.
    pub(crate) fn new(_: &Path) -> Self {
        Self { server: server(), schema: format!("t{:016x}", fastrand::u64(..)) }
    }

    /// The place that another process told.
    pub(crate) fn of(told: &str) -> Self {
        let (server, schema) = told.split_once('#').expect("it has two parts");
        Self { server: server.to_owned(), schema: schema.to_owned() }
    }

    pub(crate) fn told(&self) -> String {
        format!("{}#{}", self.server, self.schema)
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns its address, through this port of this machine, and not encrypted.
    pub(crate) fn through(&self, port: u16) -> String {
        let options: PgConnectOptions = self.server.parse().expect("it is an address");
        let (from, to) = (format!(":{}/", options.get_port()), format!(":{port}/"));
        format!("{}&sslmode=disable", self.address().replace(&from, &to))
    }

    pub(crate) fn address(&self) -> String {
        let sign = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{sign}schema={}", self.server, self.schema)
    }

    pub(crate) async fn open(&self) -> Result<Ledger, Error> {
        connect(&self.address()).await
    }

    pub(crate) async fn connection(&self) -> PgConnection {
        let options: PgConnectOptions = self.server.parse().expect("it is an address");
        let options = options.options([("search_path", &self.schema)]);
        options.connect().await.expect("the server is there")
    }

    /// Returns the size of the tables and their indexes.
    pub(crate) async fn bytes(&self) -> u64 {
        let sum = "SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class
            WHERE relnamespace = to_regnamespace($1) AND relkind = 'r'";
        let mut connection = self.connection().await;
        let select = sqlx::query_scalar(sum).bind(&self.schema).fetch_one(&mut connection);
        let sum: i64 = select.await.expect("the server answers");
        connection.close().await.expect("it closes");
        u64::try_from(sum).expect("a size")
    }

    /// Returns the number that a query selects.
    pub(crate) async fn number(&self, select: &'static str) -> i64 {
        let mut connection = self.connection().await;
        let number = sqlx::query_scalar(select).fetch_one(&mut connection).await;
        connection.close().await.expect("it closes");
        number.expect("it is a number")
    }

    /// Changes the tables as no ledger would.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.connection().await;
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection);
        statement.await.expect("it can be written");
        connection.close().await.expect("it closes");
    }
}
