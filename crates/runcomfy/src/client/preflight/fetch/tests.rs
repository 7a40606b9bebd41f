//! Measuring over HTTP, against a server with bad manners on demand.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use std::ops::Range;

use super::super::address::check_literal;
use super::super::remote::MAX_REQUESTS;
use super::*;

/// A file that is mostly zeros: its other parts with their offsets, and its size.
#[derive(Clone)]
struct File {
    parts: Vec<(u64, Vec<u8>)>,
    size: u64,
}

impl File {
    fn bytes(&self, range: Range<u64>) -> Vec<u8> {
        let end = range.end.min(self.size);
        let mut bytes = vec![0; end.saturating_sub(range.start) as usize];
        for (at, part) in &self.parts {
            for (index, byte) in part.iter().enumerate() {
                let place = at + index as u64;
                if (range.start..end).contains(&place) {
                    bytes[(place - range.start) as usize] = *byte;
                }
            }
        }
        bytes
    }
}

fn png(size: u64) -> File {
    let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    head.extend([0, 0, 2, 128, 0, 0, 1, 224, 8, 2, 0, 0, 0, 0, 0, 0, 0]);
    // The picture data ends where the last chunk begins.
    head.extend((size as u32 - 57).to_be_bytes());
    head.extend(b"IDAT");
    File { parts: vec![(0, head)], size }
}

/// Returns a JPEG with `segments` segments of 64 KiB before its frame.
fn jpeg(segments: u64, size: u64) -> File {
    let mut parts = vec![(0, b"\xff\xd8".to_vec())];
    for segment in 0..segments {
        parts.push((2 + segment * 0x1_0001, b"\xff\xe2\xff\xff".to_vec()));
    }
    let frame = b"\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03".to_vec();
    parts.push((2 + segments * 0x1_0001, frame));
    File { parts, size }
}

/// Returns a JPEG of 8 MB with Exif, a colour profile and XMP of so many bytes.
fn camera_jpeg(exif: usize, profile: usize, xmp: usize) -> File {
    let mut head = b"\xff\xd8".to_vec();
    let segments: [(u8, &[u8], usize); 4] = [
        (0xe1, b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0", exif),
        (0xe1, b"http://ns.adobe.com/xap/1.0/\0", xmp),
        (0xe2, b"ICC_PROFILE\0\x01\x01", profile),
        (0xdb, b"", 132),
    ];
    for (marker, start, length) in segments {
        head.extend([0xff, marker]);
        head.extend((length as u16).to_be_bytes());
        let end = head.len() + length - 2;
        head.extend(start);
        head.resize(end, 0);
    }
    head.extend(b"\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03");
    File { parts: vec![(0, head)], size: 8_000_000 }
}

/// Returns an MP4 with its index at its end.
fn mp4(size: u64) -> File {
    let one = |name: &[u8; 4], body: &[u8]| {
        let mut bytes = (body.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend(name);
        bytes.extend(body);
        bytes
    };
    let mut description = vec![0; 44];
    description[40..44].copy_from_slice(&[2, 128, 1, 224]);
    let stbl = one(b"stbl", &one(b"stsd", &description));
    let hdlr = one(b"hdlr", b"\0\0\0\0\0\0\0\0vide\0\0\0\0");
    let mdia = one(b"mdia", &[hdlr, one(b"minf", &stbl)].concat());
    let moov = one(b"moov", &one(b"trak", &[one(b"tkhd", &[0; 84]), mdia].concat()));
    let mut head = one(b"ftyp", b"isom\0\0\x02\0isom");
    let index = size - moov.len() as u64;
    head.extend((index as u32 - head.len() as u32).to_be_bytes());
    head.extend(b"mdat");
    File { parts: vec![(0, head), (index, moov)], size }
}

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Ranges,
    /// Ranges without the size of the file.
    RangesOfNoSize,
    /// Ranges with another size each time.
    RangesOfTwoSizes,
    /// Ranges of at most this many bytes.
    Sparingly(usize),
    /// Ranges with more bytes than requested.
    Generously,
    /// Another range than the requested one.
    OtherRange,
    Whole,
    WholeInChunks,
    /// The whole in chunks of two bytes.
    WholeInCrumbs,
    /// The whole, truncated.
    Cut(usize),
    Status(u16),
    Headers(&'static str),
    /// A redirect to itself.
    Loop,
    /// This many redirects in a row.
    Redirects(usize),
    Silent,
}

struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn server(file: File, manner: Manner) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let address = format!("http://{}/a.bin", listener.local_addr().expect("it has one"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, file.clone(), manner, log.clone()));
        }
    });
    Server { address, asked }
}

async fn answer(mut stream: TcpStream, file: File, manner: Manner, log: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
    let before = log.lock().map_or(0, |log| log.len());
    if let Ok(mut log) = log.lock() {
        log.push(head.clone());
    }
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
    let range = range.and_then(|range| range.split_once('-')).and_then(|(first, last)| {
        Some(first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?)
    });
    let range: Range<u64> = range.expect("a range was asked for");
    let part = |size: String, range: Range<u64>| {
        let bytes = file.bytes(range.clone());
        let last = range.start + bytes.len() as u64;
        let head =
            format!("206 -\r\ncontent-range: bytes {}-{}/{size}", range.start, last.max(1) - 1);
        (format!("{head}\r\ncontent-length: {}", bytes.len()), bytes)
    };
    let size = file.size.to_string();
    let (head, body) = match manner {
        Manner::Ranges if range.start >= file.size => {
            (format!("416 -\r\ncontent-range: bytes */{size}\r\ncontent-length: 0"), Vec::new())
        }
        Manner::Ranges => part(size, range),
        Manner::RangesOfNoSize => part("*".to_owned(), range),
        Manner::RangesOfTwoSizes => part((file.size + before as u64).to_string(), range),
        Manner::Sparingly(bytes) => part(size, range.start..range.start + bytes as u64),
        Manner::Generously => part(size, range.start..file.size),
        Manner::OtherRange => part(size, range.start + 7..range.end),
        Manner::Whole => (format!("200 -\r\ncontent-length: {size}"), file.bytes(0..file.size)),
        Manner::WholeInChunks => {
            let bytes = file.bytes(0..file.size);
            let mut body = format!("{:x}\r\n", bytes.len()).into_bytes();
            body.extend(bytes);
            body.extend(b"\r\n0\r\n\r\n");
            ("200 -\r\ntransfer-encoding: chunked".to_owned(), body)
        }
        Manner::WholeInCrumbs => {
            let bytes = file.bytes(0..file.size);
            let chunk = |crumb: &[u8]| [b"2\r\n", crumb, b"\r\n"].concat();
            let body = bytes.chunks_exact(2).flat_map(chunk).collect();
            ("200 -\r\ntransfer-encoding: chunked".to_owned(), body)
        }
        Manner::Cut(bytes) => {
            (format!("200 -\r\ncontent-length: {size}"), file.bytes(0..bytes as u64))
        }
        Manner::Status(status) => (format!("{status} -\r\ncontent-length: 0"), Vec::new()),
        Manner::Headers(headers) => {
            let (head, body) = part(size, range);
            (format!("{head}\r\n{headers}"), body)
        }
        Manner::Loop => ("302 -\r\nlocation: /a.bin\r\ncontent-length: 0".to_owned(), Vec::new()),
        Manner::Redirects(count) if before < count => {
            ("307 -\r\nlocation: /b.bin?signed=hush\r\ncontent-length: 0".to_owned(), Vec::new())
        }
        Manner::Redirects(_) => part(size, range),
        Manner::Silent => return tokio::time::sleep(Duration::from_secs(60)).await,
    };
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
}

async fn fetch(address: &str, reach: AddressScope, limits: MediaLimits) -> MediaReport {
    let fetcher = Fetcher::new(limits, reach, None, Tls::default());
    let url = Url::parse(address).expect("it is a URL");
    let deadline = Instant::now().checked_add(limits.timeout);
    fetcher.measure(&url, &limits, deadline, |facts| facts.bytes.is_none()).await.0
}

async fn measured(file: File, manner: Manner) -> (MediaReport, Server) {
    let server = server(file, manner).await;
    (fetch(&server.address, AddressScope::Local, MediaLimits::default()).await, server)
}

fn size(examined: &MediaReport) -> Option<(u32, u32)> {
    examined.info.width.zip(examined.info.height)
}

#[tokio::test]
async fn a_large_file_is_measured_from_few_bytes() {
    let cases = [
        ("a small PNG", png(900), 1, 900),
        ("a PNG of 40 MB", png(40_000_000), 1, 14_000),
        ("a JPEG of 50 MB", jpeg(0, 50_000_000), 1, 14_000),
        ("one of a camera, small", camera_jpeg(4_000, 3_144, 3_000), 1, 14_000),
        ("one of a camera, with a large thumbnail", camera_jpeg(40_000, 3_144, 3_000), 2, 28_000),
        ("one of a camera, with a large XMP", camera_jpeg(5_000, 3_144, 60_000), 2, 28_000),
        ("three colour profiles of 64 KiB", jpeg(3, 50_000_000), 4, 28_000 + 2 * 4096),
        ("an MP4 of 100 MB with its index last", mp4(100_000_000), 2, 14_000 + 210),
    ];
    for (what, file, requests, bytes) in cases {
        let (examined, _) = measured(file.clone(), Manner::Ranges).await;
        assert_eq!(size(&examined), Some((640, 480)), "{what}: {examined:?}");
        assert_eq!(examined.info.bytes, Some(file.size), "{what}");
        assert_eq!(examined.requests, requests, "{what}");
        assert!(examined.bytes <= bytes, "{what}: {} bytes", examined.bytes);
        assert_eq!((&examined.unread, examined.problem, examined.warnings.len()), (&None, None, 0));
    }
}

#[tokio::test]
async fn any_host_behaviour_ends_in_facts_or_a_reason() {
    let large = 50_000_000;
    let found = Some((640, 480));
    type Case = (Manner, File, Option<(u32, u32)>, Option<u64>, &'static str);
    let cases: [Case; 17] = [
        (Manner::RangesOfNoSize, png(large), found, None, ""),
        (Manner::RangesOfTwoSizes, jpeg(2, large), found, None, ""),
        (Manner::Sparingly(600), jpeg(0, large), found, Some(large), ""),
        (Manner::Sparingly(1), jpeg(0, large), None, Some(large), "too many places"),
        (Manner::Sparingly(0), jpeg(0, large), None, Some(large), "less than it announced"),
        (Manner::Generously, jpeg(0, 3_000_000), found, Some(3_000_000), ""),
        (Manner::OtherRange, png(large), None, None, "something else"),
        (Manner::Whole, png(3_000_000), found, Some(3_000_000), ""),
        (Manner::Whole, jpeg(3, 3_000_000), found, Some(3_000_000), ""),
        (Manner::Whole, mp4(3_000_000), None, Some(3_000_000), "does not support ranges"),
        (Manner::WholeInChunks, png(100_000), found, Some(100_000), ""),
        (Manner::WholeInChunks, png(3_000_000), found, None, ""),
        (Manner::Cut(5), png(large), None, Some(large), "could not be fetched"),
        (Manner::Status(403), png(large), None, None, "its host answered HTTP 403"),
        (
            Manner::Headers("content-encoding: gzip"),
            png(large),
            None,
            None,
            "compressed, as `gzip`",
        ),
        (Manner::Loop, png(large), None, None, "from redirect to redirect"),
        (Manner::Redirects(5), png(large), found, Some(large), ""),
    ];
    for (index, (manner, file, expected, bytes, words)) in cases.into_iter().enumerate() {
        let (examined, _) = measured(file, manner).await;
        let reason = examined.unread.clone().unwrap_or_default();
        assert_eq!(size(&examined), expected, "case {index}: {examined:?}");
        assert_eq!(examined.info.bytes, bytes, "case {index}: {examined:?}");
        assert_eq!(reason.is_empty(), words.is_empty(), "case {index}: {reason}");
        assert!(reason.contains(words), "case {index}: {reason}");
        assert!(examined.bytes <= 256 * 1024, "case {index}: {} bytes", examined.bytes);
        assert!(examined.requests <= MAX_REQUESTS, "case {index}: {} requests", examined.requests);
    }
}

#[tokio::test]
async fn a_silent_host_times_out() {
    let server = server(png(900), Manner::Silent).await;
    let limits = MediaLimits::default().with_timeout(Duration::from_millis(200));
    let start = Instant::now();
    let examined = fetch(&server.address, AddressScope::Local, limits).await;
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(examined.unread.is_some_and(|reason| reason.contains("within the time limit")));
    assert!(examined.warnings.iter().any(|(about, _)| *about == WarningKind::NotFetched));
}

#[tokio::test]
async fn a_header_past_the_limit_is_given_up() {
    let (examined, _) = measured(jpeg(30, 50_000_000), Manner::Ranges).await;
    assert!(examined.bytes <= 256 * 1024);
    let server = server(jpeg(1, 50_000_000), Manner::Ranges).await;
    let limits = MediaLimits::default().with_max_fetched_bytes(4096);
    let examined = fetch(&server.address, AddressScope::Local, limits).await;
    assert_eq!(examined.bytes, 4096);
    assert!(examined.unread.is_some_and(|reason| reason.contains("more than 4096 bytes")));
}

#[tokio::test]
async fn tiny_chunks_are_not_reparsed_each_time() {
    // Tracks of Matroska, each with nothing in it but padding.
    let mut bytes = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x16\x54\xae\x6b\xff".to_vec();
    for _ in 0..20 {
        bytes.extend(b"\xae\x50\x00");
        bytes.extend([0xec, 0x80].repeat(2048));
    }
    let file = File { size: bytes.len() as u64, parts: vec![(0, bytes)] };
    let start = Instant::now();
    let (examined, _) = measured(file, Manner::WholeInCrumbs).await;
    let time = start.elapsed();
    assert!(time < Duration::from_secs(3), "{time:?}: {examined:?}");
}

#[tokio::test]
async fn a_web_page_instead_of_media_is_detected() {
    let page = b"<!doctype html><title>Sign in</title>".to_vec();
    let page = File { size: page.len() as u64, parts: vec![(0, page)] };
    let (examined, _) = measured(page, Manner::Headers("content-type: text/html")).await;
    let about: Vec<WarningKind> = examined.warnings.iter().map(|(about, _)| *about).collect();
    assert_eq!(about, [WarningKind::WebPage]);
    assert_eq!(examined.info, MediaInfo::default());
}

#[tokio::test]
async fn a_wrong_content_type_causes_a_warning() {
    for (header, warned) in [
        ("content-type: text/plain; charset=utf-8", true),
        ("content-type: image/jpeg", false),
        ("content-type: application/octet-stream", false),
    ] {
        let (examined, _) = measured(png(900), Manner::Headers(header)).await;
        let is = |(about, _): &(WarningKind, String)| *about == WarningKind::ContentType;
        assert_eq!(examined.warnings.iter().any(is), warned, "{header}");
        assert_eq!(size(&examined), Some((640, 480)));
    }
}

#[tokio::test]
async fn a_media_request_does_not_identify_the_caller() {
    let (examined, server) = measured(png(900), Manner::Redirects(2)).await;
    assert_eq!(size(&examined), Some((640, 480)));
    let asked = server.asked.lock().expect("no test panics with it").join("");
    for header in ["authorization", "cookie", "referer"] {
        assert!(!asked.contains(header), "{asked}");
    }
    let (examined, _) = measured(png(900), Manner::Redirects(9)).await;
    assert!(!format!("{examined:?}").contains("hush"), "{examined:?}");
}

#[tokio::test]
async fn a_local_address_is_fetched_only_if_allowed() {
    let server = server(png(900), Manner::Ranges).await;
    let port = server.address.rsplit(':').next().expect("it has one").to_owned();
    // By a literal, and by a name that the resolver has to turn down.
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"] {
        let address = format!("http://{host}:{port}");
        let examined = fetch(&address, AddressScope::Public, MediaLimits::default()).await;
        let reason = examined.unread.unwrap_or_default();
        assert!(reason.contains("this machine itself"), "{host}: {reason}");
        assert!(
            examined.warnings.iter().any(|(about, _)| *about == WarningKind::OutOfReach),
            "{host}"
        );
    }
    assert!(server.asked.lock().expect("no test panics with it").is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_local_address_is_not_followed() {
    let inside = server(png(900), Manner::Ranges).await;
    // The policy alone: the address that redirects is local too, and allowed here.
    let url = Url::parse(&inside.address).expect("it is an address");
    assert!(check_literal(&url).is_err());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let port = listener.local_addr().expect("it has one").port();
    let location = inside.address.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let head =
                format!("HTTP/1.1 302 -\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    let limits = MediaLimits::default();
    let fetcher = Fetcher::new(limits, AddressScope::Public, None, Tls::default());
    // A public name that leads to the server here, as one of a stranger's could.
    let here = ([127, 0, 0, 1], port).into();
    let builder = fetcher.builder().expect("it can be set up").resolve("example.com", here);
    fetcher.http.set(builder.build().expect("it can be set up")).expect("it was not used");
    let address = format!("http://example.com:{port}/a.png");
    let url = Url::parse(&address).expect("it is a URL");
    let (examined, _) = fetcher.measure(&url, &limits, None, |_| false).await;
    let reason = examined.unread.unwrap_or_default();
    assert!(reason.contains("this machine itself"), "{reason}");
    assert!(inside.asked.lock().expect("no test panics with it").is_empty());
}

// Attack M6.
#[tokio::test]
async fn a_header_that_goes_on_takes_few_requests() {
    let length = 200_000_u32;
    let free = b"\0\0\0\x08free";
    let head = b"\0\0\0\x10ftypisom\0\0\0\0";
    let film = mp4(4000).parts.remove(1).1;
    let beginning = [head.as_slice(), &free.repeat(9_000), &film].concat();
    let size_of_index = (length + 8).to_be_bytes();
    let index = [&size_of_index, b"moov".as_slice(), &free.repeat(9_000), &film[8..]].concat();
    let long = [&length.to_be_bytes(), b"mdat".as_slice()].concat();
    for (what, parts) in [
        ("at the beginning", vec![(0, beginning)]),
        ("behind the frames", vec![(0, [head.as_slice(), &long].concat()), (200_016, index)]),
    ] {
        let (report, _) = measured(File { parts, size: 500_000 }, Manner::Ranges).await;
        assert_eq!(size(&report), Some((640, 480)), "{what}: {report:?}");
        assert!(report.requests <= 7, "{what}: {} requests", report.requests);
    }
}

// Field case F03: Exiv2#2150, metadata-extractor#184.
#[tokio::test]
async fn a_jpeg_with_many_segments_is_measured() {
    for segments in [37, 255] {
        let file = jpeg(segments, 20_000_000);
        let (report, _) = measured(file, Manner::Ranges).await;
        assert_eq!(size(&report), Some((640, 480)), "{segments}: {report:?}");
        assert_eq!((report.unread, report.warnings.len()), (None, 0), "{segments}");
        assert!(report.bytes <= 256 * 1024 && report.requests <= MAX_REQUESTS, "{segments}");
    }
}

// Attack L6.
#[tokio::test]
async fn credentials_stay_for_every_range_and_for_no_other_host() {
    let server = server(jpeg(3, 50_000_000), Manner::Ranges).await;
    let url = server.address.replace("http://", "http://user:pw@");
    let report = fetch(&url, AddressScope::Local, MediaLimits::default()).await;
    assert_eq!(size(&report), Some((640, 480)), "{report:?}");
    let asked = server.asked.lock().expect("no lock is poisoned").clone();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|head| head.contains("authorization: Basic dXNlcjpwdw==")));

    let other = self::server(png(900), Manner::Ranges).await;
    let (url, _) = redirecting(&other.address).await;
    let url = url.replace("http://", "http://user:pw@");
    let report = fetch(&url, AddressScope::Local, MediaLimits::default()).await;
    assert_eq!(size(&report), Some((640, 480)), "{report:?}");
    let asked = other.asked.lock().expect("no lock is poisoned").join("");
    assert!(!asked.contains("authorization"), "{asked}");
}

// Attack L17.
#[tokio::test]
async fn redirects_count_as_requests() {
    let (report, server) = measured(png(900), Manner::Redirects(3)).await;
    assert_eq!(report.requests, 4);
    assert_eq!(server.asked.lock().expect("no lock is poisoned").len(), 4);
}

#[tokio::test]
async fn only_a_file_that_is_not_there_is_certain() {
    for (status, is_certain) in [(404, true), (410, true), (401, false), (403, false)]
        .into_iter()
        .chain([405, 408, 418, 429, 451, 500, 502, 503].map(|status| (status, false)))
    {
        let (report, _) = measured(png(900), Manner::Status(status)).await;
        let rule = report.fault.map(|fault| fault.rule);
        assert_eq!(rule, is_certain.then_some("url"), "{status}");
        assert_eq!(report.warnings.is_empty(), is_certain, "{status}");
    }
    let url = "https://nosuch.invalid/a.png";
    for scope in [AddressScope::Public, AddressScope::Local] {
        let report = fetch(url, scope, MediaLimits::default()).await;
        assert_eq!(report.fault.map(|fault| fault.rule), Some("url"), "{scope:?}");
    }
}

/// A server that redirects to a URL, with what it was asked.
async fn redirecting(location: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let url = format!("http://{}/a.png", listener.local_addr().expect("it has one"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, location) = (asked.clone(), location.to_owned());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap_or(0);
            if let Ok(mut log) = log.lock() {
                log.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
            }
            let head =
                format!("HTTP/1.1 302 -\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_host_says_for_how_long_facts_are_used_again() {
    let seconds = Duration::from_secs;
    for (headers, expected) in [
        ("x: y", Reuse::Within(Duration::MAX)),
        ("cache-control: public", Reuse::Within(Duration::MAX)),
        ("cache-control: max-age=7", Reuse::Within(seconds(7))),
        ("cache-control: public, Max-Age = \"7\" ,immutable\r\nage: 5", Reuse::Within(seconds(2))),
        ("cache-control: max-age=7\r\nage: 9", Reuse::Within(Duration::ZERO)),
        ("cache-control: max-age=soon", Reuse::Within(Duration::ZERO)),
        ("cache-control: no-store", Reuse::Within(Duration::ZERO)),
        ("cache-control: max-age=7, no-cache", Reuse::Within(Duration::ZERO)),
    ] {
        assert_eq!(reuse(png(900), Manner::Headers(headers)).await, expected, "{headers}");
    }
    // A failure may be over the next time.
    let page = b"<!doctype html><title>Sign in</title>".to_vec();
    let page = File { size: page.len() as u64, parts: vec![(0, page)] };
    let text = File { size: 9, parts: vec![(0, b"some text".to_vec())] };
    let empty = File { size: 0, parts: Vec::new() };
    let cut = File { size: 20, ..png(900) };
    for file in [page, text, empty, cut] {
        assert_eq!(reuse(file, Manner::Ranges).await, Reuse::Waiting);
    }
    for status in [403, 404, 429, 503] {
        assert_eq!(reuse(png(900), Manner::Status(status)).await, Reuse::Waiting, "{status}");
    }
    assert_eq!(reuse(png(900), Manner::Silent).await, Reuse::Never);
}

async fn reuse(file: File, manner: Manner) -> Reuse {
    let server = server(file, manner).await;
    let limits = MediaLimits::default();
    let fetcher = Fetcher::new(limits, AddressScope::Local, None, Tls::default());
    let url = Url::parse(&server.address).expect("it is a URL");
    let deadline = Instant::now().checked_add(Duration::from_secs(3));
    fetcher.measure(&url, &limits, deadline, |_| false).await.1
}
