//! Workers: every batch of a ledger, until they are told to stop.

use std::sync::Arc;
use std::time::Duration;

use runcomfy_ledger::{Batch, BatchOptions, Error, Intent, Limits, NewBatch, State, Worker};
use runcomfy_simulator::{Call, Fault, Pace, Processed, Simulator};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{QUICK, World, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };

async fn batch(world: &World, new: impl Into<NewBatch>, prompts: &[&str]) -> Batch {
    let batch = world.ledger.create_batch(new).await.expect("it is new");
    let lines: Vec<Intent> = prompts.iter().map(|prompt| intent(prompt)).collect();
    batch.add(lines).await.expect("the lines are good");
    batch
}

/// A worker that runs.
struct Running {
    worker: Arc<Worker>,
    run: JoinHandle<Result<(), Error>>,
}

impl Running {
    async fn start(world: &World, options: BatchOptions) -> Self {
        let ledger = world.another().await;
        let worker = Arc::new(Worker::new(&ledger, &world.client, &options));
        let run = tokio::spawn({
            let worker = worker.clone();
            async move {
                let ended = worker.run().await;
                ledger.close().await;
                ended
            }
        });
        Self { worker, run }
    }

    async fn stop(self) -> Result<(), Error> {
        self.worker.stop();
        self.run.await.expect("it ends")
    }
}

async fn settled(batch: &Batch) {
    let start = Instant::now();
    while !batch.status().await.expect("it can be read").is_settled() {
        assert!(start.elapsed() < Duration::from_secs(60), "{batch:?} is never settled");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the simulator has accepted this many jobs.
async fn accepted(world: &World, count: usize) {
    while world.simulator.ledger().len() < count {
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_runs_every_batch_that_is_not_paused() {
    let world = World::new().await;
    let one = batch(&world, "one", &["a", "b", "c", "d", "e"]).await;
    let paused = batch(&world, "paused", &["f"]).await;
    paused.pause().await.expect("it can");
    let out = world.folder.path().join("out");
    let options = BatchOptions::new().at_once(3).deliver_into(&out);
    let running = Running::start(&world, options).await;
    settled(&one).await;
    // A batch that comes later, and one that goes on.
    let later = batch(&world, NewBatch::new("later").retry_failed(1), &["g", "h"]).await;
    settled(&later).await;
    assert_eq!(paused.status().await.expect("it can be read").waiting(), 1);
    assert_eq!(world.simulator.ledger().len(), 7);
    paused.resume().await.expect("it can");
    settled(&paused).await;
    // Lines that are added to a batch that was settled.
    one.add([intent("i")]).await.expect("it is good");
    settled(&one).await;
    for (batch, lines) in [(&one, 6), (&later, 2), (&paused, 1)] {
        while batch.status().await.expect("it can be read").count(State::Delivered) < lines {
            sleep(Duration::from_millis(20)).await;
        }
    }
    let status = running.worker.status();
    assert_eq!(
        (status.submits, status.settled.get(&State::Delivered)),
        (9, Some(&9)),
        "{status:?}"
    );
    running.stop().await.expect("it ends well");
    assert_eq!(std::fs::read_dir(&out).expect("it is there").count(), 9);
    assert_eq!(world.simulator.ledger().len(), 9, "each is paid once");
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_stopped_knows_the_outcome_of_every_submit() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let late = Fault::LateReply(Duration::from_secs(2));
    world.simulator.script(Call::Submit, [late.clone(), late.clone(), late]);
    let batch = batch(&world, "boats", &["a", "b", "c", "d", "e", "f"]).await;
    let running = Running::start(&world, BatchOptions::new().at_once(3)).await;
    accepted(&world, 3).await;
    let start = Instant::now();
    running.stop().await.expect("it ends well");
    println!("drained in {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(20), "it waits for jobs: {:?}", start.elapsed());
    let status = batch.status().await.expect("it can be read");
    assert_eq!((status.count(State::Accepted), status.waiting()), (3, 3), "{status:?}");
    // Another one goes on at once with what it left.
    let next = Running::start(&world, BatchOptions::new()).await;
    accepted(&world, 6).await;
    while next.worker.status().at_work < 6 {
        sleep(Duration::from_millis(20)).await;
    }
    next.stop().await.expect("it ends well");
    assert_eq!(world.simulator.ledger().len(), 6, "each is paid once");
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_divide_their_places_among_the_batches() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let prompts: Vec<String> = (0..20).map(|number| format!("boat {number}")).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let large = batch(&world, "large", &prompts).await;
    let small = batch(&world, "small", &["a", "b"]).await;
    let running = Running::start(&world, BatchOptions::new().at_once(10)).await;
    accepted(&world, 10).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(small.status().await.expect("it can be read").running(), 2);
    assert_eq!(large.status().await.expect("it can be read").running(), 8);
    assert_eq!(running.worker.status().at_work, 10);
    running.stop().await.expect("it ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_waits_for_money_and_ends_without_a_token() {
    let cost = "0.6".parse().expect("a price");
    let world = World::with(Simulator::builder().pace(QUICK).price(cost)).await;
    let budget = Limits::default().with_budget_per_day("1".parse().expect("money"));
    world.ledger.set_limits(&budget).await.expect("it can");
    let price = runcomfy_ledger::Price::Known("0.6".parse().expect("money"));
    let rich = world.ledger.create_batch("rich").await.expect("it is new");
    rich.add([intent("a").price(price), intent("b").price(price)]).await.expect("it is good");
    let running = Running::start(&world, BatchOptions::new()).await;
    while rich.status().await.expect("it can be read").succeeded() < 1 {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert!(!running.run.is_finished(), "it waits for more money");
    assert_eq!(rich.status().await.expect("it can be read").waiting(), 1);
    running.stop().await.expect("it ends well");
    world.ledger.set_limits(&Limits::default()).await.expect("it can");
    let refused = Fault::Error { status: 401, code: None, processed: Processed::No };
    world.simulator.script(Call::Submit, [refused]);
    let running = Running::start(&world, BatchOptions::new()).await;
    let error = running.run.await.expect("it ends").expect_err("the token is refused");
    assert!(error.to_string().contains("token"), "{error}");
    assert_eq!(world.simulator.ledger().len(), 1);
}
