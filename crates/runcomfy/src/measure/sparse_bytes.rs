//! The known bytes of a file. Reading stops at a gap.

use std::borrow::Cow;
use std::ops::Range;

/// The reason why a header cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProbeError {
    /// These bytes are not known yet.
    Missing(Range<u64>),
    /// The file ends before these bytes.
    Ends,
    /// The header contradicts itself or its format.
    Broken(&'static str),
}

/// The known bytes of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct SparseBytes<'a> {
    /// Sorted, with a gap between any two.
    parts: Vec<Part<'a>>,
    size: Option<u64>,
}

#[derive(Debug, Clone)]
struct Part<'a> {
    at: u64,
    bytes: Cow<'a, [u8]>,
}

impl Part<'_> {
    fn end(&self) -> u64 {
        self.at.saturating_add(self.bytes.len() as u64)
    }

    /// Returns its bytes from `at` on.
    fn from(&self, at: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(at.checked_sub(self.at)?).ok()?..)
    }
}

impl<'a> SparseBytes<'a> {
    /// Borrows a whole file.
    pub(super) fn borrow(&mut self, bytes: &'a [u8]) {
        self.size = Some(bytes.len() as u64);
        self.parts = vec![Part { at: 0, bytes: Cow::Borrowed(bytes) }];
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(super) fn set_size(&mut self, size: Option<u64>) {
        self.size = size;
    }

    pub(super) fn feed(&mut self, at: u64, bytes: &[u8]) {
        // The part that these bytes extend, or a new one.
        let index = match self.parts.iter().position(|part| part.at <= at && at <= part.end()) {
            Some(index) => index,
            None => {
                let index = self.parts.partition_point(|part| part.at < at);
                self.parts.insert(index, Part { at, bytes: Cow::Owned(Vec::new()) });
                index
            }
        };
        self.extend(index, at, bytes);
        while let Some(next) = self.parts.get(index + 1) {
            if next.at > self.parts[index].end() {
                break;
            }
            let next = self.parts.remove(index + 1);
            self.extend(index, next.at, &next.bytes);
        }
    }

    /// Adds the bytes past the end of a part.
    fn extend(&mut self, index: usize, at: u64, bytes: &[u8]) {
        let part = &mut self.parts[index];
        let known = usize::try_from(part.end().saturating_sub(at)).unwrap_or(usize::MAX);
        if let Some(news) = bytes.get(known..).filter(|news| !news.is_empty()) {
            part.bytes.to_mut().extend_from_slice(news);
        }
    }

    pub(super) fn contiguous(&self) -> u64 {
        self.parts.first().filter(|part| part.at == 0).map_or(0, Part::end)
    }

    /// Returns the place of known bytes that end at `at`, or at most `gap` bytes before.
    pub(super) fn part_before(&self, at: u64, gap: u64) -> Option<Range<u64>> {
        let mut parts = self.parts.iter().map(|part| part.at..part.end());
        parts.find(|part| part.end <= at && at - part.end <= gap)
    }

    #[cfg(all(test, feature = "client"))]
    pub(super) fn known(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes.len() as u64).sum()
    }

    /// Returns `true` if none of these bytes, which begin at `at`, differs from a known one.
    #[cfg(feature = "client")]
    pub(super) fn agrees_with(&self, at: u64, bytes: &[u8]) -> bool {
        let end = at.saturating_add(bytes.len() as u64);
        self.parts.iter().all(|part| {
            let (first, last) = (part.at.max(at), part.end().min(end));
            let length = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX);
            let offset = usize::try_from(first.saturating_sub(at)).unwrap_or(usize::MAX);
            let given = bytes.get(offset..).and_then(|bytes| bytes.get(..length));
            length == 0 || part.from(first).and_then(|known| known.get(..length)) == given
        })
    }

    /// Returns all bytes that are known from `at` on without a gap.
    pub(super) fn some(&self, at: u64) -> Option<&[u8]> {
        let bytes = self.parts.iter().rev().find_map(|part| part.from(at))?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Returns at least one byte at `at`, and all that are known after it without a gap.
    pub(super) fn some_within(&self, at: u64) -> Result<&[u8], ProbeError> {
        self.get(at, 1)?;
        let known = self.some(at).unwrap_or_default();
        // There may be more bytes than the reported size.
        let rest = self.size.map_or(u64::MAX, |size| size.saturating_sub(at));
        Ok(known.get(..usize::try_from(rest).unwrap_or(usize::MAX)).unwrap_or(known))
    }

    /// Returns `length` bytes at `at`.
    pub(super) fn get(&self, at: u64, length: usize) -> Result<&[u8], ProbeError> {
        let end = at.checked_add(length as u64).ok_or(ProbeError::Ends)?;
        if self.size.is_some_and(|size| end > size) {
            return Err(ProbeError::Ends);
        }
        let some = self.some(at).unwrap_or_default();
        some.get(..length).ok_or_else(|| ProbeError::Missing(at + some.len() as u64..end))
    }

    /// Returns the bytes at `at` as an array, for numbers.
    pub(super) fn array<const N: usize>(&self, at: u64) -> Result<[u8; N], ProbeError> {
        let bytes = self.get(at, N)?;
        bytes.try_into().map_err(|_| ProbeError::Ends)
    }

    pub(super) fn u16(&self, at: u64) -> Result<u16, ProbeError> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&self, at: u64) -> Result<u32, ProbeError> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(super) fn u64(&self, at: u64) -> Result<u64, ProbeError> {
        self.array(at).map(u64::from_be_bytes)
    }

    pub(super) fn u8(&self, at: u64) -> Result<u8, ProbeError> {
        self.array(at).map(|[byte]| byte)
    }

    /// Returns the first `length` bytes of the file, or all of a shorter file.
    pub(super) fn head(&self, length: usize) -> Result<&[u8], ProbeError> {
        let size = self.size.and_then(|size| usize::try_from(size).ok());
        self.get(0, size.map_or(length, |size| size.min(length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_merge_in_any_order() {
        let all: Vec<u8> = (0..=255).collect();
        for pieces in
            [[0..90, 60..200, 190..256], [190..256, 0..90, 60..200], [90..91, 0..256, 5..6]]
        {
            let mut known = SparseBytes::default();
            for piece in pieces.clone() {
                known.feed(piece.start as u64, &all[piece]);
            }
            assert_eq!((known.parts.len(), known.contiguous()), (1, 256), "{pieces:?}");
            assert_eq!(known.get(0, 256), Ok(all.as_slice()), "{pieces:?}");
            let before = [255, 256, 260, 261].map(|at| known.part_before(at, 4));
            assert_eq!(before, [None, Some(0..256), Some(0..256), None], "{pieces:?}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_changed_byte_of_a_known_part_disagrees() {
        let mut known = SparseBytes::default();
        known.feed(0, b"head");
        known.feed(10, b"tail");
        for (at, bytes, agrees) in [
            (0, b"head......tail..".as_slice(), true),
            (0, b"head......tall..", false),
            (0, b"heap......tail..", false),
            (2, b"ad", true),
            (2, b"ax", false),
            (3, b"d", true),
            (4, b"anything", false),
            (4, b"anythi", true),
            (12, b"il and more", true),
            (14, b"more", true),
            (u64::MAX, b"more", true),
        ] {
            assert_eq!(known.agrees_with(at, bytes), agrees, "{at}: {bytes:?}");
        }
    }

    #[test]
    fn unknown_bytes_differ_from_bytes_past_the_end() {
        let mut known = SparseBytes::default();
        known.feed(10, &[1, 2, 3]);
        assert_eq!(known.get(11, 2), Ok([2, 3].as_slice()));
        assert_eq!(known.get(11, 4), Err(ProbeError::Missing(13..15)));
        assert_eq!(known.get(8, 4), Err(ProbeError::Missing(8..12)));
        assert_eq!(known.get(u64::MAX, 4), Err(ProbeError::Ends));
        known.set_size(Some(14));
        assert_eq!(known.get(11, 4), Err(ProbeError::Ends));
        assert_eq!(known.head(512), Err(ProbeError::Missing(0..14)));
    }
}
