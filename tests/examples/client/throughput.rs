//! Throughput compared with a loop of bare calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use runcomfy::Client;
use runcomfy::client::Polling;
use serde_json::Value;

use crate::simulating::Simulating;
use crate::{MODEL, Outcome, TOKEN, input};

/// Minimum throughput, as a fraction of the throughput of bare calls.
const MIN_THROUGHPUT: f64 = 0.9;
/// Compares the throughput of the client and of bare calls. Each round takes turns, to spread
/// other load on the machine over both.
const TURNS: usize = 20;
const JOBS: usize = 300;
const AT_ONCE: usize = 16;
const ROUNDS: usize = 5;
const INTERVAL: Duration = Duration::from_millis(5);

pub(crate) async fn throughput() -> Outcome<()> {
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
