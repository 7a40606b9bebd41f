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

/// Why a local file cannot go into a request. Its path is not repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there, or not any more.
    #[error("There is no such file.")]
    Missing,
    /// It is a folder.
    #[error("Must be a file, and is a folder.")]
    Folder,
    /// It is something else that has no end, or none that is known.
    #[error("Must be an ordinary file, and is a device, a pipe or a socket.")]
    Special,
    /// It has no bytes.
    #[error("The file is empty.")]
    Empty,
    /// It has more bytes than are taken.
    #[error("A file of at most {most} bytes; put a larger one where RunComfy can fetch it.")]
    TooLarge {
        /// As many bytes are taken.
        most: u64,
    },
    /// It cannot be read.
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
    pub(super) fn read(&self, most: u64) -> Result<(), FileError> {
        if self.uri.get().is_none() {
            let uri = DataUri::write(None, &read(&self.path, most)?);
            // Whoever was quicker has set what everyone sends.
            self.uri.get_or_init(|| uri);
        }
        Ok(())
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing,
        _ => FileError::Unreadable(error),
    };
    // Asked before it is opened, since opening a pipe may wait for ever.
    let about = fs::metadata(path).map_err(problem)?;
    if about.is_dir() {
        return Err(FileError::Folder);
    }
    if !about.is_file() {
        return Err(FileError::Special);
    }
    if about.len() > most {
        return Err(FileError::TooLarge { most });
    }
    // It may have grown since, or be one of those that say that they are empty.
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(problem)?.take(most.saturating_add(1));
    file.read_to_end(&mut bytes).map_err(problem)?;
    match bytes.len() as u64 {
        0 => Err(FileError::Empty),
        length if length > most => Err(FileError::TooLarge { most }),
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
