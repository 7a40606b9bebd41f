//! Downloads leave whole files or none, resume, come from allowed hosts, and carry no token.

use std::path::Path;
use std::sync::{Arc, Mutex};

use runcomfy::Client;
use runcomfy::client::{CompletedJob, DownloadErrorReason, DownloadOptions, DownloadedFile};
use serde_json::{Value, json};

use crate::scripted::{builder, client, hasty, http, serve, server};

/// The contents of the downloaded file.
const FILE: &str = "0123456789abcdefghij";

/// Returns a completed job with this output.
async fn success(output: Value) -> CompletedJob<Value> {
    let body = json!({"status": "succeeded", "output": output}).to_string();
    let (base, _) = server(move |_, _| http(200, "", &body)).await;
    let job = client(&base, hasty()).raw().job("r-1".parse().expect("it is an id"));
    job.result().await.expect("it answers").expect("it is finished")
}

/// Returns the URL of a file on the server with this base.
fn at(base: &str, path: &str) -> String {
    base.replace("/v1", path)
}

/// Returns a reply that closes the connection after some bytes of its body.
fn cut(after: usize, status: u16, headers: &str, body: &str) -> String {
    let whole = http(status, headers, body);
    whole[..whole.len() - body.len() + after].to_owned()
}

/// Returns the first byte of a range request, and its `If-Range`.
fn asked_range(head: &str) -> Option<(usize, String)> {
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
        Some(line.split_once(": ")?.1.trim().to_owned())
    };
    let first = header("range: ")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()?;
    Some((first, header("if-range: ")?))
}

/// The rest of the file from a position, of the version `"one"`.
fn part(first: usize) -> String {
    let headers = format!(
        "etag: \"one\"\r\ncontent-range: bytes {first}-{}/{}\r\n",
        FILE.len() - 1,
        FILE.len()
    );
    http(206, &headers, &FILE[first..])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it exists");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("it can be read").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// Returns the only reason of a failed download.
async fn reason(client: &Client, url: &str, to: &DownloadOptions) -> DownloadErrorReason {
    let success = success(json!(url)).await;
    let mut error = client.download(&success, to).await.expect_err("it fails");
    assert_eq!(error.id.as_str(), "r-1");
    assert!(error.to_string().contains(url), "{error}");
    assert_eq!(error.failed.len(), 1);
    error.failed.remove(0).reason
}

#[tokio::test]
async fn outputs_are_saved_by_name_without_the_token() {
    let heads = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = heads.clone();
    let (base, _) = serve(move |head, _| {
        seen.lock().expect("no lock is poisoned").push(head.to_ascii_lowercase());
        http(200, "", FILE)
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (a, b) = (at(&base, "/x/boat.png"), at(&base, "/y/boat.png"));
    let output = json!({"a_video": a, "more": [{"images": [b, a, "no address", 7]}]});
    let success = success(output).await;
    let total = Arc::new(Mutex::new(0));
    let counted = total.clone();
    let to = DownloadOptions::into_folder(folder.path().join("new/folder")).on_progress(
        move |progress| {
            assert!(progress.bytes <= progress.total.expect("the total is known"));
            *counted.lock().expect("no lock is poisoned") += usize::from(progress.bytes > 0);
        },
    );
    let client = client(&base, hasty());
    let saved = client.download(&success, &to).await.expect("they are there");
    let mut found: Vec<_> = saved
        .iter()
        .map(|file| {
            let name = file.path.file_name().expect("it has a name").to_string_lossy().into_owned();
            (file.output_path.to_string(), name)
        })
        .collect();
    found.sort();
    let expected = [("a_video", "r-1-boat.png"), ("more[0].images[0]", "r-1-boat-2.png")];
    assert_eq!(found, expected.map(|(place, name)| (place.to_owned(), name.to_owned())));
    for file in &saved {
        assert_eq!(std::fs::read_to_string(&file.path).expect("it exists"), FILE);
        assert_eq!(file.bytes, FILE.len() as u64);
    }
    assert_eq!(names(&folder.path().join("new/folder")), ["r-1-boat-2.png", "r-1-boat.png"]);
    assert_eq!(*total.lock().expect("no lock is poisoned"), 2);
    let heads = heads.lock().expect("no lock is poisoned");
    assert_eq!(heads.len(), 2);
    for head in heads.iter() {
        assert!(!head.contains("hush") && !head.contains("authorization"), "{head}");
    }
}

#[tokio::test]
async fn a_broken_download_resumes_the_same_file_only() {
    let tag = "etag: \"one\"\r\n";
    let range = |head: &str| asked_range(head).unwrap_or_else(|| panic!("no range in {head}"));
    type Script = Box<dyn FnMut(&str, usize) -> String + Send>;
    let cases: Vec<(&str, Script, usize)> = vec![
        (
            "ranges",
            Box::new(move |head, before| match before {
                0 => cut(7, 200, tag, FILE),
                1 => {
                    assert_eq!(range(head), (7, "\"one\"".to_owned()));
                    let range = "etag: \"one\"\r\ncontent-range: bytes 7-19/20\r\n";
                    cut(5, 206, range, &FILE[7..])
                }
                _ => part(range(head).0),
            }),
            3,
        ),
        (
            "another file by now",
            Box::new(move |_, before| match before {
                0 => cut(7, 200, tag, &FILE.to_uppercase()),
                _ => http(200, tag, FILE),
            }),
            2,
        ),
        (
            "a host that tells no version",
            Box::new(move |head, before| match before {
                0 => cut(7, 200, "etag: W/\"one\"\r\n", FILE),
                _ => {
                    assert_eq!(asked_range(head), None);
                    http(200, "", FILE)
                }
            }),
            2,
        ),
        (
            "another part than was asked for",
            Box::new(move |_, before| match before {
                0 => cut(7, 200, tag, FILE),
                1 => part(3),
                _ => http(200, tag, FILE),
            }),
            3,
        ),
        (
            "a part of another file by now",
            Box::new(move |_, before| match before {
                0 => cut(7, 200, tag, &FILE.to_uppercase()),
                1 => {
                    let headers = "etag: \"two\"\r\ncontent-range: bytes 7-19/20\r\n";
                    http(206, headers, &FILE[7..])
                }
                _ => http(200, "etag: \"two\"\r\n", FILE),
            }),
            3,
        ),
        (
            "no such range",
            Box::new(move |_, before| match before {
                0 => cut(7, 200, tag, FILE),
                1 => http(416, "", ""),
                _ => http(200, tag, FILE),
            }),
            3,
        ),
        (
            "an error of the server",
            Box::new(move |_, before| match before {
                0 => http(503, "retry-after: 0\r\n", "<html>"),
                1 => String::new(),
                _ => http(200, "", FILE),
            }),
            3,
        ),
    ];
    for (name, script, calls) in cases {
        let (base, asked) = serve(script).await;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let success = success(json!(at(&base, "/boat.png"))).await;
        let to = DownloadOptions::into_folder(folder.path());
        let saved = client(&base, hasty()).download(&success, &to).await.expect(name);
        assert_eq!(std::fs::read_to_string(&saved[0].path).expect("it exists"), FILE, "{name}");
        assert_eq!(asked.lock().expect("no lock is poisoned").len(), calls, "{name}");
        assert_eq!(names(folder.path()), ["r-1-boat.png"], "{name}");
    }
}

#[tokio::test]
async fn a_failed_download_leaves_no_file() {
    let (base, asked) = serve(|head, _| match head.split(' ').nth(1).unwrap_or_default() {
        "/gone.png" => http(404, "", ""),
        "/broken.png" => cut(7, 200, "", FILE),
        "/round.png" => http(302, "location: /round.png\r\n", ""),
        "/away.png" => http(302, "location: http://10.0.0.1/x.png\r\n", ""),
        "/near.png" => http(302, "location: boat.png\r\n", ""),
        "/endless.png" => format!("HTTP/1.1 200 -\r\n\r\n{}", "x".repeat(4000)),
        _ => http(200, "", FILE),
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let to = DownloadOptions::into_folder(folder.path()).max_bytes(FILE.len() as u64);
    let client = client(&base, hasty());
    type Expected = fn(&DownloadErrorReason) -> bool;
    let cases: [(&str, Expected, usize); 5] = [
        ("/gone.png", |it| matches!(it, DownloadErrorReason::Status { http_status: 404, .. }), 1),
        ("/broken.png", |it| matches!(it, DownloadErrorReason::Transport(_)), 51),
        ("/round.png", |it| matches!(it, DownloadErrorReason::Redirect), 6),
        ("/away.png", |it| matches!(it, DownloadErrorReason::Host(_)), 1),
        ("/endless.png", |it| matches!(it, DownloadErrorReason::TooLarge(20)), 1),
    ];
    for (path, expected, calls) in cases {
        let reason = reason(&client, &at(&base, path), &to).await;
        assert!(expected(&reason), "{path}: {reason:?}");
        let asked = asked.lock().expect("no lock is poisoned");
        let times = asked.iter().filter(|other| *other == path).count();
        // An attempt that makes progress resets the retries, up to a limit.
        assert!(times == calls || (path == "/broken.png" && times <= calls), "{path}: {times}");
    }
    let small = to.clone().max_bytes(FILE.len() as u64 - 1);
    let large = reason(&client, &at(&base, "/boat.png"), &small).await;
    assert!(matches!(large, DownloadErrorReason::TooLarge(19)), "{large:?}");
    assert_eq!(names(folder.path()), [""; 0]);

    let near = success(json!(at(&base, "/near.png"))).await;
    assert_eq!(client.download(&near, &to).await.expect("it exists").len(), 1);
}

#[tokio::test]
async fn a_download_overwrites_only_when_asked() {
    let (base, asked) = server(|_, _| http(200, "", FILE)).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("r-1-boat.png");
    std::fs::write(&path, "mine").expect("it can be written");
    let (client, url) = (client(&base, hasty()), at(&base, "/boat.png"));
    let to = DownloadOptions::into_folder(folder.path());
    let reason = reason(&client, &url, &to).await;
    assert!(matches!(&reason, DownloadErrorReason::Exists(found) if *found == path), "{reason:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("it exists"), "mine");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 0);

    let success = success(json!(url)).await;
    client.download(&success, &to.replace()).await.expect("it is replaced");
    assert_eq!(std::fs::read_to_string(&path).expect("it exists"), FILE);
    assert_eq!(names(folder.path()), ["r-1-boat.png"]);
}

#[tokio::test]
async fn downloads_come_from_allowed_hosts_only() {
    let (base, asked) = server(|_, _| http(200, "", FILE)).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let to = DownloadOptions::into_folder(folder.path());
    // The outputs of an API elsewhere may not be on this machine.
    let elsewhere = builder("https://example.invalid/v1").build().expect("the settings are valid");
    let url = at(&base, "/boat.png");
    let reason = reason(&elsewhere, &url, &to).await;
    assert!(matches!(reason, DownloadErrorReason::Host(_)), "{reason:?}");
    for url in ["https://example.com/x.png", "http://a.runcomfy.net/x.png"] {
        let reason = self::reason(&client(&base, hasty()), url, &to).await;
        assert!(matches!(reason, DownloadErrorReason::Host(_)), "{url}: {reason:?}");
    }
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 0);
    // Also behind a redirect of an allowed host.
    for location in ["https://nosuch.invalid/x.png", "//nosuch.invalid/x.png"] {
        let (base, _) =
            server(move |_, _| http(302, &format!("location: {location}\r\n"), "")).await;
        let reason = self::reason(&client(&base, hasty()), &at(&base, "/boat.png"), &to).await;
        assert!(matches!(reason, DownloadErrorReason::Host(_)), "{location}: {reason:?}");
    }
}

/// Downloads a file of a server that answers by how often it was asked before.
async fn download(
    script: impl FnMut(&str, usize) -> String + Send + 'static,
) -> (Result<DownloadedFile, DownloadErrorReason>, Option<String>, usize) {
    let (base, asked) = serve(script).await;
    let folder = tempfile::tempdir().expect("there is room");
    let success = success(json!(at(&base, "/boat.png"))).await;
    let to = DownloadOptions::into_folder(folder.path());
    let outcome = match client(&base, hasty()).download(&success, &to).await {
        Ok(mut saved) => Ok(saved.remove(0)),
        Err(mut error) => Err(error.failed.remove(0).reason),
    };
    let text = std::fs::read_to_string(folder.path().join("r-1-boat.png")).ok();
    let calls = asked.lock().expect("no lock is poisoned").len();
    (outcome, text, calls)
}

#[tokio::test]
async fn any_number_of_parts_that_each_bring_bytes_make_a_file() {
    // A host that sends at most a hundredth of the file at once.
    let whole = "0123456789".repeat(40);
    let file = whole.clone();
    let (outcome, text, calls) = download(move |head, _| {
        let first = asked_range(head).map_or(0, |(first, _)| first);
        let last = (first + 3).min(file.len() - 1);
        let range =
            format!("etag: \"one\"\r\ncontent-range: bytes {first}-{last}/{}\r\n", file.len());
        http(206, &range, &file[first..=last])
    })
    .await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!((text, calls), (Some(whole), 100));
    // One that brings nothing ends.
    let (outcome, text, calls) = download(move |_, before| match before {
        0 => cut(7, 200, "etag: \"one\"\r\n", FILE),
        _ => cut(0, 206, "etag: \"one\"\r\ncontent-range: bytes 7-19/20\r\n", &FILE[7..]),
    })
    .await;
    assert!(outcome.is_err() && text.is_none() && calls <= 51, "{calls}");
}

// Attack M4.
#[tokio::test]
async fn a_resumed_file_is_never_a_mix_of_two() {
    const MONDAY: &str = "last-modified: Mon, 23 Nov 2026 22:00:00 GMT\r\n";
    const TUESDAY: &str = "last-modified: Tue, 24 Nov 2026 22:00:00 GMT\r\n";
    const TAG: &str = "etag: \"one\"\r\n";
    const RANGE: &str = "content-range: bytes 7-19/20\r\n";
    let cases = [
        ("another date", MONDAY, format!("{TUESDAY}{RANGE}"), false),
        ("the same date", MONDAY, format!("{MONDAY}{RANGE}"), true),
        ("no date, as allowed", MONDAY, RANGE.to_owned(), true),
        ("no tag", TAG, RANGE.to_owned(), false),
        ("another tag", TAG, format!("etag: \"two\"\r\n{RANGE}"), false),
        ("a weak tag", TAG, format!("etag: W/\"one\"\r\n{RANGE}"), false),
        ("another size", TAG, format!("{TAG}content-range: bytes 7-19/21\r\n"), false),
        (
            "a range that ends too late",
            TAG,
            format!("{TAG}content-range: bytes 7-29/20\r\n"),
            false,
        ),
    ];
    for (what, first, second, goes_on) in cases {
        let (outcome, text, calls) = download(move |_, before| match before {
            // What came first is of the other version if nothing says that it is the same.
            0 if goes_on => cut(7, 200, first, FILE),
            0 => cut(7, 200, first, &FILE.to_uppercase()),
            1 => http(206, &second, &FILE[7..]),
            _ => http(200, first, FILE),
        })
        .await;
        assert!(outcome.is_ok_and(|file| file.is_size_confirmed), "{what}");
        assert_eq!(text.as_deref(), Some(FILE), "{what}");
        assert!(
            calls == if goes_on { 2 } else { 3 } || what.contains("too late"),
            "{what}: {calls}"
        );
    }
}

// Field case F25, attack M4.
#[tokio::test]
async fn a_compressed_file_is_refused_whenever_it_comes() {
    let tag = "etag: \"one\"\r\n";
    let packed = "etag: \"one\"\r\ncontent-encoding: gzip\r\ncontent-range: bytes 7-19/20\r\n";
    for scripted in [
        vec![http(200, "content-encoding: gzip\r\n", FILE)],
        vec![http(200, "Content-Encoding: br\r\n", FILE)],
        vec![cut(7, 200, tag, FILE), http(206, packed, &FILE[7..])],
    ] {
        let calls = scripted.len();
        let (outcome, text, asked) = download(move |_, before| scripted[before].clone()).await;
        assert!(matches!(outcome, Err(DownloadErrorReason::Encoded(_))), "{outcome:?}");
        assert_eq!((text, asked), (None, calls));
    }
    let plain = "content-encoding: identity\r\n";
    assert!(download(move |_, _| http(200, plain, FILE)).await.0.is_ok());
}

// Attack M4, L17.
#[tokio::test]
async fn a_file_in_parts_or_from_a_proxy_is_whole() {
    let ranged = |range: &str, from: usize, to: usize| {
        http(206, &format!("etag: \"one\"\r\ncontent-range: bytes {range}\r\n"), &FILE[from..to])
    };
    let end = http(416, "content-range: bytes */20\r\n", "");
    let tag = "etag: \"one\"\r\n";
    let open = |text: &str| format!("HTTP/1.1 200 -\r\nconnection: close\r\n{tag}\r\n{text}");
    let cases = vec![
        ("203", vec![http(203, "", FILE)], true),
        ("206 at once", vec![ranged("0-19/20", 0, 20)], true),
        ("two ranges", vec![ranged("0-9/20", 0, 10), ranged("10-19/20", 10, 20)], true),
        (
            "ranges of an unknown size",
            vec![ranged("0-9/*", 0, 10), ranged("10-19/*", 10, 20), end],
            true,
        ),
        (
            "a range that ends early",
            vec![cut(7, 200, tag, FILE), ranged("7-9/*", 7, 10), ranged("10-19/20", 10, 20)],
            true,
        ),
        ("no length", vec![open(FILE)], false),
    ];
    for (what, replies, is_size_confirmed) in cases {
        let calls = replies.len();
        let (outcome, text, asked) = download(move |_, before| replies[before].clone()).await;
        let file = outcome.unwrap_or_else(|reason| panic!("{what}: {reason}"));
        assert_eq!((text.as_deref(), asked), (Some(FILE), calls), "{what}");
        assert_eq!((file.bytes, file.is_size_confirmed), (20, is_size_confirmed), "{what}");
    }
    // A host that announces more than it has never gives a whole file.
    let tagged = format!("{tag}content-length: 21\r\n");
    let (outcome, text, _) =
        download(move |_, _| format!("HTTP/1.1 200 -\r\nconnection: close\r\n{tagged}\r\n{FILE}"))
            .await;
    assert!(outcome.is_err() && text.is_none(), "{outcome:?}");
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_is_not_replaced() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("r-1-boat.png");
    let made = path.clone();
    let (base, _) = serve(move |_, _| {
        std::fs::write(&made, "mine").expect("it can be written");
        http(200, "", FILE)
    })
    .await;
    let to = DownloadOptions::into_folder(folder.path());
    let reason = reason(&client(&base, hasty()), &at(&base, "/boat.png"), &to).await;
    assert!(matches!(&reason, DownloadErrorReason::Exists(found) if *found == path), "{reason:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "mine");
    assert_eq!(names(folder.path()), ["r-1-boat.png"]);
}

// Field case F16: replicate-python#377, async-openai#507.
#[tokio::test]
async fn data_in_an_output_is_saved_and_what_cannot_be_is_reported() {
    let (base, asked) = server(|_, _| http(200, "", FILE)).await;
    let client = client(&base, hasty());
    let folder = tempfile::tempdir().expect("there is room");
    let to = DownloadOptions::into_folder(folder.path());
    // A GIF of 60 bytes, as base64 and without its padding.
    let gif = format!("R0lGODlhgALgAQAAAA{}", "A".repeat(62));
    let output = json!({
        "image": format!("data:image/gif;base64,{gif}"),
        "images": [{"b64_json": gif, "seed": 7}],
        "again": at(&base, "/boat.png"),
        "note": "a paper boat",
    });
    let saved = client.download(&success(output).await, &to).await.expect("it is there");
    let found: Vec<_> = saved
        .iter()
        .map(|file| (file.output_path.to_string(), file.url.is_some(), file.bytes))
        .collect();
    let expected = [("again", true, 20), ("image", false, 60), ("images[0].b64_json", false, 60)];
    let mut found: Vec<_> =
        found.iter().map(|(path, url, size)| (path.as_str(), *url, *size)).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    for file in saved.iter().filter(|file| file.url.is_none()) {
        let bytes = std::fs::read(&file.path).expect("it is there");
        assert!(bytes.starts_with(b"GIF89a\x80\x02\xe0\x01"), "{file:?}");
    }
    let expected = ["r-1-b64_json.gif", "r-1-boat.png", "r-1-image.gif"];
    assert_eq!(names(folder.path()), expected);
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);

    type Expected = fn(&DownloadErrorReason) -> bool;
    let cases: [(Value, Expected); 9] = [
        (json!("data:image/png;base64,A*=="), |it| matches!(it, DownloadErrorReason::Data(_))),
        (json!("data:image/png"), |it| matches!(it, DownloadErrorReason::Data(_))),
        (json!("//cdn.example.com/x.png"), |it| matches!(it, DownloadErrorReason::Host(_))),
        (json!("s3://bucket/x.png"), |it| matches!(it, DownloadErrorReason::Scheme(_))),
        (json!({"image": "x.png"}), |it| matches!(it, DownloadErrorReason::NothingToSave)),
        (json!("a paper boat"), |it| matches!(it, DownloadErrorReason::NothingToSave)),
        (json!([1, 2]), |it| matches!(it, DownloadErrorReason::NothingToSave)),
        (json!({"is_safe": false}), |it| matches!(it, DownloadErrorReason::NothingToSave)),
        (json!(format!("data:image/gif;base64,{gif}")), |it| {
            matches!(it, DownloadErrorReason::Exists(_))
        }),
    ];
    std::fs::write(folder.path().join("r-1-output.gif"), "mine").expect("it can be written");
    for (output, expected) in cases {
        let error = client.download(&success(output.clone()).await, &to).await;
        let error = error.expect_err("it cannot be saved");
        assert_eq!((error.failed.len(), error.saved.len()), (1, 0), "{output}");
        assert!(expected(&error.failed[0].reason), "{output}: {error}");
    }
    let small = to.clone().max_bytes(59);
    let error = client.download(&success(json!({"a": gif})).await, &small).await;
    let reason = &error.expect_err("it is too large").failed[0].reason;
    assert!(matches!(reason, DownloadErrorReason::TooLarge(59)), "{reason:?}");
    for nothing in [json!({}), json!([]), json!({"image": null})] {
        let saved = client.download(&success(nothing).await, &to).await;
        assert_eq!(saved.expect("there is nothing").len(), 0);
    }
}

#[tokio::test]
async fn a_file_gets_the_name_that_was_asked_for() {
    let (base, asked) = server(|_, _| http(200, "", FILE)).await;
    let (client, folder) = (client(&base, hasty()), tempfile::tempdir().expect("there is room"));
    let one = json!({"video": at(&base, "/r-1.mp4")});
    let path = folder.path().join("new/my boat.mp4");
    let saved =
        client.download(&success(one.clone()).await, &DownloadOptions::to_file(&path)).await;
    assert_eq!(saved.expect("it is there")[0].path, path);
    assert_eq!(std::fs::read_to_string(&path).expect("it exists"), FILE);
    assert_eq!(names(&folder.path().join("new")), ["my boat.mp4"]);

    let two = json!([at(&base, "/a.mp4"), at(&base, "/b.png")]);
    let to = DownloadOptions::to_file(folder.path().join("both.mp4"));
    let error = client.download(&success(two.clone()).await, &to).await.expect_err("one path");
    assert_eq!((error.failed.len(), error.saved.len()), (2, 0));
    let reasons: Vec<_> = error.failed.iter().map(|failed| &failed.reason).collect();
    assert!(matches!(reasons[..], [DownloadErrorReason::SeveralFiles(2), _]), "{error}");
    assert_eq!(asked.lock().expect("no lock is poisoned").len(), 1);

    let to = DownloadOptions::into_folder(folder.path().join("named"));
    client.download(&success(one).await, &to).await.expect("it is there");
    let to = to.named("boat {job}-{index}.{ext}").expect("it is a pattern");
    client.download(&success(two).await, &to).await.expect("they are there");
    let expected = ["boat r-1-1.mp4", "boat r-1-2.png", "r-1.mp4"];
    assert_eq!(names(&folder.path().join("named")), expected);
}
