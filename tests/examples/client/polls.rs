//! CPU time of a poll, beside bare calls at the same rate.

use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::simulating::{Simulating, polls};
use crate::{CALLS_AT_ONCE, CALLS_PER_SECOND, Outcome, TOKEN, submit};

/// Maximum CPU time of a poll, as a multiple of a bare call's at the same rate.
const MAX_RATIO: f64 = 1.6;
/// Time that is measured, in turns.
const TURN: Duration = Duration::from_secs(5);
const TURNS: u32 = 4;

/// Returns the CPU time of this process.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Many jobs wait under a rate limit.
pub(crate) async fn polls_of(jobs: usize) -> Outcome<()> {
    let simulating = Simulating::start(3600)?;
    let client = Client::builder()
        .api_base(&simulating.base)
        .token(TOKEN)
        .max_concurrent_requests(CALLS_AT_ONCE)
        .max_requests_per_second(CALLS_PER_SECOND)
        .build()?;
    let submitting = Client::builder().api_base(&simulating.base).token(TOKEN).build()?;
    let submitted = submit(&submitting, jobs).await?;
    let urls: Arc<[String]> = submitted
        .iter()
        .map(|job| format!("{}/requests/{}/status", simulating.base, job.id()))
        .collect();
    let http = reqwest::Client::new();
    let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..TURNS {
        bare += cpu_per_poll(&simulating, async || {
            let looping = tokio::spawn(bare_polls(http.clone(), urls.clone()));
            sleep(TURN / 5).await;
            move || looping.abort()
        })
        .await?;
        ours += cpu_per_poll(&simulating, async || {
            let waiting: Vec<_> = submitted
                .iter()
                .map(|job| client.raw().job(job.id().clone()))
                .map(|job| tokio::spawn(async move { job.wait().await.is_ok() }))
                .collect();
            sleep(TURN / 5).await;
            move || waiting.iter().for_each(tokio::task::JoinHandle::abort)
        })
        .await?;
    }
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!(
        "{jobs} waiting jobs: {:.1?} of CPU time a poll, {:.1?} by bare calls at the same rate: {ratio:.2}",
        ours / TURNS,
        bare / TURNS
    );
    if ratio > MAX_RATIO { Err(format!("more than {MAX_RATIO}").into()) } else { Ok(()) }
}

/// Starts polling, and returns the CPU time per poll once it runs steadily.
async fn cpu_per_poll<S: FnOnce()>(
    simulating: &Simulating,
    start: impl AsyncFn() -> S,
) -> Outcome<Duration> {
    let stop = start().await;
    let (before, cpu_before) = (polls(&simulating.traffic().await?), cpu_time());
    sleep(TURN).await;
    let (cpu, after) = (cpu_time() - cpu_before, polls(&simulating.traffic().await?));
    stop();
    sleep(TURN / 5).await;
    let count = u32::try_from(after - before)?;
    println!("{count} polls, {:.1?} each", cpu / count.max(1));
    Ok(cpu / count.max(1))
}

/// Polls one job after another at the rate of the client, without any check.
async fn bare_polls(http: reqwest::Client, urls: Arc<[String]>) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / CALLS_PER_SECOND));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for index in (0..urls.len()).cycle() {
        ticks.tick().await;
        let request = http.get(&urls[index]).bearer_auth(TOKEN);
        tokio::spawn(async move { request.send().await?.json::<Value>().await });
    }
}
