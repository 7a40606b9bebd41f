//! Transactions that lose a conflict or their connection, and run again.

use std::time::Duration;

use runcomfy_ledger::{Error, Limits, State, Step, StepOptions};
use sqlx::Connection;

use crate::support::{World, intent};

/// Fails the first two statements that a trigger sees, in this way. The sequence counts also those
/// that are rolled back.
fn failing(table: &str, trigger: &str, way: &str) -> String {
    format!(
        "CREATE SEQUENCE failures;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('failures') <= 2 THEN {way}; END IF;
            RETURN NEW;
        END $$;
        {trigger} UPDATE ON {table} {when} FOR EACH ROW EXECUTE FUNCTION fail()",
        when = if trigger.contains("CONSTRAINT") { "DEFERRABLE INITIALLY DEFERRED" } else { "" }
    )
}

const BEFORE: &str = "CREATE TRIGGER failing BEFORE";
/// Fails the commit.
const AT_COMMIT: &str = "CREATE CONSTRAINT TRIGGER failing AFTER";
const SERIALIZATION: &str = "RAISE EXCEPTION 'not now' USING ERRCODE = '40001'";
const DEADLOCK: &str = "RAISE EXCEPTION 'not now' USING ERRCODE = '40P01'";
/// Ends the connection in the middle of the transaction.
const LOST: &str = "PERFORM pg_terminate_backend(pg_backend_pid())";

#[tokio::test]
async fn a_transaction_that_loses_a_conflict_or_its_connection_runs_again() {
    for (trigger, way) in [
        (BEFORE, SERIALIZATION),
        (BEFORE, DEADLOCK),
        (BEFORE, LOST),
        (AT_COMMIT, SERIALIZATION),
        (AT_COMMIT, DEADLOCK),
    ] {
        let world = World::new().await;
        let job = world.ledger.intend(intent("one")).await.expect("it is written");
        world.place.execute(&failing("job", trigger, way)).await;
        let done = world.ledger.run(&world.client, &job.id).await.expect(way);
        assert_eq!((done.state, done.attempts), (State::Succeeded, 1), "{trigger}: {way}");
        assert_eq!(world.simulator.ledger().len(), 1, "{trigger}: {way}");
        assert_eq!(world.ledger.check().await.expect("it can be checked"), [], "{way}");
    }
    for (table, way) in [("batch", LOST), ("\"limit\"", SERIALIZATION)] {
        let world = World::new().await;
        let batch = world.ledger.create_batch("boats").await.expect("it is new");
        world.place.execute(&failing(table, BEFORE, way)).await;
        batch.pause().await.expect("it can");
        world.ledger.set_limits(&Limits::default().with_jobs_in_flight(3)).await.expect("it can");
        assert!(batch.status().await.expect("it can be read").is_paused);
        assert_eq!(world.ledger.limits().await.expect("they can be read").jobs_in_flight, Some(3));
    }
}

#[tokio::test]
async fn a_conflict_that_never_ends_is_an_error() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    let always = failing("job", BEFORE, SERIALIZATION).replace("<= 2", "<= 1000");
    world.place.execute(&always).await;
    let error = world.ledger.run(&world.client, &job.id).await.expect_err("it is never written");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert!(error.to_string().contains("try again"), "{error}");
    assert!(world.simulator.ledger().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_wait_for_each_other_the_ledger_runs_again() {
    let world = World::new().await;
    world.ledger.set_limits(&Limits::default().with_jobs_in_flight(3)).await.expect("it can");
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    // Another program locks the limits first and the job second.
    let mut other = world.place.connection().await;
    let mut tx = other.begin().await.expect("it begins");
    let lock = sqlx::query("SELECT 1 FROM \"limit\" FOR UPDATE").execute(&mut *tx);
    lock.await.expect("it locks");
    let (ledger, client, id) = (world.another().await, world.client.clone(), job.id.clone());
    let stepped = tokio::spawn(async move {
        let short = StepOptions::new().wait_at_most(Duration::from_secs(10));
        ledger.step(&client, &id, &short).await
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    // The server looks for deadlocks after a second, for the one that waits longer first.
    let lock = sqlx::query("SELECT 1 FROM job FOR UPDATE").execute(&mut *tx);
    lock.await.expect("the ledger gives way");
    tx.commit().await.expect("it ends");
    let step = stepped.await.expect("it ends").expect("it runs again");
    assert!(matches!(step, Step::Finished(_)), "{step:?}");
    let done = world.ledger.job(&job.id).await.expect("it is there");
    assert_eq!((done.state, done.attempts), (State::Succeeded, 1));
    assert_eq!(world.simulator.ledger().len(), 1);
}
