//! Names of batches, lines that two processes add, and the queue that several of them fill.

use std::sync::mpsc::channel;
use std::time::Duration;

use runcomfy_ledger::{BatchOptions, Error};
use runcomfy_simulator::{Pace, Simulator};

use crate::support::{World, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };
/// Makes a second row of a job an error.
const ONE_ROW_EACH: &str = "CREATE UNIQUE INDEX one_row_each ON river_job ((args ->> 'job'))";
const ROWS: &str = "SELECT COUNT(*) FROM river_job";

#[tokio::test]
async fn a_batch_has_a_name_that_a_folder_can_have() {
    let world = World::new().await;
    for name in ["", " ", "a\nb", "a\0b", &"é".repeat(101)] {
        let error = world.ledger.create_batch(name).await.expect_err(name);
        assert!(matches!(error, Error::BatchName(_)), "{name:?}: {error:?}");
        assert!(error.to_string().contains("another"), "{error}");
    }
    for name in ["..", "a/b", "船", &"é".repeat(100), "DROP TABLE \"job\"; --", "%"] {
        let batch = world.ledger.create_batch(name).await.expect(name);
        assert_eq!(batch.add([intent(name)]).await.expect(name), 1);
        assert_eq!(world.ledger.find_batch(name).await.expect(name), batch);
        let taken = world.ledger.create_batch(name).await.expect_err(name);
        assert!(matches!(taken, Error::BatchExists(_)), "{name}: {taken:?}");
    }
    assert_eq!(world.ledger.batches().await.expect("they can be read").len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn of_two_processes_that_add_lines_one_adds_all_of_its_own() {
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let (tell, told) = channel();
    let (go, gone) = channel();
    // In its second transaction, it waits.
    let lines = (0..1_500).map(move |number| {
        if number == 1_200 {
            tell.send(()).expect("somebody waits");
            let told = tokio::task::block_in_place(|| gone.recv());
            told.expect("somebody tells it to go on");
        }
        intent(&format!("boat {number}"))
    });
    let adding = tokio::spawn({
        let batch = batch.clone();
        async move { batch.add(lines).await }
    });
    tokio::task::spawn_blocking(move || told.recv()).await.expect("it ends").expect("it waits");
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let early = other.add([intent("ship")]).await.expect_err("another adds");
    assert!(matches!(early, Error::BeingAdded(_)), "{early:?}");
    let kept = other.clone().discard().await.expect_err("another adds");
    assert!(matches!(kept, Error::BeingAdded(_)), "{kept:?}");
    // As if its machine had been gone for long: others take it for dead.
    let gone_elsewhere = "UPDATE batch SET adder = '00000000000000000000000000000000.1'";
    world.place.execute(gone_elsewhere).await;
    assert_eq!(other.add([intent("ship"), intent("barge")]).await.expect("it can"), 2);
    go.send(()).expect("it waits");
    let late = adding.await.expect("it ends").expect_err("it lost its turn");
    assert!(matches!(late, Error::BeingAdded(_)), "{late:?}");
    let jobs = batch.jobs(0, 10).await.expect("it can be read");
    let prompts: Vec<_> = jobs.iter().map(|job| job.input["prompt"].as_str()).collect();
    assert_eq!(prompts, [Some("ship"), Some("barge")]);
    assert_eq!(batch.add([intent("boat 1")]).await.expect("it can"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_fill_a_queue_at_once_make_each_row_once() {
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let single = world.ledger.intend(intent("single").batch(&batch.id)).await;
    single.expect("a job without a line");
    batch.add((0..4_500).map(|number| intent(&number.to_string()))).await.expect("good lines");
    world.place.execute(ONE_ROW_EACH).await;
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let third = world.another().await.find_batch("boats").await.expect("it is there");
    // Without states, only rows are made.
    let (one, two, three) =
        tokio::join!(batch.requeue(&[]), other.requeue(&[]), third.requeue(&[]));
    for new in [one, two, three, batch.requeue(&[]).await] {
        assert_eq!(new.expect("no row is made twice"), 0);
    }
    assert_eq!(world.place.number(ROWS).await, 4_501);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_job_is_sent_before_the_queue_is_filled() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    const LINES: i64 = 10_000;
    batch.add((0..LINES).map(|number| intent(&number.to_string()))).await.expect("good lines");
    let options = BatchOptions::new().at_once(2);
    let running = batch.run(&world.client, &options);
    let rows = async {
        while world.simulator.ledger().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        world.place.number(ROWS).await
    };
    let rows = tokio::select! {
        ended = running => unreachable!("{ended:?}"),
        rows = rows => rows,
    };
    println!("{rows} of {LINES} rows when the first job was accepted");
    assert!((1..LINES).contains(&rows), "{rows} rows");
}
