//! The blocking client, with and without a runtime around it.

use std::time::Duration;

use runcomfy::blocking::Job;
use runcomfy::client::{CancelOutcome, CatalogQuery, DownloadOptions, JobErrorReason, Status};
use runcomfy::{Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Pace, Simulator};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::scripted::builder;

/// Starts a simulator on a separate runtime, as in another process.
fn simulator(queue_ms: u64) -> (Runtime, Simulator) {
    let runtime = Runtime::new().expect("a runtime starts");
    let pace = Pace { queue: Duration::from_millis(queue_ms), run: Duration::ZERO };
    let starting = Simulator::builder().pace(pace).start();
    let simulator = runtime.block_on(starting).expect("it starts");
    (runtime, simulator)
}

fn input(simulator: &Simulator) -> Valid<Input> {
    let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    Input::new("a paper boat", image).validate().expect("it is valid")
}

fn whole_job(simulator: &Simulator) {
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let job = client.submit(&input(simulator)).expect("it is accepted");
    let again: Job<Input> = client.job(job.id().clone());
    let success = again.wait().expect("it succeeds");
    assert_eq!(again.status().expect("it answers").status, Status::Completed);
    assert_eq!(job.cost().expect("it answers"), Some(0.0));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let saved = client.download(&success, &DownloadOptions::into_folder(folder.path()));
    assert_eq!(saved.expect("it exists").len(), 1);
    assert!(client.balance().expect("it answers").balance_usd.is_some());
}

#[test]
fn the_blocking_client_runs_a_whole_job() {
    let (_runtime, simulator) = simulator(0);
    whole_job(&simulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blocking_client_works_inside_async_code() {
    let simulating = tokio::task::spawn_blocking(|| simulator(0)).await.expect("it starts");
    whole_job(&simulating.1);
    let ended = tokio::task::spawn_blocking(move || drop(simulating)).await;
    assert!(ended.is_ok());
}

#[test]
fn a_blocking_wait_ends_at_its_deadline() {
    let (_runtime, simulator) = simulator(60_000);
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let input = json!({"prompt": "a", "image_url": simulator.picture_url(640, 480)});
    let job = client.raw().submit("minimax/Hailuo Video 01 Live", &input).expect("it is accepted");
    let error = job.wait_for(Duration::from_millis(30)).expect_err("it is queued");
    assert_eq!(&error.id, job.id());
    assert!(matches!(error.reason, JobErrorReason::Deadline { .. }), "{error}");
    assert!(client.raw().job(job.id().clone()).result().expect("it answers").is_none());
    assert_eq!(job.cancel().expect("it answers"), CancelOutcome::Cancelled);
}

#[test]
fn the_blocking_client_has_every_call_of_the_async_one() {
    let (_runtime, simulator) = simulator(0);
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let input = input(&simulator);
    assert!(client.preflight(&input).is_ok());
    let prepared = client.prepare(&input).expect("its media is right");
    let job = client.submit_prepared(&prepared).expect("it is accepted");
    let statuses: Result<Vec<_>, _> = job.updates().collect();
    let last = statuses.expect("each poll succeeds").pop().expect("there is one");
    assert!(last.status.is_finished());
    assert!(job.result().expect("it answers").is_some());
    assert_eq!(job.cost_within(Duration::ZERO).expect("it answers"), Some(0.0));

    let mut early = None;
    let run = client.run(&input).on_submitted(|job| early = Some(job.id().clone()));
    let completed = run.wait().expect("it succeeds");
    assert_eq!(early.as_ref(), Some(&completed.id));

    let page = client.catalog_page(0, 2).expect("it answers");
    assert_eq!(page.entries, 2);
    let query = CatalogQuery::default().limit(1);
    let catalog = client.catalog(&query).expect("it answers");
    let id = catalog.models[0].model_id.clone().expect("it has an id");
    assert_eq!(client.model(&id).expect("it answers").model_id, Some(id));
    assert!(!client.categories().expect("it answers").is_empty());
}

#[test]
fn a_blocking_job_is_cancelled_when_its_guard_is_dropped() {
    let (_runtime, simulator) = simulator(60_000);
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let kept = client.submit(&input(&simulator)).expect("it is accepted").cancel_on_drop().keep();
    let cancelled = client.submit(&input(&simulator)).expect("it is accepted");
    drop(cancelled.clone().cancel_on_drop());
    assert_eq!(kept.status().expect("it answers").status, Status::InQueue);
    assert_eq!(cancelled.status().expect("it answers").status, Status::Cancelled);
}

/// Fails instead of hanging if the call does not return.
fn within_10_s(call: impl FnOnce() + Send + 'static) {
    let (send, ended) = std::sync::mpsc::channel();
    let calling = std::thread::spawn(move || {
        call();
        send.send(()).expect("somebody waits");
    });
    let is_late = ended.recv_timeout(Duration::from_secs(10)).is_err();
    assert!(!is_late || calling.is_finished(), "the call hangs");
    calling.join().expect("the call does not panic");
}

/// Field case M3.
#[test]
fn a_callback_of_a_blocking_call_may_make_calls() {
    let (_runtime, simulator) = simulator(0);
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let job = client.submit(&input(&simulator)).expect("it is accepted");
    let completed = job.wait().expect("it succeeds");
    within_10_s(move || {
        let folder = tempfile::tempdir().expect("there is room");
        let to = DownloadOptions::into_folder(folder.path()).on_progress(move |_| {
            assert_eq!(job.status().expect("it answers").status, Status::Completed);
        });
        assert_eq!(client.download(&completed, &to).expect("it is there").len(), 1);
    });
}
