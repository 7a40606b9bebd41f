//! Start, stop and the `server` header.

use std::time::{Duration, Instant};

use runcomfy_simulator::{Pace, Simulator};

use crate::support::*;

#[tokio::test]
async fn every_reply_names_the_simulator() {
    let site = boat().start(QUEUED).await;
    let base = site.simulator.api_base();
    let origin = base.trim_end_matches("/v1");
    for url in [
        format!("{base}/requests/sim-000001/status"),
        format!("{base}/models/{BOAT_IN_A_PATH}"),
        format!("{origin}/media/1x1.png"),
        format!("{origin}/media/0x1.png"),
        format!("{origin}/nothing"),
    ] {
        for call in [site.client.get(&url), site.client.get(&url).bearer_auth("any")] {
            let response = call.send().await.expect("an answer");
            assert_eq!(response.headers()["server"], "runcomfy-simulator", "{url}");
        }
    }
}

#[tokio::test]
async fn dropping_the_simulator_stops_the_server() {
    let site = boat().start(QUEUED).await;
    let url = site.simulator.picture_url(1, 1);
    assert_eq!(site.fetch(&url).await.status(), 200);
    drop(site.simulator);
    let dropped = Instant::now();
    while site.client.get(&url).send().await.is_ok() {
        assert!(dropped.elapsed() < Duration::from_secs(10), "it still answers");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_occupied_port_is_named_in_the_error() {
    let site = boat().start(QUEUED).await;
    let address = site.simulator.api_base().trim_start_matches("http://").trim_end_matches("/v1");
    let port: u16 = address.trim_start_matches("127.0.0.1:").parse().expect("a port");

    let folder = boat();
    let taken = Simulator::builder().schemas(folder.path()).port(port).start().await;
    let words = taken.expect_err("a taken port").to_string();
    assert!(words.contains(&port.to_string()) && words.contains("another port"), "{words}");
}

#[tokio::test]
async fn the_longest_pace_does_not_overflow() {
    let site = boat().start(Pace { queue: Duration::MAX, run: Duration::MAX }).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    assert_eq!(site.result(&id).await["queue_position"], 3);
}
