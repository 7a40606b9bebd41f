//! What `parse` gives: one schema file as typed keywords, each schema with its place.

use serde_json::Value;

use crate::diagnostic::Place;

/// One schema: the keywords that this version carries, as they stand in the file.
///
/// `{"type": "string", "maxLength": 1995}` is a schema with `types` of
/// [`TypeWord::String`] and `max_length` of 1995.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schema {
    pub place: Place,
    pub types: Option<TypeWord>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The default, unless it is null, which means that there is none.
    pub default: Option<Value>,
    pub choices: Option<Choices>,
    pub format: Option<Format>,
    pub properties: Option<Vec<(String, Schema)>>,
    pub required: Vec<(String, Place)>,
    pub additional: Option<Additional>,
    pub items: Option<Box<Schema>>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_minimum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub validations: Vec<Validation>,
}

/// A word of `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeWord {
    Object,
    Array,
    String,
    Boolean,
    Integer,
    /// `number`, and RunComfy's `float`.
    Number,
    /// A word that is not known: any value is taken.
    Unknown,
}

/// The choices of an `enum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choices {
    Words(Vec<String>),
    Integers(Vec<i64>),
}

/// `additionalProperties`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Additional {
    Closed,
    Open,
    Schema(Box<Schema>),
}

/// A `format` that says something about the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `uri`.
    Uri,
    /// `image_uri`, and `image_uris` on an array.
    Image,
    /// `video_uri`, and `video_uris` on an array.
    Video,
    /// `audio_uri`, and `audio_uris` on an array.
    Audio,
}

/// An entry of `validations`, such as `width_pixels>` 300.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Validation {
    pub place: Place,
    pub rule: String,
    /// Null where it has none.
    pub value: Value,
    /// The schema's own message; empty where it has none.
    pub message: String,
}
