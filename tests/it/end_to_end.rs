//! From a typed input to a video, through the simulator, over real HTTP.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runcomfy::client::{ApiErrorKind, CancelOutcome, JobErrorReason, Polling, Status, SubmitError};
use runcomfy::{Client, Job, JsonInput, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Pace, Simulator};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use crate::scripted;

async fn simulator(queue: u64, run: u64) -> Simulator {
    let pace = Pace { queue: Duration::from_millis(queue), run: Duration::from_millis(run) };
    Simulator::builder().pace(pace).start().await.expect("it starts")
}

fn client(base: &str) -> Client {
    let polling = Polling::every(Duration::from_millis(10));
    let builder = Client::builder().api_base(base).token("a-token").polling(polling);
    builder.allow_local_media().build().expect("the settings are valid")
}

fn input(simulator: &Simulator) -> Valid<Input> {
    let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    Input::new("a paper boat", image).validate().expect("it is valid")
}

#[tokio::test]
async fn a_valid_input_becomes_a_video() {
    let simulator = simulator(150, 100).await;
    let client = client(simulator.api_base());
    let job = client.submit(&input(&simulator)).await.expect("it is accepted");

    let mut seen = Vec::new();
    let mut updates = job.updates();
    while let Some(update) = updates.next().await.expect("it answers") {
        assert_eq!(update.queue_position.is_some(), update.status == Status::InQueue);
        if seen.last() != Some(&update.status) {
            seen.push(update.status);
        }
    }
    assert_eq!(seen, [Status::InQueue, Status::InProgress, Status::Completed]);

    let again: Job<Input> = client.job(job.id().clone());
    let success = again.wait().await.expect("it succeeds");
    assert_eq!(&success.id, job.id());
    assert!(success.created_at.is_some() && success.finished_at.is_some());
    assert_eq!(success.cost, Some(0.0));
    let video = success.output.video.expect("there is a video");
    assert_eq!(success.raw["video"], json!(video.as_str()));
    let bytes =
        reqwest::get(video).await.expect("it answers").bytes().await.expect("the whole body");
    assert_eq!(&bytes[4..8], b"ftyp", "the video is not an MP4");
}

#[tokio::test]
async fn a_valid_json_input_is_submitted_like_a_typed_one() {
    let simulator = simulator(0, 0).await;
    let text = json!({"prompt": "a", "image_url": simulator.picture_url(640, 480)}).to_string();
    let valid =
        JsonInput::<Input>::parse(&text).expect("it is JSON").validate().expect("it is valid");
    let job = client(simulator.api_base()).submit(&valid).await.expect("it is accepted");
    assert!(job.wait().await.expect("it succeeds").output.video.is_some());
}

#[tokio::test]
async fn a_rejection_by_the_server_arrives_with_its_reason() {
    let simulator = simulator(0, 0).await;
    let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    let input = Valid::assume(Input::new("a".repeat(1996), image));
    let error = client(simulator.api_base()).submit(&input).await.expect_err("it is too long");
    let SubmitError::Rejected(error) = error else { panic!("{error}") };
    assert_eq!((error.kind, error.http_status), (ApiErrorKind::Input, 422));
    assert!(error.message.starts_with("prompt: "), "{}", error.message);
}

#[tokio::test]
async fn only_a_queued_job_is_cancelled() {
    let simulator_a = simulator(60_000, 0).await;
    let job = client(simulator_a.api_base()).submit(&input(&simulator_a)).await.expect("accepted");
    assert_eq!(job.cancel().await.expect("it answers"), CancelOutcome::Cancelled);
    let error = job.wait().await.expect_err("it was cancelled");
    assert_eq!(&error.id, job.id());
    assert!(matches!(error.reason, JobErrorReason::Cancelled), "{error}");

    let simulator_b = simulator(0, 60_000).await;
    let job = client(simulator_b.api_base()).submit(&input(&simulator_b)).await.expect("accepted");
    assert_eq!(job.cancel().await.expect("it answers"), CancelOutcome::NotCancellable);
}

#[tokio::test]
async fn a_timed_out_wait_has_the_id_and_cancels_nothing() {
    let simulator = simulator(300, 0).await;
    let job =
        client(simulator.api_base()).submit(&input(&simulator)).await.expect("it is accepted");
    let start = Instant::now();
    let error = job.wait_for(Duration::from_millis(50)).await.expect_err("it is not finished");
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    assert_eq!(&error.id, job.id());
    assert!(error.to_string().contains(job.id().as_str()), "{error}");
    assert!(error.to_string().contains("no result after 50 ms, when"), "{error}");
    let JobErrorReason::Deadline { after, last } = error.reason else { panic!("{error}") };
    assert_eq!(after, Duration::from_millis(50));
    assert_eq!(last, Status::InQueue);
    assert!(job.wait().await.is_ok());
}

#[tokio::test]
async fn an_unknown_request_is_an_error_with_its_id() {
    let simulator = simulator(0, 0).await;
    let id = "sim-999999".parse().expect("it is an id");
    let job: Job<Input> = client(simulator.api_base()).job(id);
    let error = job.wait().await.expect_err("there is none");
    let JobErrorReason::Api(api) = &error.reason else { panic!("{error}") };
    assert_eq!((api.kind, api.code), (ApiErrorKind::NotFound, Some(404_001)));
    assert!(error.to_string().starts_with("request sim-999999: "), "{error}");
}

#[tokio::test]
async fn without_a_token_the_simulator_answers_401() {
    let simulator = simulator(0, 0).await;
    let url = format!("{}/requests/sim-1/status", simulator.api_base());
    let reply = reqwest::get(url).await.expect("it answers");
    assert_eq!(reply.status(), 401);
    assert_eq!(reply.headers()["server"], "runcomfy-simulator");
}

#[tokio::test]
async fn a_submit_that_never_connected_returns_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    drop(listener);
    let simulator = simulator(0, 0).await;
    let error = client(&base).submit(&input(&simulator)).await.expect_err("no server is there");
    assert!(matches!(error, SubmitError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn a_submit_without_a_response_is_unknown_and_not_retried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    // A server that reads the request, hangs up, and counts.
    let server = tokio::spawn(async move {
        let mut taken = 0;
        while let Ok(Ok((mut stream, _))) =
            tokio::time::timeout(Duration::from_millis(500), listener.accept()).await
        {
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
                taken += 1;
            }
        }
        taken
    });
    let simulator = simulator(0, 0).await;
    let error = client(&base).submit(&input(&simulator)).await.expect_err("no answer came");
    assert!(matches!(error, SubmitError::OutcomeUnknown { .. }), "{error}");
    assert_eq!(server.await.expect("it counts"), 1);
}

#[tokio::test]
async fn a_redirected_submit_is_unknown_and_not_followed() {
    let target = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    let elsewhere = target.local_addr().expect("it has an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("someone calls");
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let reply = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(reply.as_bytes()).await.expect("it is sent");
    });
    let simulator = simulator(0, 0).await;
    let (client, input) = (client(&base), input(&simulator));
    tokio::select! {
        answer = client.submit(&input) => {
            let error = answer.expect_err("it is a redirect");
            assert!(matches!(error, SubmitError::OutcomeUnknown { .. }), "{error}");
        }
        _ = target.accept() => panic!("the redirect was followed"),
    }
}

#[tokio::test]
async fn a_redirect_that_a_handed_in_client_followed_is_found() {
    let (base, _) = scripted::server(|path, _| match path {
        "/v1/elsewhere" => scripted::http(200, "", r#"{"request_id": "r-1", "status": "failed"}"#),
        _ => scripted::http(307, "location: /v1/elsewhere\r\n", ""),
    })
    .await;
    let settings = scripted::builder(&base).http_client(reqwest::Client::new());
    let client = settings.build().expect("the settings are valid");
    let error = client.submit(&scripted::input()).await.expect_err("it is a redirect");
    let SubmitError::OutcomeUnknown { id, reason, .. } = &error else { panic!("{error}") };
    assert!(id.is_some() && reason.contains("redirect"), "{error}");
    let status = client.raw().job("r-1".parse().expect("it is an id")).status().await;
    assert!(status.is_err(), "{status:?}");
}

/// Field case F21.
#[tokio::test]
async fn each_request_names_a_contact() {
    let agents = Arc::new(Mutex::new(Vec::new()));
    let seen = agents.clone();
    let (base, _) = scripted::serve(move |head, _| {
        let agent = head.lines().find_map(|line| line.strip_prefix("user-agent: "));
        seen.lock().expect("no lock is poisoned").push(agent.unwrap_or_default().to_owned());
        scripted::http(200, "", "{}")
    })
    .await;
    let client = scripted::builder(&base).allow_local_media().build().expect("valid");
    let image = Media::url(base.replace("/v1", "/boat.png")).expect("it is a URL");
    let input = Input::new("a paper boat", image).validate().expect("it is valid");
    let _ = client.preflight(&input).await;
    client.balance().await.expect("it answers");
    let agents = agents.lock().expect("no lock is poisoned");
    assert!(agents.len() >= 2, "{agents:?}");
    for agent in agents.iter() {
        assert!(agent.starts_with("runcomfy-rs/") && agent.contains(" (+https://"), "{agent}");
    }
}

/// Text that a test's subscriber writes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no lock is poisoned").extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_report_of_a_submit_is_on_its_job_and_in_the_log() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(move || written.clone())
        .finish();
    let (base, _) = scripted::server(|path, _| match path {
        path if path.ends_with("boat.png") => scripted::http(503, "", ""),
        _ => scripted::http(200, "", r#"{"request_id": "r-1"}"#),
    })
    .await;
    let client = scripted::builder(&base).allow_local_media().build().expect("valid");
    let image = Media::url(base.replace("/v1", "/boat.png")).expect("it is a URL");
    let input = Input::new("a paper boat", image).validate().expect("it is valid");
    let guard = tracing::subscriber::set_default(subscriber);
    let job = client.submit(&input).await.expect("it is accepted");
    drop(guard);
    let report = job.preflight_report().expect("it was checked");
    assert!(!report.warnings.is_empty() && !report.unchecked.is_empty(), "{report}");
    let log = String::from_utf8(log.0.lock().expect("no lock is poisoned").clone());
    let log = log.expect("it is text");
    let lines = log.lines().filter(|line| line.contains("WARN") && line.contains("image_url"));
    assert_eq!(lines.count(), report.warnings.len() + report.unchecked.len(), "{log}");
    let resumed: Job<Input> = client.job(job.id().clone());
    assert!(resumed.preflight_report().is_none());
}
