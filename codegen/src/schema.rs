//! A schema file as typed keywords, each schema with its place.

use std::collections::BTreeMap;
use std::fmt;

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
    /// No value is allowed: `false`.
    pub is_never: bool,
    /// The words of `type`, without `null`. Empty if there is no `type`.
    pub types: Vec<TypeWord>,
    /// Null is allowed too, by `type` or by `nullable`.
    pub nullable: bool,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The default, unless it is null, which means no default.
    pub default: Option<Located>,
    /// `example` and `examples`.
    pub examples: Vec<Located>,
    /// `enum`, or the one value of `const`.
    pub choices: Option<Vec<Value>>,
    /// The branches of a union that `choices` are from, if they have annotations.
    pub merged_branches: Option<MergedBranches>,
    pub format: Option<StatedFormat>,
    /// `$ref`: a JSON pointer into the same document.
    pub reference: Option<(String, Place)>,
    /// `$defs`, `definitions` and other targets of `$ref`, each under its pointer from here, such
    /// as `/$defs/Size`.
    pub definitions: BTreeMap<String, Schema>,
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
    /// `pattern`, each of which must match.
    pub patterns: Vec<Pattern>,
    pub minimum: Option<Number>,
    pub maximum: Option<Number>,
    pub exclusive_minimum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub multiple_of: Option<f64>,
    pub validations: Vec<Validation>,
    /// The keywords and formats that are not known, and so not checked, such as `format: color`.
    pub unchecked: Vec<Unchecked>,
    /// Every other keyword, verbatim: annotations and unknown keywords.
    pub notes: Vec<(String, Value)>,
}

impl Schema {
    /// Returns the schema at a JSON pointer below this one.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Schema> {
        if pointer.is_empty() {
            return Some(self);
        }
        let ends = pointer.match_indices('/').map(|(end, _)| end).skip(1).chain([pointer.len()]);
        for (known, rest) in ends.map(|end| pointer.split_at(end)) {
            if let Some(found) = self.definitions.get(known).and_then(|schema| schema.at(rest)) {
                return Some(found);
            }
        }
        let (keyword, rest) = first_step(pointer)?;
        let (within, rest) = match keyword {
            "items" => return self.items.as_deref()?.at(rest),
            "additionalProperties" => match &self.additional {
                Some(Additional::Schema(schema)) => return schema.at(rest),
                Some(Additional::Open | Additional::Closed) | None => return None,
            },
            _ => first_step(rest)?,
        };
        let found = match keyword {
            "properties" => {
                let name = within.replace("~1", "/").replace("~0", "~");
                let mut properties = self.properties.iter().flatten();
                &properties.find(|(known, _)| *known == name)?.1
            }
            "anyOf" => indexed(self.any_of.as_deref()?, within)?,
            "oneOf" => indexed(self.one_of.as_deref()?, within)?,
            "allOf" => indexed(&self.all_of, within)?,
            _ => return None,
        };
        found.at(rest)
    }
}

/// Splits a JSON pointer into its first step and the rest.
fn first_step(pointer: &str) -> Option<(&str, &str)> {
    let steps = pointer.strip_prefix('/')?;
    Some(steps.split_at(steps.find('/').unwrap_or(steps.len())))
}

fn indexed<'a>(branches: &'a [Schema], step: &str) -> Option<&'a Schema> {
    branches.get(step.parse::<usize>().ok().filter(|index| index.to_string() == step)?)
}

/// Branches of a union that were merged into one enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MergedBranches {
    /// `anyOf` or `oneOf`.
    pub keyword: &'static str,
    /// An enum of strings each.
    pub branches: Vec<Schema>,
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

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located {
    pub value: Value,
    pub place: Place,
}

/// A keyword, format or rule that is not known, and so not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unchecked {
    /// Such as `max_width` or `format: color`.
    pub name: String,
    /// The value as JSON text, unless it is in the name.
    pub value: Option<String>,
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} {value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A `pattern`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As the schema has it, in the syntax of ECMA-262.
    pub written: String,
    /// In the syntax of the `regex` crate.
    pub translated: String,
}

/// A known `format`, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatedFormat {
    pub format: Format,
    pub word: String,
    pub place: Place,
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
    /// The place of the value, or of the whole entry if it has none.
    pub value_place: Place,
    /// The schema's own message. Empty if it has none.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::parse::schema;

    #[test]
    fn a_pointer_finds_only_the_schema_at_its_place() {
        let document = schema(&json!({
            "title": "whole",
            "allOf": [{"$ref": "#/components/schemas/S"}],
            "components": {"schemas": {"S": {"title": "elsewhere"}, "T": {}}},
            "properties": {
                "a": {"title": "a"},
                "b/c~d": {"title": "escaped"},
                "list": {"items": {"title": "item", "items": {"title": "its item"}}},
                "map": {"additionalProperties": {"title": "value", "items": {"title": "its item"}}},
                "open": {"additionalProperties": true},
                "any": {"anyOf": [{}, {"title": "of any"}]},
                "one": {"oneOf": [{}, {"title": "of one"}]},
                "all": {"allOf": [{}, {"title": "of all"}]},
            },
            "$defs": {"D": {"title": "defined", "properties": {"d": {"title": "d"}}}},
            "definitions": {"D": {"title": "as before", "$defs": {"E": {"title": "nested"}}}},
        }));
        let cases = [
            ("", Some("whole")),
            ("/properties/a", Some("a")),
            ("/properties/b~1c~0d", Some("escaped")),
            ("/properties/list/items", Some("item")),
            ("/properties/list/items/items", Some("its item")),
            ("/properties/map/additionalProperties", Some("value")),
            ("/properties/map/additionalProperties/items", Some("its item")),
            ("/properties/any/anyOf/1", Some("of any")),
            ("/properties/one/oneOf/1", Some("of one")),
            ("/properties/all/allOf/1", Some("of all")),
            ("/$defs/D", Some("defined")),
            ("/$defs/D/properties/d", Some("d")),
            ("/definitions/D", Some("as before")),
            ("/definitions/D/$defs/E", Some("nested")),
            ("properties/a", None),
            ("/properties", None),
            ("/properties/b", None),
            ("/properties/open/additionalProperties", None),
            ("/properties/a/items", None),
            ("/properties/any/anyOf/2", None),
            ("/properties/any/anyOf/01", None),
            ("/properties/any/oneOf/1", None),
            ("/$defs", None),
            ("/components/schemas/S", Some("elsewhere")),
            ("/components/schemas/T", None),
            ("/$defs/E", None),
        ];
        for (pointer, title) in cases {
            let found = document.at(pointer).map(|found| found.title.as_deref());
            assert_eq!(found, title.map(Some), "{pointer}");
        }
    }
}
