//! A result that was paid for is delivered, in any form.

use std::time::{Duration, Instant};

use runcomfy::client::{CancelOutcome, CompletedJob, JobError, JobErrorReason, Polling};
use runcomfy::{Job, MediaOutput};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::json;

use crate::scripted::{builder, hasty, http, http_bytes, input, job, server};

/// Waits for a job with this final status and this result.
async fn waited(
    status: &'static str,
    http_status: u16,
    result: Vec<u8>,
) -> (Result<CompletedJob<MediaOutput>, JobError>, usize) {
    let (base, asked) = server(move |path, _| match path.ends_with("status") {
        true => http_bytes(200, "", json!({"status": status}).to_string().as_bytes()),
        false => http_bytes(http_status, "", &result),
    })
    .await;
    let waited = job(&base, hasty()).wait_for(Duration::from_secs(5)).await;
    let asked = asked.lock().expect("no lock is poisoned");
    (waited, asked.iter().filter(|path| path.ends_with("result")).count())
}

/// Field cases H1, F13 and F27.
#[tokio::test]
async fn every_readable_result_is_delivered() {
    let nested = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let deep =
        format!(r#"{{"status":"succeeded","output":{{"video":"https://a/v","x":{nested}}}}}"#);
    let with_output = |rest: &str| format!(r#"{{"output":{{"video":"https://a/v"}}{rest}}}"#);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a number past a float", with_output(r#","status":"succeeded","x":1e400"#).into()),
        ("NaN", with_output(r#","status":"succeeded","x":NaN"#).into()),
        ("minus infinity", with_output(r#","status":"succeeded","x":-Infinity"#).into()),
        ("half a surrogate", with_output(r#","status":"succeeded","x":"\ud83d""#).into()),
        (
            "no UTF-8",
            b"{\"output\":{\"video\":\"https://a/v\",\"x\":\"\xff\"},\"status\":\"succeeded\"}"
                .to_vec(),
        ),
        ("a BOM", [b"\xef\xbb\xbf", with_output(r#","status":"succeeded""#).as_bytes()].concat()),
        ("deep nesting", deep.into()),
        ("no status", with_output("").into()),
        ("null status", with_output(r#","status":null"#).into()),
        ("an unknown status", with_output(r#","status":"done""#).into()),
        ("upper case", with_output(r#","status":"COMPLETED""#).into()),
        ("an error code", with_output(r#","status":"succeeded","error_code":500001"#).into()),
        ("only an error code", with_output(r#","error_code":500001"#).into()),
    ];
    for (name, body) in cases {
        for status in ["completed", " COMPLETED "] {
            let (waited, asked) = waited(status, 200, body.clone()).await;
            let completed = waited.unwrap_or_else(|error| panic!("{name}: {error}"));
            let video = completed.output.video.map(String::from);
            assert_eq!((video.as_deref(), asked), (Some("https://a/v"), 1), "{name}");
        }
    }
}

/// Field case H1.
#[tokio::test]
async fn a_large_inline_result_is_delivered_at_once() {
    let video = format!("data:video/mp4;base64,{}", "A".repeat(24 * 1024 * 1024));
    let body = json!({"status": "succeeded", "output": {"video": video}}).to_string();
    let (waited, asked) = waited("completed", 200, body.into()).await;
    let completed = waited.expect("it succeeds");
    assert_eq!((completed.raw["video"].as_str(), asked), (Some(video.as_str()), 1));
}

/// Field case H1.
#[tokio::test]
async fn an_unreadable_result_is_in_the_error_whole() {
    let page = format!("<html>{}the address", "x".repeat(200_000));
    let (waited, _) = waited("completed", 200, page.clone().into()).await;
    let error = waited.expect_err("it is unreadable");
    let JobErrorReason::Unreadable { body, .. } = &error.reason else { panic!("{error}") };
    assert_eq!(body, &page);
}

/// A proxy may cut off the end of a response behind all of its text.
#[tokio::test]
async fn a_result_that_breaks_off_behind_its_text_is_delivered() {
    const RESULT: &str = r#"{"status": "succeeded", "output": {"video": "https://a/v"}}"#;
    let chunked = |text: &str| {
        let length = text.len();
        format!("HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n")
    };
    let too_long = |text: &str| format!("HTTP/1.1 200 -\r\ncontent-length: 400\r\n\r\n{text}");
    for reply in [chunked(RESULT), too_long(RESULT), too_long(&format!("{RESULT} \n"))] {
        let (base, asked) = server(move |path, _| match path.ends_with("status") {
            true => http(200, "", r#"{"status": "completed"}"#),
            false => reply.clone(),
        })
        .await;
        let completed = job(&base, hasty()).wait().await.expect("it is delivered");
        assert_eq!(completed.output.video.map(String::from).as_deref(), Some("https://a/v"));
        assert_eq!(asked.lock().expect("no lock is poisoned").len(), 2);
    }
    let half = &RESULT[..RESULT.len() - 1];
    for reply in [chunked(half), too_long(half)] {
        let (base, asked) = server(move |_, _| reply.clone()).await;
        let error = job(&base, hasty()).result().await.expect_err("it is cut");
        assert!(matches!(error.reason, JobErrorReason::Transport(_)), "{error}");
        assert_eq!(asked.lock().expect("no lock is poisoned").len(), 3, "it is asked for again");
    }
}

/// Field cases H1 and F17.
#[tokio::test]
async fn a_failed_job_gives_its_reason_and_its_partial_output() {
    for error in [json!(null), json!(""), json!({}), json!([])] {
        let body = json!({
            "status": "failed", "error": error, "failure_reason": "content policy",
            "output": {"video": "https://a/v"},
        });
        let (waited, _) = waited("completed", 200, body.to_string().into()).await;
        let error = waited.expect_err("it failed");
        assert!(error.to_string().contains("content policy"), "{error}");
        assert_eq!(error.output(), Some(&json!({"video": "https://a/v"})));
        assert_eq!(error.reply.as_deref(), Some(&body));
    }
}

/// Field case L3.
#[tokio::test]
async fn a_cancelled_job_is_cancelled_whatever_its_result_says() {
    for (http_status, body) in [
        (404, json!({"error_code": 404001})),
        (410, json!({})),
        (500, json!({})),
        (200, json!({})),
        (200, json!({"status": "in_queue"})),
    ] {
        let (waited, _) = waited("cancelled", http_status, body.to_string().into()).await;
        let error = waited.expect_err("it is cancelled");
        assert!(matches!(error.reason, JobErrorReason::Cancelled), "{http_status} {body}: {error}");
    }
}

#[tokio::test]
async fn a_result_is_read_alone_as_within_a_wait() {
    let (base, _) = server(|path, _| match path.ends_with("status") {
        true => http(200, "", r#"{"status": "completed"}"#),
        false => http(200, "", r#"{"status": "done", "output": {"video": "https://a/v"}}"#),
    })
    .await;
    let completed = job(&base, hasty()).result().await.expect("it answers");
    assert!(completed.expect("it is finished").output.video.is_some());
}

/// Starts a server that does not know a job at first, and then reports it as finished.
async fn forgetful(unknown: usize) -> String {
    let (base, _) = server(move |path, before| match path {
        path if path.contains("models") => http(200, "", r#"{"request_id": "r-1"}"#),
        path if path.ends_with("result") => {
            http(200, "", r#"{"status": "succeeded", "output": {"video": "https://a/v"}}"#)
        }
        _ if before < unknown => http(404, "", r#"{"error_code": 404001}"#),
        path if path.ends_with("cancel") => http(200, "", r#"{"outcome": "cancelled"}"#),
        _ => http(200, "", r#"{"status": "completed"}"#),
    })
    .await;
    base
}

/// Field case F14.
#[tokio::test]
async fn a_job_that_is_not_known_right_after_its_submit_is_waited_for() {
    let base = forgetful(3).await;
    let client = builder(&base).build().expect("the settings are valid");
    let submitted = client.submit(&input()).await.expect("it is accepted");
    assert!(submitted.wait().await.is_ok());
    let base = forgetful(1).await;
    let client = builder(&base).build().expect("the settings are valid");
    let submitted = client.submit(&input()).await.expect("it is accepted");
    assert!(submitted.status().await.is_ok());
    assert_eq!(submitted.cancel().await.expect("it answers"), CancelOutcome::Cancelled);

    let resumed: Job<Input> = builder(&forgetful(3).await)
        .build()
        .expect("valid")
        .job("r-1".parse().expect("it is an id"));
    let error = resumed.wait().await.expect_err("it is not known");
    assert!(matches!(error.reason, JobErrorReason::Api(_)), "{error}");
}

/// Field case M2.
#[tokio::test]
async fn a_poll_that_is_dropped_in_a_select_goes_on() {
    let (base, asked) = server(|path, before| match path.ends_with("status") {
        true if before < 4 => http(200, "", r#"{"status": "in_progress"}"#),
        true => http(200, "", r#"{"status": "completed"}"#),
        false => http(200, "", "{}"),
    })
    .await;
    let job = job(&base, Polling::every(Duration::from_millis(100)));
    let mut updates = job.updates();
    let start = Instant::now();
    loop {
        tokio::select! {
            status = updates.next() => {
                if status.expect("it answers").is_none() {
                    break;
                }
            }
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
        assert!(start.elapsed() < Duration::from_secs(8), "the end is not seen");
    }
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 5, "a request was repeated");
}

/// A response that takes longer than a tick of the loop around it.
#[tokio::test]
async fn a_slow_poll_that_is_dropped_is_not_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("it connects");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let answer = http(200, "", r#"{"status": "completed"}"#);
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.expect("sent");
    });
    let job = job(&base, hasty());
    let mut updates = job.updates();
    for _ in 0..100 {
        tokio::select! {
            status = updates.next() => {
                assert!(status.expect("it answers").is_some());
                return serving.await.expect("it answered once");
            }
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    panic!("the reply is not seen");
}
