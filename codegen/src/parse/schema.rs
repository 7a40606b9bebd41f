//! One schema and all that stand in it: the one recursion of `parse`.

use serde_json::Value;

use super::keywords::{
    ANNOTATIONS, MOST_BRANCHES, MOST_PROPERTIES, UNSUPPORTED, choices, format, required, types,
};
use super::node::{Node, Side, Within, bound, count, flag, malformed, number, step, text};
use super::references::reference;
use super::validations;
use crate::diagnostic::{Code, Findings};
use crate::number::Number;
use crate::schema::{Additional, Format, Schema};

/// Drafts in which what stands beside a `$ref` is passed over, by what `$schema` names.
const BARE_REFERENCES: [&str; 4] = ["draft-03", "draft-04", "draft-06", "draft-07"];

/// Reads a whole schema document.
pub(super) fn document(node: &Node<'_>, side: Side, findings: &mut Findings) -> Schema {
    let entries = node.entries().unwrap_or_default();
    let draft = entries.iter().find(|(keyword, _)| *keyword == "$schema");
    let draft = draft.and_then(|(_, node)| node.string()).unwrap_or_default();
    let bare_references = BARE_REFERENCES.iter().any(|early| draft.contains(early));
    let within = Within { side, bare_references, other_base: false };
    read_schema(&Node { value: node.value, place: node.place.clone(), within }, findings)
}

/// Reads a schema within another, which an `$id` makes a document of its own.
pub(super) fn schema(node: &Node<'_>, findings: &mut Findings) -> Schema {
    let names_document = |(keyword, node): &(&str, Node<'_>)| {
        let is_fragment = |id: &str| id.starts_with('#');
        ["$id", "id"].contains(keyword) && node.string().is_some_and(|id| !is_fragment(id))
    };
    let named = node.entries().unwrap_or_default().iter().any(names_document);
    let within = Within { other_base: node.within.other_base || named, ..node.within };
    read_schema(&Node { value: node.value, place: node.place.clone(), within }, findings)
}

/// The keywords of a schema that say something. In early drafts, those beside a `$ref` do
/// not.
pub(super) fn spoken<'a, 't>(
    node: &Node<'_>,
    entries: &'a [(&'t str, Node<'t>)],
    findings: &mut Findings,
) -> Vec<&'a (&'t str, Node<'t>)> {
    let is_reference =
        |(keyword, node): &(&str, Node<'_>)| *keyword == "$ref" && node.string().is_some();
    let is_bare = node.within.bare_references && entries.iter().any(is_reference);
    let (spoken, ignored): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(keyword, _)| !is_bare || stands_beside_reference(keyword));
    for (keyword, value) in ignored {
        findings.push(
            Code::IgnoredKeyword,
            &value.place,
            format!("`{keyword}` says nothing beside a `$ref`, in the schema's own draft"),
            "nothing; or put both into `allOf` with a fixup, if both are meant",
        );
    }
    spoken
}

/// Whether a keyword is read beside a `$ref` in every draft: it says nothing of values, or
/// is no keyword of JSON Schema's.
fn stands_beside_reference(keyword: &str) -> bool {
    const READ: [&str; 9] = [
        "$defs",
        "$ref",
        "default",
        "definitions",
        "description",
        "example",
        "examples",
        "nullable",
        "title",
    ];
    READ.contains(&keyword) || ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

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
    let mut strict = |bound: &mut Option<Number>| match bound.take() {
        Some(Number::Float(float)) => Some(float),
        Some(Number::Integer(_)) => {
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

fn additional(node: &Node<'_>, findings: &mut Findings) -> Additional {
    match node.value.as_boolean_lit() {
        Some(literal) if literal.value => Additional::Open,
        Some(_) => Additional::Closed,
        None => Additional::Schema(Box::new(schema(node, findings))),
    }
}

pub(super) fn definitions(
    keyword: &str,
    node: &Node<'_>,
    findings: &mut Findings,
) -> Vec<(String, Schema)> {
    let Some(entries) = node.entries() else {
        malformed(node, "an object", findings);
        return Vec::new();
    };
    let definition = |(name, node): (&str, Node<'_>)| {
        let step = name.replace('~', "~0").replace('/', "~1");
        (format!("/{keyword}/{step}"), schema(&node, findings))
    };
    entries.into_iter().map(definition).collect()
}
