//! The boxes that MP4, QuickTime and HEIF are made of (ISO/IEC 14496-12, 4.2): a length, a
//! name, and a body that may hold more of them.
//!
//! The walk is ours, since it decides which bytes to fetch: it reads the eight bytes before
//! each body and passes over the body. Libraries for these files take all of `moov` into
//! memory, and that has a row for every frame.

use super::MAX_STEPS;
use super::sparse_bytes::{ProbeError, SparseBytes};

const BROKEN: &str = "its boxes do not fit into each other";

/// One box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Box {
    pub name: [u8; 4],
    /// Where its body begins.
    pub body: u64,
    /// Where it ends; `None` of one that goes to the end of a file of unknown length.
    pub end: Option<u64>,
}

/// The boxes between two places, one after the other.
pub(super) struct Boxes<'a> {
    known: &'a SparseBytes<'a>,
    at: u64,
    end: Option<u64>,
    steps: usize,
}

impl<'a> Boxes<'a> {
    /// Those of a whole file.
    pub(super) fn of_file(known: &'a SparseBytes<'a>) -> Self {
        Self { known, at: 0, end: known.size(), steps: 0 }
    }

    /// Those in a box, after so many bytes of its own.
    pub(super) fn within(known: &'a SparseBytes<'a>, outer: Box, own: u64) -> Self {
        Self { known, at: outer.body.saturating_add(own), end: outer.end, steps: 0 }
    }

    /// The next box; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Box>, ProbeError> {
        self.steps += 1;
        if self.end.is_some_and(|end| self.at.saturating_add(8) > end) || self.steps > MAX_STEPS {
            return Ok(None);
        }
        let [a, b, c, d, name @ ..] = self.known.array::<8>(self.at)?;
        let (length, head) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of what it is in.
            0 => (None, 8),
            1 => (Some(self.known.u64(self.at + 8)?), 16),
            length => (Some(u64::from(length)), 8),
        };
        let end = match length {
            None => self.end,
            Some(length) if length < head => return Err(ProbeError::Broken(BROKEN)),
            Some(length) => Some(self.at.checked_add(length).ok_or(ProbeError::Broken(BROKEN))?),
        };
        // None goes beyond what it is in, so that the walks below it stay disjoint.
        let end = end.map(|end| self.end.map_or(end, |outer| end.min(outer)));
        let found = Box { name, body: self.at.saturating_add(head), end };
        self.at = end.unwrap_or(u64::MAX);
        Ok(Some(found))
    }

    /// The next box of this name.
    pub(super) fn find(&mut self, name: &[u8; 4]) -> Result<Option<Box>, ProbeError> {
        while let Some(found) = self.next()? {
            if found.name == *name {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Box {
    /// Where its body ends, past which nothing of it is read.
    pub(super) fn until(&self) -> u64 {
        self.end.unwrap_or(u64::MAX)
    }
}
