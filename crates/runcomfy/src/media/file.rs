//! Local files.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::DataUri;

/// A file, and the bytes that it held if it was read into memory.
pub(super) struct LocalFile {
    path: PathBuf,
    uri: OnceLock<Arc<str>>,
}

/// The reason why a local file cannot be sent. It does not repeat the path.
///
/// ```
/// use runcomfy::{FileError, Media};
///
/// let error = Media::file("missing.png").read(1_000_000).unwrap_err();
/// assert!(matches!(error, FileError::Missing));
/// assert_eq!(error.to_string(), "must be an existing file");
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file does not exist.
    #[error("must be an existing file")]
    Missing,
    /// The path is a folder.
    #[error("must be a file, not a folder")]
    Folder,
    /// The path is something without an end, such as a device.
    #[error("must be an ordinary file, not a device, a pipe or a socket")]
    Special,
    /// The file has no bytes.
    #[error("must not be empty")]
    Empty,
    /// The file has more bytes than allowed.
    #[error("must be at most {max} bytes; put a larger file where RunComfy can fetch it")]
    TooLarge {
        /// The maximum number of bytes.
        max: u64,
    },
    /// The file cannot be read.
    #[error("must be readable: {0}")]
    Unreadable(io::Error),
    /// The file changed after it was measured.
    #[error("must not change until it is sent")]
    Changed,
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

    /// Reads the file unless it was read before. A failure is not kept: the next call tries
    /// again.
    pub(super) fn read(&self, max_bytes: u64) -> Result<(), FileError> {
        if self.uri.get().is_none() {
            let (mut file, _) = open(&self.path, max_bytes)?;
            let uri = DataUri::write(None, &read_to_end(&mut file, max_bytes)?);
            // The first of several concurrent readers decides what all of them send.
            self.uri.get_or_init(|| uri);
        }
        Ok(())
    }
}

/// Opens an ordinary file. Returns it and its size.
pub(super) fn open(path: &Path, max: u64) -> Result<(File, u64), FileError> {
    // Checked before opening, because opening a pipe can block forever.
    let metadata = fs::metadata(path).map_err(file_error)?;
    if metadata.is_dir() {
        return Err(FileError::Folder);
    }
    if !metadata.is_file() {
        return Err(FileError::Special);
    }
    if metadata.len() > max {
        return Err(FileError::TooLarge { max });
    }
    Ok((File::open(path).map_err(file_error)?, metadata.len()))
}

/// Reads a file of at most `max` bytes to its end.
pub(super) fn read_to_end(file: &mut File, max: u64) -> Result<Vec<u8>, FileError> {
    // The file can have grown since, and special filesystems report a length of zero.
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(file_error)?;
    match bytes.len() as u64 {
        0 => Err(FileError::Empty),
        length if length > max => Err(FileError::TooLarge { max }),
        _ => Ok(bytes),
    }
}

pub(super) fn file_error(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing,
        _ => FileError::Unreadable(error),
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
