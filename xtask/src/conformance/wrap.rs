//! Wraps a schema of the suite as the schema of an input. A `type: object` schema is used as it
//! is. Any other becomes the one required property [`PROPERTY`] of an object, with its references
//! rewritten.
//!
//! All of this works on text, to keep the spelling of every number.

use std::fmt;

use anyhow::Result;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The property that a schema becomes.
pub(crate) const PROPERTY: &str = "v";

/// A schema that nests deeper is not rewritten: the generator refuses it.
const MAX_DEPTH: usize = 200;

/// The draft of a schema that does not name one. The official suite names it in each schema of
/// every later draft.
const DRAFT: &str = "\"http://json-schema.org/draft-07/schema#\"";

/// A schema wrapped as the schema of an input.
pub(crate) struct Wrapped {
    pub text: String,
    /// `true` if the schema became a property.
    pub within: bool,
}

impl Wrapped {
    /// Wraps a schema. A text that cannot be rewritten, such as one with half of a surrogate
    /// pair, is left to the generator to refuse.
    pub(crate) fn new(schema: &RawValue) -> Self {
        Self::rewrite(schema)
            .unwrap_or_else(|_| Self { text: property(DRAFT, "", schema.get()), within: true })
    }

    fn rewrite(schema: &RawValue) -> Result<Self> {
        let schema = schema.get();
        if !schema.starts_with('{') {
            return Ok(Self { text: property(DRAFT, "", schema), within: true });
        }
        let Entries(entries) = serde_json::from_str(schema)?;
        let draft = entries.iter().find(|(name, _)| name == "$schema");
        let draft = draft.map_or(DRAFT, |(_, value)| value.get());
        let is_object =
            |(name, value): &(String, &RawValue)| name == "type" && value.get() == "\"object\"";
        if entries.iter().any(is_object) {
            let rest = entries.iter().filter(|(name, _)| name != "$schema");
            let rest = rest.map(|(name, value)| (name.as_str(), value.get().to_owned()));
            let all = [("$schema", draft.to_owned())].into_iter().chain(rest);
            return Ok(Self { text: object(all)?, within: false });
        }
        // The keywords that name the document go to the top.
        let (head, rest): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(name, value)| names_document(name, value));
        let id = head.iter().filter(|(name, _)| name != "$schema");
        let id: Vec<String> =
            id.map(|(name, value)| format!("\"{name}\": {}, ", value.get())).collect();
        let rest = rest.iter().map(|(name, value)| Ok((name.as_str(), keyword(name, value, 0)?)));
        let schema = object(rest.collect::<Result<Vec<_>>>()?)?;
        Ok(Self { text: property(draft, &id.concat(), &schema), within: true })
    }

    /// Returns an instance as an input, on one line.
    pub(crate) fn instance(&self, data: &RawValue) -> String {
        // In JSON, a line break is white space.
        let data = data.get().replace(['\n', '\r', '\t'], " ");
        if self.within { format!("{{\"{PROPERTY}\": {data}}}") } else { data }
    }
}

fn names_document(name: &str, value: &RawValue) -> bool {
    ["$schema", "$id", "id"].contains(&name) && value.get().starts_with('"')
}

fn property(draft: &str, id: &str, schema: &str) -> String {
    format!(
        "{{\"$schema\": {draft}, {id}\"type\": \"object\", \
         \"properties\": {{\"{PROPERTY}\": {schema}}}, \"required\": [\"{PROPERTY}\"]}}"
    )
}

/// Returns the value of a keyword, with the references in it rewritten.
fn keyword(name: &str, value: &RawValue, depth: usize) -> Result<String> {
    let text = value.get();
    match name {
        "$ref" if text.starts_with('"') => {
            let to: String = serde_json::from_str(text)?;
            match to.strip_prefix('#') {
                Some(pointer) if pointer.is_empty() || pointer.starts_with('/') => {
                    let to = format!("#/properties/{PROPERTY}{pointer}");
                    Ok(serde_json::to_string(&to)?)
                }
                Some(_) | None => Ok(text.to_owned()),
            }
        }
        "enum" | "const" | "default" | "example" | "examples" => Ok(text.to_owned()),
        "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas"
        | "dependencies"
            if text.starts_with('{') =>
        {
            let Entries(entries) = serde_json::from_str(text)?;
            let named =
                entries.iter().map(|(name, value)| Ok((name.as_str(), schema(value, depth + 1)?)));
            object(named.collect::<Result<Vec<_>>>()?)
        }
        _ => schema(value, depth + 1),
    }
}

/// Returns a schema, or a list of them, with the references in it rewritten.
fn schema(value: &RawValue, depth: usize) -> Result<String> {
    let text = value.get();
    if depth <= MAX_DEPTH && text.starts_with('[') {
        let elements: Vec<&RawValue> = serde_json::from_str(text)?;
        let elements = elements
            .into_iter()
            .map(|value| schema(value, depth + 1))
            .collect::<Result<Vec<_>>>()?;
        return Ok(format!("[{}]", elements.join(", ")));
    }
    if depth > MAX_DEPTH || !text.starts_with('{') {
        return Ok(text.to_owned());
    }
    let Entries(entries) = serde_json::from_str(text)?;
    // A separate document: its references are resolved from here, not from the top.
    if entries.iter().any(|(name, value)| is_id(name, value)) {
        return Ok(text.to_owned());
    }
    let all = entries.iter().map(|(name, value)| Ok((name.as_str(), keyword(name, value, depth)?)));
    object(all.collect::<Result<Vec<_>>>()?)
}

fn is_id(name: &str, value: &RawValue) -> bool {
    let id = value.get();
    ["$id", "id"].contains(&name) && id.starts_with('"') && !id.starts_with("\"#")
}

fn object<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> Result<String> {
    let mut texts = Vec::new();
    for (name, value) in entries {
        texts.push(format!("{}: {value}", serde_json::to_string(name)?));
    }
    Ok(format!("{{{}}}", texts.join(", ")))
}

/// The entries of an object in their order, with duplicate keys.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(schema: &str) -> serde_json::Value {
        let raw = RawValue::from_string(schema.to_owned()).expect("it is JSON");
        let wrapped = Wrapped::new(&raw);
        let mut value: serde_json::Value = serde_json::from_str(&wrapped.text).expect("it is JSON");
        match wrapped.within {
            true => value["properties"]["v"].take(),
            false => value,
        }
    }

    #[test]
    fn references_are_rewritten_and_data_is_not() {
        let cases = [
            (r##"{"$ref": "#"}"##, r##"{"$ref": "#/properties/v"}"##),
            (
                r##"{"items": [{"$ref": "#/definitions/a%25b~1c"}]}"##,
                r##"{"items": [{"$ref": "#/properties/v/definitions/a%25b~1c"}]}"##,
            ),
            (
                r##"{"properties": {"$ref": {"$ref": "#/$defs/a"}, "enum": {"$ref": "#"}}}"##,
                r##"{"properties": {"$ref": {"$ref": "#/properties/v/$defs/a"}, "enum": {"$ref": "#/properties/v"}}}"##,
            ),
            (r##"{"const": {"$ref": "#/a"}}"##, r##"{"const": {"$ref": "#/a"}}"##),
            (r##"{"$ref": "#anchor"}"##, r##"{"$ref": "#anchor"}"##),
            (r##"{"$ref": "other.json#/a"}"##, r##"{"$ref": "other.json#/a"}"##),
            (
                r##"{"not": {"$id": "http://x/y", "$ref": "#/a"}}"##,
                r##"{"not": {"$id": "http://x/y", "$ref": "#/a"}}"##,
            ),
            (r##"{"$id": "http://x/y", "$ref": "#/a"}"##, r##"{"$ref": "#/properties/v/a"}"##),
            ("true", "true"),
            (
                r##"{"type": "object", "$ref": "#/a"}"##,
                r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "$ref": "#/a"}"##,
            ),
        ];
        for (schema, expected) in cases {
            let expected: serde_json::Value = serde_json::from_str(expected).expect("it is JSON");
            assert_eq!(wrapped(schema), expected, "{schema}");
        }
    }

    #[test]
    fn numbers_and_duplicate_keys_stay_as_they_are() {
        let text = r#"{"const": 12345678901234567890123456789, "a": 1, "a": 1.50}"#;
        let raw = RawValue::from_string(text.to_owned()).expect("it is JSON");
        let wrapped = Wrapped::new(&raw);
        assert!(wrapped.text.contains(text), "{}", wrapped.text);
    }
}
