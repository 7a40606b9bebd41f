//! The input of a run: the sources, and its settings.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Place, Severity};

/// The texts of one model in the schemas folder.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The model's folder within the schemas folder, with `/`, such as
    /// `minimax/hailuo-video-01-live`.
    pub folder: &'a str,
    /// The text of `model.json`.
    pub model: &'a str,
    /// The text of `input.json`.
    pub input: &'a str,
    /// The text of `output.json`, if there is one.
    pub output: Option<&'a str>,
    /// The text of the file at [`fixup_path`](crate::fixup_path), if there is one.
    pub fixup: Option<&'a str>,
}

/// Settings of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the schemas folder in generated files. Defaults to `schemas`.
    pub origin: String,
    /// The cargo features of the generated crate. Defaults to [`Features::PerProvider`].
    pub features: Features,
    /// The generated files that exist already, by path. A refused model that has one keeps it,
    /// and stays listed.
    pub present: BTreeSet<String>,
    /// The warnings that count as errors.
    pub deny: BTreeSet<Code>,
    /// The treatment of unknown properties. Defaults to [`Objects::Closed`].
    pub objects: Objects,
}

/// Treatment of a property that an object's schema does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// Refused as misspelt, unless `additionalProperties` allows it. The whole of an input
    /// refuses it always.
    Closed,
    /// Allowed, as in JSON Schema.
    Open,
}

/// The cargo features of a generated crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// One feature for each provider.
    PerProvider,
    /// No features: every model is always there.
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origin: "schemas".to_owned(),
            features: Features::PerProvider,
            present: BTreeSet::new(),
            deny: BTreeSet::new(),
            objects: Objects::Closed,
        }
    }
}

impl Settings {
    /// Returns the severity of a code in this run.
    pub fn severity(&self, code: Code) -> Severity {
        if self.deny.contains(&code) { Severity::Error } else { code.severity() }
    }
}

impl<'a> Source<'a> {
    /// Returns a file of this model by its name.
    pub(crate) fn file(&self, name: &str, text: &'a str) -> File<'a> {
        File { path: format!("{}/{name}", self.folder), text }
    }
}

/// A file in the schemas folder.
pub(crate) struct File<'a> {
    /// The path in the schemas folder, with `/`.
    pub path: String,
    pub text: &'a str,
}

impl File<'_> {
    /// Returns the place of the whole file.
    pub(crate) fn range(&self) -> Place {
        Place { file: self.path.clone(), pointer: String::new(), span: 0..self.text.len() }
    }
}
