//! Compares two states of the schemas: what changed for callers, model by model.
//!
//! Both sides are lowered, and the models are compared: the names in Rust, the accepted values, and
//! the docs. [`Kind`] lists every kind of change.

mod choices;
mod describe;
mod level;
mod output;
mod properties;
mod rules;
mod unions;
mod walk;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub use level::{Kind, Level, Step};

use crate::check;
use crate::diagnostic::{Diagnostic, Findings, Severity};
use crate::fixup::PatchedSchemas;
use crate::lower;
use crate::model::{Model, Module};
use crate::pipeline::lower_source;
use crate::render;
use crate::settings::{Features, Objects, Settings, Source};
use crate::text::escape_control;
use walk::Comparison;

/// The changes between two states of the schemas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// The changed models, in the order of their folders.
    pub models: Vec<ModelDiff>,
    /// The models that could not be compared.
    pub refused: Vec<Incomparable>,
}

/// The changes of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDiff {
    /// The folder within the schemas folder.
    pub folder: String,
    /// The id.
    pub id: String,
    /// The changes, the most severe first.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind, which decides the level.
    pub kind: Kind,
    /// A property of the input such as `layers[].opacity` or of the output such as `output.video`;
    /// empty for the model as a whole.
    pub at: String,
    /// The new state, and the old one.
    pub message: String,
    /// The violation that a formerly valid input may have now.
    pub refuses: Option<Refusal>,
}

/// The violation that a change can cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The path of the violation, with `[]` for any index and `[*]` for any name.
    pub at: String,
    /// The rule.
    pub rule: String,
}

/// A model that cannot be compared because its schemas are refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Incomparable {
    /// The folder within the schemas folder.
    pub folder: String,
    /// The state that is refused.
    pub side: Side,
    /// The errors.
    pub errors: Vec<Diagnostic>,
}

/// One of two states of the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The earlier state.
    Old,
    /// The later state.
    New,
}

/// Compares two states of the schemas. The order of the sources does not matter. A model whose
/// files are equal on both sides is not read.
pub fn diff(old: &[Source<'_>], new: &[Source<'_>]) -> Diff {
    let (old, new) = (State::new(old), State::new(new));
    let mut diff = Diff::default();
    let folders: BTreeSet<&str> = old.sources.keys().chain(new.sources.keys()).copied().collect();
    for folder in folders {
        if old.has_same_model(&new, folder) {
            continue;
        }
        let (id, changes) = match (old.model(folder), new.model(folder)) {
            (_, Some(Err(errors))) => {
                diff.refused.push(Incomparable::new(folder, Side::New, errors));
                continue;
            }
            (Some(Err(errors)), Some(Ok(_)) | None) => {
                diff.refused.push(Incomparable::new(folder, Side::Old, errors));
                continue;
            }
            (None, Some(Ok(new))) => {
                let message = format!("a new model, `{}`", path(&new.module));
                (new.id, vec![Change::new(Kind::ModelNew, "", message)])
            }
            (Some(Ok(old)), None) => {
                let message = format!("`{}` is removed", path(&old.module));
                (old.id, vec![Change::new(Kind::ModelGone, "", message)])
            }
            (Some(Ok(old)), Some(Ok(new))) => (new.id.clone(), compare_models(&old, &new)),
            (None, None) => continue,
        };
        if !changes.is_empty() {
            diff.models.push(ModelDiff { folder: folder.to_owned(), id, changes });
        }
    }
    diff
}

impl Diff {
    /// Returns the most severe level of all changes.
    pub fn level(&self) -> Option<Level> {
        self.models.iter().filter_map(ModelDiff::level).max()
    }

    /// Returns the lines for a changelog: one for each changed model, one for all new models, and
    /// one for all models with changed docs only.
    pub fn changelog(&self) -> Vec<String> {
        let (mut lines, mut new, mut docs) = (Vec::new(), Vec::new(), Vec::new());
        for model in &self.models {
            let is_new = model.changes.iter().any(|change| change.kind == Kind::ModelNew);
            match model.level() {
                _ if is_new => new.push(format!("`{}`", model.id)),
                Some(Level::Words) | None => docs.push(format!("`{}`", model.id)),
                Some(Level::New | Level::Refuses | Level::Breaks) => lines.push(model.line()),
            }
        }
        for (label, models) in [("New models", new), ("Docs only", docs)] {
            if !models.is_empty() {
                lines.push(format!("- {label}: {}.", models.join(", ")));
            }
        }
        lines
    }
}

impl ModelDiff {
    /// Returns the most severe level of its changes.
    pub fn level(&self) -> Option<Level> {
        self.changes.iter().map(|change| change.kind.level()).max()
    }

    /// Returns the line for a changelog, without changes of docs.
    fn line(&self) -> String {
        let labels = [
            (Level::Breaks, "**Breaking:**"),
            (Level::Refuses, "Refused now:"),
            (Level::New, "New:"),
        ];
        let mut line = format!("- `{}`:", self.id);
        for (level, label) in labels {
            let changes = self.changes.iter().filter(|change| change.kind.level() == level);
            let changes: Vec<String> = changes.map(Change::line).collect();
            if !changes.is_empty() {
                line.push_str(&format!(" {label} {}.", changes.join("; ")));
            }
        }
        line
    }
}

impl Incomparable {
    fn new(folder: &str, side: Side, errors: Vec<Diagnostic>) -> Self {
        Self { folder: folder.to_owned(), side, errors }
    }
}

impl Change {
    fn new(kind: Kind, at: &str, message: impl Into<String>) -> Self {
        let (at, message) = (escape_control(at), escape_control(&message.into()));
        Self { kind, at, message, refuses: None }
    }

    /// Sets the rule that an input may break at the place of the change.
    fn refusing(self, rule: &str) -> Self {
        let refuses = Some(Refusal { at: self.at.clone(), rule: rule.to_owned() });
        Self { refuses, ..self }
    }

    /// Returns the place and the message.
    fn line(&self) -> String {
        match self.at.as_str() {
            "" => self.message.clone(),
            at => format!("`{at}`: {}", self.message),
        }
    }
}

/// One state of the schemas.
struct State<'a> {
    sources: BTreeMap<&'a str, &'a Source<'a>>,
    modules: BTreeMap<&'a str, Module>,
}

impl<'a> State<'a> {
    fn new(sources: &'a [Source<'a>]) -> Self {
        let folders: Vec<&str> = sources.iter().map(|source| source.folder).collect();
        Self {
            sources: sources.iter().map(|source| (source.folder, source)).collect(),
            modules: lower::modules(&folders),
        }
    }

    fn has_same_model(&self, other: &Self, folder: &str) -> bool {
        self.sources.get(folder).map(|source| texts(source))
            == other.sources.get(folder).map(|source| texts(source))
            && self.modules.get(folder) == other.modules.get(folder)
    }

    /// Returns a model, or the errors for which it is refused.
    fn model(&self, folder: &str) -> Option<Result<Model, Vec<Diagnostic>>> {
        let (source, module) = (self.sources.get(folder)?, self.modules.get(folder)?);
        let mut findings = Findings::default();
        let patched = PatchedSchemas::new(source, &mut findings);
        let model = lower_source(source, &patched, module, Objects::Closed, &mut findings);
        let settings = Settings {
            origin: String::new(),
            features: Features::None,
            present: BTreeSet::new(),
            deny: BTreeSet::new(),
            objects: Objects::Closed,
        };
        let place = source.file("model.json", source.model).range();
        let model = check::check(model, &place, &settings, &mut findings);
        findings.0.retain(|found| found.code.severity() == Severity::Error);
        Some(model.ok_or(findings.0))
    }
}

fn texts<'a>(source: &Source<'a>) -> [Option<&'a str>; 4] {
    [Some(source.model), Some(source.input), source.output, source.fixup]
}

fn path(module: &Module) -> String {
    format!("{}::{}", module.provider, module.name)
}

/// Returns the changes of a model that is on both sides, the most severe first.
fn compare_models(old: &Model, new: &Model) -> Vec<Change> {
    let mut changes = compare_facts(old, new);
    changes.extend(Comparison::new(old, new).into_changes());
    changes.extend(output::compare(old, new));
    if (&old.about, &old.description) != (&new.about, &new.description) {
        let message = "the docs of the model: facts, price or description";
        changes.push(Change::new(Kind::Docs, "", message));
    }
    let mut changes = merge_equal(changes);
    changes.sort_by_key(|change| Reverse(change.kind.level()));
    if changes.is_empty() && renders_differently(old, new) {
        let message = "the docs of a type, or the order of properties or enum values";
        changes.push(Change::new(Kind::Docs, "", message));
    }
    changes
}

fn compare_facts(old: &Model, new: &Model) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.module != new.module {
        let message = format!("the module is `{}`, was `{}`", path(&new.module), path(&old.module));
        changes.push(Change::new(Kind::ModuleRenamed, "", message));
    }
    if old.id != new.id {
        let message = format!("the id is `{}`, was `{}`", new.id, old.id);
        changes.push(Change::new(Kind::IdChanged, "", message));
    }
    match (&old.gone, &new.gone) {
        (None, Some(version)) => {
            let message = format!("deprecated: not in RunComfy's catalog as of {version}");
            changes.push(Change::new(Kind::ModelDeprecated, "", message));
        }
        (Some(_), None) => {
            changes.push(Change::new(Kind::ModelBack, "", "in RunComfy's catalog again"));
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    changes
}

/// Removes changes that were found on several ways, and joins the changed docs of one place.
fn merge_equal(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        if merged.contains(&change) {
            continue;
        }
        let same_docs = merged.iter_mut().find(|other| {
            change.kind == Kind::Docs && other.kind == Kind::Docs && other.at == change.at
        });
        match same_docs {
            Some(other) => other.message = format!("{}; {}", other.message, change.message),
            None => merged.push(change),
        }
    }
    merged
}

/// Returns `true` if generated code differs although the comparison found nothing. This catches
/// changes that the comparison misses.
fn renders_differently(old: &Model, new: &Model) -> bool {
    render::model(old, "") != render::model(new, "")
}
