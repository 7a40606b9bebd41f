//! Several processes that use one ledger at once.

use std::io::Write;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use runcomfy_ledger::{Filter, Limits, State, StepOptions};
use runcomfy_simulator::{Accepted, Pace, Simulator};

use crate::place::Place;
use crate::support::{Child, World, client, intent};

const TEST: &str = "processes::processes_at_once_send_each_job_once_and_keep_the_limits";
/// Environment variable of the child process: the API base and the ledger.
const PROGRAM: &str = "RUNCOMFY_TEST_PROCESSES";
const PROCESSES: usize = 4;
const JOBS: usize = 40;
const IN_FLIGHT: u32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_at_once_send_each_job_once_and_keep_the_limits() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let (base, path) = told.split_once(' ').expect("it has two parts");
        return program(base, &Place::of(path)).await;
    }
    let pace = Pace { queue: Duration::from_millis(20), run: Duration::from_millis(20) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let limits = Limits::default().with_jobs_in_flight(IN_FLIGHT);
    world.ledger.set_limits(&limits).await.expect("it can");
    for number in 0..JOBS {
        world.ledger.intend(intent(&number.to_string())).await.expect("it is written");
    }
    let told = format!("{} {}", world.simulator.api_base(), world.place.told());
    let mut children: Vec<Child> =
        (0..PROCESSES).map(|_| Child::start(TEST, PROGRAM, &told)).collect();
    for child in &mut children {
        child.wait_for("done");
        assert!(child.0.wait().expect("it ends").success(), "a process failed");
    }
    let jobs = world.ledger.jobs(&Filter::default()).await.expect("it can be read");
    let mut sent: Vec<&str> = jobs
        .iter()
        .map(|job| {
            assert_eq!((job.state, job.attempts), (State::Succeeded, 1), "{job:?}");
            job.request_id.as_ref().expect("it has one").as_str()
        })
        .collect();
    let paid = world.simulator.ledger();
    let mut accepted: Vec<&str> = paid.iter().map(|job| &*job.request_id).collect();
    sent.sort();
    accepted.sort();
    assert_eq!(sent, accepted, "each job is paid once");
    assert_eq!(accepted.len(), JOBS);
    assert!(most_at_once(&paid) <= IN_FLIGHT as usize, "{}", most_at_once(&paid));
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

/// Runs in the child process: runs every job, many at once.
async fn program(base: &str, place: &Place) {
    let client = client(base);
    let ledger = place.open().await.expect("it opens");
    let jobs = ledger.jobs(&Filter::default()).await.expect("it can be read");
    let options = StepOptions::new().wait_at_most(Duration::from_secs(120));
    let (ledger, client, options) = (&ledger, &client, &options);
    futures_util::stream::iter(jobs)
        .for_each_concurrent(10, |job| async move {
            ledger.run_with(client, &job.id, options).await.expect("it runs");
        })
        .await;
    std::io::stdout().write_all(b"\ndone\n").expect("the parent reads");
}

/// Returns the largest number of jobs that were accepted and not finished at one time.
fn most_at_once(paid: &[Accepted]) -> usize {
    let end = |job: &Accepted| job.ended_at.unwrap_or(SystemTime::now());
    let at = |time: SystemTime| {
        paid.iter().filter(|job| job.accepted_at <= time && end(job) > time).count()
    };
    paid.iter().map(|job| at(job.accepted_at)).max().unwrap_or_default()
}
