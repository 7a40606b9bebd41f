//! Judges our own conformance cases by tables that are made at run time, without compiling generated
//! code: the quick judge of a change to `parse` and `lower`.

use std::path::Path;

use runcomfy_codegen::runtime::RuntimeModel;
use runcomfy_codegen::{Objects, Source, Treatment, keywords};
use serde_json::{Map, Value, json};

#[test]
fn each_case_gets_its_expected_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it is text");
        let groups: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("it is a list");
        cases += groups.iter().map(judge_group).sum::<usize>();
    }
    assert!(cases > 400, "the cases were not found");
}

/// Judges the cases of one schema. Returns their number.
fn judge_group(group: &Map<String, Value>) -> usize {
    let schema = &group["schema"];
    let model = runtime_model(schema);
    let tests = group["tests"].as_array().expect("a group has tests");
    for test in tests {
        let name = test["description"].as_str().unwrap_or_default();
        let keyword = name.split('/').next().unwrap_or_default();
        let is_refused = name.ends_with("-is-refused")
            || keywords().any(|known| known == (keyword, Treatment::Refused));
        let Some(model) = &model else {
            assert!(is_refused, "{name} is refused");
            continue;
        };
        assert!(!is_refused, "{name} is accepted");
        let data = if schema["type"] == "object" {
            test["data"].clone()
        } else {
            json!({"v": test["data"]})
        };
        let valid = test["valid"] == true || name.ends_with("-is-declared");
        let violations = model.info().violations(&data);
        assert_eq!(violations.is_empty(), valid, "{name}: {schema}\n{violations}");
        let is_declared = name.ends_with("-is-declared") && test["valid"] == false;
        assert!(!is_declared || model.unchecked().count() > 0, "{name} is not listed");
    }
    tests.len()
}

fn runtime_model(schema: &Value) -> Option<RuntimeModel> {
    let source = Source {
        folder: "acme/x",
        model: r#"{"id": "acme/x"}"#,
        input: &wrapped(schema).to_string(),
        output: None,
        fixup: None,
    };
    RuntimeModel::from_source(&source, Objects::Open).ok()
}

/// Returns a schema as the one required property `v`, like `cargo xtask conformance`.
fn wrapped(schema: &Value) -> Value {
    if schema["type"] == "object" {
        return schema.clone();
    }
    let draft = schema.get("$schema").cloned();
    let draft = draft.unwrap_or_else(|| json!("http://json-schema.org/draft-07/schema#"));
    let mut schema = schema.clone();
    move_references(&mut schema);
    json!({"$schema": draft, "type": "object", "properties": {"v": schema}, "required": ["v"]})
}

fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            for (keyword, value) in entries.iter_mut().filter(|(keyword, _)| *keyword != "const") {
                match value.as_str().and_then(|to| to.strip_prefix('#')) {
                    Some(to) if keyword == "$ref" => *value = json!(format!("#/properties/v{to}")),
                    _ => move_references(value),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(move_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
