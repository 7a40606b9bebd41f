//! The schemas folder on disk. Only this file walks it.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use runcomfy_codegen::{Source, fixup_path};

use crate::terminal::warn;
use crate::{Project, files};

/// The folder of corrections, which holds no models.
const FIXUPS: &str = "fixups";

/// A model's files as they stand on disk.
#[derive(Debug)]
pub struct Model {
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
    /// Reads the model in one folder. Returns `None` if its input or `model.json` is missing.
    /// `read` is given a path in the schemas folder.
    pub(crate) fn read(
        folder: &str,
        read: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<Option<Self>> {
        let model = read(&below(folder, "model.json"))?;
        let (Some(model), Some(input)) = (model, read(&below(folder, "input.json"))?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            folder: folder.to_owned(),
            model,
            input,
            output: read(&below(folder, "output.json"))?,
            fixup: read(&fixup_path(folder))?,
        }))
    }

    /// Returns the files as the generator reads them.
    pub fn source(&self) -> Source<'_> {
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

/// Reads every model of a schemas folder.
pub(crate) fn read(schemas: &Path, project: &Project) -> Result<Vec<Model>> {
    if !schemas.is_dir() {
        bail!(
            "there is no folder {}: add a model with `{} add`, or name the folder that holds the \
             models' folders with --schemas",
            schemas.display(),
            project.schemas_command
        );
    }
    let mut models = Vec::new();
    for folder in walk(schemas, "")?.folders {
        models.extend(model(schemas, &folder)?);
    }
    if models.is_empty() {
        bail!(
            "no model.json under {}: add a model with `{} add`",
            schemas.display(),
            project.schemas_command
        );
    }
    Ok(models)
}

/// Reads every `model.json` of a schemas folder, by its model's folder. A folder without one
/// is not a model yet: an interrupted sync may have left it, and the next one completes it.
pub(crate) fn manifests(schemas: &Path) -> Result<Vec<(String, String)>> {
    let mut manifests = Vec::new();
    if schemas.is_dir() {
        for folder in walk(schemas, "")?.folders {
            if let Some(manifest) = files::text(&schemas.join(&folder).join("model.json"))? {
                manifests.push((folder, manifest));
            }
        }
    }
    Ok(manifests)
}

/// Returns the files among the fixups of a schemas folder that are not the fixup of any of
/// these models. Hidden files and a README are allowed there, as anywhere.
pub(crate) fn orphans(schemas: &Path, models: &[Model]) -> Result<Vec<Orphan>> {
    if !schemas.join(FIXUPS).is_dir() {
        return Ok(Vec::new());
    }
    let mut orphans = Vec::new();
    for file in walk(schemas, FIXUPS)?.files {
        let name = file.rsplit('/').next().unwrap_or_default();
        let is_fixup = models.iter().any(|model| fixup_path(&model.folder) == file);
        if !is_fixup && !name.starts_with('.') && name != "README.md" {
            let text = files::text(&schemas.join(&file))?.unwrap_or_default();
            orphans.push(Orphan { file, text });
        }
    }
    Ok(orphans)
}

/// The model in one folder, if there is one.
fn model(schemas: &Path, folder: &str) -> Result<Option<Model>> {
    let path = schemas.join(folder);
    match (path.join("model.json").exists(), path.join("input.json").exists()) {
        (true, false) => bail!("{} has a model.json and no input.json", path.display()),
        // What an interrupted `add` or `sync` leaves; the next one completes it.
        (false, true) => {
            warn(format_args!(
                "{} has an input.json and no model.json, and is not a model yet: add it again",
                path.display()
            ));
            Ok(None)
        }
        (true, true) | (false, false) => {
            Model::read(folder, |file| files::text(&schemas.join(file)))
        }
    }
}

/// The folders and files below a folder, as paths in the schemas folder, with `/`.
struct Walked {
    folders: Vec<String>,
    files: Vec<String>,
}

/// Walks a schemas folder from `start` on, which is the first of the folders. The fixups are
/// walked only if they are the start. Models may nest: one id can be the beginning of another.
fn walk(schemas: &Path, start: &str) -> Result<Walked> {
    let mut walked = Walked { folders: Vec::new(), files: Vec::new() };
    let mut links = Links::new(schemas)?;
    let mut open = vec![start.to_owned()];
    while let Some(folder) = open.pop() {
        let path = schemas.join(&folder);
        let entries = fs::read_dir(&path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        for entry in entries.with_context(|| format!("reading {}", path.display()))? {
            let Ok(step) = entry.file_name().into_string() else {
                bail!("{} has a name that is not Unicode", entry.path().display());
            };
            let name = below(&folder, &step);
            if !entry.path().is_dir() {
                walked.files.push(name);
            } else if name != FIXUPS && links.lead_on(&entry)? {
                open.push(name);
            }
        }
        walked.folders.push(folder);
    }
    walked.folders.sort();
    walked.files.sort();
    Ok(walked)
}

/// The folders that are walked, without links. A link is followed only out of all of them: each
/// folder is read once, and no link leads in a circle.
struct Links(Vec<PathBuf>);

impl Links {
    fn new(schemas: &Path) -> Result<Self> {
        let root = fs::canonicalize(schemas);
        Ok(Self(vec![root.with_context(|| format!("reading {}", schemas.display()))?]))
    }

    /// Returns `true` if a folder is to be walked.
    fn lead_on(&mut self, entry: &DirEntry) -> Result<bool> {
        let path = entry.path();
        let reading = || format!("reading {}", path.display());
        if !entry.file_type().with_context(reading)?.is_symlink() {
            return Ok(true);
        }
        let target = fs::canonicalize(&path).with_context(reading)?;
        if self.0.iter().any(|known| target.starts_with(known) || known.starts_with(&target)) {
            warn(format_args!(
                "{} is a link to {}, which is read without it: the link is skipped",
                path.display(),
                target.display()
            ));
            return Ok(false);
        }
        self.0.push(target);
        Ok(true)
    }
}

/// A path below a folder of the schemas folder, which may be the schemas folder itself.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
