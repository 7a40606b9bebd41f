//! Faults of serving a media file.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use reqwest::header::{LOCATION, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Response, Version};
use runcomfy_simulator::{MediaFault, PictureFormat, TestMedia};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::*;

const BYTES: usize = 2000;

fn picture() -> TestMedia {
    TestMedia::picture(PictureFormat::Png, 40, 30).with_bytes(BYTES as u64)
}

async fn fetch(site: &Site, fault: &MediaFault) -> Response {
    let response =
        site.fetch(&site.simulator.media_url(&picture().with_fault(fault.clone()))).await;
    assert_eq!(response.headers()["server"], "runcomfy-simulator", "{fault}");
    response
}

async fn fetch_part(site: &Site, fault: &MediaFault) -> Response {
    let url = site.simulator.media_url(&picture().with_fault(fault.clone()));
    site.client.get(url).header(RANGE, "bytes=0-9").send().await.expect("an answer")
}

/// Returns the received length, and `true` if the body was complete.
async fn body(mut response: Response) -> (usize, bool) {
    let mut bytes = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

#[tokio::test]
async fn a_server_without_ranges_sends_the_whole_file() {
    let site = boat().start(QUEUED).await;
    let response = fetch_part(&site, &MediaFault::NoRanges).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().get("accept-ranges").is_none());
    assert_eq!(body(response).await, (BYTES, true));
}

#[tokio::test]
async fn a_server_can_omit_the_length() {
    let site = boat().start(QUEUED).await;
    for (fault, version, encoding) in [
        (MediaFault::NoLength, Version::HTTP_10, None),
        (MediaFault::Chunked, Version::HTTP_11, Some("chunked")),
    ] {
        let response = fetch(&site, &fault).await;
        assert_eq!((response.status().as_u16(), response.version()), (200, version), "{fault}");
        let headers = response.headers();
        assert!(headers.get("content-length").is_none(), "{fault}");
        let said = headers.get("transfer-encoding").map(|value| value.to_str().expect("text"));
        assert_eq!(said, encoding, "{fault}");
        assert_eq!(body(response).await, (BYTES, true), "{fault}");
    }
    let response = fetch_part(&site, &MediaFault::NoLength).await;
    assert_eq!(response.headers()["content-range"], "bytes 0-9/*");
    assert_eq!(body(response).await, (10, true));
}

#[tokio::test]
async fn a_redirect_leads_to_its_target() {
    let site = boat().start(QUEUED).await;
    let three = picture().with_fault(MediaFault::Redirects(3));
    let url = site.simulator.media_url(&three);
    let response = site.fetch(&url).await;
    assert_eq!((response.status().as_u16(), body(response).await), (200, (BYTES, true)));
    let most_two = reqwest::Client::builder().redirect(Policy::limited(2)).build();
    let error = most_two.expect("a client").get(&url).send().await.expect_err("three redirects");
    assert!(error.is_redirect(), "{error}");

    let url = site.simulator.media_url(&picture().with_fault(MediaFault::RedirectLoop));
    assert!(site.client.get(url).send().await.expect_err("no end").is_redirect());

    let none = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    for address in ["http://10.0.0.1/a?b=c&d=e", "http://[::ffff:127.0.0.1]:1/", "file:///etc"] {
        let media = picture().with_fault(MediaFault::RedirectTo(address.to_owned()));
        let response = none.get(site.simulator.media_url(&media)).send().await.expect("an answer");
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()[LOCATION], address);
    }
}

#[tokio::test]
async fn a_slow_server_is_slow() {
    let site = boat().start(QUEUED).await;
    let before = Instant::now();
    let response = fetch(&site, &MediaFault::Delay(Duration::from_millis(200))).await;
    assert!(before.elapsed() >= Duration::from_millis(200));
    assert_eq!(body(response).await, (BYTES, true));

    let before = Instant::now();
    let response = fetch(&site, &MediaFault::Drip(10_000)).await;
    assert_eq!(response.content_length(), Some(BYTES as u64));
    assert_eq!(body(response).await, (BYTES, true));
    assert!(before.elapsed() >= Duration::from_millis(200), "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_server_can_claim_a_false_length() {
    let site = boat().start(QUEUED).await;
    for (claimed, came) in [(100, (100, true)), (9000, (BYTES, false))] {
        let fault = MediaFault::ClaimBytes(claimed);
        let response = fetch(&site, &fault).await;
        assert_eq!(response.content_length(), Some(claimed));
        assert_eq!(body(response).await, came, "{claimed}");

        let response = fetch_part(&site, &fault).await;
        assert_eq!(response.headers()["content-range"], format!("bytes 0-9/{claimed}"));
        assert_eq!(body(response).await, (10, true), "{claimed}");
    }
}

#[tokio::test]
async fn another_file_can_replace_the_picture() {
    let site = boat().start(QUEUED).await;
    let response = fetch(&site, &MediaFault::LoginPage).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
    let page = response.text().await.expect("text");
    assert!(page.contains("Sign in") && page.contains("simulator"), "{page}");

    let response = fetch(&site, &MediaFault::ContentType("text/plain".to_owned())).await;
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(body(response).await, (BYTES, true));

    for status in [403, 404, 429, 500, 503] {
        assert_eq!(fetch(&site, &MediaFault::Status(status)).await.status(), status);
    }

    let response = fetch(&site, &MediaFault::Empty).await;
    assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(0)));
    assert_eq!(body(response).await, (0, true));
}

#[tokio::test]
async fn a_media_body_is_cut_as_requested() {
    let site = boat().start(QUEUED).await;
    for after in [0, 1, 1999] {
        let response = fetch(&site, &MediaFault::Cut(after)).await;
        assert_eq!(response.content_length(), Some(BYTES as u64));
        assert_eq!(body(response).await, (after as usize, false));
    }
    assert_eq!(body(fetch(&site, &MediaFault::Cut(2001)).await).await, (BYTES, true));
}

#[tokio::test]
async fn a_connection_is_reset_without_a_reply() {
    let site = boat().start(QUEUED).await;
    let url = site.simulator.media_url(&picture().with_fault(MediaFault::Reset));
    let rest = url.strip_prefix("http://").expect("an address");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut connection = TcpStream::connect(host).await.expect("a connection");
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    let error = connection.read_to_end(&mut answer).await.expect_err("no answer");
    assert_eq!((error.kind(), answer.len()), (ErrorKind::ConnectionReset, 0));
}

#[tokio::test]
async fn faults_combine_and_apply_to_outputs() {
    let site = boat().start(AT_ONCE).await;
    let media = picture()
        .with_fault(MediaFault::Redirects(1))
        .with_fault(MediaFault::NoRanges)
        .with_fault(MediaFault::Chunked)
        .with_fault(MediaFault::ContentType("image/gif".to_owned()));
    let request = site.client.get(site.simulator.media_url(&media)).header(RANGE, "bytes=0-9");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/gif");
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    assert_eq!(body(response).await, (BYTES, true));

    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let url = site.result(&id).await["output"]["video"].as_str().expect("a URL").to_owned();
    assert_eq!(body(site.fetch(&format!("{url}?fault=cut:10")).await).await, (10, false));
    let response = site.client.get(&url).header(RANGE, "bytes=-4").send().await.expect("an answer");
    assert_eq!(response.status(), 206);
}
