//! Tables that are made at run time, compared with those of generated code. `differential.rs` and
//! `cargo xtask conformance` compare what both find in inputs.

use std::path::Path;

use runcomfy::codegen_support::schema::Shape;
use runcomfy_codegen::Objects;
use runcomfy_codegen::Source;
use runcomfy_codegen::fixup_path;
use runcomfy_codegen::runtime::{RuntimeError, RuntimeModel};
use serde_json::{Value, json};

use crate::support::root;

fn made(schemas: &Path, folder: &str) -> RuntimeModel {
    let read = |path: &str| std::fs::read_to_string(schemas.join(path)).ok();
    let text = |name: &str| read(&format!("{folder}/{name}"));
    let (model, input) = (text("model.json"), text("input.json"));
    let (output, fixup) = (text("output.json"), read(&fixup_path(folder)));
    let source = Source {
        folder,
        model: model.as_deref().expect("it exists"),
        input: input.as_deref().expect("it exists"),
        output: output.as_deref(),
        fixup: fixup.as_deref(),
    };
    RuntimeModel::from_source(&source, Objects::Closed).expect("it is generated")
}

#[test]
fn a_shipped_model_has_the_same_table_at_run_time() {
    let schemas = root().join("schemas");
    let mut models = 0;
    for built_in in runcomfy_models::models() {
        let folder = built_in.id.to_lowercase().replace(' ', "-");
        assert_eq!(made(&schemas, &folder).info(), built_in);
        models += 1;
    }
    assert!(models > 80, "{models}");
}

#[test]
fn a_schema_that_contains_itself_is_checked_at_every_depth() {
    let schema = json!({
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Tree"}},
        "$defs": {"Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 3},
                "left": {"$ref": "#/$defs/Tree"},
                "all": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                "odd": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/Tree"}]},
            },
        }},
    });
    let model = RuntimeModel::from_schema("acme/trees", &schema.to_string()).expect("it is good");
    let found = |input: &Value| {
        let found = model.info().violations(input);
        found.iter().map(|found| format!("{} {}", found.path, found.rule)).collect::<Vec<_>>()
    };
    let good = json!({"tree": {"left": {"all": [{"odd": {"odd": 3}}]}}});
    assert_eq!(found(&good), [""; 0]);
    let bad = json!({"tree": {"name": "root", "left": {"all": [{"name": "leaf", "odd": {"odd": {"x": 1}}}]}}});
    let expected =
        ["tree.name maxLength", "tree.left.all[0].name maxLength", "tree.left.all[0].odd anyOf"];
    assert_eq!(found(&bad), expected);

    // It can be printed, compared and exported, though it has no end.
    let info = model.info();
    assert!(format!("{info:?}").contains("Recursive") && info == info);
    let exported = serde_json::to_string(&info.json_schema()).expect("it is JSON");
    assert!(exported.contains("#/$defs/") && exported.contains("\"maxLength\":3"), "{exported}");
    assert!(!exported.contains("null"), "{exported}");
    let shape = info.fields[0].schema.shape;
    assert!(matches!(shape, Shape::Object(fields) if fields.len() == 4), "{shape:?}");
}

#[test]
fn one_schema_takes_memory_once() {
    let schema = r#"{"properties": {"a": {"type": "string"}}}"#;
    let made = |id, schema| RuntimeModel::from_schema(id, schema).expect("it is good").info();
    let first = made("acme/once", schema);
    assert!(std::ptr::eq(first, made("acme/once", schema)));
    assert!(!std::ptr::eq(first, made("acme/twice", schema)));
    assert!(!std::ptr::eq(first, made("acme/once", r#"{"properties": {"b": {}}}"#)));
}

#[test]
fn a_catalog_gives_tables_and_says_what_has_none() {
    let entry = |id: &str, schema: Value| json!({"model_id": id, "input_schema": schema});
    let mut priced = entry("acme/boats/text-to-video", json!({"properties": {"prompt": {}}}));
    priced["required_inputs"] = json!(["prompt"]);
    priced["display_name"] = json!("Boats");
    let catalog = json!({"models": [
        priced,
        entry("acme/never", json!({"properties": {"a": {"not": {}}}})),
        entry("acme/odd", json!({"properties": {"a": {"type": "string", "format": "color", "glow": 3}}})),
        {"model_id": "acme/empty"},
    ], "total": 4});
    let read = RuntimeModel::from_catalog(&catalog.to_string()).expect("it is a catalog");
    let [boats, odd] = read.models.as_slice() else { panic!("{read:?}") };
    assert_eq!((boats.info().title, boats.info().category), (Some("Boats"), Some("text-to-video")));
    let missing = boats.info().violations(&json!({}));
    assert_eq!(missing.to_string(), "prompt: missing required property [required]");
    let unchecked: Vec<&str> = odd.unchecked().map(|found| found.place.pointer.as_str()).collect();
    assert_eq!(unchecked, ["/properties/a/glow", "/properties/a/format"]);
    assert_eq!(boats.unchecked().count(), 0);

    let [refused] = read.refused.as_slice() else { panic!("{read:?}") };
    assert_eq!(refused.id, "acme/never");
    let RuntimeError::Refused(why) = &refused.error else { panic!("{}", refused.error) };
    assert_eq!(why[0].code.name(), "unsupported-keyword");
    assert!(refused.error.to_string().contains("unsupported-keyword"), "{}", refused.error);
    assert_eq!(read.skipped.len(), 1);
    assert!(RuntimeModel::from_schema("acme", "{}").is_err());
    assert!(RuntimeModel::from_schema("acme/x", "{").is_err());
}

// A list whose `format` or rules are about media, and whose items say their types themselves.
#[test]
fn items_that_say_their_types_keep_them_beside_a_media_format() {
    let url = "https://example.com/a.mp4";
    let union = json!([{"type": "string"}, {"type": "integer"}]);
    let items = [
        json!({"anyOf": union}),
        json!({"oneOf": union}),
        json!({"anyOf": [{"anyOf": union}, {"type": "null"}]}),
        json!({"allOf": [{"anyOf": union}]}),
        json!({"$ref": "#/$defs/either"}),
        json!({"$ref": "#/$defs/whole"}),
        json!({"type": ["string", "integer"]}),
        json!({"enum": [url, 1]}),
        json!({"const": 1}),
        json!({"type": "integer"}),
        json!({"type": "array", "items": {"anyOf": union}}),
    ];
    let about_media = [
        json!({"format": "video_uris"}),
        json!({"validations": [
            {"validation_rule": "file_size_mb<", "validation_value": 9, "error_message": "Big"},
        ]}),
    ];
    let values = [json!(1), json!(url), json!(true), json!({}), json!(null), json!([1, url])];
    for items in &items {
        for about_media in &about_media {
            let mut schema = json!({
                "type": "object",
                "properties": {"list": about_media},
                "$defs": {"either": {"anyOf": union}, "whole": {"type": "integer"}},
            });
            schema["properties"]["list"]["type"] = "array".into();
            schema["properties"]["list"]["items"] = items.clone();
            let model = RuntimeModel::from_schema("acme/lists", &schema.to_string());
            let model = model.expect("it is good");
            let judge = jsonschema::validator_for(&schema).expect("it is a schema");
            for value in &values {
                let input = json!({"list": [value]});
                let found = model.info().violations(&input);
                let shown = format!("{schema} {input} {found:?}");
                assert_eq!(found.is_empty(), judge.is_valid(&input), "{shown}");
            }
        }
    }
}
