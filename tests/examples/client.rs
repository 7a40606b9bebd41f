//! Measures the client: memory and connections of many waiting jobs, and throughput compared
//! with a loop of bare calls. The simulator runs in another process.
//!
//! `cargo run --release -p runcomfy-tests --example client -- memory 10000`
//! `cargo run --release -p runcomfy-tests --example client -- throughput`

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use runcomfy::Client;
use runcomfy::client::Polling;
use runcomfy_simulator::{Pace, Simulator, Traffic};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MODEL: &str = "minimax/Hailuo Video 01 Live";
const TOKEN: &str = "any-token";
/// Maximum memory per waiting job, in bytes.
const MAX_BYTES_PER_JOB: u64 = 16 * 1024;
/// Minimum throughput, as a fraction of the throughput of bare calls.
const MIN_THROUGHPUT: f64 = 0.9;
/// Limits of the client.
const CALLS_AT_ONCE: usize = 64;
const CALLS_PER_SECOND: f64 = 400.0;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["simulate", seconds] => simulate(seconds.parse()?).await,
        ["memory", jobs] => memory(jobs.parse()?).await,
        ["throughput"] => throughput().await,
        _ => Err("give `memory <jobs>` or `throughput`".into()),
    }
}

/// A simulator in another process.
struct Simulating {
    process: Child,
    base: String,
}

impl Simulating {
    /// Starts a simulator whose jobs are queued for `queue` seconds.
    fn start(queue: u64) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["simulate", &queue.to_string()]).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut base = String::new();
        let printed = process.stdout.take().ok_or("no stdout")?;
        BufReader::new(printed).read_line(&mut base)?;
        Ok(Self { process, base: base.trim().to_owned() })
    }

    fn control(&self, path: &str) -> String {
        format!("{}/_simulator/{path}", self.base.trim_end_matches("/v1"))
    }

    async fn traffic(&self) -> Outcome<Traffic> {
        Ok(reqwest::get(self.control("traffic")).await?.error_for_status()?.json().await?)
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn simulate(queue: u64) -> Outcome<()> {
    let pace = Pace { queue: Duration::from_secs(queue), run: Duration::ZERO };
    let simulator = Simulator::builder().pace(pace).start().await?;
    println!("{}", simulator.api_base());
    std::future::pending().await
}

fn input() -> Value {
    json!({"prompt": "a paper boat", "image_url": "https://example.com/boat.png"})
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

async fn memory(jobs: usize) -> Outcome<()> {
    let simulating = Simulating::start(3600)?;
    let client = Client::builder()
        .api_base(&simulating.base)
        .token(TOKEN)
        .max_concurrent_requests(CALLS_AT_ONCE)
        .max_requests_per_second(CALLS_PER_SECOND)
        .build()?;
    // The memory of a client without jobs, connections included.
    let submitting = async |count: usize| {
        let submit = async |_| client.raw().submit(MODEL, &input()).await;
        let taken: Vec<_> = futures_util::stream::iter(0..count)
            .map(submit)
            .buffer_unordered(CALLS_AT_ONCE)
            .collect()
            .await;
        taken.into_iter().collect::<Result<Vec<_>, _>>()
    };
    submitting(CALLS_AT_ONCE * 2).await?;
    let before = resident()?;
    let taken = submitting(jobs).await?;
    let (calls_before, start) = (looks(&simulating.traffic().await?), Instant::now());
    let waiting: Vec<_> =
        taken.into_iter().map(|job| tokio::spawn(async move { job.wait().await })).collect();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let after = resident()?;
    let traffic = simulating.traffic().await?;
    let pace = (looks(&traffic) - calls_before) as f64 / start.elapsed().as_secs_f64();
    let per_job = after.saturating_sub(before) / jobs as u64;
    println!(
        "{jobs} waiting jobs: {per_job} bytes each ({} KiB before, {} KiB after), at most {} connections, {pace:.0} polls per second of {CALLS_PER_SECOND} allowed",
        before / 1024,
        after / 1024,
        traffic.max_open_connections
    );
    let advance = reqwest::Client::new().post(simulating.control("advance"));
    advance.json(&json!({"seconds": 3600})).send().await?.error_for_status()?;
    for job in waiting {
        job.await??;
    }
    println!("all of them were delivered, {:.0} s after they began", start.elapsed().as_secs_f64());
    // The client's connections, and those of this program to the simulator.
    let connections = CALLS_AT_ONCE + 8;
    match () {
        () if per_job > MAX_BYTES_PER_JOB => {
            Err(format!("more than {MAX_BYTES_PER_JOB} bytes per job").into())
        }
        () if traffic.max_open_connections > connections => Err("too many connections".into()),
        () if pace > CALLS_PER_SECOND * 1.05 => Err("too many calls".into()),
        () => Ok(()),
    }
}

fn looks(traffic: &Traffic) -> u64 {
    traffic.calls.get(&runcomfy_simulator::Call::Status).copied().unwrap_or_default()
}

/// Compares the throughput of the client and of bare calls. Each round takes turns, to spread
/// other load on the machine over both.
const TURNS: usize = 20;
const JOBS: usize = 300;
const AT_ONCE: usize = 16;
const ROUNDS: usize = 5;
const INTERVAL: Duration = Duration::from_millis(5);

async fn throughput() -> Outcome<()> {
    let simulating = Simulating::start(0)?;
    let base: Arc<str> = simulating.base.as_str().into();
    let polling = Polling::every(INTERVAL);
    let client = Client::builder().api_base(&*base).token(TOKEN).polling(polling).build()?;
    let http = reqwest::Client::new();
    let mut ratios = Vec::new();
    // The first round warms both up.
    for round in 0..=ROUNDS {
        let (mut by_client, mut by_calls) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            by_calls += time(|| bare(http.clone(), base.clone())).await?;
            by_client += time(|| ours(client.clone())).await?;
        }
        let rate = |time: Duration| (TURNS * JOBS) as f64 / time.as_secs_f64();
        let (ours, bare) = (rate(by_client), rate(by_calls));
        println!(
            "round {round}: {ours:.0} jobs per second, {bare:.0} by bare calls: {:.3}",
            ours / bare
        );
        if round > 0 {
            ratios.push(ours / bare);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    println!("median: {median:.3} of the throughput of bare calls");
    if median < MIN_THROUGHPUT {
        return Err(format!("less than {MIN_THROUGHPUT}").into());
    }
    Ok(())
}

/// Returns the time that a turn of jobs takes.
async fn time<F>(job: impl Fn() -> F) -> Outcome<Duration>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    let start = Instant::now();
    let jobs = (0..JOBS).map(|_| tokio::spawn(job()));
    // Spawned lazily, a fixed number at a time.
    let mut ended = futures_util::stream::iter(jobs).buffer_unordered(AT_ONCE);
    while let Some(job) = ended.next().await {
        job??;
    }
    Ok(start.elapsed())
}

async fn ours(client: Client) -> Outcome<()> {
    let job = client.raw().submit(MODEL, &input()).await?;
    let success = job.wait().await?;
    match success.output.get("video") {
        Some(_) => Ok(()),
        None => Err("no video".into()),
    }
}

/// Makes the same calls without any check.
async fn bare(http: reqwest::Client, base: Arc<str>) -> Outcome<()> {
    let model = MODEL.replace(' ', "%20");
    let taken = http.post(format!("{base}/models/{model}")).bearer_auth(TOKEN).json(&input());
    let taken: Value = taken.send().await?.json().await?;
    let id = taken["request_id"].as_str().ok_or("no id")?;
    loop {
        let status = http.get(format!("{base}/requests/{id}/status")).bearer_auth(TOKEN);
        let status: Value = status.send().await?.json().await?;
        if status["status"] == "completed" {
            break;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    let result = http.get(format!("{base}/requests/{id}/result?include_cost=true"));
    let result: Value = result.bearer_auth(TOKEN).send().await?.json().await?;
    match result["output"].get("video") {
        Some(_) => Ok(()),
        None => Err("no video".into()),
    }
}
