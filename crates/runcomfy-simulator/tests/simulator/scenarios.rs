//! Each job scenario, with a manual clock.

use std::time::Duration;

use runcomfy_simulator::{Call, Failure, Fault, JobScenario, Pace, Processed, Simulator, State};
use serde_json::{Value, json};

use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

/// Starts a simulator with a manual clock: jobs are queued and run for a second each.
async fn site() -> Site {
    let folder = Folder::new()
        .file("m/model.json", r#"{"id": "a/video", "base_price_usd": 0.25}"#)
        .file("m/input.json", "{}");
    let builder = Simulator::builder().schemas(folder.path());
    let pace = Pace { queue: SECOND, run: SECOND };
    let simulator = builder.pace(pace).manual_time().funds_usd(1.0).start().await;
    Site { simulator: simulator.expect("a simulator"), client: reqwest::Client::new() }
}

/// Returns the replies of `/status` and `/result`.
async fn look(site: &Site, id: &str) -> (Value, Value) {
    let (_, status) = site.get(&format!("/requests/{id}/status")).await;
    (status, site.get(&format!("/requests/{id}/result?include_cost=true")).await.1)
}

#[tokio::test]
async fn a_manual_clock_moves_only_when_advanced() {
    let site = site().await;
    let id = site.submit("a/video", &json!({})).await;
    for (word, position) in [("in_queue", json!(3)), ("in_progress", Value::Null)] {
        for _ in 0..2 {
            let (status, _) = look(&site, &id).await;
            assert_eq!((&status["status"], &status["queue_position"]), (&json!(word), &position));
        }
        site.simulator.advance(SECOND);
    }
    let (status, result) = look(&site, &id).await;
    assert_eq!(status["status"], "completed");
    assert_eq!(result["status"], "succeeded");
    assert_eq!(result["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(result["finished_at"], "2026-01-01T00:00:02.000Z");
    assert_eq!(result["cost"], 0.25);
    site.simulator.advance(Duration::MAX);
    assert_eq!(look(&site, &id).await.1["status"], "succeeded");
}

#[tokio::test]
async fn a_running_clock_can_be_advanced() {
    let site = boat().start(QUEUED).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    assert_eq!(look(&site, &id).await.0["status"], "in_queue");
    site.simulator.advance(QUEUED.queue);
    assert_eq!(look(&site, &id).await.0["status"], "completed");
}

#[tokio::test]
async fn a_job_fails_with_each_shape_of_error() {
    let site = site().await;
    let words = "the simulated model ran out of memory";
    for (failure, place) in [
        (Failure::Text, "/error"),
        (Failure::Object, "/error/message"),
        (Failure::Array, "/error/0/msg"),
        (Failure::Missing, ""),
    ] {
        site.simulator.script_jobs([JobScenario::Fails(failure)]);
        let id = site.submit("a/video", &json!({})).await;
        site.simulator.advance(2 * SECOND);
        let (status, result) = look(&site, &id).await;
        assert_eq!((&status["status"], &result["status"]), (&json!("completed"), &json!("failed")));
        match failure {
            Failure::Missing => assert_eq!(result.get("error"), None),
            _ => assert_eq!(result.pointer(place), Some(&json!(words)), "{result}"),
        }
        assert_eq!(result.get("output"), None);
        let output = site.simulator.api_base().replace("/v1", &format!("/outputs/{id}.mp4"));
        assert_eq!(site.fetch(&output).await.status(), 404);
    }
}

#[tokio::test]
async fn each_scenario_has_its_status_words() {
    let cases = [
        (JobScenario::Succeeds, ["in_queue", "in_progress", "completed"], "succeeded"),
        (JobScenario::OtherStatuses, ["pending", "processing", "succeeded"], "completed"),
        (JobScenario::UnknownStatuses, ["napping", "hibernating", "completed"], "succeeded"),
        (JobScenario::EndsCancelled, ["in_queue", "in_progress", "cancelled"], "cancelled"),
    ];
    for (scenario, words, end) in cases {
        let site = site().await;
        site.simulator.script_jobs([scenario]);
        let id = site.submit("a/video", &json!({})).await;
        for word in words {
            assert_eq!(look(&site, &id).await.0["status"], word);
            site.simulator.advance(SECOND);
        }
        assert_eq!(look(&site, &id).await.1["status"], end);
    }
}

#[tokio::test]
async fn cancelled_has_two_spellings() {
    let site = site().await;
    site.simulator.script_jobs([JobScenario::Succeeds, JobScenario::OtherStatuses]);
    for word in ["cancelled", "canceled"] {
        let id = site.submit("a/video", &json!({})).await;
        let (_, reply) = site.post(&format!("/requests/{id}/cancel"), "").await;
        assert_eq!((&reply["status"], &reply["outcome"]), (&json!(word), &json!("cancelled")));
        let (status, result) = look(&site, &id).await;
        assert_eq!((&status["status"], &result["status"]), (&json!(word), &json!(word)));
    }
}

#[tokio::test]
async fn an_output_can_have_unknown_fields() {
    let site = site().await;
    site.simulator.script_jobs([JobScenario::UnknownFields]);
    let id = site.submit("a/video", &json!({})).await;
    assert_eq!(look(&site, &id).await.0["worker"]["region"], "nowhere");
    site.simulator.advance(2 * SECOND);
    let (_, result) = look(&site, &id).await;
    assert!(result["output"]["video"].is_string());
    assert!(result["output"]["preview"].is_object() && result["output"]["images"].is_null());
}

#[tokio::test]
async fn a_cost_can_be_late_and_a_record_expire() {
    let site = site().await;
    site.simulator
        .script_jobs([JobScenario::LateCost(3 * SECOND), JobScenario::Expires(3 * SECOND)]);
    let late = site.submit("a/video", &json!({})).await;
    let gone = site.submit("a/video", &json!({})).await;
    site.simulator.advance(4 * SECOND);
    assert_eq!(look(&site, &late).await.1.get("cost"), None);
    assert_eq!(look(&site, &gone).await.1["status"], "succeeded");
    site.simulator.advance(SECOND);
    assert_eq!(look(&site, &late).await.1["cost"], 0.25);
    let (status, result) = look(&site, &gone).await;
    assert_eq!((&status["error_code"], &result["error_code"]), (&json!(404_001), &json!(404_001)));
    let cancel = site.post(&format!("/requests/{gone}/cancel"), "").await;
    assert_eq!((cancel.0, &cancel.1["error_code"]), (404, &json!(404_001)));
}

#[tokio::test]
async fn the_ledger_has_exactly_the_accepted_requests() {
    let site = site().await;
    let lost = Fault::Reset { processed: Processed::Yes };
    site.simulator
        .script(Call::Submit, [Some(lost), None, Some(Fault::Reset { processed: Processed::No })]);
    let url = format!("{}/models/a/video", site.simulator.api_base());
    let inputs = [json!({"n": 1}), json!({"n": 2, "text": "a".repeat(65_536)}), json!({"n": 3})];
    for input in &inputs {
        let call = site.client.post(&url).bearer_auth("any").body(input.to_string());
        assert_eq!(call.send().await.is_ok(), input["n"] == 2);
    }
    let refused = site.post("/models/a/video", "[]").await;
    assert_eq!(refused.0, 422);
    let cancelled = site.submit("a/video", &json!({"n": 4})).await;
    site.post(&format!("/requests/{cancelled}/cancel"), "").await;
    site.simulator.advance(SECOND);

    let ledger = site.simulator.ledger();
    let rows: Vec<_> = ledger
        .iter()
        .map(|row| (row.request_id.as_str(), row.charged_usd, row.state, row.reply_fully_sent))
        .collect();
    assert_eq!(
        rows,
        [
            ("sim-000001", 0.25, State::InProgress, false),
            ("sim-000002", 0.25, State::InProgress, true),
            ("sim-000003", 0.0, State::Cancelled, true),
        ]
    );
    assert!(ledger.iter().all(|row| row.model == "a/video"));
    assert_eq!(ledger[0].input.as_ref(), Some(&inputs[0]));
    assert_eq!((&ledger[1].input, ledger[1].input_bytes > 65_536), (&None, true));
}

#[tokio::test]
async fn charges_reduce_the_balance_until_it_runs_out() {
    let site = site().await;
    let balance = async || {
        let call = site.client.get(site.simulator.balance_url()).bearer_auth("any");
        json_of(call).await
    };
    assert_eq!(balance().await, (200, json!({"balance_usd": 1.0, "currency": "USD"})));
    let mut last = String::new();
    for left in [0.75, 0.5, 0.25, 0.0] {
        last = site.submit("a/video", &json!({})).await;
        assert_eq!(balance().await.1["balance_usd"], left);
    }
    let (status, reply) = site.post("/models/a/video", "{}").await;
    assert_eq!((status, &reply["error_code"]), (402, &json!(400_002)));
    assert_eq!(site.simulator.ledger().len(), 4);
    site.post(&format!("/requests/{last}/cancel"), "").await;
    assert_eq!(balance().await.1["balance_usd"], 0.25);
    let call = site.client.get(site.simulator.balance_url());
    assert_eq!(json_of(call).await.0, 401);
}
