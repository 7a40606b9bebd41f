//! The list of keywords, and the readers of the values of some. A keyword is carried, refused by
//! name, or an annotation.

use std::collections::HashSet;

use serde_json::Value;

use super::node::{Node, Side, malformed, text};
use crate::diagnostic::{Diagnostic, Findings, Place, SizeLimit};
use crate::nearest::nearest;
use crate::pattern::{PatternError, translate};
use crate::schema::{Format, Pattern, Schema, StatedFormat, TypeWord, Unchecked};

/// Treatment of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Enforced, measured, or shown in the docs.
    Carried,
    /// Ignored, since it does not constrain values.
    Annotation,
    /// A schema that has it is refused.
    Refused,
}

/// Returns every known keyword and its treatment. `schemas/README.md` lists them for people.
pub fn keywords() -> impl Iterator<Item = (&'static str, Treatment)> {
    let carried = CARRIED.iter().map(|keyword| (*keyword, Treatment::Carried));
    let annotations = ANNOTATIONS.iter().map(|keyword| (*keyword, Treatment::Annotation));
    let refused = UNSUPPORTED.iter().map(|keyword| (*keyword, Treatment::Refused));
    carried.chain(annotations).chain(refused)
}

/// Keywords that are read into a [`Schema`].
const CARRIED: [&str; 34] = [
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
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "validations",
];

/// Keywords that do not constrain values, beside those that begin with `x-`.
pub(super) const ANNOTATIONS: [&str; 7] =
    ["$comment", "$id", "$schema", "deprecated", "id", "readOnly", "writeOnly"];

/// Keywords of JSON Schema that are not carried. A schema that has one is refused, since it
/// would otherwise be enforced too laxly.
pub(super) const UNSUPPORTED: [&str; 22] = [
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
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Formats that are known.
const FORMATS: [&str; 7] =
    ["uri", "image_uri", "image_uris", "video_uri", "video_uris", "audio_uri", "audio_uris"];
/// Formats of OpenAPI that only annotate a number.
const NUMBER_FORMATS: [&str; 4] = ["int32", "int64", "float", "double"];
/// The types of numbers.
const NUMBERS: [TypeWord; 2] = [TypeWord::Integer, TypeWord::Number];

/// The words of `type`.
const TYPES: [&str; 8] =
    ["object", "array", "string", "boolean", "integer", "number", "float", "null"];
/// Words of other languages for a `type`.
const TYPE_SYNONYMS: [(&str, &str); 9] = [
    ("bool", "boolean"),
    ("dict", "object"),
    ("double", "number"),
    ("int", "integer"),
    ("list", "array"),
    ("map", "object"),
    ("none", "null"),
    ("str", "string"),
    ("text", "string"),
];

/// The maximum number of properties of an object: the largest real one has 40.
pub(super) const MAX_PROPERTIES: usize = 500;
/// The maximum number of values of an `enum`: the longest real one has some 300.
pub(crate) const MAX_CHOICES: usize = 2000;
/// The maximum length of a value of an `enum` in bytes: each becomes a name.
const MAX_CHOICE: usize = 2048;

/// Returns `true` if null as the value of a keyword means that the keyword is not there.
pub(super) fn is_absent_if_null(keyword: &str) -> bool {
    let holds_values = ["const", "default", "example"].contains(&keyword);
    !holds_values && (CARRIED.contains(&keyword) || UNSUPPORTED.contains(&keyword))
}

/// Returns the keyword that an unknown one is a misspelling of.
pub(super) fn nearest_keyword(keyword: &str) -> Option<&'static str> {
    nearest(keyword, keywords().map(|(known, _)| known))
}

fn nearest_type(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let synonym = TYPE_SYNONYMS.iter().find(|(synonym, _)| *synonym == lower);
    synonym.map(|(_, known)| *known).or_else(|| nearest(word, TYPES))
}

/// Reads a `type`: a word, or a list of words.
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

/// Reads the text of an annotation. One of another form is reported; of a text in several
/// languages, one is read.
pub(super) fn annotation(
    node: &Node<'_>,
    keyword: &str,
    findings: &mut Findings,
) -> Option<String> {
    if let Some(text) = node.string() {
        return Some(text.to_owned());
    }
    findings.push(Diagnostic::malformed_annotation(&node.place, keyword));
    let entries = node.entries().unwrap_or_default();
    let texts = || entries.iter().filter_map(|(name, node)| Some((*name, node.string()?)));
    let english = texts().find(|(language, _)| language.to_lowercase().starts_with("en"));
    english.or_else(|| texts().next()).map(|(_, text)| text.to_owned())
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
            findings.push(Diagnostic::unknown_type(&node.place, word, nearest_type(word)));
            TypeWord::Unknown
        }
    }
}

/// Reads the values of an `enum`, each once.
pub(super) fn choices(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Value>> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list", findings);
        return None;
    };
    if elements.is_empty() {
        findings.push(Diagnostic::empty_enum(&node.place));
        return None;
    }
    if elements.len() > MAX_CHOICES {
        findings.push(Diagnostic::limit_passed(&node.place, SizeLimit::Choices(MAX_CHOICES)));
        return None;
    }
    let mut lengths = elements.iter().map(|element| element.string().map_or(0, str::len));
    if let Some(index) = lengths.position(|length| length > MAX_CHOICE) {
        let place = &elements[index].place;
        findings.push(Diagnostic::limit_passed(place, SizeLimit::Choice(MAX_CHOICE)));
        return None;
    }
    let mut values: Vec<Value> = Vec::new();
    let mut known: HashSet<Value> = HashSet::new();
    for element in &elements {
        let value = element.to_value();
        if known.insert(value.clone()) {
            values.push(value);
        } else {
            findings.push(Diagnostic::repeated_choice(&element.place, value));
        }
    }
    Some(values)
}

/// Reads a `format`, whose meaning depends on the type. One that is not known is reported. One
/// that does not decide the type is kept as an annotation.
pub(super) fn read_format(schema: &mut Schema, node: &Node<'_>, findings: &mut Findings) {
    let Some(word) = node.string().map(str::to_owned) else {
        let name = format!("format: {}", node.to_value());
        schema.unchecked.push(Unchecked { name, value: None });
        return findings.push(Diagnostic::malformed_format(&node.place));
    };
    let format = match word.as_str() {
        "uri" if node.within.side == Side::Output => Format::Uri,
        "image_uri" | "image_uris" => Format::Image,
        "video_uri" | "video_uris" => Format::Video,
        "audio_uri" | "audio_uris" => Format::Audio,
        _ => {
            schema.notes.push(("format".to_owned(), node.to_value()));
            report_unknown_format(schema, &word, node, findings);
            return;
        }
    };
    if format == Format::Uri {
        schema.notes.push(("format".to_owned(), node.to_value()));
    }
    schema.format = Some(StatedFormat { format, word, place: node.place.clone() });
}

fn report_unknown_format(
    schema: &mut Schema,
    word: &str,
    node: &Node<'_>,
    findings: &mut Findings,
) {
    let has_numbers = schema.types.iter().any(|word| NUMBERS.contains(word));
    let is_about_numbers = has_numbers && !schema.types.contains(&TypeWord::String);
    if NUMBER_FORMATS.contains(&word) && (is_about_numbers || schema.types.is_empty()) {
        return;
    }
    schema.unchecked.push(Unchecked { name: format!("format: {word}"), value: None });
    findings.push(match word {
        "uri" => Diagnostic::unchecked_uri(&node.place),
        _ if is_about_numbers => Diagnostic::unknown_format(&node.place, word, "number", None),
        _ => Diagnostic::unknown_format(&node.place, word, "string", nearest(word, FORMATS)),
    });
}

/// Reads a `pattern`. One that is not supported is reported.
pub(super) fn pattern(node: &Node<'_>, findings: &mut Findings) -> Option<Pattern> {
    let written = text(node, findings)?;
    match translate(&written) {
        Ok(translated) => Some(Pattern { written, translated }),
        // An output is not checked.
        Err(_) if node.within.side == Side::Output => None,
        Err(PatternError::Unsupported(construct)) => {
            findings.push(Diagnostic::unsupported_pattern(&node.place, construct));
            None
        }
        Err(PatternError::Malformed(why)) => {
            findings.push(Diagnostic::malformed_pattern(&node.place, &why));
            None
        }
    }
}

/// Reads the names in `required`, each once.
pub(super) fn required(node: &Node<'_>, findings: &mut Findings) -> Vec<(String, Place)> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list of property names", findings);
        return Vec::new();
    };
    if elements.len() > MAX_PROPERTIES {
        findings.push(Diagnostic::limit_passed(&node.place, SizeLimit::Required(MAX_PROPERTIES)));
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
    use crate::diagnostic::Code;
    use crate::parse::input;
    use crate::settings::File;

    /// Returns the codes for a schema with this keyword alone.
    fn codes(keyword: &str) -> Vec<Code> {
        let text = format!("{{\"{keyword}\": 7}}");
        let mut findings = Findings::default();
        input(&File { path: String::new(), text: &text }, &mut findings);
        findings.0.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn every_keyword_is_treated_as_listed() {
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
