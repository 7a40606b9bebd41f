//! Applies fixups: corrections to published schemas in memory, before they are parsed. The
//! published files are not changed.

use std::slice;

use json_patch::{PatchErrorKind, PatchOperation, jsonptr::Pointer};
use serde_json::Value;

use crate::Source;
use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::import::layout;
use crate::parse::{
    self,
    fixup::{Fixup, Operation, Patch},
};
use crate::settings::File;

/// The maximum number of characters of a value in a message.
const MAX_VALUE: usize = 60;

/// Returns the path of a model's fixup in the schemas folder, such as
/// `fixups/minimax/hailuo-video-01-live.json`.
pub fn fixup_path(folder: &str) -> String {
    format!("fixups/{folder}.json")
}

/// Returns the diagnostic for a fixup without a model. `file` is its path in the schemas folder.
pub fn orphaned_fixup(file: &str, text: &str) -> Diagnostic {
    let place = Place { file: file.to_owned(), pointer: String::new(), span: 0..text.len() };
    Diagnostic::orphaned_fixup(&place, &fixup_path("provider/model"))
}

/// A model's schemas as corrected by its fixup.
#[derive(Debug, Default)]
pub(crate) struct PatchedSchemas {
    /// The corrected input schema, laid out, if the fixup changes it.
    pub input: Option<String>,
    /// The corrected output schema, laid out, if the fixup changes it.
    pub output: Option<String>,
    /// The sentence about the fixup in the model's docs.
    pub about: Option<String>,
}

impl PatchedSchemas {
    /// Applies a model's fixup, if it has one. If that fails, the published schema is used.
    pub(crate) fn new(source: &Source<'_>, findings: &mut Findings) -> Self {
        let Some(text) = source.fixup else { return Self::default() };
        let file = File { path: fixup_path(source.folder), text };
        let Some(Fixup { reason, input, output }) = parse::fixup::read(&file, findings) else {
            return Self::default();
        };
        Self {
            input: patch_file(source, "input.json", Some(source.input), input, findings),
            output: patch_file(source, "output.json", source.output, output, findings),
            about: Some(format!("Corrected here: {reason}")),
        }
    }

    /// Returns the corrected texts by their path in the schemas folder.
    pub(crate) fn into_texts(self, folder: &str) -> impl Iterator<Item = (String, String)> {
        let input = self.input.map(|text| (format!("{folder}/input.json"), text));
        let output = self.output.map(|text| (format!("{folder}/output.json"), text));
        input.into_iter().chain(output)
    }
}

/// Applies the patch of one schema file.
fn patch_file(
    source: &Source<'_>,
    name: &str,
    published: Option<&str>,
    patch: Option<Patch>,
    findings: &mut Findings,
) -> Option<String> {
    let patch = patch?;
    let Some(published) = published else {
        let message = format!("the model has no `{name}`");
        findings.push(Diagnostic::stale_fixup(&patch.place, message));
        return None;
    };
    // A schema that is not JSON is reported when it is parsed.
    let mut document = parse::data(&source.file(name, published), &mut Findings::default())?;
    for Operation { place, patch } in &patch.operations {
        if let Err(kind) = apply(&mut document, patch) {
            let message = describe_failure(name, &document, patch, &kind);
            findings.push(Diagnostic::stale_fixup(place, message));
            return None;
        }
        if !parse::is_within_limits(&document) {
            findings.push(Diagnostic::patched_schema_too_large(place, name));
            return None;
        }
    }
    Some(layout(&document.to_string()))
}

fn apply(document: &mut Value, patch: &PatchOperation) -> Result<(), PatchErrorKind> {
    match patch {
        PatchOperation::Remove(patch) => move_to_end(document, &patch.path),
        PatchOperation::Move(patch) => move_to_end(document, &patch.from),
        PatchOperation::Add(_)
        | PatchOperation::Replace(_)
        | PatchOperation::Copy(_)
        | PatchOperation::Test(_) => {}
    }
    // A failed operation discards the document, so nothing has to be undone.
    json_patch::patch_unsafe(document, slice::from_ref(patch)).map_err(|error| error.kind)
}

/// Moves a key to the end of its object. `json-patch` removes a key by swapping in the last one;
/// this keeps the order of the others, which is the order of fields.
fn move_to_end(document: &mut Value, path: &Pointer) {
    let Some((parent, key)) = path.split_back() else { return };
    let Some(Value::Object(object)) = document.pointer_mut(parent.as_str()) else { return };
    if let Some((key, value)) = object.shift_remove_entry(key.decoded().as_ref()) {
        object.insert(key, value);
    }
}

/// Describes why an operation does not apply.
fn describe_failure(
    name: &str,
    document: &Value,
    patch: &PatchOperation,
    kind: &PatchErrorKind,
) -> String {
    let path = patch.path().as_str();
    match (kind, patch) {
        (PatchErrorKind::TestFailed, PatchOperation::Test(test)) => {
            let found = document.pointer(path).map(shown).unwrap_or_default();
            format!("`{path}` of `{name}` is {found}, not {}", shown(&test.value))
        }
        (PatchErrorKind::InvalidFromPointer, PatchOperation::Move(moved)) => {
            format!("`{name}` has no `{}`", moved.from)
        }
        (PatchErrorKind::InvalidFromPointer, PatchOperation::Copy(copied)) => {
            format!("`{name}` has no `{}`", copied.from)
        }
        (PatchErrorKind::InvalidPointer, PatchOperation::Add(_)) => {
            format!("`{name}` has no place for `{path}`")
        }
        (PatchErrorKind::InvalidPointer, _) => format!("`{name}` has no `{path}`"),
        (kind, _) => format!("`{name}` cannot be changed at `{path}`: {kind}"),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
