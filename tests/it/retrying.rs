//! Retries and errors of the client, held to the table of `docs/guarantees.md`.

use std::time::{Duration, Instant};

use runcomfy::client::{CallError, CancelOutcome, JobErrorReason, Retry, SubmitError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scripted::{builder, client, hasty, http, input, job, server};

/// Attempts per retried call: the client of these tests retries twice.
const AGAIN: usize = 3;

/// The number of attempts, and the error that the caller gets.
type Met = (usize, &'static str);

/// Each failure: its name, the reply, and the outcomes of a submit and a read.
fn failures() -> Vec<(&'static str, String, Met, Met)> {
    let (unknown, rejected) = ((1, "OutcomeUnknown"), (1, "Rejected"));
    let cut = "HTTP/1.1 200 -\r\ncontent-length: 400\r\n\r\n{\"request_id".to_owned();
    let broken = (AGAIN, "Transport");
    let (api, unread) = ((AGAIN, "Api"), (AGAIN, "Unreadable"));
    vec![
        ("closed before an answer", String::new(), unknown, broken),
        ("closed within the head", "HTTP/1.1 200 -\r\nconte".to_owned(), unknown, broken),
        ("closed within the body", cut, unknown, broken),
        ("408", http(408, "", ""), unknown, api),
        ("429", http(429, "", "slow down"), (AGAIN, "Rejected"), api),
        ("429 for now", http(429, "retry-after: 0\r\n", "{}"), (AGAIN, "Rejected"), api),
        ("429 for an hour", http(429, "retry-after: 3600\r\n", "{}"), rejected, (1, "Api")),
        ("429xxx in a 400", http(400, "", r#"{"error_code": 429001}"#), (AGAIN, "Rejected"), api),
        ("401", http(401, "", r#"{"error_code": 400004}"#), rejected, (1, "Api")),
        ("422", http(422, "", r#"{"detail": "no"}"#), rejected, (1, "Api")),
        ("500", http(500, "", r#"{"error_code": 500001}"#), unknown, api),
        ("502 in HTML", http(502, "", "<html>"), unknown, api),
        ("503 for now", http(503, "retry-after: 0\r\n", ""), unknown, api),
        ("a fault in a 400", http(400, "", r#"{"error_code": 500001}"#), unknown, api),
        ("a refusal in a 200", http(200, "", r#"{"error_code": 400002}"#), rejected, (1, "Api")),
        ("a fault in a 200", http(200, "", r#"{"error_code": 500001}"#), unknown, api),
        ("307", http(307, "location: /v1/x\r\n", ""), unknown, (1, "Unreadable")),
        ("301", http(301, "location: https://example.com/\r\n", ""), unknown, (1, "Unreadable")),
        ("HTML", http(200, "", "<html>hello</html>"), unknown, unread),
        ("nothing", http(200, "", ""), unknown, unread),
        ("truncated JSON", http(200, "", r#"{"request_id": "r-1"#), unknown, unread),
        ("JSON without what is asked", http(200, "", "{}"), unknown, unread),
        ("JSON that is no object", http(200, "", "[1]"), unknown, unread),
    ]
}

fn submit_error(error: &SubmitError) -> &'static str {
    match error {
        SubmitError::NotSent(_) => "NotSent",
        SubmitError::Rejected(_) => "Rejected",
        SubmitError::OutcomeUnknown { .. } => "OutcomeUnknown",
        _ => "another error",
    }
}

fn job_error(reason: &JobErrorReason) -> &'static str {
    match reason {
        JobErrorReason::Transport(_) => "Transport",
        JobErrorReason::Api(_) => "Api",
        JobErrorReason::Unreadable { .. } => "Unreadable",
        _ => "another error",
    }
}

fn call_error(error: &CallError) -> &'static str {
    match error {
        CallError::Transport(_) => "Transport",
        CallError::Api(_) => "Api",
        CallError::Unreadable { .. } => "Unreadable",
        _ => "another error",
    }
}

#[tokio::test]
async fn each_failure_of_each_call_follows_the_retry_table() {
    for (name, answer, submit, read) in failures() {
        for call in ["submit", "status", "result", "cost", "cancel", "catalog", "balance", "model"]
        {
            let answer = answer.clone();
            let (base, asked) = server(move |_, _| answer.clone()).await;
            let (client, job) = (client(&base, hasty()), job(&base, hasty()));
            let got = match call {
                "submit" => submit_error(&client.submit(&input()).await.expect_err(name)),
                "status" => job_error(&job.status().await.expect_err(name).reason),
                "result" => job_error(&job.result().await.expect_err(name).reason),
                "cost" => match job.cost().await {
                    Ok(cost) => {
                        assert_eq!(cost, None, "{name}");
                        "no cost"
                    }
                    Err(error) => job_error(&error.reason),
                },
                "cancel" => job_error(&job.cancel().await.expect_err(name).reason),
                "catalog" => call_error(&client.catalog_page(0, 1).await.expect_err(name)),
                "balance" => match client.balance().await {
                    Ok(balance) => {
                        assert_eq!(balance.balance_usd, None, "{name}");
                        "no balance"
                    }
                    Err(error) => call_error(&error),
                },
                _ => match client.model("a/b").await {
                    Ok(entry) => {
                        assert_eq!(entry.model_id, None, "{name}");
                        "no entry"
                    }
                    Err(error) => call_error(&error),
                },
            };
            let times = asked.lock().expect("no lock is poisoned").len();
            let expected = match (call, name) {
                ("submit", _) => submit,
                // These calls accept any object.
                ("cost", "JSON without what is asked") => (1, "no cost"),
                ("balance", "JSON without what is asked") => (1, "no balance"),
                ("model", "JSON without what is asked") => (1, "no entry"),
                _ => read,
            };
            assert_eq!((times, got), expected, "{call}: {name}");
        }
    }
}

#[tokio::test]
async fn a_submit_that_never_connected_is_retried_and_not_sent() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let refused = format!("http://{}/v1", gone.local_addr().expect("it has an address"));
    drop(gone);
    // A listener that hangs up fails the TLS handshake.
    let (plain, asked) = server(|_, _| String::new()).await;
    let no_tls = plain.replace("http://", "https://");
    let bases = [refused, "https://there-is-no-such-host.invalid/v1".to_owned(), no_tls];
    for base in bases {
        let start = Instant::now();
        let pauses =
            Retry::default().with_max_retries(2).with_initial_delay(Duration::from_millis(40));
        let client = builder(&base).retry(pauses).build().expect("the settings are valid");
        let error = client.submit(&input()).await.expect_err("no server is there");
        assert_eq!(submit_error(&error), "NotSent", "{base}: {error:?}");
        // Two delays, each shortened by at most a half.
        assert!(start.elapsed() >= Duration::from_millis(60), "{base}: {:?}", start.elapsed());
    }
    // The received bytes are a TLS greeting, not a request.
    assert!(asked.lock().expect("no lock is poisoned").iter().all(|path| !path.contains("/v1")));
}

#[tokio::test]
async fn a_rate_limited_submit_is_retried_and_accepted_once() {
    let (base, asked) = server(|_, before| match before {
        0 => http(429, "retry-after: 1\r\n", ""),
        _ => http(200, "", r#"{"request_id": "r-7"}"#),
    })
    .await;
    let start = Instant::now();
    let job = client(&base, hasty()).submit(&input()).await.expect("it is accepted");
    assert_eq!(job.id().as_str(), "r-7");
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 2);
}

#[tokio::test]
async fn an_error_beside_an_id_keeps_the_id() {
    for answer in [
        http(429, "", r#"{"request_id": "r-9"}"#),
        http(422, "", r#"{"request_id": "r-9", "detail": "no"}"#),
        http(200, "", r#"{"request_id": "r-9", "error_code": 400002}"#),
    ] {
        let (base, asked) = server(move |_, _| answer.clone()).await;
        let error = client(&base, hasty()).submit(&input()).await.expect_err("it is malformed");
        let SubmitError::OutcomeUnknown { id, .. } = error else { panic!("{error}") };
        assert_eq!(id.as_ref().map(|id| id.as_str()), Some("r-9"));
        assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);
    }
}

#[tokio::test]
async fn a_cancel_with_a_lost_response_reports_whether_it_cancelled() {
    let cancel = |outcome: &str| http(202, "", &format!(r#"{{"outcome": "{outcome}"}}"#));
    for (status, expected) in
        [("cancelled", CancelOutcome::Cancelled), ("completed", CancelOutcome::NotCancellable)]
    {
        let (base, _) = server(move |path, before| match (path.ends_with("cancel"), before) {
            (true, 0) => String::new(),
            (true, _) => cancel("not_cancellable"),
            (false, _) => http(200, "", &format!(r#"{{"status": "{status}"}}"#)),
        })
        .await;
        assert_eq!(job(&base, hasty()).cancel().await.expect("it answers"), expected);
    }
}

#[tokio::test]
async fn a_submit_uses_no_connection_idle_for_15_s() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    // Each connection stays open, and replies with its number as the request's id.
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
                    let body = format!(r#"{{"request_id": "c-{number}"}}"#);
                    let length = body.len();
                    let head = format!("HTTP/1.1 200 -\r\ncontent-length: {length}\r\n\r\n");
                    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                }
            });
        }
    });
    let client = client(&base, hasty());
    let mut used = Vec::new();
    for pause in [0, 1, 16] {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        used.push(client.submit(&input()).await.expect("it is accepted").id().to_string());
    }
    assert_eq!(used, ["c-0", "c-0", "c-1"]);
}
