//! Catalog: pages, filters, one entry, categories.

use serde_json::{Value, json};

use crate::support::*;

/// Creates four models, one of them delisted.
fn shelf() -> Folder {
    let facts = |id: &str, name: &str, kind: &str, categories: &[&str]| {
        json!({
            "id": id, "listed": true, "display_name": name, "kind": kind,
            "categories": categories, "base_price_usd": 0.5, "arguments": ["prompt"],
        })
        .to_string()
    };
    Folder::new()
        .file("z/model.json", &facts("zoo/zebra", "Stripes", "image", &["text-to-image"]))
        .file("z/input.json", INPUT)
        .file("a/model.json", &facts("acme/Big Boat", "Sails", "video", &["text-to-video", "new"]))
        .file("a/input.json", INPUT)
        .file("d/model.json", &facts("acme/Big Boat/draft", "Draft", "video", &["text-to-video"]))
        .file("d/input.json", INPUT)
        .file("g/model.json", r#"{"id": "acme/gone", "gone": "0.1.0", "categories": ["old"]}"#)
        .file("g/input.json", INPUT)
}

/// Unsorted keys and a number with unusual spelling.
const INPUT: &str = r#"{"type": "object", "required": ["prompt"],
"properties": {"prompt": {"type": "string"}, "alpha": {"type": "number", "default": 1.0}}}"#;

fn ids(page: &Value) -> Vec<&str> {
    let models = page["models"].as_array().expect("a list");
    models.iter().map(|entry| entry["model_id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_page_has_the_requested_entries_and_the_total() {
    let site = shelf().start(QUEUED).await;
    let all = ["acme/Big Boat", "acme/Big Boat/draft", "zoo/zebra"];
    let cases: [(&str, &[&str], usize); 13] = [
        ("", &all, 3),
        ("?limit=2", &all[..2], 3),
        ("?limit=2&offset=2", &all[2..], 3),
        ("?limit=500&offset=3", &[], 3),
        ("?search=boat", &all[..2], 2),
        ("?search=STRIPES", &all[2..], 1),
        ("?search=", &all, 3),
        ("?search=gone", &[], 0),
        ("?kind=video&limit=1", &all[..1], 2),
        ("?kind=vid", &[], 0),
        ("?category=new", &all[..1], 1),
        ("?category=text-to-video&search=draft", &all[1..2], 1),
        ("?include_schema=true", &all, 3),
    ];
    for (query, expected, total) in cases {
        let (status, page) = site.get(&format!("/models{query}")).await;
        assert_eq!((status, ids(&page), &page["total"]), (200, expected.to_vec(), &json!(total)));
        let with_schema = query.contains("include_schema");
        for entry in page["models"].as_array().expect("a list") {
            assert_eq!(entry.get("input_schema").is_some(), with_schema, "{query}");
        }
    }
    for query in ["limit=0", "limit=501", "limit=two", "offset=-1"] {
        let (status, reply) = site.get(&format!("/models?{query}")).await;
        assert_eq!(status, 422, "{query}");
        assert!(reply["detail"].as_str().is_some_and(|words| words.contains("`limit`")));
    }
}

#[tokio::test]
async fn an_entry_repeats_only_the_published_members() {
    let site = shelf().start(QUEUED).await;
    let (status, entry) = site.get("/models/acme/Big%20Boat").await;
    assert_eq!(status, 200);
    let keys: Vec<_> = entry.as_object().expect("an entry").keys().map(String::as_str).collect();
    let mut expected =
        ["model_id", "display_name", "kind", "categories", "base_price_usd", "input_schema"];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);

    let url = format!("{}/models?include_schema=true&limit=1", site.simulator.api_base());
    let reply = site.client.get(url).bearer_auth("any").send().await.expect("an answer");
    let text = reply.text().await.expect("a text");
    assert!(text.contains(INPUT), "the schema is not as it stands in its file: {text}");
}

#[tokio::test]
async fn an_unlisted_model_answers_404() {
    let site = shelf().start(QUEUED).await;
    for id in ["acme/gone", "acme/none", "acme/big%20boat", "acme%2FBig%20Boat"] {
        assert_eq!(site.get(&format!("/models/{id}")).await.0, 404, "{id}");
    }
    let (status, reply) = site.get("/models/categories").await;
    let expected = json!({"categories": ["new", "text-to-image", "text-to-video"]});
    assert_eq!((status, reply), (200, expected));
    assert_eq!(site.post("/models/categories", "{}").await.0, 405);
    site.submit("acme/gone", &json!({"prompt": "still taken"})).await;
}

#[tokio::test]
async fn the_catalog_needs_a_token() {
    let site = shelf().start(QUEUED).await;
    for path in ["/models", "/models/zoo/zebra", "/models/categories"] {
        let url = format!("{}{path}", site.simulator.api_base());
        let (status, reply) = json_of(site.client.get(url)).await;
        assert_eq!((status, &reply["error_code"]), (401, &json!(400_004)), "{path}");
    }
}
