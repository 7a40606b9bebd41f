//! A batch next to a plain loop that submits, polls and downloads: each is killed once and started
//! again. The loop leaves out inputs whose file is there, which is as much as it can know.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::client::DownloadOptions;
use runcomfy_ledger::{BatchOptions, Ledger};
use runcomfy_simulator::{Pace, Simulator};

use crate::support::{Child, MODEL, client, input, intent};

const TEST: &str = "loops::a_plain_loop_that_is_killed_pays_twice_and_a_batch_does_not";
/// Environment variable of the child process: the program, the API base and the folder.
const PROGRAM: &str = "RUNCOMFY_TEST_PLAIN_LOOP";
const JOBS: usize = 60;
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_loop_that_is_killed_pays_twice_and_a_batch_does_not() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let parts: Vec<&str> = told.splitn(3, ' ').collect();
        return match parts.as_slice() {
            ["loop", base, folder] => plain_loop(base, Path::new(folder)).await,
            [_, base, folder] => batch(base, Path::new(folder)).await,
            _ => unreachable!("three parts"),
        };
    }
    let (loop_paid, loop_extra) = killed_once("loop").await;
    let (paid, extra) = killed_once("batch").await;
    println!(
        "{JOBS} jobs, killed once: the loop paid for {loop_paid} and lost {loop_extra} of them; \
         the batch paid for {paid} and lost {extra}"
    );
    assert!(loop_extra > 0, "the loop was not killed while jobs were running");
    assert_eq!(extra, 0);
}

/// Runs a program, kills it while jobs run, and lets it finish. Returns the number of jobs that
/// were paid for, and how many of them are a second time for the same input: their first result is
/// lost.
async fn killed_once(program: &str) -> (usize, usize) {
    let pace = Pace { queue: Duration::from_millis(100), run: Duration::from_millis(100) };
    let simulator = Simulator::builder().pace(pace).start().await.expect("it starts");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let told = format!("{program} {} {}", simulator.api_base(), folder.path().display());
    let mut child = Child::start(TEST, PROGRAM, &told);
    child.wait_for("begins");
    while simulator.ledger().len() < JOBS / 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // All submits have their outcome.
    tokio::time::sleep(Duration::from_millis(60)).await;
    drop(child);
    let mut child = Child::start(TEST, PROGRAM, &told);
    let ended = tokio::task::spawn_blocking(move || child.0.wait().expect("it ends").success());
    assert!(ended.await.expect("it ends"), "{program} failed");
    let mut times = BTreeMap::new();
    for job in simulator.ledger() {
        let prompt = job.input.expect("it is short")["prompt"].to_string();
        *times.entry(prompt).or_insert(0_usize) += 1;
    }
    // A job that was being sent is unknown, and a person looks for it.
    let unknown = unknown(&folder.path().join("ledger.db")).await;
    println!("{program}: {unknown} unknown");
    assert!(times.len() + unknown >= JOBS, "{} inputs of {JOBS}", times.len());
    (times.values().sum(), times.values().map(|paid| paid - 1).sum())
}

/// Returns the number of jobs with an unknown outcome.
async fn unknown(ledger: &Path) -> usize {
    if !ledger.exists() {
        return 0;
    }
    let ledger = Ledger::open(ledger).await.expect("it opens");
    let batch = ledger.find_batch("boats").await.expect("it is there");
    let status = batch.status().await.expect("it can be read");
    usize::try_from(status.unknown()).expect("few")
}

fn begins() {
    let (mut out, line) = (std::io::stdout(), "\nbegins\n");
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the parent reads");
}

async fn plain_loop(base: &str, folder: &Path) {
    let client = client(base);
    begins();
    futures_util::stream::iter(0..JOBS)
        .for_each_concurrent(AT_ONCE, |number| {
            let (client, path) = (client.clone(), folder.join(format!("{number}.mp4")));
            async move {
                if path.exists() {
                    return;
                }
                let body = input(&format!("boat {number}"));
                let job = client.raw().submit(MODEL, &body).await.expect("it is accepted");
                let completed = job.wait().await.expect("it succeeds");
                let to = DownloadOptions::to_file(path);
                client.download(&completed, &to).await.expect("it is saved");
            }
        })
        .await;
}

async fn batch(base: &str, folder: &Path) {
    let ledger = Ledger::open(folder.join("ledger.db")).await.expect("it opens");
    let batch = match ledger.find_batch("boats").await {
        Ok(batch) => batch,
        Err(_) => ledger.create_batch("boats").await.expect("it is new"),
    };
    if batch.status().await.expect("it can be read").lines == 0 {
        let lines = (0..JOBS).map(|number| intent(&format!("boat {number}")));
        batch.add(lines).await.expect("the lines are good");
    }
    begins();
    let options = BatchOptions::new().at_once(AT_ONCE).deliver_into(folder);
    batch.run(&client(base), &options).await.expect("it runs");
}
