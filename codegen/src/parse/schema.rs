//! Reads a schema and those in it: the one recursion of `parse`.

use serde_json::Value;

use super::keywords::{
    ANNOTATIONS, MAX_PROPERTIES, UNSUPPORTED, annotation, choices, is_absent_if_null,
    nearest_keyword, pattern, read_format, required, types,
};
use super::node::{Node, Side, Within, bound, count, escape_step, flag, malformed, number, step};
use super::references::{
    begins_document, effective_keywords, has_bare_references, is_referenced, reference, targets,
};
use super::validations::validations;
use crate::diagnostic::{Diagnostic, Findings, SizeLimit};
use crate::number::Number;
use crate::schema::{Additional, Located, Schema, Unchecked};

/// The maximum length of the value of an unknown keyword in docs.
const MAX_SHOWN: usize = 60;
/// The maximum number of branches of a union, or of parts of an `allOf`: the longest real list
/// has some 10.
const MAX_BRANCHES: usize = 200;

/// Reads a whole schema document, and the targets of references that are not in the place of a
/// schema, such as `/components/schemas/Size`.
pub(super) fn read_document(node: &Node<'_>, side: Side, findings: &mut Findings) -> Schema {
    let targets = targets(node.value);
    let within = Within {
        side,
        targets: &targets,
        has_bare_references: has_bare_references(node),
        has_other_base: false,
    };
    let root = Node { value: node.value, place: node.place.clone(), within };
    let mut schema = read_schema(&root, findings);
    for target in &targets {
        if schema.at(target).is_none()
            && let Some(node) = root.at(target).filter(is_schema)
        {
            schema.definitions.insert(target.clone(), read_inner(&node, findings));
        }
    }
    schema
}

fn is_schema(node: &Node<'_>) -> bool {
    node.boolean().is_some() || node.value.as_object().is_some()
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
    let Some(mut entries) = node.entries() else {
        // `true` allows every value, as an empty schema does.
        match node.boolean() {
            Some(true) => {}
            Some(false) => schema.is_never = true,
            None => findings.push(Diagnostic::schema_not_an_object(&node.place)),
        }
        return schema;
    };
    entries.retain(|(keyword, node)| !is_absent(keyword, node, findings));
    let keywords = effective_keywords(node, &entries, findings);
    for (keyword, value) in &keywords {
        read_keyword(&mut schema, keyword, value, findings);
    }
    // The type decides the meaning of a format.
    if let Some((_, format)) = keywords.iter().find(|(keyword, _)| *keyword == "format") {
        read_format(&mut schema, format, findings);
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

/// Returns `true` if a keyword is null, which means that it is not there.
fn is_absent(keyword: &str, node: &Node<'_>, findings: &mut Findings) -> bool {
    let is_absent = node.value.as_null_keyword().is_some() && is_absent_if_null(keyword);
    if is_absent && keyword == "type" {
        findings.push(Diagnostic::null_type(&node.place));
    }
    is_absent
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
        "title" => schema.title = annotation(node, keyword, findings),
        "description" => schema.description = annotation(node, keyword, findings),
        "default" => schema.default = Some(located(node)).filter(|it| !it.value.is_null()),
        "example" => schema.examples.insert(0, located(node)),
        "examples" => match node.elements() {
            Some(examples) => schema.examples.extend(examples.iter().map(located)),
            None => schema.examples.push(located(node)),
        },
        "enum" => {
            let choices = choices(node, findings);
            schema.choices = both(schema.choices.take(), choices);
        }
        "const" => schema.choices = both(schema.choices.take(), Some(vec![node.to_value()])),
        "format" => {}
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
        "pattern" => schema.patterns.extend(pattern(node, findings)),
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
        _ => read_other(schema, keyword, node, findings),
    }
}

/// Reads a keyword that is not carried.
fn read_other(schema: &mut Schema, keyword: &str, node: &Node<'_>, findings: &mut Findings) {
    if UNSUPPORTED.contains(&keyword) {
        findings.push(Diagnostic::unsupported_keyword(&node.place, keyword));
    } else if ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-") {
        schema.notes.push((keyword.to_owned(), node.to_value()));
    } else if !is_referenced(pointer_within_document(node), node.within.targets) {
        let value = node.to_value();
        schema.unchecked.push(Unchecked { name: keyword.to_owned(), value: shown(&value) });
        schema.notes.push((keyword.to_owned(), value));
        findings.push(Diagnostic::unknown_keyword(&node.place, keyword, nearest_keyword(keyword)));
    }
}

/// Returns the JSON pointer from the root of the schema document.
fn pointer_within_document<'a>(node: &'a Node<'_>) -> &'a str {
    match node.within.side {
        Side::Input => &node.place.pointer,
        // An output document begins below the key `output`.
        Side::Output => node.place.pointer.strip_prefix("/output").unwrap_or_default(),
    }
}

/// Returns a value as JSON text if it is short enough for docs.
fn shown(value: &Value) -> Option<String> {
    Some(value.to_string()).filter(|text| text.chars().count() <= MAX_SHOWN)
}

fn located(node: &Node<'_>) -> Located {
    Located { value: node.to_value(), place: node.place.clone() }
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
