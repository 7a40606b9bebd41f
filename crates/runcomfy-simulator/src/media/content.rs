//! Bytes of a file. Padding takes no memory.

use std::io::{self, Read, Seek, SeekFrom};

use axum::body::Bytes;

/// Largest chunk that is read at once.
const CHUNK: usize = 64 * 1024;

/// A file as a sequence of parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Bytes(Bytes),
    /// A unit that is repeated up to a length.
    Cycle {
        unit: Bytes,
        length: u64,
    },
}

impl Content {
    pub(crate) fn with(mut self, bytes: impl Into<Bytes>) -> Self {
        self.parts.push(Part::Bytes(bytes.into()));
        self
    }

    pub(crate) fn with_cycle(mut self, unit: impl Into<Bytes>, length: u64) -> Self {
        let unit = unit.into();
        if !unit.is_empty() {
            self.parts.push(Part::Cycle { unit, length });
        }
        self
    }

    pub(crate) fn with_zeros(self, length: u64) -> Self {
        static ZEROS: [u8; CHUNK] = [0; CHUNK];
        self.with_cycle(Bytes::from_static(&ZEROS), length)
    }

    pub(crate) fn len(&self) -> u64 {
        self.parts.iter().map(Part::len).sum()
    }

    /// Returns the memory that the file takes.
    pub(crate) fn held(&self) -> usize {
        self.parts.iter().map(Part::held).sum()
    }

    /// Returns some of the bytes from `at` on, or none at the end.
    pub(crate) fn chunk(&self, at: u64) -> Bytes {
        let mut before = 0;
        for part in &self.parts {
            let within = at - before;
            if within < part.len() {
                return part.chunk(within);
            }
            before += part.len();
        }
        Bytes::new()
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { content: self, at: 0 }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::default().with(bytes)
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Cycle { length, .. } => *length,
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Cycle { unit, .. } => unit.len(),
        }
    }

    /// Returns some of the bytes from `at` on, within the part.
    fn chunk(&self, at: u64) -> Bytes {
        let (source, from) = match self {
            Self::Bytes(bytes) => (bytes, at as usize),
            Self::Cycle { unit, .. } => (unit, (at % unit.len() as u64) as usize),
        };
        let left = usize::try_from(self.len() - at).unwrap_or(usize::MAX);
        let most = (source.len() - from).min(left).min(CHUNK);
        source.slice(from..from + most)
    }
}

/// Reader of a file that can seek.
pub(crate) struct Reader<'a> {
    content: &'a Content,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.content.chunk(self.at);
        let count = chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&chunk[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.content.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        // A position past the end is valid and reads nothing.
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_from_any_position_gives_the_same_bytes() {
        let content = Content::default()
            .with(vec![1, 2, 3])
            .with_cycle(vec![7, 8], 5)
            .with_zeros(0)
            .with_cycle(Vec::new(), 9)
            .with(vec![4]);
        let whole = [1, 2, 3, 7, 8, 7, 8, 7, 4];
        assert_eq!(content.len(), 9);
        for at in 0..=9 {
            let mut reader = content.reader();
            reader.seek(SeekFrom::Start(at)).expect("a place");
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).expect("the rest");
            assert_eq!(rest, whole[at as usize..], "from {at}");
        }
        let mut reader = content.reader();
        assert_eq!(reader.seek(SeekFrom::End(-1)).expect("a place"), 8);
        assert!(reader.seek(SeekFrom::Current(-9)).is_err());
        assert!(content.chunk(100).is_empty());
    }
}
