//! Every operation of a ledger and its batches, while the server fails statements of each kind that may
//! run again. Each operation succeeds, and what it does is done once.

use std::collections::BTreeSet;
use std::time::Duration;

use runcomfy_ledger::{
    Batch, BatchOptions, Filter, Job, Ledger, Limits, NewBatch, Settlement, State, Worker,
};
use runcomfy_simulator::{Call, Failure, Fault, JobScenario, Processed};

use crate::place::Place;
use crate::support::{World, intent};

/// The ways in which a statement fails: the last one ends the connection.
const WAYS: [&str; 3] = [
    "RAISE EXCEPTION 'not now' USING ERRCODE = '40001'",
    "RAISE EXCEPTION 'not now' USING ERRCODE = '40P01'",
    "PERFORM pg_terminate_backend(pg_backend_pid())",
];
/// The tables that the ledger writes.
const TABLES: [&str; 6] = ["batch", "batch_run", "job", "limit", "river_job", "spend"];
/// More lines than one transaction adds.
const MANY: u64 = 1_100;

/// Fails the first statement of each kind on each table, and every 25th after it: a transaction of these
/// tests has fewer. Sequences count also what is rolled back.
async fn disturb(place: &Place, way: &str) {
    let mut sql = format!(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval(TG_ARGV[0]) % 25 = 1 THEN {way}; END IF;
            RETURN NULL;
        END $$;"
    );
    for table in TABLES {
        for event in ["insert", "update", "delete"] {
            sql.push_str(&format!(
                "CREATE SEQUENCE {event}_{table}_count;
                CREATE TRIGGER fails_{event} BEFORE {event} ON \"{table}\" FOR EACH STATEMENT
                    EXECUTE FUNCTION fail('{event}_{table}_count');"
            ));
        }
    }
    place.execute(&sql).await;
}

/// Returns a world in which statements fail.
async fn world(way: &str) -> World {
    let world = World::new().await;
    disturb(&world.place, way).await;
    world
}

/// Fails the next statement of each kind on each table.
async fn fail_next(world: &World) {
    let restart = "DO $$ DECLARE name TEXT; BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname LIKE '%count'
            AND relnamespace = current_schema()::regnamespace LOOP
            PERFORM setval(name, 1, false);
        END LOOP; END $$";
    world.place.execute(restart).await;
}

async fn agrees(world: &World, way: &str) {
    assert_eq!(world.ledger.check().await.expect("it can be checked"), [], "{way}");
}

/// Returns the number of jobs of a batch. Its lines have one each, in order.
async fn lines(batch: &Batch) -> u64 {
    let jobs = batch.jobs(0, u32::MAX).await.expect("it can be read");
    let lines: Vec<_> = jobs.iter().filter_map(|job| job.line).collect();
    assert_eq!(lines, (1..=jobs.len() as u64).collect::<Vec<_>>());
    let ids: BTreeSet<_> = jobs.iter().map(|job| &job.id).collect();
    assert_eq!(ids.len(), jobs.len());
    jobs.len() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_added_once() {
    for way in WAYS {
        let world = world(way).await;
        let batch = world.ledger.create_batch("boats").await.expect(way);
        let many = (0..MANY).map(|number| intent(&number.to_string()));
        assert_eq!(batch.add(many).await.expect(way), MANY);
        let odd = [intent("a"), intent("a"), intent("b")];
        let left_out = batch.add_valid(odd).await.expect(way);
        assert_eq!(left_out.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2], "{way}");
        assert_eq!(lines(&batch).await, MANY + 2, "{way}");
        fail_next(&world).await;
        let cancelled = batch.cancel(&world.client).await.expect(way);
        assert_eq!(cancelled.unsent, MANY + 2, "{way}");
        let empty = world.ledger.create_batch("empty").await.expect(way);
        assert!(empty.discard().await.expect(way));
        assert_eq!(world.ledger.batches().await.expect("they can be read").len(), 1, "{way}");
        agrees(&world, way).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_run_retried_and_requeued_once() {
    for way in WAYS {
        let world = world(way).await;
        world.simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
        let new = NewBatch::new("boats").retry_failed(1);
        let batch = world.ledger.create_batch(new).await.expect(way);
        batch.add((0..6).map(|number| intent(&number.to_string()))).await.expect(way);
        batch.pause().await.expect(way);
        batch.resume().await.expect(way);
        let options = BatchOptions::new().deliver_into(world.folder.path().join("out"));
        fail_next(&world).await;
        let status = batch.run(&world.client, &options).await.expect(way);
        assert_eq!((status.count(State::Delivered), lines(&batch).await), (6, 6), "{way}");
        assert_eq!(world.simulator.ledger().len(), 7, "{way}");

        let ships = world.ledger.create_batch("ships").await.expect(way);
        ships.add((0..3).map(|number| intent(&format!("ship {number}")))).await.expect(way);
        assert_eq!(ships.cancel(&world.client).await.expect(way).unsent, 3, "{way}");
        fail_next(&world).await;
        assert_eq!(ships.requeue(&[State::Cancelled]).await.expect(way), 3, "{way}");
        fail_next(&world).await;
        let worker = Worker::new(&world.ledger, &world.client, &options);
        let settled = async {
            while ships.status().await.expect(way).count(State::Delivered) < 3 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            worker.stop();
        };
        let (ended, ()) = tokio::join!(worker.run(), settled);
        ended.expect(way);
        assert_eq!((lines(&ships).await, world.simulator.ledger().len()), (3, 10), "{way}");
        agrees(&world, way).await;
    }
}

/// Returns every job of a ledger, by their ids.
async fn jobs(ledger: &Ledger) -> Vec<Job> {
    let filter = Filter::default().count(u32::MAX);
    let mut jobs = ledger.jobs(&filter).await.expect("they can be read");
    jobs.sort_by(|one, other| one.id.cmp(&other.id));
    jobs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_moves_once() {
    for way in WAYS {
        let world = world(way).await;
        let place = Place::new(world.folder.path());
        let other = place.open().await.expect("it opens");
        disturb(&place, way).await;
        world.simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
        let new = NewBatch::new("boats").retry_failed(1);
        let batch = world.ledger.create_batch(new).await.expect(way);
        batch.add((0..4).map(|number| intent(&number.to_string()))).await.expect(way);
        batch.run(&world.client, &BatchOptions::new()).await.expect(way);
        let before = jobs(&world.ledger).await;
        assert_eq!(before.len(), 5, "{way}");
        fail_next(&world).await;
        let there = batch.move_to(&other).await.expect(way);
        assert_eq!(jobs(&other).await, before, "{way}");
        assert_eq!(jobs(&world.ledger).await, [], "{way}");
        there.move_to(&world.ledger).await.expect(way);
        assert_eq!(jobs(&world.ledger).await, before, "{way}");
        assert_eq!(other.check().await.expect("it can be checked"), [], "{way}");
        agrees(&world, way).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_jobs_are_written_down_sent_and_settled_once() {
    for way in WAYS {
        let world = world(way).await;
        let (ledger, client) = (&world.ledger, &world.client);
        ledger.set_limits(&Limits::default().with_jobs_in_flight(3)).await.expect(way);
        let job = ledger.intend(intent("one")).await.expect(way);
        assert_eq!(ledger.run(client, &job.id).await.expect(way).attempts, 1, "{way}");
        let unsent = ledger.intend(intent("two")).await.expect(way);
        let (unsent, _) = ledger.cancel(client, &unsent.id).await.expect(way);
        assert_eq!(unsent.state, State::Cancelled, "{way}");
        world.simulator.script(Call::Submit, [Fault::Close { processed: Processed::Yes }]);
        let lost = ledger.intend(intent("three")).await.expect(way);
        fail_next(&world).await;
        ledger.run(client, &lost.id).await.expect_err("its outcome is unknown");
        fail_next(&world).await;
        let again = ledger.settle(&lost.id, Settlement::Resubmit).await.expect(way);
        ledger.run(client, &again.id).await.expect(way);
        assert_eq!(world.simulator.ledger().len(), 3, "{way}");
        fail_next(&world).await;
        assert_eq!(ledger.recompute().await.expect(way), [], "{way}");
        assert_eq!(ledger.prune(Duration::ZERO).await.expect(way), 3, "{way}");
        agrees(&world, way).await;
    }
}
