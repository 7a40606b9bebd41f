//! The schemas folder on disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use runcomfy_codegen::{Source, fixup_path};

/// The folder of corrections, which holds no models.
const FIXUPS: &str = "fixups";

/// A model's files as they stand on disk.
#[derive(Debug)]
pub(crate) struct Model {
    folder: String,
    model: String,
    input: String,
    output: Option<String>,
    fixup: Option<String>,
}

/// A file among the fixups that corrects no model.
#[derive(Debug)]
pub(crate) struct Orphan {
    /// Its path in the schemas folder, with `/`.
    pub file: String,
    pub text: String,
}

impl Model {
    /// The model in one folder, by how its files are read; nothing where they are not all
    /// there. A file is asked for by its path in the schemas folder.
    pub(crate) fn read(
        folder: &str,
        read: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<Option<Self>> {
        let own = |file: &str| read(&format!("{folder}/{file}"));
        let (Some(model), Some(input)) = (own("model.json")?, own("input.json")?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            folder: folder.to_owned(),
            model,
            input,
            output: own("output.json")?,
            fixup: read(&fixup_path(folder))?,
        }))
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            folder: &self.folder,
            model: &self.model,
            input: &self.input,
            output: self.output.as_deref(),
            fixup: self.fixup.as_deref(),
        }
    }

    /// The text of one of its files, by its path in the schemas folder.
    pub(crate) fn text(&self, file: &str) -> Option<&str> {
        if file == fixup_path(&self.folder) {
            return self.fixup.as_deref();
        }
        match file.strip_prefix(&self.folder)?.strip_prefix('/')? {
            "model.json" => Some(&self.model),
            "input.json" => Some(&self.input),
            "output.json" => self.output.as_deref(),
            _ => None,
        }
    }
}

/// The root of this workspace.
pub(crate) fn workspace() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("run this as `cargo xtask`: CARGO_MANIFEST_DIR is not set")?;
    let root = Path::new(&manifest).parent().map(Path::to_path_buf);
    root.context("CARGO_MANIFEST_DIR has no parent folder")
}

/// Every model in a schemas folder.
pub(crate) fn read(schemas: &Path) -> Result<Vec<Model>> {
    if !schemas.is_dir() {
        bail!(
            "there is no folder {}: give the folder that holds the models' folders",
            schemas.display()
        );
    }
    let mut models = Vec::new();
    visit(schemas, "", &mut models)?;
    if models.is_empty() {
        bail!(
            "no model.json under {}: add a model with `cargo xtask schemas add`",
            schemas.display()
        );
    }
    for model in &mut models {
        model.fixup = text(&schemas.join(fixup_path(&model.folder)))?;
    }
    Ok(models)
}

/// The files among the fixups of a schemas folder that are the fixup of none of these
/// models. Hidden files and a README may be there as anywhere.
pub(crate) fn orphans(schemas: &Path, models: &[Model]) -> Result<Vec<Orphan>> {
    let mut orphans = Vec::new();
    let mut folders = vec![(schemas.join(FIXUPS), FIXUPS.to_owned())];
    while let Some((path, name)) = folders.pop() {
        if !path.is_dir() {
            continue;
        }
        for (step, path) in entries(&path)? {
            let file = format!("{name}/{step}");
            if path.is_dir() {
                folders.push((path, file));
            } else if !step.starts_with('.')
                && step != "README.md"
                && !models.iter().any(|model| fixup_path(&model.folder) == file)
            {
                let text = text(&path)?.unwrap_or_default();
                orphans.push(Orphan { file, text });
            }
        }
    }
    orphans.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(orphans)
}

/// Models may nest: one id can be the beginning of another.
fn visit(folder: &Path, name: &str, models: &mut Vec<Model>) -> Result<()> {
    let read = |file: &str| text(&folder.join(file));
    match (read("model.json")?, read("input.json")?) {
        (Some(model), Some(input)) => {
            models.push(Model {
                folder: name.to_owned(),
                model,
                input,
                output: read("output.json")?,
                fixup: None,
            });
        }
        (Some(_), None) => bail!("{} has a model.json and no input.json", folder.display()),
        // What an interrupted `add` or `sync` leaves; the next one completes it.
        (None, Some(_)) => eprintln!(
            "warning: {} has an input.json and no model.json, and is no model yet: add it again",
            folder.display()
        ),
        (None, None) => {}
    }
    let mut below = Vec::new();
    for (step, path) in entries(folder)? {
        if path.is_dir() && !(name.is_empty() && step == FIXUPS) {
            let separator = if name.is_empty() { "" } else { "/" };
            below.push((format!("{name}{separator}{step}"), path));
        }
    }
    below.sort();
    below.iter().try_for_each(|(name, path)| visit(path, name, models))
}

/// What is in a folder: each name, and its path.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let reading = || format!("reading {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let Ok(name) = entry.file_name().into_string() else {
            bail!("{} has a name that is not Unicode", entry.path().display());
        };
        entries.push((name, entry.path()));
    }
    Ok(entries)
}

/// The text of a file, or nothing where there is none. Line ends are those of Unix,
/// whatever a checkout made of them.
pub(crate) fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}
