//! The delay that a server asks for, in each form of `Retry-After`: no call panics, and none waits
//! longer than the documented 60 s.

use std::time::{Duration, Instant};

use runcomfy::client::{DownloadErrorReason, JobErrorReason, Preflight, Retry, SubmitError};

use crate::scripted::{builder, download_error, hasty, http, input, job, server};

/// The headers of a response, and the seconds that it asks for.
const FORMS: [(&str, Option<u64>); 20] = [
    ("", None),
    ("retry-after:\r\n", None),
    ("retry-after: 0\r\n", Some(0)),
    ("retry-after: 000\r\n", Some(0)),
    ("retry-after: -1\r\n", None),
    ("retry-after: +1\r\n", None),
    ("retry-after: 1.5\r\n", None),
    ("retry-after: 1e9\r\n", None),
    ("retry-after: soon\r\n", None),
    ("retry-after: \u{e9}\r\n", None),
    ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some(0)),
    ("retry-after: Sunday, 06-Nov-94 08:49:37 GMT\r\n", Some(0)),
    ("retry-after: Sun Nov  6 08:49:37 1994\r\n", Some(0)),
    ("retry-after: Sun, 99 Nov 1994 08:49:37 GMT\r\n", None),
    (
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        Some(0),
    ),
    (
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 10:49:37 GMT\r\n",
        Some(7200),
    ),
    ("retry-after: 61\r\n", Some(61)),
    ("retry-after: 18446744073709551615\r\n", Some(u64::MAX)),
    ("retry-after: 99999999999999999999999999\r\n", Some(u64::MAX)),
    (
        "date: Fri, 01 Jan 1999 00:00:00 GMT\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        Some(252_487_151_999),
    ),
];

/// The number of attempts of a call that is retried twice, and waits up to a minute each time.
fn attempts(asked: Option<u64>) -> usize {
    if asked.is_some_and(|seconds| seconds > 60) { 1 } else { 3 }
}

#[tokio::test]
async fn a_read_keeps_each_delay_up_to_its_limit() {
    for (headers, asked) in FORMS {
        for status in [429, 503] {
            let what = format!("HTTP {status} {headers:?}");
            let (base, log) = server(move |_, _| http(status, headers, "")).await;
            let start = Instant::now();
            let error = job(&base, hasty()).status().await.expect_err(&what);
            let JobErrorReason::Api(error) = error.reason else { panic!("{what}: {error}") };
            assert_eq!(error.retry_after, asked.map(Duration::from_secs), "{what}");
            assert_eq!(log.lock().expect("no lock is poisoned").len(), attempts(asked), "{what}");
            assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
        }
    }
}

#[tokio::test]
async fn a_submit_keeps_each_delay_up_to_its_limit() {
    for (headers, asked) in FORMS {
        let (base, log) = server(move |_, _| http(429, headers, "")).await;
        let start = Instant::now();
        // The picture of the input is on a host that may not be there.
        let unmeasured = builder(&base).preflight(Preflight::Off).build().expect("they are valid");
        let error = unmeasured.submit(&input()).await.expect_err(headers);
        let SubmitError::Rejected(error) = error else { panic!("{headers:?}: {error}") };
        assert_eq!(error.retry_after, asked.map(Duration::from_secs), "{headers:?}");
        assert_eq!(log.lock().expect("no lock is poisoned").len(), attempts(asked), "{headers:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{headers:?}: {:?}", start.elapsed());

        // It may have been accepted, whatever delay the server asks for.
        let (base, log) = server(move |_, _| http(503, headers, "")).await;
        let unmeasured = builder(&base).preflight(Preflight::Off).build().expect("they are valid");
        let error = unmeasured.submit(&input()).await.expect_err(headers);
        assert!(matches!(error, SubmitError::OutcomeUnknown { .. }), "{headers:?}: {error}");
        assert_eq!(log.lock().expect("no lock is poisoned").len(), 1, "{headers:?}");
    }
}

#[tokio::test]
async fn a_download_keeps_each_delay_up_to_its_limit() {
    for (headers, asked) in FORMS {
        for status in [429, 503] {
            let what = format!("HTTP {status} {headers:?}");
            let (base, log) = server(move |_, _| http(status, headers, "")).await;
            let start = Instant::now();
            let error = download_error(&base, &what).await;
            let DownloadErrorReason::Status { retry_after, .. } = error.failed[0].reason else {
                panic!("{what}: {error:?}")
            };
            assert_eq!(retry_after, asked.map(Duration::from_secs), "{what}");
            assert_eq!(log.lock().expect("no lock is poisoned").len(), attempts(asked), "{what}");
            assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
        }
    }
}

#[tokio::test]
async fn a_wait_ends_in_time_after_any_delay() {
    for (headers, _) in FORMS {
        for status in [429, 503] {
            let (base, _) = server(move |_, _| http(status, headers, "")).await;
            let start = Instant::now();
            let job = job(&base, hasty());
            let error = job.wait_for(Duration::from_millis(200)).await.expect_err(headers);
            let is_right =
                matches!(error.reason, JobErrorReason::Deadline { .. } | JobErrorReason::Api(_));
            assert!(is_right, "HTTP {status} {headers:?}: {error}");
            assert!(start.elapsed() < Duration::from_secs(5), "{headers:?}: {:?}", start.elapsed());
        }
    }
}

/// A server whose clock is years behind asks for one second by it.
#[tokio::test]
async fn a_date_counts_by_the_clock_of_the_server() {
    const BEHIND: &str =
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
    let (base, _) = server(|_, before| match before {
        0 => http(503, BEHIND, ""),
        _ => http(200, "", r#"{"status": "in_queue"}"#),
    })
    .await;
    let start = Instant::now();
    job(&base, hasty()).status().await.expect("the second answer is there");
    let took = start.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&took), "{took:?}");
}

/// Without a `Date`, a date in the future is one by the clock of this machine.
#[tokio::test]
async fn a_date_without_a_clock_counts_by_our_own() {
    for (headers, expected) in [
        ("retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 1),
        ("date: garbage\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 1),
    ] {
        let (base, log) = server(move |_, _| http(503, headers, "")).await;
        let client = builder(&base).retry(Retry::default()).build().expect("they are valid");
        let job = client.raw().job("r-1".parse().expect("it is an id"));
        let start = Instant::now();
        assert!(job.status().await.is_err(), "{headers:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{headers:?}: {:?}", start.elapsed());
        assert_eq!(log.lock().expect("no lock is poisoned").len(), expected, "{headers:?}");
    }
}
