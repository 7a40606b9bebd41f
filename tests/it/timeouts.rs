//! Timeouts, with the clock paused while no data can arrive.

use std::time::Duration;

use futures_util::FutureExt;
use runcomfy::client::{
    ClientBuilder, JobErrorReason, Preflight, Retry, SubmitError, TransportError,
};
use runcomfy::reqwest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::scripted::{builder, hasty, http, input, job};

fn settings(base: &str) -> ClientBuilder {
    builder(base).preflight(Preflight::Off).retry(Retry::never())
}

/// Returns a client with timeouts that must not end a submit.
fn impatient() -> reqwest::ClientBuilder {
    let second = Duration::from_secs(1);
    reqwest::Client::builder().timeout(second).read_timeout(second)
}

/// Accepts one connection, reads a request, and pauses the clock.
async fn request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.expect("it connects");
    let mut buffer = [0; 4096];
    let mut read = 0;
    // The body of the input ends with a brace.
    while !buffer[..read].ends_with(b"}") {
        read += stream.read(&mut buffer[read..]).await.expect("it is open");
    }
    tokio::time::pause();
    stream
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
    (listener, base)
}

/// Field case H2.
#[tokio::test]
async fn a_submit_waits_100_s_whatever_builder_is_handed_in() {
    for is_handed_in in [false, true] {
        let (listener, base) = listener().await;
        let settings = match is_handed_in {
            true => settings(&base).http_client_builder(impatient()),
            false => settings(&base),
        };
        let serving = tokio::spawn(async move {
            let mut stream = request(&listener).await;
            tokio::time::sleep(Duration::from_secs(100)).await;
            tokio::time::resume();
            let answer = http(200, "", r#"{"request_id": "r-1"}"#);
            let (head, tail) = answer.split_at(answer.len() - 5);
            stream.write_all(head.as_bytes()).await.expect("it is open");
            stream.flush().await.expect("it is open");
            tokio::time::pause();
            tokio::time::sleep(Duration::from_secs(100)).await;
            tokio::time::resume();
            stream.write_all(tail.as_bytes()).await.expect("it is open");
        });
        let client = settings.build().expect("the settings are valid");
        let job = client.submit(&input()).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(job.id().as_str(), "r-1");
        serving.await.expect("it answered");
    }
}

#[tokio::test]
async fn a_submit_without_a_response_ends_after_120_s() {
    let (listener, base) = listener().await;
    let serving = tokio::spawn(async move { request(&listener).await });
    let start = Instant::now();
    let client = settings(&base).build().expect("the settings are valid");
    let error = client.submit(&input()).await.expect_err("nothing comes");
    let SubmitError::OutcomeUnknown { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(reason, "no response in 120 s");
    assert!((119..=122).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    drop(serving);
}

#[tokio::test]
async fn a_response_to_a_submit_that_stops_midway_ends_after_120_s() {
    let (listener, base) = listener().await;
    let serving = tokio::spawn(async move {
        let mut stream = request(&listener).await;
        tokio::time::resume();
        let answer = http(200, "", r#"{"request_id": "r-1", "status_url": "#);
        let answer = answer.replace("content-length: ", "content-length: 1");
        stream.write_all(answer.as_bytes()).await.expect("it is open");
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(1000)).await;
    });
    let client = settings(&base).build().expect("the settings are valid");
    let error = client.submit(&input()).await.expect_err("not all comes");
    let SubmitError::OutcomeUnknown { reason, id, .. } = &error else { panic!("{error}") };
    assert_eq!(reason, "the response stopped midway for 120 s");
    assert_eq!(id.as_ref().map(|id| id.as_str()), Some("r-1"));
    serving.abort();
}

#[tokio::test]
async fn connecting_takes_10_s_at_most() {
    // A queue that is full drops further connections.
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.bind("127.0.0.1:0".parse().expect("it is an address")).expect("a port is free");
    let listener = socket.listen(1).expect("it listens");
    let address = listener.local_addr().expect("it has one");
    let mut queued = Vec::new();
    for _ in 0..4 {
        let connecting = TcpStream::connect(address);
        queued.push(tokio::time::timeout(Duration::from_millis(200), connecting).await);
    }
    assert!(queued.iter().any(Result::is_err), "the queue is not full");
    tokio::time::pause();
    let start = Instant::now();
    let client = settings(&format!("http://{address}/v1")).build().expect("valid");
    let error = client.submit(&input()).await.expect_err("nobody accepts");
    assert!(matches!(error, SubmitError::NotSent(_)), "{error}");
    assert!((9..=11).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_hanging_call_within_a_wait_is_cut_at_the_deadline() {
    let (_listener, base) = listener().await;
    let start = std::time::Instant::now();
    let waited = job(&base, hasty()).wait_for(Duration::from_millis(300)).await;
    let error = waited.expect_err("nothing comes");
    assert!(matches!(error.reason, JobErrorReason::Deadline { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_read_without_a_response_ends_after_30_s() {
    let (listener, base) = listener().await;
    let serving = tokio::spawn(async move {
        let accepted = listener.accept().await;
        tokio::time::pause();
        (accepted, listener)
    });
    let client = settings(&base).build().expect("the settings are valid");
    let start = Instant::now();
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    let error = job.result().await.expect_err("nothing comes");
    assert!(matches!(error.reason, JobErrorReason::Transport(_)), "{error}");
    assert!((29..=31).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    drop(serving);
}

/// Field case F26.
#[test]
fn a_call_outside_a_runtime_is_an_error() {
    let client = settings("http://127.0.0.1:9/v1").build().expect("the settings are valid");
    let input = input();
    let submitted = client.submit(&input).now_or_never().expect("it does not wait");
    let error = submitted.expect_err("there is no runtime");
    assert!(matches!(error, SubmitError::NotSent(TransportError::NoRuntime)), "{error}");
    let job = client.raw().job("r-1".parse().expect("it is an id"));
    for error in [
        job.status().now_or_never().expect("it does not wait").map(drop),
        job.wait().now_or_never().expect("it does not wait").map(drop),
        job.cancel().now_or_never().expect("it does not wait").map(drop),
    ] {
        let error = error.expect_err("there is no runtime");
        let is_named = matches!(error.reason, JobErrorReason::Transport(TransportError::NoRuntime));
        assert!(is_named, "{error}");
    }
}
