//! Memory and connections of many waiting jobs.

use std::time::{Duration, Instant};

use runcomfy::Client;
use serde_json::json;

use crate::simulating::{Simulating, polls};
use crate::{CALLS_AT_ONCE, CALLS_PER_SECOND, Outcome, TOKEN, submit};

/// Maximum memory per waiting job, in bytes.
const MAX_BYTES_PER_JOB: u64 = 16 * 1024;

/// Returns the resident memory of this process, in bytes.
fn resident() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

pub(crate) async fn memory(jobs: usize) -> Outcome<()> {
    let simulating = Simulating::start(3600)?;
    let client = Client::builder()
        .api_base(&simulating.base)
        .token(TOKEN)
        .max_concurrent_requests(CALLS_AT_ONCE)
        .max_requests_per_second(CALLS_PER_SECOND)
        .build()?;
    // The memory of a client without jobs, connections included.
    submit(&client, CALLS_AT_ONCE * 2).await?;
    let before = resident()?;
    let taken = submit(&client, jobs).await?;
    let (calls_before, start) = (polls(&simulating.traffic().await?), Instant::now());
    let waiting: Vec<_> =
        taken.into_iter().map(|job| tokio::spawn(async move { job.wait().await })).collect();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let after = resident()?;
    let traffic = simulating.traffic().await?;
    let pace = (polls(&traffic) - calls_before) as f64 / start.elapsed().as_secs_f64();
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
