//! Jobs against the simulator: resumed, untyped, limited, dropped, and their cost.

use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::client::{
    CancelOutcome, CatalogQuery, JobErrorReason, Polling, RequestId, RunError, Status, SubmitError,
};
use runcomfy::{Client, Job, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Failure, JobScenario, Pace, Simulator, State};
use serde_json::{Value, json};

use crate::scripted;

const MODEL: &str = "minimax/Hailuo Video 01 Live";

async fn simulator(queue_ms: u64, run_ms: u64) -> Simulator {
    let pace = Pace { queue: Duration::from_millis(queue_ms), run: Duration::from_millis(run_ms) };
    Simulator::builder().pace(pace).start().await.expect("it starts")
}

fn client(simulator: &Simulator) -> Client {
    scripted::client(simulator.api_base(), Polling::every(Duration::from_millis(10)))
}

fn input(simulator: &Simulator) -> Valid<Input> {
    let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    Input::new("a paper boat", image).validate().expect("it is valid")
}

#[tokio::test]
async fn a_job_is_resumed_by_another_process_from_its_id() {
    let simulator = simulator(50, 50).await;
    let stored =
        client(&simulator).submit(&input(&simulator)).await.expect("accepted").id().to_string();

    let elsewhere = client(&simulator);
    let id: RequestId = stored.parse().expect("it is an id");
    let typed: Job<Input> = elsewhere.job(id.clone());
    let success = typed.wait().await.expect("it succeeds");
    let raw = elsewhere.raw().job(id).wait().await.expect("it succeeds");
    assert_eq!(raw.output, raw.raw);
    assert_eq!(raw.output["video"], json!(success.output.video.expect("it exists").as_str()));
}

#[tokio::test]
async fn a_model_without_a_type_is_called_with_json() {
    let simulator = simulator(0, 0).await;
    let raw = client(&simulator).raw();
    let right = json!({"prompt": "a", "image_url": simulator.picture_url(640, 480)});
    let success = raw.run(MODEL, &right).await.expect("it succeeds");
    assert!(success.output["video"].is_string(), "{}", success.output);
    assert_eq!(simulator.ledger()[0].input.as_ref(), Some(&right));

    let error = raw.submit(MODEL, &json!({"prompt": 7})).await.expect_err("it is wrong");
    assert!(matches!(error, SubmitError::Rejected(_)), "{error}");
    for id in ["", "a", "../models", "a/../b"] {
        let error = raw.submit(id, &right).await.expect_err("it is not an id");
        assert!(matches!(error, SubmitError::ModelId(_)), "{error}");
    }
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test]
async fn a_failed_job_returns_its_whole_error() {
    let simulator = simulator(0, 0).await;
    type Is = fn(&Value) -> bool;
    let is: [(Failure, Is); 4] = [
        (Failure::Text, Value::is_string),
        (Failure::Object, Value::is_object),
        (Failure::Array, Value::is_array),
        // The whole reply, since it has no error member.
        (Failure::Missing, |value| value["status"] == "failed"),
    ];
    for (shape, is) in is {
        simulator.script_jobs([JobScenario::Fails(shape)]);
        let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
        let error = job.wait().await.expect_err("it fails");
        assert_eq!(&error.id, job.id());
        let JobErrorReason::Failed(failure) = &error.reason else { panic!("{error}") };
        assert!(is(failure), "{shape:?}: {failure}");
        assert!(error.to_string().contains(&failure.to_string()), "{error}");
    }
}

#[tokio::test]
async fn every_status_ends_or_continues_the_wait_correctly() {
    let simulator = simulator(40, 40).await;
    for scenario in
        [JobScenario::OtherStatuses, JobScenario::UnknownStatuses, JobScenario::UnknownFields]
    {
        simulator.script_jobs([scenario]);
        let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
        let mut words = Vec::new();
        let mut updates = job.updates();
        while let Some(update) = updates.next().await.expect("it answers") {
            words.push(update.status);
        }
        assert!(!matches!(words.last(), Some(Status::Other(_)) | None), "{scenario:?}: {words:?}");
        let odd = words.iter().any(|status| matches!(status, Status::Other(_)));
        assert_eq!(odd, scenario != JobScenario::UnknownFields, "{scenario:?}: {words:?}");
        assert!(job.wait().await.expect("it succeeds").output.video.is_some(), "{scenario:?}");
    }
    simulator.script_jobs([JobScenario::EndsCancelled]);
    let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
    let error = job.wait().await.expect_err("it is cancelled");
    assert!(matches!(error.reason, JobErrorReason::Cancelled), "{error}");
}

#[tokio::test]
async fn a_late_cost_can_be_asked_for() {
    let simulator = simulator(0, 0).await;
    simulator.script_jobs([JobScenario::LateCost(Duration::from_millis(200))]);
    let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
    assert_eq!(job.wait().await.expect("it succeeds").cost, None);
    assert_eq!(job.cost().await.expect("it answers"), None);
    assert_eq!(job.cost_within(Duration::from_millis(20)).await.expect("it answers"), None);
    let cost = job.cost_within(Duration::from_secs(20)).await.expect("it answers");
    assert_eq!(cost, Some(simulator.ledger()[0].charged_usd));
}

#[tokio::test]
async fn job_statuses_are_a_stream() {
    let simulator = simulator(60, 0).await;
    let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
    let seen: Vec<_> =
        job.updates().into_stream().map(|it| it.expect("it answers")).collect().await;
    assert_eq!(seen.first().map(|update| update.queue_position.is_some()), Some(true));
    assert_eq!(seen.last().map(|update| &update.status), Some(&Status::Completed));

    let gone: Job<Input> = client(&simulator).job("sim-none".parse().expect("it is an id"));
    let seen: Vec<_> = gone.updates().into_stream().collect().await;
    assert!(matches!(&seen[..], [Err(error)] if error.id == *gone.id()), "{seen:?}");
}

#[tokio::test]
async fn run_reports_the_id_first_and_in_every_error() {
    let simulator = simulator(0, 0).await;
    let (client, input) = (client(&simulator), input(&simulator));
    let mut early = None;
    let success = client.run(&input).on_submitted(|job| early = Some(job.id().clone())).await;
    let success = success.expect("it succeeds");
    assert_eq!(early, Some(success.id));

    simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    let error = client.run(&input).await.expect_err("it fails");
    assert!(matches!(&error, RunError::Job(_)), "{error}");
    assert_eq!(error.id().map(|id| id.to_string()), Some(simulator.ledger()[1].request_id.clone()));
}

#[tokio::test]
async fn dropping_a_job_cancels_it_only_with_cancel_on_drop() {
    let simulator = simulator(60_000, 0).await;
    let (client, input) = (client(&simulator), input(&simulator));
    let submit = async || client.submit(&input).await.expect("it is accepted");
    drop(submit().await);
    drop(submit().await.cancel_on_drop().keep());
    drop(submit().await.cancel_on_drop());
    let run = client.run(&input).cancel_on_drop();
    let late = tokio::time::timeout(Duration::from_millis(300), run.into_future()).await;
    assert!(late.is_err(), "the submit should wait");
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if simulator.ledger().iter().filter(|job| job.state == State::Cancelled).count() == 2 {
            break;
        }
    }
    let states: Vec<State> = simulator.ledger().iter().map(|job| job.state).collect();
    assert_eq!(states, [State::InQueue, State::InQueue, State::Cancelled, State::Cancelled]);
}

#[tokio::test]
async fn a_finished_job_is_not_cancelled_on_drop() {
    let simulator = simulator(0, 0).await;
    let job = client(&simulator).submit(&input(&simulator)).await.expect("it is accepted");
    let guarded = job.cancel_on_drop();
    guarded.wait().await.expect("it succeeds");
    drop(guarded);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let calls = simulator.traffic().calls;
    assert_eq!(calls[&runcomfy_simulator::Call::Cancel], 0);
}

#[tokio::test]
async fn clones_share_the_limit_on_jobs_in_flight() {
    let simulator = simulator(60_000, 0).await;
    let client = scripted::builder(simulator.api_base()).max_jobs_in_flight(2);
    let client = client.build().expect("the settings are valid");
    let input = input(&simulator);
    let first = client.submit(&input).await.expect("it is accepted");
    let second = client.clone().submit(&input).await.expect("it is accepted");
    let short = Duration::from_millis(100);
    let third = tokio::time::timeout(short, client.submit(&input)).await;
    assert!(third.is_err(), "a third job was submitted");
    assert_eq!(simulator.ledger().len(), 2);
    // A job that ends or is dropped releases its permit.
    assert_eq!(first.cancel().await.expect("it answers"), CancelOutcome::Cancelled);
    let third = client.submit(&input).await.expect("it is accepted");
    drop(second);
    let _fourth = client.submit(&input).await.expect("it is accepted");
    drop((first, third));
    assert_eq!(simulator.ledger().len(), 4);
}

#[tokio::test]
async fn catalog_model_and_balance_are_read_into_their_types() {
    let simulator = simulator(0, 0).await;
    let client = client(&simulator);
    let query = CatalogQuery::default().search("hailuo").limit(2).with_schemas();
    let page = client.catalog(&query).await.expect("it answers");
    assert!(page.total.is_some_and(|total| total >= page.models.len()), "{page:?}");
    assert!((1..=2).contains(&page.models.len()), "{page:?}");
    let schemas = page.models.iter().filter_map(|entry| entry.input_schema.as_ref());
    assert_eq!(
        schemas.filter(|schema| schema["properties"].is_object()).count(),
        page.models.len()
    );

    let entry = client.model(MODEL).await.expect("it answers");
    assert_eq!(entry.model_id.as_deref(), Some(MODEL));
    assert!(entry.input_schema.is_some());
    assert!(client.model("no/such-model").await.is_err());
    assert!(client.categories().await.is_ok());
    assert_eq!(client.balance().await.expect("it answers").balance_usd, Some(1_000_000.0));
}
