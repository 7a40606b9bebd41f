//! The speed of a batch, its memory and the size of its database, and how they grow.
//!
//! `RUNCOMFY_BATCH_SCALE` sets the number of jobs: 100,000 on SQLite in `.ci/long`, and 1,000,000 on
//! PostgreSQL.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runcomfy_ledger::BatchOptions;
use runcomfy_simulator::{Pace, Simulator};

use crate::place::Place;
use crate::support::{Child, client, intent};

const TEST: &str = "growth::the_last_tenth_of_a_batch_is_as_fast_as_the_first";
/// Environment variable of the child process: the API base and the ledger.
const PROGRAM: &str = "RUNCOMFY_TEST_SCALE";
/// Environment variable with the number of jobs.
const SIZE: &str = "RUNCOMFY_BATCH_SCALE";
/// Number of jobs from which on the speed is asserted: fewer are done too soon.
const ENOUGH: usize = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_tenth_of_a_batch_is_as_fast_as_the_first() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let (base, place) = told.split_once(' ').expect("it has two parts");
        return program(base, &Place::of(place)).await;
    }
    let jobs = std::env::var(SIZE).map_or(300, |text| text.trim().parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let place = Place::new(folder.path());
    let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
    let simulator = Simulator::builder().pace(pace).start().await.expect("it starts");
    let ledger = place.open().await.expect("it opens");
    let batch = ledger.create_batch("boats").await.expect("it is new");
    let start = Instant::now();
    let lines = (0..jobs).map(|number| intent(&format!("boat {number}")));
    batch.add(lines).await.expect("the lines are good");
    let seconds = start.elapsed().as_secs_f64();
    println!("{jobs} lines added in {seconds:.1} s, {:.0} a second", jobs as f64 / seconds);
    println!("{} bytes a line", place.bytes().await / jobs as u64);
    ledger.close().await;
    let told = format!("{} {}", simulator.api_base(), place.told());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = Child::start(TEST, PROGRAM, &told);
        child.wait_for("done");
        child.0.wait().expect("it ends").success()
    });
    assert!(ended.await.expect("it ends"), "the run failed");
    assert_eq!(simulator.ledger().len(), jobs);
}

/// The end of a tenth: the time, and the resident memory of this process in KiB.
struct Tenth {
    end: Instant,
    memory: u64,
}

/// Runs in the child process: runs the batch, and reports each tenth of it.
async fn program(base: &str, place: &Place) {
    let ledger = place.open().await.expect("it opens");
    let batch = ledger.find_batch("boats").await.expect("it is there");
    let jobs = usize::try_from(batch.status().await.expect("it can be read").lines).expect("few");
    let tenths: Arc<Mutex<Vec<Tenth>>> = Arc::default();
    let (done, seen) = (AtomicUsize::new(0), tenths.clone());
    let start = Instant::now();
    let options = BatchOptions::new().on_job(move |_| {
        if (done.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(jobs / 10) {
            let tenth = Tenth { end: Instant::now(), memory: memory("VmRSS") };
            seen.lock().expect("nobody panics").push(tenth);
        }
    });
    let status = batch.run(&client(base), &options).await.expect("it runs");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(status.succeeded(), jobs as u64);
    let bytes = place.bytes().await;
    let tenths = tenths.lock().expect("nobody panics");
    let ends: Vec<Instant> = tenths.iter().map(|tenth| tenth.end).collect();
    let times: Vec<f64> = [start]
        .iter()
        .chain(&ends)
        .zip(&ends)
        .map(|(from, to)| to.duration_since(*from).as_secs_f64())
        .collect();
    let shown: Vec<String> = times.iter().map(|time| format!("{time:.1}")).collect();
    let resident: Vec<String> =
        tenths.iter().map(|tenth| (tenth.memory >> 10).to_string()).collect();
    let report = format!(
        "{jobs} jobs in {seconds:.1} s, {:.0} a second\nseconds of each tenth: {}\nresident MiB \
         after each tenth: {}, at most {}\n{} bytes a job in the database\n",
        jobs as f64 / seconds,
        shown.join(" "),
        resident.join(" "),
        memory("VmHWM") >> 10,
        bytes / jobs as u64,
    );
    std::io::stderr().write_all(report.as_bytes()).expect("somebody reads");
    if jobs >= ENOUGH {
        // The first tenth begins with filling the queue.
        assert!(times[9] <= times[1] * 1.1, "the last tenth is slower: {times:?}");
    }
    std::io::stdout().write_all(b"\ndone\n").expect("the parent reads");
}

/// Returns a number of KiB that the system says about this process, or 0 where it says none.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}
