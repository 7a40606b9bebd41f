//! Limits, budgets and spend.

use std::time::{Duration, Instant, SystemTime};

use runcomfy_ledger::{Error, LimitName, Limits, Price, State, Step, StepOptions, Usd, Wait};
use runcomfy_simulator::{Call, Fault, Pace, Processed, Simulator};

use crate::support::{MODEL, QUICK, World, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };

fn usd(text: &str) -> Usd {
    text.parse().expect("it is an amount")
}

fn short() -> StepOptions {
    StepOptions::new().wait_at_most(Duration::ZERO)
}

#[tokio::test]
async fn no_more_jobs_are_in_flight_than_allowed() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    world.ledger.set_limits(&Limits::default().with_jobs_in_flight(2)).await.expect("it can");
    let mut jobs = Vec::new();
    for prompt in ["one", "two", "three"] {
        jobs.push(world.ledger.intend(intent(prompt)).await.expect("it is written").id);
    }
    for id in &jobs[..2] {
        world.ledger.step(&world.client, id, &short()).await.expect("it is sent");
    }
    // Another process counts the same jobs.
    let step = world.another().await.step(&world.client, &jobs[2], &short()).await;
    let step = step.expect("it waits");
    let Step::Later { job, reason, .. } = &step else { unreachable!("{step:?}") };
    assert_eq!((job.state, *reason), (State::Intended, Wait::Limit(LimitName::JobsInFlight)));
    assert_eq!(world.ledger.usage().await.expect("it can be read").jobs_in_flight, 2);
    world.simulator.advance(Duration::from_secs(3600));
    world.ledger.run(&world.client, &jobs[0]).await.expect("it runs");
    world.ledger.step(&world.client, &jobs[2], &short()).await.expect("there is room");
    assert_eq!(world.simulator.ledger().len(), 3);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test]
async fn a_limit_that_would_stop_all_jobs_is_refused() {
    let world = World::new().await;
    let kept = Limits::default().with_jobs_in_flight(1).with_submits_per_second(0.001);
    world.ledger.set_limits(&kept).await.expect("it can");
    let none = Limits::default();
    let rates = [0.0, -1.0, 0.0009, f64::NAN, f64::INFINITY];
    let rates = rates.map(|rate| none.with_submits_per_second(rate));
    for limits in rates.into_iter().chain([none.with_jobs_in_flight(0)]) {
        let error = world.ledger.set_limits(&limits).await.expect_err("it stops all");
        assert!(matches!(error, Error::Limit(..)), "{limits:?}: {error:?}");
    }
    assert_eq!(world.ledger.limits().await.expect("it can be read"), kept);
}

#[tokio::test]
async fn submits_keep_their_distance_across_ledgers() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let limits = Limits::default().with_submits_per_second(10.0);
    world.ledger.set_limits(&limits).await.expect("it can");
    assert_eq!(world.ledger.limits().await.expect("it can be read"), limits);
    let ledgers = [world.ledger.clone(), world.another().await];
    let start = Instant::now();
    let mut tasks = Vec::new();
    for number in 0..8 {
        let (ledger, client) = (ledgers[number % 2].clone(), world.client.clone());
        let id = ledger.intend(intent(&number.to_string())).await.expect("it is written").id;
        let options = StepOptions::new().wait_at_most(Duration::from_secs(20));
        tasks.push(tokio::spawn(async move {
            while let Step::Later { reason: Wait::Limit(_), after, .. } = ledger
                .step(&client, &id, &options.clone().wait_at_most(Duration::ZERO))
                .await
                .expect("it can")
            {
                tokio::time::sleep(after).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("it ends");
    }
    assert!(start.elapsed() >= Duration::from_millis(700), "{:?}", start.elapsed());
    assert_eq!(world.simulator.ledger().len(), 8);
}

#[tokio::test]
async fn a_job_above_a_limit_on_money_is_not_sent() {
    let world = World::new().await;
    let dear = intent("one").price(Price::Known(usd("0.31"))).ceiling(usd("0.30"));
    let dear = world.ledger.intend(dear).await.expect("it is written");
    let error = world.ledger.run(&world.client, &dear.id).await.expect_err("it is dear");
    assert!(matches!(error, Error::AboveCeiling { .. }), "{error:?}");
    let limits = Limits::default().with_max_cost_per_job(usd("0.20"));
    world.ledger.set_limits(&limits.with_budget_per_day(usd("0.45"))).await.expect("it can");
    for (intent, expected) in [
        (intent("a").price(Price::Known(usd("0.200001"))), "above_max"),
        (intent("b").ceiling(usd("0.21")), "above_max"),
        (intent("c"), "unknown"),
        (intent("d").price(Price::Known(usd("0.2"))), "sent"),
        (intent("e").ceiling(usd("0.2")), "sent"),
        (intent("f").price(Price::Known(usd("0.06"))), "over"),
        (intent("g").price(Price::Known(usd("0.05"))), "sent"),
        (intent("h").price(Price::UnknownAllowed), "sent"),
    ] {
        let job = world.ledger.intend(intent).await.expect("it is written");
        let found = match world.ledger.step(&world.client, &job.id, &short()).await {
            Ok(_) => "sent",
            Err(Error::AboveMaxCost { .. }) => "above_max",
            Err(Error::UnknownPrice(_)) => "unknown",
            Err(Error::OverBudget { left, .. }) => {
                assert_eq!(left, usd("0.05"));
                "over"
            }
            Err(error) => unreachable!("{error:?}"),
        };
        assert_eq!(found, expected, "{job:?}");
        let state = world.ledger.job(&job.id).await.expect("it is there").state;
        assert_eq!(state == State::Intended, expected != "sent");
    }
    assert_eq!(world.simulator.ledger().len(), 4);
}

#[tokio::test]
async fn spend_is_kept_by_model_and_batch_and_agrees_with_the_jobs() {
    let price = "0.25".parse().expect("a price");
    let world = World::with(Simulator::builder().pace(QUICK).price(price)).await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let lost = Fault::Close { processed: Processed::Yes };
    world.simulator.script(Call::Submit, [None, None, Some(lost)]);
    let known = Price::Known(usd("0.3"));
    let mut jobs = Vec::new();
    for (prompt, is_apart) in [("one", false), ("two", true), ("three", false)] {
        let intent = intent(prompt).price(known);
        let intent = if is_apart { intent } else { intent.batch(&batch.id) };
        let job = world.ledger.intend(intent).await.expect("it is written");
        // The last one is unknown.
        let _ = world.ledger.run(&world.client, &job.id).await;
        jobs.push(world.ledger.job(&job.id).await.expect("it is there"));
    }
    let spent = world.ledger.spend(SystemTime::UNIX_EPOCH).await.expect("it can be read");
    let found: Vec<_> = spent
        .iter()
        .map(|row| (row.batch.clone(), row.jobs, row.spent, row.reserved, row.model.as_str()))
        .collect();
    let expected = [
        (None, 1, usd("0.25"), Usd::ZERO, MODEL),
        (Some(batch.id.clone()), 2, usd("0.25"), usd("0.3"), MODEL),
    ];
    assert_eq!(found, expected);
    let charged: f64 = world.simulator.ledger().iter().map(|job| job.charged_usd).sum();
    assert_eq!(Usd::from_dollars(charged), Ok(usd("0.75")));
    assert_eq!(world.ledger.usage().await.expect("it can be read").used_today, usd("0.8"));
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
    // What is pruned stays spent.
    assert_eq!(world.ledger.prune(Duration::ZERO).await.expect("it can"), 2);
    assert_eq!(world.ledger.usage().await.expect("it can be read").used_today, usd("0.8"));
    assert!(matches!(world.ledger.job(&jobs[0].id).await, Err(Error::NoSuchJob(_))));
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test]
async fn an_expired_ticket_is_not_sent() {
    let world = World::new().await;
    let ticket = intent("one").expires_in(Duration::from_millis(50));
    let ticket = world.ledger.intend(ticket).await.expect("it is written");
    tokio::time::sleep(Duration::from_millis(80)).await;
    let error = world.ledger.run(&world.client, &ticket.id).await.expect_err("it is late");
    assert!(matches!(error, Error::Expired(_)), "{error:?}");
    assert!(world.simulator.ledger().is_empty());
    assert_eq!(world.ledger.prune(Duration::ZERO).await.expect("it can"), 1);
}
