//! The cached live catalog: prices, and models that this version was not built with.

use std::io::{Read, Write};
use std::time::Duration;

use runcomfy_simulator::{Pace, Simulator};

use crate::support::Home;

const BOATS: &str = "acme/boats/text-to-video";

/// Starts a simulator whose catalog has a built-in model, two that are new, and one with a schema
/// that cannot be enforced.
pub(crate) async fn newer() -> (Simulator, Home) {
    let schemas = Home::new();
    let hailuo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/minimax/hailuo-video-01-live");
    let hailuo = std::fs::read(format!("{hailuo}/input.json")).expect("the schema");
    schemas.write("hailuo/input.json", hailuo);
    schemas.write(
        "hailuo/model.json",
        r#"{"id": "minimax/Hailuo Video 01 Live", "base_price_usd": 0.25, "price_unit": "output"}"#,
    );
    schemas.write(
        "boats/model.json",
        format!(
            r#"{{"id": "{BOATS}", "display_name": "Boats", "base_price_usd": 0.05,
                "model_url": "https://www.runcomfy.com/models/acme/boats", "price_unit": "second", "pricing_note": "longer costs more"}}"#
        ),
    );
    schemas.write(
        "boats/input.json",
        r#"{"type": "object", "required": ["prompt"], "properties": {
            "prompt": {"type": "string", "title": "Prompt", "maxLength": 20},
            "duration": {"type": "integer", "minimum": 2, "maximum": 10, "default": 5},
            "mood": {"type": "string", "enum": ["calm", "stormy"]}}}"#,
    );
    schemas.write("odd/model.json", r#"{"id": "acme/odd/text-to-image"}"#);
    schemas.write(
        "odd/input.json",
        r#"{"type": "object", "properties": {"pair": {"type": "array",
            "prefixItems": [{"type": "string"}]}}}"#,
    );
    let pace = Pace { queue: Duration::ZERO, run: Duration::from_millis(50) };
    let builder = Simulator::builder().schemas(schemas.path()).pace(pace);
    let simulator = builder.start().await.expect("it starts");
    let home = Home::with(&simulator);
    (simulator, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_model_is_listed_checked_and_run() {
    let (simulator, home) = newer().await;
    assert_eq!(home.run(&["models", "show", "acme/boats"]).code, 2, "it is unknown before");

    let ended = home.run(&["models", "sync"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    insta::assert_snapshot!("sync", ended.shown(&home));

    let (_, envelope) = home.json(&["models", "boats"]);
    let boats = &envelope["data"]["models"][0];
    assert_eq!((&boats["id"], &boats["built_in"]), (&BOATS.into(), &false.into()));
    assert_eq!(boats["price"]["usd"], 0.05);
    let (_, envelope) = home.json(&["models", "hailuo", "live"]);
    let hailuo = &envelope["data"]["models"][0];
    assert_eq!((&hailuo["built_in"], &hailuo["price"]["usd"]), (&true.into(), &0.25.into()));

    let list = home.run(&["models", "acme"]).stdout;
    assert!(list.contains(&format!("{BOATS} +")), "{list}");
    insta::assert_snapshot!("show_synced", home.run(&["models", "show", "boats"]).shown(&home));
    let help = home.run(&["run", "boats", "--help"]).stdout;
    assert!(help.contains("--mood <CHOICE>") && help.contains("at most 20 characters"), "{help}");

    let long = ["check", "boats", "--prompt", "a prompt of more than 20", "--duration", "11"];
    let (code, envelope) = home.json(&[&long[..], &["--mood", "odd", "--offline"]].concat());
    assert_eq!(code, 3, "{envelope}");
    let rules: Vec<_> =
        envelope["error"]["problems"].as_array().expect("problems").iter().collect();
    assert_eq!(rules.len(), 3, "{envelope}");

    let run = ["run", "boats", "--prompt", "a boat", "--duration", "6"];
    let (code, envelope) = home.json(&[&run[..], &["--max-cost", "0.29"]].concat());
    assert_eq!((code, &envelope["error"]["code"]), (5, &"budget".into()), "{envelope}");
    assert!(simulator.ledger().is_empty());
    let ended = home.run(&[&run[..], &["--max-cost", "0.30"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("price $0.30"), "{}", ended.stderr);
    assert_eq!(simulator.ledger()[0].model, BOATS);

    let ended = home.run(&[&run[..], &["--simulate"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(simulator.ledger().len(), 1, "the simulator in the process took it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_of_another_api_is_not_used() {
    let (_simulator, home) = newer().await;
    assert_eq!(home.run(&["models", "sync"]).code, 0);
    let mut command = home.command(&["models", "show", "boats"]);
    let ended = command.env("RUNCOMFY_MODEL_API_BASE", "http://127.0.0.1:9/v1").output();
    assert_eq!(ended.expect("it runs").status.code(), Some(2));
}

#[test]
fn broken_entries_stop_only_their_own_models() {
    let page = r#"{"total": 8, "models": [
        7, null, {"no": "id"}, {"model_id": "a/list", "input_schema": [1]},
        {"model_id": "a/good", "base_price_usd": "free",
         "input_schema": {"type": "object", "properties": {"prompt": {"type": "string"}}}},
        {"model_id": "a/good", "input_schema": {"type": "object"}},
        {"model_id": "a/none"},
        {"model_id": "../../etc/passwd", "input_schema": {"type": "object", "properties": {}}}]}"#;
    let home = Home::new();
    let base = serve(page);
    let run = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("RUNCOMFY_MODEL_API_BASE", &base).output().expect("it runs")
    };
    let synced = run(&["models", "sync", "--json"]);
    let envelope: serde_json::Value = serde_json::from_slice(&synced.stdout).expect("JSON");
    assert_eq!(envelope["data"]["not_built_in"], serde_json::json!(["a/good"]), "{envelope}");
    assert_eq!(envelope["data"]["skipped"], 4, "{envelope}");
    let checked = run(&["check", "a/good", "--prompt", "x", "--offline"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

#[test]
fn a_damaged_catalog_is_as_good_as_none() {
    let home = Home::new();
    home.write("cache/rcomfy/catalog-model-api.runcomfy.net-v1.jsonl", "{\"version\": 1, \"mo");
    let ended = home.run(&["models", "hailuo"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("`rcomfy models sync` replaces it"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_keeps_the_cached_catalog() {
    let (simulator, home) = newer().await;
    assert_eq!(home.run(&["models", "sync"]).code, 0);
    drop(simulator);
    let ended = home.run(&["models", "sync"]);
    assert_eq!(ended.code, 9, "{ended:?}");
    assert_eq!(home.run(&["models", "show", "boats"]).code, 0);
}

/// Answers every request with the same JSON, and returns the base URL.
pub(crate) fn serve(body: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}/v1")
}
