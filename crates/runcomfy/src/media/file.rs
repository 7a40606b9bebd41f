//! Local files, read once.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::DataUri;

/// A file, and what it held when it was read.
pub(super) struct LocalFile {
    path: PathBuf,
    uri: OnceLock<Arc<str>>,
}

/// Why a file cannot go into a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileProblem {
    #[error("There is no such file.")]
    Missing,
    #[error("Must be a file, and is a folder.")]
    Folder,
    #[error("Must be an ordinary file, and is a device, a pipe or a socket.")]
    Special,
    #[error("The file is empty.")]
    Empty,
    #[error("A file of at most {most} bytes; put a larger one where RunComfy can fetch it.")]
    TooLarge { most: u64 },
    #[error("The file cannot be read: {0}.")]
    Unreadable(io::Error),
}

impl LocalFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, uri: OnceLock::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn wire(&self) -> Option<&str> {
        self.uri.get().map(AsRef::as_ref)
    }

    /// Reads it, unless that was done. A failure is not kept: the next call tries again.
    pub(super) fn read(&self, most: u64) -> Result<(), FileProblem> {
        if self.uri.get().is_none() {
            let uri = DataUri::write(None, &read(&self.path, most)?);
            // Whoever was quicker has set what everyone sends.
            self.uri.get_or_init(|| uri);
        }
        Ok(())
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileProblem> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileProblem::Missing,
        _ => FileProblem::Unreadable(error),
    };
    // Asked before it is opened, since opening a pipe may wait for ever.
    let about = fs::metadata(path).map_err(problem)?;
    if about.is_dir() {
        return Err(FileProblem::Folder);
    }
    if !about.is_file() {
        return Err(FileProblem::Special);
    }
    if about.len() > most {
        return Err(FileProblem::TooLarge { most });
    }
    // It may have grown since, or be one of those that say that they are empty.
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(problem)?.take(most.saturating_add(1));
    file.read_to_end(&mut bytes).map_err(problem)?;
    match bytes.len() as u64 {
        0 => Err(FileProblem::Empty),
        length if length > most => Err(FileProblem::TooLarge { most }),
        _ => Ok(bytes),
    }
}

impl PartialEq for LocalFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for LocalFile {}

impl Hash for LocalFile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}
