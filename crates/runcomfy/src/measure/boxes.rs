//! Walks the boxes of MP4, QuickTime and HEIF (ISO/IEC 14496-12, 4.2). A box is a length, a
//! name, and a body that can hold more boxes.
//!
//! The walk is ours because it decides which bytes to fetch: it reads the eight bytes before
//! each body and skips the body. Libraries for these files read all of `moov`, which has a row
//! for every frame.

use super::MAX_STEPS;
use super::sparse_bytes::{ProbeError, SparseBytes};

const BROKEN: &str = "its boxes do not fit into each other";

/// One box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Box {
    pub name: [u8; 4],
    /// Start of its body.
    pub body: u64,
    /// End of its body; `None` if it extends to the end of a file of unknown length.
    pub end: Option<u64>,
}

/// An iterator over the boxes between two positions.
pub(super) struct Boxes<'a> {
    file: &'a SparseBytes<'a>,
    at: u64,
    end: Option<u64>,
    steps: usize,
}

impl<'a> Boxes<'a> {
    /// Walks the boxes of a whole file.
    pub(super) fn of_file(file: &'a SparseBytes<'a>) -> Self {
        Self { file, at: 0, end: file.size(), steps: 0 }
    }

    /// Walks the boxes in a box, after the `own` bytes of its fields.
    pub(super) fn within(file: &'a SparseBytes<'a>, outer: Box, own: u64) -> Self {
        Self { file, at: outer.body.saturating_add(own), end: outer.end, steps: 0 }
    }

    /// Returns the next box, or `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Box>, ProbeError> {
        self.steps += 1;
        if self.end.is_some_and(|end| self.at.saturating_add(8) > end) || self.steps > MAX_STEPS {
            return Ok(None);
        }
        let [a, b, c, d, name @ ..] = self.file.array::<8>(self.at)?;
        let (length, head) = match u32::from_be_bytes([a, b, c, d]) {
            // It extends to the end of the box that contains it.
            0 => (None, 8),
            1 => (Some(self.file.u64(self.at + 8)?), 16),
            length => (Some(u64::from(length)), 8),
        };
        let end = match length {
            None => self.end,
            Some(length) if length < head => return Err(ProbeError::Broken(BROKEN)),
            Some(length) => Some(self.at.checked_add(length).ok_or(ProbeError::Broken(BROKEN))?),
        };
        // Clipped to its parent: walks must never visit a byte twice.
        let end = end.map(|end| self.end.map_or(end, |outer| end.min(outer)));
        let found = Box { name, body: self.at.saturating_add(head), end };
        self.at = end.unwrap_or(u64::MAX);
        Ok(Some(found))
    }

    /// Returns the next box of this name.
    pub(super) fn find(&mut self, name: &[u8; 4]) -> Result<Option<Box>, ProbeError> {
        while let Some(found) = self.next()? {
            if found.name == *name {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Returns `ftyp`, which names the format, if it is before the contents of a file.
pub(super) fn brands(file: &SparseBytes<'_>) -> Result<Option<Box>, ProbeError> {
    let mut boxes = Boxes::of_file(file);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"ftyp" => return Ok(Some(found)),
            b"moov" | b"meta" | b"mdat" => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

impl Box {
    /// Returns the end of its body.
    pub(super) fn until(&self) -> u64 {
        self.end.unwrap_or(u64::MAX)
    }
}
