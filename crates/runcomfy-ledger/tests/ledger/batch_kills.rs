//! The kill test of batches: a run is killed at random moments, while every fifth call and job
//! fails, and started again until the batch is settled. At the end, the ledger is compared with the
//! simulator's own.
//!
//! `RUNCOMFY_BATCH_KILLS` sets the number of kills and of jobs: `50,500` in `.ci/long`.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use runcomfy_ledger::{BatchOptions, State};
use runcomfy_simulator::{Pace, Random, Simulator};

use crate::kills::judge;
use crate::place::Place;
use crate::support::{Child, client, intent};

const TEST: &str = "batch_kills::a_batch_that_is_killed_pays_nothing_twice_and_loses_nothing";
/// Environment variable of the child process: the API base and the ledger.
const PROGRAM: &str = "RUNCOMFY_TEST_BATCH_KILLS";
/// Environment variable with the number of kills and of jobs.
const SIZE: &str = "RUNCOMFY_BATCH_KILLS";
/// The longest time for which a run lives, in milliseconds.
const MAX_MILLIS: u64 = 600;
/// Jobs that a run works on at once: few, to be killed often before all are done.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_killed_pays_nothing_twice_and_loses_nothing() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let parts: Vec<&str> = told.splitn(3, ' ').collect();
        let [base, out, place] = parts.as_slice() else { unreachable!("three parts") };
        return program(base, &Place::of(place), Path::new(out)).await;
    }
    let size = std::env::var(SIZE).unwrap_or_else(|_| "6,60".to_owned());
    let (kills, jobs) = size.split_once(',').expect("two numbers");
    let (kills, jobs): (usize, usize) =
        (kills.parse().expect("a number"), jobs.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let place = Place::new(folder.path());
    let random = Random::calls(0.2).with_jobs(0.2).with_seed(7);
    let random = random.with_max_pause(Duration::from_millis(60));
    let pace = Pace { queue: Duration::from_millis(40), run: Duration::from_millis(40) };
    let simulator = Simulator::builder().pace(pace).random(random);
    let price = "0.25".parse().expect("a price");
    let simulator = simulator.price(price).start().await.expect("it starts");
    let ledger = place.open().await.expect("it opens");
    let batch = ledger.create_batch("boats").await.expect("it is new");
    let lines = (0..jobs).map(|number| intent(&format!("boat {number}")));
    batch.add(lines).await.expect("the lines are good");
    ledger.close().await;

    let out = folder.path().join("out");
    let told = format!("{} {} {}", simulator.api_base(), out.display(), place.told());
    let killed = tokio::task::spawn_blocking(move || kill_and_finish(&told, kills));
    let killed = killed.await.expect("it ends");
    assert_eq!(killed, kills, "the batch was done before it was killed so often");
    let ledger = place.open().await.expect("it opens");
    assert_eq!(ledger.check().await.expect("it can be checked"), []);
    let batch = ledger.find_batch("boats").await.expect("it is there");
    let rows = batch.jobs(0, u32::MAX).await.expect("it can be read");
    let found = judge(&rows, &simulator.ledger(), jobs);
    println!("{killed} kills of a batch of {jobs}: {found:?}");
    assert!(found.get(State::Delivered.as_str()).is_some_and(|done| *done > jobs / 4), "{found:?}");
}

/// Kills runs at random moments, and lets the last one finish. Returns the number of kills.
fn kill_and_finish(told: &str, kills: usize) -> usize {
    let mut killed = 0;
    for _ in 0..kills {
        let mut child = Child::start(TEST, PROGRAM, told);
        child.wait_for("begins");
        std::thread::sleep(Duration::from_millis(fastrand::u64(..MAX_MILLIS)));
        killed += usize::from(child.0.try_wait().expect("it can be asked").is_none());
        drop(child);
    }
    let mut child = Child::start(TEST, PROGRAM, told);
    assert!(child.0.wait().expect("it ends").success(), "the last run failed");
    killed
}

/// Runs in the child process: runs the batch to its end.
async fn program(base: &str, place: &Place, to: &Path) {
    let ledger = place.open().await.expect("it opens");
    let batch = ledger.find_batch("boats").await.expect("it is there");
    let (mut out, line) = (std::io::stdout(), "\nbegins\n");
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the parent reads");
    let options = BatchOptions::new().at_once(AT_ONCE).deliver_into(to);
    let status = batch.run(&client(base), &options).await.expect("it runs");
    assert!(status.is_settled(), "{status:?}");
}
