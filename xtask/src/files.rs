//! Files that are to be written: compared with what is there, shown as a difference,
//! and written whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use similar::TextDiff;

/// One file that is not as it should be.
#[derive(Debug)]
pub(crate) struct Change {
    path: PathBuf,
    /// Its name for people, with `/`.
    name: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    /// What it takes to give a file this text, or to remove it; nothing where it is so
    /// already.
    pub(crate) fn of(path: PathBuf, name: String, new: Option<String>) -> Result<Option<Self>> {
        let old = text(&path)?;
        Ok((old != new).then_some(Self { path, name, old, new }))
    }

    /// Where the file stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text that the file is to have; nothing where it is to be removed.
    pub(crate) fn new_text(&self) -> Option<&str> {
        self.new.as_deref()
    }

    /// What it is, in a line.
    pub(crate) fn summary(&self) -> String {
        let what = match (&self.old, &self.new) {
            (None, _) => "new",
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "gone",
        };
        format!("{what:8}{}", self.name)
    }

    /// Whether the file is there before and after.
    pub(crate) fn is_edit(&self) -> bool {
        self.old.is_some() && self.new.is_some()
    }

    /// The difference, as `diff -u` shows it.
    pub(crate) fn diff(&self) -> String {
        let (old, new) = (self.old.as_deref().unwrap_or(""), self.new.as_deref().unwrap_or(""));
        let side = |text: &Option<String>| match text {
            Some(_) => self.name.as_str(),
            None => "/dev/null",
        };
        TextDiff::from_lines(old, new)
            .unified_diff()
            .context_radius(2)
            .header(side(&self.old), side(&self.new))
            .to_string()
    }

    /// Writes or removes the file. A file is replaced in one step, so that an
    /// interruption leaves the old one or the new one.
    pub(crate) fn apply(&self) -> Result<()> {
        let path = self.path.as_path();
        match &self.new {
            Some(text) => write(path, text),
            None => fs::remove_file(path).map_err(anyhow::Error::from),
        }
        .with_context(|| format!("writing {}", path.display()))
    }
}

/// Writes a file in one step, and the folders that it is in.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("it has no folder")?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is for its owner alone; a source file is for everyone.
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    Ok(())
}

/// Returns the text of a file, or `None` if there is no such file. Line ends are those of Unix,
/// also in a checkout that changed them.
pub(crate) fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}
