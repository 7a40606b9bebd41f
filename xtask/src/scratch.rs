//! Scratch crates: generated code that rustc compiles against the libraries of the workspace, as
//! its tests have built them. No dependency is compiled for a scratch crate.

use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::cargo;

/// The source file of the library.
pub const LIBRARY: &str = "src/lib.rs";

/// The libraries that a scratch crate may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// The crates `runcomfy` and `serde_json`.
    Runcomfy,
    /// Also the crate `runcomfy_models`.
    Models,
}

/// A crate outside of the workspace. A command that it returns compiles one of its files; nothing
/// is printed if it succeeds.
pub struct Scratch {
    folder: PathBuf,
    name: String,
    libraries: &'static Libraries,
    is_lasting: bool,
}

/// The libraries that a scratch crate uses, which are built.
#[derive(Debug)]
pub struct Libraries {
    /// The file of each library, by the name of its crate.
    files: BTreeMap<String, PathBuf>,
    /// The folders of their dependencies.
    folders: BTreeSet<PathBuf>,
}

impl Scratch {
    /// Creates a crate of this name in a folder.
    pub fn new(folder: &Path, name: &str, libraries: &'static Libraries) -> Self {
        Self {
            folder: folder.to_owned(),
            name: name.replace('-', "_"),
            libraries,
            is_lasting: false,
        }
    }

    /// Creates a crate for generated modules in a folder under `target`.
    pub(crate) fn in_target(name: &str, folder: &str) -> Result<Self> {
        let target = cargo::target()?;
        let libraries = Libraries::get(Uses::Runcomfy, &cargo::workspace()?, &target)?;
        Ok(Self::new(&target.join(folder), name, libraries).lasting())
    }

    /// Compiles only the functions that changed since an earlier run in the same folder.
    pub fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
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

    /// Gives one file this text, and creates the folders that it is in.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().context("it has no folder")?)?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Returns a command that checks the library or a program, and builds nothing. A program may
    /// use the library if that is built.
    pub fn check(&self, file: &str) -> Command {
        self.rustc(file, "metadata")
    }

    /// Returns a command that builds the library or a program.
    pub fn build(&self, file: &str) -> Command {
        self.rustc(file, "link")
    }

    /// Returns the path of the program that is built from a file.
    pub fn program(&self, file: &str) -> PathBuf {
        self.out().join(self.crate_name(file) + EXE_SUFFIX)
    }

    /// Returns a command that writes the docs of the library.
    pub fn doc(&self) -> Command {
        let mut command = self.compiler("rustdoc", LIBRARY);
        command.arg("--out-dir").arg(self.folder.join("doc"));
        command
    }

    /// Returns a command that runs the doc tests of the library.
    pub fn doc_tests(&self) -> Command {
        let mut command = self.compiler("rustdoc", LIBRARY);
        command.arg("--test");
        command
    }

    fn rustc(&self, file: &str, emit: &str) -> Command {
        let mut command = self.compiler("rustc", file);
        let kind = if file == LIBRARY { "lib" } else { "bin" };
        command.args(["--crate-type", kind, "--emit", emit, "--out-dir"]).arg(self.out());
        if self.is_lasting {
            let folder = self.folder.join("incremental");
            command.arg("-C").arg(format!("incremental={}", folder.display()));
        }
        let library = self.out().join(format!("lib{}.rlib", self.name));
        if file != LIBRARY && library.is_file() {
            command.arg("--extern").arg(format!("{}={}", self.name, library.display()));
        }
        command
    }

    /// The arguments that rustc and rustdoc share.
    fn compiler(&self, program: &str, file: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).arg(file);
        command.args(["--edition", "2024", "--crate-name", &self.crate_name(file)]);
        for folder in &self.libraries.folders {
            command.arg("-L").arg(format!("dependency={}", folder.display()));
        }
        for (name, file) in &self.libraries.files {
            command.arg("--extern").arg(format!("{name}={}", file.display()));
        }
        command
    }

    fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    fn crate_name(&self, file: &str) -> String {
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
        match stem.filter(|_| file != LIBRARY) {
            Some(stem) => stem.replace('-', "_"),
            None => self.name.clone(),
        }
    }
}

/// A message of cargo about a part of a package that is built.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Libraries {
    /// Returns the libraries of the workspace in this folder. Builds them once in a process.
    pub fn get(uses: Uses, workspace: &Path, target: &Path) -> Result<&'static Self> {
        static RUNCOMFY: OnceLock<std::result::Result<Libraries, String>> = OnceLock::new();
        static MODELS: OnceLock<std::result::Result<Libraries, String>> = OnceLock::new();
        let (built, crates, example): (_, &[_], _) = match uses {
            Uses::Runcomfy => (&RUNCOMFY, &["runcomfy", "serde_json"], "poster"),
            Uses::Models => (&MODELS, &["runcomfy", "serde_json", "runcomfy_models"], "demo"),
        };
        let build = || Self::build(crates, example, workspace, target);
        let built = built.get_or_init(|| build().map_err(|error| format!("{error:#}")));
        built.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Builds an example of the workspace, and finds these crates among its dependencies.
    fn build(crates: &[&str], example: &str, workspace: &Path, target: &Path) -> Result<Self> {
        let mut command = cargo::command(workspace, &["build", "--message-format", "json"]);
        command.args(cargo::WORKSPACE).args(["--example", example]);
        command.args(["--quiet", "--offline"]).env("CARGO_TARGET_DIR", target);
        let output = command.output().context("starting cargo")?;
        if !output.status.success() {
            bail!("the workspace does not build:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let mut libraries = Self { files: BTreeMap::new(), folders: BTreeSet::new() };
        let printed = String::from_utf8_lossy(&output.stdout);
        // The other messages are not about something that is built.
        for built in printed.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        {
            let is_library = built.target.kind.iter().any(|kind| kind == "lib");
            let mut files = built.filenames.into_iter().filter(|_| is_library);
            let Some(file) = files.find(|file| file.extension().is_some_and(|end| end == "rlib"))
            else {
                continue;
            };
            libraries.folders.extend(file.parent().map(Path::to_owned));
            let name = built.target.name.replace('-', "_");
            if crates.contains(&name.as_str()) {
                libraries.files.insert(name, file);
            }
        }
        match crates.iter().find(|name| !libraries.files.contains_key(**name)) {
            Some(name) => bail!("cargo does not name the library {name}"),
            None => Ok(libraries),
        }
    }
}

/// Returns a library of generated modules, with warnings denied, as sources of a scratch crate.
pub fn library(generated: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let head = "//! Scratch.\n#![deny(warnings)]\npub mod generated;\n".to_owned();
    let modules =
        generated.iter().map(|(name, text)| (format!("src/generated/{name}"), text.clone()));
    modules.chain([(LIBRARY.to_owned(), head)]).collect()
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
