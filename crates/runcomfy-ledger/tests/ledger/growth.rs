//! The speed of a batch, its memory and the size of its file, and how they grow.
//!
//! `RUNCOMFY_BATCH_SCALE` sets the number of jobs: 100,000 in `.ci/long`.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runcomfy_ledger::{BatchOptions, Ledger};
use runcomfy_simulator::{Pace, Simulator};

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
        let (base, path) = told.split_once(' ').expect("it has two parts");
        return program(base, Path::new(path)).await;
    }
    let jobs = std::env::var(SIZE).map_or(300, |text| text.trim().parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
    let simulator = Simulator::builder().pace(pace).start().await.expect("it starts");
    let ledger = Ledger::open(&path).await.expect("it opens");
    let batch = ledger.create_batch("boats").await.expect("it is new");
    let start = Instant::now();
    let lines = (0..jobs).map(|number| intent(&format!("boat {number}")));
    batch.add(lines).await.expect("the lines are good");
    println!("{jobs} lines added in {:.1} s", start.elapsed().as_secs_f64());
    ledger.close().await;
    let told = format!("{} {}", simulator.api_base(), path.display());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = Child::start(TEST, PROGRAM, &told);
        child.wait_for("done");
        child.0.wait().expect("it ends").success()
    });
    assert!(ended.await.expect("it ends"), "the run failed");
    let bytes = std::fs::metadata(&path).expect("it is there").len();
    println!("the file has {} MiB, {} bytes a job", bytes >> 20, bytes / jobs as u64);
    assert_eq!(simulator.ledger().len(), jobs);
}

/// Runs in the child process: runs the batch, and reports each tenth of it.
async fn program(base: &str, path: &Path) {
    let ledger = Ledger::open(path).await.expect("it opens");
    let batch = ledger.find_batch("boats").await.expect("it is there");
    let jobs = usize::try_from(batch.status().await.expect("it can be read").lines).expect("few");
    let tenths: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let (done, seen) = (AtomicUsize::new(0), tenths.clone());
    let start = Instant::now();
    let options = BatchOptions::new().on_job(move |_| {
        if (done.fetch_add(1, Ordering::Relaxed) + 1) % (jobs / 10) == 0 {
            seen.lock().expect("nobody panics").push(Instant::now());
        }
    });
    let status = batch.run(&client(base), &options).await.expect("it runs");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(status.succeeded(), jobs as u64);
    let tenths = tenths.lock().expect("nobody panics").clone();
    let times: Vec<f64> = [start]
        .iter()
        .chain(&tenths)
        .zip(&tenths)
        .map(|(from, to)| to.duration_since(*from).as_secs_f64())
        .collect();
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let mut out = std::io::stdout();
    let shown: Vec<String> = times.iter().map(|time| format!("{time:.1}")).collect();
    let report = format!(
        "{jobs} jobs in {seconds:.1} s, {:.0} a second; seconds of each tenth: {}; {memory}",
        jobs as f64 / seconds,
        shown.join(" ")
    );
    std::io::stderr().write_all(format!("{report}\n").as_bytes()).expect("somebody reads");
    if jobs >= ENOUGH {
        // The first tenth begins with filling the queue.
        assert!(times[9] <= times[1] * 1.1, "the last tenth is slower: {times:?}");
    }
    out.write_all(b"\ndone\n").expect("the parent reads");
}
