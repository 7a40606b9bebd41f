//! Normalises RunComfy's dialect of JSON Schema to plain JSON Schema 2020-12.
//!
//! - `float` becomes `number`. Unknown types are removed from `type`.
//! - `nullable: true` adds `null` to `type`, `enum`, `anyOf` or `oneOf`.
//! - A boolean `exclusiveMinimum` or `exclusiveMaximum` (draft 4) becomes the exclusive bound.
//! - A list with the format `image_uris`, `video_uris` or `audio_uris` and without `items` holds
//!   strings.
//! - An object with `properties` is closed unless `additionalProperties` says otherwise. An input
//!   is closed even without properties. A name that is only in `required` stays required and
//!   accepts any value.
//!
//! An object whose properties are spread over `allOf` and similar keywords is closed as a whole, to
//! the names of all its parts. The parts stay open, since each knows only some of the names. A
//! target of `$ref` is always closed by itself.

use serde_json::{Map, Value, json};

/// Normalises a published schema in place, at every depth.
pub(crate) fn normalise(schema: &mut Value) {
    // An input with empty `properties` takes no property. Any other object with none takes all.
    if let Value::Object(schema) = schema
        && schema.contains_key("properties")
    {
        close(schema);
    }
    normalise_at(schema, Position::Whole);
}

/// Calls `act` for every schema object in a document, outer ones first.
pub(crate) fn for_each_schema(schema: &mut Value, act: &dyn Fn(&mut Map<String, Value>)) {
    let Value::Object(schema) = schema else {
        return;
    };
    act(schema);
    for keywords in [&MEMBERS[..], &PARTS, &ALTERNATIVES] {
        visit(schema, keywords, &|inner| for_each_schema(inner, act));
    }
}

/// Role of a schema: it describes a value by itself, or as one of several parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Whole,
    Part,
}

/// Kind of value that a keyword holds.
enum KeywordValue {
    One,
    List,
    ByName,
}

/// Keywords whose schemas describe another value: a member, an element, a name.
const MEMBERS: [(&str, KeywordValue); 12] = [
    ("properties", KeywordValue::ByName),
    ("patternProperties", KeywordValue::ByName),
    ("additionalProperties", KeywordValue::One),
    ("unevaluatedProperties", KeywordValue::One),
    ("propertyNames", KeywordValue::One),
    ("items", KeywordValue::One),
    ("prefixItems", KeywordValue::List),
    ("additionalItems", KeywordValue::One),
    ("unevaluatedItems", KeywordValue::One),
    ("contains", KeywordValue::One),
    ("$defs", KeywordValue::ByName),
    ("definitions", KeywordValue::ByName),
];

/// Keywords whose schemas describe a part or a condition of the same value.
const PARTS: [(&str, KeywordValue); 6] = [
    ("allOf", KeywordValue::List),
    ("not", KeywordValue::One),
    ("if", KeywordValue::One),
    ("then", KeywordValue::One),
    ("else", KeywordValue::One),
    ("dependentSchemas", KeywordValue::ByName),
];

/// Keywords whose schemas are alternatives. Each describes the whole value, unless there are
/// properties beside them.
const ALTERNATIVES: [(&str, KeywordValue); 2] =
    [("anyOf", KeywordValue::List), ("oneOf", KeywordValue::List)];

/// Formats of a media string. A list of media has the same format with a final `s`.
pub(crate) const MEDIA_FORMATS: [&str; 3] = ["image_uri", "video_uri", "audio_uri"];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

fn normalise_at(schema: &mut Value, position: Position) {
    let Value::Object(schema) = schema else {
        return;
    };
    normalise_type(schema);
    normalise_null(schema);
    normalise_bounds(schema);
    normalise_media_list(schema);

    // Without `properties`, the compiled schema would not name unexpected properties.
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.entry("properties").or_insert_with(|| json!({}));
    }

    let names_members = names_members(schema);
    if names_members && position == Position::Whole {
        close(schema);
    }
    let alternatives = if names_members { Position::Part } else { position };
    visit(schema, &MEMBERS, &|inner| normalise_at(inner, Position::Whole));
    visit(schema, &PARTS, &|inner| normalise_at(inner, Position::Part));
    visit(schema, &ALTERNATIVES, &|inner| normalise_at(inner, alternatives));
}

/// Calls `act` for every schema that these keywords hold.
fn visit(
    schema: &mut Map<String, Value>,
    keywords: &[(&str, KeywordValue)],
    act: &dyn Fn(&mut Value),
) {
    for (keyword, holds) in keywords {
        let Some(value) = schema.get_mut(*keyword) else { continue };
        match (holds, value) {
            (KeywordValue::One, inner) => act(inner),
            (KeywordValue::List, Value::Array(inner)) => inner.iter_mut().for_each(act),
            (KeywordValue::ByName, Value::Object(inner)) => inner.values_mut().for_each(act),
            // A value of the wrong type is left for the compiler to report.
            (KeywordValue::List | KeywordValue::ByName, _) => {}
        }
    }
}

fn normalise_type(schema: &mut Map<String, Value>) {
    let mended = match schema.get("type") {
        Some(Value::String(word)) => standard_type(word).map(Value::String),
        Some(Value::Array(words)) if words.iter().all(Value::is_string) => {
            let mut words: Vec<String> =
                words.iter().filter_map(Value::as_str).filter_map(standard_type).collect();
            words.sort();
            words.dedup();
            (!words.is_empty()).then(|| json!(words))
        }
        _ => return,
    };
    match mended {
        Some(mended) => schema.insert("type".to_owned(), mended),
        None => schema.remove("type"),
    };
}

/// Returns the JSON Schema type of this name, or `None` if there is no such type.
fn standard_type(word: &str) -> Option<String> {
    let word = if word == "float" { "number" } else { word };
    TYPES.contains(&word).then(|| word.to_owned())
}

fn normalise_null(schema: &mut Map<String, Value>) {
    if schema.remove("nullable") != Some(Value::Bool(true)) {
        return;
    }
    if schema.contains_key("$ref") || schema.contains_key("allOf") {
        // `nullable` is about the referenced schema, so its type does not matter.
        if !schema.contains_key("type") {
            let whole = Value::Object(std::mem::take(schema));
            schema.insert("anyOf".to_owned(), json!([whole, {"type": "null"}]));
            return;
        }
    }
    match schema.get_mut("type") {
        Some(Value::String(word)) => {
            let words = json!([word, "null"]);
            schema.insert("type".to_owned(), words);
        }
        Some(Value::Array(words)) if !words.contains(&json!("null")) => words.push(json!("null")),
        _ => {}
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = schema.get_mut(union) {
            let null = json!({"type": "null"});
            // `null` is added once, or `oneOf` would match it twice.
            if !branches.contains(&null) {
                branches.push(null);
            }
        }
    }
}

fn normalise_bounds(schema: &mut Map<String, Value>) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(flag) {
            Some(Value::Bool(true)) => {
                let bound = schema.remove(bound);
                schema.remove(flag);
                schema.extend(bound.map(|bound| (flag.to_owned(), bound)));
            }
            Some(Value::Bool(false)) => _ = schema.remove(flag),
            _ => {}
        }
    }
}

fn normalise_media_list(schema: &mut Map<String, Value>) {
    let is_list = match schema.get("type") {
        Some(Value::String(word)) => word == "array",
        Some(Value::Array(words)) => words.iter().any(|word| word == "array"),
        _ => false,
    };
    let holds_media = schema
        .get("format")
        .and_then(Value::as_str)
        .and_then(|format| format.strip_suffix('s'))
        .is_some_and(|format| MEDIA_FORMATS.contains(&format));
    if is_list && holds_media && !schema.contains_key("items") {
        schema.insert("items".to_owned(), json!({"type": "string"}));
    }
}

/// Returns `true` if a schema has properties, by itself or in parts that always apply.
fn names_members(schema: &Map<String, Value>) -> bool {
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let own = schema.get("properties").and_then(Value::as_object);
    own.is_some_and(|own| !own.is_empty()) || parts.filter_map(Value::as_object).any(names_members)
}

/// Closes an object to the names that it and its parts have.
fn close(schema: &mut Map<String, Value>) {
    if schema.contains_key("additionalProperties") || schema.contains_key("unevaluatedProperties") {
        return;
    }
    let mut names = Vec::new();
    collect_names(schema, &mut names);
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        for name in names {
            properties.entry(name).or_insert(Value::Bool(true));
        }
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
}

fn collect_names(schema: &Map<String, Value>, names: &mut Vec<String>) {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        names.extend(properties.keys().cloned());
    }
    if let Some(Value::Array(required)) = schema.get("required") {
        names.extend(required.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    for (keyword, holds) in PARTS.iter().chain(&ALTERNATIVES) {
        let inner: Vec<&Value> = match (holds, schema.get(*keyword)) {
            (KeywordValue::One, Some(inner)) => vec![inner],
            (KeywordValue::List, Some(Value::Array(inner))) => inner.iter().collect(),
            (KeywordValue::ByName, Some(Value::Object(inner))) => inner.values().collect(),
            (KeywordValue::List | KeywordValue::ByName, Some(_)) | (_, None) => Vec::new(),
        };
        inner.into_iter().filter_map(Value::as_object).for_each(|part| collect_names(part, names));
    }
}
