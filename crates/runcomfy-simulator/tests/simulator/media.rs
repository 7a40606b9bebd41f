//! Generated files, samples and ranges of them.

use std::ops::Range;

use reqwest::header::{HeaderMap, IF_RANGE, RANGE};
use runcomfy_simulator::{Header, PictureFormat, Sample, TestMedia};
use serde_json::Value;

use crate::support::*;

/// Fetches a small file.
async fn whole(site: &Site, media: &TestMedia) -> Vec<u8> {
    let response = site.fetch(&site.simulator.media_url(media)).await;
    assert_eq!(response.status(), 200, "{media}");
    response.bytes().await.expect("a body").into()
}

/// Fetches a range of a file.
async fn part(site: &Site, media: &TestMedia, range: &str) -> Vec<u8> {
    let request = site.client.get(site.simulator.media_url(media)).header(RANGE, range);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 206, "{media} {range}");
    response.bytes().await.expect("a body").into()
}

fn place_of(needle: &[u8], bytes: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[tokio::test]
async fn every_format_matches_its_content_type() {
    let site = boat().start(QUEUED).await;
    let cases: [(PictureFormat, &str, &[u8]); 6] = [
        (PictureFormat::Png, "image/png", b"\x89PNG\r\n\x1a\n"),
        (PictureFormat::Jpeg, "image/jpeg", b"\xFF\xD8\xFF"),
        (PictureFormat::WebP, "image/webp", b"RIFF"),
        (PictureFormat::Gif, "image/gif", b"GIF89a"),
        (PictureFormat::Bmp, "image/bmp", b"BM"),
        (PictureFormat::Tiff, "image/tiff", b"II*\0"),
    ];
    for (format, content_type, begins) in cases {
        for media in [
            TestMedia::picture(format, 301, 400),
            TestMedia::picture(format, 301, 400).with_bytes(1_000_001),
        ] {
            let response = site.fetch(&site.simulator.media_url(&media)).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], content_type);
            assert_eq!(response.headers()["accept-ranges"], "bytes");
            assert_eq!(response.headers()["server"], "runcomfy-simulator");
            let length = response.content_length().expect("a length");
            let bytes = response.bytes().await.expect("a body");
            assert_eq!(length, bytes.len() as u64, "{media}");
            assert!(bytes.starts_with(begins), "{media}");
        }
        let padded = TestMedia::picture(format, 301, 400).with_bytes(1_000_001);
        assert_eq!(whole(&site, &padded).await.len(), 1_000_001);
    }
}

#[tokio::test]
async fn samples_are_the_committed_files() {
    let site = boat().start(QUEUED).await;
    assert!(Sample::all().len() > 30);
    for sample in Sample::all() {
        let url = site.simulator.media_url(&TestMedia::sample(sample.name));
        let response = site.fetch(&url).await;
        assert_eq!(response.headers()["content-type"], sample.content_type(), "{}", sample.name);
        assert_eq!(response.bytes().await.expect("a body"), sample.bytes, "{}", sample.name);
    }
}

#[tokio::test]
async fn a_range_of_a_file_is_served() {
    let site = boat().start(QUEUED).await;
    let media = TestMedia::picture(PictureFormat::Png, 40, 30).with_bytes(1000);
    let url = site.simulator.media_url(&media);
    let all = whole(&site, &media).await;
    let cases: [(&str, u16, Option<&str>, Range<usize>); 9] = [
        ("bytes=0-0", 206, Some("bytes 0-0/1000"), 0..1),
        ("bytes=10-19", 206, Some("bytes 10-19/1000"), 10..20),
        ("bytes=990-", 206, Some("bytes 990-999/1000"), 990..1000),
        ("bytes=-5", 206, Some("bytes 995-999/1000"), 995..1000),
        ("bytes=-5000", 206, Some("bytes 0-999/1000"), 0..1000),
        ("bytes=0-99999", 206, Some("bytes 0-999/1000"), 0..1000),
        ("bytes=9-3", 200, None, 0..1000),
        ("bytes=0-1,5-6", 200, None, 0..1000),
        ("lines=0-1", 200, None, 0..1000),
    ];
    for (range, status, content_range, expected) in cases {
        let response = site.client.get(&url).header(RANGE, range).send().await.expect("an answer");
        assert_eq!(response.status(), status, "{range}");
        let said = response.headers().get("content-range").map(|value| value.to_str().expect("it"));
        assert_eq!(said, content_range, "{range}");
        assert_eq!(response.content_length(), Some(expected.len() as u64), "{range}");
        assert_eq!(response.bytes().await.expect("a body"), all[expected], "{range}");
    }
    for range in ["bytes=1000-", "bytes=-0"] {
        let response = site.client.get(&url).header(RANGE, range).send().await.expect("an answer");
        assert_eq!(response.status(), 416, "{range}");
        assert_eq!(response.headers()["content-range"], "bytes */1000", "{range}");
    }
}

#[tokio::test]
async fn head_requests_and_etags_work() {
    let site = boat().start(QUEUED).await;
    let media = TestMedia::picture(PictureFormat::Jpeg, 40, 30).with_bytes(5000);
    let url = site.simulator.media_url(&media);
    let head = site.client.head(&url).header(RANGE, "bytes=0-9").send().await.expect("an answer");
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], "5000");
    assert_eq!(head.headers()["content-type"], "image/jpeg");
    let etag = head.headers()["etag"].clone();
    assert!(head.bytes().await.expect("no body").is_empty());

    for (meant, status) in [(etag.to_str().expect("text"), 206), ("\"another\"", 200)] {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=5-".parse().expect("a header"));
        headers.insert(IF_RANGE, meant.parse().expect("a header"));
        let response = site.client.get(&url).headers(headers).send().await.expect("an answer");
        assert_eq!(response.status(), status, "{meant}");
    }
    let other = site.simulator.media_url(&media.with_orientation(3));
    let other = site.client.head(&other).send().await.expect("an answer");
    assert_ne!(other.headers()["etag"], etag);
}

#[tokio::test]
async fn a_large_jpeg_has_its_header_first_or_last() {
    let site = boat().start(QUEUED).await;
    // Baseline frame header: marker, length 17, 8 bits, height 301, width 300.
    let frame = [0xFF, 0xC0, 0, 17, 8, 1, 45, 1, 44];
    let photo = TestMedia::picture(PictureFormat::Jpeg, 300, 301)
        .with_bytes(50_000_000)
        .with_orientation(6);
    let first = part(&site, &photo, "bytes=0-4095").await;
    assert!(place_of(&frame, &first).is_some());
    assert!(place_of(b"Exif\0\0MM", &first).is_some());

    let photo = photo.with_header(Header::Last);
    let first = part(&site, &photo, "bytes=0-262143").await;
    let last = part(&site, &photo, "bytes=-262144").await;
    assert_eq!((place_of(&frame, &first), first.len()), (None, 262_144));
    assert!(place_of(b"Exif\0\0MM", &first).is_some());
    assert!(place_of(&frame, &last).is_some());
    assert!(last.ends_with(&[0xFF, 0xD9]));
}

#[tokio::test]
async fn a_large_film_has_its_index_first_or_last() {
    let site = boat().start(QUEUED).await;
    let film = TestMedia::sample("mp4.mp4").with_bytes(100_000_000);
    for (header, near, far) in [
        (Header::First, "bytes=0-4095", "bytes=-4096"),
        (Header::Last, "bytes=-4096", "bytes=0-4095"),
    ] {
        let film = film.clone().with_header(header);
        assert!(place_of(b"moov", &part(&site, &film, near).await).is_some(), "{film}");
        assert!(place_of(b"moov", &part(&site, &film, far).await).is_none(), "{film}");
        let mut response = site.fetch(&site.simulator.media_url(&film)).await;
        assert_eq!(response.content_length(), Some(100_000_000));
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await.expect("a whole body") {
            bytes += chunk.len();
        }
        assert_eq!(bytes, 100_000_000);
    }
}

#[tokio::test]
async fn missing_media_answers_404_with_a_reason() {
    let site = boat().start(QUEUED).await;
    for (media, words) in [
        (TestMedia::picture(PictureFormat::Gif, 0, 1), "1 to 8192 pixels"),
        (TestMedia::picture(PictureFormat::Bmp, 8192, 8192), "16 million pixels"),
        (TestMedia::picture(PictureFormat::Png, 9, 9).with_bytes(9), "at least"),
        (TestMedia::sample("no such"), "/media/samples/<name>"),
        (TestMedia::sample("mkv.mkv").with_bytes(9_999), "MP4, MOV and M4A"),
    ] {
        let response = site.fetch(&site.simulator.media_url(&media)).await;
        assert_eq!(response.status(), 404, "{media}");
        let reply: Value = response.json().await.expect("JSON");
        let said = reply["detail"].as_str().expect("words");
        assert!(said.contains(words), "{media}: {said}");
    }
}
