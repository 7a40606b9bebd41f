//! Media is checked before a submit: what is accepted, what is reported, and what is sent.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runcomfy::client::{
    MediaLimits, Preflight, PreflightReport, RunError, SubmitError, WarningKind,
};
use runcomfy::{Client, IntoMedia, JsonInput, Media, Model, Url, Valid};
use runcomfy_models::bytedance::seedream_5_0_pro_image_to_image::Input as Seedream;
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Pace, Simulator};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

const BIG: &str = "The uploaded image width and height must both exceed 300 pixels.";
const SHAPE: &str = "The aspect ratio range should be 2:5 to 5:2.";

async fn simulator() -> Simulator {
    let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
    Simulator::builder().pace(pace).start().await.expect("it starts")
}

fn client(base: &str, preflight: Preflight) -> Client {
    let builder = Client::builder().api_base(base).token("hush-hush").preflight(preflight);
    builder.allow_local_media().build().expect("the settings are valid")
}

/// Returns a client whose API does not exist: an input that it refuses was never sent.
fn alone() -> Client {
    client("http://127.0.0.1:1/v1", Preflight::Warn)
}

fn boat(media: impl IntoMedia) -> Valid<Input> {
    Input::new("a paper boat", media).validate().expect("it is valid")
}

/// Returns the header of a GIF: the only part of an image that is measured.
fn gif(width: u16, height: u16) -> Vec<u8> {
    [b"GIF89a", width.to_le_bytes().as_slice(), &height.to_le_bytes(), &[0; 3]].concat()
}

fn violations(report: &PreflightReport) -> Vec<(String, String)> {
    let all = report.violations.iter();
    all.map(|violation| (violation.path.to_string(), violation.rule.to_string())).collect()
}

fn advice(report: &PreflightReport) -> Vec<WarningKind> {
    report.warnings.iter().map(|warning| warning.kind).collect()
}

/// Starts a server that sends the same reply to every request, and records the requests.
async fn server(
    answer: impl Fn(&str) -> (Duration, Vec<u8>) + Send + Sync + 'static,
) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let origin = format!("http://{}", listener.local_addr().expect("it has an address"));
    let asked = Asked::default();
    let (log, answer) = (asked.clone(), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, log.clone(), answer.clone()));
        }
    });
    (origin, asked)
}

type Asked = Arc<Mutex<Vec<String>>>;

/// Starts a server that sends its reply once as many requests as the barrier counts are there.
async fn server_at_once(all: Arc<Barrier>, reply: Vec<u8>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let origin = format!("http://{}", listener.local_addr().expect("it has an address"));
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (log, all, reply) = (log.clone(), all.clone(), reply.clone());
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let count = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..count]).into_owned();
                log.lock().expect("no lock is poisoned").push(request);
                all.wait().await;
                let _ = stream.write_all(&reply).await;
            });
        }
    });
    (origin, asked)
}

async fn serve(
    mut stream: TcpStream,
    log: Asked,
    answer: Arc<impl Fn(&str) -> (Duration, Vec<u8>)>,
) {
    let mut request = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return;
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if count == 0 || body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let (pause, reply) = answer(&request);
    log.lock().expect("no lock is poisoned").push(request);
    tokio::time::sleep(pause).await;
    let _ = stream.write_all(&reply).await;
}

fn http(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn media_rules_hold_for_every_kind_of_media() {
    let simulator = simulator().await;
    let client = client(simulator.api_base(), Preflight::Warn);
    let folder = tempfile::tempdir().expect("a folder can be made");
    type Case = (u32, u32, &'static [(&'static str, &'static str)]);
    let cases: [Case; 9] = [
        (301, 301, &[]),
        (300, 301, &[("width_pixels>", BIG)]),
        (301, 300, &[("height_pixels>", BIG)]),
        (300, 300, &[("width_pixels>", BIG), ("height_pixels>", BIG)]),
        (400, 1000, &[("width/height>", SHAPE)]),
        (401, 1000, &[]),
        (1000, 400, &[("width/height<", SHAPE)]),
        (999, 400, &[]),
        (900, 300, &[("height_pixels>", BIG), ("width/height<", SHAPE)]),
    ];
    for (width, height, expected) in cases {
        let url = simulator.picture_url(width, height);
        let reply = reqwest::get(&url).await.expect("it answers");
        let picture = reply.bytes().await.expect("the whole body");
        let path = folder.path().join(format!("{width}x{height}.png"));
        std::fs::write(&path, &picture).expect("a folder can be made");
        let from_bytes = Media::bytes(&picture);
        let prepared =
            serde_json::to_value(boat(from_bytes.clone()).as_sent()).expect("it is JSON");
        let uri = prepared["image_url"].as_str().expect("it is text").to_owned();
        let sources = [
            ("a URL", Media::url(url).expect("it is a URL")),
            ("a file", Media::from(path)),
            ("bytes", from_bytes),
            ("a data URI", Media::data_uri(uri).expect("it is a data URI")),
        ];
        for (what, media) in sources {
            let outcome = client.submit(&boat(media)).await;
            let found = match &outcome {
                Ok(_) => Vec::new(),
                Err(SubmitError::Refused(report)) => {
                    let all = report.violations.iter();
                    all.map(|v| {
                        assert_eq!(v.path.to_string(), "image_url");
                        assert_eq!(v.found, Some(format!("{width} × {height} px")));
                        (v.rule.as_ref(), v.message.as_str())
                    })
                    .collect()
                }
                Err(error) => panic!("{width} × {height} from {what}: {error}"),
            };
            assert_eq!(found, expected, "{width} × {height} from {what}");
        }
    }
}

/// Returns the JSON of an input whose media need not be read.
trait AsSent {
    fn as_sent(&self) -> Value;
}

impl AsSent for Valid<Input> {
    fn as_sent(&self) -> Value {
        runcomfy::Payload::to_json(&**self).expect("it is JSON")
    }
}

#[tokio::test]
async fn each_kind_of_media_is_sent_as_the_docs_say() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("boat.gif");
    std::fs::write(&path, gif(640, 480)).expect("a folder can be made");
    let data = "R0lGODlhgALgAQAAAA==";
    let url = "HTTPS://Example.com:443/a%2fb.png?sig=A/b+c%3d#x";
    let cases = [
        (Media::url(url).expect("it is a URL"), url.to_owned()),
        (Media::file(path), format!("data:image/gif;base64,{data}")),
        (Media::bytes(gif(640, 480)), format!("data:image/gif;base64,{data}")),
        (
            Media::bytes_of_type("image/x-a", gif(640, 480)).expect("it is a type"),
            format!("data:image/x-a;base64,{data}"),
        ),
        (
            Media::data_uri("data:image/gif; Base64,R0lG\nODlh").expect("it is one"),
            "data:image/gif; Base64,R0lG\nODlh".to_owned(),
        ),
        (Media::verbatim("boat.png"), "boat.png".to_owned()),
    ];
    let client = client("http://127.0.0.1:1/v1", Preflight::Off);
    for (media, sent) in cases {
        let prepared = client.prepare(&boat(media)).await.expect("nothing is measured");
        let body = prepared.body().expect("it is in memory");
        let body: Value = serde_json::from_slice(&body).expect("it is JSON");
        assert_eq!(body["image_url"], sent);
    }
}

#[tokio::test]
async fn a_string_without_a_format_is_no_media() {
    let input = Input::new("boat.png", Media::bytes(gif(640, 480))).validate();
    let report = alone().preflight(&input.expect("it is valid")).await;
    assert!(report.is_spotless(), "{report}");
}

#[tokio::test]
async fn two_violations_with_one_message_are_printed_once() {
    let report = alone().preflight(&boat(Media::bytes(gif(200, 200)))).await;
    assert_eq!(report.violations.len(), 2);
    let shown = format!("image_url: {BIG} (found 200 × 200 px) [width_pixels>, height_pixels>]");
    assert_eq!(report.to_string(), shown);
    let error = SubmitError::Refused(Box::new(report)).to_string();
    assert!(error.starts_with("nothing was sent") && error.ends_with(&shown), "{error}");
}

#[tokio::test]
async fn an_unusable_file_is_refused_and_nothing_is_sent() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a folder can be made");
        path
    };
    let mp3 = file("a.png", b"ID3\x04\0\0\0\0\0\0");
    let pdf = file("b.png", b"%PDF-1.7\n");
    let cases: [(PathBuf, &[&str], &str); 5] = [
        (folder.path().join("gone.png"), &["file"], "must be an existing file"),
        (folder.path().to_owned(), &["file"], "must be a file, not a folder"),
        (file("empty.png", b""), &["file"], "must not be empty"),
        (mp3.clone(), &["format"], "must be an image"),
        (pdf, &["format"], "must be an image"),
    ];
    for (path, rules, message) in cases {
        let shown = path.display().to_string();
        let file = Media::from(path);
        let input = Seedream::new("a paper boat", vec![Media::bytes(gif(640, 480)), file]);
        let outcome = alone().submit(&input.validate().expect("it is valid")).await;
        let Err(SubmitError::Refused(report)) = outcome else { panic!("{shown}: {outcome:?}") };
        let first = report.violations.first().expect("it exists");
        assert_eq!(first.path.to_string(), "image[1]", "{shown}");
        assert_eq!(first.rule, rules[0], "{shown}");
        assert_eq!(first.message, message, "{shown}");
        // The path is what was found of a file that cannot be used, and not of one that was read.
        assert_eq!(report.to_string().contains(&shown), rules == ["file"], "{report}");
    }
    // A property of any kind of media still has a rule about width, and audio has no width.
    let report = alone().preflight(&boat(mp3)).await;
    let rules: Vec<_> = violations(&report).into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(rules, ["width_pixels>", "height_pixels>", "width/height>", "width/height<"]);
    let found = report.violations[0].found.as_deref();
    assert_eq!(found, Some("audio/mpeg, which has no width"));
}

#[tokio::test]
async fn a_prepared_file_is_sent_even_once_it_is_gone() {
    let (origin, asked) =
        server(|_| (Duration::ZERO, http(200, br#"{"request_id": "r-1"}"#))).await;
    let client = client(&format!("{origin}/v1"), Preflight::Warn);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("boat.gif");
    std::fs::write(&path, gif(640, 480)).expect("a folder can be made");
    let input = boat(path.clone());
    assert!(
        serde_json::to_string(&runcomfy::Payload::value_ref(&*input)).is_err(),
        "it was not read"
    );
    let prepared = client.prepare(&input).await.expect("it is right");
    input.image_url.read(1000).expect("it is there");
    std::fs::write(&path, gif(2, 2)).expect("a folder can be made");
    let read = client.prepare(&input.clone()).await.expect("it was read before");
    std::fs::remove_file(&path).expect("it exists");
    for prepared in [&prepared, &read] {
        let job = client.submit_prepared(prepared).await.expect("it is accepted");
        assert_eq!(job.id().as_str(), "r-1");
    }
    // A file that was not read into memory is looked for again.
    let report = client.prepare(&boat(path)).await.expect_err("it is gone");
    assert_eq!(violations(&report), [("image_url".to_owned(), "file".to_owned())]);

    let sent = json!({
        "prompt": "a paper boat",
        "image_url": "data:image/gif;base64,R0lGODlhgALgAQAAAA==",
    });
    let body = prepared.body().expect("it is in memory");
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("it is JSON"), sent);
    let asked = asked.lock().expect("no lock is poisoned");
    assert_eq!(asked.len(), 2);
    for request in asked.iter() {
        let (head, body) = request.split_once("\r\n\r\n").expect("it has a body");
        assert!(head.starts_with("POST /v1/models/minimax/Hailuo%20Video%2001%20Live HTTP/1.1"));
        assert!(head.contains("content-type: application/json"), "{head}");
        assert_eq!(body.as_bytes(), &*prepared.body().expect("it is in memory"));
    }
}

/// Returns a GIF of more bytes than are kept in memory until it is sent.
fn large_gif() -> Vec<u8> {
    let rest = (0..1_000_000_u32).map(|index| (index / 7 % 251) as u8);
    gif(640, 480).into_iter().chain(rest).collect()
}

/// Returns the heads and bodies of the submits that a server got.
fn submits(asked: &Asked) -> Vec<(String, String)> {
    let asked = asked.lock().expect("no lock is poisoned");
    let parts = asked.iter().filter_map(|request| request.split_once("\r\n\r\n"));
    parts.map(|(head, body)| (head.to_owned(), body.to_owned())).collect()
}

#[tokio::test]
async fn a_large_file_is_streamed_and_sent_again_after_a_429() {
    let busy = AtomicBool::new(true);
    let (origin, asked) = server(move |_| {
        let reply = match busy.swap(false, Ordering::Relaxed) {
            true => http(429, b""),
            false => http(200, br#"{"request_id": "r-1"}"#),
        };
        (Duration::ZERO, reply)
    })
    .await;
    let client = client(&format!("{origin}/v1"), Preflight::Warn);
    let folder = tempfile::tempdir().expect("a folder can be made");
    // All remainders of a division by three, around the pieces that are encoded at once.
    let (whole, piece) = (large_gif(), 288 * 1024);
    let lengths = [piece, piece + 1, 2 * piece - 1, 2 * piece, 2 * piece + 2, 1_000_013];
    for length in lengths {
        let bytes = &whole[..length];
        let path = folder.path().join("boat.gif");
        std::fs::write(&path, bytes).expect("a folder can be made");
        let both = vec![Media::file(&path), Media::bytes(gif(640, 480)), Media::file(&path)];
        let input = Seedream::new("a \"paper\" boat", both).validate().expect("it is valid");
        let prepared = client.prepare(&input).await.expect("it is right");
        let uri = format!("data:image/gif;base64,{}", STANDARD.encode(bytes));
        let small = "data:image/gif;base64,R0lGODlhgALgAQAAAA==";
        let sent = json!({"prompt": "a \"paper\" boat", "image": [uri, small, uri]});
        let body = prepared.body().expect("it is still there");
        assert_eq!(serde_json::from_slice::<Value>(&body).expect("it is JSON"), sent, "{length}");
        assert_eq!(prepared.body_length(), body.len() as u64);
        let _ = client.submit_prepared(&prepared).await.expect("it is accepted");
        let last = submits(&asked).pop().expect("there is one");
        assert!(last.0.contains(&format!("content-length: {}", body.len())), "{}", last.0);
        assert!(last.1.as_bytes() == &*body, "{length}");
    }
    let all = submits(&asked);
    assert_eq!(all.len(), lengths.len() + 1, "the first was sent again after a 429");
    assert!(all[0].1 == all[1].1);
}

#[tokio::test]
async fn a_file_that_changes_before_it_is_sent_is_not_submitted() {
    let (origin, asked) =
        server(|_| (Duration::ZERO, http(200, br#"{"request_id": "r-1"}"#))).await;
    let client = client(&format!("{origin}/v1"), Preflight::Warn);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("boat.gif");
    let whole = large_gif();
    let mut other_size = whole.clone();
    other_size[6..10].copy_from_slice(&[2, 0, 2, 0]);
    let mut other_end = whole.clone();
    *other_end.last_mut().expect("it is not empty") ^= 1;
    let shorter = whole[..whole.len() - 1].to_vec();
    for changed in [other_size, other_end, shorter] {
        std::fs::write(&path, &whole).expect("a folder can be made");
        let prepared = client.prepare(&boat(path.clone())).await.expect("it is right");
        std::fs::write(&path, changed).expect("a folder can be made");
        let outcome = client.submit_prepared(&prepared).await;
        let Err(SubmitError::File { path: named, source }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            (named, source.to_string()),
            (path.clone(), "must not change until it is sent".into())
        );
        assert!(matches!(prepared.body(), Err(runcomfy::media::FileError::Changed)));
    }
    for _ in 0..100 {
        if submits(&asked).len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cut = submits(&asked);
    assert_eq!(cut.len(), 3, "none was sent again");
    for (head, body) in cut {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("it has a length").parse().expect("it is a number");
        assert!(body.len() < length, "{} of {length}", body.len());
        assert!(serde_json::from_str::<Value>(&body).is_err());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_replaced_is_sent_as_it_was_opened() {
    let (origin, asked) =
        server(|_| (Duration::ZERO, http(200, br#"{"request_id": "r-1"}"#))).await;
    let client = client(&format!("{origin}/v1"), Preflight::Warn);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (path, next) = (folder.path().join("boat.gif"), folder.path().join("next.gif"));
    let whole = large_gif();
    std::fs::write(&path, &whole).expect("a folder can be made");
    let prepared = client.prepare(&boat(path.clone())).await.expect("it is right");
    std::fs::write(&next, gif(2, 2)).expect("a folder can be made");
    std::fs::rename(&next, &path).expect("both exist");
    let _ = client.submit_prepared(&prepared).await.expect("it is accepted");
    let (_, body) = submits(&asked).pop().expect("it was sent");
    let body: Value = serde_json::from_str(&body).expect("it is JSON");
    assert!(body["image_url"] == format!("data:image/gif;base64,{}", STANDARD.encode(&whole)));
}

#[tokio::test]
async fn media_limits_hold_at_their_bound_and_can_be_set() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("boat.gif");
    std::fs::write(&path, gif(640, 480)).expect("a folder can be made");
    let input = || boat(path.clone());
    let body = alone().prepare(&input()).await.expect("it will do").body_length();
    let limits = MediaLimits::default();
    let cases: [(MediaLimits, &[(&str, &str)]); 4] = [
        (limits.with_max_file_bytes(13), &[]),
        (limits.with_max_file_bytes(12), &[("image_url", "file")]),
        (limits.with_max_request_bytes(body), &[]),
        (limits.with_max_request_bytes(body - 1), &[("input", "request")]),
    ];
    for (limits, expected) in cases {
        let builder = Client::builder().token("a").media_limits(limits);
        let report = builder.build().expect("it is valid").preflight(&input()).await;
        let found = violations(&report);
        let found: Vec<_> =
            found.iter().map(|(path, rule)| (path.as_str(), rule.as_str())).collect();
        assert_eq!(found, expected, "{limits:?}");
    }
    assert_eq!((limits.max_request_bytes, limits.max_file_bytes), (64 << 20, 48 << 20));
}

#[tokio::test]
async fn rules_on_an_array_check_each_element() {
    let wide = Media::bytes(gif(1600, 100));
    let right = Media::bytes(gif(1599, 100));
    let small = Media::bytes(gif(14, 15));
    let images = vec![right.clone(), wide, right, small];
    let input = Seedream::new("a paper boat", images).validate().expect("it is valid");
    let report = alone().preflight(&input).await;
    let expected = [("image[1]", "width/height<"), ("image[3]", "width_pixels>")];
    let expected = expected.map(|(path, rule)| (path.to_owned(), rule.to_owned()));
    assert_eq!(violations(&report), expected);
}

#[tokio::test]
async fn unmeasured_media_is_refused_in_strict_mode_only() {
    let (origin, _) = server(|request| {
        (
            Duration::ZERO,
            if request.starts_with("POST") {
                http(200, br#"{"request_id": "r-1"}"#)
            } else {
                http(403, b"not for you")
            },
        )
    })
    .await;
    let base = format!("{origin}/v1");
    let input = boat(Media::url(format!("{origin}/a.png")).expect("it is a URL"));
    let report = client(&base, Preflight::Off).preflight(&input).await;
    assert!(report.is_ok() && !report.is_spotless());
    assert_eq!(report.unchecked.len(), 4);
    assert!(report.unchecked.iter().all(|open| open.reason == "its host answered HTTP 403"));
    assert_eq!(advice(&report), [WarningKind::NotFetched]);

    assert!(client(&base, Preflight::Off).submit(&input).await.is_ok());
    assert!(client(&base, Preflight::Warn).submit(&input).await.is_ok());
    let outcome = client(&base, Preflight::Strict).run(&input).await;
    let Err(RunError::Submit(SubmitError::Refused(report))) = outcome else {
        panic!("{outcome:?}")
    };
    let shown = report.to_string();
    let line = "image_url: not checked: its host answered HTTP 403 \
                [width_pixels>, height_pixels>, width/height>, width/height<]";
    assert!(shown.ends_with(line), "{shown}");

    // A name is not a URL, and an unknown fact breaks no rule.
    let named = boat(Media::verbatim("boat.png"));
    let report = alone().preflight(&named).await;
    assert_eq!(violations(&report), [("image_url".to_owned(), "format".to_owned())]);
    assert_eq!((report.warnings.len(), report.unchecked.len()), (0, 4));
    let shown = "image_url: must be an https:// URL or a data URI; send a local file with \
                 Media::file (found \"boat.png\") [format]";
    assert!(report.to_string().starts_with(shown), "{report}");
}

#[tokio::test]
async fn preflight_off_still_refuses_a_missing_file() {
    let small = boat(Media::bytes(gif(1, 1)));
    let client = client("http://127.0.0.1:1/v1", Preflight::Off);
    assert!(client.prepare(&small).await.is_ok());
    assert!(client.prepare(&boat(Media::verbatim("boat.png"))).await.is_ok());
    let url = boat(Media::url("http://127.0.0.1:1/a.gif").expect("it is a URL"));
    let prepared = client.prepare(&url).await.expect("it is not measured");
    assert!(prepared.report().is_spotless(), "{:?}", prepared.report());
    assert_eq!(prepared.report().stats.requests, 0);
    let limits = MediaLimits::default().with_max_request_bytes(10);
    let tight = Client::builder().token("a").preflight(Preflight::Off).media_limits(limits).build();
    let report = tight.expect("it is right").prepare(&small).await.expect_err("it is too large");
    assert_eq!(violations(&report), [("input".to_owned(), "request".to_owned())]);
    let gone = boat(PathBuf::from("no/such/boat.png"));
    let report = client.prepare(&gone).await.expect_err("it does not exist");
    assert_eq!(violations(&report), [("image_url".to_owned(), "file".to_owned())]);
}

#[tokio::test]
async fn a_loopback_url_is_not_fetched_and_causes_a_warning() {
    let (origin, asked) = server(|_| (Duration::ZERO, http(200, &gif(640, 480)))).await;
    let port = Url::parse(&origin).expect("it is a URL").port().expect("it has a port");
    let client = Client::builder().token("a").build().expect("it is valid");
    for host in ["127.0.0.1", "localhost", "[::ffff:7f00:1]", "0x7f.1"] {
        let media = Media::url(format!("http://{host}:{port}/a.gif")).expect("it is a URL");
        let report = client.preflight(&boat(media)).await;
        assert_eq!(advice(&report), [WarningKind::NotHttps, WarningKind::OutOfReach], "{host}");
        assert_eq!((report.violations.len(), report.unchecked.len()), (0, 4), "{host}");
    }
    assert!(asked.lock().expect("no lock is poisoned").is_empty());
}

#[tokio::test]
async fn media_is_measured_concurrently_and_each_url_once() {
    // No reply is sent before all 32 requests are there: they are concurrent, or time out.
    let all = Arc::new(Barrier::new(32));
    let (origin, asked) = server_at_once(all, http(200, &gif(640, 480))).await;
    let addresses = |count: usize| -> Vec<String> {
        (0..count).map(|index| format!("{origin}/{}.gif", index % 32)).collect()
    };
    let input = json!({"prompt": "a", "image": addresses(64)});
    let input = Valid::assume(JsonInput::<Seedream>::from(input));
    let start = Instant::now();
    let report = alone().preflight(&input).await;
    let time = start.elapsed();
    assert!(report.is_spotless(), "{report}");
    assert_eq!((report.stats.requests, report.stats.bytes), (32, 32 * 13));
    assert!(report.stats.time <= time);
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 32);
}

#[tokio::test]
async fn a_web_page_and_a_wrong_content_type_cause_warnings() {
    let page = b"<!DOCTYPE html><title>Sign in</title>";
    let (origin, _) = server(move |_| (Duration::ZERO, http(200, page))).await;
    let report = alone().preflight(&boat(Media::url(origin).expect("it is a URL"))).await;
    assert_eq!(advice(&report), [WarningKind::WebPage]);
    assert_eq!((report.violations.len(), report.unchecked.len()), (0, 4));

    let typed = Media::bytes_of_type("video/mp4", gif(640, 480)).expect("it is a type");
    let report = alone().preflight(&boat(typed)).await;
    assert_eq!(advice(&report), [WarningKind::ContentType]);
    assert!(report.is_ok());
}

#[tokio::test]
async fn a_megabyte_is_a_million_bytes() {
    let (origin, _) = server(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let picture = gif(640, 480);
        let head = format!(
            "HTTP/1.1 206 -\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-range: bytes 0-12/{}\r\n\r\n",
            picture.len(),
            path.trim_start_matches('/'),
        );
        (Duration::ZERO, [head.as_bytes(), &picture].concat())
    })
    .await;
    let cases: [(u64, &[&str], &[WarningKind]); 4] = [
        (29_999_999, &[], &[]),
        (30_000_000, &["file_size_mb<"], &[]),
        (50_000_000, &["file_size_mb<"], &[]),
        (50_000_001, &["file_size_mb<"], &[WarningKind::LargeImage]),
    ];
    for (bytes, broken, advised) in cases {
        let media = Media::url(format!("{origin}/{bytes}")).expect("it is a URL");
        let input = Seedream::new("a", vec![media]).validate().expect("it is valid");
        let report = alone().preflight(&input).await;
        let rules: Vec<_> = report.violations.iter().map(|v| v.rule.as_ref()).collect();
        assert_eq!((rules.as_slice(), advice(&report).as_slice()), (broken, advised), "{bytes}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_or_a_pipe_is_refused_without_reading_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs");
    assert!(made.success());
    for path in [PathBuf::from("/dev/zero"), pipe] {
        let report = alone().prepare(&boat(path.clone())).await.expect_err("it has no end");
        let first = report.violations.first().expect("there is one");
        assert_eq!(first.rule, "file", "{}", path.display());
        assert_eq!(first.message, "must be an ordinary file, not a device, a pipe or a socket");
    }
}

#[tokio::test]
async fn all_media_of_an_input_share_one_time_limit() {
    let (origin, _) = server(|_| (Duration::from_secs(60), Vec::new())).await;
    let images: Vec<String> = (0..70).map(|index| format!("{origin}/{index}.gif")).collect();
    let input = Valid::assume(JsonInput::<Seedream>::from(json!({"prompt": "a", "image": images})));
    let limits = MediaLimits::default().with_total_timeout(Duration::from_millis(700));
    let client = Client::builder().token("a").media_limits(limits).allow_local_media().build();
    let start = Instant::now();
    let report = client.expect("it is right").preflight(&input).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(advice(&report), vec![WarningKind::NotFetched; 70]);
    assert_eq!(MediaLimits::default().total_timeout, Duration::from_secs(60));
    assert_eq!(MediaLimits::default().timeout, Duration::from_secs(15));
}

/// Environment variable of the child process that has a proxy.
const BEHIND_A_PROXY: &str = "RUNCOMFY_TEST_MEDIA_BEHIND_A_PROXY";

#[tokio::test]
async fn media_hosts_are_asked_without_a_proxy() {
    if let Ok(origin) = std::env::var(BEHIND_A_PROXY) {
        let media = Media::url(format!("{origin}/a.gif")).expect("it is a URL");
        let report = alone().preflight(&boat(media)).await;
        assert!(report.is_spotless(), "{report}");
        return;
    }
    // A proxy is set in the environment of a process, so the test runs itself as a child.
    let (origin, asked) = server(|_| (Duration::ZERO, http(200, &gif(640, 480)))).await;
    let (proxy, seen) = server(|_| (Duration::ZERO, http(200, &gif(640, 480)))).await;
    let child = tokio::task::spawn_blocking(move || {
        let suite = std::env::current_exe().expect("it runs");
        let mut child = std::process::Command::new(suite);
        child.args(["--exact", "preflight::media_hosts_are_asked_without_a_proxy"]);
        child.env(BEHIND_A_PROXY, origin);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            child.env(name, &proxy);
        }
        child.env_remove("NO_PROXY").env_remove("no_proxy");
        child.output().expect("it runs")
    });
    let output = child.await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(seen.lock().expect("no lock is poisoned").len(), 0, "the proxy got a request");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);
}
