//! Limits on money: set, lifted, and asked about.

use runcomfy_simulator::Simulator;

use crate::support::Home;

const RUN: [&str; 4] = ["submit", "flux-2-klein/4b", "--prompt", "a boat"];

/// Starts a simulator in which a picture costs 0.25 US dollars.
pub(crate) async fn priced() -> Simulator {
    let price = "0.25/output".parse().expect("a price");
    Simulator::builder().price(price).start().await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_set_and_lifted_at_the_prompt() {
    let simulator = priced().await;
    let home = Home::with(&simulator);
    let (code, envelope) = home.json(&["spend", "set", "--max-cost-per-job", "0.20"]);
    assert_eq!((code, &envelope["data"]["max_cost_per_job_usd"]), (0, &"0.20".into()));
    let (code, envelope) = home.json(&RUN);
    assert_eq!(code, 5, "{envelope}");
    let fix = envelope["error"]["fix"].as_str().expect("a fix");
    assert!(fix.contains("`rcomfy spend set --max-cost-per-job 0.25`"), "{fix}");

    let ended = home.run(&["spend", "set", "--max-cost-per-job", "none", "--jobs-in-flight", "3"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(home.run(&RUN).code, 0);
    let (_, envelope) = home.json(&["spend"]);
    let limits = &envelope["data"]["limits"];
    assert_eq!(limits["max_cost_per_job_usd"], serde_json::Value::Null);
    assert_eq!(limits["jobs_in_flight"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_names_the_command_that_changes_it() {
    let simulator = priced().await;
    let home = Home::with(&simulator);
    assert_eq!(home.run(&["spend", "set", "--budget-per-day", "0.30"]).code, 0);
    assert_eq!(home.run(&RUN).code, 0);
    let (code, envelope) = home.json(&["submit", "flux-2-klein/4b", "--prompt", "another"]);
    assert_eq!(code, 5, "{envelope}");
    let fix = envelope["error"]["fix"].as_str().expect("a fix");
    assert!(fix.contains("rcomfy spend set --budget-per-day"), "{fix}");
    assert_eq!(simulator.ledger().len(), 1);
}

#[test]
fn a_limit_of_the_configuration_is_changed_there() {
    let home = Home::new();
    home.write("config/rcomfy/config.toml", "budget_per_day = 5.0\n");
    let ended = home.run(&["spend", "set", "--budget-per-day", "none"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("config.toml has budget_per_day"), "{}", ended.stderr);
    assert_eq!(home.run(&["spend", "set"]).code, 2, "nothing to set");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask_is_a_refusal() {
    let simulator = priced().await;
    let home = Home::with(&simulator);
    home.write("config/rcomfy/config.toml", "ask_above = 0.2\n");
    let (code, envelope) = home.json(&RUN);
    assert_eq!(code, 5, "{envelope}");
    let fix = envelope["error"]["fix"].as_str().expect("a fix");
    assert!(fix.contains("`--max-cost 0.25` allows it"), "{fix}");
    assert_eq!(home.run(&[&RUN[..], &["--max-cost", "0.25"]].concat()).code, 0);
    assert_eq!(simulator.ledger().len(), 1);
}
