//! The ledger test: a program submits jobs while every fifth call fails and the program is
//! killed again and again. At the end, its journal is compared with the accepted jobs.
//!
//! `RUNCOMFY_LEDGER` sets the number of jobs, of jobs in flight, and of kills: `10000,500,20`
//! in `.ci/long`.

mod journal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use runcomfy::client::{CancelOutcome, JobError, JobErrorReason, Polling, Raw, Retry, SubmitError};
use runcomfy::{Client, Job};
use runcomfy_simulator::{Accepted, Pace, Random, Simulator, State};
use serde_json::json;

use self::journal::{Entry, Journal};

const MODEL: &str = "minimax/Hailuo Video 01 Live";
/// Environment variable of the child process: the API base and the journal.
const PROGRAM: &str = "RUNCOMFY_TEST_LEDGER";
/// Environment variable of the child process: the sizes.
const SIZES: &str = "RUNCOMFY_LEDGER";
/// The events that settle an intent.
const ENDS: [&str; 5] = ["delivered", "failed", "cancelled", "not sent", "unknown"];

#[derive(Debug, Clone, Copy)]
struct Sizes {
    jobs: usize,
    in_flight: usize,
    kills: usize,
}

impl Sizes {
    fn of_environment() -> Self {
        let text = std::env::var(SIZES).unwrap_or_else(|_| "400,60,3".to_owned());
        let numbers: Vec<usize> =
            text.split(',').map(|number| number.trim().parse().expect("a number")).collect();
        let [jobs, in_flight, kills] = numbers.try_into().expect("three numbers");
        Self { jobs, in_flight, kills }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_is_paid_twice_or_lost_after_a_kill() {
    let sizes = Sizes::of_environment();
    if let Ok(told) = std::env::var(PROGRAM) {
        let (base, path) = told.split_once(' ').expect("it has two parts");
        return program(base, Path::new(path), sizes).await;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("journal");
    let random = Random::calls(0.2).with_jobs(0.2).with_seed(6);
    let random = random.with_max_pause(Duration::from_millis(40));
    let pace = Pace { queue: Duration::from_millis(60), run: Duration::from_millis(60) };
    let simulator = Simulator::builder().pace(pace).random(random);
    let simulator = simulator.start().await.expect("it starts");
    let start = Instant::now();
    let mut killed = 0;
    for run in 1..=sizes.kills {
        // Each run has its share of new jobs: a kill leaves some of them in flight, and never
        // uses up the jobs of later runs (attack L18).
        let share = Sizes { jobs: sizes.jobs * run / (sizes.kills + 1), ..sizes };
        let accepted = simulator.ledger().len();
        let fresh = share.jobs - sizes.jobs * (run - 1) / (sizes.kills + 1);
        let mut child = Killed(start_program(simulator.api_base(), &path, share));
        let ended = loop {
            assert!(start.elapsed() < Duration::from_secs(1200), "the program makes no progress");
            if let Some(ended) = child.0.try_wait().expect("it can be asked") {
                break Some(ended);
            }
            // Not all of them are accepted in the end.
            if simulator.ledger().len() >= accepted + fresh * 3 / 5 {
                break None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert!(ended.is_none_or(|ended| ended.success()), "the program failed: {ended:?}");
        killed += usize::from(ended.is_none());
    }
    assert!(killed * 10 >= sizes.kills * 9, "only {killed} of {} runs were killed", sizes.kills);
    let mut last = Killed(start_program(simulator.api_base(), &path, sizes));
    let ended = tokio::task::spawn_blocking(move || last.0.wait()).await.expect("it ends");
    assert!(ended.expect("it has ended").success(), "the program failed");
    let found = judge(&Journal::read(&path), &simulator.ledger(), sizes);
    println!("{sizes:?} in {:.1} s: {found:?}", start.elapsed().as_secs_f64());
    // Otherwise the test would prove nothing about them. A few jobs may miss one by chance.
    for end in ENDS.into_iter().filter(|_| sizes.jobs >= 300) {
        assert!(found.contains_key(end), "no intent ended as {end}: {found:?}");
    }
}

/// A child process that is killed if the test ends first.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_program(base: &str, path: &Path, sizes: Sizes) -> Child {
    let suite: PathBuf = std::env::current_exe().expect("it runs");
    let mut program = Command::new(suite);
    program.args(["--exact", "--nocapture"]);
    program.arg("ledger::no_job_is_paid_twice_or_lost_after_a_kill");
    program.env(PROGRAM, format!("{base} {}", path.display()));
    program.env(SIZES, format!("{},{},{}", sizes.jobs, sizes.in_flight, sizes.kills));
    program.stdout(Stdio::null()).spawn().expect("it runs")
}

/// Runs the child process: settles every intent of the journal, and then submits the rest.
async fn program(base: &str, path: &Path, sizes: Sizes) {
    let retry = Retry::default().with_initial_delay(Duration::from_millis(20));
    let polling = Polling::every(Duration::from_millis(50)).with_jitter(0.5);
    let client = Client::builder().api_base(base).token("any-token").retry(retry).polling(polling);
    let client =
        client.max_jobs_in_flight(sizes.in_flight).build().expect("the settings are valid");
    let before = Journal::read(path);
    let journal = Journal::open(path);
    let (client, journal, before) = (&client, &journal, &before);
    futures_util::stream::iter(0..sizes.jobs)
        .map(|number| async move {
            match before.get(&number) {
                None => submit(client, journal, number).await,
                Some(entry) => take_up(client, journal, number, entry).await,
            }
        })
        .buffer_unordered(sizes.in_flight)
        .collect::<Vec<()>>()
        .await;
}

/// Records the intent, submits, and records the outcome.
async fn submit(client: &Client, journal: &Journal, number: usize) {
    journal.write(number, "intent", None).await;
    let mut input = json!({
        "prompt": format!("{number}"), "image_url": "https://example.com/boat.png",
    });
    // RunComfy refuses some.
    if number % 23 == 5 {
        input["image_url"] = json!(7);
    }
    match client.raw().submit(MODEL, &input).await {
        Ok(job) => {
            journal.write(number, "submitted", Some(job.id().as_str())).await;
            if number.is_multiple_of(7) {
                cancel(&job).await;
            }
            settle(journal, number, &job).await;
        }
        Err(SubmitError::OutcomeUnknown { id: Some(id), .. }) => {
            journal.write(number, "submitted", Some(id.as_str())).await;
            settle(journal, number, &client.raw().job(id)).await;
        }
        Err(SubmitError::OutcomeUnknown { id: None, .. }) => {
            journal.write(number, "unknown", None).await;
        }
        Err(_) => journal.write(number, "not sent", None).await,
    }
}

/// Continues an intent of an earlier run, without a submit.
async fn take_up(client: &Client, journal: &Journal, number: usize, entry: &Entry) {
    if entry.words.iter().any(|word| ENDS.contains(&word.as_str())) {
        return;
    }
    match &entry.id {
        Some(id) => {
            let job = client.raw().job(id.parse().expect("it was an id"));
            settle(journal, number, &job).await;
        }
        // The earlier run was killed between the intent and the id.
        None => journal.write(number, "unknown", None).await,
    }
}

/// Cancels the job if that is still possible.
async fn cancel(job: &Job<Raw>) {
    match job.cancel().await {
        Ok(CancelOutcome::Cancelled) => {}
        Ok(other) => assert_eq!(other, CancelOutcome::NotCancellable),
        // The wait shows how the job ended.
        Err(error) => assert!(passes(&error), "{error}"),
    }
}

/// Waits until the job ends, and records how.
async fn settle(journal: &Journal, number: usize, job: &Job<Raw>) {
    let word = loop {
        match job.wait().await {
            Ok(_) => break "delivered",
            Err(JobError { reason: JobErrorReason::Failed(_), .. }) => break "failed",
            Err(JobError { reason: JobErrorReason::Cancelled, .. }) => break "cancelled",
            Err(error) => assert!(passes(&error), "{error}"),
        }
    };
    journal.write(number, word, None).await;
}

/// Returns `true` if another attempt may succeed.
fn passes(error: &JobError) -> bool {
    match &error.reason {
        JobErrorReason::Transport(_)
        | JobErrorReason::Unreadable { .. }
        | JobErrorReason::Deadline { .. } => true,
        JobErrorReason::Api(error) => {
            error.http_status >= 500 || error.http_status == 429 || error.code == Some(500_001)
        }
        _ => false,
    }
}

/// Compares the journal with the accepted jobs. Returns the number of intents by outcome.
fn judge(
    journal: &BTreeMap<usize, Entry>,
    ledger: &[Accepted],
    sizes: Sizes,
) -> BTreeMap<&'static str, usize> {
    let mut accepted = BTreeMap::<usize, Vec<&Accepted>>::new();
    for job in ledger {
        let input = job.input.as_ref().expect("it was kept");
        let number = input["prompt"].as_str().and_then(|text| text.parse().ok());
        accepted.entry(number.expect("it is one of ours")).or_default().push(job);
    }
    assert_eq!(journal.len(), sizes.jobs, "some intents were never recorded");
    let mut found = BTreeMap::new();
    let mut unnamed = 0;
    for (number, entry) in journal {
        let jobs = accepted.remove(number).unwrap_or_default();
        let context = format!("intent {number}, {entry:?}, accepted as {jobs:?}");
        assert_eq!(entry.intents, 1, "recorded more than once: {context}");
        assert!(jobs.len() <= 1, "accepted twice: {context}");
        let ends: Vec<&str> =
            ENDS.into_iter().filter(|end| entry.words.iter().any(|w| w == end)).collect();
        assert_eq!(ends.len(), 1, "it should end exactly once: {context}");
        let end = ends[0];
        *found.entry(end).or_default() += 1;
        let is_right = match (end, &entry.id, jobs.first()) {
            ("delivered", Some(id), Some(job)) => {
                job.request_id == *id && job.state == State::Succeeded
            }
            ("failed", Some(id), Some(job)) => job.request_id == *id && job.state == State::Failed,
            ("cancelled", Some(id), Some(job)) => {
                job.request_id == *id && job.state == State::Cancelled
            }
            ("not sent" | "unknown", None, None) => true,
            // Paid for, and the id is lost: the journal says that this is possible.
            ("unknown", None, Some(_)) => {
                unnamed += 1;
                true
            }
            _ => false,
        };
        assert!(is_right, "the journal is wrong: {context}");
    }
    assert_eq!(accepted.len(), 0, "accepted without an intent");
    found.insert("of the unknown, accepted", unnamed);
    found
}
