//! A batch next to a plain loop that submits, polls and downloads, while every fifth call and job
//! fails: each is killed once and started again. The loop leaves out inputs whose file is there, which
//! is as much as it can know, and skips an input at the first error.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::Client;
use runcomfy::client::{DownloadOptions, Polling, Retry};
use runcomfy_ledger::{BatchOptions, Ledger};
use runcomfy_simulator::{Accepted, Pace, Random, Simulator, State};

use crate::kills::judge;
use crate::support::{Child, MODEL, client, input, intent};

const TEST: &str = "loops::a_plain_loop_that_is_killed_pays_twice_and_a_batch_does_not";
/// Environment variable of the child process: the program, the API base and the folder.
const PROGRAM: &str = "RUNCOMFY_TEST_PLAIN_LOOP";
const JOBS: usize = 60;
const AT_ONCE: usize = 8;

/// The money and the results of a program, by the simulator's own ledger.
#[derive(Debug)]
struct Outcome {
    /// Number of jobs that were paid for.
    paid: usize,
    /// Number of those whose input had been paid for before, in a job that succeeded or still ran.
    twice: usize,
    /// Number of jobs that succeeded and whose result is not saved.
    lost: usize,
    /// Number of results that are saved.
    saved: usize,
    /// Number of jobs whose outcome the program knows to be unknown.
    unknown: usize,
}

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
    let plain = killed_once("loop").await;
    let ours = killed_once("batch").await;
    println!("{JOBS} inputs, killed once\nthe loop: {plain:?}\nthe batch: {ours:?}");
    assert!(plain.twice > 0 && plain.lost > 0, "the loop was not killed while jobs were running");
    assert!(plain.paid >= plain.saved + plain.lost && ours.paid <= JOBS, "{plain:?}, {ours:?}");
    // A job of an unknown outcome may have succeeded: a person finds its id.
    assert!(ours.twice == 0 && ours.lost <= ours.unknown && ours.saved > 0, "{ours:?}");
}

/// Runs a program, kills it while jobs run, and lets it finish.
async fn killed_once(program: &str) -> Outcome {
    let random = Random::calls(0.2).with_jobs(0.2).with_seed(11);
    let random = random.with_max_pause(Duration::from_millis(60));
    let pace = Pace { queue: Duration::from_millis(100), run: Duration::from_millis(100) };
    let simulator = Simulator::builder().pace(pace).random(random);
    let price = "0.25".parse().expect("a price");
    let simulator = simulator.price(price).start().await.expect("it starts");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let told = format!("{program} {} {}", simulator.api_base(), folder.path().display());
    let mut child = Child::start(TEST, PROGRAM, &told);
    child.wait_for("begins");
    while simulator.ledger().len() < JOBS / 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(child);
    let mut child = Child::start(TEST, PROGRAM, &told);
    let ended = tokio::task::spawn_blocking(move || child.0.wait().expect("it ends").success());
    assert!(ended.await.expect("it ends"), "{program} failed");
    // Jobs that nobody waits for end too.
    tokio::time::sleep(pace.queue + pace.run).await;
    let paid = simulator.ledger();
    let files = std::fs::read_dir(folder.path().join("out")).expect("it is there");
    // A download that was killed leaves an unfinished file behind, whose name begins with a dot.
    let names = files.map(|file| file.expect("it can be read").file_name().into_encoded_bytes());
    let saved = names.filter(|name| !name.starts_with(b".")).count();
    let unknown = unknown(&folder.path().join("ledger.db"), &paid).await;
    let succeeded = paid.iter().filter(|job| job.state == State::Succeeded).count();
    let (lost, twice) = (succeeded - saved, twice(&paid));
    Outcome { paid: paid.len(), twice, lost, saved, unknown }
}

/// Returns the number of jobs whose input had been paid for in a job that did not fail.
fn twice(paid: &[Accepted]) -> usize {
    let mut good = BTreeMap::<String, usize>::new();
    for job in paid.iter().filter(|job| job.state == State::Succeeded) {
        let prompt = job.input.as_ref().expect("it is short")["prompt"].to_string();
        *good.entry(prompt).or_default() += 1;
    }
    good.values().map(|paid| paid - 1).sum()
}

/// Returns the number of jobs with an unknown outcome, after the ledger was compared with what was
/// paid for.
async fn unknown(ledger: &Path, paid: &[Accepted]) -> usize {
    if !ledger.exists() {
        return 0;
    }
    let ledger = Ledger::open(ledger).await.expect("it opens");
    let batch = ledger.find_batch("boats").await.expect("it is there");
    judge(&batch.jobs(0, u32::MAX).await.expect("it can be read"), paid, JOBS);
    let status = batch.status().await.expect("it can be read");
    usize::try_from(status.unknown()).expect("few")
}

fn begins() {
    let (mut out, line) = (std::io::stdout(), "\nbegins\n");
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the parent reads");
}

async fn plain_loop(base: &str, folder: &Path) {
    let polling = Polling::every(Duration::from_millis(10));
    let client = Client::builder().api_base(base).token("any-token").polling(polling);
    let client = client.retry(Retry::never()).build().expect("the settings are valid");
    let out = folder.join("out");
    std::fs::create_dir_all(&out).expect("a folder can be made");
    begins();
    futures_util::stream::iter(0..JOBS)
        .for_each_concurrent(AT_ONCE, |number| {
            let (client, path) = (client.clone(), out.join(format!("{number}.mp4")));
            async move {
                let body = input(&format!("boat {number}"));
                if path.exists() {
                    return;
                }
                let Ok(job) = client.raw().submit(MODEL, &body).await else { return };
                let Ok(completed) = job.wait().await else { return };
                let _ = client.download(&completed, &DownloadOptions::to_file(path)).await;
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
    let options = BatchOptions::new().at_once(AT_ONCE).deliver_into(folder.join("out"));
    batch.run(&client(base), &options).await.expect("it runs");
}
