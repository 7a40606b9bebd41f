//! Our own conformance cases against the lowered model, without compiling what is rendered:
//! the judge of a change to `parse` and `lower` that answers at once.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::check::takes;
use crate::diagnostic::Findings;
use crate::import::ModelId;
use crate::model::{Model, Module};
use crate::{Features, Objects, Settings, Source, Treatment, check, keywords, pipeline};

/// A schema as the one required property `v`, as `cargo xtask conformance` has it.
fn wrapped(schema: &Value) -> Value {
    if schema["type"] == "object" {
        return schema.clone();
    }
    let draft = match schema.get("$schema") {
        Some(draft) => draft.clone(),
        None => json!("http://json-schema.org/draft-07/schema#"),
    };
    let mut schema = schema.clone();
    refer(&mut schema);
    json!({"$schema": draft, "type": "object", "properties": {"v": schema}, "required": ["v"]})
}

fn refer(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            for (keyword, value) in entries.iter_mut().filter(|(keyword, _)| *keyword != "const") {
                match value.as_str().and_then(|to| to.strip_prefix('#')) {
                    Some(to) if keyword == "$ref" => *value = json!(format!("#/properties/v{to}")),
                    _ => refer(value),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(refer),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn model(schema: &Value) -> Option<Model> {
    let settings = Settings {
        origin: "schemas".to_owned(),
        features: Features::None,
        present: Default::default(),
        deny: Default::default(),
        objects: Objects::Open,
    };
    let record = r#"{"id": "acme/x"}"#;
    let input = wrapped(schema).to_string();
    let folder = ModelId::parse("acme/x").expect("it is an id").folder();
    let source =
        Source { folder: &folder, model: record, input: &input, output: None, fixup: None };
    let module = Module { provider: "acme".to_owned(), name: "x".to_owned() };
    let mut findings = Findings::default();
    let corrected = crate::fixup::PatchedSchemas::new(&source, &mut findings);
    let model = pipeline::lower_source(&source, &corrected, &module, Objects::Open, &mut findings);
    let whole = source.file("model.json", record).range();
    check::check(model, &whole, &settings, &mut findings)
}

#[test]
fn each_case_is_judged_as_it_says_by_the_lowered_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it is text");
        let groups: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("it is a list");
        for group in &groups {
            let schema = &group["schema"];
            let model = model(schema);
            for test in group["tests"].as_array().into_iter().flatten() {
                cases += 1;
                let name = test["description"].as_str().unwrap_or_default();
                let keyword = name.split('/').next().unwrap_or_default();
                let is_refused = name.ends_with("-is-refused")
                    || keywords().any(|of| of == (keyword, Treatment::Refused));
                let Some(model) = &model else {
                    assert!(is_refused, "{name} is refused");
                    continue;
                };
                assert!(!is_refused, "{name} is taken");
                let data = match schema["type"] == "object" {
                    true => test["data"].clone(),
                    false => json!({"v": test["data"]}),
                };
                let valid = test["valid"] == true || name.ends_with("-is-declared");
                assert_eq!(takes(model, &data), valid, "{name}: {schema}");
            }
        }
    }
    assert!(cases > 400, "the cases were not found");
}
