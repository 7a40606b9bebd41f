//! The OpenAPI document. `tests/openapi/check.sh` of the workspace holds it against the simulator
//! with independent tools.

use runcomfy_simulator::Simulator;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn every_model_has_its_own_path_and_schema() {
    let folder = boat()
        .model("a", "a_b/c.d", &json!({"type": "float"}))
        .model("b", "a/b/c/d", &json!({"type": "object", "properties": {"x": {"type": "float"}}}))
        .file("g/model.json", r#"{"id": "a/{gone}", "gone": "0.1.0"}"#)
        .file("g/input.json", "{}");
    let document = Simulator::builder().schemas(folder.path()).openapi().expect("a document");
    for (path, methods, schema) in [
        ("minimax/Hailuo%20Video%2001%20Live", 2, "/required/1"),
        ("a_b/c.d", 2, "/type"),
        ("a/b/c/d", 2, "/additionalProperties"),
        ("a/%7Bgone%7D", 1, ""),
    ] {
        let item = &document["paths"][format!("/v1/models/{path}")];
        assert_eq!(item.as_object().map(serde_json::Map::len), Some(methods), "{path}");
        let place = &item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let place = place.as_str().and_then(|place| place.strip_prefix('#')).expect("a place");
        let named = document.pointer(place).expect("a schema");
        assert!(named.pointer(schema).is_some(), "{path}: {named}");
    }
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    assert_eq!(schemas.keys().filter(|name| name.starts_with("Input.")).count(), 4);
    let plain = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    assert!(schemas.keys().all(|name| plain(name)));
    assert!(!document.to_string().contains(r#""float""#));
}

#[tokio::test]
async fn a_schema_keeps_references_and_loses_invalid_defaults() {
    let input = json!({"type": "object", "$defs": {"a": {"type": "string", "minLength": 1}}, "properties": {
        "there": {"$ref": "#/$defs/a", "default": "x"},
        "none": {"type": "integer", "default": null},
        "empty": {"type": "string", "minLength": 1, "default": ""},
        "kept": {"type": "integer", "default": 7, "enum": [7]},
        "link": {"type": "string", "format": "uri"},
        "pictures": {"type": "array", "format": "image_uris"},
        "$ref": {"const": {"$ref": "#/properties/kept"}}
    }});
    let output = json!({"type": "object", "properties": {"video": {"$ref": "#/definitions/url"}},
        "definitions": {"url": {"type": "string"}}});
    let folder = Folder::new().model("m", "a/b", &input).output("m", &output);
    let document = Simulator::builder().schemas(folder.path()).openapi().expect("a document");
    let properties = &document["components"]["schemas"]["Input.a.b"]["properties"];
    assert_eq!(properties["there"], json!({"$ref": "#/components/schemas/Input.a.b/$defs/a"}));
    for (name, default) in [("none", None), ("empty", None), ("kept", Some(&json!(7)))] {
        assert_eq!(properties[name].get("default"), default, "{name}");
    }
    // `uri` is not asserted, so the document must not mention it.
    assert_eq!(properties["link"], json!({"type": "string"}));
    assert_eq!(properties["pictures"]["format"], "image_uris");
    assert_eq!(properties["$ref"], json!({"const": {"$ref": "#/properties/kept"}}));
    let url = "/components/schemas/Output/anyOf/0/properties/video/$ref";
    let reference = document.pointer(url).and_then(Value::as_str).expect("a reference");
    assert_eq!(document.pointer(&reference[1..]), Some(&json!({"type": "string"})));
}

#[tokio::test]
async fn a_running_simulator_serves_its_own_document() {
    let folder = boat();
    let started = Simulator::builder().schemas(folder.path()).start().await;
    let simulator = started.expect("a simulator");
    let origin = simulator.api_base().trim_end_matches("/v1");
    let url = format!("{origin}/_simulator/openapi.json");
    let (status, mut served) = json_of(reqwest::Client::new().get(url)).await;
    assert_eq!((status, &served["servers"][0]["url"]), (200, &json!(origin)));
    let mut printed = Simulator::builder().schemas(folder.path()).openapi().expect("a document");
    for document in [&mut served, &mut printed] {
        document["servers"] = Value::Null;
    }
    assert_eq!(served, printed);
}
