//! Descriptions of shapes, places and values.

use runcomfy::media::MediaKind;
use serde_json::Value;

use crate::model::{Docs, Shape, ValueSchema};
use crate::text::code;

/// The maximum number of values in a list.
const MAX_LISTED: usize = 12;
/// The maximum number of characters of a value.
const MAX_SHOWN: usize = 60;

/// Returns the path of a property.
pub(super) fn below(at: &str, wire: &str) -> String {
    let is_plain = wire.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match wire {
        "" => format!("{at}[\"\"]"),
        wire if !is_plain => format!("{at}[{wire:?}]"),
        wire if at.is_empty() => wire.to_owned(),
        wire => format!("{at}.{wire}"),
    }
}

/// Returns JSON text as code, shortened if it is long.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(MAX_SHOWN).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    code(&format!("{short}{rest}"))
}

/// Returns a list of values, shortened if it is long.
pub(super) fn list(values: &[Value]) -> String {
    let all: Vec<String> =
        values.iter().take(MAX_LISTED).map(|value| shown(&value.to_string())).collect();
    let rest = match values.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    all.join(", ") + &rest
}

pub(super) fn docs_differ(old: &Docs, new: &Docs) -> bool {
    (&old.title, &old.description) != (&new.title, &new.description)
}

/// Returns the schema without null.
pub(super) fn not_null(schema: &ValueSchema) -> &ValueSchema {
    match &schema.shape {
        Shape::Nullable(inner) => inner,
        _ => schema,
    }
}

/// Returns the noun for the values of a shape.
pub(super) fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Any => "any value",
        Shape::Null => "null",
        Shape::Boolean => "a boolean",
        Shape::Integer => "an integer",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(MediaKind::Image) => "an image",
        Shape::Media(MediaKind::Video) => "a video",
        Shape::Media(MediaKind::Audio) => "audio",
        Shape::Media(_) => "media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "an object",
        Shape::Nullable(_) => "a value or null",
        Shape::Union(_) => "one of several kinds",
    }
}
