//! Rewrites MP4 and MOV files with another index position and file size.
//!
//! The padding is at the end of the media data (`mdat`), where the index points at nothing.

use axum::body::Bytes;

use super::content::Content;
use super::header::Header;

/// Path to the tables of chunk offsets: `moov/trak/mdia/minf/stbl/{stco,co64}`.
const PATH: [&[u8; 4]; 4] = [b"trak", b"mdia", b"minf", b"stbl"];

/// Byte range of a box.
#[derive(Debug, Clone, Copy)]
struct Span {
    kind: [u8; 4],
    start: usize,
    end: usize,
}

impl Span {
    /// Returns the end of the box header. Small files have no 64-bit sizes.
    fn body(self) -> usize {
        self.start + 8
    }
}

/// Lays out a file with its index first or last and this many bytes of padding. Returns `None`
/// unless it has exactly one index and one block of media data and no fragments.
pub(super) fn lay_out(file: &'static [u8], header: Header, padding: u64) -> Option<Content> {
    let spans = spans(file, 0, file.len())?;
    let (index, data) = (only(&spans, b"moov")?, only(&spans, b"mdat")?);
    if spans.iter().any(|span| &span.kind == b"moof") {
        return None;
    }
    let others = spans.iter().filter(|span| ![*b"moov", *b"mdat"].contains(&span.kind));
    let before: Vec<u8> =
        others.flat_map(|span| file[span.start..span.end].iter().copied()).collect();

    let index_length = index.end - index.start;
    let data_start = match header {
        Header::First => before.len() + index_length,
        Header::Last => before.len(),
    };
    let moved = i64::try_from(data_start).ok()? - i64::try_from(data.start).ok()?;
    let mut moov = file[index.start..index.end].to_vec();
    move_places(&mut moov, moved)?;

    let size = u32::try_from((data.end - data.start) as u64 + padding).ok()?;
    let open = [size.to_be_bytes(), *b"mdat"].concat();
    let film = Bytes::from_static(&file[data.body()..data.end]);
    let content = Content::default().with(before);
    Some(match header {
        Header::First => content.with(moov).with(open).with(film).with_zeros(padding),
        Header::Last => content.with(open).with(film).with_zeros(padding).with(moov),
    })
}

/// Parses the boxes in a byte range.
fn spans(file: &[u8], start: usize, end: usize) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    let mut at = start;
    while at < end {
        let size = u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?) as usize;
        let kind = file.get(at + 4..at + 8)?.try_into().ok()?;
        if size < 8 || at + size > end {
            return None;
        }
        spans.push(Span { kind, start: at, end: at + size });
        at += size;
    }
    Some(spans)
}

/// Returns the box of a kind if there is exactly one.
fn only(spans: &[Span], kind: &[u8; 4]) -> Option<Span> {
    let mut found = spans.iter().filter(|span| &span.kind == kind);
    found.next().filter(|_| found.next().is_none()).copied()
}

/// Adds `by` to every chunk offset of an index.
fn move_places(moov: &mut [u8], by: i64) -> Option<()> {
    let mut boxes = spans(moov, 8, moov.len())?;
    for step in PATH {
        let mut inner = Vec::new();
        for span in boxes.into_iter().filter(|span| &span.kind == step) {
            inner.extend(spans(moov, span.body(), span.end)?);
        }
        boxes = inner;
    }
    for span in boxes {
        let width = match &span.kind {
            b"stco" => 4,
            b"co64" => 8,
            _ => continue,
        };
        // The table starts with version and flags, then the number of entries.
        for place in moov.get_mut(span.body() + 8..span.end)?.chunks_exact_mut(width) {
            let old = place.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            let new = old.checked_add_signed(by)?.to_be_bytes();
            place.copy_from_slice(&new[8 - width..]);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};

    use super::*;
    use crate::media::Sample;

    /// Returns the bytes at each 32-bit chunk offset, found by the table's name alone.
    fn at_places(content: &Content) -> Vec<[u8; 16]> {
        let mut file = Vec::new();
        content.reader().read_to_end(&mut file).expect("all of it");
        let number =
            |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
        let tables = (0..file.len() - 4).filter(|at| &file[*at..at + 4] == b"stco");
        let places = tables.flat_map(|table| {
            let count = number(table + 8) as usize;
            (0..count).map(move |index| table + 12 + 4 * index)
        });
        let read = |at: usize| {
            let mut reader = content.reader();
            reader.seek(SeekFrom::Start(number(at).into())).expect("a place");
            let mut bytes = [0; 16];
            reader.read_exact(&mut bytes).expect("film");
            bytes
        };
        places.map(read).collect()
    }

    #[test]
    fn a_moved_index_points_at_the_same_film() {
        for name in ["mp4.mp4", "mp4-index-last.mp4", "mp4-sound-first.mp4", "mov.mov", "m4a.m4a"] {
            let sample = Sample::named(name).expect("a sample");
            let before = at_places(&Content::default().with(sample.bytes));
            assert!(!before.is_empty(), "{name}");
            for header in [Header::First, Header::Last] {
                let laid_out = lay_out(sample.bytes, header, 1000).expect("an index");
                assert_eq!(laid_out.len(), sample.bytes.len() as u64 + 1000);
                assert_eq!(at_places(&laid_out), before, "{name} {header:?}");
            }
        }
    }

    #[test]
    fn inconsistent_boxes_are_rejected() {
        let whole = Sample::named("mp4.mp4").expect("a sample").bytes;
        for end in (0..whole.len()).step_by(7) {
            assert!(lay_out(&whole[..end], Header::First, 0).is_none(), "{end}");
        }
        assert!(lay_out(b"\0\0\0\x07moov", Header::First, 0).is_none());
        assert!(lay_out(b"\xFF\xFF\xFF\xFFmoov", Header::First, 0).is_none());
    }
}
