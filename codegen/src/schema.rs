//! A schema file as typed keywords, each schema with its place.

use serde_json::Value;

use crate::diagnostic::Place;
use crate::number::Number;

/// A schema: the keywords that this version supports, as written in the file.
///
/// `{"type": "string", "maxLength": 1995}` is a schema with a `types` of
/// [`TypeWord::String`] and a `max_length` of 1995.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Schema {
    pub place: Place,
    /// The words of `type`, without `null`. Empty if there is no `type`.
    pub types: Vec<TypeWord>,
    /// Null is allowed too, by `type` or by `nullable`.
    pub nullable: bool,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The default, unless it is null, which means no default.
    pub default: Option<Value>,
    /// `example` and `examples`.
    pub examples: Vec<Value>,
    /// `enum`, or the one value of `const`.
    pub choices: Option<Vec<Value>>,
    pub format: Option<Format>,
    /// `$ref`: a JSON pointer into the same document.
    pub reference: Option<(String, Place)>,
    /// `$defs` and `definitions`, each under its pointer, such as `/$defs/Size`.
    pub definitions: Vec<(String, Schema)>,
    pub any_of: Option<Vec<Schema>>,
    pub one_of: Option<Vec<Schema>>,
    pub all_of: Vec<Schema>,
    pub properties: Option<Vec<(String, Schema)>>,
    pub required: Vec<(String, Place)>,
    pub additional: Option<Additional>,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    pub items: Option<Box<Schema>>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub minimum: Option<Number>,
    pub maximum: Option<Number>,
    pub exclusive_minimum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub multiple_of: Option<f64>,
    pub validations: Vec<Validation>,
    /// The keywords and formats that are not known, and so not checked, such as `format: color`.
    pub unchecked: Vec<String>,
    /// Every other keyword, verbatim: annotations and unknown keywords.
    pub notes: Vec<(String, Value)>,
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
    /// Nothing but `null`.
    Null,
    /// An unknown word: any value is allowed.
    Unknown,
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
    /// Null if it has none.
    pub value: Value,
    /// The schema's own message. Empty if it has none.
    pub message: String,
}
