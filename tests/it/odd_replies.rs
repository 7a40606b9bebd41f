//! Replies that mean what RunComfy's own mean, in another form: other cases of the faults that
//! reports from the field name.

use std::time::Duration;

use runcomfy::client::{
    CancelOutcome, CompletedJob, DownloadError, DownloadOptions, DownloadedFile, JobErrorReason,
    Status,
};
use runcomfy::{Job, MediaOutput};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::{Value, json};

use crate::scripted::{builder, hasty, http, http_bytes, input, job, serve, server};

/// A file that is compressed, as gzip begins.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

// A case of F25: a gateway that compresses whatever may be compressed.
#[tokio::test]
async fn replies_of_the_api_are_requested_uncompressed() {
    let (base, _) = serve(|head, _| {
        if !head.to_ascii_lowercase().contains("accept-encoding: identity\r\n") {
            return http_bytes(200, "", &GZIP);
        }
        let body = match head {
            head if head.contains("/models/") => r#"{"request_id": "r-1"}"#,
            head if head.contains("/status") => r#"{"status": "completed"}"#,
            head if head.contains("/cancel") => r#"{"outcome": "not_cancellable"}"#,
            _ => r#"{"status": "succeeded", "output": {"video": "https://a/v"}}"#,
        };
        http_bytes(200, "", body.as_bytes())
    })
    .await;
    let client = builder(&base).build().expect("the settings are valid");
    let job = client.submit(&input()).await.expect("it is accepted");
    job.wait().await.expect("it succeeds");
    assert_eq!(job.cancel().await.ok(), Some(CancelOutcome::NotCancellable));
}

// Cases of F13 and F27.
#[tokio::test]
async fn a_status_is_read_in_each_encoding_and_spelling() {
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let cases: [(Vec<u8>, Status); 9] = [
        (b"\n\t {\"status\": \"IN_QUEUE\"}\r\n\r\n".to_vec(), Status::InQueue),
        (b"\xef\xbb\xbf\xef\xbb\xbf{\"status\": \"in_queue\"}".to_vec(), Status::InQueue),
        (utf16(r#"{"status": "in_queue"}"#), Status::InQueue),
        (br#"{"status": "inProgress"}"#.to_vec(), Status::InProgress),
        (br#"{"status": " In-Progress "}"#.to_vec(), Status::InProgress),
        (br#"{"status": "CANCELED"}"#.to_vec(), Status::Cancelled),
        (br#"{"status": "Succeeded", "queue_position": 1e400}"#.to_vec(), Status::Succeeded),
        (br#"{"status": "failed", "queue_position": -1.5}"#.to_vec(), Status::Failed),
        (br#"{"status": "completed", "queue_position": "3",}"#.to_vec(), Status::Completed),
    ];
    for (body, expected) in cases {
        let what = String::from_utf8_lossy(&body).into_owned();
        let (base, _) = server(move |_, _| http_bytes(200, "", &body)).await;
        let status = job(&base, hasty()).status().await;
        let status = status.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(status.status, expected, "{what}");
    }
}

// Cases of F15.
#[tokio::test]
async fn a_cancel_is_read_in_each_form() {
    for (http_status, body, expected) in [
        (202, json!({"status": "CANCELED"}), CancelOutcome::Cancelled),
        (200, json!({"outcome": " Cancelled "}), CancelOutcome::Cancelled),
        (409, json!({"outcome": "notCancellable"}), CancelOutcome::NotCancellable),
        (
            409,
            json!({"outcome": "NOT-CANCELLABLE", "error_code": 409001}),
            CancelOutcome::NotCancellable,
        ),
        (200, json!({"status": "completed"}), CancelOutcome::NotCancellable),
        (202, json!({"status": "in_progress", "outcome": "cancelled"}), CancelOutcome::Cancelled),
    ] {
        let reply = body.to_string();
        let (base, _) = server(move |_, _| http(http_status, "", &reply)).await;
        let outcome = job(&base, hasty()).cancel().await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(outcome, expected, "{body}");
    }
}

// Cases of F14.
#[tokio::test]
async fn a_job_that_is_not_known_yet_is_waited_for_in_each_form() {
    for (http_status, unknown) in [
        (404, "<html>404 Not Found</html>"),
        (404, r#"{"detail": "Not Found"}"#),
        (404, ""),
        (400, r#"{"error_code": 404001}"#),
        (200, r#"{"error_code": 404001, "error_message": "no such request"}"#),
        (404, r#"{"error": {"code": "404001"}}"#),
    ] {
        let (base, _) = server(move |path, before| match path {
            path if path.contains("models") => http(200, "", r#"{"request_id": "r-1"}"#),
            _ if before < 4 => http(http_status, "", unknown),
            path if path.ends_with("status") => http(200, "", r#"{"status": "completed"}"#),
            _ => http(200, "", r#"{"status": "succeeded", "output": {"video": "https://a/v"}}"#),
        })
        .await;
        let client = builder(&base).build().expect("the settings are valid");
        let job = client.submit(&input()).await.expect("it is accepted");
        let waited = job.wait_for(Duration::from_secs(20)).await;
        assert!(waited.is_ok(), "HTTP {http_status} {unknown}: {:?}", waited.err());
    }
}

// Cases of F17.
#[tokio::test]
async fn a_failed_job_says_why_wherever_the_reason_is() {
    for body in [
        json!({"status": "FAILED", "error": "  ", "failure_reason": "content policy"}),
        json!({"status": "failed", "error": [null, ""], "detail": [{"msg": "content policy"}]}),
        json!({"status": "failed", "error": {"message": "", "code": null}, "reason": "content policy"}),
        json!({"status": "failed", "failure_reason": {"text": "content policy"}}),
        json!({"status": "failed", "error": {"details": {"why": ["content policy"]}}}),
        json!({"status": "failed", "logs": "content policy"}),
    ] {
        let reply = body.to_string();
        let (base, _) = server(move |_, _| http(200, "", &reply)).await;
        let error = job(&base, hasty()).wait().await.expect_err("it failed");
        assert!(matches!(error.reason, JobErrorReason::Failed(_)), "{body}: {error}");
        assert!(error.to_string().contains("content policy"), "{body}: {error}");
    }
}

/// Returns the completed job of a server that answers with this body.
async fn completed(body: &str) -> (Job<Input>, CompletedJob<MediaOutput>) {
    let body = body.to_owned();
    let (base, _) = server(move |path, _| match path.ends_with("status") {
        true => http(200, "", r#"{"status": "completed"}"#),
        false => http(200, "", &body),
    })
    .await;
    let job = job(&base, hasty());
    let completed = job.wait_for(Duration::from_secs(5)).await.expect("it is delivered");
    (job, completed)
}

// Cases of H1.
#[tokio::test]
async fn an_output_is_delivered_beside_anything() {
    for rest in [
        r#", "cost": "0.05", "created_at": 1e999"#,
        r#", "status": "finished", "error": null"#,
        r#", "status": 7"#,
        r#", "status": ["succeeded"]"#,
        r#", "error": "" "#,
        ", \"note\": \"line\nbreak\u{1}\"",
        r#", "status": "succeeded", "cost": 1e400, "input": {"seed": 123456789012345678901234567890}"#,
        r#", "status": "succeeded", "message": "ok", "code": 0"#,
        r#", "status": "succeeded", "output": {"video": "https://a/v"}"#,
        r#", "status": "succeeded","#,
    ] {
        let body = format!(r#"{{"output": {{"video": "https://a/v"}}{rest}}}"#);
        let (_, completed) = completed(&body).await;
        assert_eq!(
            completed.output.video.map(String::from).as_deref(),
            Some("https://a/v"),
            "{body}"
        );
    }
}

/// Downloads an output from a server whose files are `GIF89a`.
async fn download(output: Value) -> Result<Vec<DownloadedFile>, DownloadError> {
    let (base, _) = server(|_, _| http(200, "", "GIF89a")).await;
    let output = output.to_string().replace("BASE", &base.replace("/v1", ""));
    let (_, completed) =
        completed(&format!(r#"{{"status": "succeeded", "output": {output}}}"#)).await;
    let client = builder(&base).build().expect("the settings are valid");
    let folder = tempfile::tempdir().expect("there is room");
    client.download(&completed, &DownloadOptions::into_folder(folder.path())).await
}

// Cases of F16.
#[tokio::test]
async fn no_output_that_has_something_is_passed_over() {
    const GIF: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    let long = format!("{GIF}{}", "A".repeat(40));
    for (output, saved) in [
        (json!({"image": format!("DATA:image/gif;BASE64,{GIF}")}), 1),
        (json!([format!("data:image/gif;charset=utf-8;base64,{GIF}")]), 1),
        (json!({"image": format!("data:image/gif,GIF89a%01%00")}), 1),
        (json!({"a": {"b": [{"c": "BASE/a.gif"}]}}), 1),
        (json!({"images": ["BASE/a.gif", "BASE/b.gif", "BASE/a.gif"]}), 2),
        (json!({"b64_json": long}), 1),
        (json!({"b64_json": long.replace('/', "_").replace('+', "-")}), 1),
        (json!({"image": format!(" data:image/gif;base64,{GIF}\n")}), 1),
        (json!(" BASE/a.gif "), 1),
    ] {
        let files =
            download(output.clone()).await.unwrap_or_else(|error| panic!("{output}: {error}"));
        assert_eq!(files.len(), saved, "{output}");
    }
    for output in [
        json!("data:image/gif;base64,%%%"),
        json!({"image": "blob:https://a/0"}),
        json!({"image": "//nosuch.invalid/a.gif"}),
        json!({"image": "s3://bucket/a.gif"}),
        json!({"image": "/outputs/a.gif"}),
        json!({"text": "a boat"}),
        json!("a boat"),
        json!({"image": null, "seed": 7}),
        json!(["https://"]),
        // What is saved beside it does not hide it.
        json!({"image": "BASE/a.gif", "mask": "blob:https://a/0"}),
        json!({"images": ["BASE/a.gif", "ipfs://bafy/a.gif"]}),
    ] {
        let error = download(output.clone()).await;
        assert!(error.is_err(), "{output}: {error:?}");
    }
    for output in [json!({}), json!({"images": []})] {
        assert!(download(output.clone()).await.is_ok_and(|files| files.is_empty()), "{output}");
    }
}
