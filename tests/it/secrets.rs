//! The token goes to the API only: to no other host, and into nothing that a program prints at
//! the finest log level.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy::client::{CatalogQuery, DownloadOptions, Retry};
use runcomfy::{Client, Job};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::scripted::{builder, hasty, http, input, serve};

/// A realistic token. No other text of a run contains it.
const TOKEN: &str = "rc-0f9e8d7c6b5a49382716-secret";
/// Environment variable of the child process whose output is searched.
const API: &str = "RUNCOMFY_TEST_SECRETS_API";

/// Starts a server that records the heads of its requests.
async fn watched(
    answer: impl Fn(&str) -> String + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = heads.clone();
    let script = move |head: &str, _: usize| {
        kept.lock().expect("no lock is poisoned").push(head.to_owned());
        answer(head)
    };
    (serve(script).await.0, heads)
}

#[tokio::test]
async fn a_run_prints_no_token_at_trace_level() {
    if let Ok(api) = std::env::var(API) {
        // This includes the HTTP library, which logs with `log`.
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(std::io::stderr)
            .init();
        everything(&api).await;
        panic!("the client of this panic is {:?}", builder(&api).token(TOKEN));
    }
    // A server that repeats the request in its errors, and an API with URLs of another host.
    let other = watched(|_| http(200, "", "0123456789")).await;
    let elsewhere = other.0.replace("/v1", "");
    let api = watched(move |head| {
        let line = head.lines().next().unwrap_or_default();
        let repeated = json!({"error_code": 400004, "error_message": head}).to_string();
        let id = r#"{"request_id": "r-1", "status_url": "OTHER/s", "result_url": "OTHER/r", "status": "completed", "outcome": "cancelled"}"#;
        let id = id.replace("OTHER", &elsewhere);
        match line.split(' ').nth(1).unwrap_or_default() {
            path if path.contains("/requests/r-1/status") => http(200, "", &id),
            path if path.contains("/requests/r-1/result") => {
                let body = json!({"status": "succeeded", "output": {"video": format!("{elsewhere}/v.mp4")}});
                http(200, "", &body.to_string())
            }
            path if path.contains("/requests/r-1/cancel") => http(202, "", &id),
            path if path.contains("/requests/moved/") => {
                http(307, &format!("location: {elsewhere}/moved\r\n"), "")
            }
            path if path.contains("/requests/html/") => http(200, "", head),
            path if path.contains("/requests/failed/") => {
                http(200, "", &json!({"status": "failed", "error": {"seen": head}}).to_string())
            }
            path if path.contains("/requests/cut/") => {
                format!("HTTP/1.1 200 -\r\ncontent-length: 9999\r\n\r\n{head}")
            }
            path if path.contains("/models/minimax/Hailuo") => http(200, "", &id),
            path if path.contains("/models/moved/") => {
                http(307, &format!("location: {elsewhere}/moved\r\n"), "")
            }
            path if path.contains("/models/cut/") => {
                format!("HTTP/1.1 200 -\r\ncontent-length: 9999\r\n\r\n{head}")
            }
            _ => http(401, "", &repeated),
        }
    })
    .await;

    let printed = tokio::task::spawn_blocking(move || {
        let suite = std::env::current_exe().expect("it runs");
        let mut child = Command::new(suite);
        child.args(["--exact", "--nocapture"]);
        child.arg("secrets::a_run_prints_no_token_at_trace_level");
        child.env(API, &api.0).env("RUST_BACKTRACE", "1");
        let output = child.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it runs");
        (output, api, other)
    });
    let (output, api, other) = printed.await.expect("it ends");
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    // The run is complete, and the log can be searched.
    for expected in
        ["every call was made", "the client of this panic", "TRACE", "reqwest", "accepted"]
    {
        assert!(
            printed.contains(expected),
            "no `{expected}` in {} bytes:\n{printed}",
            printed.len()
        );
    }
    let lines: Vec<&str> = printed.lines().filter(|line| line.contains(TOKEN)).collect();
    assert!(lines.is_empty(), "the token is in {lines:#?}");

    let (api, other) = (api.1.lock().expect("no lock is poisoned"), other.1.lock().expect("not"));
    assert!(api.iter().all(|head| head.contains(TOKEN)), "the API was called without the token");
    // Only the download was sent there.
    let asked: Vec<&str> = other.iter().filter_map(|head| head.lines().next()).collect();
    assert_eq!(asked, ["GET /v.mp4 HTTP/1.1"]);
    assert!(other.iter().all(|head| !head.to_lowercase().contains("authorization")), "{other:?}");
}

/// Makes every call, with success and with failure, and prints all results.
async fn everything(api: &str) {
    let show = |what: &dyn std::fmt::Debug| eprintln!("{what:#?}");
    // This builder would log all traffic.
    let verbose = reqwest::Client::builder().connection_verbose(true);
    let settings = builder(api).token(TOKEN).polling(hasty()).http_client_builder(verbose);
    show(&settings);
    let client: Client = settings.build().expect("the settings are valid");
    show(&client);
    let job: Job<Input> = client.submit(&input()).await.expect("it is accepted");
    show(&job);
    show(&job.status().await);
    show(&job.cancel().await);
    let success = job.wait().await.expect("it succeeds");
    show(&success);
    let folder = tempfile::tempdir().expect("a folder can be made");
    show(&client.download(&success, &DownloadOptions::into_folder(folder.path())).await);
    for id in ["moved", "html", "failed", "cut", "refused"] {
        let job: Job<Input> = client.job(id.parse().expect("it is an id"));
        for error in [job.status().await.err(), job.wait().await.err(), job.cost().await.err()] {
            show(&error);
            eprintln!("{}", error.map(|error| error.to_string()).unwrap_or_default());
        }
        show(&job.cancel().await);
        drop(job.cancel_on_drop());
    }
    for model in ["moved/x", "cut/x", "refused/x"] {
        let error = client.raw().submit(model, &json!({})).await.expect_err("it is refused");
        show(&error);
        eprintln!("{error}");
    }
    show(&client.catalog(&CatalogQuery::default()).await);
    show(&client.model("a/b").await);
    show(&client.balance().await);
    show(&builder("http://example.com/v1").token(TOKEN).build());
    show(&builder("https://x/v1").token(format!("{TOKEN}\u{7}")).build());
    show(&builder(&format!("https://u:{TOKEN}@x/v1")).token(TOKEN));
    show(&builder(&format!("https://u:{TOKEN}@x/v1")).token(TOKEN).build());
    let gone = Client::builder().api_base("http://127.0.0.1:1/v1").token(TOKEN);
    let gone = gone.retry(Retry::never()).build().expect("the settings are valid");
    show(&gone.submit(&input()).await);
    show(&gone.balance().await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    eprintln!("every call was made");
    std::io::stderr().flush().expect("it exists");
}
