//! Outputs of finished jobs: which media, under which names.

use serde_json::{Map, Value, json};

use crate::media::Kind;

/// Names under which a model may give one URL or a list of URLs, in order of preference.
const NAMES: [(&str, Kind, Arity); 6] = [
    ("video", Kind::Video, Arity::One),
    ("image", Kind::Image, Arity::One),
    ("audio", Kind::Audio, Arity::One),
    ("videos", Kind::Video, Arity::Many),
    ("images", Kind::Image, Arity::Many),
    ("audios", Kind::Audio, Arity::Many),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arity {
    One,
    Many,
}

/// Output of a model.
#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    /// An object with one URL under this name.
    One(&'static str, Kind),
    /// An object with a list of one URL under this name.
    Many(&'static str, Kind),
    /// A minimal value of a schema that has none of the usual names.
    Other(Value),
}

impl Output {
    /// Decides by the output schema. The usual one offers every name. In that case, and without a
    /// schema, the model's id and input decide.
    pub(crate) fn from_schema(id: &str, input: &Value, schema: Option<Value>) -> Self {
        let Some(schema) = schema else {
            return Self::one(guess_kind(id, input));
        };
        let usual = NAMES.iter().filter(|(_, kind, _)| *kind != Kind::Audio);
        if usual.clone().all(|(name, _, arity)| offers(&schema, name, *arity)) {
            return Self::one(guess_kind(id, input));
        }
        match NAMES.iter().find(|(name, _, arity)| offers(&schema, name, *arity)) {
            Some((name, kind, Arity::One)) => Self::One(name, *kind),
            Some((name, kind, Arity::Many)) => Self::Many(name, *kind),
            None => Self::Other(schema),
        }
    }

    /// Creates the output. `url` returns the URL of the job's file of a kind.
    pub(crate) fn value(&self, url: &dyn Fn(Kind) -> String) -> Value {
        match self {
            Self::One(name, kind) => json!({ *name: url(*kind) }),
            Self::Many(name, kind) => json!({ *name: [url(*kind)] }),
            Self::Other(schema) => simplest(schema, "", url),
        }
    }

    /// Returns the kind of the first media.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::One(_, kind) | Self::Many(_, kind) => *kind,
            Self::Other(_) => Kind::Image,
        }
    }

    fn one(kind: Kind) -> Self {
        match kind {
            Kind::Video => Self::One("video", kind),
            Kind::Image => Self::One("image", kind),
            Kind::Audio => Self::One("audio", kind),
        }
    }
}

/// Guesses the kind of output by the last word of the id that names a medium (`image-to-video`
/// makes a video). Otherwise an editor without duration or video makes images, and any other model
/// videos.
fn guess_kind(id: &str, input: &Value) -> Kind {
    if let Some(kind) = kind_named_in(id) {
        return kind;
    }
    let moves = input.get("properties").and_then(Value::as_object).is_some_and(|properties| {
        properties.keys().any(|name| name.contains("duration") || name.contains("video"))
    });
    let edits = split_words(&id.to_lowercase()).any(|word| word == "edit");
    if edits && !moves { Kind::Image } else { Kind::Video }
}

/// Returns the kind that the last medium in a text names.
fn kind_named_in(text: &str) -> Option<Kind> {
    split_words(&text.to_lowercase()).rev().find_map(|word| match word {
        "video" | "videos" | "lipsync" => Some(Kind::Video),
        "image" | "images" => Some(Kind::Image),
        "audio" | "audios" | "music" | "speech" | "tts" | "voice" => Some(Kind::Audio),
        _ => None,
    })
}

fn split_words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic())
}

/// Returns `true` if an output schema has a property of this name for one URL or a list of URLs.
fn offers(schema: &Value, name: &str, arity: Arity) -> bool {
    let property = schema.get("properties").and_then(|all| all.get(name));
    property.is_some_and(|property| takes(property, arity))
}

/// Returns `true` if a property can hold one URL, or a list of URLs.
fn takes(property: &Value, arity: Arity) -> bool {
    match (arity, property.get("type").and_then(Value::as_str)) {
        (Arity::One, Some(word)) => word == "string",
        (Arity::Many, Some(word)) => {
            word == "array" && property.get("items").is_none_or(|items| takes(items, Arity::One))
        }
        (_, None) => property.get("$ref").is_none() && property.get("properties").is_none(),
    }
}

/// Creates a minimal value of a schema: every property, one element per list, the first value of an
/// enum or union, a URL for a URL format, and otherwise empty strings and small numbers. `name` is
/// the nearest property name that names a medium.
fn simplest(schema: &Value, name: &str, url: &dyn Fn(Kind) -> String) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.get("enum")?.get(0)) {
        return value.clone();
    }
    if let Some(choice) = ["anyOf", "oneOf"].iter().find_map(|union| schema.get(union)?.get(0)) {
        return simplest(choice, name, url);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let word = match schema.get("type") {
        Some(Value::Array(words)) => words.first().and_then(Value::as_str),
        word => word.and_then(Value::as_str),
    };
    match word {
        Some("object") | None if properties.is_some() => {
            let members = properties.into_iter().flatten().map(|(key, inner)| {
                let name = if kind_named_in(key).is_some() { key } else { name };
                (key.clone(), simplest(inner, name, url))
            });
            members.collect::<Map<_, _>>().into()
        }
        Some("object") => json!({}),
        Some("array") => match schema.get("items") {
            Some(items) => json!([simplest(items, name, url)]),
            None => json!([]),
        },
        Some("string") => {
            let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
            if split_words(format).any(|word| word == "uri" || word == "url") {
                let kind = kind_named_in(format).or_else(|| kind_named_in(name));
                json!(url(kind.unwrap_or(Kind::Video)))
            } else {
                json!("")
            }
        }
        Some("integer" | "number" | "float") => {
            schema.get("minimum").cloned().unwrap_or_else(|| json!(0))
        }
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}
