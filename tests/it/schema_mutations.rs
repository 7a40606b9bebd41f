//! Real schemas are changed at random. If an independent validator now refuses a value that it
//! accepted, the report must name a refusal; if it now accepts one that it refused, an addition.

use std::path::Path;

use fastrand::Rng;
use jsonschema::Validator;
use runcomfy_codegen::{Level, Source, diff};
use serde_json::{Map, Value, json};

use crate::support::root;

/// Number of changed schemas. The long form sets `RUNCOMFY_SCHEMA_MUTATIONS`.
const MUTATIONS: usize = 600;
/// Number of values of each schema that are checked against both.
const VALUES: usize = 12;

#[test]
fn every_new_refusal_or_acceptance_is_reported() {
    let count = std::env::var("RUNCOMFY_SCHEMA_MUTATIONS").ok();
    let count = count.map_or(MUTATIONS, |count| count.parse().expect("it is a number"));
    let schemas = schemas();
    let mut dice = Rng::with_seed(0x2545_f491);
    let (mut refused, mut added, mut compared) = (0, 0, 0);
    for round in 0..count {
        let old = &schemas[round % schemas.len()];
        let mut new = old.clone();
        for _ in 0..=dice.usize(..3) {
            mutate(&mut new, &mut dice);
        }
        let (old_text, new_text) = (old.to_string(), new.to_string());
        let source = |input| Source {
            folder: "acme/x",
            model: r#"{"id": "acme/x"}"#,
            input,
            output: None,
            fixup: None,
        };
        let diff = diff(&[source(&old_text)], &[source(&new_text)]);
        let (Some(was), Some(is)) = (judge(old), judge(&new)) else { continue };
        if !diff.refused.is_empty() {
            continue;
        }
        compared += 1;
        let changes: Vec<_> = diff.models.iter().flat_map(|model| &model.changes).collect();
        let refuses = changes.iter().any(|change| change.refuses.is_some());
        let takes = changes.iter().any(|change| change.kind.level() != Level::Words);
        for schema in [old, &new].into_iter().flat_map(|schema| [schema; VALUES]) {
            let value = value(schema, &mut dice);
            let (was, is) = (was.is_valid(&value), is.is_valid(&value));
            let shown = || format!("{value}\nold {old_text}\nnew {new_text}\n{changes:#?}");
            refused += usize::from(was && !is);
            added += usize::from(!was && is);
            assert!(refuses || !was || is, "a refusal is not reported: {}", shown());
            assert!(takes || was || !is, "an addition is not reported: {}", shown());
        }
    }
    println!("compared {compared}; refused {refused}, newly accepted {added}");
    assert!(compared > count / 2, "only {compared} of {count} could be compared");
    assert!(refused > compared / 4 && added > compared / 4, "{refused} and {added} prove little");
}

/// Returns every input schema of the workspace and of the fixtures.
fn schemas() -> Vec<Value> {
    let (mut schemas, mut folders) = (Vec::new(), vec![root().join("schemas")]);
    folders.push(root().join("tests/fixtures"));
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&folder)
            .expect("it exists")
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        entries.sort();
        for path in entries {
            match path.is_dir() {
                true => folders.push(path),
                false => schemas.extend(schema(&path)),
            }
        }
    }
    assert!(schemas.len() > 90, "the schemas were not found");
    schemas
}

fn schema(path: &Path) -> Option<Value> {
    let is_input = path.file_name().is_some_and(|name| name == "input.json");
    let text = std::fs::read_to_string(path).expect("it can be read");
    let value: Value = serde_json::from_str(&text).ok()?;
    if is_input { Some(value) } else { value.get("input_schema").cloned() }
}

/// Returns the validator of a schema, with `float` read as `number` and objects closed as the
/// types are. It does not know `nullable`, and cannot close the parts of an `allOf`.
fn judge(schema: &Value) -> Option<Validator> {
    let text = schema.to_string().replace(r#""type":"float""#, r#""type":"number""#);
    if text.contains(r#""allOf""#) || text.contains(r#""nullable""#) {
        return None;
    }
    let mut schema = serde_json::from_str(&text).ok()?;
    close(&mut schema);
    schema["additionalProperties"] = false.into();
    jsonschema::validator_for(&schema).ok()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let describes = object.get("properties").and_then(Value::as_object);
            if describes.is_some_and(|properties| !properties.is_empty()) {
                object.entry("additionalProperties").or_insert(false.into());
            }
            // The format of a media says the type too.
            let format = object.get("format").and_then(Value::as_str).unwrap_or_default();
            if format.ends_with("_uri") {
                object.entry("type").or_insert("string".into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}

/// Changes one thing in a schema.
fn mutate(schema: &mut Value, dice: &mut Rng) {
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema["properties"].as_object_mut() else { return };
    let names: Vec<String> = properties.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    let name = names[dice.usize(..names.len())].clone();
    match dice.usize(..12) {
        0 => {
            properties.remove(&name);
            // A required name without a property accepts any value; the validator accepts none.
            let kept = required.into_iter().filter(|other| *other != name.as_str());
            schema["required"] = kept.collect();
        }
        1 => {
            properties.insert(format!("{name}_too"), json!({"type": "integer"}));
        }
        2 => {
            let mut required = required;
            match required.iter().position(|other| *other == name.as_str()) {
                Some(index) => drop(required.remove(index)),
                None => required.push(name.into()),
            }
            schema["required"] = required.into();
        }
        _ => {
            if let Some(property) = properties.get_mut(&name) {
                mutate_value(property, dice);
            }
        }
    }
}

fn mutate_value(schema: &mut Value, dice: &mut Rng) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("items").is_some_and(Value::is_object) && dice.usize(..2) == 0 {
        return mutate_value(&mut object["items"], dice);
    }
    if object.get("properties").is_some_and(Value::is_object) && dice.usize(..2) == 0 {
        return mutate(schema, dice);
    }
    match dice.usize(..9) {
        0..=3 => mutate_bound(object, dice),
        4 => {
            let types = ["string", "integer", "number", "boolean", "array", "object"];
            match types.get(dice.usize(..types.len() + 1)) {
                Some(ty) => object.insert("type".to_owned(), (*ty).into()),
                None => object.remove("type"),
            };
            object.remove("default");
        }
        5 => mutate_choices(object, dice),
        6 => {
            let is = object.get("nullable") == Some(&true.into());
            let word = object.get("type").cloned().unwrap_or("string".into());
            if word.is_string() && !is {
                object.insert("type".to_owned(), json!([word, "null"]));
            }
        }
        7 => {
            let other = [json!({"type": "integer"}), json!({"type": "string"})];
            let union = if dice.usize(..2) == 0 { "anyOf" } else { "oneOf" };
            *schema = json!({union: [schema.clone(), other[dice.usize(..2)]]});
        }
        _ => {
            let description = format!("{} keywords.", object.len());
            object.insert("description".to_owned(), description.into());
        }
    }
}

fn mutate_bound(object: &mut Map<String, Value>, dice: &mut Rng) {
    let keywords = [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
    ];
    let present: Vec<&str> =
        keywords.into_iter().filter(|keyword| object.contains_key(*keyword)).collect();
    let keyword = match present.is_empty() || dice.usize(..3) == 0 {
        true => keywords[dice.usize(..keywords.len())],
        false => present[dice.usize(..present.len())],
    };
    if dice.usize(..4) == 0 {
        object.remove(keyword);
        return;
    }
    let was = object.get(keyword).and_then(Value::as_f64).unwrap_or(4.0);
    let step = [-2.0, -1.0, 1.0, 2.0][dice.usize(..4)];
    let value = match keyword {
        "uniqueItems" => json!(dice.usize(..2) == 0),
        "multipleOf" => json!([1, 2, 4, 8][dice.usize(..4)]),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => json!(was + step),
        _ => json!((was + step).max(0.0) as u64),
    };
    object.insert(keyword.to_owned(), value);
}

fn mutate_choices(object: &mut Map<String, Value>, dice: &mut Rng) {
    let is_integer = object.get("type") == Some(&"integer".into());
    let new =
        if is_integer { json!(dice.usize(..9)) } else { json!(format!("w{}", dice.usize(..3))) };
    match object.get_mut("enum").and_then(Value::as_array_mut) {
        Some(choices) if choices.len() > 1 && dice.usize(..2) == 0 => {
            choices.remove(dice.usize(..choices.len()));
        }
        Some(choices) if !choices.contains(&new) => choices.insert(0, new),
        Some(_) => {}
        None => drop(object.insert("enum".to_owned(), json!([new]))),
    }
}

/// Returns a value near the bounds of a schema.
fn value(schema: &Value, dice: &mut Rng) -> Value {
    let branches = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array);
    if let Some(branches) = branches.filter(|branches| !branches.is_empty()) {
        return value(&branches[dice.usize(..branches.len())], dice);
    }
    if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) {
        return choices[dice.usize(..choices.len())].clone();
    }
    let ty = match &schema["type"] {
        Value::Array(types) if !types.is_empty() => types[dice.usize(..types.len())].clone(),
        ty => ty.clone(),
    };
    let bound = |keyword: &str| schema[keyword].as_f64();
    let near = |dice: &mut Rng, least: Option<f64>, most: Option<f64>| {
        let near = [0.0, 0.0, 1.0, -1.0, 0.5][dice.usize(..5)];
        let (least, most) = (least.or(most).unwrap_or(1.0), most.or(least).unwrap_or(5.0));
        [least, most, ((least + most) / 2.0).floor()][dice.usize(..3)] + near
    };
    match ty.as_str() {
        Some("string") => {
            let length = near(dice, bound("minLength"), bound("maxLength")).clamp(0.0, 3000.0);
            json!("x".repeat(length as usize))
        }
        Some("integer") => {
            let least = bound("minimum").or(bound("exclusiveMinimum"));
            let most = bound("maximum").or(bound("exclusiveMaximum"));
            json!(near(dice, least, most).floor() as i64)
        }
        Some("number" | "float") => {
            let least = bound("minimum").or(bound("exclusiveMinimum"));
            json!(near(dice, least, bound("maximum").or(bound("exclusiveMaximum"))))
        }
        Some("boolean") => json!(dice.usize(..2) == 0),
        Some("null") => Value::Null,
        Some("array") => {
            let length = near(dice, bound("minItems"), bound("maxItems")).clamp(0.0, 20.0);
            (0..length as usize).map(|_| value(&schema["items"], dice)).collect()
        }
        _ => match schema["properties"].as_object() {
            Some(properties) => {
                let required = schema["required"].as_array();
                let mut object = Map::new();
                for (name, property) in properties {
                    let is = |required: &Vec<Value>| required.contains(&name.as_str().into());
                    if required.is_some_and(is) || dice.usize(..2) == 0 {
                        object.insert(name.clone(), value(property, dice));
                    }
                }
                object.into()
            }
            None => json!(dice.usize(..9)),
        },
    }
}
