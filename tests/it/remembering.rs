//! Facts that were measured at a URL are used again for a short time, and never refuse an input.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy::client::{MediaLimits, Preflight, PreflightReport};
use runcomfy::{Client, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;

use crate::scripted::{http, http_bytes, serve};

/// Returns the header of a GIF.
fn gif(width: u16, height: u16) -> Vec<u8> {
    [b"GIF89a", width.to_le_bytes().as_slice(), &height.to_le_bytes(), &[0; 3]].concat()
}

/// Starts a media host that gives these replies, the last one for ever, and a client.
async fn host(replies: Vec<Vec<u8>>, limits: MediaLimits) -> (Client, String, Asked) {
    let (base, asked) = serve(move |head, before| match head.starts_with("POST") {
        true => http(200, "", r#"{"request_id": "r-1"}"#).into_bytes(),
        false => replies[before.min(replies.len() - 1)].clone(),
    })
    .await;
    let builder = Client::builder().api_base(&base).token("hush-hush").media_limits(limits);
    let client = builder.preflight(Preflight::Strict).allow_local_media().build();
    (client.expect("the settings are valid"), base.replace("/v1", "/a.gif"), asked)
}

type Asked = Arc<Mutex<Vec<String>>>;

fn boat(prompt: usize, url: &str) -> Valid<Input> {
    let media = Media::url(url).expect("it is a URL");
    Input::new(format!("a paper boat, take {prompt}"), media).validate().expect("it is valid")
}

/// Returns the number of requests for media.
fn count(asked: &Asked) -> usize {
    asked.lock().expect("no lock is poisoned").iter().filter(|path| *path == "/a.gif").count()
}

fn rules(report: &PreflightReport) -> Vec<&str> {
    report.violations.iter().map(|violation| violation.rule.as_ref()).collect()
}

#[tokio::test]
async fn a_url_of_many_inputs_is_measured_once() {
    for (max_age, expected) in [(Duration::from_secs(60), 1), (Duration::ZERO, 21)] {
        let limits = MediaLimits::default().with_max_age(max_age);
        let (client, url, asked) = host(vec![http_bytes(200, "", &gif(640, 480))], limits).await;
        let inputs: Vec<_> = (0..20).map(|take| boat(take, &url)).collect();
        // Strict, and a clone at the same time as the others.
        let submits = inputs.iter().map(async |input| client.clone().submit(input).await);
        for outcome in futures_util::future::join_all(submits).await {
            let _ = outcome.expect("it is accepted");
        }
        let report = client.preflight(&boat(20, &url)).await;
        assert!(report.is_spotless(), "{report}");
        assert_eq!(count(&asked), expected, "{max_age:?}");
        assert_eq!(report.stats.requests, u64::from(max_age.is_zero()));
    }
    assert_eq!(MediaLimits::default().max_age, Duration::from_secs(60));
}

#[tokio::test]
async fn remembered_facts_never_refuse_an_input() {
    let (small, right) = (http_bytes(200, "", &gif(200, 200)), http_bytes(200, "", &gif(640, 480)));
    let replies = vec![small.clone(), small, right.clone(), right];
    let (client, url, asked) = host(replies, MediaLimits::default()).await;
    let broken = ["width_pixels>", "height_pixels>"];
    let expected: [(&[&str], usize); 5] =
        [(&broken, 1), (&broken, 2), (&[], 3), (&[], 3), (&[], 3)];
    for (expected, requests) in expected {
        let report = client.preflight(&boat(0, &url)).await;
        assert_eq!((rules(&report).as_slice(), count(&asked)), (expected, requests));
    }
}

#[tokio::test]
async fn a_failure_to_measure_is_never_remembered() {
    let page = "<!doctype html><title>Sign in</title>";
    let replies = [
        http(403, "", ""),
        http(404, "", ""),
        http(503, "", ""),
        http(200, "", page),
        http(200, "", "some text"),
        http(200, "content-type: text/plain\r\n", ""),
    ];
    let failures = replies.len();
    let right = http_bytes(200, "", &gif(640, 480));
    let replies = replies.map(String::into_bytes).into_iter().chain([right]).collect();
    let (client, url, asked) = host(replies, MediaLimits::default()).await;
    for requests in 1..=failures {
        assert!(!client.preflight(&boat(0, &url)).await.is_spotless());
        assert_eq!(count(&asked), requests);
    }
    for _ in 0..3 {
        assert!(client.preflight(&boat(0, &url)).await.is_spotless());
        assert_eq!(count(&asked), failures + 1);
    }
}
