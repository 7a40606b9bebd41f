//! Opening a ledger: new, old, damaged, and somebody else's.

use runcomfy_ledger::{Error, Ledger, State};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query};

use crate::support::{World, intent};

async fn connect(path: &std::path::Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.expect("it opens")
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    let mut connection = connect(&path).await;
    query("CREATE TABLE other (id INTEGER)").execute(&mut connection).await.expect("it can");
    connection.close().await.expect("it closes");
    let error = Ledger::open(&path).await.expect_err("it is another program's");
    assert!(matches!(error, Error::NotALedger(_)), "{error:?}");

    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database ".repeat(100)).expect("it can be written");
    let error = Ledger::open(&text).await.expect_err("it is text");
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains(".recover"), "{error}");
    let error = Ledger::open(folder.path().join("text.db/ledger.db")).await.expect_err("no folder");
    assert!(matches!(error, Error::File { .. }), "{error:?}");
}

#[tokio::test]
async fn a_damaged_ledger_is_found_by_its_check() {
    let world = World::new().await;
    for number in 0..200 {
        let job = world.ledger.intend(intent(&number.to_string())).await;
        job.expect("it is written");
    }
    let path = world.ledger.path().expect("it is a file").to_owned();
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
    let mut connection = connect(&path).await;
    let ignore = "PRAGMA ignore_check_constraints = ON";
    query(ignore).execute(&mut connection).await.expect("it can");
    let update = "UPDATE job SET owner = 'nobody'";
    query(update).execute(&mut connection).await.expect("it can be written");
    let error = world.ledger.check().await.expect_err("no intended job has an owner");
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    connection.close().await.expect("it closes");
    world.ledger.close().await;
    let mut bytes = std::fs::read(&path).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xA5);
    std::fs::write(&path, bytes).expect("it can be written");
    let checked = match Ledger::open(&path).await {
        Ok(ledger) => ledger.check().await.map(|_| ()),
        Err(error) => Err(error),
    };
    let error = checked.expect_err("it is damaged");
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn two_names_of_one_file_are_one_ledger() {
    let world = World::new().await;
    let link = world.folder.path().join("another-name.db");
    let path = world.ledger.path().expect("it is a file");
    std::os::unix::fs::symlink(path, &link).expect("it can be linked");
    let linked = Ledger::open(&link).await.expect("it opens");
    assert_eq!(linked.path(), Some(path));
}

#[tokio::test]
async fn a_ledger_of_the_first_version_is_brought_to_the_newest() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    let mut connection = connect(&path).await;
    let insert = "INSERT INTO job (id, batch, resubmits, model, input, files, fingerprint, state,
            attempts, again, price, created_at)";
    let rows = [
        "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        "INSERT INTO schema_version VALUES (1, 0)",
        include_str!("../../migrations/1.sql"),
        "INSERT INTO batch (id, name, created_at) VALUES ('aaaaaaaaa0', 'boats', 0)",
        &format!(
            "{insert} VALUES ('aaaaaaaaa1', 'aaaaaaaaa0', NULL, 'm', '{{}}', '[]', 'f', 'given_up', 1, 0, 'unknown', 0)"
        ),
        &format!(
            "{insert} VALUES ('aaaaaaaaa2', 'aaaaaaaaa0', 'aaaaaaaaa1', 'm', '{{}}', '[]', 'f', 'intended', 0, 0, 'unknown', 0)"
        ),
    ];
    for row in rows {
        let row = sqlx::AssertSqlSafe(row.to_owned());
        sqlx::raw_sql(row).execute(&mut connection).await.expect("it can be written");
    }
    connection.close().await.expect("it closes");
    let ledger = Ledger::open(&path).await.expect("it is brought to the newest");
    let batch = ledger.find_batch("boats").await.expect("it is kept");
    let status = batch.status().await.expect("it can be read");
    let counts =
        (status.waiting(), status.count(runcomfy_ledger::State::GivenUp), status.is_paused);
    assert_eq!(counts, (1, 0, false), "the resubmitted job is superseded: {status:?}");
    assert_eq!(batch.add([intent("a boat")]).await.expect("it can be added to"), 1);
}

#[tokio::test]
async fn a_request_id_that_was_left_behind_twice_keeps_no_ledger_closed() {
    let world = World::new().await;
    let first = world.ledger.intend(intent("one")).await.expect("it is written");
    let first = world.ledger.run(&world.client, &first.id).await.expect("it runs");
    let id = first.request_id.as_ref().expect("an id");
    let second = world.ledger.intend(intent("two")).await.expect("it is written");
    // A program was killed before it wrote the id that the API gave again.
    let owner = "0123456789abcdef0123456789abcdef";
    let path = world.ledger.path().expect("it is a file").to_owned();
    let file = path.with_file_name("ledger.db-owners").join(owner);
    std::fs::write(file, format!("1 {id}\n")).expect("it can be written");
    let sending = format!(
        "UPDATE job SET state = 'sending', owner = '{owner}.1', sent_at = 1 WHERE id = '{}'",
        second.id
    );
    world.place.execute(&sending).await;
    let ledger = world.another().await;
    let second = ledger.job(&second.id).await.expect("it is there");
    assert_eq!((second.state, second.request_id), (State::Unknown, None));
    assert_eq!(ledger.job(&first.id).await.expect("it is there"), first);
}
