//! `kill -9` at random moments of single runs: nothing is paid twice, and no accepted id is lost.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use runcomfy_simulator::{Accepted, Call, Fault, Pace, Random, Simulator};

use crate::support::Home;

/// Number of runs that are killed, unless `RCOMFY_KILLS` says another.
const KILLS: u64 = 12;
/// The time between the acceptance of a job and the reply.
const LATE: Duration = Duration::from_millis(600);
/// The longest time after which a run is killed, in milliseconds. It is done in less.
const MAX_MILLIS: u64 = 900;

#[tokio::test(flavor = "multi_thread")]
async fn killed_runs_are_never_paid_twice_or_lost() {
    let kills = std::env::var("RCOMFY_KILLS").ok().and_then(|kills| kills.parse().ok());
    let kills: u64 = kills.unwrap_or(KILLS);
    let pace = Pace { queue: Duration::ZERO, run: Duration::from_millis(50) };
    let simulator = Simulator::builder()
        .pace(pace)
        .random(Random::calls(0.2))
        .start()
        .await
        .expect("it starts");
    let home = Home::with(&simulator);
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for number in 0..kills {
        // Half of the submits are accepted long before the reply comes, so many kills hit a job
        // that is being sent.
        if number % 2 == 0 {
            simulator.script(Call::Submit, [Fault::LateReply(LATE)]);
        }
        let prompt = format!("boat {number}");
        let mut child = home
            .command(&["run", "flux-2-klein/4b", "--prompt", &prompt])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let moment = Duration::from_millis(random.u64(..MAX_MILLIS));
        tokio::time::sleep(moment).await;
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
    }
    // Whatever was on its way has arrived.
    tokio::time::sleep(Duration::from_millis(500)).await;
    simulator.clear_faults();
    settle(&home, &simulator, kills);
}

/// Compares both ledgers.
fn settle(home: &Home, simulator: &Simulator, kills: u64) {
    let limit = (kills * 2).to_string();
    let (code, envelope) = home.json(&["jobs", "--limit", &limit]);
    assert_eq!(code, 0);
    let jobs = envelope["data"]["jobs"].as_array().expect("jobs").clone();
    let accepted = simulator.ledger();

    let paid: Vec<&str> = accepted.iter().filter_map(prompt).collect();
    let distinct: BTreeSet<&str> = paid.iter().copied().collect();
    assert_eq!(paid.len(), distinct.len(), "an input was paid for twice: {paid:?}");

    let known: BTreeSet<&str> = jobs.iter().filter_map(|job| job["request_id"].as_str()).collect();
    let unknown = jobs.iter().filter(|job| job["state"] == "unknown").count();
    let lost: Vec<&str> = accepted
        .iter()
        .map(|job| job.request_id.as_str())
        .filter(|id| !known.contains(id))
        .collect();
    assert!(lost.len() <= unknown, "ids {lost:?} are lost, and only {unknown} jobs are unknown");

    for job in &jobs {
        let id = job["job"].as_str().expect("an id");
        let ended = home.run(&["jobs", "resume", id]);
        assert!([0, 3, 6, 9, 10, 11].contains(&ended.code), "{ended:?}");
    }
    let again: Vec<_> = simulator.ledger();
    let prompts: Vec<&str> = again.iter().filter_map(prompt).collect();
    let distinct: BTreeSet<&str> = prompts.iter().copied().collect();
    assert_eq!(prompts.len(), distinct.len(), "resuming paid twice: {prompts:?}");
}

fn prompt(job: &Accepted) -> Option<&str> {
    job.input.as_ref()?["prompt"].as_str()
}
