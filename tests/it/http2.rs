//! The guarantees over HTTP/2 and TLS: which submits are sent again, and on which connection.

mod server;
mod tls;

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use runcomfy::client::{ClientBuilder, JobErrorReason, Preflight, Status, SubmitError};
use runcomfy::{Client, reqwest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scripted::{builder, input};
use server::{CANCEL, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Reaction, Received, Server};

/// Attempts per retried call: the client of these tests retries twice.
const AGAIN: usize = 3;
const ACCEPTED: Reaction = Reaction::Answer(r#"{"request_id": "r-1"}"#);
/// Environment variable of a child of the tests: the file for the authority of its server. It is not
/// the variable that the machine may have set, because a child writes the file.
const AUTHORITY: &str = "RUNCOMFY_TEST_AUTHORITY";
/// Environment variable of the file of authorities that a program trusts.
const TRUSTED: &str = "SSL_CERT_FILE";

/// Returns settings of a client that trusts the server through a builder that is handed in.
fn settings(server: &Server) -> ClientBuilder {
    let authority = reqwest::Certificate::from_pem(server.authority.as_bytes());
    let http = reqwest::Client::builder().tls_certs_merge(authority);
    builder(&server.base).preflight(Preflight::Off).http_client_builder(http)
}

fn client(server: &Server) -> Client {
    settings(server).build().expect("the settings are valid")
}

/// Each reaction, the number of attempts, and the outcome of a submit.
fn reactions() -> Vec<(Reaction, usize, &'static str)> {
    let unknown = "OutcomeUnknown";
    vec![
        (Reaction::Reset(REFUSED_STREAM), AGAIN, "NotSent"),
        (Reaction::GoAwayBefore(NO_ERROR), AGAIN, "NotSent"),
        (Reaction::Reset(CANCEL), 1, unknown),
        (Reaction::Reset(INTERNAL_ERROR), 1, unknown),
        (Reaction::Reset(NO_ERROR), 1, unknown),
        (Reaction::GoAwayBefore(INTERNAL_ERROR), 1, unknown),
        (Reaction::GoAwayAfter(NO_ERROR), 1, unknown),
        (Reaction::GoAwayAfter(REFUSED_STREAM), 1, unknown),
        (Reaction::Close, 1, unknown),
        (Reaction::Answer("{}"), 1, unknown),
        (ACCEPTED, 1, "accepted"),
        (Reaction::GoAwayAndAnswer(r#"{"request_id": "r-1"}"#), 1, "accepted"),
    ]
}

#[tokio::test]
async fn a_submit_is_sent_again_only_if_it_was_not_processed() {
    for (reaction, attempts, expected) in reactions() {
        let always = reaction.clone();
        let server = Server::start(move |_| always.clone()).await;
        let outcome = match client(&server).submit(&input()).await {
            Ok(job) => {
                assert_eq!(job.id().as_str(), "r-1");
                "accepted"
            }
            Err(SubmitError::NotSent(_)) => "NotSent",
            Err(SubmitError::OutcomeUnknown { .. }) => "OutcomeUnknown",
            Err(error) => panic!("{reaction:?}: {error}"),
        };
        assert_eq!((server.requests().0, outcome), (attempts, expected), "{reaction:?}");
    }
}

#[tokio::test]
async fn a_submit_that_was_not_processed_is_accepted_once() {
    for first in [Reaction::Reset(REFUSED_STREAM), Reaction::GoAwayBefore(NO_ERROR)] {
        let reaction = first.clone();
        let server = Server::start(move |number| match number {
            0 => reaction.clone(),
            _ => ACCEPTED,
        })
        .await;
        let job = client(&server).submit(&input()).await.expect("it is accepted");
        assert_eq!((job.id().as_str(), server.requests().0), ("r-1", 2), "{first:?}");
    }
}

#[tokio::test]
async fn a_read_is_sent_again_after_any_failure_of_its_connection() {
    for (reaction, ..) in reactions() {
        let first = reaction.clone();
        let server = Server::start(move |number| match number {
            0 => first.clone(),
            _ => Reaction::Answer(r#"{"status": "in_progress"}"#),
        })
        .await;
        let job = client(&server).raw().job("r-1".parse().expect("it is an id"));
        let status = job.status().await.unwrap_or_else(|error| panic!("{reaction:?}: {error}"));
        assert_eq!(status.status.to_string(), "in_progress");
        assert_eq!(server.requests().0, 2, "{reaction:?}");
    }
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let server = Server::start(|_| Reaction::Answer(r#"{"status": "in_progress"}"#)).await;
    let client = client(&server);
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    job.status().await.expect("it answers");
    let calls = (0..50).map(|_| job.status());
    let all = futures_util::future::join_all(calls).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.requests(), (51, 1));
}

#[tokio::test]
async fn a_silent_submit_sends_pings_and_is_accepted() {
    let answer = r#"{"request_id": "r-1"}"#;
    let later = Reaction::AnswerLater(Duration::from_secs(110), answer);
    let server = Server::start(move |_| later.clone()).await;
    let job = client(&server).submit(&input()).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(job.id().as_str(), "r-1");
    // The clock was paused, so they may come late.
    for _ in 0..100 {
        let received = server.received.lock().expect("no lock is poisoned").clone();
        if received.contains(&Received::Ping(0)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no PING came");
}

#[tokio::test]
async fn a_silent_server_leaves_a_submit_unknown_after_120_s() {
    let server = Server::start(|number| match number {
        0 => Reaction::Silence,
        _ => ACCEPTED,
    })
    .await;
    let client = client(&server);
    // The connection is made before the clock stops.
    let submitting = tokio::spawn(async move { client.submit(&input()).await.map(drop) });
    while server.requests().0 == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let error = submitting.await.expect("it ends").expect_err("nothing comes");
    let SubmitError::OutcomeUnknown { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(reason, "no response in 120 s");
    assert!((118..=121).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(server.requests().0, 1);
}

/// Runs a test of this file in a child whose system trusts the server's authority.
fn run_in_child(test: &str) {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, "").expect("there is room");
    let program = std::env::current_exe().expect("this is a program");
    let output = std::process::Command::new(program)
        .args(["--exact", "--ignored", "--nocapture", test])
        .env(AUTHORITY, &file)
        .env(TRUSTED, &file)
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Returns a client with the connections of its own, in a child.
fn own_client(server: &Server) -> Client {
    let file = std::env::var_os(AUTHORITY).expect("the parent sets it");
    std::fs::write(file, &server.authority).expect("there is room");
    builder(&server.base).preflight(Preflight::Off).build().expect("the settings are valid")
}

#[test]
fn a_submit_uses_no_connection_that_is_silent_for_15_s() {
    run_in_child("http2::child_submits_beside_a_silent_one");
}

#[tokio::test]
#[ignore = "the parent runs it"]
async fn child_submits_beside_a_silent_one() {
    let server = Server::start(|number| match number {
        0 => Reaction::Silence,
        _ => ACCEPTED,
    })
    .await;
    let client = own_client(&server);
    // The second joins the connection of the first, so it was not idle for 15 s.
    for seconds in [10, 6] {
        let silent = client.clone();
        tokio::spawn(async move { silent.submit(&input()).await.map(drop) });
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    assert_eq!(server.requests(), (2, 1));
    let next = tokio::time::timeout(Duration::from_secs(5), client.submit(&input())).await;
    let job = next.expect("it does not wait behind the silent ones").expect("it is accepted");
    assert_eq!(job.id().as_str(), "r-1");
    assert_eq!(server.requests(), (3, 2));
}

#[test]
fn a_read_leaves_a_dead_connection_within_40_s() {
    run_in_child("http2::child_reads_past_a_dead_connection");
}

#[tokio::test]
#[ignore = "the parent runs it"]
async fn child_reads_past_a_dead_connection() {
    let server = Server::start(|number| match number {
        0 => Reaction::Silence,
        _ => Reaction::Answer(r#"{"status": "in_progress"}"#),
    })
    .await;
    let client = own_client(&server);
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    let start = std::time::Instant::now();
    // Calls in a row use the connection, so it is never idle for 15 s.
    let calls = (0..20).map(async |call| {
        tokio::time::sleep(Duration::from_secs(3 * call)).await;
        job.status().await.map(|status| (status.status.to_string(), start.elapsed().as_secs()))
    });
    let mut calls: FuturesUnordered<_> = calls.collect();
    let first = loop {
        match calls.next().await.expect("a call is answered") {
            Ok(first) => break first,
            Err(error) => assert!(matches!(error.reason, JobErrorReason::Transport(_)), "{error}"),
        }
    };
    assert_eq!(first.0, "in_progress");
    assert!((38..=44).contains(&first.1), "{} s", first.1);
    assert_eq!(server.requests().1, 2);
}

#[tokio::test]
async fn a_server_that_the_system_does_not_trust_is_refused() {
    let server = Server::start(|_| ACCEPTED).await;
    let client = builder(&server.base).preflight(Preflight::Off).build().expect("it is valid");
    let error = client.submit(&input()).await.expect_err("it is refused");
    assert!(matches!(error, SubmitError::NotSent(_)), "{error:?}");
    assert_eq!(server.requests(), (0, 0));
}

#[test]
fn the_cryptography_of_the_program_is_used() {
    run_in_child("http2::child_brings_its_cryptography");
}

#[tokio::test]
#[ignore = "the parent runs it"]
async fn child_brings_its_cryptography() {
    let mut provider = rustls::crypto::ring::default_provider();
    // Last in the order of ring, so nobody chooses it by chance.
    let last = rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
    provider.cipher_suites.retain(|suite| suite.suite() == last);
    provider.install_default().expect("none is installed");

    let (acceptor, authority) = tls::server_tls(&[b"http/1.1"]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("it connects");
        let mut stream = acceptor.accept(stream).await.expect("it is trusted");
        let suite = stream.get_ref().1.negotiated_cipher_suite().map(|suite| suite.suite());
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.expect("it asks");
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{\"status\": \"in_progress\"}";
        stream.write_all(reply).await.expect("it listens");
        stream.flush().await.expect("it listens");
        suite
    });
    let file = std::env::var_os(AUTHORITY).expect("the parent sets it");
    std::fs::write(file, authority).expect("there is room");
    let base = format!("https://localhost:{port}/v1");
    let client = builder(&base).build().expect("the settings are valid");
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    let status = job.status().await.expect("it is answered");
    assert_eq!(status.status, Status::InProgress);
    assert_eq!(serving.await.expect("it ends"), Some(last));
}
