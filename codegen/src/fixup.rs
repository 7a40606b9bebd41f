//! Fixups: corrections to published schemas, made in memory before `parse` reads them.
//! The published files stay as they are.

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

/// A value past this many characters is shown by its beginning.
const LONGEST_VALUE: usize = 60;

/// Where the fixup of a model is, from the schemas folder:
/// `fixups/minimax/hailuo-video-01-live.json`.
pub fn fixup_path(folder: &str) -> String {
    format!("fixups/{folder}.json")
}

/// What there is to say of a file among the fixups that belongs to no model. `file` is
/// its path from the schemas folder.
pub fn orphaned_fixup(file: &str, text: &str) -> Diagnostic {
    let place = Place { file: file.to_owned(), pointer: String::new(), span: 0..text.len() };
    Diagnostic::orphaned_fixup(&place, &fixup_path("provider/model"))
}

/// What a model's fixup made of its schemas.
#[derive(Debug, Default)]
pub(crate) struct PatchedSchemas {
    /// The input schema with its corrections, laid out, where it has some.
    pub input: Option<String>,
    /// The output schema with its corrections, likewise.
    pub output: Option<String>,
    /// The sentence that the model's docs have about it.
    pub about: Option<String>,
}

impl PatchedSchemas {
    /// Applies a model's fixup, if it has one. Where that fails, the published schema
    /// is what there is to read on.
    pub(crate) fn new(source: &Source<'_>, findings: &mut Findings) -> Self {
        let Some(text) = source.fixup else { return Self::default() };
        let file = File { path: fixup_path(source.folder), text };
        let Some(Fixup { reason, input, output }) = parse::fixup::read(&file, findings) else {
            return Self::default();
        };
        let mut corrected = |name: &str, published: Option<&str>, patch: Option<Patch>| {
            let (published, patch) = (published.map(|text| source.file(name, text)), patch?);
            match published {
                Some(published) => patched(name, &published, &patch, findings),
                None => {
                    let message = format!("the model has no `{name}`");
                    findings.push(Diagnostic::stale_fixup(&patch.place, message));
                    None
                }
            }
        };
        Self {
            input: corrected("input.json", Some(source.input), input),
            output: corrected("output.json", source.output, output),
            about: Some(format!("Corrected here: {reason}")),
        }
    }

    /// The corrected texts by their path from the schemas folder.
    pub(crate) fn into_texts(self, folder: &str) -> impl Iterator<Item = (String, String)> {
        let input = self.input.map(|text| (format!("{folder}/input.json"), text));
        let output = self.output.map(|text| (format!("{folder}/output.json"), text));
        input.into_iter().chain(output)
    }
}

fn patched(
    name: &str,
    published: &File<'_>,
    patch: &Patch,
    findings: &mut Findings,
) -> Option<String> {
    // A schema that is no JSON is reported when it is read, as it will be.
    let mut document = parse::data(published, &mut Findings::default())?;
    for Operation { place, patch } in &patch.operations {
        if let Err(kind) = apply(&mut document, patch) {
            let message = misfit(name, &document, patch, &kind);
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
        PatchOperation::Remove(patch) => to_the_end(document, &patch.path),
        PatchOperation::Move(patch) => to_the_end(document, &patch.from),
        PatchOperation::Add(_)
        | PatchOperation::Replace(_)
        | PatchOperation::Copy(_)
        | PatchOperation::Test(_) => {}
    }
    // The document is given up when an operation fails, so nothing need be undone.
    json_patch::patch_unsafe(document, slice::from_ref(patch)).map_err(|error| error.kind)
}

/// Makes a key the last of its object. `json-patch` takes a key out by putting the last
/// one in its place; this keeps the order of the others, which is the order of fields.
fn to_the_end(document: &mut Value, path: &Pointer) {
    let Some((parent, key)) = path.split_back() else { return };
    let Some(Value::Object(object)) = document.pointer_mut(parent.as_str()) else { return };
    if let Some((key, value)) = object.shift_remove_entry(key.decoded().as_ref()) {
        object.insert(key, value);
    }
}

/// Why an operation does not apply, in words.
fn misfit(name: &str, document: &Value, patch: &PatchOperation, kind: &PatchErrorKind) -> String {
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
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
