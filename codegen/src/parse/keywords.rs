//! The keywords of a schema, each read into its type. This is the one list of what is
//! carried, what is refused by name, and what only annotates.

use std::collections::HashSet;

use serde_json::Value;

use super::node::{Node, Side, malformed, text};
use crate::diagnostic::{Code, Findings, Place};
use crate::schema::{Format, Schema, TypeWord};

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It is carried: enforced, measured, or shown in the docs.
    Carried,
    /// It says nothing about values, and is passed over.
    Annotation,
    /// A schema that has it is refused.
    Refused,
}

/// Every keyword that is known, and what becomes of it. `schemas/README.md` lists them
/// for people.
pub fn keywords() -> impl Iterator<Item = (&'static str, Treatment)> {
    let carried = CARRIED.iter().map(|keyword| (*keyword, Treatment::Carried));
    let annotations = ANNOTATIONS.iter().map(|keyword| (*keyword, Treatment::Annotation));
    let refused = UNSUPPORTED.iter().map(|keyword| (*keyword, Treatment::Refused));
    carried.chain(annotations).chain(refused)
}

/// Keywords that [`read`] carries.
const CARRIED: [&str; 33] = [
    "$defs",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "definitions",
    "description",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "validations",
];

/// Keywords that say nothing about values, beside those that begin with `x-`.
pub(super) const ANNOTATIONS: [&str; 7] =
    ["$comment", "$id", "$schema", "deprecated", "id", "readOnly", "writeOnly"];

/// Keywords of JSON Schema that are not carried: a schema that has one is refused,
/// since it would be taken for laxer than it is.
pub(super) const UNSUPPORTED: [&str; 23] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveRef",
    "additionalItems",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// More properties of one object are refused: the largest real one has 40.
pub(super) const MOST_PROPERTIES: usize = 500;
/// More choices of one `enum` are refused: the longest real one has some 300.
const MOST_CHOICES: usize = 2000;
/// A longer choice is refused: each becomes a name.
const MOST_CHOICE: usize = 2048;
/// More branches of one union, or parts of one `allOf`, are refused: the longest real
/// list has some 10.
pub(super) const MOST_BRANCHES: usize = 200;

pub(super) fn types(schema: &mut Schema, node: &Node<'_>, findings: &mut Findings) {
    let nodes = node.elements().unwrap_or_default();
    let nodes: Vec<&Node<'_>> = if nodes.is_empty() { vec![node] } else { nodes.iter().collect() };
    for node in nodes {
        match node.string() {
            Some("null") => schema.nullable = true,
            Some(word) => {
                let word = type_word(word, node, findings);
                if !schema.types.contains(&word) {
                    schema.types.push(word);
                }
            }
            None => malformed(node, "a string, or a list of strings", findings),
        }
    }
    if schema.nullable && schema.types.is_empty() {
        schema.types.push(TypeWord::Null);
    }
}

fn type_word(word: &str, node: &Node<'_>, findings: &mut Findings) -> TypeWord {
    match word {
        "object" => TypeWord::Object,
        "array" => TypeWord::Array,
        "string" => TypeWord::String,
        "boolean" => TypeWord::Boolean,
        "integer" => TypeWord::Integer,
        "number" | "float" => TypeWord::Number,
        _ => {
            findings.push(
                Code::UnknownType,
                &node.place,
                format!("`{word}` is no type that this version knows; any value is taken"),
                "correct it with a fixup, if you know what is meant",
            );
            TypeWord::Unknown
        }
    }
}

pub(super) fn choices(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Value>> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list", findings);
        return None;
    };
    if elements.is_empty() {
        let help = "correct the schema, or add a fixup";
        findings.push(Code::Unsatisfiable, &node.place, "`enum` offers no choice", help);
        return None;
    }
    if elements.len() > MOST_CHOICES {
        let message = format!("`enum` offers over {MOST_CHOICES} choices");
        findings.push(Code::LimitPassed, &node.place, message, "take the `enum` out with a fixup");
        return None;
    }
    let is_long =
        |element: &&Node<'_>| element.string().is_some_and(|word| word.len() > MOST_CHOICE);
    if let Some(long) = elements.iter().find(is_long) {
        let message = format!("a choice of over {MOST_CHOICE} bytes");
        findings.push(Code::LimitPassed, &long.place, message, "take the `enum` out with a fixup");
        return None;
    }
    let mut values: Vec<Value> = Vec::new();
    let mut known: HashSet<Value> = HashSet::new();
    for element in &elements {
        let value = element.to_value();
        if !known.insert(value.clone()) {
            let message = format!("the choice {value} is here twice");
            findings.push(Code::RepeatedChoice, &element.place, message, "nothing: it counts once");
        } else {
            values.push(value);
        }
    }
    Some(values)
}

pub(super) fn format(node: &Node<'_>, findings: &mut Findings) -> Option<Format> {
    let word = text(node, findings)?;
    match word.as_str() {
        "uri" if node.within.side == Side::Output => Some(Format::Uri),
        "uri" => {
            let message = "`uri` is not checked of an input; any string is taken";
            let help = "nothing, if any string will do";
            findings.push(Code::UnknownFormat, &node.place, message, help);
            None
        }
        "image_uri" | "image_uris" => Some(Format::Image),
        "video_uri" | "video_uris" => Some(Format::Video),
        "audio_uri" | "audio_uris" => Some(Format::Audio),
        _ => {
            findings.push(
                Code::UnknownFormat,
                &node.place,
                format!("`{word}` is no format that this version knows; it is not checked"),
                "nothing, if any string will do",
            );
            None
        }
    }
}

pub(super) fn required(node: &Node<'_>, findings: &mut Findings) -> Vec<(String, Place)> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list of property names", findings);
        return Vec::new();
    };
    if elements.len() > MOST_PROPERTIES {
        let message = format!("over {MOST_PROPERTIES} names are required");
        findings.push(Code::LimitPassed, &node.place, message, "give a smaller schema");
        return Vec::new();
    }
    let mut required: Vec<(String, Place)> = Vec::new();
    for element in elements {
        match element.string() {
            Some(name) if required.iter().any(|(known, _)| known == name) => {}
            Some(name) => required.push((name.to_owned(), element.place)),
            None => malformed(node, "a list of property names", findings),
        }
    }
    required
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::input;
    use crate::settings::File;

    /// The codes that a schema with this keyword alone gives.
    fn codes(keyword: &str) -> Vec<Code> {
        let text = format!("{{\"{keyword}\": null}}");
        let mut findings = Findings::default();
        input(&File { path: String::new(), text: &text }, &mut findings);
        findings.0.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn every_keyword_is_treated_as_the_list_says() {
        for (keyword, treatment) in keywords() {
            let codes = codes(keyword);
            assert!(!codes.contains(&Code::UnknownKeyword), "{keyword} is not known");
            let refused = codes.contains(&Code::UnsupportedKeyword);
            assert_eq!(refused, treatment == Treatment::Refused, "{keyword}");
            assert!(treatment != Treatment::Annotation || codes.is_empty(), "{keyword}: {codes:?}");
        }
        assert_eq!(codes("maxWords"), [Code::UnknownKeyword]);
        assert_eq!(codes("x-order"), []);
    }
}
