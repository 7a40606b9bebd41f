//! Reads `$ref`, and the keywords that decide which of its siblings are read.

use std::collections::BTreeSet;
use std::ops::Bound;

use jsonc_parser::ast;
use percent_encoding::percent_decode_str;

use super::keywords::ANNOTATIONS;
use super::node::{Node, text};
use crate::diagnostic::{Diagnostic, Findings, Place};

/// Drafts that ignore the keywords beside a `$ref`, as part of a `$schema`.
const BARE_REFERENCES: [&str; 4] = ["draft-03", "draft-04", "draft-06", "draft-07"];

/// Returns `true` if the document's draft ignores the keywords beside a `$ref`.
pub(super) fn has_bare_references(document: &Node<'_>) -> bool {
    let entries = document.entries().unwrap_or_default();
    let draft = entries.iter().find(|(keyword, _)| *keyword == "$schema");
    let draft = draft.and_then(|(_, node)| node.string()).unwrap_or_default();
    BARE_REFERENCES.iter().any(|early| draft.contains(early))
}

/// Returns `true` if an `$id` makes a schema a separate document.
pub(super) fn begins_document(schema: &Node<'_>) -> bool {
    let Some(object) = schema.value.as_object() else { return false };
    ["$id", "id"]
        .iter()
        .filter_map(|keyword| object.get_string(keyword))
        .any(|id| !id.value.starts_with('#'))
}

/// Returns the keywords of a schema that count. In early drafts, those beside a `$ref` do not,
/// which is reported.
pub(super) fn effective_keywords<'a, 't>(
    node: &Node<'_>,
    entries: &'a [(&'t str, Node<'t>)],
    findings: &mut Findings,
) -> Vec<&'a (&'t str, Node<'t>)> {
    let is_bare = node.within.has_bare_references
        && entries.iter().any(|(keyword, node)| *keyword == "$ref" && node.string().is_some());
    let (effective, ignored): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(keyword, _)| !is_bare || is_read_beside_reference(keyword));
    for (keyword, value) in ignored {
        findings.push(Diagnostic::ignored_keyword(&value.place, keyword));
    }
    effective
}

/// Returns `true` if a keyword is read beside a `$ref` in every draft: it does not constrain
/// values, or it is not a keyword of JSON Schema.
fn is_read_beside_reference(keyword: &str) -> bool {
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

/// Returns the targets of all references in a document, as JSON pointers.
pub(super) fn targets(document: &ast::Value<'_>) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    add_targets(document, &mut targets);
    targets
}

fn add_targets(value: &ast::Value<'_>, targets: &mut BTreeSet<String>) {
    match value {
        ast::Value::Object(object) => {
            for property in &object.properties {
                match (property.name.as_str(), &property.value) {
                    ("$ref", ast::Value::StringLit(reference)) => {
                        targets.extend(reference.value.strip_prefix('#').and_then(decoded));
                    }
                    ("const" | "enum" | "default" | "example" | "examples", _) => {}
                    (_, value) => add_targets(value, targets),
                }
            }
        }
        ast::Value::Array(array) => {
            array.elements.iter().for_each(|value| add_targets(value, targets));
        }
        _ => {}
    }
}

/// Decodes the fragment of a `$ref`, which may be percent-encoded.
fn decoded(fragment: &str) -> Option<String> {
    Some(percent_decode_str(fragment).decode_utf8().ok()?.into_owned())
}

/// Returns `true` if a reference leads to the value at a pointer or into it.
pub(super) fn is_referenced(pointer: &str, targets: &BTreeSet<String>) -> bool {
    let mut from = targets.range::<str, _>((Bound::Included(pointer), Bound::Unbounded));
    from.next().is_some_and(|target| {
        target.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Reads a `$ref`: a JSON pointer into the same document, which may be percent-encoded.
pub(super) fn reference(node: &Node<'_>, findings: &mut Findings) -> Option<(String, Place)> {
    let text = text(node, findings)?;
    let pointer = text.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(pointer) = pointer else {
        findings.push(Diagnostic::reference_not_a_pointer(&node.place, &text));
        return None;
    };
    let Some(decoded) = decoded(pointer) else {
        findings.push(Diagnostic::reference_not_utf8(&node.place, &text));
        return None;
    };
    if node.within.has_other_base {
        findings.push(Diagnostic::reference_below_id(&node.place, &text));
    }
    Some((decoded, node.place.clone()))
}
