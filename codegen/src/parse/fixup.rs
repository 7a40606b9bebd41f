//! A fixup as it is written: the reason, and a patch for one schema or both.

use json_patch::PatchOperation;

use super::node::Node;
use super::syntax::syntax;
use crate::diagnostic::{Code, Diagnostic, Findings, Place};
use crate::settings::File;

/// How a fixup is written, for one that is not.
const FORM: &str =
    r#"write it as {"reason": "…", "input": [{"op": "test", "path": "/…", "value": …}, …]}"#;
/// How an operation is written.
const OPERATION: &str = "write it as RFC 6902 has it: `op` is test, replace, add, remove, move or \
    copy, `path` a JSON pointer such as `/properties/size`, then `value` or `from`";

/// More operations of one patch are refused: each may copy all that is there.
const MOST_OPERATIONS: usize = 500;

/// Corrections to the schemas of one model.
#[derive(Debug)]
pub(crate) struct Fixup {
    /// Why the published schema is wrong, and how one knows.
    pub reason: String,
    /// What to do to `input.json`.
    pub input: Option<Patch>,
    /// What to do to `output.json`.
    pub output: Option<Patch>,
}

/// Operations on one schema, the first of them a test.
#[derive(Debug)]
pub(crate) struct Patch {
    pub place: Place,
    pub operations: Vec<Operation>,
}

/// One operation, and where the fixup has it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub place: Place,
    pub patch: PatchOperation,
}

/// Reads a fixup. Where anything is wrong with it, all of that is said and none of it is
/// used.
pub(crate) fn read(file: &File<'_>, findings: &mut Findings) -> Option<Fixup> {
    let before = findings.0.len();
    let mut broken = Findings::default();
    let ast = syntax(file, &mut broken);
    // Whatever is wrong with the text, it is the fixup that has to be written anew.
    let as_fixup =
        |found| Diagnostic { code: Code::MalformedFixup, help: FORM.to_owned(), ..found };
    findings.0.extend(broken.0.into_iter().map(as_fixup));
    let ast = ast?;
    let root = Node::root(&ast, file);
    let Some(entries) = root.entries() else {
        malformed(&root.place, "a fixup is an object", FORM, findings);
        return None;
    };
    let (mut reason, mut input, mut output) = (None, None, None);
    for (name, node) in &entries {
        match *name {
            "reason" => reason = Some(text(node, findings)),
            "input" => input = patch(node, findings),
            "output" => output = patch(node, findings),
            _ => {
                let message = format!("`{name}` is no part of a fixup");
                let help = "take it out: a fixup has a `reason`, an `input` and an `output`";
                malformed(&node.place, message, help, findings);
            }
        }
    }
    if reason.is_none() {
        let help = "add as \"reason\" why the published schema is wrong, and how one knows";
        malformed(&root.place, "the fixup has no `reason`", help, findings);
    }
    if !entries.iter().any(|(name, _)| ["input", "output"].contains(name)) {
        let help = "add a patch as \"input\" or \"output\", or remove the file";
        malformed(&root.place, "the fixup corrects neither `input` nor `output`", help, findings);
    }
    let reason = reason.flatten()?;
    (findings.0.len() == before).then_some(Fixup { reason, input, output })
}

fn malformed(place: &Place, message: impl Into<String>, help: &str, findings: &mut Findings) {
    findings.push(Code::MalformedFixup, place, message, help);
}

fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::trim).filter(|text| !text.is_empty());
    if text.is_none() {
        let help = "say why the published schema is wrong, and how one knows";
        malformed(&node.place, "`reason` is no text", help, findings);
    }
    text.map(str::to_owned)
}

fn patch(node: &Node<'_>, findings: &mut Findings) -> Option<Patch> {
    let Some(elements) = node.elements() else {
        malformed(&node.place, "a patch is a list of operations", FORM, findings);
        return None;
    };
    if elements.len() > MOST_OPERATIONS {
        let message = format!("a patch of over {MOST_OPERATIONS} operations");
        malformed(&node.place, message, "correct the schema where it is published", findings);
        return None;
    }
    let read: Vec<Option<Operation>> =
        elements.iter().map(|node| operation(node, findings)).collect();
    // An operation that could not be read has had its own diagnostic.
    let opens_with_test = match read.first() {
        Some(Some(first)) => matches!(first.patch, PatchOperation::Test(_)),
        Some(None) => true,
        None => false,
    };
    if !opens_with_test {
        let place = elements.first().map_or(&node.place, |first| &first.place);
        let help = "open it with a `test` of what is wrong in the published schema, so that the \
            fixup fails on the day when that changes";
        malformed(place, "the patch does not open with a `test`", help, findings);
    }
    let operations = read.into_iter().collect::<Option<_>>()?;
    Some(Patch { place: node.place.clone(), operations })
}

fn operation(node: &Node<'_>, findings: &mut Findings) -> Option<Operation> {
    let written = node.to_value();
    let message = match serde_json::from_value::<PatchOperation>(written.clone()) {
        // Read back, it lacks what the operation does not have.
        Ok(patch) if serde_json::to_value(&patch).is_ok_and(|read| read == written) => {
            return Some(Operation { place: node.place.clone(), patch });
        }
        Ok(_) => "the operation has a key that it does not use".to_owned(),
        Err(error) => format!("this is no operation of a patch: {error}"),
    };
    malformed(&node.place, message, OPERATION, findings);
    None
}
