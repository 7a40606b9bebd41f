//! Batches: adding lines, running them to their end, and stopping.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy_ledger::{
    Batch, BatchOptions, Error, Filter, Intent, Limits, NewBatch, Price, ProblemKind, Settlement,
    State, Step, StepOptions, Wait,
};
use runcomfy_simulator::{
    Accepted, Call, Failure, Fault, JobScenario, Pace, Processed, RetryAfter, Simulator,
};
use serde_json::json;

use crate::support::{MODEL, QUICK, World, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };

fn lines(count: usize) -> Vec<Intent> {
    (1..=count).map(|number| intent(&format!("boat {number}"))).collect()
}

/// Creates a batch of this many lines.
async fn batch(world: &World, new: impl Into<NewBatch>, count: usize) -> Batch {
    let batch = world.ledger.create_batch(new).await.expect("it is new");
    assert_eq!(batch.add(lines(count)).await.expect("the lines are good"), count as u64);
    batch
}

fn prompts(paid: &[Accepted]) -> Vec<String> {
    let prompt = |job: &Accepted| job.input.as_ref().expect("it is short")["prompt"].to_string();
    paid.iter().map(prompt).collect()
}

/// Waits until the simulator has accepted this many jobs.
async fn accepted(world: &World, count: usize) {
    while world.simulator.ledger().len() < count {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_run_to_its_saved_files() {
    let world = World::new().await;
    let batch = batch(&world, "boats", 40).await;
    assert!(world.simulator.ledger().is_empty(), "adding sends nothing");
    assert_eq!(batch.status().await.expect("it can be read").waiting(), 40);
    let (out, told) = (world.folder.path().join("out"), Arc::new(AtomicUsize::new(0)));
    let seen = told.clone();
    let options = BatchOptions::new().deliver_into(&out).on_job(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let status = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((status.lines, status.count(State::Delivered)), (40, 40), "{status:?}");
    assert_eq!((told.load(Ordering::Relaxed), status.is_settled()), (40, true));
    let paid: BTreeSet<_> = prompts(&world.simulator.ledger()).into_iter().collect();
    assert_eq!((paid.len(), world.simulator.ledger().len()), (40, 40));
    let page = batch.jobs(38, 10).await.expect("it can be read");
    let shown: Vec<_> = page.iter().map(|job| (job.line, job.input["prompt"].as_str())).collect();
    assert_eq!(shown, [(Some(39), Some("boat 39")), (Some(40), Some("boat 40"))]);
    assert!(page.iter().all(|job| job.outputs[0].path.starts_with(&out)), "{page:?}");
    // A second run has nothing to do.
    let again = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((again, told.load(Ordering::Relaxed)), (status, 40));
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
    let found = world.ledger.find_batch("boats").await.expect("it is there");
    assert_eq!((&found, found.name.as_str()), (&batch, "boats"));
    assert!(matches!(world.ledger.find_batch("x").await, Err(Error::NoSuchBatch(_))));
}

#[tokio::test]
async fn all_lines_are_added_or_none() {
    let world = World::new().await;
    let batch = batch(&world, "boats", 2).await;
    let missing = Intent::new(MODEL, json!({"prompt": "x", "image_url": ""}));
    let missing = missing.file("/image_url", world.folder.path().join("none.png"));
    let error = batch.add(vec![intent("a"), missing]).await.expect_err("there is no such file");
    let Error::Line { line: 2, source } = &error else { unreachable!("{error:?}") };
    assert!(matches!(**source, Error::InputFile(_)), "{error}");
    let error = batch.add(vec![intent("a"), intent("b"), intent("a")]).await;
    let Err(Error::Line { line: 3, source }) = &error else { unreachable!("{error:?}") };
    assert!(matches!(**source, Error::Repeated(1)), "{source}");
    // More than one transaction.
    let many = lines(2_500).into_iter().map(Intent::again).chain([intent("a"), intent("a")]);
    let error = batch.add(many).await.expect_err("two are the same");
    assert!(matches!(error, Error::Line { line: 2_502, .. }), "{error}");
    assert_eq!(batch.status().await.expect("it can be read").lines, 2);
    assert_eq!(batch.jobs(0, 10).await.expect("it can be read").len(), 2);
    // Stopped in the middle.
    let many = lines(20_000).into_iter().map(Intent::again);
    let stopped = tokio::time::timeout(Duration::from_millis(500), batch.add(many)).await;
    assert!(stopped.is_err(), "it was too fast");
    assert_eq!(batch.status().await.expect("it can be read").waiting(), 2);
    let twice = batch.add(vec![intent("a").again(), intent("a").again()]).await;
    assert_eq!(twice.expect("it is allowed"), 4);
    let status = batch.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!((status.succeeded(), world.simulator.ledger().len()), (4, 4));
    let error = batch.add(vec![intent("c"), intent("boat 1")]).await.expect_err("it is paid for");
    let Error::Line { line: 2, source } = &error else { unreachable!("{error:?}") };
    assert!(matches!(**source, Error::Twin(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_a_batch() {
    let pace = Pace { queue: Duration::from_millis(50), run: Duration::from_millis(50) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let limits = Limits::default().with_jobs_in_flight(6);
    world.ledger.set_limits(&limits).await.expect("it can");
    let batch = batch(&world, "boats", 40).await;
    let other = world.another().await;
    let same = other.find_batch("boats").await.expect("it is there");
    let done: [Arc<Mutex<Vec<String>>>; 2] = Default::default();
    let options = done.each_ref().map(|done| {
        let done = done.clone();
        BatchOptions::new().on_job(move |job| {
            done.lock().expect("nobody panics").push(job.id.to_string());
        })
    });
    let (one, two) =
        tokio::join!(batch.run(&world.client, &options[0]), same.run(&world.client, &options[1]));
    assert_eq!(one.expect("it runs").succeeded(), 40);
    assert_eq!(two.expect("it runs").succeeded(), 40);
    let done = done.map(|done| done.lock().expect("nobody panics").clone());
    assert!(done.iter().all(|done| done.len() > 2), "one did it all: {done:?}");
    assert_eq!(world.simulator.ledger().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_batch_sends_nothing_until_it_is_resumed() {
    let pace = Pace { queue: Duration::from_millis(20), run: Duration::from_millis(60) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let batch = batch(&world, "boats", 40).await;
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let options = BatchOptions::new().at_once(4);
    let running = batch.run(&world.client, &options);
    let control = async {
        accepted(&world, 4).await;
        other.pause().await.expect("it can");
        let last = &other.jobs(39, 1).await.expect("it can be read")[0];
        let step = world.ledger.step(&world.client, &last.id, &StepOptions::new()).await;
        let step = step.expect("it waits");
        assert!(matches!(step, Step::Later { reason: Wait::Paused, .. }), "{step:?}");
        let sent = world.simulator.ledger().len();
        tokio::time::sleep(Duration::from_millis(800)).await;
        let status = other.status().await.expect("it can be read");
        // A submit that was on its way when the batch was paused.
        let later = world.simulator.ledger().len() - sent;
        assert!(later <= 4, "{later} jobs were sent while the batch was paused");
        assert_eq!((status.is_paused, status.running()), (true, 0), "{status:?}");
        assert!(status.waiting() > 20, "{status:?}");
        other.resume().await.expect("it can");
    };
    let (status, ()) = tokio::join!(running, control);
    assert_eq!(status.expect("it runs").succeeded(), 40);
    assert_eq!(world.simulator.ledger().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_resumed_sends_while_jobs_from_before_still_run() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let batch = batch(&world, "boats", 6).await;
    let options = BatchOptions::new().at_once(2);
    let running = batch.run(&world.client, &options);
    let control = async {
        accepted(&world, 2).await;
        batch.pause().await.expect("it can");
        tokio::time::sleep(Duration::from_millis(500)).await;
        batch.resume().await.expect("it can");
        // One of the two places is free again.
        let first = world.ledger.jobs(&Filter::default().state(State::Accepted)).await;
        let first = &first.expect("they can be read")[0];
        world.ledger.cancel(&world.client, &first.id).await.expect("it can");
        accepted(&world, 3).await;
    };
    tokio::select! {
        ended = running => unreachable!("{ended:?}"),
        () = control => {}
        () = tokio::time::sleep(Duration::from_secs(30)) => unreachable!("nothing more is sent"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_cancelled_from_another_process() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let batch = batch(&world, NewBatch::new("boats").retry_failed(3), 10).await;
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let options = BatchOptions::new().at_once(3);
    let running = batch.run(&world.client, &options);
    let control = async {
        accepted(&world, 3).await;
        other.cancel(&world.client).await.expect("it can")
    };
    let (status, cancelled) = tokio::join!(running, control);
    assert_eq!((cancelled.unsent, cancelled.cancelled + cancelled.running), (7, 3));
    let status = status.expect("it runs");
    assert_eq!((status.count(State::Cancelled), status.is_cancelled), (10, true), "{status:?}");
    assert_eq!(world.simulator.ledger().len(), 3);
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test]
async fn a_failed_job_is_paid_again_only_if_the_batch_says_so() {
    let world = World::new().await;
    world.simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    let once = batch(&world, "once", 1).await;
    let status = once.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!((status.failed(), world.simulator.ledger().len()), (1, 1));
    // A person pays again.
    assert_eq!(once.requeue(&[State::Failed]).await.expect("it can"), 1);
    assert_eq!(once.requeue(&[State::Failed]).await.expect("it can"), 0);
    let status = once.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!((status.succeeded(), world.simulator.ledger().len()), (1, 2));
    let unknown = once.requeue(&[State::Unknown]).await;
    assert!(matches!(unknown, Err(Error::NotRequeued(State::Unknown))), "{unknown:?}");

    world.simulator.script_jobs([JobScenario::Fails(Failure::Text); 3]);
    let twice = world.ledger.create_batch(NewBatch::new("twice").retry_failed(2)).await;
    let twice = twice.expect("it is new");
    twice.add([intent("a"), intent("b")]).await.expect("the lines are good");
    let one_by_one = BatchOptions::new().at_once(1);
    let status = twice.run(&world.client, &one_by_one).await.expect("it runs");
    let jobs = twice.jobs(0, 10).await.expect("it can be read");
    let retries: u32 = jobs.iter().map(|job| job.retries).sum();
    assert_eq!((status.lines, status.succeeded(), retries), (2, 2, 3), "{jobs:?}");
    assert_eq!(world.simulator.ledger().len(), 2 + 5);
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_are_requeued_while_the_batch_runs_are_part_of_that_run() {
    let pace = Pace { queue: Duration::from_millis(20), run: Duration::from_millis(200) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let batch = batch(&world, "boats", 12).await;
    world.simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    let told = Arc::new(AtomicUsize::new(0));
    let seen = told.clone();
    let options = BatchOptions::new().at_once(2).on_job(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let requeued = async {
        while other.requeue(&[State::Failed]).await.expect("it can") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let (status, ()) = tokio::join!(batch.run(&world.client, &options), requeued);
    assert_eq!(status.expect("it runs").succeeded(), 12);
    // Each is told once, the failed one too, also if only rows are made again.
    assert_eq!(other.requeue(&[]).await.expect("it can"), 0);
    batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((told.load(Ordering::Relaxed), world.simulator.ledger().len()), (13, 13));
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_that_runcomfy_asks_for_slows_every_process() {
    let world = World::new().await;
    let batch = batch(&world, "boats", 6).await;
    world.simulator.script(Call::Submit, [Fault::RateLimit(RetryAfter::Seconds(2))]);
    let start = std::time::SystemTime::now();
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    let job = &batch.jobs(0, 1).await.expect("it can be read")[0];
    let step = world.ledger.step(&world.client, &job.id, &short).await.expect("it waits");
    assert!(matches!(step, Step::Later { .. }), "{step:?}");
    let other = world.another().await.find_batch("boats").await.expect("it is there");
    let status = other.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!(status.succeeded(), 6);
    for paid in world.simulator.ledger() {
        let after = paid.accepted_at.duration_since(start).expect("it is later");
        assert!(after >= Duration::from_millis(1_900), "sent after {after:?}");
    }
}

#[tokio::test]
async fn nothing_more_is_sent_over_the_budget_or_without_balance() {
    let price = "0.20".parse().expect("a price");
    let world = World::with(Simulator::builder().pace(QUICK).price(price)).await;
    let usd = |text: &str| text.parse().expect("an amount");
    let limits = Limits::default().with_budget_per_day(usd("0.50"));
    world.ledger.set_limits(&limits).await.expect("it can");
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let priced = lines(5).into_iter().map(|line| line.price(Price::Known(usd("0.20"))));
    batch.add(priced).await.expect("the lines are good");
    let error = batch.run(&world.client, &BatchOptions::new()).await.expect_err("it is used up");
    assert!(matches!(error, Error::OverBudget { .. }), "{error:?}");
    let status = batch.status().await.expect("it can be read");
    assert_eq!(status.succeeded() + status.waiting(), 5, "{status:?}");
    let sent = world.simulator.ledger().len();
    assert!((1..5).contains(&sent), "{sent}");
    world.ledger.set_limits(&Limits::default()).await.expect("it can");
    let status = batch.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!(status.succeeded(), 5);

    let price = "0.25".parse().expect("a price");
    let poor = World::with(Simulator::builder().funds_usd(0.0).price(price)).await;
    let batch = self::batch(&poor, "boats", 3).await;
    let error = batch.run(&poor.client, &BatchOptions::new()).await.expect_err("no balance");
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    assert_eq!(batch.status().await.expect("it can be read").waiting(), 3);
}

#[tokio::test]
async fn a_line_whose_input_was_paid_for_elsewhere_is_refused() {
    let world = World::new().await;
    let batch = batch(&world, "boats", 2).await;
    let single = world.ledger.intend(intent("boat 2")).await.expect("both are free");
    world.ledger.run(&world.client, &single.id).await.expect("it runs");
    let status = batch.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!((status.succeeded(), status.count(State::Refused)), (1, 1), "{status:?}");
    let refused = &batch.jobs(1, 1).await.expect("it can be read")[0];
    assert_eq!(refused.problem.as_ref().map(|it| it.kind), Some(ProblemKind::Twin));
    assert_eq!(world.simulator.ledger().len(), 2);
}

#[tokio::test]
async fn an_unknown_line_waits_for_a_person_and_goes_on_with_its_id() {
    let world = World::new().await;
    let batch = batch(&world, "boats", 3).await;
    world.simulator.script(Call::Submit, [Fault::Close { processed: Processed::Yes }]);
    let options = BatchOptions::new();
    let status = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((status.unknown(), status.succeeded()), (1, 2), "{status:?}");
    let again = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((again, world.simulator.ledger().len()), (status, 3));
    let jobs = batch.jobs(0, 10).await.expect("it can be read");
    let unknown = jobs.iter().find(|job| job.state == State::Unknown).expect("there is one");
    let known: Vec<_> = jobs.iter().filter_map(|job| job.request_id.as_ref()).collect();
    let paid = world.simulator.ledger();
    let lost = paid.iter().find(|paid| known.iter().all(|id| id.as_str() != paid.request_id));
    let id = lost.expect("one is lost").request_id.parse().expect("an id");
    world.ledger.settle(&unknown.id, Settlement::RequestId(id)).await.expect("it is its id");
    let status = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((status.succeeded(), world.simulator.ledger().len()), (3, 3));
}
