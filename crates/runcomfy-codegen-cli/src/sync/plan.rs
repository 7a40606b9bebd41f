//! The steps of a sync: one for each model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::import::{Import, ModelId};
use runcomfy_codegen::{CatalogStatus, Diff};
use semver::Version;

use crate::files::Change;
use crate::schemas::{change, changes};
use crate::{diff, schemas_dir};

/// The models of a schemas folder, by their folders.
pub(super) type Known = BTreeMap<String, Recorded>;

/// A model as its `model.json` records it.
#[derive(Debug)]
pub(super) struct Recorded {
    id: ModelId,
    /// Its `model.json`.
    text: String,
    /// `true` if a catalog has ever listed it.
    listed: bool,
    /// The version in which it was first missing from the catalog.
    gone: Option<Version>,
}

/// Everything to do, in the order of the models' ids.
#[derive(Debug)]
pub(super) struct Plan {
    pub steps: Vec<Step>,
    /// The folders of all models before and after.
    folders: BTreeSet<String>,
}

/// The changes of one model.
#[derive(Debug)]
pub(super) struct Step {
    id: ModelId,
    fate: Fate,
    /// The files, with `model.json` last: a new model counts only when it is complete, and one
    /// to remove is found again until all of it is removed.
    changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Added,
    Changed,
    /// Listed again after it was missing.
    Back,
    /// Missing from the catalog for the first time.
    Gone,
    /// Missing since an earlier version.
    Removed(Version),
    /// Missing since the current version.
    StillGone(Version),
    /// Never listed by a catalog: somebody added it by hand.
    NeverListed,
}

/// Reads every `model.json` of a schemas folder.
pub(super) fn known(schemas: &Path) -> Result<Known> {
    let mut known = Known::new();
    for (folder, text) in schemas_dir::manifests(schemas)? {
        let path = schemas.join(&folder).join("model.json");
        let model = recorded(text, &folder).with_context(|| format!("in {}", path.display()))?;
        known.insert(folder, model);
    }
    Ok(known)
}

fn recorded(text: String, folder: &str) -> Result<Recorded> {
    let CatalogStatus { id, is_listed: listed, delisted_as_of: gone } = CatalogStatus::read(&text)?;
    if id.folder() != folder {
        bail!(
            "the model `{id}` belongs in the folder `{}`, not in `{folder}`; move it there, or \
             correct the `id`",
            id.folder()
        );
    }
    let gone = gone.map(|gone| Version::parse(&gone)).transpose();
    let gone = gone.context("its `gone` is not a version, such as \"0.1.0\"; remove it")?;
    Ok(Recorded { id, text, listed, gone })
}

impl Plan {
    /// Compares the folder with the catalog, in this version of the crate around the folder.
    pub(super) fn new(
        known: &Known,
        import: &Import,
        schemas: &Path,
        version: Option<&Version>,
    ) -> Result<Self> {
        let mut steps = Vec::new();
        for model in &import.models {
            let changes = changes(model, schemas)?;
            if !changes.is_empty() {
                let fate = match known.get(&model.id.folder()) {
                    None => Fate::Added,
                    Some(Recorded { gone: Some(_), .. }) => Fate::Back,
                    Some(Recorded { gone: None, .. }) => Fate::Changed,
                };
                steps.push(Step { id: model.id.clone(), fate, changes });
            }
        }
        // A skipped entry is in the catalog all the same. And a folder may have changed to
        // another spelling of its id, which the difference shows.
        let skipped = import.skipped.iter().filter_map(|skipped| skipped.model.as_ref());
        let listed = import.models.iter().map(|model| &model.id);
        let in_catalog: BTreeSet<String> = listed.chain(skipped).map(ModelId::folder).collect();
        for (folder, model) in known.iter().filter(|(folder, _)| !in_catalog.contains(*folder)) {
            steps.push(missing(folder, model, schemas, version)?);
        }
        steps.sort_by(|a, b| a.id.cmp(&b.id));
        let folders = known.keys().cloned().chain(in_catalog).collect();
        Ok(Self { steps, folders })
    }

    /// Returns the changes for callers.
    pub(super) fn diff(&self, schemas: &Path) -> Result<Diff> {
        let changes: Vec<&Change> = self.steps.iter().flat_map(|step| &step.changes).collect();
        diff::of_changes(schemas, &self.folders, &changes)
    }

    /// Returns `true` if a file would change.
    pub(super) fn changes_something(&self) -> bool {
        self.steps.iter().any(|step| !step.changes.is_empty())
    }

    /// Returns the number of models by their fate.
    pub(super) fn counts(&self) -> String {
        let counts = ["added", "changed", "back", "gone", "removed", "kept"].map(|fate| {
            let count = self.steps.iter().filter(|step| step.fate.name() == fate).count();
            format!("{fate} {count}")
        });
        counts.join(", ")
    }
}

/// Returns the step for a model that the catalog does not list.
fn missing(
    folder: &str,
    model: &Recorded,
    schemas: &Path,
    version: Option<&Version>,
) -> Result<Step> {
    let version = || {
        version.with_context(|| {
            format!(
                "the catalog no longer lists `{}`, and no Cargo.toml above {} has the version in \
                 which this is recorded: add one, with `version` below `[package]`",
                model.id,
                schemas.display()
            )
        })
    };
    let mut changes = Vec::new();
    let fate = match &model.gone {
        _ if !model.listed => Fate::NeverListed,
        None => {
            let text = CatalogStatus::mark_delisted(&model.text, &version()?.to_string())
                .with_context(|| format!("marking `{}`", model.id))?;
            changes.extend(change(schemas, folder, "model.json", Some(text))?);
            Fate::Gone
        }
        Some(since) if since < version()? => {
            let fixup = runcomfy_codegen::fixup_path(folder);
            changes.extend(Change::of(schemas.join(&fixup), fixup, None)?);
            for file in ["input.json", "output.json", "model.json"] {
                changes.extend(change(schemas, folder, file, None)?);
            }
            Fate::Removed(since.clone())
        }
        Some(since) => Fate::StillGone(since.clone()),
    };
    Ok(Step { id: model.id.clone(), fate, changes })
}

impl Step {
    /// Writes and removes the files.
    pub(super) fn apply(&self, schemas: &Path) -> Result<()> {
        self.changes.iter().try_for_each(Change::apply)?;
        if let Fate::Removed(_) = self.fate {
            remove_empty(schemas, &self.id.folder());
        }
        Ok(())
    }

    /// Prints the fate of the model, and the difference of each file that exists before and
    /// after.
    pub(super) fn print(&self) {
        anstream::println!("{:8}{}{}", self.fate.name(), self.id, self.fate);
        for change in self.changes.iter().filter(|change| change.is_edit()) {
            anstream::print!("{}", change.diff());
        }
    }
}

/// Removes a model's folder and those around it while they are empty.
fn remove_empty(schemas: &Path, folder: &str) {
    let mut path = schemas.join(folder);
    // A folder that is not empty cannot be removed, which ends this.
    while path != schemas && fs::remove_dir(&path).is_ok() && path.pop() {}
}

impl Fate {
    fn name(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Back => "back",
            Self::Gone => "gone",
            Self::Removed(_) => "removed",
            Self::StillGone(_) | Self::NeverListed => "kept",
        }
    }
}

/// The details behind the name.
impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added | Self::Changed | Self::Back => Ok(()),
            Self::Gone => f.write_str(": no longer in the catalog; kept for one release"),
            Self::Removed(since) => write!(f, ": not in the catalog since {since}"),
            Self::StillGone(since) => {
                write!(f, ": not in the catalog since {since}, which is the current release")
            }
            Self::NeverListed => f.write_str(": not in the catalog; added by hand, and left alone"),
        }
    }
}
