//! Programs on other machines, which are killed or stopped.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use runcomfy_ledger::{State, Step, StepOptions, Wait};
use runcomfy_simulator::{Call, Fault, Simulator};

use crate::place::Place;
use crate::support::{Child, QUICK, World, client, intent};

/// Environment variable of the child process: the API base, the job, the ledger.
const PROGRAM: &str = "RUNCOMFY_TEST_MACHINES";
/// The time after which a row is taken from an owner without a session.
const GRACE: Duration = Duration::from_secs(30);

/// Starts a program on another machine that sends this job. Its owners have another folder.
async fn sending(world: &World, test: &str) -> (Child, runcomfy_ledger::JobId) {
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    let told = format!("{} {} {}", world.simulator.api_base(), job.id, world.place.told());
    let elsewhere = world.folder.path().join("elsewhere").display().to_string();
    let child = Child::start_with(test, &[(PROGRAM, &told), ("XDG_STATE_HOME", &elsewhere)]);
    while world.simulator.ledger().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (child, job.id)
}

/// Runs in the child process: sends the job.
async fn program(told: &str) {
    let parts: Vec<&str> = told.splitn(3, ' ').collect();
    let [base, job, place] = parts.as_slice() else { unreachable!("three parts") };
    let ledger = Place::of(place).open().await.expect("it connects");
    let id = job.parse().expect("an id");
    ledger.run(&client(base), &id).await.expect("it runs");
    std::io::stdout().write_all(b"\ndone\n").expect("the parent reads");
}

async fn late_world(reply: Duration) -> World {
    let world = World::with(Simulator::builder().pace(QUICK)).await;
    world.simulator.script(Call::Submit, [Fault::LateReply(reply)]);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_a_machine_that_is_gone_is_unknown_within_a_minute() {
    if let Ok(told) = std::env::var(PROGRAM) {
        return program(&told).await;
    }
    let test = "machines::a_job_of_a_machine_that_is_gone_is_unknown_within_a_minute";
    let world = late_world(Duration::from_secs(90)).await;
    let start = Instant::now();
    let (child, id) = sending(&world, test).await;
    drop(child);
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    let step = world.ledger.step(&world.client, &id, &short).await.expect("it may be alive");
    assert!(matches!(step, Step::Later { reason: Wait::BeingSent, .. }), "{step:?}");
    // Another program that starts sees the same.
    assert_eq!(world.another().await.job(&id).await.expect("it is there").state, State::Sending);
    while let Step::Later { after, .. } =
        world.ledger.step(&world.client, &id, &short).await.expect("it can")
    {
        tokio::time::sleep(after).await;
    }
    let taken = start.elapsed();
    println!("unknown after {taken:?}");
    assert!(taken < GRACE * 2, "{taken:?}");
    assert_eq!(world.ledger.job(&id).await.expect("it is there").state, State::Unknown);
    assert_eq!(world.simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_stopped_for_long_keeps_its_job() {
    if let Ok(told) = std::env::var(PROGRAM) {
        return program(&told).await;
    }
    let test = "machines::a_program_that_is_stopped_for_long_keeps_its_job";
    let world = late_world(Duration::from_secs(2)).await;
    let (mut child, id) = sending(&world, test).await;
    let signal = |name: &str| {
        let pid = child.0.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("it runs").success());
    };
    signal("-STOP");
    let start = Instant::now();
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    while start.elapsed() < GRACE + Duration::from_secs(12) {
        let step = world.ledger.step(&world.client, &id, &short).await.expect("it can");
        assert!(matches!(step, Step::Later { reason: Wait::BeingSent, .. }), "{step:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    signal("-CONT");
    child.wait_for("done");
    let done = world.ledger.job(&id).await.expect("it is there");
    assert_eq!((done.state, done.attempts), (State::Succeeded, 1));
    assert_eq!(world.simulator.ledger().len(), 1);
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_comes_after_its_row_was_taken_wins() {
    if let Ok(told) = std::env::var(PROGRAM) {
        return program(&told).await;
    }
    let test = "machines::an_id_that_comes_after_its_row_was_taken_wins";
    let world = late_world(Duration::from_secs(6)).await;
    let (mut child, id) = sending(&world, test).await;
    // As if its session had been gone for long: another machine takes the row.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN job
            ON classid = ('x' || substr(owner, 1, 8))::bit(32)::bigint::oid
            AND objid = ('x' || substr(owner, 9, 8))::bit(32)::bigint::oid
        WHERE locktype = 'advisory' AND mode = 'ExclusiveLock';
        UPDATE job SET sent_at = sent_at - 40000";
    let mut taken = State::Sending;
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    while taken == State::Sending {
        world.place.execute(end).await;
        let _ = world.ledger.step(&world.client, &id, &short).await.expect("it can");
        taken = world.ledger.job(&id).await.expect("it is there").state;
    }
    assert_eq!(taken, State::Unknown);
    child.wait_for("done");
    let done = world.ledger.job(&id).await.expect("it is there");
    assert_eq!((done.state, done.attempts), (State::Succeeded, 1));
    let paid = world.simulator.ledger();
    assert_eq!(done.request_id.map(String::from), Some(paid[0].request_id.clone()));
    assert_eq!(paid.len(), 1);
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}
