//! Submit, status, result, cancel; tokens, ids and unknown paths.

use std::time::{Duration, Instant};

use runcomfy_simulator::Pace;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn submitting_returns_the_id_and_its_urls() {
    let site = boat().start(QUEUED).await;
    let path = format!("/models/{BOAT_IN_A_PATH}");
    let (status, reply) = site.post(&path, boat_input().to_string()).await;
    let base = site.simulator.api_base();
    assert_eq!(status, 200);
    assert_eq!(
        reply,
        json!({
            "request_id": "sim-000001",
            "status_url": format!("{base}/requests/sim-000001/status"),
            "result_url": format!("{base}/requests/sim-000001/result"),
            "cancel_url": format!("{base}/requests/sim-000001/cancel"),
        })
    );
    assert_eq!(site.submit(BOAT_IN_A_PATH, &boat_input()).await, "sim-000002");
}

#[tokio::test]
async fn a_job_moves_through_the_queue_by_the_clock() {
    let pace = Pace { queue: Duration::from_millis(300), run: Duration::from_millis(300) };
    let site = boat().start(pace).await;
    let started = Instant::now();
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let mut seen: Vec<(String, Option<u64>)> = Vec::new();
    while seen.last().is_none_or(|(word, _)| word != "completed") {
        assert!(started.elapsed() < Duration::from_secs(10), "{seen:?}");
        let (_, reply) = site.get(&format!("/requests/{id}/status")).await;
        let word = reply["status"].as_str().expect("a status").to_owned();
        let stage = (word, reply["queue_position"].as_u64());
        if seen.last() != Some(&stage) {
            seen.push(stage);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() >= pace.queue + pace.run);
    let positions: Vec<u64> = seen.iter().filter_map(|(_, position)| *position).collect();
    assert!(positions.is_sorted_by(|a, b| a > b), "{positions:?}");
    assert_eq!(positions.last(), Some(&1));
    let mut words: Vec<&str> = seen.iter().map(|(word, _)| word.as_str()).collect();
    words.dedup();
    assert_eq!(words, ["in_queue", "in_progress", "completed"]);
}

#[tokio::test]
async fn the_result_of_an_unfinished_job_is_its_status() {
    for (pace, word, position) in
        [(QUEUED, "in_queue", json!(3)), (RUNNING, "in_progress", Value::Null)]
    {
        let site = boat().start(pace).await;
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let (status, reply) = site.get(&format!("/requests/{id}/result?include_cost=true")).await;
        assert_eq!(status, 200);
        assert_eq!(reply["request_id"], id);
        assert_eq!(reply["status"], word);
        assert_eq!(reply["queue_position"], position);
        for absent in ["output", "finished_at", "cost"] {
            assert_eq!(reply.get(absent), None);
        }
    }
}

#[tokio::test]
async fn a_finished_result_has_output_and_times() {
    let site = boat().start(AT_ONCE).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let reply = site.result(&id).await;
    assert_eq!(reply["request_id"], id);
    assert_eq!(reply["status"], "succeeded");
    assert!(reply["output"]["video"].is_string());
    for moment in ["created_at", "finished_at"] {
        let text = reply[moment].as_str().expect("a moment");
        assert!(humantime::parse_rfc3339(text).is_ok(), "{text}");
    }
    assert_eq!(reply.get("cost"), None);
}

#[tokio::test]
async fn cost_is_included_on_request() {
    let site = boat()
        .file("priced/model.json", r#"{"id": "a/priced", "base_price_usd": 0.25}"#)
        .file("priced/input.json", "{}")
        .start(AT_ONCE)
        .await;
    for (model, input, price) in
        [("a/priced", json!({}), json!(0.25)), (BOAT_IN_A_PATH, boat_input(), json!(0.0))]
    {
        let id = site.submit(model, &input).await;
        let (_, reply) = site.get(&format!("/requests/{id}/result?include_cost=true")).await;
        assert_eq!(reply["cost"], price, "{model}");
    }
}

#[tokio::test]
async fn a_queued_job_is_cancelled_once_and_costs_nothing() {
    let site = boat().start(QUEUED).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let cancel = format!("/requests/{id}/cancel");
    let cancelled = json!({"request_id": id, "status": "cancelled", "outcome": "cancelled"});
    assert_eq!(site.post(&cancel, "").await, (202, cancelled));

    let (_, reply) = site.get(&format!("/requests/{id}/status")).await;
    assert_eq!(reply["status"], "cancelled");
    let (_, reply) = site.get(&format!("/requests/{id}/result?include_cost=true")).await;
    assert_eq!(reply["status"], "cancelled");
    assert_eq!(reply.get("output"), None);
    assert_eq!(reply["cost"], 0.0);

    let (status, reply) = site.post(&cancel, "").await;
    assert_eq!((status, &reply["outcome"]), (202, &json!("not_cancellable")));
}

#[tokio::test]
async fn a_running_job_is_not_cancellable() {
    for (pace, word) in [(RUNNING, "in_progress"), (AT_ONCE, "completed")] {
        let site = boat().start(pace).await;
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let kept = json!({"request_id": id, "status": word, "outcome": "not_cancellable"});
        assert_eq!(site.post(&format!("/requests/{id}/cancel"), "").await, (202, kept));
        let (_, reply) = site.get(&format!("/requests/{id}/status")).await;
        assert_eq!(reply["status"], word);
    }
}

#[tokio::test]
async fn every_api_call_needs_a_token() {
    let site = boat().start(QUEUED).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let base = site.simulator.api_base();
    let client = &site.client;
    let calls = [
        client.post(format!("{base}/models/{BOAT_IN_A_PATH}")).body(boat_input().to_string()),
        client.get(format!("{base}/requests/{id}/status")),
        client.get(format!("{base}/requests/{id}/result")),
        client.post(format!("{base}/requests/{id}/cancel")),
        client.get(format!("{base}/nothing")),
    ];
    for call in calls {
        for header in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer  "),
            Some("Basic YTpi"),
            Some("Bearer an-INVALID-one"),
        ] {
            let mut call = call.try_clone().expect("a body in memory");
            if let Some(header) = header {
                call = call.header("authorization", header);
            }
            let (status, reply) = json_of(call).await;
            assert_eq!((status, &reply["error_code"]), (401, &json!(400_004)), "{header:?}");
            assert!(reply["error_message"].is_string());
        }
    }
    let call = client.get(format!("{base}/requests/{id}/status"));
    assert_eq!(json_of(call.header("authorization", "bearer x")).await.0, 200);
}

#[tokio::test]
async fn unknown_paths_answer_404_in_json() {
    let site = boat().start(QUEUED).await;
    let input = boat_input().to_string();
    for id in [
        "minimax/hailuo%20video%2001%20live",
        "minimax",
        "minimax%2FHailuo%20Video%2001%20Live",
        "%FF",
    ] {
        let (status, reply) = site.post(&format!("/models/{id}"), input.clone()).await;
        assert_eq!(status, 404, "{id}");
        assert!(reply["detail"].is_string());
    }
    for call in ["/requests/sim-000001/status", "/requests/sim-000001/result"] {
        let (status, reply) = site.get(call).await;
        assert_eq!((status, &reply["error_code"]), (404, &json!(404_001)), "{call}");
    }
    let (status, reply) = site.post("/requests/sim-000001/cancel", "").await;
    assert_eq!((status, &reply["error_code"]), (404, &json!(404_001)));
    let (status, reply) = site.get("/nothing").await;
    assert_eq!(status, 404);
    assert!(reply["detail"].is_string());
}

#[tokio::test]
async fn a_malformed_request_id_has_its_own_code() {
    let site = boat().start(QUEUED).await;
    for id in ["a%20b", "a%2Fb", "a.b", "%FF", &"a".repeat(129)] {
        let (status, reply) = site.get(&format!("/requests/{id}/status")).await;
        assert_eq!((status, &reply["error_code"]), (400, &json!(400_001)), "{id}");
    }
    assert_eq!(site.get(&format!("/requests/{}/status", "a".repeat(128))).await.0, 404);
}

#[tokio::test]
async fn a_wrong_method_answers_405_in_json() {
    let site = boat().start(QUEUED).await;
    let (status, reply) = site.post("/models", "{}").await;
    assert_eq!(status, 405);
    assert!(reply["detail"].is_string());
    assert_eq!(site.post("/requests/sim-000001/status", "").await.0, 405);
}
