//! Classifies a JSON value by its outermost keys.

use super::id::shown;
use super::json_slice::JsonSlice;

/// The number of keys that a description lists.
const MAX_KEYS: usize = 8;

/// The role of a value in an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object with `properties`, and with the type `object` or no type.
    Input,
    /// An object whose one key is `output`, holding an object.
    Output,
    Other,
}

/// Returns the role of a value.
pub(super) fn shape_of(value: JsonSlice<'_>) -> Shape {
    let members = value.members();
    if members.len() == 1 && member(&members, "output").is_some_and(JsonSlice::is_object) {
        return Shape::Output;
    }
    let is_typed_object =
        member(&members, "type").is_none_or(|kind| kind.as_string().as_deref() == Some("object"));
    if is_typed_object && member(&members, "properties").is_some_and(JsonSlice::is_object) {
        return Shape::Input;
    }
    Shape::Other
}

/// Returns `true` if a value that is given as an input schema is one, or may become one with a fixup:
/// an object that is empty or has keywords of a schema, and no other type.
pub(super) fn may_be_input(value: JsonSlice<'_>) -> bool {
    let members = value.members();
    let is_object = member(&members, "type").is_none_or(|kind| {
        let words = match kind.as_string() {
            Some(word) => vec![word],
            None => kind.elements().into_iter().filter_map(JsonSlice::as_string).collect(),
        };
        words.is_empty() || words.iter().any(|word| word == "object" || !is_json_type(word))
    });
    value.is_object()
        && is_object
        && (members.is_empty() || members.iter().any(|(key, _)| is_schema_keyword(key)))
}

/// Returns `true` if `{"output": …}` holds a schema rather than the result of an example.
pub(super) fn output_is_schema(value: JsonSlice<'_>) -> bool {
    value.members().into_iter().flat_map(|(_, output)| output.members()).any(|(key, value)| {
        match key.as_str() {
            "type" => value.is_array() || value.as_string().is_some_and(|kind| is_json_type(&kind)),
            "properties" => value.is_object(),
            "anyOf" | "oneOf" | "allOf" => value.is_array(),
            "$ref" => value.as_string().is_some(),
            _ => false,
        }
    })
}

/// Describes a value that should have been something else.
pub(super) fn describe(value: JsonSlice<'_>) -> String {
    if value.is_array() {
        return "a list".to_owned();
    }
    if !value.is_object() {
        return format!("the single value `{}`", shown(value.text()));
    }
    let members = value.members();
    let mut keys: Vec<_> =
        members.iter().take(MAX_KEYS).map(|(key, _)| format!("`{}`", shown(key))).collect();
    if members.len() > MAX_KEYS {
        keys.push("…".to_owned());
    }
    match members.len() {
        0 => "an object without keys".to_owned(),
        1 => format!("an object with the key {}", keys.join(", ")),
        _ => format!("an object with the keys {}", keys.join(", ")),
    }
}

/// Returns the member with a name. As in `serde_json`, the last one counts if a key is repeated.
fn member<'a>(members: &[(String, JsonSlice<'a>)], name: &str) -> Option<JsonSlice<'a>> {
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// Returns `true` for a keyword that the root of an input may have.
fn is_schema_keyword(key: &str) -> bool {
    matches!(
        key,
        "type"
            | "properties"
            | "required"
            | "additionalProperties"
            | "patternProperties"
            | "$ref"
            | "allOf"
            | "anyOf"
            | "oneOf"
    )
}

fn is_json_type(kind: &str) -> bool {
    matches!(
        kind,
        "object" | "array" | "string" | "number" | "integer" | "float" | "boolean" | "null"
    )
}
