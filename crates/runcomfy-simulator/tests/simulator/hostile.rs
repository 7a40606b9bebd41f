//! Hostile control input and media. Field case L9.

use std::io::ErrorKind;
use std::time::Duration;

use runcomfy_simulator::{Call, Fault, JobScenario, Processed, RetryAfter};
use serde_json::json;

use crate::line::Line;
use crate::measuring::data_url_writer::data_uri;
use crate::support::*;

/// Sends a control request with this `Host` and returns the status.
fn control(site: &Site, method: &str, path: &str, host: &str, body: &str) -> Option<u16> {
    let mut line = Line::to(site);
    let head = format!("{method} /_simulator/{path} HTTP/1.1\r\n{host}");
    let form = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    line.send_raw(format!("{head}{form}\r\n{body}").as_bytes());
    line.read_head().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn control_requests_of_any_kind_get_a_reply() {
    let site = boat().start(QUEUED).await;
    let nested = "[".repeat(100_000);
    let bodies = [
        "",
        "null",
        "{",
        "[]",
        "{}",
        "\u{0}",
        "1e400",
        "\"\\ud83d\"",
        r#"{"seconds": 1e308}"#,
        r#"{"seconds": 1e400}"#,
        r#"{"seconds": -0.0}"#,
        r#"{"seconds": 18446744073709551615}"#,
        r#"{"call": "submit", "faults": [{"rate_limit": {"date": 1e15}}]}"#,
        r#"{"call": "status", "faults": [{"rate_limit": {"date": 1000000000000000}}]}"#,
        r#"{"call": "status", "faults": [{"latency": 1e300}]}"#,
        r#"{"call": "status", "faults": [{"cut_body": {"after": -1}}]}"#,
        r#"[{"late_cost": 1e18}]"#,
        r#"[{"expires": 1.8e19}]"#,
        r#"[{"fails": "nowhere"}]"#,
        r#"{"calls": 1, "jobs": 1, "seed": 18446744073709551615, "max_pause": 1.8e19}"#,
        &nested,
    ];
    let local = "host: 127.0.0.1\r\n";
    for (method, path) in [
        ("POST", "advance"),
        ("POST", "faults"),
        ("POST", "jobs"),
        ("PUT", "random"),
        ("DELETE", "faults"),
        ("GET", "ledger"),
        ("PATCH", "%00"),
    ] {
        for body in bodies {
            let status = control(&site, method, path, local, body);
            assert!(
                status.is_some_and(|status| status < 500),
                "{method} {path} {body}: {status:?}"
            );
        }
    }
    site.simulator.clear_faults();
    site.submit(BOAT_IN_A_PATH, &boat_input()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_with_extreme_values_do_not_panic() {
    let site = boat().start(AT_ONCE).await;
    let statuses = (0..=u16::MAX).step_by(97).chain([100, 101, 199, 204, 205, 304, 599, 600, 999]);
    let processed = Processed::Yes;
    let errors = statuses.map(|status| Fault::Error { status, code: Some(i64::MIN), processed });
    let faults = [
        Fault::RateLimit(RetryAfter::Seconds(u64::MAX)),
        Fault::RateLimit(RetryAfter::Date(u64::MAX)),
        Fault::RateLimit(RetryAfter::Date(1_000_000_000_000_000)),
        Fault::Truncated { after: u64::MAX },
        Fault::Status("\u{0}\u{1b}[31m\u{ffff}".repeat(1000)),
    ];
    for fault in faults.into_iter().chain(errors) {
        site.simulator.script(Call::Submit, [fault.clone()]);
        let mut line = Line::to(&site);
        line.submit();
        let seen = line.read_head();
        assert!(seen.status().is_some_and(|status| status >= 200), "{fault:?}: {seen:?}");
    }
    // These keep the connection waiting, and the simulator lives on.
    for fault in [Fault::Latency(Duration::MAX), Fault::SlowBody(Duration::MAX)] {
        site.simulator.script(Call::Balance, [fault]);
        Line::to(&site).send("GET", "/prod/v2/balance", "");
    }
    site.simulator
        .script_jobs([JobScenario::LateCost(Duration::MAX), JobScenario::Expires(Duration::MAX)]);
    for _ in 0..2 {
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        site.simulator.advance(Duration::MAX);
        assert_eq!(site.result(&id).await["status"], "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_is_limited_to_loopback_hosts() {
    let site = boat().start(QUEUED).await;
    let cases = [
        ("host: 127.0.0.1\r\n", 200),
        ("host: 127.0.0.1:8787\r\n", 200),
        ("host: LOCALHOST:1\r\n", 200),
        ("host: [::1]:8787\r\n", 200),
        ("host: 127.9.9.9\r\n", 200),
        ("host: rebound.example.com\r\n", 421),
        ("host: rebound.example.com:8787\r\n", 421),
        ("host: 127.0.0.1.example.com\r\n", 421),
        ("host: localhost.example.com\r\n", 421),
        ("host: 127.0.0.1@example.com\r\n", 421),
        ("host: 192.168.0.1\r\n", 421),
        ("host: 0.0.0.0\r\n", 421),
        ("host: \r\n", 421),
        ("", 421),
        ("host: 127.0.0.1\r\nhost: example.com\r\n", 421),
    ];
    for (host, expected) in cases {
        let status = control(&site, "GET", "ledger", host, "");
        assert_eq!(status, Some(expected), "{host}");
    }
    assert_eq!(control(&site, "DELETE", "faults", "host: example.com\r\n", ""), Some(421));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_of_pixels_is_refused_without_decoding() {
    let site = boat().start(QUEUED).await;
    // A PNG header that claims 60,000 by 60,000 pixels in 8-bit RGB: 10 GB.
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\xe8\xd0\xc1\x7d\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82";
    let input = json!({"prompt": "x", "image_url": data_uri("image/png", png)});
    let refusals = site.refusals(BOAT_IN_A_PATH, &input.to_string()).await;
    assert_eq!(refusals, [(r#"["body","image_url"]"#.to_owned(), "media".to_owned())]);
}

/// The largest memory that a process has taken, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn decoding_is_limited_in_total() {
    use crate::program::Program;

    let folder = boat();
    let program = Program::start(folder.path(), &["--port", "0"]);
    let url = format!("{}/models/{BOAT_IN_A_PATH}", program.api_base());
    let client = reqwest::Client::new();
    let calls = (0..12).map(|index| {
        let picture = format!("{}/media/{}x3900.png", program.origin(), 4000 + index);
        let input = json!({"prompt": "x", "image_url": picture});
        json_of(client.post(&url).bearer_auth("any").body(input.to_string()))
    });
    for (status, reply) in futures_util::future::join_all(calls).await {
        assert_eq!(status, 200, "{reply}");
    }
    let peak = peak_memory(program.id());
    assert!(peak < 450_000_000, "{peak} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_media_queries_of_any_kind_get_a_reply() {
    let site = boat().start(AT_ONCE).await;
    site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let most = u64::MAX;
    for path in [
        "/media/8192x8192.png".to_owned(),
        "/media/4294967295x4294967295.bmp".to_owned(),
        format!("/media/1x1.png?bytes={most}"),
        format!("/media/1x1.png?fault=claim_bytes:{most}"),
        format!("/media/1x1.png?fault=cut:{most}"),
        format!("/media/1x1.png?fault=drip:{}", u32::MAX),
        format!("/media/1x1.png?fault=redirects:{}", u32::MAX),
        "/media/1x1.png?fault=redirect_to:%0d%0a".to_owned(),
        "/media/1x1.png?fault=content_type:%ff%fe".to_owned(),
        "/media/%ff%fe?%ff=%fe&&&=".to_owned(),
        "/outputs/sim-000001.mp4?bytes=0&header=last".to_owned(),
        "/outputs/sim-18446744073709551615.mp4".to_owned(),
        "/outputs/%2e%2e%2f.png".to_owned(),
        "/v1/models/%ff".to_owned(),
        "/v1/models/a%2fb".to_owned(),
        "/v1/models?limit=4294967296&offset=-1".to_owned(),
        "/v1/requests/%00/status".to_owned(),
        "/v1/requests/sim-000001/result?include_cost=%ff".to_owned(),
        "//".to_owned(),
    ] {
        let mut line = Line::to(&site);
        line.send("GET", &path, "");
        let status = line.read_head().status();
        assert!(status.is_some_and(|status| status < 500), "{path}: {status:?}");
    }
    site.submit(BOAT_IN_A_PATH, &boat_input()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_beyond_the_limit_of_all_wait() {
    let site = boat().start(QUEUED).await;
    let mut largest: Vec<Line> = (0..4).map(|_| Line::to(&site)).collect();
    for line in &mut largest {
        let head = format!(
            "POST /v1/models/{BOAT_IN_A_PATH} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer any\r\n\
             content-length: {}\r\n\r\n{{",
            64 * 1024 * 1024
        );
        line.send_raw(head.as_bytes());
    }
    // A request without a body needs no memory, so all four were read up to their bodies.
    std::thread::sleep(Duration::from_millis(200));
    let mut small = Line::to(&site);
    small.submit();
    let wait = Duration::from_millis(300);
    small.0.set_read_timeout(Some(wait)).expect("a timeout");
    let blocked = small.0.peek(&mut [0]).expect_err("nothing comes");
    assert!(matches!(blocked.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{blocked}");
    drop(largest.pop());
    small.0.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    assert_eq!(small.read().status(), Some(200));
}
