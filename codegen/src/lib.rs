#![doc = include_str!("../README.md")]

mod check;
#[cfg(test)]
mod conformance;
mod diagnostic;
mod diff;
mod entry;
mod fixup;
pub mod import;
mod lower;
mod model;
mod names;
mod parse;
mod render;
mod schema;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

pub use diagnostic::{Code, Diagnostic, Place, Severity};
pub use diff::{Change, Diff, Kind, Level, ModelDiff, Refusal, Refused, Side, Step, diff};
pub use entry::{model_json, recorded_id};
pub use fixup::{fixup_path, orphaned_fixup};
pub use parse::{Treatment, keywords};
pub use settings::{Features, Objects, Settings, Source};

use diagnostic::Findings;
use entry::Entry;
use fixup::Corrected;
use import::Imported;
use model::Module;
use render::Listed;

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
    let mut providers: BTreeMap<String, (String, Vec<Listed>)> = BTreeMap::new();
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
    list(&mut generated, providers, settings);
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

/// The order in which `new` takes the required properties, for the `arguments` of
/// `model.json`. What stands there already is kept as far as it goes. Empty where the
/// schemas cannot be read: generating says why.
fn argument_order(source: &Source<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    let corrected = Corrected::of(source, &mut findings);
    let module = Module { provider: String::new(), name: String::new() };
    let model = lowered(source, &corrected, module, Objects::Closed, &mut findings);
    let root = model.as_ref().and_then(|model| Some((model, model.inputs.first()?)));
    let Some((model, root)) = root else { return Vec::new() };
    let wire = |index: &usize| Some(root.fields.get(*index)?.wire.clone());
    model.arguments.iter().filter_map(wire).collect()
}

/// Whether the head of a text says that it was generated.
pub fn is_generated(text: &str) -> bool {
    let is_head = |line: &&str| line.starts_with("//!") || line.starts_with("<!--");
    let head: Vec<&str> = text.lines().take_while(is_head).collect();
    let head = head.join(" ");
    head.contains(render::HEADER) && head.contains(render::FOOTER)
}

/// One model through the line as far as lowering: parse → lower.
fn lowered(
    source: &Source<'_>,
    corrected: &Corrected,
    module: Module,
    objects: Objects,
    findings: &mut Findings,
) -> Option<model::Model> {
    let entry_file = source.file("model.json", source.model);
    let entry = Entry::parse(&entry_file, findings);
    let input = corrected.input.as_deref().unwrap_or(source.input);
    let input = parse::input(&source.file("input.json", input), findings);
    let output = corrected.output.as_deref().or(source.output);
    let output = output.map(|text| source.file("output.json", text));
    // An output that cannot be read has its diagnostic, for which `check` refuses.
    let output = output.and_then(|file| parse::output(&file, findings));
    let (entry, input) = (entry?, input?);
    if entry.id.folder() != source.folder {
        findings.push(
            Code::MalformedModel,
            &entry_file.whole(),
            format!(
                "the model `{}` belongs in the folder `{}`, not in `{}`",
                entry.id.as_str(),
                entry.id.folder(),
                source.folder
            ),
            "move it there, or correct the `id`",
        );
    }
    let mut model = lower::lower(&entry, module, &input, output.as_ref(), objects, findings)?;
    model.about.extend(corrected.about.clone());
    Some(model)
}

/// Adds the modules above the models.
fn list(
    generated: &mut Generated,
    providers: BTreeMap<String, (String, Vec<Listed>)>,
    settings: &Settings,
) {
    let mut modules = Vec::new();
    generated.files.insert("models.md".to_owned(), render::table(&providers, &settings.origin));
    for (module, (feature, models)) in providers {
        let text = render::provider_module(&feature, &models, &settings.origin);
        generated.files.insert(format!("{module}.rs"), text);
        generated.features.insert(feature.clone());
        let gate = match settings.features {
            Features::PerProvider => Some(feature),
            Features::None => None,
        };
        modules.push((module, gate));
    }
    generated.files.insert("mod.rs".to_owned(), render::crate_module(&modules, &settings.origin));
}
