//! Measures the client beside its peers, in one run. The simulator runs in another process.
//!
//! `cargo run --release -p runcomfy-tests --example client -- building`
//! `cargo run --release -p runcomfy-tests --example client -- http-versions 10000`
//! `cargo run --release -p runcomfy-tests --example client -- memory 10000`
//! `cargo run --release -p runcomfy-tests --example client -- noticing`
//! `cargo run --release -p runcomfy-tests --example client -- polls 10000`
//! `cargo run --release -p runcomfy-tests --example client -- throughput`

mod building;
mod http_versions;
mod memory;
mod noticing;
mod polls;
mod simulating;
mod throughput;
#[path = "../../it/http2/tls.rs"]
mod tls;

use std::error::Error;

use futures_util::StreamExt;
use runcomfy::client::Raw;
use runcomfy::{Client, Job};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MODEL: &str = "minimax/Hailuo Video 01 Live";
const TOKEN: &str = "any-token";
/// Limits of the client.
const CALLS_AT_ONCE: usize = 64;
const CALLS_PER_SECOND: f64 = 400.0;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["start", which] => building::start(which),
        ["building"] => building::building(),
        _ => measure(&arguments),
    }
}

#[tokio::main]
async fn measure(arguments: &[&str]) -> Outcome<()> {
    match arguments {
        ["simulate", queue] => simulating::simulate(queue.parse()?).await,
        ["serve"] => http_versions::serve().await,
        ["http-versions", polls] => http_versions::http_versions(polls.parse()?).await,
        ["memory", jobs] => memory::memory(jobs.parse()?).await,
        ["noticing"] => noticing::noticing().await,
        ["polls", jobs] => polls::polls_of(jobs.parse()?).await,
        ["throughput"] => throughput::throughput().await,
        _ => Err("give `building`, `http-versions <polls>`, `memory <jobs>`, `noticing`, `polls <jobs>` or `throughput`".into()),
    }
}

fn input() -> Value {
    json!({"prompt": "a paper boat", "image_url": "https://example.com/boat.png"})
}

/// Submits so many jobs, some at once.
async fn submit(client: &Client, count: usize) -> Outcome<Vec<Job<Raw>>> {
    let input = input();
    let jobs: Vec<_> = futures_util::stream::iter(0..count)
        .map(async |_| client.raw().submit(MODEL, &input).await)
        .buffer_unordered(CALLS_AT_ONCE)
        .collect()
        .await;
    Ok(jobs.into_iter().collect::<Result<Vec<_>, _>>()?)
}
