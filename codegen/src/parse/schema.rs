//! Reads a schema and those in it: the one recursion of `parse`.

use serde_json::Value;

use super::keywords::{ANNOTATIONS, MAX_PROPERTIES, UNSUPPORTED, choices, format, required, types};
use super::node::{
    Node, Side, Within, bound, count, escape_step, flag, malformed, number, step, text,
};
use super::references::{begins_document, effective_keywords, has_bare_references, reference};
use super::validations::validations;
use crate::diagnostic::{Diagnostic, Findings, SizeLimit};
use crate::number::Number;
use crate::schema::{Additional, Format, Schema};

/// The maximum number of branches of a union, or of parts of an `allOf`: the longest real list
/// has some 10.
const MAX_BRANCHES: usize = 200;

/// Reads a whole schema document.
pub(super) fn read_document(node: &Node<'_>, side: Side, findings: &mut Findings) -> Schema {
    let within =
        Within { side, has_bare_references: has_bare_references(node), has_other_base: false };
    read_schema(&Node { value: node.value, place: node.place.clone(), within }, findings)
}

/// Reads a schema within another.
fn read_inner(node: &Node<'_>, findings: &mut Findings) -> Schema {
    let has_other_base = node.within.has_other_base || begins_document(node);
    let within = Within { has_other_base, ..node.within };
    read_schema(&Node { value: node.value, place: node.place.clone(), within }, findings)
}

/// Reads a schema. A keyword that cannot be read is reported and left out.
fn read_schema(node: &Node<'_>, findings: &mut Findings) -> Schema {
    let mut schema = Schema { place: node.place.clone(), ..Schema::default() };
    let Some(entries) = node.entries() else {
        // `true` allows every value, as an empty schema does.
        match node.boolean() {
            Some(true) => {}
            Some(false) => findings.push(Diagnostic::false_schema(&node.place)),
            None => findings.push(Diagnostic::schema_not_an_object(&node.place)),
        }
        return schema;
    };
    for (keyword, value) in effective_keywords(node, &entries, findings) {
        read_keyword(&mut schema, keyword, value, findings);
    }
    // A `null` in `type` counts only if `enum` has it too.
    let offers_null = schema.choices.as_ref().is_none_or(|all| all.contains(&Value::Null));
    if !offers_null && !is_true(&entries, "nullable") {
        schema.nullable = false;
    }
    // In draft 4, an exclusive bound is a flag beside the bound.
    if is_true(&entries, "exclusiveMinimum") {
        schema.exclusive_minimum = exclusive(schema.minimum.take(), node, findings);
    }
    if is_true(&entries, "exclusiveMaximum") {
        schema.exclusive_maximum = exclusive(schema.maximum.take(), node, findings);
    }
    schema
}

fn is_true(entries: &[(&str, Node<'_>)], keyword: &str) -> bool {
    let entry = entries.iter().find(|(name, _)| *name == keyword);
    entry.and_then(|(_, node)| node.boolean()) == Some(true)
}

/// Returns a bound as an exclusive one, which must be a float.
fn exclusive(bound: Option<Number>, node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    match bound? {
        Number::Float(float) => Some(float),
        Number::Integer(_) => {
            malformed(node, "exclusive at a number that a 64-bit float holds exactly", findings);
            None
        }
    }
}

/// Reads one keyword into a schema.
fn read_keyword(schema: &mut Schema, keyword: &str, node: &Node<'_>, findings: &mut Findings) {
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
            // A format that does not decide the type is kept as an annotation.
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
        "items" if node.elements().is_some() => {
            findings.push(Diagnostic::unsupported_items_list(&node.place));
        }
        "items" => schema.items = Some(Box::new(read_inner(node, findings))),
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
        "validations" => schema.validations = validations(node, findings),
        _ if ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-") => {
            schema.notes.push((keyword.to_owned(), node.to_value()));
        }
        _ if UNSUPPORTED.contains(&keyword) => {
            findings.push(Diagnostic::unsupported_keyword(&node.place, keyword));
        }
        _ => {
            schema.unchecked.push(keyword.to_owned());
            schema.notes.push((keyword.to_owned(), node.to_value()));
            findings.push(Diagnostic::unknown_keyword(&node.place, keyword));
        }
    }
}

/// Returns the values that both `enum` and `const` allow.
fn both(a: Option<Vec<Value>>, b: Option<Vec<Value>>) -> Option<Vec<Value>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.into_iter().filter(|value| b.contains(value)).collect()),
        (a, b) => a.or(b),
    }
}

fn branches(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Schema>> {
    match node.elements() {
        Some(nodes) if nodes.len() > MAX_BRANCHES => {
            findings.push(Diagnostic::limit_passed(&node.place, SizeLimit::Branches(MAX_BRANCHES)));
            None
        }
        Some(nodes) if !nodes.is_empty() => {
            Some(nodes.iter().map(|node| read_inner(node, findings)).collect())
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
    if entries.len() > MAX_PROPERTIES {
        findings.push(Diagnostic::limit_passed(&node.place, SizeLimit::Properties(MAX_PROPERTIES)));
        return None;
    }
    let entries = entries.iter();
    Some(entries.map(|(name, node)| ((*name).to_owned(), read_inner(node, findings))).collect())
}

fn additional(node: &Node<'_>, findings: &mut Findings) -> Additional {
    match node.boolean() {
        Some(true) => Additional::Open,
        Some(false) => Additional::Closed,
        None => Additional::Schema(Box::new(read_inner(node, findings))),
    }
}

/// Reads `$defs` or `definitions`, each schema under its pointer.
fn definitions(keyword: &str, node: &Node<'_>, findings: &mut Findings) -> Vec<(String, Schema)> {
    let Some(entries) = node.entries() else {
        malformed(node, "an object", findings);
        return Vec::new();
    };
    let entries = entries.iter();
    let definitions = entries.map(|(name, node)| {
        (format!("/{keyword}/{}", escape_step(name)), read_inner(node, findings))
    });
    definitions.collect()
}
