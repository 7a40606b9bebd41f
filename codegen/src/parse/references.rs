//! `$ref`, and what bears on where it leads and on what stands beside it: the draft, `$id`,
//! and definitions.

use percent_encoding::percent_decode_str;

use super::keywords::{ANNOTATIONS, malformed, read_schema, text};
use super::{Node, Side, Within};
use crate::diagnostic::{Code, Findings, Place};
use crate::document::Schema;

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

pub(super) fn reference(node: &Node<'_>, findings: &mut Findings) -> Option<(String, Place)> {
    let text = text(node, findings)?;
    let pointer = text.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if pointer.is_none() {
        findings.push(
            Code::UnresolvableReference,
            &node.place,
            format!("`{text}` is no JSON pointer into this document"),
            "put what it refers to into `$defs` of this document, with a fixup",
        );
    }
    // A pointer in a URI may be percent-encoded.
    let decoded = percent_decode_str(pointer?).decode_utf8().ok();
    if decoded.is_none() || node.within.other_base {
        let (why, help) = match decoded {
            None => ("is not UTF-8 when it is decoded", "correct it with a fixup"),
            Some(_) => (
                "is a pointer into the document that an `$id` above it begins",
                "take the `$id` out with a fixup, if a pointer into the whole is meant",
            ),
        };
        let message = format!("`{text}` {why}");
        findings.push(Code::UnresolvableReference, &node.place, message, help);
    }
    Some((decoded?.into_owned(), node.place.clone()))
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
