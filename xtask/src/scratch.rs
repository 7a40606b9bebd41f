//! Scratch crates: generated code compiled outside of the workspace, with the workspace's lock
//! file and in its target folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo;

/// The profile of the workspace, to share what is built of dependencies.
const PROFILE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
                       [profile.dev.package.\"*\"]\ndebug = false\n";

/// The crate `runcomfy` without any feature, which every generated module needs.
pub const RUNCOMFY: Dependency<'static> = Dependency::Workspace("runcomfy", &["pattern"]);

/// A crate outside of the workspace.
pub struct Scratch {
    folder: PathBuf,
}

/// A dependency of a scratch crate.
pub enum Dependency<'a> {
    /// A crate in the folder `crates`, with these features and without its default ones.
    Workspace(&'a str, &'a [&'a str]),
    /// A crate of the registry, and its version.
    Registry(&'a str, &'a str),
}

impl Scratch {
    /// Creates a crate in a folder. Keeps the sources of an earlier run, to let cargo see that
    /// nothing changed.
    pub fn new(folder: &Path, name: &str, dependencies: &[Dependency<'_>]) -> Result<Self> {
        let root = cargo::workspace()?;
        let mut manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n{PROFILE}\n[dependencies]\n"
        );
        for dependency in dependencies {
            manifest.push_str(&dependency.line(&root));
        }
        let scratch = Self { folder: folder.to_owned() };
        scratch.write("Cargo.toml", &manifest)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))
            .context("copying Cargo.lock")?;
        Ok(scratch)
    }

    /// Creates a crate for generated modules in a folder under `target`.
    pub(crate) fn in_target(name: &str, folder: &str) -> Result<Self> {
        Self::new(&cargo::target()?.join(folder), name, &[RUNCOMFY])
    }

    /// Returns the folder of the crate.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes these the only files in `src`. The paths begin with `src/`.
    pub fn write_sources(&self, sources: &BTreeMap<String, String>) -> Result<()> {
        let wanted: BTreeSet<PathBuf> = sources.keys().map(|name| self.folder.join(name)).collect();
        remove_others(&self.folder.join("src"), &wanted)?;
        sources.iter().try_for_each(|(name, text)| self.write(name, text))
    }

    /// Gives one file this text, and creates the folders that it is in. A file that has it
    /// already is not touched.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().context("it has no folder")?)?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Returns a command that runs cargo in the crate, offline.
    pub fn cargo(&self, args: &[&str]) -> Result<Command> {
        let mut command = cargo::command(&self.folder, args);
        command
            .args(["--quiet", "--offline"])
            .env("CARGO_TARGET_DIR", cargo::target()?)
            .env_remove("RUSTFLAGS");
        Ok(command)
    }
}

impl Dependency<'_> {
    fn line(&self, root: &Path) -> String {
        match self {
            Self::Workspace(name, features) => {
                let path = root.join("crates").join(name).display().to_string();
                format!(
                    "{name} = {{ path = {path:?}, default-features = false, features = \
                     {features:?} }}\n"
                )
            }
            Self::Registry(name, version) => format!("{name} = {version:?}\n"),
        }
    }
}

/// Returns a library of generated modules, with warnings denied, as sources of a scratch crate.
pub fn library(generated: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let head = "//! Scratch.\n#![deny(warnings)]\npub mod generated;\n".to_owned();
    let modules =
        generated.iter().map(|(name, text)| (format!("src/generated/{name}"), text.clone()));
    modules.chain([("src/lib.rs".to_owned(), head)]).collect()
}

fn remove_others(folder: &Path, wanted: &BTreeSet<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}
