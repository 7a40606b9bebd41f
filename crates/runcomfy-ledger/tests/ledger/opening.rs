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
async fn a_newer_ledger_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    Ledger::open(&path).await.expect("it is new").close().await;
    let mut connection = connect(&path).await;
    let insert = "INSERT INTO schema_version (version, applied_at) VALUES (99, 0)";
    query(insert).execute(&mut connection).await.expect("it can be written");
    connection.close().await.expect("it closes");
    let error = Ledger::open(&path).await.expect_err("it is newer");
    assert!(matches!(error, Error::NewerVersion { found: 99, known: 2, .. }), "{error:?}");
    assert!(error.to_string().contains("update this program"), "{error}");
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
    let path = world.path().to_owned();
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

#[tokio::test]
async fn numbers_that_do_not_agree_with_the_jobs_are_computed_again() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    world.ledger.run(&world.client, &job.id).await.expect("it runs");
    let mut connection = connect(world.path()).await;
    for update in [
        "UPDATE \"limit\" SET used = 7",
        "UPDATE spend SET reserved = 5, jobs = 9",
        "INSERT INTO spend (day, model, batch, jobs, spent, reserved, unpriced) VALUES (1, 'm', '', 1, 2, 3, 4)",
    ] {
        query(update).execute(&mut connection).await.expect("it can be written");
    }
    let found = world.ledger.check().await.expect("it can be checked");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(world.ledger.recompute().await.expect("it can"), found);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test]
async fn many_open_a_new_ledger_at_once() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("a/b/ledger.db");
    let opening = (0..12).map(|_| {
        let path = path.clone();
        tokio::spawn(async move { Ledger::open(path).await })
    });
    for opened in opening.collect::<Vec<_>>() {
        let ledger = opened.await.expect("it ends").expect("it opens");
        let job = ledger.intend(intent("one")).await.expect("it is written");
        assert_eq!(job.state, State::Intended);
    }
}
