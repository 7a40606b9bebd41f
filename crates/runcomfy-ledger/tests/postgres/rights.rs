//! The least rights, and programs of two versions.

use std::time::Duration;

use runcomfy_ledger::{BatchOptions, Error, Limits, State};
use sqlx::postgres::PgConnectOptions;

use crate::place::{Place, connect, server};
use crate::support::{World, intent};

/// The statements of the docs.
fn documented() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ledger.md");
    let text = std::fs::read_to_string(path).expect("it is there");
    let (_, rest) = text.split_once("```sql\n").expect("it has statements");
    rest.split_once("```").expect("they end").0.to_owned()
}

#[tokio::test]
async fn the_rights_in_the_docs_are_enough_and_no_more() {
    let world = World::new().await;
    let schema = world.place.schema();
    let role = format!("worker_{schema}");
    let statements = documented().replace("rcomfy_worker", &role).replace("ledger_schema", schema);
    world.place.execute(&statements).await;
    let options: PgConnectOptions = server().parse().expect("it is an address");
    let (port, database) = (options.get_port(), options.get_database().expect("it is named"));
    let own = format!("postgres://{role}:a-password@127.0.0.1:{port}/{database}?schema={schema}");
    let ledger = connect(&own).await.expect("it may");
    ledger.set_limits(&Limits::default().with_jobs_in_flight(3)).await.expect("it may");
    let batch = ledger.create_batch("boats").await.expect("it may");
    let job = ledger.intend(intent("one").batch(&batch.id)).await.expect("it may");
    let done = ledger.run(&world.client, &job.id).await.expect("it may");
    assert_eq!(done.state, State::Succeeded);
    batch.add([intent("two")]).await.expect("it may");
    let status = batch.run(&world.client, &BatchOptions::new()).await.expect("it may");
    assert!(status.is_settled(), "{status:?}");
    assert_eq!(ledger.recompute().await.expect("it may"), []);
    assert_eq!(ledger.prune(Duration::ZERO).await.expect("it may"), 2);
    // The tables are not its own.
    let mut connection = sqlx::ConnectOptions::connect(
        &own.replace("?schema", "?options[search_path]")
            .parse::<PgConnectOptions>()
            .expect("it is an address"),
    )
    .await
    .expect("it may");
    for refused in [
        "DROP TABLE spend",
        "ALTER TABLE job ADD COLUMN more TEXT",
        "UPDATE schema_version SET version = 7",
        "CREATE TABLE more (id TEXT)",
    ] {
        let error = sqlx::query(refused).execute(&mut connection).await.expect_err(refused);
        let code = error.as_database_error().and_then(|error| error.code()).expect("it has one");
        assert_eq!(code, "42501", "{refused}: {error}");
    }
    // It cannot create a ledger, and says so.
    let other = format!("{own}_new");
    let error = connect(&other).await.expect_err("it may not create a schema");
    assert!(error.to_string().contains("permission denied"), "{error}");
}

#[tokio::test]
async fn a_program_of_an_older_version_goes_on_after_a_migration() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    world.ledger.run(&world.client, &job.id).await.expect("it runs");
    world
        .place
        .execute(
            "ALTER TABLE job ADD COLUMN later TEXT; ALTER TABLE batch ADD COLUMN later TEXT;
        ALTER TABLE \"limit\" ADD COLUMN later TEXT; ALTER TABLE spend ADD COLUMN later TEXT;
        INSERT INTO schema_version (version, applied_at) VALUES (99, 0)",
        )
        .await;
    // Its connections know the statements from before.
    for prompt in ["two", "three"] {
        let job = world.ledger.intend(intent(prompt)).await.expect("it is written");
        let done = world.ledger.run(&world.client, &job.id).await.expect("it runs");
        assert_eq!(done.state, State::Succeeded);
    }
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
    let error = world.place.open().await.expect_err("it is newer");
    assert!(matches!(error, Error::NewerVersion { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn the_tables_of_another_program_are_left_alone() {
    let place = Place::new("".as_ref());
    let schema = place.schema();
    let create = format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.job (id TEXT)");
    place.execute(&create).await;
    let error = place.open().await.expect_err("it is another program's");
    assert!(matches!(error, Error::NotALedger(_)), "{error:?}");
    assert!(error.to_string().contains(schema), "{error}");
}
