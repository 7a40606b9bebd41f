//! Parses a fixup: the reason, and a patch for one schema or both.

use json_patch::PatchOperation;

use super::node::Node;
use super::syntax::parse_tree;
use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::settings::File;

/// The maximum number of operations of a patch: each may copy all that is there.
const MAX_OPERATIONS: usize = 500;

/// Corrections to the schemas of one model.
#[derive(Debug)]
pub(crate) struct Fixup {
    /// Why the published schema is wrong, and how one knows.
    pub reason: String,
    /// The patch for `input.json`.
    pub input: Option<Patch>,
    /// The patch for `output.json`.
    pub output: Option<Patch>,
}

/// Operations on one schema, the first of them a test.
#[derive(Debug)]
pub(crate) struct Patch {
    pub place: Place,
    pub operations: Vec<Operation>,
}

/// One operation, and its place in the fixup.
#[derive(Debug)]
pub(crate) struct Operation {
    pub place: Place,
    pub patch: PatchOperation,
}

/// Parses a fixup. Reports all that is wrong with it, and returns `None` if anything is.
pub(crate) fn read(file: &File<'_>, findings: &mut Findings) -> Option<Fixup> {
    let before = findings.0.len();
    let mut unreadable = Findings::default();
    let tree = parse_tree(file, &mut unreadable);
    unreadable.0.into_iter().for_each(|found| findings.push(Diagnostic::unreadable_fixup(found)));
    let tree = tree?;
    let root = Node::root(&tree, file);
    let Some(entries) = root.entries() else {
        findings.push(Diagnostic::fixup_not_an_object(&root.place));
        return None;
    };
    let (mut reason, mut input, mut output) = (None, None, None);
    for (name, node) in &entries {
        match *name {
            "reason" => reason = Some(text(node, findings)),
            "input" => input = patch(node, findings),
            "output" => output = patch(node, findings),
            _ => findings.push(Diagnostic::unknown_fixup_member(&node.place, name)),
        }
    }
    if reason.is_none() {
        findings.push(Diagnostic::fixup_without_reason(&root.place));
    }
    if !entries.iter().any(|(name, _)| ["input", "output"].contains(name)) {
        findings.push(Diagnostic::fixup_without_patch(&root.place));
    }
    let reason = reason.flatten()?;
    (findings.0.len() == before).then_some(Fixup { reason, input, output })
}

fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::trim).filter(|text| !text.is_empty());
    if text.is_none() {
        findings.push(Diagnostic::fixup_without_reason(&node.place));
    }
    text.map(str::to_owned)
}

fn patch(node: &Node<'_>, findings: &mut Findings) -> Option<Patch> {
    let Some(elements) = node.elements() else {
        findings.push(Diagnostic::patch_not_a_list(&node.place));
        return None;
    };
    if elements.len() > MAX_OPERATIONS {
        findings.push(Diagnostic::patch_too_long(&node.place, MAX_OPERATIONS));
        return None;
    }
    let read: Vec<Option<Operation>> =
        elements.iter().map(|node| operation(node, findings)).collect();
    // An operation that cannot be read is reported already.
    let begins_with_test = match read.first() {
        Some(Some(first)) => matches!(first.patch, PatchOperation::Test(_)),
        Some(None) => true,
        None => false,
    };
    if !begins_with_test {
        let place = elements.first().map_or(&node.place, |first| &first.place);
        findings.push(Diagnostic::patch_without_test(place));
    }
    let operations = read.into_iter().collect::<Option<_>>()?;
    Some(Patch { place: node.place.clone(), operations })
}

fn operation(node: &Node<'_>, findings: &mut Findings) -> Option<Operation> {
    let written = node.to_value();
    match serde_json::from_value::<PatchOperation>(written.clone()) {
        // A member that the operation does not use is missing when it is written again.
        Ok(patch) if serde_json::to_value(&patch).is_ok_and(|read| read == written) => {
            return Some(Operation { place: node.place.clone(), patch });
        }
        Ok(_) => findings.push(Diagnostic::unused_operation_member(&node.place)),
        Err(error) => findings.push(Diagnostic::malformed_operation(&node.place, error)),
    }
    None
}
