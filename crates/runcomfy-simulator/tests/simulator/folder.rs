//! Content of a schemas folder.

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_model_id_may_be_a_prefix_of_another() {
    let schema = |name: &str| json!({"type": "object", "properties": {name: {}}});
    let site = Folder::new()
        .model("flux/extend", "flux-3/extend", &schema("a"))
        .model("flux/extend/draft", "flux-3/extend/draft", &schema("b"))
        .model("kling/kling/lipsync", "kling/kling/lipsync", &schema("c"))
        .start(QUEUED)
        .await;
    for (id, name) in
        [("flux-3/extend", "a"), ("flux-3/extend/draft", "b"), ("kling/kling/lipsync", "c")]
    {
        site.submit(id, &json!({name: 1})).await;
        let refused = site.refusals(id, r#"{"x": 1}"#).await;
        assert_eq!(refused, [(r#"["body","x"]"#.to_owned(), "additionalProperties".to_owned())]);
    }
}

#[tokio::test]
async fn only_the_top_level_fixups_folder_is_skipped() {
    let site = boat()
        .file("fixups/minimax/model.json", "not JSON")
        .file("README.md", "")
        .model("a/fixups", "a/fixups", &json!({}))
        .start(QUEUED)
        .await;
    site.submit("a/fixups", &json!({})).await;
    site.submit(BOAT_IN_A_PATH, &boat_input()).await;
}

#[tokio::test]
async fn an_invalid_folder_is_refused_with_file_and_reason() {
    let cases: [(Folder, &[&str]); 11] = [
        (Folder::new(), &["no model", "model.json"]),
        (boat().file("m/model.json", "{"), &["m/model.json", "line 1"]),
        (boat().file("m/model.json", "{}"), &["m/model.json", "`id`"]),
        (boat().file("m/model.json", r#"{"id": "a//b"}"#), &["m/model.json", "empty segment"]),
        (boat().file("m/model.json", r#"{"id": "a/b"}"#), &["m/input.json", "input schema"]),
        (
            boat().model("m", BOAT, &json!({})),
            &["m/model.json", "hailuo-video-01-live/model.json", BOAT],
        ),
        (boat().model("m", "a/b", &json!({"properties": 1})), &["m/input.json", "/properties"]),
        (
            boat().model("m", "a/b", &json!({"properties": {"x": {"pattern": "("}}})),
            &["m/input.json", "regex"],
        ),
        (
            boat().model("m", "a/b", &json!({"$ref": "https://example.com/schema.json"})),
            &["m/input.json", "example.com"],
        ),
        (
            boat().model("m", "a/b", &json!({})).file("m/output.json", r#"{"output": 1}"#),
            &["m/output.json", "`output`"],
        ),
        (
            boat().model("m", "a/b", &json!({})).file("m/output.json", "{}"),
            &["m/output.json", "`output`"],
        ),
    ];
    for (folder, expected) in cases {
        let words = folder.refusal().await;
        for part in expected {
            assert!(words.contains(part), "{part:?} is not in {words:?}");
        }
    }
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let started = runcomfy_simulator::Simulator::builder().schemas("no/such/folder").start().await;
    let words = started.expect_err("no folder").to_string();
    assert!(words.contains("no/such/folder") && words.contains("schemas"), "{words}");
}
