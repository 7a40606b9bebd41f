//! `diff`: two states of the schemas → what changed for a caller, model by model.
//!
//! Both sides are lowered, and the models are compared: what a caller can name in Rust,
//! which values are taken, and what the docs say. [`Kind`] has every kind of change.

mod choices;
mod describe;
mod level;
mod output;
mod properties;
mod rules;
mod unions;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

pub use level::{Kind, Level, Step};

use crate::diagnostic::{Diagnostic, Findings, Severity};
use crate::fixup::PatchedSchemas;
use crate::model::{Model, Module};
use crate::pipeline::lower_source;
use crate::{Features, Objects, Settings, Source, check, lower, render};
use walk::Walk;

/// What changed between two states of the schemas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// The models of which something changed, in the order of their folders.
    pub models: Vec<ModelDiff>,
    /// The models that could not be compared.
    pub refused: Vec<Incomparable>,
}

/// What changed of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDiff {
    /// Its folder within the schemas folder.
    pub folder: String,
    /// Its id.
    pub id: String,
    /// What changed, the gravest first.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is, which decides its level.
    pub kind: Kind,
    /// Where: a property of the input such as `layers[].opacity`, of the output such as
    /// `output.video`; empty for the model as a whole.
    pub at: String,
    /// What is so now, and what was.
    pub message: String,
    /// Which violation an input that was taken may have now, if any.
    pub refuses: Option<Refusal>,
}

/// The violation that a change can cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The path of the violation, with `[]` for any index and `[*]` for any name.
    pub at: String,
    /// Its rule.
    pub rule: String,
}

/// A model that could not be compared, since its schemas are refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Incomparable {
    /// Its folder within the schemas folder.
    pub folder: String,
    /// Which of the two states refuses it.
    pub side: Side,
    /// Why: the errors.
    pub errors: Vec<Diagnostic>,
}

/// One of two states of the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The earlier one.
    Old,
    /// The later one.
    New,
}

/// Compares two states of the schemas. The order of the sources does not matter, and a
/// model whose files are the same on both sides costs nothing.
pub fn diff(old: &[Source<'_>], new: &[Source<'_>]) -> Diff {
    let (old, new) = (State::of(old), State::of(new));
    let mut diff = Diff::default();
    let folders: BTreeSet<&str> = old.sources.keys().chain(new.sources.keys()).copied().collect();
    for folder in folders {
        if old.same_as(&new, folder) {
            continue;
        }
        let (old, new) = (old.model(folder), new.model(folder));
        let mut refused = |side: Side, errors: Vec<Diagnostic>| {
            diff.refused.push(Incomparable { folder: folder.to_owned(), side, errors });
        };
        let (id, changes) = match (old, new) {
            (Some(Err(errors)), Some(Ok(_)) | None) => {
                refused(Side::Old, errors);
                continue;
            }
            (_, Some(Err(errors))) => {
                refused(Side::New, errors);
                continue;
            }
            (None, Some(Ok(new))) => (new.id.clone(), vec![model_new(&new)]),
            (Some(Ok(old)), None) => {
                let message = format!("`{}` is not there any more", path(&old.module));
                (old.id.clone(), vec![Change::of(Kind::ModelGone, "", message)])
            }
            (Some(Ok(old)), Some(Ok(new))) => (new.id.clone(), models(&old, &new)),
            (None, None) => continue,
        };
        if !changes.is_empty() {
            diff.models.push(ModelDiff { folder: folder.to_owned(), id, changes });
        }
    }
    diff
}

impl Diff {
    /// The gravest level of all changes; nothing where there are none.
    pub fn level(&self) -> Option<Level> {
        self.models.iter().filter_map(ModelDiff::level).max()
    }

    /// The lines for a changelog: one a model, one for all that are new, and one for all of
    /// which only words changed.
    pub fn changelog(&self) -> Vec<String> {
        let (mut lines, mut new, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for model in &self.models {
            let is_new = model.changes.iter().any(|change| change.kind == Kind::ModelNew);
            match model.level() {
                _ if is_new => new.push(format!("`{}`", model.id)),
                Some(Level::Words) | None => words.push(format!("`{}`", model.id)),
                Some(Level::New | Level::Refuses | Level::Breaks) => lines.push(model.line()),
            }
        }
        for (of, models) in [("New models", new), ("Docs only", words)] {
            if !models.is_empty() {
                lines.push(format!("- {of}: {}.", models.join(", ")));
            }
        }
        lines
    }
}

impl ModelDiff {
    /// The gravest level of its changes.
    pub fn level(&self) -> Option<Level> {
        self.changes.iter().map(|change| change.kind.level()).max()
    }

    /// Its line for a changelog, without what is words only.
    fn line(&self) -> String {
        let said = |level: Level| {
            let of = self.changes.iter().filter(|change| change.kind.level() == level);
            let said: Vec<String> = of.map(Change::said).collect();
            (!said.is_empty()).then(|| said.join("; "))
        };
        let parts = [
            said(Level::Breaks).map(|said| format!("**Breaking:** {said}.")),
            said(Level::Refuses).map(|said| format!("Incomparable now: {said}.")),
            said(Level::New).map(|said| format!("New: {said}.")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("- `{}`: {}", self.id, parts.join(" "))
    }
}

impl Change {
    fn of(kind: Kind, at: &str, message: impl Into<String>) -> Self {
        Self { kind, at: at.to_owned(), message: message.into(), refuses: None }
    }

    /// The same, for which an input that has its place is refused by a rule.
    fn refusing(self, rule: &str) -> Self {
        let refuses = Some(Refusal { at: self.at.clone(), rule: rule.to_owned() });
        Self { refuses, ..self }
    }

    /// Where, and what.
    fn said(&self) -> String {
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
    fn of(sources: &'a [Source<'a>]) -> Self {
        let folders: Vec<&str> = sources.iter().map(|source| source.folder).collect();
        Self {
            sources: sources.iter().map(|source| (source.folder, source)).collect(),
            modules: lower::modules(&folders),
        }
    }

    fn same_as(&self, other: &Self, folder: &str) -> bool {
        let text = |source: &&'_ Source<'_>| {
            let Source { folder: _, model, input, output, fixup } = source;
            [Some(*model), Some(*input), *output, *fixup].map(|text| text.map(str::to_owned))
        };
        self.sources.get(folder).map(text) == other.sources.get(folder).map(text)
            && self.modules.get(folder) == other.modules.get(folder)
    }

    /// A model, or why there is none.
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
        let whole = source.file("model.json", source.model).whole();
        let model = check::check(model, &whole, &settings, &mut findings);
        let is_error = |found: &Diagnostic| found.code.severity() == Severity::Error;
        Some(model.ok_or_else(|| findings.0.into_iter().filter(is_error).collect()))
    }
}

fn path(module: &Module) -> String {
    format!("{}::{}", module.provider, module.name)
}

fn model_new(new: &Model) -> Change {
    Change::of(Kind::ModelNew, "", format!("a new model, `{}`", path(&new.module)))
}

/// What changed of a model that is on both sides.
fn models(old: &Model, new: &Model) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.module != new.module {
        let message = format!("the module is `{}`, was `{}`", path(&new.module), path(&old.module));
        changes.push(Change::of(Kind::ModuleRenamed, "", message));
    }
    if old.id != new.id {
        let message = format!("the id is `{}`, was `{}`", new.id, old.id);
        changes.push(Change::of(Kind::IdChanged, "", message));
    }
    match (&old.gone, &new.gone) {
        (None, Some(version)) => {
            let message = format!("deprecated: not in RunComfy's catalog as of {version}");
            changes.push(Change::of(Kind::ModelDeprecated, "", message));
        }
        (Some(_), None) => {
            changes.push(Change::of(Kind::ModelBack, "", "in RunComfy's catalog again"));
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    changes.extend(Walk::new(old, new).input());
    changes.extend(output::changes(old, new));
    if (&old.about, &old.description) != (&new.about, &new.description) {
        changes.push(Change::of(
            Kind::Docs,
            "",
            "what is said of the model: facts, price or words",
        ));
    }
    // One change can be met on several ways, and words of one place are said together.
    let mut seen: Vec<Change> = Vec::new();
    for change in changes {
        let is_docs = |change: &Change| change.kind == Kind::Docs;
        let same_words = |other: &&mut Change| is_docs(other) && other.at == change.at;
        if seen.contains(&change) {
            continue;
        }
        match seen.iter_mut().find(same_words).filter(|_| is_docs(&change)) {
            Some(other) => other.message = format!("{}; {}", other.message, change.message),
            None => seen.push(change),
        }
    }
    seen.sort_by_key(|change| std::cmp::Reverse(change.kind.level()));
    if seen.is_empty() && render::model(old, "") != render::model(new, "") {
        let message = "words of a type, or the order of properties or words";
        seen.push(Change::of(Kind::Docs, "", message));
    }
    seen
}
