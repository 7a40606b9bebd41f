#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod constructor_args;
mod diagnostic;
mod diff;
mod discovery;
mod fixup;
pub mod import;
mod lower;
mod manifest;
mod model;
mod names;
mod nearest;
mod number;
mod parse;
mod pattern;
mod pipeline;
mod render;
#[cfg(feature = "runtime")]
pub mod runtime;
mod schema;
mod settings;
mod text;
mod title;

pub use diagnostic::{Code, Diagnostic, Place, Severity};
pub use diff::{Change, Diff, Incomparable, Kind, Level, ModelDiff, Refusal, Side, Step, diff};
pub use fixup::{fixup_path, orphaned_fixup};
pub use manifest::{CatalogStatus, ManifestError, recorded_id};
pub use parse::{Treatment, keywords};
pub use pipeline::{Generated, model_json};
pub use settings::{Features, Objects, Settings, Source};
pub use text::{escape_control, mask_control};

use std::collections::BTreeMap;

use import::Imported;
use render::{Provider, Providers};

/// Generates the crate's modules from models. The order of `sources` does not matter.
pub fn generate(sources: &[Source<'_>], settings: &Settings) -> Generated {
    let mut sources: Vec<&Source<'_>> = sources.iter().collect();
    sources.sort_by_key(|source| source.folder);
    let folders: Vec<&str> = sources.iter().map(|source| source.folder).collect();
    let modules = lower::modules(&folders);
    let features = lower::features(&folders);
    let mut generated = Generated::default();
    let mut providers = Providers::new();
    for source in sources {
        let Some(module) = modules.get(source.folder) else { continue };
        if let Some(listing) = generated.add_model(source, module, settings) {
            let folder = source.folder.split('/').next().unwrap_or_default();
            let feature = features.get(folder).cloned().unwrap_or_default();
            let provider = providers
                .entry(module.provider.clone())
                .or_insert_with(|| Provider::new(folder, feature));
            provider.models.push(listing);
        }
    }
    generated.add_parents(&providers, settings);
    generated
}

/// Generates from models as [`import`] returns them, without a schemas folder.
pub fn generate_imported(models: &[Imported], settings: &Settings) -> Generated {
    let manifests = models.iter().map(|model| (model.id.folder(), model_json(model, None, None)));
    let manifests: Vec<(String, String)> = manifests.collect();
    let sources = models.iter().zip(&manifests).map(|(model, (folder, manifest))| Source {
        folder,
        model: manifest,
        input: &model.input,
        output: model.output.as_deref(),
        fixup: None,
    });
    generate(&sources.collect::<Vec<_>>(), settings)
}

/// Returns the path of each model's module, such as `minimax::hailuo_video_01_live`, by its folder.
/// Models that would share a name get names of their own, so it takes the folders of all models.
pub fn module_paths<'a>(folders: &[&'a str]) -> BTreeMap<&'a str, String> {
    let modules = lower::modules(folders).into_iter();
    modules
        .map(|(folder, module)| (folder, format!("{}::{}", module.provider, module.name)))
        .collect()
}

/// Returns `true` if the head of a text says that it was generated.
pub fn is_generated(text: &str) -> bool {
    generated_from(text).is_some()
}

/// Returns the schemas that the head of a generated text names: the schemas folder, or a folder
/// in it. Returns `None` if the text was not generated.
pub fn generated_from(text: &str) -> Option<String> {
    let head = text.lines().take_while(|line| line.starts_with("//!") || line.starts_with("<!--"));
    let head = head.map(|line| line.trim_start_matches("//!").trim()).collect::<Vec<_>>().join(" ");
    let (_, from) = head.rsplit_once(render::HEADER)?;
    let path = from.split('`').nth(1)?;
    from.contains(render::FOOTER).then(|| path.to_owned())
}
