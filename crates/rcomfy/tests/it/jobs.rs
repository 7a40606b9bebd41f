//! The ledger at the prompt: jobs, spend, and the steps of one job.

use std::time::Duration;

use runcomfy_ledger::{Ledger, Limits};

use crate::support::{Home, fast, simulator};

const SUBMIT: [&str; 6] = ["submit", "hailuo", "--prompt", "a boat", "--image-url", "boat.png"];

#[tokio::test(flavor = "multi_thread")]
async fn each_step_works_alone_by_job_and_by_request() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let ended = home.run(&SUBMIT);
    assert_eq!(ended.code, 0, "{ended:?}");
    let request = ended.stdout.trim().to_owned();
    assert_eq!(simulator.ledger()[0].request_id, request);
    let (_, shown) = home.json(&["jobs", "show", &request]);
    let job = shown["data"]["job"].as_str().expect("the job").to_owned();

    for name in [&job, &request] {
        let (code, status) = home.json(&["status", name]);
        assert_eq!(code, 0, "{status}");
        let (code, waited) = home.json(&["wait", name, "--urls-only"]);
        assert_eq!(code, 0, "{waited}");
        let (code, result) = home.json(&["result", name]);
        assert_eq!(code, 0, "{result}");
        assert!(result["data"]["output"].is_object(), "{result}");
        let (code, saved) = home.json(&["download", name, "--output", "out"]);
        assert_eq!(code, 0, "{saved}");
        assert!(saved["data"]["outputs"][0]["bytes"].as_u64() > Some(0), "{saved}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_machine_is_waited_for_too() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let request = home.run(&SUBMIT).stdout.trim().to_owned();
    let other = Home::with(&simulator);
    let ended = other.run(&["wait", &request]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(other.path().join(ended.stdout.trim()).exists(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_is_cancelled() {
    let simulator = simulator(Duration::from_secs(60), Duration::from_secs(60)).await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let request = home.run(&SUBMIT).stdout.trim().to_owned();
    let (code, envelope) = home.json(&["cancel", &request]);
    assert_eq!((code, &envelope["data"]["outcome"]), (0, &"cancelled".into()));
    let (code, envelope) = home.json(&["wait", &request]);
    assert_eq!((code, &envelope["error"]["code"]), (7, &"cancelled".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_not_cancelled_and_says_so() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(60)).await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let request = home.run(&SUBMIT).stdout.trim().to_owned();
    let ended = home.run(&["cancel", &request]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("will be charged"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_stops_a_job_before_it_is_sent() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    home.write("config/rcomfy/config.toml", "max_cost_per_job = 0.0\n");
    let (code, envelope) = home.json(&SUBMIT);
    assert_eq!((code, &envelope["error"]["code"]), (5, &"budget".into()), "{envelope}");
    assert!(simulator.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn spend_is_what_the_simulator_charged() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let run = ["run", "hailuo", "--prompt", "a boat", "--image-url", "boat.png"];
    assert_eq!(home.run(&run).code, 0);
    let (code, envelope) = home.json(&["spend"]);
    assert_eq!(code, 0);
    let spend = &envelope["data"]["spend"][0];
    assert_eq!(spend["model"], "minimax/Hailuo Video 01 Live");
    assert_eq!(spend["jobs"], 1);
    assert!(envelope["data"]["balance_usd"].is_number(), "{envelope}");
}

#[test]
fn an_empty_ledger_lists_no_jobs() {
    let home = Home::new();
    insta::assert_snapshot!("no_jobs", home.run(&["jobs"]).shown(&home));
}

#[test]
fn an_unknown_job_is_named() {
    let home = Home::new();
    let ended = home.run(&["jobs", "show", "nothing!"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("nothing!"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_another_program_stays() {
    let home = Home::new();
    let path = home.path().join("state/rcomfy/ledger.db");
    let ledger = Ledger::open(&path).await.expect("it opens");
    let limits = Limits::default().with_jobs_in_flight(3);
    ledger.set_limits(&limits).await.expect("they are written");
    ledger.close().await;

    home.write("config/rcomfy/config.toml", "budget_per_day = 5.0\n");
    assert_eq!(home.run(&["jobs"]).code, 0);
    let ledger = Ledger::open(&path).await.expect("it opens");
    let limits = ledger.limits().await.expect("they are read");
    let budget = limits.budget_per_day.map(|budget| budget.to_string());
    assert_eq!((limits.jobs_in_flight, budget), (Some(3), Some("5.00".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_spend_are_told_apart_by_batch() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    assert_eq!(home.run(&["run", "flux-2-klein/4b", "--prompt", "alone"]).code, 0);
    home.write("boats.jsonl", "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n");
    assert_eq!(home.run(&["batch", "add", "flux-2-klein/4b", "boats.jsonl"]).code, 0);
    assert_eq!(home.run(&["batch", "run", "boats", "--yes", "--urls-only"]).code, 0);
    let (code, envelope) = home.json(&["jobs", "--batch", "boats"]);
    assert_eq!((code, envelope["data"]["jobs"].as_array().map(Vec::len)), (0, Some(2)));
    assert_eq!(home.run(&["jobs", "--batch", "ships"]).code, 2);
    let shown = home.run(&["spend", "--offline"]).stdout;
    let rows: Vec<&str> = shown.lines().take(3).collect();
    assert!(rows[0].contains("BATCH") && rows.iter().any(|row| row.contains(" boats ")), "{shown}");
}
