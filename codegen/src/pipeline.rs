//! The stages that several commands share, for one model: fixup → parse → lower → check → render.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use crate::constructor_args;
use crate::diagnostic::{Diagnostic, Findings};
use crate::fixup::PatchedSchemas;
use crate::import::Imported;
use crate::lower;
use crate::manifest::{ARGUMENTS, Manifest, read_members};
use crate::model::{Model, Module};
use crate::parse;
use crate::render::{self, ModelListing, Providers};
use crate::settings::{Objects, Settings, Source};

/// Generated files and what was found on the way.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// The files by their path in the output folder, with `/`.
    pub files: BTreeMap<String, String>,
    /// The files of refused models, which are left unchanged.
    pub kept: BTreeSet<String>,
    /// The schemas as corrected by a fixup, by their path in the schemas folder. The places of
    /// diagnostics refer to these texts.
    pub patched: BTreeMap<String, String>,
    /// The diagnostics in the order of the models.
    pub diagnostics: Vec<Diagnostic>,
    /// The cargo features, one for each provider.
    pub features: BTreeSet<String>,
    /// Those of them whose models need the feature `pattern` of `runcomfy`.
    pub pattern_features: BTreeSet<String>,
    /// The number of generated models.
    pub models: usize,
}

impl Generated {
    /// Adds the modules above the models. A file that would list a model that cannot be read is left
    /// unchanged.
    pub(crate) fn add_parents(&mut self, providers: &Providers, settings: &Settings) {
        for provider in providers.values() {
            self.features.insert(provider.feature.clone());
            if provider.models.iter().any(|model| model.needs_pattern) {
                self.pattern_features.insert(provider.feature.clone());
            }
        }
        for (path, text) in render::parent_modules(providers, settings) {
            match text {
                Some(text) => _ = self.files.insert(path, text),
                None => _ = self.kept.insert(path),
            }
        }
    }

    /// Generates one model. Returns its listing, unless it is refused and has no old file.
    pub(crate) fn add_model(
        &mut self,
        source: &Source<'_>,
        module: &Module,
        settings: &Settings,
    ) -> Option<ModelListing> {
        let mut findings = Findings::default();
        let place = source.file("model.json", source.model).range();
        let path = format!("{}/{}.rs", module.provider, module.name);
        if lower::modules(&[source.folder]).get(source.folder) != Some(module) {
            findings.push(Diagnostic::shared_module(&place, source.folder, &path));
        }
        let patched = PatchedSchemas::new(source, &mut findings);
        let lowered = lower_source(source, &patched, module, settings.objects, &mut findings);
        self.patched.extend(patched.into_texts(source.folder));
        let listing = lowered.as_ref().map(ModelListing::new);
        let model = check::check(lowered, &place, settings, &mut findings);
        self.diagnostics.extend(findings.0);
        if let Some(model) = model {
            self.models += 1;
            self.files.insert(path, render::model(&model, &settings.origin));
            return listing;
        }
        if !settings.present.contains(&path) {
            return None;
        }
        self.kept.insert(path);
        let manifest =
            Manifest::parse(&source.file("model.json", source.model), &mut Findings::default());
        Some(listing.unwrap_or_else(|| ModelListing::unreadable(&module.name, manifest.as_ref())))
    }
}

/// Parses and lowers one model.
pub(crate) fn lower_source(
    source: &Source<'_>,
    patched: &PatchedSchemas,
    module: &Module,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Model> {
    let file = source.file("model.json", source.model);
    let manifest = Manifest::parse(&file, findings);
    let model = lower_schemas(manifest.as_ref(), source, patched, module, objects, findings);
    if let Some(model) = &model {
        constructor_args::check(&parse::strings(&file, ARGUMENTS), model, findings);
    }
    if let Some(Manifest { id, .. }) = manifest
        && id.folder() != source.folder
    {
        let (folder, found) = (id.folder(), source.folder);
        let place = file.range();
        findings.push(Diagnostic::model_in_wrong_folder(&place, id, &folder, found));
    }
    model
}

/// Returns the text of `model.json` for an imported model, given the previous text. The order of
/// arguments is that of the schemas as corrected by `fixup`; a fixup that does not apply is
/// reported when the model is generated.
pub fn model_json(imported: &Imported, previous: Option<&str>, fixup: Option<&str>) -> String {
    let previous = previous.and_then(|text| read_members(text).ok()).unwrap_or_default();
    let mut manifest = Manifest::merge(imported, &previous);
    let model = lower_imported(&manifest, imported, fixup);
    let arguments = model.as_ref().map(argument_order).unwrap_or_default();
    // A schema that cannot be read has no order, so the recorded one is kept.
    if !arguments.is_empty() || manifest.arguments.is_none() {
        manifest.arguments = Some(arguments);
    }
    if let Some(model) = &model {
        manifest.record(&model.discovery);
    }
    manifest.to_json()
}

/// Lowers an imported model. Returns `None` if its schemas cannot be read, which is reported when
/// the model is generated.
fn lower_imported(manifest: &Manifest, imported: &Imported, fixup: Option<&str>) -> Option<Model> {
    let source = Source {
        folder: &imported.id.folder(),
        model: "",
        input: &imported.input,
        output: imported.output.as_deref(),
        fixup,
    };
    let mut findings = Findings::default();
    let patched = PatchedSchemas::new(&source, &mut findings);
    let module = Module { provider: String::new(), name: String::new() };
    let objects = Objects::Closed;
    lower_schemas(Some(manifest), &source, &patched, &module, objects, &mut findings)
}

/// Returns the order in which `new` takes the required properties.
fn argument_order(model: &Model) -> Vec<String> {
    let fields = model.inputs.first().map(|root| root.fields.as_slice()).unwrap_or_default();
    model.arguments.iter().filter_map(|index| Some(fields.get(*index)?.wire.clone())).collect()
}

/// Parses and lowers the schemas of a model. Schemas are parsed without a manifest too, to report
/// what is wrong with them.
fn lower_schemas(
    manifest: Option<&Manifest>,
    source: &Source<'_>,
    patched: &PatchedSchemas,
    module: &Module,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Model> {
    let input = patched.input.as_deref().unwrap_or(source.input);
    let input = parse::input(&source.file("input.json", input), findings);
    let output = patched.output.as_deref().or(source.output);
    let output = output.map(|text| source.file("output.json", text));
    // An output that cannot be read is any JSON, and never refuses its model.
    let output = output.map(|file| {
        findings.as_warnings(|findings| parse::output(&file, findings)).unwrap_or_default()
    });
    let (manifest, input) = (manifest?, input?);
    let mut model =
        lower::lower(manifest, module.clone(), &input, output.as_ref(), objects, findings)?;
    model.about.extend(patched.about.clone());
    Some(model)
}
