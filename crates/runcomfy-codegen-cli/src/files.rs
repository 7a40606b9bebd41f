//! Text files: reading them, and changing them with the difference to show. A file is written
//! whole or not at all.

use std::fs::{self, FileType};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use runcomfy_codegen::escape_control;
use similar::TextDiff;

use crate::terminal::coloured_diff;

/// A change of one file.
#[derive(Debug)]
pub struct Change {
    path: PathBuf,
    /// The path as messages name it, with `/`.
    name: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    /// Creates the change that gives a file this text, or removes it. Returns `None` if the
    /// file is so already.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub fn of(path: PathBuf, name: String, new: Option<String>) -> Result<Option<Self>> {
        let old = text(&path)?;
        Ok((old != new).then_some(Self { path, name, old, new }))
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the new text. `None` removes the file.
    pub(crate) fn new_text(&self) -> Option<&str> {
        self.new.as_deref()
    }

    /// Returns one line about it.
    pub(crate) fn summary(&self) -> String {
        let kind = match (&self.old, &self.new) {
            (None, _) => "new",
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "gone",
        };
        format!("{kind:8}{}", escape_control(&self.name))
    }

    /// Returns `true` if it creates this file.
    pub(crate) fn is_new_file(&self, path: &Path) -> bool {
        self.old.is_none() && self.path == path
    }

    /// Returns `true` if the file exists before and after.
    pub(crate) fn is_edit(&self) -> bool {
        self.old.is_some() && self.new.is_some()
    }

    /// Returns the difference in the form of `diff -u`, in colour.
    pub(crate) fn diff(&self) -> String {
        let (old, new) = (self.old.as_deref().unwrap_or(""), self.new.as_deref().unwrap_or(""));
        let diff = TextDiff::from_lines(old, new)
            .unified_diff()
            .context_radius(2)
            .header(self.header(&self.old), self.header(&self.new))
            .to_string();
        coloured_diff(&escape_lines(&diff))
    }

    fn header(&self, side: &Option<String>) -> &str {
        if side.is_some() { &self.name } else { "/dev/null" }
    }

    /// Writes or removes the file. A file is replaced in one step: an interruption
    /// leaves the old one or the new one.
    pub(crate) fn apply(&self) -> Result<()> {
        let path = self.path.as_path();
        match &self.new {
            Some(text) => write(path, text),
            None => fs::remove_file(path).map_err(anyhow::Error::from),
        }
        .with_context(|| format!("writing {}", path.display()))
    }
}

/// Escapes what a terminal would obey or hide, but for line breaks.
pub(crate) fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape_control).collect::<Vec<_>>().join("\n")
}

/// The prefix of the name of a file that is being written.
const PARTIAL: &str = ".writing-";

/// Removes files that interrupted runs have left behind, and names them.
pub(crate) fn remove_leftovers(leftovers: &[PathBuf]) -> Result<()> {
    for path in leftovers {
        fs::remove_file(path).with_context(|| format!("removing {}", path.display()))?;
        let path = escape_control(&path.display().to_string());
        anstream::eprintln!("removed {path}, which an interrupted run left behind");
    }
    Ok(())
}

/// Returns the files that interrupted runs have left behind in a folder and in every folder below
/// it. Follows no links.
pub(crate) fn leftovers(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut leftovers = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        leftovers.extend(leftovers_of(&folder)?);
        open.extend(folders_in(&folder)?);
    }
    leftovers.sort();
    Ok(leftovers)
}

/// Same as [`leftovers`], without the folders below it.
pub(crate) fn leftovers_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = entries(folder)?.into_iter().filter(|entry| !entry.kind.is_dir());
    let leftovers = files.filter(|entry| entry.name.strip_prefix(PARTIAL).is_some_and(is_random));
    Ok(leftovers.map(|entry| entry.path).collect())
}

/// Returns the folders in a folder. Follows no links.
pub(crate) fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let folders = entries(folder)?.into_iter().filter(|entry| entry.kind.is_dir());
    Ok(folders.map(|entry| entry.path).collect())
}

/// An entry of a folder. A link is neither a file nor a folder.
pub(crate) struct Entry {
    pub name: String,
    pub path: PathBuf,
    pub kind: FileType,
}

/// Returns the entries of a folder. One that does not exist has none.
pub(crate) fn entries(folder: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    if !folder.is_dir() {
        return Ok(entries);
    }
    let reading = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    for entry in reading.with_context(|| format!("reading {}", folder.display()))? {
        let kind = entry.file_type().with_context(|| format!("reading {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.push(Entry { name, path: entry.path(), kind });
    }
    Ok(entries)
}

/// Returns `true` if `tempfile` may have made up the end of this file's name.
fn is_random(end: &str) -> bool {
    end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Writes a file in one step, and the folders that it is in.
///
/// # Errors
///
/// Returns an error if the file cannot be written. It is then as it was before.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("the path has no folder")?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(folder)?;
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
///
/// # Errors
///
/// Returns an error if the file cannot be read.
pub fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}
