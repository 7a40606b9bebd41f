//! Transactions at the same time, from several ledgers.

use std::time::Duration;

use runcomfy_ledger::{Error, Ledger, Limits, Price, Step, StepOptions};
use runcomfy_simulator::{Pace, Simulator};

use crate::support::{World, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };

/// Opens the ledger three times, as three programs would.
async fn three(world: &World) -> [Ledger; 3] {
    [world.another().await, world.another().await, world.another().await]
}

/// Steps these jobs at once, each by another ledger. Returns the errors.
async fn step_at_once(
    world: &World,
    ledgers: &[Ledger; 3],
    jobs: Vec<runcomfy_ledger::JobId>,
) -> Vec<Error> {
    let tasks: Vec<_> = jobs
        .into_iter()
        .enumerate()
        .map(|(number, id)| {
            let (ledger, client) = (ledgers[number % 3].clone(), world.client.clone());
            let short = StepOptions::new().wait_at_most(Duration::ZERO);
            tokio::spawn(async move { ledger.step(&client, &id, &short).await })
        })
        .collect();
    let mut errors = Vec::new();
    for task in tasks {
        match task.await.expect("it ends") {
            Ok(Step::Later { .. }) => {}
            Ok(step) => unreachable!("{step:?}"),
            Err(error) => errors.push(error),
        }
    }
    errors
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twins_that_are_sent_at_once_one_is_paid() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let ledgers = three(&world).await;
    for round in 0..8 {
        let mut jobs = Vec::new();
        for _ in 0..6 {
            let job = world.ledger.intend(intent(&round.to_string())).await;
            jobs.push(job.expect("it is free").id);
        }
        let errors = step_at_once(&world, &ledgers, jobs).await;
        assert_eq!(world.simulator.ledger().len(), round + 1);
        assert!(errors.iter().all(|error| matches!(error, Error::Twin(_))), "{errors:?}");
        assert_eq!(errors.len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_not_exceeded_by_jobs_that_are_sent_at_once() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let ledgers = three(&world).await;
    // The first rounds open the connections.
    for (budget, expected) in [("0.35", 3), ("0.7", 7), ("1.05", 10), ("1.4", 14), ("1.75", 17)] {
        let limits = Limits::default().with_budget_per_day(budget.parse().expect("money"));
        world.ledger.set_limits(&limits).await.expect("it can");
        let mut jobs = Vec::new();
        for number in 0..24 {
            let intent = intent(&format!("{budget} {number}"));
            let intent = intent.price(Price::Known("0.1".parse().expect("money")));
            jobs.push(world.ledger.intend(intent).await.expect("it is free").id);
        }
        let errors = step_at_once(&world, &ledgers, jobs).await;
        assert!(errors.iter().all(|error| matches!(error, Error::OverBudget { .. })), "{errors:?}");
        assert_eq!(world.simulator.ledger().len(), expected, "a budget of {budget}");
    }
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computing_again_while_jobs_run_agrees_with_them() {
    let world = World::new().await;
    let mut running = Vec::new();
    for number in 0..40 {
        let job = world.ledger.intend(intent(&number.to_string())).await.expect("it is written");
        let (ledger, client) = (world.another().await, world.client.clone());
        running.push(tokio::spawn(async move { ledger.run(&client, &job.id).await }));
    }
    while !running.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_eq!(world.ledger.recompute().await.expect("it can"), []);
    }
    world.ledger.set_limits(&Limits::default()).await.expect("it can");
    for run in running {
        run.await.expect("it ends").expect("it runs");
    }
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}
