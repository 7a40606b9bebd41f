//! Prices in the catalog, costs of results and charges.

use runcomfy_simulator::{Price, PriceUnit, Simulator};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn costs_agree_with_the_prices_of_the_catalog() {
    let schema = json!({"properties": {"duration": {"default": 5}, "num_images": {}}}).to_string();
    let folder = Folder::new()
        .file("a/model.json", r#"{"id": "a/a", "base_price_usd": 0.1, "price_unit": "second"}"#)
        .file("a/input.json", &schema)
        .file("b/model.json", r#"{"id": "b/b"}"#)
        .file("b/input.json", &schema)
        .file("c/model.json", r#"{"id": "c/c"}"#)
        .file("c/input.json", &schema);
    let simulator = Simulator::builder()
        .schemas(folder.path())
        .pace(AT_ONCE)
        .price(Price { usd: 0.02, unit: PriceUnit::Image })
        .model_price("c/c", Price { usd: 0.5, unit: PriceUnit::Output })
        .funds_usd(3.0)
        .start()
        .await
        .expect("a simulator");
    let site = Site { simulator, client: reqwest::Client::new() };
    let mut charged = 0.0;
    for (model, usd, unit, input, cost) in [
        ("a/a", 0.1, "second", json!({}), 0.5),
        ("a/a", 0.1, "second", json!({"duration": 8}), 0.8),
        ("b/b", 0.02, "image", json!({"num_images": 3}), 0.06),
        ("c/c", 0.5, "output", json!({"duration": 8}), 0.5),
    ] {
        let (_, entry) = site.get(&format!("/models/{model}")).await;
        assert_eq!((&entry["base_price_usd"], &entry["price_unit"]), (&json!(usd), &json!(unit)));
        let id = site.submit(model, &input).await;
        let (_, result) = site.get(&format!("/requests/{id}/result?include_cost=true")).await;
        assert_eq!(result["cost"], cost, "{model} {input}");
        charged += cost;
    }
    let ledger = site.simulator.ledger();
    assert_eq!(ledger.iter().map(|row| row.charged_usd).sum::<f64>(), charged);
    let call = site.client.get(site.simulator.balance_url()).bearer_auth("any");
    let balance = json_of(call).await.1["balance_usd"].as_f64().expect("a number");
    assert!((balance - (3.0 - charged)).abs() < 1e-9, "{balance}");
    // What costs more than is left is not accepted.
    let (status, reply) = site.post("/models/a/a", r#"{"duration": 60}"#).await;
    assert_eq!((status, &reply["error_code"]), (402, &json!(400_002)));
}

#[tokio::test]
async fn a_price_of_an_unknown_model_is_refused() {
    let price = Price { usd: 1.0, unit: PriceUnit::Output };
    let folder = boat();
    let builder = Simulator::builder().schemas(folder.path()).model_price("no/model", price);
    let words = builder.start().await.expect_err("no such model").to_string();
    assert!(words.contains("no/model"), "{words}");
}

#[tokio::test]
async fn a_model_without_a_price_is_free() {
    let site = boat().start(AT_ONCE).await;
    let (_, entry) = site.get(&format!("/models/{BOAT_IN_A_PATH}")).await;
    assert_eq!(entry["base_price_usd"], Value::Null);
    site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    assert_eq!(site.simulator.ledger()[0].charged_usd, 0.0);
}
