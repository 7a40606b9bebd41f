//! A scratch crate: generated modules with warnings denied, outside of the workspace and
//! with the workspace's lock file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::folder;

/// A crate under `target/`, of one name and one folder.
pub(crate) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// The crate of this name in this folder under `target/`, with nothing of an earlier
    /// run in it.
    pub(crate) fn new(name: &str, folder: &str) -> Result<Self> {
        let root = folder::workspace()?;
        let folder = root.join("target").join(folder);
        let source = folder.join("src");
        if source.exists() {
            fs::remove_dir_all(&source)?;
        }
        fs::create_dir_all(&source)?;
        let runcomfy = root.join("crates/runcomfy").display().to_string();
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [workspace]\n\n[dependencies]\n\
                 runcomfy = {{ path = {runcomfy:?}, default-features = false }}\n\n\
                 [profile.dev]\ndebug = false\n"
            ),
        )?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let scratch = Self { folder };
        scratch.write("src/lib.rs", "//! Scratch.\n#![deny(warnings)]\npub mod generated;\n")?;
        Ok(scratch)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes one of its files.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().context("it has a folder")?)?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Writes generated modules, by their paths in `generated`.
    pub(crate) fn generated(&self, files: &BTreeMap<String, String>) -> Result<()> {
        files.iter().try_for_each(|(name, text)| self.write(&format!("src/generated/{name}"), text))
    }

    /// Cargo, in it. What it builds is shared by all scratch crates.
    pub(crate) fn cargo(&self, args: &[&str]) -> Result<Command> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(args)
            .args(["--quiet", "--offline"])
            .env("CARGO_TARGET_DIR", folder::workspace()?.join("target/corpus/target"))
            .current_dir(&self.folder);
        Ok(command)
    }
}
