//! Saved outputs: their kinds and hashes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use runcomfy::client::DownloadedFile;
use sha2::{Digest, Sha256};

use crate::canonical::hex;
use crate::error::Error;
use crate::id::JobId;
use crate::job::{Job, OutputFile, OutputKind};
use crate::ledger::{Ledger, blocking};
use crate::place::file_error;
use crate::store::{self, Change};

/// Number of bytes that are hashed at a time. More than the first bytes of any format.
const CHUNK: usize = 64 * 1024;

impl Ledger {
    /// Writes down where the outputs of a job were saved, for a program that saves them itself.
    ///
    /// # Errors
    ///
    /// [`Error::Illegal`] unless the job has succeeded, and if a file cannot be read.
    pub async fn delivered(&self, id: &JobId, saved: Vec<DownloadedFile>) -> Result<Job, Error> {
        let outputs = output_files(saved).await?;
        store::change(&self.inner.db, id, Change::delivered(&outputs)).await
    }
}

/// Reads saved outputs, for a program that keeps no job of them: their kinds, sizes and hashes.
///
/// # Errors
///
/// If a file cannot be read.
pub async fn output_files(saved: Vec<DownloadedFile>) -> Result<Vec<OutputFile>, Error> {
    blocking(move || saved.into_iter().map(output_file).collect()).await
}

fn output_file(saved: DownloadedFile) -> Result<OutputFile, Error> {
    let path = std::path::absolute(&saved.path).unwrap_or(saved.path);
    let (kind, bytes, sha256) = examine(&path).map_err(|error| file_error(&path, error))?;
    Ok(OutputFile { kind, url: saved.url, path, bytes, sha256 })
}

fn examine(path: &Path) -> io::Result<(OutputKind, u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let (mut kind, mut bytes) = (None, 0);
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.clear();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            return Ok((kind.unwrap_or(OutputKind::Other), bytes, hex(&hash.finalize())));
        }
        kind.get_or_insert_with(|| OutputKind::of(&chunk));
        hash.update(&chunk);
        bytes += chunk.len() as u64;
    }
}
