//! Concurrency, rate and job limits of a client, seen by the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use runcomfy::client::{Polling, Preflight};
use runcomfy::{Client, Job};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scripted::{builder, http, input, server};

/// A server that answers each request after 50 ms, on as many connections as there are.
struct Slow {
    base: String,
    /// The most requests that were open at once.
    most: Arc<AtomicUsize>,
    paths: Arc<Mutex<Vec<String>>>,
}

async fn slow() -> Slow {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let paths = Arc::new(Mutex::new(Vec::new()));
    let slow = Slow { base, most: most.clone(), paths: paths.clone() };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (open, most, paths) = (open.clone(), most.clone(), paths.clone());
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let bytes = stream.read(&mut buffer).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..bytes]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                paths.lock().expect("no lock is poisoned").push(path);
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                open.fetch_sub(1, Ordering::SeqCst);
                let answer = http(200, "", r#"{"status": "in_progress"}"#);
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    slow
}

fn job(client: &Client) -> Job<Input> {
    client.job("r-1".parse().expect("it is an id"))
}

#[tokio::test]
async fn no_more_requests_are_open_than_allowed() {
    let slow = slow().await;
    let client = builder(&slow.base).max_concurrent_requests(3).build().expect("valid");
    let jobs: Vec<_> = (0..20).map(|_| job(&client.clone())).collect();
    let polls = join_all(jobs[..10].iter().map(|job| job.wait_for(Duration::from_millis(300))));
    let calls = join_all(jobs[10..].iter().map(|job| job.status()));
    let (_, statuses) = futures_util::future::join(polls, calls).await;
    assert!(statuses.iter().all(Result::is_ok));
    assert_eq!(slow.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn requests_keep_the_rate_of_the_client() {
    let slow = slow().await;
    let client = builder(&slow.base).max_requests_per_second(10.0).build().expect("valid");
    let start = Instant::now();
    let jobs: Vec<_> = (0..11).map(|_| job(&client.clone())).collect();
    let statuses = join_all(jobs.iter().map(|job| job.status())).await;
    assert!(statuses.iter().all(Result::is_ok));
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn polls_wait_behind_other_requests() {
    let slow = slow().await;
    let settings = builder(&slow.base).max_requests_per_second(20.0);
    let client = settings.polling(Polling::every(Duration::ZERO)).build().expect("valid");
    for _ in 0..40 {
        let job = job(&client);
        tokio::spawn(async move { job.wait_for(Duration::from_secs(5)).await.is_err() });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = slow.paths.lock().expect("no lock is poisoned").len();
    client.balance().await.expect("it answers");
    let paths = slow.paths.lock().expect("no lock is poisoned");
    let position = paths[before..].iter().position(|path| path.contains("balance"));
    assert!(position.is_some_and(|position| position <= 2), "behind {position:?} polls");
}

#[tokio::test]
async fn a_finished_job_makes_room_for_the_next() {
    let (base, _) = server(|path, _| match path {
        path if path.contains("models") => http(200, "", r#"{"request_id": "r-1"}"#),
        path if path.ends_with("result") => {
            http(200, "", r#"{"status": "succeeded", "output": {}}"#)
        }
        _ => http(200, "", r#"{"status": "completed"}"#),
    })
    .await;
    let settings = builder(&base).max_jobs_in_flight(1).preflight(Preflight::Off);
    let client = settings.build().expect("valid");
    let first = client.submit(&input()).await.expect("it is accepted");
    let blocked = tokio::time::timeout(Duration::from_millis(100), client.submit(&input())).await;
    assert!(blocked.is_err(), "a second job was submitted");
    first.wait().await.expect("it succeeds");
    let second = tokio::time::timeout(Duration::from_secs(5), client.submit(&input())).await;
    assert!(second.expect("the first job keeps its place").is_ok());
    drop(first);
}
