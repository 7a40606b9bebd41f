//! Text of a server, a file or a schema cannot control the terminal that an error is shown in.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use runcomfy::client::{
    CatalogQuery, DownloadError, DownloadErrorReason, DownloadOptions, Retry, Status, SubmitError,
};
use runcomfy::{Client, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::json;

use crate::scripted::{builder, http, input, server};

/// Clears the screen, sets a colour by C1, begins a line, turns text around and rings the bell.
pub(crate) const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\r\nFORGED\u{2028}\u{202e}\u{7}";

/// Panics if a text could control a terminal. Line breaks are for errors of several lines.
pub(crate) fn assert_inert(what: &str, text: &str) {
    let is_active = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{200b}'..='\u{200f}')
    };
    assert_eq!(text.chars().find(|c| is_active(*c)), None, "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{what}: {text}");
}

fn assert_inert_error<T, E: Error + Debug>(what: &str, outcome: Result<T, E>) {
    let Err(error) = outcome else { return };
    assert_inert(what, &error.to_string());
    assert_inert(what, &format!("{error:?}"));
    assert_inert(what, &format!("{error:#?}"));
}

/// Returns bodies with hostile text at each place that an error is made of.
pub(crate) fn bodies() -> Vec<String> {
    let text = HOSTILE;
    let mut bodies: Vec<String> = [
        json!({"error_message": text, "error_code": 400004}),
        json!({"message": text, "error_code": text}),
        json!({"error": text}),
        json!({"error": {"code": text, "message": text}}),
        json!({"error": [{text: text}]}),
        json!({"detail": text}),
        json!({"detail": [{"msg": text, "loc": [text], "type": text}]}),
        json!({"status": text, "outcome": text, "request_id": text}),
        json!({"status": text, "request_id": "r-1", "error": text}),
        json!({"status": "failed", "error": text}),
        json!({"status": "failed", text: text}),
        json!({"status": "cancelled", "error": text}),
        json!({"status": "succeeded", "output": {"video": text, text: text}, "cost": text}),
        json!({"models": [{"model_id": text, "input_schema": text}], "total": text}),
        json!({"models": text, "categories": [{text: text}], "balance_usd": text}),
        json!({"balance_usd": text, "balance_microdollars": text, "currency": text}),
        json!(text),
        json!([text]),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    bodies.push(text.to_owned());
    bodies.push(format!("<html>{text}"));
    bodies.push(format!("{{\"error\": \"{text}\", \"status\": \"{text}\"}}"));
    bodies.push(format!("{{\"status\": \"failed\", \"error\": \"{text}"));
    bodies
}

#[tokio::test]
async fn text_of_a_server_controls_no_terminal() {
    for body in bodies() {
        for status in [200, 302, 400, 404, 500] {
            let (reply, what) = (http(status, "", &body), format!("HTTP {status} {body:?}"));
            let (base, _) = server(move |_, _| reply.clone()).await;
            call_everything(&base, &what).await;
        }
    }
}

/// Makes each call, and looks at its error.
async fn call_everything(base: &str, what: &str) {
    let client = builder(base).retry(Retry::never()).wait_timeout(Duration::from_millis(30));
    let client = client.build().expect("the settings are valid");
    assert_inert_error(what, client.submit(&input()).await);
    assert_inert_error(what, client.run(&input()).await);
    assert_inert_error(what, client.catalog(&CatalogQuery::default()).await);
    assert_inert_error(what, client.model("minimax/hailuo").await);
    assert_inert_error(what, client.categories().await);
    assert_inert_error(what, client.balance().await);
    assert_inert_error(what, client.estimate(&input()).await);
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    let status = job.status().await;
    if let Ok(status) = &status {
        assert_inert(what, &status.status.to_string());
    }
    assert_inert_error(what, status);
    assert_inert_error(what, job.result().await);
    assert_inert_error(what, job.wait().await);
    assert_inert_error(what, job.cost().await);
    let cancelled = job.cancel().await;
    if let Ok(outcome) = &cancelled {
        assert_inert(what, &outcome.to_string());
    }
    assert_inert_error(what, cancelled);
}

/// Headers with bytes that HTTP allows and that are control characters of ISO 8859-1.
const HEADERS: [&str; 4] = [
    "content-type: \u{9b}31m\u{202e}\r\n",
    "content-encoding: \u{9b}31m\u{202e}\r\n",
    "location: /\u{9b}31m\u{202e}\r\n",
    "location: x\u{9b}:\u{202e}\r\n",
];

#[tokio::test]
async fn a_media_host_controls_no_terminal() {
    for headers in HEADERS {
        for (status, body) in
            [(200, "GIF89a"), (200, HOSTILE), (206, "x"), (302, ""), (403, HOSTILE)]
        {
            let (base, _) = server(move |_, _| http(status, headers, body)).await;
            let client = builder(&base).retry(Retry::never()).allow_local_media().build();
            let client = client.expect("the settings are valid");
            let file = base.replace("/v1", "/a.gif");
            let media = Media::url(&file).expect("it is a URL");
            let boat = Input::new("a boat", media).validate().expect("it is valid");
            let what = format!("HTTP {status} {headers:?}");
            assert_inert(&what, &client.preflight(&boat).await.to_string());
            let output = json!({"status": "succeeded", "output": {"video": file}}).to_string();
            assert_inert_error(&what, download(&client, &output).await);
        }
    }
}

#[tokio::test]
async fn an_output_controls_no_terminal() {
    let (base, _) = server(|_, _| http(404, "", HOSTILE)).await;
    let client = builder(&base).retry(Retry::never()).build().expect("the settings are valid");
    let at = |rest: &str| base.replace("/v1", rest);
    for output in [
        json!({HOSTILE: HOSTILE}),
        json!(format!("data:{HOSTILE};base64,{HOSTILE}")),
        json!(format!("data:image/png;base64,{HOSTILE}")),
        json!([at(&format!("/{HOSTILE}.png")), at(&format!("/?{HOSTILE}#{HOSTILE}"))]),
        json!({HOSTILE: "https://example.invalid/\u{9b}"}),
        json!(format!("s3://{HOSTILE}/a.png")),
        json!("foo:\u{9b}\u{202e}"),
    ] {
        let reply = json!({"status": "succeeded", "output": output}).to_string();
        assert_inert_error(&reply, download(&client, &reply).await);
    }
}

/// Downloads the output of a result.
async fn download(client: &Client, reply: &str) -> Result<(), DownloadError> {
    let reply = reply.to_owned();
    let (base, _) = server(move |_, _| http(200, "", &reply)).await;
    let other = builder(&base).build().expect("the settings are valid");
    let job = other.raw().job("r-1".parse().expect("it is an id"));
    let success = job.result().await.expect("it answers").expect("it is finished");
    let folder = tempfile::tempdir().expect("there is room");
    let to = DownloadOptions::into_folder(folder.path());
    client.download(&success, &to).await.map(drop)
}

/// Paths of files come from people and from other programs' lists.
#[tokio::test]
async fn the_path_of_a_file_controls_no_terminal() {
    let path = std::path::PathBuf::from(HOSTILE);
    let missing = Input::new("a boat", Media::file(&path)).validate().expect("it is valid");
    let client = builder("http://127.0.0.1:1/v1").build().expect("the settings are valid");
    assert_inert("preflight", &client.preflight(&missing).await.to_string());
    assert_inert_error("submit", client.submit(&missing).await);
    for reason in [
        DownloadErrorReason::Exists(path.clone()),
        DownloadErrorReason::Host(HOSTILE.to_owned()),
        DownloadErrorReason::Scheme(HOSTILE.to_owned()),
        DownloadErrorReason::Data(HOSTILE.to_owned()),
        DownloadErrorReason::Encoded(HOSTILE.to_owned()),
    ] {
        assert_inert("download", &reason.to_string());
        assert_inert("download", &format!("{reason:?}"));
    }
    assert_inert("status", &Status::Other(HOSTILE.to_owned()).to_string());
    let model = client.raw().submit(HOSTILE, &json!({})).await;
    assert!(matches!(model, Err(SubmitError::ModelId(_))));
    assert_inert_error("model", model);
}
