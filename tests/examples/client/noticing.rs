//! Time from the end of a job to the moment when a wait returns, and the polls until then.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use runcomfy::Client;
use runcomfy::client::Polling;
use tokio::time::sleep;

use crate::simulating::{Simulating, polls};
use crate::{MODEL, Outcome, TOKEN, input};

/// Jobs per row, begun at different times within a second and a half.
const JOBS: u32 = 40;
const SPREAD: Duration = Duration::from_millis(1500);
/// Part of a job's time in the queue.
const QUEUED: f64 = 0.2;
/// Jobs of a row take up to so many seconds more or less: a fixed interval that happens to divide
/// their time would notice them at once.
const MORE_OR_LESS: f64 = 1.0;
/// Shares no factor with the number of jobs, so that each has another length.
const STRIDE: u32 = 17;
/// Time that a busy machine may add to each step of a job, beyond the limits.
const ALLOWANCE: f64 = 0.3;

/// The mean seconds of a job, and the limits: time and polls of a model that is not known yet, and of
/// one that is. The tests of `durations` hold the same ones on a virtual clock, without an allowance.
const LENGTHS: [(f64, Limits, Limits); 3] = [
    (5.0, Limits { late: 0.5, polls: 10.0 }, LEARNED),
    (30.0, Limits { late: 1.7, polls: 25.0 }, LEARNED),
    (90.0, Limits { late: 3.0, polls: 45.0 }, LEARNED),
];
const LEARNED: Limits = Limits { late: 0.5, polls: 15.0 };

#[derive(Clone, Copy)]
struct Limits {
    late: f64,
    polls: f64,
}

/// The polling of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    Unknown,
    Learned,
    Every2s,
    Every500ms,
}

/// Waits for jobs of several lengths, with our polling and that of peers.
pub(crate) async fn noticing() -> Outcome<()> {
    let rows = [Row::Unknown, Row::Learned, Row::Every2s, Row::Every500ms];
    let all = LENGTHS.iter().flat_map(|length| rows.map(|row| measure(length.0, row)));
    let found = join_all(all).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    println!(
        "| a job of | not known yet | known | every 2 s (RunComfy's CLI) | every 0.5 s (fal-js) |"
    );
    println!("| --- | --- | --- | --- | --- |");
    let mut missed = 0;
    for ((seconds, unknown, learned), found) in LENGTHS.iter().zip(found.chunks(rows.len())) {
        let cells: Vec<String> = found
            .iter()
            .map(|found| format!("{:.2} s, {:.1} polls", found.late, found.polls))
            .collect();
        println!("| {seconds} s | {} |", cells.join(" | "));
        for (found, limits) in found.iter().zip([unknown, learned]) {
            let is_late = found.late > limits.late + ALLOWANCE;
            missed += u32::from(is_late || found.polls > limits.polls);
        }
    }
    if missed > 0 { Err(format!("{missed} limits missed").into()) } else { Ok(()) }
}

/// Returns the mean time and polls of a row.
async fn measure(seconds: f64, row: Row) -> Outcome<Limits> {
    let simulating = Simulating::start(0)?;
    let polling = match row {
        Row::Unknown | Row::Learned => Polling::default(),
        Row::Every2s => Polling::every(Duration::from_secs(2)),
        Row::Every500ms => Polling::every(Duration::from_millis(500)),
    };
    let settings =
        || Client::builder().api_base(&simulating.base).token(TOKEN).polling(polling).build();
    let client = settings()?;
    if row == Row::Learned {
        let taught = (0..JOBS).step_by(5);
        let taught = taught.map(|index| follow(&simulating, client.clone(), seconds, index));
        join_all(taught).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    let before = polls(&simulating.traffic().await?);
    let following = (0..JOBS).map(async |index| {
        // A client of its own has seen no other job.
        let client = if row == Row::Unknown { settings()? } else { client.clone() };
        follow(&simulating, client, seconds, index).await
    });
    let late = join_all(following).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let polls = polls(&simulating.traffic().await?) - before;
    Ok(Limits {
        late: late.iter().sum::<f64>() / f64::from(JOBS),
        polls: polls as f64 / f64::from(JOBS),
    })
}

/// Submits a job and waits for it. Returns how many seconds after its end the wait returned.
async fn follow(simulating: &Simulating, client: Client, mean: f64, index: u32) -> Outcome<f64> {
    sleep(SPREAD * index / JOBS).await;
    let part = (f64::from(index * STRIDE % JOBS) + 0.5) / f64::from(JOBS);
    let seconds = mean + MORE_OR_LESS * (2.0 * part - 1.0);
    let job = {
        let _turn = simulating.turn.lock().await;
        simulating.script_pace(seconds * QUEUED, seconds * (1.0 - QUEUED)).await?;
        client.raw().submit(MODEL, &input()).await?
    };
    let accepted = Instant::now();
    job.wait().await?;
    Ok(accepted.elapsed().as_secs_f64() - seconds)
}
