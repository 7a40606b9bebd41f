//! Waits against scripted replies: failures, truncated replies, and the messages of the errors.

use std::error::Error;
use std::time::{Duration, Instant};

use runcomfy::client::{ApiErrorKind, JobErrorReason, Polling, SubmitError};
use tokio::net::TcpListener;

use crate::scripted::{client, hasty, http, input, job, server};

const COMPLETED: &str = r#"{"status": "completed"}"#;

/// Returns an error and its sources, one per line.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source()).map(|e| e.to_string()).collect()
}

#[tokio::test]
async fn consecutive_failures_of_status_or_result_end_the_wait() {
    let cases = [
        ("result", 200, r#"{"status": "succeeded"}"#),
        ("result", 200, r#"{"status": "succ"#),
        ("result", 200, r#"{"error_code": 500001}"#),
        ("result", 502, "<html>"),
        ("status", 200, r#"{"status": "succ"#),
        ("status", 200, "{}"),
        ("status", 200, r#"{"error_code": 500001}"#),
        ("status", 502, "<html>"),
    ];
    for (call, status, body) in cases {
        let (base, asked) = server(move |path, _| match path.ends_with(call) {
            true => http(status, "", body),
            false => http(200, "", COMPLETED),
        })
        .await;
        let error = job(&base, hasty()).wait().await.expect_err("it always fails");
        assert!(
            matches!(error.reason, JobErrorReason::Api(_) | JobErrorReason::Unreadable { .. }),
            "{call} {status} {body}: {error}"
        );
        let asked = asked.lock().expect("no lock is poisoned");
        let calls = asked.iter().filter(|path| path.ends_with(call)).count();
        assert_eq!(calls, 3, "{call} {status} {body}");
    }
}

#[tokio::test]
async fn a_successful_poll_resets_the_failure_count() {
    let output = r#"{"status": "succeeded", "output": {"video": "https://example.com/v.mp4"}}"#;
    let (base, _) = server(move |path, before| match (path.ends_with("status"), before) {
        (true, 2 | 5) => http(200, "", r#"{"status": "in_queue"}"#),
        (true, 0..6) => http(500, "", ""),
        (true, _) => http(200, "", COMPLETED),
        // Two failures, then "not yet", then two more.
        (false, 0 | 1 | 3 | 4) => http(200, "", "{"),
        (false, 2) => http(400, "", r#"{"error_code": 400005}"#),
        (false, _) => http(200, "", output),
    })
    .await;
    let success = job(&base, hasty()).wait().await.expect("each failure passes");
    assert!(success.output.video.is_some());
}

#[tokio::test]
async fn a_late_result_is_asked_for_at_the_interval() {
    let (base, _) = server(|path, before| match (path.ends_with("result"), before) {
        (true, 0..3) => http(200, "", r#"{"status": "in_progress"}"#),
        (true, _) => http(200, "", r#"{"status": "succeeded", "output": {}}"#),
        (false, _) => http(200, "", COMPLETED),
    })
    .await;
    let start = Instant::now();
    let job = job(&base, Polling::every(Duration::from_millis(100)));
    job.wait().await.expect("it succeeds");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_failed_status_ends_the_wait_without_a_result() {
    let (base, _) = server(|path, _| match path.ends_with("status") {
        true => http(200, "", r#"{"status": "failed"}"#),
        false => http(400, "", r#"{"error_code": 400005}"#),
    })
    .await;
    let error = job(&base, hasty()).wait().await.expect_err("it failed");
    assert!(matches!(&error.reason, JobErrorReason::Failed(_)), "{error}");
}

#[tokio::test]
async fn an_end_that_the_result_denies_still_lets_the_guard_cancel() {
    let (base, asked) = server(|path, before| match (path.ends_with("status"), before) {
        (true, 0) => http(200, "", COMPLETED),
        (true, _) => http(200, "", r#"{"status": "in_queue"}"#),
        (false, _) => http(400, "", r#"{"error_code": 400005}"#),
    })
    .await;
    let guarded = job(&base, hasty()).cancel_on_drop();
    tokio::time::timeout(Duration::from_millis(500), guarded.wait()).await.expect_err("it goes on");
    drop(guarded);
    let is_cancelled =
        || asked.lock().expect("no lock is poisoned").iter().any(|path| path.ends_with("cancel"));
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if is_cancelled() {
            return;
        }
    }
    panic!("the guard cancelled nothing");
}

#[tokio::test]
async fn a_cost_is_not_asked_for_past_its_time() {
    let (base, _) = server(|_, before| match before {
        0 => http(200, "", r#"{"status": "succeeded", "output": {}}"#),
        _ => http(503, "retry-after: 60\r\n", ""),
    })
    .await;
    let start = Instant::now();
    let cost = job(&base, hasty()).cost_within(Duration::from_millis(200)).await;
    assert_eq!(cost.expect("the first response is there"), None);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_failed_job_with_an_error_code_ends_the_wait() {
    let (base, asked) = server(|path, _| match path.ends_with("status") {
        true => http(200, "", COMPLETED),
        false => http(200, "", r#"{"status": "failed", "error_code": 500001, "error": "NSFW"}"#),
    })
    .await;
    let error = job(&base, hasty()).wait().await.expect_err("it failed");
    assert!(matches!(&error.reason, JobErrorReason::Failed(error) if error == "NSFW"), "{error}");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 2);
}

#[tokio::test]
async fn a_cancelled_job_without_a_result_ends_the_wait() {
    let (base, asked) = server(|path, _| match path.ends_with("status") {
        true => http(200, "", r#"{"status": "cancelled"}"#),
        false => http(400, "", r#"{"error_code": 400005}"#),
    })
    .await;
    let waiting = job(&base, hasty());
    let waiting = tokio::time::timeout(Duration::from_secs(5), waiting.wait());
    let error = waiting.await.expect("it ends").expect_err("it was cancelled");
    assert!(matches!(error.reason, JobErrorReason::Cancelled), "{error}");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 2);
}

#[tokio::test]
async fn a_wait_honours_retry_after_and_its_deadline() {
    let (base, asked) = server(|path, before| match (path.ends_with("status"), before) {
        (true, 0) => http(429, "retry-after: 1\r\n", ""),
        (true, _) => http(200, "", COMPLETED),
        (false, _) => http(200, "", r#"{"status": "failed"}"#),
    })
    .await;
    let start = Instant::now();
    let error = job(&base, hasty()).wait().await.expect_err("it failed");
    assert!(matches!(error.reason, JobErrorReason::Failed(_)), "{error}");
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 3);

    for asked in ["3600", "18446744073709551615"] {
        let headers = format!("retry-after: {asked}\r\n");
        let (base, _) = server(move |_, _| http(429, &headers, "")).await;
        let start = Instant::now();
        let wait = Duration::from_millis(100);
        let error = job(&base, hasty()).wait_for(wait).await.expect_err("it is limited");
        assert!(matches!(error.reason, JobErrorReason::Deadline { .. }), "{error}");
        assert!((wait..wait * 20).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn an_unrepresentable_delay_ends_at_the_deadline() {
    let (base, _) = server(|_, _| http(200, "", r#"{"status": "in_queue"}"#)).await;
    let job = job(&base, Polling::every(Duration::MAX));
    let error = job.wait_for(Duration::from_millis(50)).await.expect_err("it is not finished");
    assert!(matches!(error.reason, JobErrorReason::Deadline { .. }), "{error}");
}

#[tokio::test]
async fn a_truncated_submit_response_keeps_its_id() {
    let body = r#"{"request_id": "r-7", "status_url": "https://"#;
    let (base, asked) =
        server(move |_, _| format!("HTTP/1.1 202 -\r\ncontent-length: 400\r\n\r\n{body}")).await;
    let error = client(&base, hasty()).submit(&input()).await.expect_err("it is cut");
    let SubmitError::OutcomeUnknown { id, body: kept, source, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(id.as_ref().map(|id| id.as_str()), Some("r-7"));
    assert_eq!(kept.as_deref(), Some(body));
    assert!(source.is_some());
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);
}

#[tokio::test]
async fn an_error_chain_says_each_thing_once() {
    let (base, _) = server(|path, _| match path.ends_with("status") {
        true => http(401, "", r#"{"error_code": 400004, "error_message": "it expired"}"#),
        false => http(422, "", r#"{"detail": "too long"}"#),
    })
    .await;
    let message = "it expired (HTTP 401, error_code 400004); check the token in RUNCOMFY_TOKEN";
    let error = job(&base, hasty()).status().await.expect_err("it is refused");
    let JobErrorReason::Api(api) = &error.reason else { panic!("{error}") };
    assert_eq!(api.kind, ApiErrorKind::Token);
    assert_eq!(chain(&error), [format!("request r-1: {message}")]);
    let error = client(&base, hasty()).submit(&input()).await.expect_err("it is refused");
    assert_eq!(chain(&error), ["RunComfy did not accept the request: too long (HTTP 422)"]);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let gone = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    drop(listener);
    let status = job(&gone, hasty()).status().await.expect_err("no server is there");
    let submit = client(&gone, hasty()).submit(&input()).await.expect_err("no server is there");
    for (lines, first) in [
        (chain(&status), "request r-1: no response from RunComfy"),
        (
            chain(&submit),
            "the request was not sent or not processed, and it is safe to submit again",
        ),
    ] {
        assert_eq!(lines[0], first);
        assert!(lines.last().is_some_and(|line| line.contains("refused")), "{lines:?}");
        for (index, line) in lines.iter().enumerate() {
            assert!(!lines[index + 1..].iter().any(|other| line.contains(other)), "{lines:?}");
            assert!(!line.contains("hush"), "{line}");
        }
    }
}

/// Environment variable of the child process that has a proxy.
const BEHIND_A_PROXY: &str = "RUNCOMFY_TEST_BEHIND_A_PROXY";

#[tokio::test]
async fn a_proxy_never_sees_the_token_of_a_loopback_api() {
    if let Ok(base) = std::env::var(BEHIND_A_PROXY) {
        let update = job(&base, hasty()).status().await.expect("it answers");
        assert!(update.status.is_finished());
        return;
    }
    // A proxy is set in the environment of a process, so the test runs itself as a child.
    let (base, asked) = server(|_, _| http(200, "", COMPLETED)).await;
    let (proxy, seen) = server(|_, _| http(200, "", COMPLETED)).await;
    let child = tokio::task::spawn_blocking(move || {
        let suite = std::env::current_exe().expect("it runs");
        let mut child = std::process::Command::new(suite);
        child.args(["--exact", "waiting::a_proxy_never_sees_the_token_of_a_loopback_api"]);
        child.env(BEHIND_A_PROXY, base);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            child.env(name, proxy.trim_end_matches("/v1"));
        }
        child.env_remove("NO_PROXY").env_remove("no_proxy");
        child.output().expect("it runs")
    });
    let output = child.await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(seen.lock().expect("no lock is poisoned").len(), 0, "the proxy got a request");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);
}
