//! Measures media by its header, without decoding it and without I/O.
//!
//! [`Probe`] is a sans-I/O state machine: feed it bytes, and it asks for the next range that it
//! needs. A program that fetches a file from anywhere therefore fetches little of it.
//! [`MediaInfo::of_bytes`] measures a file in memory.
//!
//! Files are untrusted input. For any bytes, measuring does an amount of work bounded by their
//! number, allocates nothing of a size that they claim, and does not panic. No library offers
//! all three, so the containers are parsed here; the parsers are fuzzed.

mod boxes;
mod heif;
mod matroska;
mod mp4;
mod picture;
mod sound;
mod sparse_bytes;
mod tiff;

use std::ops::Range;
use std::time::Duration;

use sparse_bytes::{ProbeError, SparseBytes};

use crate::media::{Format, MediaInfo, MediaKind};

/// Maximum number of boxes, chunks, segments or elements that are walked over on one level.
/// Real files have a few dozen before what is looked for.
const MAX_STEPS: usize = 10_000;
/// A gap of at most this many bytes is read too.
const MAX_GAP: u64 = 256;

/// A file that is being measured.
#[derive(Debug, Clone, Default)]
pub struct Probe<'a> {
    file: SparseBytes<'a>,
}

/// The next step of a [`Probe`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeStep {
    /// The probe needs these bytes of the file.
    Read(Range<u64>),
    /// The file is measured.
    Measured(ProbeResult),
}

/// The facts that the header of a file gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeResult {
    /// The measured facts.
    pub info: MediaInfo,
    /// The reason why a width or height that this kind of file has was not found.
    pub problem: Option<&'static str>,
}

/// The facts that the header of one format gives.
#[derive(Debug, Clone, Copy, Default)]
struct Header {
    size: Option<(u32, u32)>,
    duration: Option<Duration>,
    /// Set by formats that can be of more than one kind.
    kind: Option<MediaKind>,
}

impl<'a> Probe<'a> {
    /// Creates a probe of a file with no known bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a probe of a whole file in memory.
    pub fn whole(bytes: &'a [u8]) -> Self {
        let mut file = SparseBytes::default();
        file.borrow(bytes);
        Self { file }
    }

    /// Sets the size of the file.
    pub fn set_size(&mut self, bytes: u64) {
        self.file.set_size(Some(bytes));
    }

    /// Forgets the size of the file, because it cannot be trusted.
    pub fn forget_size(&mut self) {
        self.file.set_size(None);
    }

    /// Adds the bytes of the file that begin at `at`. Bytes that are known already stay as they
    /// are.
    pub fn feed(&mut self, at: u64, bytes: &[u8]) {
        self.file.feed(at, bytes);
    }

    /// Returns the number of known bytes.
    #[cfg(all(test, feature = "client"))]
    pub(crate) fn known_bytes(&self) -> u64 {
        self.file.known()
    }

    /// Widens a range that is needed to at least `block` bytes. Close behind known bytes, it becomes
    /// as long as those: each step walks over what is known again, and so there are few.
    pub fn widened(&self, range: &Range<u64>, block: u64) -> Range<u64> {
        let known = self.file.part_before(range.start, MAX_GAP);
        let known = known.unwrap_or(range.start..range.start);
        let length = block.max(known.end - known.start);
        known.end..range.end.max(known.end.saturating_add(length))
    }

    /// Returns the bytes that are known from the beginning of the file on.
    #[cfg(feature = "client")]
    pub(crate) fn head(&self) -> &[u8] {
        self.file.some(0).unwrap_or_default()
    }

    /// Returns `true` if none of these bytes, which begin at `at`, differs from a known one.
    #[cfg(feature = "client")]
    pub(crate) fn agrees_with(&self, at: u64, bytes: &[u8]) -> bool {
        self.file.agrees_with(at, bytes)
    }

    /// Returns the number of bytes that are known without a gap from the beginning of the file.
    pub fn known_prefix(&self) -> u64 {
        self.file.contiguous()
    }

    /// Returns the bytes that are needed next, or the result.
    ///
    /// ```
    /// use runcomfy::measure::{Probe, ProbeStep};
    ///
    /// let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))?;
    /// let mut probe = Probe::new();
    /// let result = loop {
    ///     match probe.step() {
    ///         ProbeStep::Measured(result) => break result,
    ///         ProbeStep::Read(range) => {
    ///             let end = file.len().min(range.end as usize);
    ///             probe.set_size(file.len() as u64);
    ///             probe.feed(range.start, &file[range.start as usize..end]);
    ///         }
    ///     }
    /// };
    /// assert_eq!(result.info.format, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn step(&self) -> ProbeStep {
        match self.result() {
            Ok(result) => ProbeStep::Measured(result),
            Err(range) => ProbeStep::Read(range),
        }
    }

    /// Returns the result without reading on: that of [`Probe::step`], or as much of it as the
    /// known bytes give.
    pub fn partial(&self) -> ProbeResult {
        self.result().unwrap_or_else(|_| {
            let head = self.file.some(0).unwrap_or_default();
            let info = MediaInfo { bytes: self.file.size(), ..MediaInfo::default() };
            let info = Format::sniff(head).map_or(info, |format| info.with_format(format));
            ProbeResult { info, problem: None }
        })
    }

    fn result(&self) -> Result<ProbeResult, Range<u64>> {
        let file = &self.file;
        let mut info = MediaInfo { bytes: file.size(), ..MediaInfo::default() };
        let head = file.head(Format::SNIFFED_BYTES).and_then(|head| match Format::is_xml(head) {
            true => file.head(Format::SNIFFED_XML_BYTES),
            false => Ok(head),
        });
        let format = match head {
            Ok(head) => Format::sniff(head),
            Err(ProbeError::Missing(range)) => return Err(range),
            Err(ProbeError::Ends | ProbeError::Broken(_)) => None,
        };
        let Some(mut format) = format else { return Ok(ProbeResult { info, problem: None }) };
        let header = match format {
            Format::Png => picture::png(file),
            Format::Gif => picture::gif(file),
            Format::WebP => picture::webp(file),
            Format::Tiff => tiff::header(file),
            Format::Jpeg => picture::jpeg(file),
            Format::Bmp => picture::bmp(file),
            Format::Avif | Format::Heic | Format::Mp4 | Format::Mov | Format::M4a => {
                boxed(file, &mut format)
            }
            Format::WebM | Format::Matroska => matroska::header(file, &mut format),
            Format::Wav => sound::wav(file),
            Format::Flac => sound::flac(file),
            Format::Mp3 | Format::Ogg | Format::Other(..) => Ok(Header::default()),
        };
        info = info.with_format(format);
        let problem = match header {
            Ok(header) => {
                info.kind = header.kind.or(info.kind);
                info.duration = header.duration;
                match header.size {
                    Some((0, _) | (_, 0)) => Some("its header gives a size of zero"),
                    Some((width, height)) => {
                        (info.width, info.height) = (Some(width), Some(height));
                        None
                    }
                    None => None,
                }
            }
            Err(ProbeError::Missing(range)) => return Err(range),
            Err(ProbeError::Ends) => Some("the file ends within its header"),
            Err(ProbeError::Broken(what)) => Some(what),
        };
        Ok(ProbeResult { info, problem })
    }
}

impl MediaInfo {
    /// Returns the facts that the header of a file in memory gives.
    ///
    /// ```
    /// use runcomfy::media::MediaInfo;
    ///
    /// let info = MediaInfo::of_bytes(b"GIF89a\x40\x01\xf0\x00\x00\x00\x00");
    /// assert_eq!((info.width, info.height, info.bytes), (Some(320), Some(240), Some(13)));
    /// ```
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Probe::whole(bytes).partial().info
    }
}

/// Reads a file of boxes. Corrects the format if `ftyp` is not the first of them.
fn boxed(file: &SparseBytes<'_>, format: &mut Format) -> Result<Header, ProbeError> {
    if file.get(4, 4)? != b"ftyp"
        && let Some(ftyp) = boxes::brands(file)?
    {
        let start = ftyp.body.saturating_sub(8);
        let length = ftyp.until().saturating_sub(start).min(Format::SNIFFED_BYTES as u64);
        *format = Format::of_brands(file.get(start, usize::try_from(length).unwrap_or(0))?);
    }
    match format {
        Format::Avif | Format::Heic => heif::header(file),
        Format::Other(..) => Ok(Header::default()),
        _ => mp4::header(file),
    }
}

/// Swaps width and height if a picture is shown after a quarter turn.
fn turned((width, height): (u32, u32), turn: bool) -> (u32, u32) {
    if turn { (height, width) } else { (width, height) }
}

/// Converts a number of units to a duration. Returns `None` if either number is zero.
fn duration(units: u64, per_second: u64) -> Option<Duration> {
    if units == 0 || per_second == 0 {
        return None;
    }
    let nanos = u128::from(units % per_second) * 1_000_000_000 / u128::from(per_second);
    Some(Duration::new(units / per_second, u32::try_from(nanos).ok()?))
}

#[cfg(test)]
mod tests;
