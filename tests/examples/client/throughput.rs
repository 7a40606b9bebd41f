//! CPU time of jobs, compared with a loop of bare calls. A program with nothing else to do is as fast
//! as its CPU time allows, and a clock on the wall would measure what else the machine does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::Client;
use runcomfy::client::Polling;
use serde_json::Value;

use crate::polls::cpu_time;
use crate::simulating::Simulating;
use crate::{MODEL, Outcome, TOKEN, input};

/// Minimum jobs per CPU second, as a fraction of those by bare calls. The aim is 0.9 in elapsed time,
/// where most of a job is waiting.
const MIN_THROUGHPUT: f64 = 0.6;
/// Turns of each side. The least of each counts, since other work only adds to it.
const TURNS: usize = 60;
const JOBS: usize = 300;
const AT_ONCE: usize = 16;
const INTERVAL: Duration = Duration::from_millis(5);

pub(crate) async fn throughput() -> Outcome<()> {
    let simulating = Simulating::start(0)?;
    let base: Arc<str> = simulating.base.as_str().into();
    let polling = Polling::every(INTERVAL);
    let client = Client::builder().api_base(&*base).token(TOKEN).polling(polling).build()?;
    let http = reqwest::Client::new();
    let (mut by_client, mut by_calls) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        by_calls = by_calls.min(time(|| bare(http.clone(), base.clone())).await?);
        by_client = by_client.min(time(|| ours(client.clone())).await?);
    }
    let each = |time: Duration| time / JOBS as u32;
    let throughput = by_calls.as_secs_f64() / by_client.as_secs_f64();
    println!(
        "{:.1?} of CPU time a job, {:.1?} by bare calls: {throughput:.3} of their throughput",
        each(by_client),
        each(by_calls)
    );
    if throughput < MIN_THROUGHPUT {
        return Err(format!("less than {MIN_THROUGHPUT}").into());
    }
    Ok(())
}

/// Returns the CPU time that a turn of jobs takes.
async fn time<F>(job: impl Fn() -> F) -> Outcome<Duration>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    let start = cpu_time();
    let jobs = (0..JOBS).map(|_| tokio::spawn(job()));
    // Spawned lazily, a fixed number at a time.
    let mut ended = futures_util::stream::iter(jobs).buffer_unordered(AT_ONCE);
    while let Some(job) = ended.next().await {
        job??;
    }
    Ok(cpu_time() - start)
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
