#![doc = include_str!("../README.md")]

mod check;
#[cfg(test)]
mod conformance;
mod constructor_args;
mod diagnostic;
mod diff;
mod fixup;
pub mod import;
mod lower;
mod manifest;
mod model;
mod names;
mod parse;
mod pipeline;
mod render;
mod schema;
mod settings;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use diagnostic::{Code, Diagnostic, Place, Severity};
pub use diff::{Change, Diff, Kind, Level, ModelDiff, Refusal, Refused, Side, Step, diff};
pub use fixup::{fixup_path, orphaned_fixup};
pub use manifest::{Standing, StandingError, model_json, recorded_id};
pub use parse::{Treatment, keywords};
pub use settings::{Features, Objects, Settings, Source};

use diagnostic::Findings;
use fixup::Corrected;
use import::Imported;
use pipeline::lowered;
use render::{Listed, Providers};

/// What was generated.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// The files by their path in the output folder, with `/`.
    pub files: BTreeMap<String, String>,
    /// The files of refused models: they were left as they are.
    pub kept: BTreeSet<String>,
    /// The schemas that a fixup corrected, as they were read, by their path from the
    /// schemas folder. A diagnostic's place is a place in this text.
    pub patched: BTreeMap<String, String>,
    /// Everything there is to say, in the order of the models.
    pub diagnostics: Vec<Diagnostic>,
    /// The providers, each a cargo feature where there are features.
    pub features: BTreeSet<String>,
    /// How many models were generated.
    pub models: usize,
}

/// Generates the crate's modules from models. The order of `sources` does not matter.
pub fn generate(sources: &[Source<'_>], settings: &Settings) -> Generated {
    let mut sources: Vec<&Source<'_>> = sources.iter().collect();
    sources.sort_by_key(|source| source.folder);
    let mut generated = Generated::default();
    let folders: Vec<&str> = sources.iter().map(|source| source.folder).collect();
    let modules = lower::modules(&folders);
    let mut providers: Providers = BTreeMap::new();
    for source in sources {
        let mut findings = Findings::default();
        let whole = source.file("model.json", source.model).whole();
        let Some(module) = modules.get(source.folder).cloned() else { continue };
        let path = format!("{}/{}.rs", module.provider, module.name);
        if lower::modules(&[source.folder]).get(source.folder) != Some(&module) {
            findings.push(
                Code::SharedName,
                &whole,
                format!("`{}` would share its module with another; it is `{path}`", source.folder),
                "nothing: both are there, each under a name of its own",
            );
        }
        let corrected = Corrected::of(source, &mut findings);
        let lowered = lowered(source, &corrected, module.clone(), settings.objects, &mut findings);
        generated.patched.extend(corrected.into_texts(source.folder));
        let listed = lowered.as_ref().map(Listed::of);
        let model = check::check(lowered, &whole, settings, &mut findings);
        let listed = match (model, settings.present.contains(&path)) {
            (Some(model), _) => {
                generated.models += 1;
                generated.files.insert(path, render::model(&model, &settings.origin));
                listed
            }
            (None, true) => {
                generated.kept.insert(path);
                Some(listed.unwrap_or_else(|| Listed::kept(&module.name, source.folder)))
            }
            (None, false) => None,
        };
        if let Some(listed) = listed {
            let feature = source.folder.split('/').next().unwrap_or_default().to_owned();
            providers.entry(module.provider).or_insert((feature, Vec::new())).1.push(listed);
        }
        generated.diagnostics.extend(findings.0);
    }
    let gated = settings.features == Features::PerProvider;
    generated.features.extend(providers.values().map(|(feature, _)| feature.clone()));
    generated.files.extend(render::above(&providers, gated, &settings.origin));
    generated
}

/// Generates from models as [`import`] gives them, without a schemas folder between.
pub fn generate_imported(models: &[Imported], settings: &Settings) -> Generated {
    let record = |model: &Imported| (model.id.folder(), model_json(model, None, None));
    let records: Vec<(String, String)> = models.iter().map(record).collect();
    let mut sources = Vec::new();
    for (model, (folder, record)) in models.iter().zip(&records) {
        sources.push(Source {
            folder,
            model: record,
            input: &model.input,
            output: model.output.as_deref(),
            fixup: None,
        });
    }
    generate(&sources, settings)
}

/// Whether the head of a text says that it was generated.
pub fn is_generated(text: &str) -> bool {
    let is_head = |line: &&str| line.starts_with("//!") || line.starts_with("<!--");
    let head: Vec<&str> = text.lines().take_while(is_head).collect();
    let head = head.join(" ");
    head.contains(render::HEADER) && head.contains(render::FOOTER)
}
