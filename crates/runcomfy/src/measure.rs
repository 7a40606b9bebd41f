//! Measuring media by its header, without decoding it and without doing any I/O.
//!
//! [`Measuring`] is told bytes of a file and asks for those that it needs next, so that a
//! program that fetches them from anywhere fetches few. [`MediaInfo::of_bytes`] does the same
//! over a file in memory.
//!
//! What is read is hostile until proven: whatever the bytes are, measuring ends after work
//! that their number bounds, allocates nothing of a size that they say, and does not panic.

mod boxes;
mod exif;
mod heif;
mod matroska;
mod mp4;
mod picture;
mod sound;
mod sparse_bytes;

use std::ops::Range;
use std::time::Duration;

use sparse_bytes::{ProbeError, SparseBytes};

use crate::media::{Format, MediaInfo, MediaKind};

/// As many boxes, chunks, segments or elements are walked over on one level; real files
/// have a few dozen before what is looked for.
const MAX_STEPS: usize = 10_000;

/// A file that is being measured.
#[derive(Debug, Clone, Default)]
pub struct Probe<'a> {
    known: SparseBytes<'a>,
}

/// What measuring needs or gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeStep {
    /// These bytes of the file are needed, and are not known yet.
    Read(Range<u64>),
    /// This is what there is to know.
    Measured(ProbeResult),
}

/// What the header of a file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeResult {
    /// What was measured.
    pub facts: MediaInfo,
    /// Why a width or height that a file of this kind has was not found.
    pub problem: Option<&'static str>,
}

/// What one format's header says.
#[derive(Debug, Clone, Copy, Default)]
struct Header {
    size: Option<(u32, u32)>,
    duration: Option<Duration>,
    /// Where a format may be of more than one kind.
    kind: Option<MediaKind>,
}

impl<'a> Probe<'a> {
    /// A file of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file that is in memory as a whole.
    pub fn whole(bytes: &'a [u8]) -> Self {
        let mut known = SparseBytes::default();
        known.borrow(bytes);
        Self { known }
    }

    /// Tells how many bytes the file has.
    pub fn set_size(&mut self, bytes: u64) {
        self.known.set_size(Some(bytes));
    }

    /// Forgets how many bytes the file has: what was said is not to be trusted.
    pub fn forget_size(&mut self) {
        self.known.set_size(None);
    }

    /// Tells the bytes of the file that begin at `at`. What is known already stays.
    pub fn feed(&mut self, at: u64, bytes: &[u8]) {
        self.known.feed(at, bytes);
    }

    /// How many bytes are known without a gap from the beginning of the file.
    pub fn known_prefix(&self) -> u64 {
        self.known.contiguous()
    }

    /// What is needed, or what there is to know.
    ///
    /// ```
    /// use runcomfy::measure::{Probe, ProbeStep};
    ///
    /// let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))?;
    /// let mut measuring = Probe::new();
    /// let reading = loop {
    ///     match measuring.step() {
    ///         ProbeStep::Measured(reading) => break reading,
    ///         ProbeStep::Read(range) => {
    ///             let end = file.len().min(range.end as usize);
    ///             measuring.set_size(file.len() as u64);
    ///             measuring.feed(range.start, &file[range.start as usize..end]);
    ///         }
    ///     }
    /// };
    /// assert_eq!(reading.facts.format, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn step(&self) -> ProbeStep {
        match self.reading() {
            Ok(reading) => ProbeStep::Measured(reading),
            Err(range) => ProbeStep::Read(range),
        }
    }

    /// What is known without reading further: that of [`Probe::step`], or as much of it
    /// as the bytes so far tell.
    pub fn partial(&self) -> ProbeResult {
        self.reading().unwrap_or_else(|_| {
            let head = self.known.some(0).unwrap_or_default();
            let format = Format::sniff(head);
            let facts = MediaInfo { bytes: self.known.size(), ..MediaInfo::default() };
            let facts = format.map_or(facts, |format| facts.with_format(format));
            ProbeResult { facts, problem: None }
        })
    }

    fn reading(&self) -> Result<ProbeResult, Range<u64>> {
        let known = &self.known;
        let mut facts = MediaInfo { bytes: known.size(), ..MediaInfo::default() };
        let format = match known.head(Format::SNIFFED_BYTES) {
            Ok(head) => Format::sniff(head),
            Err(ProbeError::Missing(range)) => return Err(range),
            Err(ProbeError::Ends | ProbeError::Broken(_)) => None,
        };
        let Some(mut format) = format else { return Ok(ProbeResult { facts, problem: None }) };
        let header = match format {
            Format::Png | Format::Gif | Format::WebP | Format::Tiff => picture::size(known, format),
            Format::Jpeg => picture::jpeg(known),
            Format::Bmp => picture::bmp(known),
            Format::Avif | Format::Heic => heif::header(known),
            Format::Mp4 | Format::Mov | Format::M4a => mp4::header(known),
            Format::WebM | Format::Matroska => matroska::header(known, &mut format),
            Format::Wav => sound::wav(known),
            Format::Flac => sound::flac(known),
            Format::Mp3 | Format::Ogg | Format::Other(..) => Ok(Header::default()),
        };
        facts = facts.with_format(format);
        let problem = match header {
            Ok(header) => {
                facts.kind = header.kind.or(facts.kind);
                facts.duration = header.duration;
                match header.size {
                    Some((0, _) | (_, 0)) => Some("its header says that it has no pixels"),
                    Some((width, height)) => {
                        (facts.width, facts.height) = (Some(width), Some(height));
                        None
                    }
                    None => None,
                }
            }
            Err(ProbeError::Missing(range)) => return Err(range),
            Err(ProbeError::Ends) => Some("the file ends before its header says what it is"),
            Err(ProbeError::Broken(what)) => Some(what),
        };
        Ok(ProbeResult { facts, problem })
    }
}

impl MediaInfo {
    /// What the header of a file in memory says.
    ///
    /// ```
    /// use runcomfy::media::MediaInfo;
    ///
    /// let facts = MediaInfo::of_bytes(b"GIF89a\x40\x01\xf0\x00\x00\x00\x00");
    /// assert_eq!((facts.width, facts.height, facts.bytes), (Some(320), Some(240), Some(13)));
    /// ```
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Probe::whole(bytes).partial().facts
    }
}

/// Turns a size by the quarter turns of a rotation.
fn turned((width, height): (u32, u32), turn: bool) -> (u32, u32) {
    if turn { (height, width) } else { (width, height) }
}

/// A duration of so many units of which `per_second` make a second; `None` where that says
/// nothing.
fn duration(units: u64, per_second: u64) -> Option<Duration> {
    if units == 0 || per_second == 0 {
        return None;
    }
    let nanos = u128::from(units % per_second) * 1_000_000_000 / u128::from(per_second);
    Some(Duration::new(units / per_second, u32::try_from(nanos).ok()?))
}

#[cfg(test)]
mod tests;
