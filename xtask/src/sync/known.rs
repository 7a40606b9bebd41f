//! The models that a schemas folder has, as far as a sync has to know them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::Standing;
use runcomfy_codegen::import::ModelId;
use semver::Version;

use crate::folder;

/// What `schemas/` holds beside models.
const FIXUPS: &str = "fixups";

/// The models by their folders.
pub(super) type Known = BTreeMap<String, Model>;

/// One model.
#[derive(Debug)]
pub(super) struct Model {
    pub id: ModelId,
    /// Its `model.json`.
    pub text: String,
    /// Whether a catalog has ever listed it.
    pub listed: bool,
    /// The version under which it was found to be gone.
    pub gone: Option<Version>,
}

/// Reads every `model.json`. A folder without one is no model, whatever else it has: an
/// interrupted sync may have left it so, and this one completes it.
pub(super) fn read(schemas: &Path) -> Result<Known> {
    let mut known = Known::new();
    if schemas.is_dir() {
        visit(schemas, "", &mut known)?;
    }
    Ok(known)
}

fn visit(path: &Path, name: &str, known: &mut Known) -> Result<()> {
    let file = path.join("model.json");
    if let Some(text) = folder::text(&file)? {
        let model = model(text, name).with_context(|| format!("in {}", file.display()))?;
        known.insert(name.to_owned(), model);
    }
    for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
        let entry = entry.with_context(|| format!("reading {}", path.display()))?;
        let step = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !(name.is_empty() && step == FIXUPS) {
            let separator = if name.is_empty() { "" } else { "/" };
            visit(&entry.path(), &format!("{name}{separator}{step}"), known)?;
        }
    }
    Ok(())
}

fn model(text: String, folder: &str) -> Result<Model> {
    let Standing { id, listed, gone } = Standing::read(&text)?;
    if id.folder() != folder {
        bail!(
            "the model `{id}` belongs in the folder `{}`, not in `{folder}`; move it there, or \
             correct the `id`",
            id.folder()
        );
    }
    let gone = gone.map(|gone| Version::parse(&gone)).transpose();
    let gone = gone.context("its `gone` is no version, such as \"0.1.0\"; take it out")?;
    Ok(Model { id, text, listed, gone })
}
