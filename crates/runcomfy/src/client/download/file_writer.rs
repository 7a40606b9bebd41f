//! Writes a file in large pieces on another thread, while more of it is received.

use std::fs::File;
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::mem::take;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

/// Number of bytes that are written at once: so many that starting on another thread costs little.
const PIECE: usize = 1024 * 1024;
/// Maximum number of chunks in a piece. Systems write no more of them at once.
const MAX_CHUNKS: usize = 1024;

/// A file that is being written. Chunks are not copied.
pub(super) struct FileWriter {
    file: Arc<File>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    /// The piece that is being written. The next one has to wait for it.
    writing: Option<JoinHandle<io::Result<()>>>,
}

impl FileWriter {
    pub(super) fn new(file: File) -> Self {
        Self { file: Arc::new(file), waiting: Vec::new(), waiting_bytes: 0, writing: None }
    }

    /// Adds a chunk. Returns at once, unless two pieces are full. An error may be that of an
    /// earlier chunk.
    pub(super) async fn add(&mut self, chunk: Bytes) -> io::Result<()> {
        self.waiting_bytes += chunk.len();
        self.waiting.push(chunk);
        if self.waiting_bytes >= PIECE || self.waiting.len() >= MAX_CHUNKS {
            self.start_writing().await?;
        }
        Ok(())
    }

    /// Removes everything that was added.
    pub(super) async fn clear(&mut self) -> io::Result<()> {
        (self.waiting, self.waiting_bytes) = (Vec::new(), 0);
        self.end_writing().await?;
        self.file.set_len(0)?;
        (&*self.file).seek(SeekFrom::Start(0)).map(drop)
    }

    /// Writes everything that was added to the disk.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.start_writing().await?;
        self.end_writing().await?;
        let file = self.file.clone();
        joined(spawn_blocking(move || file.sync_all()).await)
    }

    async fn start_writing(&mut self) -> io::Result<()> {
        self.end_writing().await?;
        let (file, chunks) = (self.file.clone(), take(&mut self.waiting));
        self.waiting_bytes = 0;
        self.writing = Some(spawn_blocking(move || write_all(&file, &chunks)));
        Ok(())
    }

    async fn end_writing(&mut self) -> io::Result<()> {
        match &mut self.writing {
            Some(writing) => {
                let outcome = joined(writing.await);
                self.writing = None;
                outcome
            }
            None => Ok(()),
        }
    }
}

fn joined(outcome: Result<io::Result<()>, tokio::task::JoinError>) -> io::Result<()> {
    outcome.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Writes chunks in their order, without copying them into one.
fn write_all(mut file: &File, chunks: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks.iter().map(|chunk| IoSlice::new(chunk)).collect();
    let mut rest = slices.as_mut_slice();
    // Removes empty slices in front: nothing may be left to write.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_of_any_size_are_written_in_order() {
        let mut file = tempfile::NamedTempFile::new().expect("there is room");
        let mut writer = FileWriter::new(file.reopen().expect("it is there"));
        writer.add(Bytes::from_static(b"of another version")).await.expect("there is room");
        writer.clear().await.expect("there is room");
        let mut all = Vec::new();
        let sizes = [0, 1, PIECE - 1, 0, PIECE, 3 * PIECE + 7, 5].into_iter();
        for (index, size) in sizes.chain([1; 2 * MAX_CHUNKS + 3]).enumerate() {
            let chunk: Vec<u8> = (0..size).map(|at| (index + at / 100) as u8).collect();
            all.extend_from_slice(&chunk);
            writer.add(chunk.into()).await.expect("there is room");
        }
        writer.finish().await.expect("there is room");
        let mut written = Vec::new();
        io::Read::read_to_end(&mut file, &mut written).expect("it is there");
        assert!(written == all, "{} of {}", written.len(), all.len());

        writer.clear().await.expect("it can be emptied");
        writer.add(Bytes::from_static(b"again")).await.expect("there is room");
        writer.finish().await.expect("there is room");
        assert_eq!(std::fs::read(file.path()).expect("it is there"), b"again");
    }

    #[tokio::test]
    async fn an_error_of_writing_is_not_lost() {
        let file = tempfile::NamedTempFile::new().expect("there is room");
        let read_only = File::open(file.path()).expect("it is there");
        let mut writer = FileWriter::new(read_only);
        writer.add(Bytes::from_static(b"lost?")).await.expect("it is not written yet");
        assert!(writer.finish().await.is_err());
        assert!(writer.finish().await.is_ok(), "it is reported once");
    }
}
