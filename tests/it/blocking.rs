//! The blocking client, with and without a runtime around it.

use std::time::Duration;

use runcomfy::blocking::{Client, Job};
use runcomfy::client::{CancelOutcome, DownloadOptions, JobErrorReason, Status};
use runcomfy::{Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Pace, Simulator};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::scripted::builder;
use crate::support::root;

/// Starts a simulator on a separate runtime, as in another process.
fn simulator(queue_ms: u64) -> (Runtime, Simulator) {
    let runtime = Runtime::new().expect("a runtime starts");
    let pace = Pace { queue: Duration::from_millis(queue_ms), run: Duration::ZERO };
    let starting = Simulator::builder(root().join("schemas")).pace(pace).start();
    let simulator = runtime.block_on(starting).expect("it starts");
    (runtime, simulator)
}

fn input(simulator: &Simulator) -> Valid<Input> {
    let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    Input::new("a paper boat", image).validate().expect("it is valid")
}

fn whole_job(simulator: &Simulator) {
    let client = Client::build(builder(simulator.api_base())).expect("the settings are valid");
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
    let client = Client::build(builder(simulator.api_base())).expect("the settings are valid");
    let input = json!({"prompt": "a", "image_url": simulator.picture_url(640, 480)});
    let job = client.submit_raw("minimax/Hailuo Video 01 Live", &input).expect("it is accepted");
    let error = job.wait_for(Duration::from_millis(30)).expect_err("it is queued");
    assert_eq!(&error.id, job.id());
    assert!(matches!(error.reason, JobErrorReason::Deadline { .. }), "{error}");
    assert!(client.raw_job(job.id().clone()).result().expect("it answers").is_none());
    assert_eq!(job.cancel().expect("it answers"), CancelOutcome::Cancelled);
}
