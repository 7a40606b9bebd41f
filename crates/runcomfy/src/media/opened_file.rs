//! Local files that are measured from a few bytes, and read while they are sent.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc32fast::Hasher;

use super::data_uri::UNKNOWN;
use super::file::{FileError, file_error, open};
use super::{DataUri, Format};
use crate::measure::{Probe, ProbeResult, ProbeStep};

/// Minimum number of bytes of a read: a page, which holds the header of most files.
const BLOCK: u64 = 4096;
/// A file whose header needs more reads or bytes is read whole instead.
const MAX_READS: usize = 320;
const MAX_HEADER_BYTES: u64 = 256 * 1024;
/// A file of at most this size is kept in memory to be sent. It needs no open file, of which a
/// system allows a process a few hundred.
const MAX_KEPT: u64 = 192 * 1024;
/// Number of bytes that are encoded at once while a file is sent: a multiple of three.
const ENCODED_AT_ONCE: u64 = 48 * 1024;
/// Number of bytes that are read at once: a divisor of the above, and a multiple of three.
const READ_AT_ONCE: usize = 24 * 1024;

/// The reason for opening a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedFor {
    Measuring,
    Sending,
}

/// A local file that was opened once and measured.
pub(crate) struct OpenedFile {
    path: PathBuf,
    bytes: u64,
    content_type: &'static str,
    result: ProbeResult,
    /// The bytes that were measured.
    measured: Probe<'static>,
    content: Content,
}

enum Content {
    /// It was opened for measuring only.
    Dropped,
    Memory(Vec<u8>),
    Disk(Mutex<File>),
}

/// A file on disk with its checksum, which is compared while the file is sent.
#[derive(Clone)]
pub(crate) struct SealedFile {
    file: Arc<OpenedFile>,
    checksum: u32,
}

/// A file with its checksum, or its bytes.
pub(crate) enum Sealed<'a> {
    Memory(&'a [u8]),
    Disk(SealedFile),
}

/// The progress of sending a file.
#[derive(Clone, Default)]
pub(crate) struct SendingState {
    at: u64,
    hasher: Hasher,
}

impl OpenedFile {
    /// Opens a file of at most `max_bytes` and measures it. Reads only the bytes that its header
    /// needs.
    pub(crate) fn open(path: &Path, max_bytes: u64, wanted: OpenedFor) -> Result<Self, FileError> {
        let (mut file, bytes) = open(path, max_bytes)?;
        let is_kept = bytes <= MAX_KEPT && wanted == OpenedFor::Sending;
        let mut measured = Probe::new();
        // Special filesystems report a length of zero.
        if !is_kept && bytes > 0 {
            measured.set_size(bytes);
            if let Some(result) = measure(&mut file, bytes, &mut measured)? {
                let content_type = content_type(measured.head());
                let content = match wanted {
                    OpenedFor::Measuring => Content::Dropped,
                    OpenedFor::Sending => Content::Disk(Mutex::new(file)),
                };
                let path = path.to_owned();
                return Ok(Self { path, bytes, content_type, result, measured, content });
            }
        }
        let content = read_whole(&mut file, max_bytes)?;
        Ok(Self {
            path: path.to_owned(),
            bytes: content.len() as u64,
            content_type: content_type(&content),
            result: Probe::whole(&content).partial(),
            measured: Probe::new(),
            content: match wanted {
                OpenedFor::Measuring => Content::Dropped,
                OpenedFor::Sending => Content::Memory(content),
            },
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn result(&self) -> ProbeResult {
        self.result
    }

    pub(crate) fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Returns its data URI without the data.
    pub(crate) fn uri_head(&self) -> String {
        DataUri::head(self.content_type)
    }

    /// Returns the number of base64 characters of its data.
    pub(crate) fn encoded_length(&self) -> u64 {
        self.bytes.div_ceil(3).saturating_mul(4)
    }

    /// Reads a file on disk to its end for its checksum. Fails if a byte that was measured has
    /// changed, or if the file was opened for measuring only.
    pub(crate) fn seal(self: &Arc<Self>) -> Result<Sealed<'_>, FileError> {
        match &self.content {
            Content::Dropped => Err(FileError::Changed),
            Content::Memory(bytes) => Ok(Sealed::Memory(bytes)),
            Content::Disk(_) => {
                let mut hasher = Hasher::new();
                let mut buffer = [0; READ_AT_ONCE];
                let mut at = 0;
                while at < self.bytes {
                    let bytes = self.read_at(at, &mut buffer)?;
                    if !self.measured.agrees_with(at, bytes) {
                        return Err(FileError::Changed);
                    }
                    hasher.update(bytes);
                    at += bytes.len() as u64;
                }
                Ok(Sealed::Disk(SealedFile { file: self.clone(), checksum: hasher.finalize() }))
            }
        }
    }

    /// Fills the buffer from `at` on, or with all up to the end of the file as it was measured.
    fn read_at<'a>(&self, at: u64, buffer: &'a mut [u8]) -> Result<&'a [u8], FileError> {
        let Content::Disk(file) = &self.content else { return Err(FileError::Changed) };
        let left = usize::try_from(self.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        // Several submits may send the same file.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at)).map_err(file_error)?;
        read_exact(&mut file, buffer)?;
        Ok(buffer)
    }
}

impl SealedFile {
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Returns the base64 of the next bytes, or `None` at the end. Fails before the last of them
    /// if the file is not the one that was sealed.
    pub(crate) fn encode_next(
        &self,
        state: &mut SendingState,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let end = state.at.saturating_add(ENCODED_AT_ONCE).min(self.file.bytes);
        if state.at >= end {
            return Ok(None);
        }
        let length = usize::try_from(end - state.at).unwrap_or_default();
        let mut encoded = vec![0; length.div_ceil(3) * 4];
        let mut written = 0;
        let mut buffer = [0; READ_AT_ONCE];
        while state.at < end {
            let bytes = self.file.read_at(state.at, &mut buffer)?;
            state.hasher.update(bytes);
            state.at += bytes.len() as u64;
            let rest = encoded.get_mut(written..).unwrap_or_default();
            written += STANDARD.encode_slice(bytes, rest).map_err(|_| FileError::Changed)?;
        }
        if end == self.file.bytes && state.hasher.clone().finalize() != self.checksum {
            return Err(FileError::Changed);
        }
        Ok(Some(encoded))
    }
}

/// Measures an open file. Returns `None` if its header needs too many reads.
fn measure(
    file: &mut File,
    size: u64,
    probe: &mut Probe<'static>,
) -> Result<Option<ProbeResult>, FileError> {
    let (mut position, mut left) = (0, MAX_HEADER_BYTES);
    let mut buffer = Vec::new();
    for _ in 0..MAX_READS {
        let range = match probe.step() {
            ProbeStep::Measured(result) => return Ok(Some(result)),
            ProbeStep::Read(range) => probe.widened(&range, BLOCK),
        };
        let length = range.end.min(size).saturating_sub(range.start);
        if length > left {
            break;
        }
        buffer.resize(usize::try_from(length).unwrap_or_default(), 0);
        if position != range.start {
            file.seek(SeekFrom::Start(range.start)).map_err(file_error)?;
        }
        read_exact(file, &mut buffer)?;
        (position, left) = (range.start + length, left - length);
        probe.feed(range.start, &buffer);
    }
    Ok(None)
}

/// Fills the buffer. A file that ends before that has changed.
fn read_exact(file: &mut File, buffer: &mut [u8]) -> Result<(), FileError> {
    file.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => FileError::Changed,
        _ => file_error(error),
    })
}

fn read_whole(file: &mut File, max: u64) -> Result<Vec<u8>, FileError> {
    file.seek(SeekFrom::Start(0)).map_err(file_error)?;
    super::file::read_to_end(file, max)
}

fn content_type(head: &[u8]) -> &'static str {
    Format::sniff(head).map_or(UNKNOWN, Format::content_type)
}

impl std::fmt::Debug for OpenedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedFile").field("path", &self.path).field("bytes", &self.bytes).finish()
    }
}

#[cfg(test)]
mod tests;
