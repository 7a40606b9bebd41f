//! Shapes, places and values put into words.

use runcomfy::media::MediaKind;

use crate::model::{Docs, Shape, ValueSchema};
use crate::text::code;

/// The path of a property.
pub(super) fn below(at: &str, wire: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    match wire {
        wire if wire.is_empty() || !wire.chars().all(plain) => format!("{at}[{wire:?}]"),
        wire if at.is_empty() => wire.to_owned(),
        wire => format!("{at}.{wire}"),
    }
}

/// A JSON text as code, by its beginning where it is long.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    code(&format!("{short}{rest}"))
}

pub(super) fn docs_differ(old: &Docs, new: &Docs) -> bool {
    (&old.title, &old.description) != (&new.title, &new.description)
}

pub(super) fn not_null(of: &ValueSchema) -> &ValueSchema {
    match &of.shape {
        Shape::Nullable(inner) => inner,
        _ => of,
    }
}

/// What a shape takes, in words.
pub(super) fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Any => "any value",
        Shape::Null => "null",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(MediaKind::Image) => "an image",
        Shape::Media(MediaKind::Video) => "a video",
        Shape::Media(MediaKind::Audio) => "a sound",
        Shape::Media(_) => "media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "an object",
        Shape::Nullable(_) => "a value or null",
        Shape::Union(_) => "one of several kinds",
    }
}
