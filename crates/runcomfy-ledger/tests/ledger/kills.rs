//! The kill test: single runs of jobs are killed at random moments, while every fifth call fails.
//! At the end, the ledger is compared with the simulator's own.
//!
//! `RUNCOMFY_KILLS` sets the number of kills: 200 in `.ci/long`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runcomfy_ledger::{Error, Filter, Job, ProblemKind, State, StepOptions};
use runcomfy_simulator::{Accepted, Pace, Random, Simulator};

use crate::place::Place;
use crate::support::{Child, client, intent};

const TEST: &str = "kills::a_run_that_is_killed_pays_nothing_twice_and_loses_nothing";
/// Environment variable of the child process: the API base, the ledger, the number of the job.
const PROGRAM: &str = "RUNCOMFY_TEST_KILLS";
/// Environment variable with the number of kills.
const KILLS: &str = "RUNCOMFY_KILLS";
/// Runs at the same time.
const AT_ONCE: usize = 4;
/// A run takes at least about as long after it has begun, on a fast machine too.
const RUN: Duration = Duration::from_millis(120);
/// Attempts to finish a job after its run was killed.
const MAX_RUNS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_pays_nothing_twice_and_loses_nothing() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let parts: Vec<&str> = told.splitn(4, ' ').collect();
        let [base, number, out, place] = parts.as_slice() else { unreachable!("four parts") };
        return program(base, &Place::of(place), number, Path::new(out)).await;
    }
    let jobs: usize =
        std::env::var(KILLS).map_or(24, |text| text.trim().parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (place, out) = (Place::new(folder.path()), folder.path().join("out"));
    let random = Random::calls(0.2).with_jobs(0.2).with_seed(11);
    let random = random.with_max_pause(Duration::from_millis(60));
    let pace = Pace { queue: Duration::from_millis(30), run: Duration::from_millis(30) };
    let simulator = Simulator::builder().pace(pace).random(random);
    let price = "0.25".parse().expect("a price");
    let simulator = simulator.price(price).start().await.expect("it starts");
    let (next, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= jobs {
                        return;
                    }
                    let (base, out) = (simulator.api_base(), out.display());
                    let told = format!("{base} {number} {out} {}", place.told());
                    killed.fetch_add(kill_and_finish(&told), Ordering::Relaxed);
                }
            });
        }
    });
    let killed = killed.into_inner();
    assert!(killed * 10 >= jobs * 6, "only {killed} of {jobs} runs were killed");
    let ledger = place.open().await.expect("it opens");
    assert_eq!(ledger.check().await.expect("it can be checked"), []);
    let filter = Filter::default().count(u32::MAX);
    let rows = ledger.jobs(&filter).await.expect("it can be read");
    let found = judge(&rows, &simulator.ledger(), jobs);
    println!("{killed} kills of {jobs} runs: {found:?}");
    if jobs >= 150 {
        // Otherwise no kill came between the row and the id.
        assert!(found["interrupted"] > 0 && found["interrupted, accepted"] > 0, "{found:?}");
    }
}

/// Kills a run at a random moment, and lets the next ones finish the job. Returns the number of
/// kills.
fn kill_and_finish(told: &str) -> usize {
    let mut child = Child::start(TEST, PROGRAM, told);
    child.wait_for("begins");
    // More often early, when the job is being sent.
    std::thread::sleep(RUN.mul_f64(fastrand::f64().powi(2)));
    let was_killed = child.0.try_wait().expect("it can be asked").is_none();
    drop(child);
    for _ in 0..MAX_RUNS {
        let mut child = Child::start(TEST, PROGRAM, told);
        child.wait_for("begins");
        if child.0.wait().expect("it ends").success() {
            return usize::from(was_killed);
        }
    }
    unreachable!("{told} is never finished")
}

/// Runs in the child process: finds the job or writes it down, and runs it to its end.
async fn program(base: &str, place: &Place, number: &str, to: &Path) {
    let (mut out, out_line) = (std::io::stdout(), "\nbegins\n");
    out.write_all(out_line.as_bytes()).and_then(|()| out.flush()).expect("the parent reads");
    let client = client(base);
    let ledger = place.open().await.expect("it opens");
    let known = ledger.jobs(&Filter::default().count(u32::MAX)).await.expect("it can be read");
    let known = known.into_iter().find(|job| job.input["prompt"] == number);
    let job = match known {
        Some(job) => job,
        None => ledger.intend(intent(number)).await.expect("it is written"),
    };
    let options = StepOptions::new().deliver_into(to).wait_at_most(Duration::from_secs(20));
    for _ in 0..50 {
        match ledger.run_with(&client, &job.id, &options).await {
            Ok(_) => return,
            Err(Error::Unknown(_) | Error::Failed(_) | Error::Cancelled(_) | Error::Refused(_)) => {
                return;
            }
            Err(Error::NotSent { .. } | Error::Call { .. } | Error::Download { .. }) => {}
            Err(error) => unreachable!("{error:?}"),
        }
    }
    unreachable!("{job:?} never ends")
}

/// Compares the ledger with what was accepted. Returns the number of jobs by their end.
pub(crate) fn judge(
    rows: &[Job],
    ledger: &[Accepted],
    jobs: usize,
) -> BTreeMap<&'static str, usize> {
    let mut accepted = BTreeMap::<String, Vec<&Accepted>>::new();
    for job in ledger {
        let input = job.input.as_ref().expect("it was kept");
        let prompt = input["prompt"].as_str().expect("it is one of ours").to_owned();
        accepted.entry(prompt).or_default().push(job);
    }
    assert_eq!(rows.len(), jobs, "one row for each job");
    let mut found = BTreeMap::from([("interrupted", 0), ("interrupted, accepted", 0)]);
    for row in rows {
        let prompt = row.input["prompt"].as_str().expect("it is text");
        let paid = accepted.remove(prompt).unwrap_or_default();
        let context = format!("{row:?}, accepted as {paid:?}");
        assert!(paid.len() <= 1, "paid twice: {context}");
        let is_right = match (&row.request_id, paid.first()) {
            (Some(id), Some(paid)) => id.as_str() == paid.request_id && agrees(row, paid),
            (None, Some(_)) => row.state == State::Unknown,
            (Some(_), None) => false,
            (None, None) => matches!(row.state, State::Unknown | State::Refused),
        };
        assert!(is_right, "the ledger is wrong: {context}");
        *found.entry(row.state.as_str()).or_default() += 1;
        let is_interrupted =
            row.problem.as_ref().is_some_and(|it| it.kind == ProblemKind::Interrupted);
        if is_interrupted {
            *found.entry("interrupted").or_default() += 1;
            *found.entry("interrupted, accepted").or_default() += paid.len();
        }
    }
    assert!(accepted.is_empty(), "accepted without a row: {accepted:?}");
    found
}

/// Returns `true` if both say how the job ended, and what it cost.
fn agrees(row: &Job, paid: &Accepted) -> bool {
    let is_same = match row.state {
        State::Delivered => paid.state == runcomfy_simulator::State::Succeeded,
        State::Failed => paid.state == runcomfy_simulator::State::Failed,
        State::Cancelled => paid.state == runcomfy_simulator::State::Cancelled,
        _ => false,
    };
    let charged = runcomfy_ledger::Usd::from_dollars(paid.charged_usd).expect("it is money");
    // The simulator's ledger keeps the charge of a job that ends as cancelled by itself, whose
    // reported cost is zero.
    is_same && (row.state == State::Cancelled || row.cost.is_none_or(|cost| cost == charged))
}
