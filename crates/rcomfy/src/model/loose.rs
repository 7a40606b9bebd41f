//! Models of the live catalog whose schema has a keyword that no table enforces. A table has what it
//! can of their inputs, and a validator of JSON Schema checks the rest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use runcomfy::{Violation, Violations};
use serde_json::{Map, Value, json};

use crate::style::{escaped, shortened};

/// The most violations that the validator reports.
const MAX_VIOLATIONS: usize = 100;
/// The most characters of a value that a violation shows.
const MAX_FOUND: usize = 40;
/// The most characters of a message of the validator.
const MAX_MESSAGE: usize = 300;
/// Keywords that hold schemas for others to refer to.
const SHARED: [&str; 3] = ["$schema", "$defs", "definitions"];
/// Keywords that may declare properties beside `properties`.
const DECLARING: [&str; 9] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "dependentSchemas",
    "else",
    "oneOf",
    "patternProperties",
    "then",
];

/// Returns an entry of the catalog with an input schema that a table can be made of: its
/// properties, each without rules if `is_table` refuses it, and nothing about them together.
pub(crate) fn relaxed(
    entry: &str,
    is_table: impl Fn(&str) -> bool,
) -> std::result::Result<String, String> {
    let mut entry = read(entry)?;
    let input = entry["input_schema"].take();
    if let Some(facts) = entry.as_object_mut() {
        facts.remove("output_schema");
    }
    let Value::Object(input) = input else { return Err("its input schema is no object".into()) };
    let properties = input.get("properties").and_then(Value::as_object).cloned();
    let kept = properties.unwrap_or_default().into_iter().map(|(name, property)| {
        let alone = Map::from_iter([(name.clone(), property.clone())]);
        let is_kept = is_table(&with(&entry, &input, alone).to_string());
        (name, if is_kept { property } else { named(&property) })
    });
    let kept: Map<String, Value> = kept.collect();
    let required = input.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: Vec<Value> = required
        .filter(|name| name.as_str().is_some_and(|name| kept.contains_key(name)))
        .cloned()
        .collect();
    let is_open = kept.is_empty() || DECLARING.iter().any(|keyword| is_more(&input, keyword));
    let mut entry = with(&entry, &input, kept);
    let schema = &mut entry["input_schema"];
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if is_open {
        schema["additionalProperties"] = true.into();
    }
    Ok(entry.to_string())
}

/// Returns an entry whose input schema has these properties, and what they may refer to.
fn with(entry: &Value, input: &Map<String, Value>, properties: Map<String, Value>) -> Value {
    let mut schema = shared(input);
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    let mut entry = entry.clone();
    entry["input_schema"] = schema.into();
    entry
}

/// Returns `true` if a keyword allows properties that `properties` does not list.
fn is_more(input: &Map<String, Value>, keyword: &str) -> bool {
    input.get(keyword).is_some_and(|value| *value != Value::Bool(false))
}

fn shared(input: &Map<String, Value>) -> Map<String, Value> {
    let kept = SHARED.iter().filter_map(|key| Some(((*key).to_owned(), input.get(*key)?.clone())));
    kept.collect()
}

/// Returns a schema of any value, with the title and the description of another.
fn named(property: &Value) -> Value {
    let texts = ["title", "description"].into_iter();
    let kept = texts.filter_map(|key| Some((key.to_owned(), property.get(key)?.as_str()?.into())));
    Value::Object(kept.collect())
}

/// Returns the validator of the input schema of an entry. It reads no other file and no URL.
pub(crate) fn validator(entry: &str) -> std::result::Result<Validator, String> {
    let schema = read(entry)?["input_schema"].take();
    let options = jsonschema::options().should_validate_formats(false).offline();
    options.build(&schema).map_err(|error| {
        let place = error.instance_path().to_string();
        shortened(&escaped(&format!("{}: {}", place, error.masked())), MAX_MESSAGE)
    })
}

fn read(entry: &str) -> std::result::Result<Value, String> {
    let entry: Value = serde_json::from_str(entry).map_err(|error| error.to_string())?;
    if entry.is_object() { Ok(entry) } else { Err("the entry is not an object".to_owned()) }
}

/// Returns the violations that a validator finds, without those that the table has found at the
/// same place, and without those of local files, which are not sent as they are written.
pub(crate) fn violations(
    validator: &Validator,
    value: &Value,
    found: &Violations,
    files: &BTreeMap<String, PathBuf>,
) -> Vec<Violation> {
    let errors = validator.iter_errors(value).filter(|error| {
        let place = error.instance_path().as_str();
        let is_known = found.iter().any(|known| {
            let is_member = place.is_empty() && known.rule == error.kind().keyword();
            is_member || known.path.pointer() == place
        });
        !is_known && !files.contains_key(place)
    });
    errors.take(MAX_VIOLATIONS).filter_map(|error| violation(&error)).collect()
}

/// Returns an error of the validator as a violation, which is made from JSON alone.
fn violation(error: &ValidationError<'_>) -> Option<Violation> {
    let path: Vec<Value> = error
        .instance_path()
        .into_iter()
        .map(|segment| match segment {
            LocationSegment::Property(name) => json!(name),
            LocationSegment::Index(index) => json!(index),
        })
        .collect();
    let violation = json!({
        "path": path,
        "rule": error.kind().keyword(),
        "message": shortened(&error.masked().to_string(), MAX_MESSAGE),
        "found": shown(error.instance()),
    });
    serde_json::from_value(violation).ok()
}

/// Returns a short value as it is, and none of a long one.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(shortened(&json!(text).to_string(), MAX_FOUND)),
        plain => Some(plain.to_string()),
    }
}
