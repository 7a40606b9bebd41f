//! Control by another process, under `/_simulator`.

use runcomfy_simulator::{Accepted, Call, Fault, Processed, Random, Simulator, Traffic};
use serde_json::{Value, json};

use crate::support::*;

impl Site {
    /// Sends a control request with JSON and without a token.
    async fn control(&self, method: &str, path: &str, body: Value) -> reqwest::Response {
        let url = self.simulator.api_base().replace("/v1", &format!("/_simulator/{path}"));
        let method = method.parse().expect("a method");
        self.client.request(method, url).json(&body).send().await.expect("an answer")
    }
}

#[tokio::test]
async fn another_process_can_control_everything() {
    let site = boat().start(QUEUED).await;
    let reset = serde_json::to_value(Fault::Reset { processed: Processed::Yes }).expect("JSON");
    assert_eq!(reset, json!({"reset": {"processed": "yes"}}));
    let late = json!({"latency": 0.01});
    for (method, path, body) in [
        ("POST", "faults", json!({"call": "submit", "faults": [reset, null, late]})),
        ("POST", "jobs", json!([{"fails": "text"}, "succeeds", {"late_cost": 60}])),
        ("PUT", "random", json!({"seed": 7, "calls": 0.0, "max_pause": 0.5})),
    ] {
        assert_eq!(site.control(method, path, body).await.status(), 204, "{path}");
    }
    let url = format!("{}/models/{BOAT_IN_A_PATH}", site.simulator.api_base());
    let call = site.client.post(url).bearer_auth("any").body(boat_input().to_string());
    assert!(call.send().await.is_err());
    for _ in 0..2 {
        site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    }
    let hour = json!({"seconds": 3600});
    assert_eq!(site.control("POST", "advance", hour).await.status(), 204);
    assert_eq!(site.result("sim-000001").await["status"], "failed");
    assert_eq!(site.result("sim-000002").await["status"], "succeeded");

    let reply = site.control("GET", "ledger", json!(null)).await;
    let ledger: Vec<Accepted> = reply.json().await.expect("a ledger");
    let ids: Vec<_> = ledger.iter().map(|row| row.request_id.as_str()).collect();
    assert_eq!(ids, ["sim-000001", "sim-000002", "sim-000003"]);
    assert_eq!(ledger[0].input, Some(boat_input()));
    assert!(!ledger[0].reply_fully_sent && ledger[1].reply_fully_sent);
    let reply = site.control("GET", "traffic", json!(null)).await;
    let traffic: Traffic = reply.json().await.expect("the traffic");
    assert_eq!((traffic.calls[&Call::Submit], traffic.calls[&Call::Result]), (3, 2));

    let all = json!({"calls": 1.0});
    assert_eq!(site.control("PUT", "random", all).await.status(), 204);
    assert_eq!(site.control("DELETE", "faults", json!(null)).await.status(), 204);
    for _ in 0..20 {
        site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    }
}

#[tokio::test]
async fn invalid_control_requests_are_refused() {
    let site = boat().start(QUEUED).await;
    for (method, path, body) in [
        ("POST", "advance", json!({"seconds": -1})),
        ("POST", "advance", json!({"second": 1})),
        ("POST", "faults", json!({"call": "submit", "faults": ["burst"]})),
        ("POST", "faults", json!({"call": "refund", "faults": []})),
        ("POST", "jobs", json!(["explodes"])),
        ("PUT", "random", json!({"call": 0.5})),
        ("PUT", "random", json!({"calls": 1.5})),
    ] {
        assert_eq!(site.control(method, path, body.clone()).await.status(), 422, "{path} {body}");
    }
    let words = serde_json::from_value::<Random>(json!({"jobs": -0.5})).expect_err("no rate");
    assert!(words.to_string().contains("from 0 to 1"), "{words}");
}

#[tokio::test]
async fn a_single_token_can_be_required() {
    let folder = boat();
    let started = Simulator::builder().schemas(folder.path()).token("the-one").start().await;
    let simulator = started.expect("a simulator");
    let client = reqwest::Client::new();
    let base = simulator.api_base();
    for (token, expected) in [("the-one", 200), ("another", 401), ("the-on", 401)] {
        for url in [format!("{base}/models"), simulator.balance_url()] {
            assert_eq!(json_of(client.get(url).bearer_auth(token)).await.0, expected, "{token}");
        }
    }
}
