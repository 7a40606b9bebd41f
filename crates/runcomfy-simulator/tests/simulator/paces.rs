//! Paces of jobs, and the record of when their end was seen.

use std::time::Duration;

use runcomfy_simulator::{Pace, Simulator};
use serde_json::json;

use crate::support::*;

fn pace(queue: u64, run: u64) -> Pace {
    Pace { queue: Duration::from_secs(queue), run: Duration::from_secs(run) }
}

/// Two models with a manual clock: `a/slow` has a pace of its own.
async fn site() -> Site {
    let folder = Folder::new().model("a", "a/slow", &json!({})).model("b", "b/other", &json!({}));
    let simulator = Simulator::builder()
        .schemas(folder.path())
        .manual_time()
        .pace(pace(1, 2))
        .model_pace("a/slow", pace(10, 20))
        .start()
        .await
        .expect("a simulator");
    Site { simulator, client: reqwest::Client::new() }
}

/// Returns the seconds that a new job is queued and runs.
async fn measure(site: &Site, model: &str) -> (u64, u64) {
    let id = site.submit(model, &json!({})).await;
    let mut seconds = [0, 0];
    loop {
        let (_, reply) = site.get(&format!("/requests/{id}/status")).await;
        match reply["status"].as_str().expect("a status") {
            "in_queue" => seconds[0] += 1,
            "in_progress" => seconds[1] += 1,
            _ => return (seconds[0], seconds[1]),
        }
        site.simulator.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_pace_applies_to_all_a_model_or_a_job() {
    let site = site().await;
    assert_eq!(measure(&site, "b/other").await, (1, 2));
    assert_eq!(measure(&site, "a/slow").await, (10, 20));
    site.simulator.script_paces([pace(3, 0), pace(0, 4)]);
    assert_eq!(measure(&site, "a/slow").await, (3, 0));
    assert_eq!(measure(&site, "b/other").await, (0, 4));
    site.simulator.set_pace(pace(2, 2));
    site.simulator.set_model_pace("a/slow", pace(0, 1)).expect("a model");
    assert_eq!(measure(&site, "b/other").await, (2, 2));
    assert_eq!(measure(&site, "a/slow").await, (0, 1));
    assert!(site.simulator.set_model_pace("no/model", pace(0, 1)).is_err());
}

#[tokio::test]
async fn another_process_can_set_paces() {
    let site = site().await;
    let url = site.simulator.api_base().replace("/v1", "/_simulator");
    let (put, post) = (reqwest::Method::PUT, reqwest::Method::POST);
    for (method, path, body, status) in [
        (&put, "pace", json!({"queue": 0, "run": 3}), 204),
        (&put, "pace", json!({"queue": 2, "run": 0, "model": "a/slow"}), 204),
        (&put, "pace", json!({"queue": 2, "run": 0, "model": "no/model"}), 404),
        (&put, "pace", json!({"queue": -2, "run": 0}), 422),
        (&post, "paces", json!([{"queue": 4, "run": 4}]), 204),
        (&post, "paces", json!([{"queue": 4}]), 422),
    ] {
        let call = site.client.request(method.clone(), format!("{url}/{path}"));
        let reply = call.json(&body).send().await.expect("an answer");
        assert_eq!(reply.status(), status, "{path} {body}");
    }
    assert_eq!(measure(&site, "b/other").await, (4, 4));
    assert_eq!(measure(&site, "b/other").await, (0, 3));
    assert_eq!(measure(&site, "a/slow").await, (2, 0));
}

#[tokio::test]
async fn a_changed_pace_leaves_accepted_jobs_alone() {
    let site = site().await;
    let id = site.submit("b/other", &json!({})).await;
    site.simulator.set_pace(pace(100, 100));
    site.simulator.advance(Duration::from_secs(3));
    assert_eq!(site.result(&id).await["status"], "succeeded");
}

#[tokio::test]
async fn the_ledger_says_when_an_end_was_seen() {
    let site = site().await;
    let id = site.submit("b/other", &json!({})).await;
    site.result(&id).await;
    let row = &site.simulator.ledger()[0];
    assert_eq!((row.ended_at, row.end_seen_at, row.calls), (None, None, 1));
    let accepted = row.accepted_at;
    site.simulator.advance(Duration::from_secs(7));
    let row = &site.simulator.ledger()[0];
    let end = Some(accepted + Duration::from_secs(3));
    assert_eq!((row.ended_at, row.end_seen_at), (end, None));
    for _ in 0..2 {
        site.result(&id).await;
        site.simulator.advance(Duration::from_secs(1));
    }
    let row = site.simulator.ledger().remove(0);
    let seen = Some(accepted + Duration::from_secs(7));
    assert_eq!((row.ended_at, row.end_seen_at, row.calls), (end, seen, 3));
    let json = serde_json::to_value(&row).expect("JSON");
    assert_eq!(json["end_seen_at"], "2026-01-01T00:00:07.000Z");
    assert_eq!(serde_json::from_value::<runcomfy_simulator::Accepted>(json).expect("a row"), row);
}
