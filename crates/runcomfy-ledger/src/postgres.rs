//! PostgreSQL: its address, connections, and migrations.

use std::fmt;
use std::io::{Error as IoError, ErrorKind};
use std::str::FromStr;
use std::time::Duration;

use runcomfy::Url;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Postgres, Row, Transaction};
use tokio::time::timeout;

use crate::clock::now;
use crate::error::Error;
use crate::migrations::{CREATE_VERSIONS, INSERT_VERSION, SELECT_VERSION, missing};

/// Connections of one program. A transaction of the ledger takes milliseconds, so many jobs share
/// them.
const CONNECTIONS: u32 = 10;
/// Time for which a task waits for one of them.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Time after which a connection that answers nothing is given up.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Time for a sign of life.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was not used for as long is asked for a sign of life first.
const IDLE: Duration = Duration::from_secs(1);
/// Number of the lock that one program at a time holds to change the schema: "rcomfy" as bytes.
const MIGRATION_LOCK: i64 = 0x0072_636f_6d66_7900;
/// The tables of the first version. Their names are common, so all of them are looked for.
const TABLES: [&str; 5] = ["batch", "job", "limit", "schema_version", "spend"];
/// The parameters of an address, besides `schema`, that the driver knows.
const PARAMETERS: [&str; 22] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "options[statement_timeout]",
    "options[role]",
    "options[work_mem]",
    "options[search_path]",
];
/// The settings of every connection. The server sees within half a minute that a machine is gone,
/// and a program that is stopped in the middle of a transaction holds up the others for as long as
/// that at most.
const SETTINGS: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000; SET lock_timeout = 20000;
    SET idle_in_transaction_session_timeout = 15000;
    SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// The reason why a pooler cannot be used that shares its sessions.
const POOLER: &str = "a pooler gives its sessions to one connection after the other, and the locks of the ledger \
     belong to sessions; give the address of the server itself, or let the pooler work in session mode";

/// The address of a ledger on PostgreSQL: `postgres://user:password@host:port/database`.
///
/// The parameters are those of `libpq`, such as `sslmode=verify-full` and `sslrootcert`, and
/// `schema`, the schema of the tables. `PGPASSWORD` and `~/.pgpass` are read too, so the password
/// need not be in it. Written as text, it is without its password.
///
/// ```
/// use runcomfy_ledger::Address;
///
/// let address: Address = "postgres://ann:a-password@db.example/jobs?schema=studio".parse()?;
/// assert_eq!(address.to_string(), "postgres://ann@db.example:5432/jobs?schema=studio");
/// # Ok::<(), runcomfy_ledger::Error>(())
/// ```
#[derive(Clone)]
pub struct Address {
    options: PgConnectOptions,
    schema: Option<String>,
    text: String,
}

impl FromStr for Address {
    type Err = Error;

    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`Error::Address`], whose words do not repeat the address.
    fn from_str(text: &str) -> Result<Self, Error> {
        // The reasons of `Url` never repeat the text.
        let mut url = Url::parse(text.trim()).map_err(|error| Error::Address(error.to_string()))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(Error::Address("it must begin with postgres://".to_owned()));
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let stranger = pairs.iter().map(|(name, _)| name.as_str());
        let stranger = stranger.filter(|name| !PARAMETERS.contains(name)).find(|n| *n != "schema");
        if let Some(name) = stranger {
            return Err(Error::Address(format!("it has an unknown parameter `{name}`")));
        }
        let (own, others): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, _)| name == "schema");
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(&others);
        }
        let options = PgConnectOptions::from_url(&url).map_err(|_| {
            Error::Address("a part of it cannot be read, such as the port or sslmode".to_owned())
        })?;
        let schema = own.into_iter().map(|(_, schema)| schema).next_back();
        // Poolers do not know this setting, and the ledger has no such numbers.
        let options = options.extra_float_digits(None);
        let application = options.get_application_name().is_none();
        let options =
            if application { options.application_name("runcomfy-ledger") } else { options };
        let text = shown(&options, schema.as_deref());
        Ok(Self { options, schema, text })
    }
}

/// Returns an address for people, without its password.
fn shown(options: &PgConnectOptions, schema: Option<&str>) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    let schema = schema.map_or(String::new(), |schema| format!("?schema={schema}"));
    format!("postgres://{user}@{host}:{}/{database}{schema}", options.get_port())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.text).finish()
    }
}

impl Address {
    /// Returns a connection of its own, with the settings of every connection.
    pub(crate) async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = in_time(self.options.connect()).await?;
        prepare(&mut connection, self.schema.as_deref()).await?;
        Ok(connection)
    }
}

/// Opens the connections, and brings the schema to the newest version.
pub(crate) async fn connect(address: &Address) -> Result<PgPool, Error> {
    let connection = first(address).await.map_err(|error| self::error(&address.text, error))?;
    let mut connection = connection.ok_or_else(|| Error::Unsuitable {
        ledger: address.text.clone(),
        reason: POOLER.to_owned(),
    })?;
    migrate(address, &mut connection).await?;
    // It may have made the schema, which its settings could not name before.
    let _ = connection.close().await;
    let schema = address.schema.clone();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let schema = schema.clone();
            Box::pin(async move { prepare(connection, schema.as_deref()).await })
        })
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > IDLE {
                    ping(connection).await?;
                }
                Ok(true)
            })
        })
        // A connection on which a statement was given up is not used again.
        .after_release(|connection, _| {
            Box::pin(async move { ping(connection).await.map(|()| true) })
        });
    Ok(pool.connect_lazy_with(address.options.clone()))
}

/// Opens the first connection. Returns `None` if not every connection has a session.
async fn first(address: &Address) -> Result<Option<PgConnection>, sqlx::Error> {
    let (one, two) =
        tokio::join!(in_time(address.options.connect()), in_time(address.options.connect()));
    let (mut one, mut two) = (one?, two?);
    if in_time(share_sessions(&mut one, &mut two)).await? {
        return Ok(None);
    }
    let _ = two.close().await;
    prepare(&mut one, address.schema.as_deref()).await?;
    Ok(Some(one))
}

/// Returns `true` if two connections do not have a session each.
async fn share_sessions(
    one: &mut PgConnection,
    two: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    let first = session(one).await?;
    // As long as the transaction lasts, a pooler gives its session to nobody else.
    sqlx::raw_sql("BEGIN").execute(&mut *two).await?;
    let second = session(two).await?;
    let mut is_shared = first == second || session(one).await? != first;
    sqlx::raw_sql("ROLLBACK").execute(&mut *two).await?;
    is_shared |= session(two).await? != second || session(one).await? != first;
    Ok(is_shared)
}

/// Returns the number of the session that a connection has. Nothing is prepared for it, since a
/// pooler may give the next statement another session.
async fn session(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)
}

/// Waits for an answer for a minute at most: a network that is cut gives none.
pub(crate) async fn in_time<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match timeout(STATEMENT_TIMEOUT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(IoError::from(ErrorKind::TimedOut))),
    }
}

/// Asks for a sign of life.
pub(crate) async fn ping(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    match timeout(PING_TIMEOUT, connection.ping()).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(IoError::from(ErrorKind::TimedOut))),
    }
}

/// Sets a new connection up.
async fn prepare(connection: &mut PgConnection, schema: Option<&str>) -> Result<(), sqlx::Error> {
    in_time(sqlx::raw_sql(SETTINGS).execute(&mut *connection)).await?;
    if let Some(schema) = schema {
        let set = "SELECT set_config('search_path', quote_ident($1), false)";
        in_time(sqlx::query(set).bind(schema).execute(connection)).await?;
    }
    Ok(())
}

/// Applies the migrations that the schema does not have yet, in one transaction. One program at a
/// time does this. A program that has nothing to apply needs no right to create anything.
async fn migrate(address: &Address, connection: &mut PgConnection) -> Result<(), Error> {
    let name = &address.text;
    let map = |error| self::error(name, error);
    if let Some(reason) = unsuitable(connection).await.map_err(map)? {
        return Err(Error::Unsuitable { ledger: name.clone(), reason });
    }
    let found = version(name, connection).await?;
    if missing(name, found)?.next().is_none() {
        return Ok(());
    }
    let mut tx = connection.begin().await.map_err(map)?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
    lock.execute(&mut *tx).await.map_err(map)?;
    if let Some(schema) = &address.schema {
        let exists = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
        let exists: bool =
            sqlx::query_scalar(exists).bind(schema).fetch_one(&mut *tx).await.map_err(map)?;
        if !exists {
            let create = format!("CREATE SCHEMA \"{}\"", schema.replace('"', "\"\""));
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *tx).await.map_err(map)?;
        }
    }
    // Another program may have been faster.
    let found = version(name, &mut tx).await?;
    if found == 0 {
        sqlx::query(CREATE_VERSIONS).execute(&mut *tx).await.map_err(map)?;
    }
    for (version, migration) in missing(name, found)? {
        sqlx::raw_sql(migration).execute(&mut *tx).await.map_err(map)?;
        let insert = sqlx::query(INSERT_VERSION).bind(version).bind(now());
        insert.execute(&mut *tx).await.map_err(map)?;
    }
    tx.commit().await.map_err(map)
}

/// Returns `true` if this role may create tables, or if this one does not exist. A role that may
/// not relies on one that has.
pub(crate) async fn may_migrate(pool: &PgPool, table: &str) -> Result<bool, sqlx::Error> {
    let select = "SELECT has_schema_privilege(current_schema(), 'CREATE')
        OR to_regclass($1) IS NULL";
    in_time(sqlx::query_scalar(select).bind(table).fetch_one(pool)).await
}

/// Lets no other program migrate until the transaction ends.
pub(crate) async fn lock_migrations(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
    in_time(lock.execute(&mut *tx)).await?;
    Ok(tx)
}

/// Returns the reason why a server cannot keep a ledger.
async fn unsuitable(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let select = "SELECT current_setting('server_encoding'), pg_is_in_recovery()";
    let row = in_time(sqlx::query(select).fetch_one(connection)).await?;
    let (encoding, is_standby): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
    Ok(if encoding != "UTF8" {
        Some(format!("its encoding must be UTF8 (found {encoding}); create a database that has it"))
    } else if is_standby {
        Some("it is a standby, which cannot be written; give the address of the primary".to_owned())
    } else {
        None
    })
}

/// Returns the version of the schema, or 0 if there is no ledger yet.
async fn version(name: &str, connection: &mut PgConnection) -> Result<i64, Error> {
    let map = |error| self::error(name, error);
    let select = "SELECT COUNT(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND relname = ANY($1)";
    let select = sqlx::query_scalar(select).bind(TABLES.as_slice());
    let found: i64 = select.fetch_one(&mut *connection).await.map_err(map)?;
    match usize::try_from(found) {
        Ok(0) => Ok(0),
        Ok(found) if found == TABLES.len() => {
            sqlx::query_scalar(SELECT_VERSION).fetch_one(connection).await.map_err(map)
        }
        _ => Err(Error::NotALedger(name.to_owned())),
    }
}

/// Says what an error means, by the codes of PostgreSQL.
pub(crate) fn error(ledger: &str, error: sqlx::Error) -> Error {
    let ledger = ledger.to_owned();
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        // A serialization failure, a deadlock.
        Some("40001" | "40P01") => Error::Conflict { ledger },
        // A lock that is held for too long.
        Some("55P03") => Error::Busy { ledger },
        Some("53100") => Error::Full { ledger },
        _ => Error::Database { ledger, source: Box::new(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        let address = "postgres://ann:s3cret@db.example:5433/jobs?schema=x&sslmode=verify-full";
        let read: Address = address.parse().expect("it is one");
        assert_eq!(read.to_string(), "postgres://ann@db.example:5433/jobs?schema=x");
        assert!(!format!("{read:?}").contains("s3cret"));
        let socket = "postgres:///jobs?host=/run/pg&user=ann&password=s3cret";
        let read: Address = socket.parse().expect("it is one");
        assert_eq!(read.to_string(), "postgres://ann@/run/pg:5432/jobs");
    }

    #[test]
    fn a_wrong_address_is_refused_without_repeating_it() {
        for wrong in [
            "postgres://ann:s3cret@db.example:port/jobs",
            "mysql://ann:s3cret@db.example/jobs",
            "postgres://ann:s3cret@db.example/jobs?sslmode=s3cret",
            "postgres://ann@db.example/jobs?passwd=s3cret",
            "s3cret",
        ] {
            let error = wrong.parse::<Address>().expect_err(wrong).to_string();
            assert!(!error.contains("s3cret"), "{error}");
            assert!(error.contains("postgres://"), "{error}");
        }
    }
}
