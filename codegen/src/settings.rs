//! What is generated from, and how: the sources, and the settings of a run.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Place, Severity};

/// One model as it stands in the schemas folder.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its folder within the schemas folder, with `/`, such as
    /// `minimax/hailuo-video-01-live`.
    pub folder: &'a str,
    /// The text of `model.json`.
    pub model: &'a str,
    /// The text of `input.json`.
    pub input: &'a str,
    /// The text of `output.json`, where there is one.
    pub output: Option<&'a str>,
    /// The text of its fixup, which stands at [`fixup_path`], where there is one.
    pub fixup: Option<&'a str>,
}

/// What is generated for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the generated files call the schemas folder.
    pub origin: String,
    /// Whether providers stand behind cargo features.
    pub features: Features,
    /// The generated files that are there already, by path. A model that is refused
    /// keeps its old file, and stays listed, if it has one.
    pub present: BTreeSet<String>,
    /// The warnings that count as errors.
    pub deny: BTreeSet<Code>,
    /// Whether an input's objects take properties that their schema does not name.
    pub objects: Objects,
}

/// What an object whose schema says nothing of other properties does with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// It refuses it, as misspelt; so does the whole of an input, whatever its schema says.
    Closed,
    /// It takes it, as JSON Schema has it.
    Open,
}

/// Whether each provider's module stands behind a cargo feature of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// One feature a provider.
    PerProvider,
    /// No features: every model is there.
    None,
}

impl Settings {
    /// Whether a finding stops its model: as its code says, or because it is denied.
    pub fn severity(&self, code: Code) -> Severity {
        if self.deny.contains(&code) { Severity::Error } else { code.severity() }
    }
}

impl<'a> Source<'a> {
    pub(crate) fn file(&self, name: &str, text: &'a str) -> File<'a> {
        File { path: format!("{}/{name}", self.folder), text }
    }
}

/// One file under the schemas folder.
pub(crate) struct File<'a> {
    /// Its path in the schemas folder, with `/`.
    pub path: String,
    /// What it holds.
    pub text: &'a str,
}

impl File<'_> {
    /// The place that is the whole file.
    pub(crate) fn whole(&self) -> Place {
        Place { file: self.path.clone(), pointer: String::new(), span: 0..self.text.len() }
    }
}
