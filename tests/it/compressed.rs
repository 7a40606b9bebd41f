//! Replies that come compressed, although each request asks for none: nothing of them is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runcomfy::client::{CallError, DownloadErrorReason, JobErrorReason, SubmitError};
use serde_json::json;

use crate::scripted::{client, download_error, hasty, http, http_bytes, input, job, server};

/// A reply that every call about a job can read.
const TEXT: &str = r#"{"request_id":"r-7","status":"succeeded","outcome":"cancelled","output":{"video":"https://a/v"}}"#;

/// The reply as gzip, zlib and brotli of Node 20 and zstd 1.5 compress it.
const PACKED: [(&str, &str); 4] = [
    (
        "gzip",
        "H4sIAAAAAAAAAzXIMQrAIAwF0Lv82eJYyGWKxEAFW61Juoh379Q3vokhj4vaUTIIY9sRoJbMFQR1ZpEsGQHNjdslIHC6WWr9t7uBJt6SpYFwmnWlGFN8sdYHay+6uGAAAAA=",
    ),
    (
        "deflate",
        "eJw1yDEKwCAMBdC7/NniWMhlisRABVutSbqId+/UN76JIY+L2lEyCGPbEaCWzBUEdWaRLBkBzY3bJSBwullq/be7gSbekqWBcJp1pRhTfLHWByqYIH8=",
    ),
    (
        "br",
        "G18AgIzTFfOihHWPIG+pX/+JWjSbYhPMUD51WPpgA07AtnGRN8p8j7FzkWULJ9Ftc+BEFQIoi4+EFjhUqIXufpfkBQw6rV6+Bw==",
    ),
    (
        "zstd",
        "KLUv/SRgZQIAgsUQEaDtU7Na+NFLWgIg8vaGqYpDtX6KIsRG142+b3zSPN23dEqxYcV8z6uZlu3ghw+zMTJ+H2WXjgcfAX5/EunI8jE8DQEAm8SEAu6QQ08=",
    ),
];

/// The compressed bytes, and the header that names their compression.
fn packed() -> impl Iterator<Item = (&'static str, Vec<u8>, String)> {
    PACKED.into_iter().map(|(name, base64)| {
        let bytes = STANDARD.decode(base64).expect("it is base64");
        (name, bytes, format!("content-encoding: {name}\r\n"))
    })
}

/// Asserts that an error names the compression, and has every byte.
fn assert_kept(what: &str, encoding: &str, error: &str, body: &str, bytes: &[u8]) {
    assert!(error.contains(&format!("compressed as `{encoding}`")), "{what}: {error}");
    assert!(error.contains("unpack the data URI in the `body`"), "{what}: {error}");
    assert_eq!(unpacked(body), bytes, "{what}");
}

/// Decodes a data URI of any type.
fn unpacked(body: &str) -> Vec<u8> {
    let (head, base64) = body.split_once(";base64,").expect("it is a data URI");
    assert!(head.starts_with("data:application/"), "{head}");
    STANDARD.decode(base64).expect("it is base64")
}

#[tokio::test]
async fn a_compressed_reply_to_a_submit_is_unknown_and_kept() {
    for (encoding, bytes, header) in packed() {
        for status in [200, 202, 500] {
            let (reply, what) =
                (http_bytes(status, &header, &bytes), format!("HTTP {status} {encoding}"));
            let (base, asked) = server(move |_, _| reply.clone()).await;
            let error = client(&base, hasty()).submit(&input()).await.expect_err(&what);
            let SubmitError::OutcomeUnknown { id: None, body: Some(body), .. } = &error else {
                panic!("{what}: {error:?}")
            };
            assert_kept(&what, encoding, &error.to_string(), body, &bytes);
            assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_compressed_reply_about_a_job_is_kept_whole() {
    for (encoding, bytes, header) in packed() {
        for call in ["status", "result", "cost", "cancel", "wait"] {
            let (reply, what) = (http_bytes(200, &header, &bytes), format!("{call} {encoding}"));
            let (base, asked) = server(move |_, _| reply.clone()).await;
            let job = job(&base, hasty());
            let error = match call {
                "status" => job.status().await.map(drop),
                "result" => job.result().await.map(drop),
                "cost" => job.cost().await.map(drop),
                "cancel" => job.cancel().await.map(drop),
                _ => job.wait().await.map(drop),
            };
            let error = error.expect_err(&what);
            let JobErrorReason::Unreadable { body, .. } = &error.reason else {
                panic!("{what}: {error:?}")
            };
            assert_eq!(error.id.as_str(), "r-1", "{what}");
            assert_kept(&what, encoding, &error.to_string(), body, &bytes);
            // The next reply may come as it was asked for.
            assert_eq!(asked.lock().expect("no lock is poisoned").len(), 3, "{what}");
        }
    }
}

#[tokio::test]
async fn a_compressed_reply_of_the_catalog_is_named() {
    for (encoding, bytes, header) in packed() {
        for call in ["page", "model", "categories", "balance"] {
            let (reply, what) = (http_bytes(200, &header, &bytes), format!("{call} {encoding}"));
            let (base, _) = server(move |_, _| reply.clone()).await;
            let client = client(&base, hasty());
            let error = match call {
                "page" => client.catalog_page(0, 1).await.map(drop),
                "model" => client.model("a/b").await.map(drop),
                "categories" => client.categories().await.map(drop),
                _ => client.balance().await.map(drop),
            };
            let error = error.expect_err(&what);
            let CallError::Unreadable { body, .. } = &error else { panic!("{what}: {error:?}") };
            assert_kept(&what, encoding, &error.to_string(), body, &bytes);
        }
    }
}

#[tokio::test]
async fn a_compressed_file_is_refused_with_the_next_step() {
    for (encoding, bytes, header) in packed() {
        let (base, _) = server(move |path, _| match path {
            "/v.mp4" => http_bytes(200, &header, &bytes),
            _ => http(200, "", TEXT).into_bytes(),
        })
        .await;
        let error = download_error(&base, encoding).await;
        let reason = &error.failed[0].reason;
        assert!(
            matches!(reason, DownloadErrorReason::Encoded(found) if found == encoding),
            "{reason:?}"
        );
        assert!(reason.to_string().contains("curl --compressed"), "{reason}");
    }
}

/// A gateway may also name a compression that it did not apply, or leave out the name.
#[tokio::test]
async fn a_wrong_name_of_a_compression_loses_nothing() {
    for header in ["content-encoding: gzip\r\n", "content-encoding: br, identity\r\n"] {
        let (base, _) = server(move |_, _| http(200, header, TEXT)).await;
        let accepted = client(&base, hasty()).submit(&input()).await.expect("it is accepted");
        assert_eq!(accepted.id().as_str(), "r-7", "{header}");
        let completed = job(&base, hasty()).wait().await.expect("it is delivered");
        assert_eq!(completed.raw, json!({"video": "https://a/v"}), "{header}");
    }
    for (encoding, bytes, _) in packed() {
        let reply = http_bytes(200, "", &bytes);
        let (base, _) = server(move |_, _| reply.clone()).await;
        let error = job(&base, hasty()).result().await.expect_err(encoding);
        let JobErrorReason::Unreadable { body, .. } = &error.reason else {
            panic!("{encoding}: {error:?}")
        };
        assert_eq!(unpacked(body), bytes, "{encoding}");
    }
}
