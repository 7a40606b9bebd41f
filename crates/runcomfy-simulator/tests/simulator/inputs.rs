//! Validation of inputs.

use serde_json::{Value, json};

use crate::support::*;

/// A schema, with inputs and the `loc` and keyword of each fault.
struct Case {
    schema: Value,
    inputs: Vec<(Value, Vec<(Value, &'static str)>)>,
}

#[tokio::test]
async fn each_fault_of_an_input_has_its_path() {
    let site = boat().start(QUEUED).await;
    let url = "https://example.com/boat.png";
    let cases = [
        (
            json!({"prompt": "x".repeat(21), "image_url": url}),
            json!(["body", "prompt"]),
            "maxLength",
        ),
        (json!({"prompt": "a boat"}), json!(["body", "image_url"]), "required"),
        (
            json!({"prompt": "a boat", "image_url": url, "promt": "a boat"}),
            json!(["body", "promt"]),
            "additionalProperties",
        ),
        (json!({"prompt": 7, "image_url": url}), json!(["body", "prompt"]), "type"),
        (json!({"prompt": "a", "image_url": null}), json!(["body", "image_url"]), "type"),
    ];
    for (input, loc, keyword) in cases {
        let refusals = site.refusals(BOAT_IN_A_PATH, &input.to_string()).await;
        assert_eq!(refusals, [(loc.to_string(), keyword.to_owned())], "{input}");
    }
    assert!(site.refusals(BOAT_IN_A_PATH, &boat_input().to_string()).await.is_empty());
}

#[tokio::test]
async fn all_faults_are_reported_without_repeating_values() {
    let site = boat().start(QUEUED).await;
    let input =
        json!({"prompt": "secret ".repeat(9), "prompt_optimizer": "secret", "a": 1, "b": 2});
    let path = format!("/models/{BOAT_IN_A_PATH}");
    let (status, reply) = site.post(&path, input.to_string()).await;
    assert_eq!(status, 422);
    assert_eq!(reply["detail"].as_array().map(Vec::len), Some(5), "{reply}");
    assert!(!reply.to_string().contains("secret"), "{reply}");
}

#[tokio::test]
async fn a_body_must_be_a_json_object() {
    let site = boat().model("open", "a/open", &json!({})).start(QUEUED).await;
    for (body, keyword) in [
        ("", "json_invalid"),
        ("{\"prompt\":", "json_invalid"),
        ("\u{1}", "json_invalid"),
        ("[]", "type"),
        ("\"prompt\"", "type"),
        ("null", "type"),
    ] {
        for model in [BOAT_IN_A_PATH, "a/open"] {
            let refusals = site.refusals(model, body).await;
            assert_eq!(refusals, [(r#"["body"]"#.to_owned(), keyword.to_owned())], "{body:?}");
        }
    }
}

#[tokio::test]
async fn the_request_body_is_limited() {
    let site = boat().start(QUEUED).await;
    let input = |length: usize| json!({"prompt": "a", "image_url": "x".repeat(length)}).to_string();
    let path = format!("/models/{BOAT_IN_A_PATH}");
    assert_eq!(site.post(&path, input(10_000_000)).await.0, 200);
    let (status, reply) = site.post(&path, input(64 * 1024 * 1024)).await;
    assert_eq!(status, 413);
    assert!(reply["detail"].is_string());
}

#[tokio::test]
async fn the_dialect_of_published_schemas_is_understood() {
    let cases = [
        Case {
            schema: json!({"type": "object", "properties": {
                "size": {"type": "string", "enum": ["big"], "nullable": true},
                "list": {"type": ["array", "string"], "nullable": true},
                "plain": {"type": "string", "nullable": false},
                "low": {"type": "number", "minimum": 1, "exclusiveMinimum": true},
                "high": {"type": "number", "maximum": 1, "exclusiveMaximum": false}
            }}),
            inputs: vec![
                (json!({"size": null, "list": null, "low": 1.5, "high": 1}), vec![]),
                (json!({"plain": null}), vec![(json!(["body", "plain"]), "type")]),
                (json!({"low": 1}), vec![(json!(["body", "low"]), "exclusiveMinimum")]),
                (json!({"high": 1.5}), vec![(json!(["body", "high"]), "maximum")]),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {
                "scale": {"type": "float", "minimum": 0.5, "default": null},
                "either": {"type": ["float", "null"]},
                "loras": {"type": "array", "items": {"type": "object", "properties": {
                    "path": {"type": "string"}, "scale": {"type": "float"}
                }}}
            }}),
            inputs: vec![
                (json!({"scale": 0.5, "either": null, "loras": [{"scale": 1}]}), vec![]),
                (json!({"scale": "1"}), vec![(json!(["body", "scale"]), "type")]),
                (json!({"scale": 0.4}), vec![(json!(["body", "scale"]), "minimum")]),
                (json!({"either": "1"}), vec![(json!(["body", "either"]), "type")]),
                (
                    json!({"loras": [{}, {"scale": "1", "weight": 1}]}),
                    vec![
                        (json!(["body", "loras", 1, "scale"]), "type"),
                        (json!(["body", "loras", 1, "weight"]), "additionalProperties"),
                    ],
                ),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {
                "images": {"type": "array", "format": "image_uris", "maxItems": 2},
                "image": {"type": "string", "format": "image_uri"},
                "site": {"type": "string", "format": "uri"}
            }}),
            inputs: vec![
                (json!({"images": ["not a uri"], "image": "nor this", "site": "nor this"}), vec![]),
                (json!({"images": ["a", 1]}), vec![(json!(["body", "images", 1]), "type")]),
                (json!({"images": ["a", "b", "c"]}), vec![(json!(["body", "images"]), "maxItems")]),
            ],
        },
        Case {
            schema: json!({"type": "object", "required": ["ghost"], "properties": {
                "file": {"type": "file", "default": {"type": "file"}},
                "seed": {"type": "integer", "maximum": 4294967295_u64, "default": null},
                "mode": {"type": "string", "enum": ["16:9", "9:16"]},
                "0": {"type": "string"},
                "a/b": {"type": "string"},
                "type": {"type": "string"}
            }}),
            inputs: vec![
                (json!({"ghost": [1], "file": {"any": 1}, "seed": 1.0, "type": "float"}), vec![]),
                (json!({"seed": 1}), vec![(json!(["body", "ghost"]), "required")]),
                (json!({"ghost": 1, "seed": 1.5}), vec![(json!(["body", "seed"]), "type")]),
                (json!({"ghost": 1, "seed": null}), vec![(json!(["body", "seed"]), "type")]),
                (json!({"ghost": 1, "mode": "1:1"}), vec![(json!(["body", "mode"]), "enum")]),
                (
                    json!({"ghost": 1, "0": 0, "a/b": 0}),
                    vec![(json!(["body", "0"]), "type"), (json!(["body", "a/b"]), "type")],
                ),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {
                "open": {"type": "object"},
                "any": {"type": "object", "properties": {"a": {}}, "additionalProperties": true},
                "words": {"type": "object", "properties": {"a": {}},
                    "additionalProperties": {"type": "float"}}
            }}),
            inputs: vec![
                (json!({"open": {"x": 1}, "any": {"x": 1}, "words": {"x": 1.5}}), vec![]),
                (json!({"words": {"x": "1"}}), vec![(json!(["body", "words", "x"]), "type")]),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {
                "maybe": {"type": "string", "enum": ["a"], "nullable": true},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": true},
                "referred": {"$ref": "#/$defs/word", "nullable": true},
                "never": {"type": "string", "nullable": false},
                "over": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
                "under": {"type": "number", "maximum": 9, "exclusiveMaximum": false},
                "nothing": {"type": "object", "additionalProperties": false},
                "anything": {"type": "object", "properties": {}}
            }, "$defs": {"word": {"type": "string"}}}),
            inputs: vec![
                (json!({"maybe": null, "either": null, "referred": null}), vec![]),
                (json!({"over": 0.1, "under": 9, "nothing": {}, "anything": {"x": 1}}), vec![]),
                (json!({"maybe": "b"}), vec![(json!(["body", "maybe"]), "enum")]),
                (json!({"referred": 1}), vec![(json!(["body", "referred"]), "anyOf")]),
                (json!({"never": null}), vec![(json!(["body", "never"]), "type")]),
                (json!({"over": 0}), vec![(json!(["body", "over"]), "exclusiveMinimum")]),
                (json!({"under": 9.1}), vec![(json!(["body", "under"]), "maximum")]),
                (
                    json!({"nothing": {"x": 1}}),
                    vec![(json!(["body", "nothing", "x"]), "additionalProperties")],
                ),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {}}),
            inputs: vec![(json!({"x": 1}), vec![(json!(["body", "x"]), "additionalProperties")])],
        },
        Case {
            schema: json!({
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "float"}}},
                    {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
                ]
            }),
            inputs: vec![
                (json!({"a": 1, "b": ""}), vec![]),
                (json!({"a": 1}), vec![(json!(["body", "b"]), "required")]),
                (json!({"b": "", "c": 1}), vec![(json!(["body", "c"]), "additionalProperties")]),
                (json!({"a": "1", "b": ""}), vec![(json!(["body", "a"]), "type")]),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [
                {"properties": {"b": {"type": "string"}}, "required": ["b"]},
                {"properties": {"c": {"type": "string"}}, "required": ["c"]}
            ]}),
            inputs: vec![
                (json!({"a": "", "b": ""}), vec![]),
                (json!({"a": "", "c": ""}), vec![]),
                (json!({"a": ""}), vec![(json!(["body"]), "oneOf")]),
                (json!({"b": "", "d": ""}), vec![(json!(["body", "d"]), "additionalProperties")]),
            ],
        },
        Case {
            schema: json!({"type": "object", "properties": {"element": {"anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"url": {"type": "string"}}}
            ]}}}),
            inputs: vec![
                (json!({"element": "a"}), vec![]),
                (json!({"element": {"url": "a"}}), vec![]),
                (json!({"element": {"uri": "a"}}), vec![(json!(["body", "element"]), "anyOf")]),
            ],
        },
    ];
    for Case { schema, inputs } in cases {
        let site = Folder::new().model("a", "a/model", &schema).start(QUEUED).await;
        for (input, expected) in inputs {
            let mut expected: Vec<_> = expected
                .into_iter()
                .map(|(loc, keyword)| (loc.to_string(), keyword.to_owned()))
                .collect();
            expected.sort();
            assert_eq!(site.refusals("a/model", &input.to_string()).await, expected, "{input}");
        }
    }
}
