//! Runs each row of the table in `docs/media.md` that lists the verdict on each kind of media.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use runcomfy::client::{MediaLimits, Preflight, PreflightReport, SubmitError};
use runcomfy::{Client, JsonInput, Media, Model, Payload, Valid};
use runcomfy_models::bytedance::seedream_5_0_pro_image_to_image::Input as Image;
use runcomfy_models::google::gemini_omni_flash_video_edit::Input as Video;
use runcomfy_models::google::nano_banana_2_lite_edit::Input as Unruled;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use crate::support::root;

/// A row of the table: its first column, and the media.
struct Row(&'static str, Given);

enum Given {
    /// A string in JSON, and verbatim media with the same text.
    Text(String),
    Typed(Media),
    /// Media for a property that takes a video.
    ForVideo(Media),
    /// A URL for a property without rules.
    WithoutRules(String),
}

/// The header of a GIF of 640 × 480.
const GIF: &[u8] = b"GIF89a\x80\x02\xe0\x01\0\0\0";
/// The header of a larger GIF.
const LARGE: [u8; 512] = {
    let mut bytes = [0; 512];
    let mut at = 0;
    while at < GIF.len() {
        bytes[at] = GIF[at];
        at += 1;
    }
    bytes
};
/// A file whose header is in its first 512 bytes.
const LARGE_VIDEO: &[u8] = include_bytes!("../../crates/runcomfy-simulator/assets/samples/mkv.mkv");
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// Starts a host whose reply depends on the path of the URL.
async fn host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let origin = format!("http://{}", listener.local_addr().expect("it has one"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
                let (status, headers, body): (u16, &str, &[u8]) = match path {
                    "good" => (200, "", GIF),
                    "silent" => return tokio::time::sleep(Duration::from_secs(60)).await,
                    "page" => (200, "", b"<!doctype html><title>Sign in</title>"),
                    "text" => (200, "", b"this is not media"),
                    "pdf" => (200, "", b"%PDF-1.7\n"),
                    "svg" => (200, "", SVG),
                    "empty" => (200, "", b""),
                    "typed" => (200, "content-type: text/plain\r\n", GIF),
                    "packed" => (200, "content-encoding: gzip\r\n", GIF),
                    "large-video" => {
                        (206, "content-range: bytes 0-511/100000001\r\n", &LARGE_VIDEO[..512])
                    }
                    "large" => (206, "content-range: bytes 0-511/50000001\r\n", &LARGE),
                    status => (status.parse().unwrap_or(200), "", b"no"),
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} -\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body).await;
            });
        }
    });
    origin
}

fn text(row: &'static str, text: impl Into<String>) -> Row {
    Row(row, Given::Text(text.into()))
}

fn typed(row: &'static str, media: Media) -> Row {
    Row(row, Given::Typed(media))
}

fn rows(origin: &str, folder: &Path) -> Vec<Row> {
    let at = |path: &str| format!("{origin}/{path}");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("there is room");
        Media::file(path)
    };
    let base64 = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAC6s0uzAAAGNUlEQVR4nO3VMQ0AMAzA";
    vec![
        text("nothing: `\"\"`", ""),
        text("the bare name of a file: `boat.png`", "boat.png"),
        text("a local path: `/home/me/boat.png`", "/home/me/boat.png"),
        text("a local path: `C:\\boat.png`", r"C:\boat.png"),
        text("`file:///home/me/boat.png`", "file:///home/me/boat.png"),
        text("`s3://bucket/boat.png`, `gs:`, `ftp:`, …", "s3://bucket/boat.png"),
        text("`//example.com/boat.png`", "//example.com/boat.png"),
        text("base64 without `data:`", base64),
        text("a data URI without data: `data:image/png`", "data:image/png"),
        text(
            "a URL that has to be corrected: `https://example.com/a b.png`",
            "https://example.com/a b.png",
        ),
        typed("a data URI whose base64 is wrong", Media::bytes(b"")),
        typed("no bytes, or an empty data URI", Media::bytes(b"")),
        typed("a local file that does not exist", Media::file(folder.join("none.png"))),
        typed("a folder", Media::file(folder)),
        typed("an empty local file", file("empty.png", b"")),
        typed("a local file of no known format, such as text", file("text.png", b"not a picture")),
        typed("bytes of no known format", Media::bytes(b"not a picture")),
        typed("a local file that is not media, such as a PDF", file("pdf.png", b"%PDF-1.7\n")),
        typed(
            "a local file of another kind, such as a sound",
            file("mp3.png", b"ID3\x04\0\0\0\0\0\0"),
        ),
        Row(
            "a moving picture for a video, a video for a sound",
            Given::ForVideo(Media::bytes(GIF)),
        ),
        typed("a local file of a format that is not measured", file("a.svg", SVG)),
        typed(
            "bytes that are declared as something else",
            Media::bytes_of_type("video/mp4", GIF).expect("a type"),
        ),
        text("a URL that answers HTTP 404", at("404")),
        text("a URL that answers HTTP 410", at("410")),
        text("a URL whose host does not exist", "https://nosuch.invalid/boat.png"),
        text("a URL that answers HTTP 401", at("401")),
        text("a URL that answers HTTP 403", at("403")),
        text("a URL that answers HTTP 429", at("429")),
        text("a URL that answers HTTP 500", at("500")),
        text("a URL that answers HTTP 503", at("503")),
        text("a URL that does not answer in time", at("silent")),
        text("a URL whose host refuses the connection", "http://127.0.0.1:1/boat.png"),
        text("a URL with a web page, such as a login", at("page")),
        text("a URL with something of no known format", at("text")),
        text("a URL with something that is not media", at("pdf")),
        text("a URL with a format that is not measured", at("svg")),
        text("a URL with an empty file", at("empty")),
        text("a URL with another content type than it says", at("typed")),
        text("a URL with a compressed file", at("packed")),
        Row("a URL with an image over 50 MB", Given::WithoutRules(at("large"))),
        Row(
            "a URL with a video over 100 MB",
            Given::ForVideo(Media::url(at("large-video")).expect("it is a URL")),
        ),
        text("a good URL", at("good")),
        typed("a good file", file("good.gif", GIF)),
    ]
}

fn client(preflight: Preflight, local: bool, seconds: f64) -> Client {
    let limits = MediaLimits::default().with_timeout(Duration::from_secs_f64(seconds));
    let builder = Client::builder().api_base("http://127.0.0.1:1/v1").token("hush-hush");
    let builder = builder.preflight(preflight).media_limits(limits);
    let builder = if local { builder.allow_local_media() } else { builder };
    builder.build().expect("the settings are right")
}

/// Returns the verdict on an input, with the warnings of its report.
async fn verdict<P: Payload>(client: &Client, input: &Valid<P>) -> String {
    match client.prepare(input).await {
        Ok(prepared) => findings(prepared.report()),
        Err(report) => {
            let rule =
                report.violations.first().map(|violation| format!("refused: `{}`", violation.rule));
            rule.unwrap_or_else(|| "refused".to_owned())
        }
    }
}

fn findings(report: &PreflightReport) -> String {
    let mut all: Vec<String> =
        report.warnings.iter().map(|warning| format!("warned: `{:?}`", warning.kind)).collect();
    all.dedup();
    if !report.unchecked.is_empty() {
        all.push("unchecked".to_owned());
    }
    if all.is_empty() { "sent".to_owned() } else { format!("sent, {}", all.join(", ")) }
}

fn image(media: Media) -> Valid<Image> {
    Image::new("a paper boat", vec![media]).validate().expect("it is right")
}

// Field case F12: hermes-agent#53905, fal-mcp-server#64.
#[tokio::test]
async fn the_docs_list_what_becomes_of_each_kind_of_media() {
    let folder = tempfile::tempdir().expect("there is room");
    let origin = host().await;
    let mut table = "| media | default | `Strict` |\n| --- | --- | --- |\n".to_owned();
    for Row(name, given) in rows(&origin, folder.path()) {
        let mut found = Vec::new();
        for preflight in [Preflight::Warn, Preflight::Strict] {
            let seconds = if name.contains("in time") { 0.5 } else { 15.0 };
            let client = client(preflight, true, seconds);
            found.push(match &given {
                Given::Typed(_) if name.contains("whose base64 is wrong") => {
                    let input = json!({"prompt": "a", "image": ["data:image/png;base64,A*=="]});
                    let input = JsonInput::<Image>::from(input).validate().expect("it is right");
                    verdict(&client, &input).await
                }
                Given::Typed(media) => verdict(&client, &image(media.clone())).await,
                Given::ForVideo(media) => {
                    let input = Video::new("a", media.clone()).validate().expect("it is right");
                    verdict(&client, &input).await
                }
                Given::WithoutRules(url) => {
                    let media = vec![Media::url(url.clone()).expect("it is a URL")];
                    let input = Unruled::new("a", media).validate().expect("it is right");
                    verdict(&client, &input).await
                }
                Given::Text(text) => {
                    let input = json!({"prompt": "a", "image": [text]});
                    let input = JsonInput::<Image>::from(input).validate().expect("it is right");
                    let from_json = verdict(&client, &input).await;
                    let media = Media::url(text.clone());
                    let media = media.unwrap_or_else(|_| Media::verbatim(text.clone()));
                    assert_eq!(verdict(&client, &image(media)).await, from_json, "{name}");
                    from_json
                }
            });
        }
        table += &format!("| {name} | {} | {} |\n", found[0], found[1]);
    }
    let elsewhere = [
        ("a URL that is not `https`", "http://example.com/boat.png"),
        ("a URL on a private network or this machine", "https://10.0.0.1/boat.png"),
    ];
    for (name, url) in elsewhere {
        let media = Media::url(url).expect("it is a URL");
        let warn = verdict(&client(Preflight::Warn, false, 5.0), &image(media.clone())).await;
        let strict = verdict(&client(Preflight::Strict, false, 5.0), &image(media)).await;
        // The rest depends on the host.
        let warn = warn.replace(", warned: `NotFetched`, unchecked", "");
        table += &format!("| {name} | {warn} | {strict} |\n");
    }
    let docs = std::fs::read_to_string(root().join("docs/media.md")).expect("it is there");
    assert!(docs.contains(&table), "docs/media.md should have this table:\n{table}");
}

#[tokio::test]
async fn a_job_and_the_log_have_what_could_not_be_checked() {
    let origin = host().await;
    let base = accepting_api().await;
    let client = Client::builder().api_base(base).token("hush-hush").allow_local_media();
    let client = client.build().expect("the settings are right");
    let forbidden = Media::url(format!("{origin}/403")).expect("it is a URL");
    let written = log_of_this_thread();
    let good = Media::url(format!("{origin}/good")).expect("it is a URL");
    let job = client.submit(&image(good)).await.expect("it is accepted");
    assert!(job.preflight_report().is_some_and(PreflightReport::is_spotless));
    assert_eq!(written.lock().expect("no lock is poisoned").as_str(), "");

    let job = client.submit(&image(forbidden)).await.expect("it is accepted");
    let report = job.clone().preflight_report().expect("it was checked").to_string();
    assert!(report.contains("not checked: its host answered HTTP 403"), "{report}");
    let written = written.lock().expect("no lock is poisoned").clone();
    assert!(written.contains("WARN") && written.contains("HTTP 403"), "{written}");
    assert!(client.job::<Image>("r-1".parse().expect("an id")).preflight_report().is_none());

    let name = JsonInput::<Image>::from(json!({"prompt": "a", "image": ["boat.png"]}));
    let outcome = client.submit(&name.validate().expect("it is right")).await;
    assert!(matches!(outcome, Err(SubmitError::Refused(_))), "{outcome:?}");
}

/// Starts an API that accepts every job.
async fn accepting_api() -> String {
    let reply = r#"{"request_id": "r-1"}"#;
    crate::scripted::server(move |_, _| crate::scripted::http(200, "", reply)).await.0
}

/// Collects the warnings of this thread from now on. The subscriber is that of the process: one
/// that is set for a time can miss events that other tests log first.
fn log_of_this_thread() -> Arc<Mutex<String>> {
    let log = Log { thread: std::thread::current().id(), written: Arc::default() };
    let written = log.written.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(move || log.clone())
        .init();
    written
}

#[derive(Clone)]
struct Log {
    thread: ThreadId,
    written: Arc<Mutex<String>>,
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if std::thread::current().id() == self.thread {
            let mut written = self.written.lock().expect("no lock is poisoned");
            written.push_str(&String::from_utf8_lossy(bytes));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
