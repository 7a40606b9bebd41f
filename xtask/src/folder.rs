//! The schemas folder on disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use runcomfy_codegen::Source;

/// The folder of corrections, which holds no models.
const FIXUPS: &str = "fixups";

/// A model's files as they stand on disk.
#[derive(Debug)]
pub(crate) struct Model {
    folder: String,
    model: String,
    input: String,
    output: Option<String>,
}

impl Model {
    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            folder: &self.folder,
            model: &self.model,
            input: &self.input,
            output: self.output.as_deref(),
        }
    }

    /// The text of one of its files, by its path in the schemas folder.
    pub(crate) fn text(&self, file: &str) -> Option<&str> {
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
    Ok(models)
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
            });
        }
        (Some(_), None) => bail!("{} has a model.json and no input.json", folder.display()),
        (None, Some(_)) => bail!("{} has an input.json and no model.json", folder.display()),
        (None, None) => {}
    }
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut below = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        let file_name = entry.file_name();
        let Some(step) = file_name.to_str() else {
            bail!("{} has a name that is not Unicode", entry.path().display());
        };
        if entry.path().is_dir() && !(name.is_empty() && step == FIXUPS) {
            let separator = if name.is_empty() { "" } else { "/" };
            below.push((format!("{name}{separator}{step}"), entry.path()));
        }
    }
    below.sort();
    below.iter().try_for_each(|(name, path)| visit(path, name, models))
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
