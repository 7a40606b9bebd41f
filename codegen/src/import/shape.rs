//! What a JSON value is, judged by its outermost keys.

use super::id::shown;
use super::json_slice::Piece;

/// What a value is to an importer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object with `properties`, and with the type `object` or none.
    Input,
    /// An object whose one key is `output`, and that holds an object.
    Output,
    Other,
}

pub(super) fn shape_of(value: Piece<'_>) -> Shape {
    let members = value.members();
    // As in `serde_json`, the last one counts where a key is given twice.
    let member =
        |key: &str| members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value);
    if members.len() == 1 && member("output").is_some_and(Piece::is_object) {
        return Shape::Output;
    }
    let is_typed_object =
        member("type").is_none_or(|kind| kind.as_string().as_deref() == Some("object"));
    if is_typed_object && member("properties").is_some_and(Piece::is_object) {
        return Shape::Input;
    }
    Shape::Other
}

/// Whether `{"output": …}` holds a schema rather than the result of an example.
pub(super) fn output_is_schema(value: Piece<'_>) -> bool {
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

fn is_json_type(kind: &str) -> bool {
    matches!(
        kind,
        "object" | "array" | "string" | "number" | "integer" | "float" | "boolean" | "null"
    )
}

/// A few words for an error about a value that should have been something else.
pub(super) fn described(value: Piece<'_>) -> String {
    const MOST: usize = 8;
    if value.is_array() {
        return "a list".to_owned();
    }
    if !value.is_object() {
        return format!("the single value `{}`", shown(value.text()));
    }
    let members = value.members();
    let mut keys: Vec<_> =
        members.iter().take(MOST).map(|(key, _)| format!("`{}`", shown(key))).collect();
    if members.len() > MOST {
        keys.push("…".to_owned());
    }
    match members.len() {
        0 => "an object without keys".to_owned(),
        1 => format!("an object with the key {}", keys.join(", ")),
        _ => format!("an object with the keys {}", keys.join(", ")),
    }
}
