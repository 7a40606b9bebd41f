//! The keywords of a schema, each read into its type. This is the one list of what is
//! carried, what is refused by name, and what only annotates.

use std::collections::HashSet;

use serde_json::Value;

use super::references::{definitions, reference, schema, spoken};
use super::{Node, Side, validations};
use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Additional, Bound, Format, Schema, TypeWord};

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
const UNSUPPORTED: [&str; 23] = [
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
const MOST_PROPERTIES: usize = 500;
/// More choices of one `enum` are refused: the longest real one has some 300.
const MOST_CHOICES: usize = 2000;
/// A longer choice is refused: each becomes a name.
const MOST_CHOICE: usize = 2048;
/// More branches of one union, or parts of one `allOf`, are refused: the longest real
/// list has some 10.
const MOST_BRANCHES: usize = 200;

/// Reads a schema. A keyword that cannot be read is reported and left out.
pub(super) fn read_schema(node: &Node<'_>, findings: &mut Findings) -> Schema {
    let mut schema = Schema { place: node.place.clone(), ..Schema::default() };
    let Some(entries) = node.entries() else {
        // `true` takes everything, as an empty schema does; `false` nothing.
        match node.value.as_boolean_lit().map(|literal| literal.value) {
            Some(true) => {}
            Some(false) => {
                let help = "take the property out with a fixup";
                findings.push(Code::Unsatisfiable, &node.place, "`false` takes no value", help);
            }
            None => {
                let help = "write a schema as {…}";
                findings.push(Code::MalformedKeyword, &node.place, "a schema is an object", help);
            }
        }
        return schema;
    };
    for (keyword, value) in spoken(node, &entries, findings) {
        read(&mut schema, keyword, value, findings);
    }
    let is_true = |keyword: &str| {
        let entry = entries.iter().find(|(name, _)| *name == keyword);
        entry.and_then(|(_, node)| node.value.as_boolean_lit()).is_some_and(|flag| flag.value)
    };
    // A `null` in `type` counts only where `enum` offers it too.
    let offers_null = |choices: &Vec<Value>| choices.contains(&Value::Null);
    if !schema.choices.as_ref().is_none_or(offers_null) && !is_true("nullable") {
        schema.nullable = false;
    }
    // In draft 4, an exclusive bound is a flag beside the bound.
    let mut strict = |bound: &mut Option<Bound>| match bound.take() {
        Some(Bound::Float(float)) => Some(float),
        Some(Bound::Integer(_)) => {
            malformed(node, "exclusive at a number that a 64-bit float holds exactly", findings);
            None
        }
        None => None,
    };
    if is_true("exclusiveMinimum") {
        schema.exclusive_minimum = strict(&mut schema.minimum);
    }
    if is_true("exclusiveMaximum") {
        schema.exclusive_maximum = strict(&mut schema.maximum);
    }
    schema
}

fn read(schema: &mut Schema, keyword: &str, node: &Node<'_>, findings: &mut Findings) {
    match keyword {
        "type" => types(schema, node, findings),
        "nullable" => schema.nullable |= flag(node, findings),
        "title" => schema.title = text(node, findings),
        "description" => schema.description = text(node, findings),
        "default" => schema.default = Some(node.to_value()).filter(|value| !value.is_null()),
        "example" => schema.examples.insert(0, node.to_value()),
        "examples" => match node.to_value() {
            Value::Array(examples) => schema.examples.extend(examples),
            example => schema.examples.push(example),
        },
        "enum" => {
            let choices = choices(node, findings);
            schema.choices = both(schema.choices.take(), choices);
        }
        "const" => schema.choices = both(schema.choices.take(), Some(vec![node.to_value()])),
        "format" => {
            schema.format = format(node, findings);
            if let (None, Some(word)) = (schema.format, node.string()) {
                schema.unchecked.push(format!("format: {word}"));
            }
            // What says nothing of an input is noted.
            if matches!(schema.format, None | Some(Format::Uri)) {
                schema.notes.push((keyword.to_owned(), node.to_value()));
            }
        }
        "$ref" => schema.reference = reference(node, findings),
        "$defs" | "definitions" => schema.definitions.extend(definitions(keyword, node, findings)),
        "anyOf" => schema.any_of = branches(node, findings),
        "oneOf" => schema.one_of = branches(node, findings),
        "allOf" => schema.all_of = branches(node, findings).unwrap_or_default(),
        "properties" => schema.properties = properties(node, findings),
        "required" => schema.required = required(node, findings),
        "additionalProperties" => schema.additional = Some(additional(node, findings)),
        "items" if node.elements().is_some() => findings.push(
            Code::UnsupportedKeyword,
            &node.place,
            "a list of `items`, one schema a place, is not carried by this version",
            "give one schema for all of them, with a fixup",
        ),
        "items" => schema.items = Some(Box::new(self::schema(node, findings))),
        "minLength" => schema.min_length = count(node, findings),
        "maxLength" => schema.max_length = count(node, findings),
        "minItems" => schema.min_items = count(node, findings),
        "maxItems" => schema.max_items = count(node, findings),
        "uniqueItems" => schema.unique_items = flag(node, findings),
        "minProperties" => schema.min_properties = count(node, findings),
        "maxProperties" => schema.max_properties = count(node, findings),
        "minimum" => schema.minimum = bound(node, findings),
        "maximum" => schema.maximum = bound(node, findings),
        "exclusiveMinimum" | "exclusiveMaximum" if node.value.as_boolean_lit().is_some() => {}
        "exclusiveMinimum" => schema.exclusive_minimum = number(node, findings),
        "exclusiveMaximum" => schema.exclusive_maximum = number(node, findings),
        "multipleOf" => schema.multiple_of = step(node, findings),
        "validations" => schema.validations = validations::read(node, findings),
        _ if ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-") => {
            schema.notes.push((keyword.to_owned(), node.to_value()));
        }
        _ if UNSUPPORTED.contains(&keyword) => findings.push(
            Code::UnsupportedKeyword,
            &node.place,
            format!("`{keyword}` is not carried by this version"),
            "take it out with a fixup, if the model works without it",
        ),
        _ => {
            schema.unchecked.push(keyword.to_owned());
            schema.notes.push((keyword.to_owned(), node.to_value()));
            findings.push(
                Code::UnknownKeyword,
                &node.place,
                format!("`{keyword}` is no keyword that this version knows; it is not checked"),
                "nothing, if it only annotates; otherwise tell the maintainers",
            );
        }
    }
}

pub(super) fn malformed(node: &Node<'_>, wanted: &str, findings: &mut Findings) {
    let is_name = |step: &&str| step.parse::<usize>().is_err();
    let keyword = node.place.pointer.rsplit('/').find(is_name).unwrap_or_default();
    findings.push(
        Code::MalformedKeyword,
        &node.place,
        format!("`{keyword}` must be {wanted}"),
        "correct the schema, or add a fixup",
    );
}

pub(super) fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::to_owned);
    if text.is_none() {
        malformed(node, "a string", findings);
    }
    text
}

fn flag(node: &Node<'_>, findings: &mut Findings) -> bool {
    let flag = node.value.as_boolean_lit().map(|literal| literal.value);
    if flag.is_none() {
        malformed(node, "true or false", findings);
    }
    flag.unwrap_or_default()
}

fn types(schema: &mut Schema, node: &Node<'_>, findings: &mut Findings) {
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

fn choices(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Value>> {
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

/// What both `enum` and `const` offer.
fn both(a: Option<Vec<Value>>, b: Option<Vec<Value>>) -> Option<Vec<Value>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.into_iter().filter(|value| b.contains(value)).collect()),
        (a, b) => a.or(b),
    }
}

fn branches(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Schema>> {
    match node.elements() {
        Some(nodes) if nodes.len() > MOST_BRANCHES => {
            let message = format!("a list of over {MOST_BRANCHES} schemas");
            findings.push(Code::LimitPassed, &node.place, message, "give a smaller schema");
            None
        }
        Some(nodes) if !nodes.is_empty() => {
            Some(nodes.iter().map(|node| schema(node, findings)).collect())
        }
        _ => {
            malformed(node, "a list of schemas", findings);
            None
        }
    }
}

fn format(node: &Node<'_>, findings: &mut Findings) -> Option<Format> {
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

fn properties(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<(String, Schema)>> {
    let Some(entries) = node.entries() else {
        malformed(node, "an object", findings);
        return None;
    };
    if entries.len() > MOST_PROPERTIES {
        let message = format!("an object of over {MOST_PROPERTIES} properties");
        findings.push(Code::LimitPassed, &node.place, message, "give a smaller schema");
        return None;
    }
    let property = |(name, node): (&str, Node<'_>)| (name.to_owned(), schema(&node, findings));
    Some(entries.into_iter().map(property).collect())
}

fn required(node: &Node<'_>, findings: &mut Findings) -> Vec<(String, Place)> {
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

fn additional(node: &Node<'_>, findings: &mut Findings) -> Additional {
    match node.value.as_boolean_lit() {
        Some(literal) if literal.value => Additional::Open,
        Some(_) => Additional::Closed,
        None => Additional::Schema(Box::new(schema(node, findings))),
    }
}

/// A count: a whole number from 0, which may be written `1995.0`.
fn count(node: &Node<'_>, findings: &mut Findings) -> Option<u64> {
    let value = node.to_value();
    let whole = |float: &f64| float.fract() == 0.0 && (0.0..9e15).contains(float);
    let count = value.as_u64().or_else(|| value.as_f64().filter(whole).map(|float| float as u64));
    if count.is_none() {
        malformed(node, "a whole number from 0", findings);
    }
    count
}

/// A bound, which may be an integer that no float holds exactly.
fn bound(node: &Node<'_>, findings: &mut Findings) -> Option<Bound> {
    let value = node.to_value();
    let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    let float = value.as_f64().filter(|float| float.is_finite());
    let bound = match (whole, float) {
        (Some(whole), Some(float)) if float as i128 == whole => Some(Bound::Float(float)),
        (Some(whole), _) => Some(Bound::Integer(whole)),
        (None, float) => float.map(Bound::Float),
    };
    if bound.is_none() {
        malformed(node, "a number", findings);
    }
    bound
}

/// A bound that has to be a float.
fn number(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    match bound(node, findings)? {
        Bound::Float(float) => Some(float),
        Bound::Integer(_) => {
            malformed(node, "a number that a 64-bit float holds exactly", findings);
            None
        }
    }
}

fn step(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    let step = number(node, findings)?;
    if step <= 0.0 {
        malformed(node, "a number over 0", findings);
        return None;
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{File, input};

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
