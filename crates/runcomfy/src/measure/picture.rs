//! Reads the sizes of JPEG, PNG, WebP, GIF and BMP, as they are shown upright.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::tiff::is_turned;
use super::{Header, MAX_STEPS, turned};

const BROKEN: &str = "its header is broken";
/// The mark before Exif in a JPEG segment, and sometimes in WebP.
const EXIF: &[u8; 6] = b"Exif\0\0";

/// Exif is searched so far behind the frame header of a JPEG, where a few hundred bytes of tables are.
const BEHIND_FRAME: u64 = 4096;

/// The facts in the segments of a JPEG.
#[derive(Default)]
struct Jpeg {
    size: Option<(u32, u32)>,
    /// The position up to which Exif is searched.
    end: Option<u64>,
    is_turned: Option<bool>,
}

/// Reads the segments of a JPEG up to its picture data: the frame header has the size, and Exif can be
/// before or behind it.
pub(super) fn jpeg(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut found = Jpeg::default();
    let mut at = 2;
    for _ in 0..MAX_STEPS {
        match found.read_segment(file, at) {
            Ok(Some(next)) => at = next,
            Ok(None) => break,
            // A file that is cut off or damaged behind its size is fine.
            Err(ProbeError::Ends | ProbeError::Broken(_)) if found.size.is_some() => break,
            Err(error) => return Err(error),
        }
        let is_past = found.end.is_some_and(|end| at >= end);
        if is_past || (found.size.is_some() && found.is_turned.is_some()) {
            break;
        }
    }
    let size = found.size.ok_or(ProbeError::Broken(BROKEN))?;
    let size = turned(size, found.is_turned.unwrap_or(false));
    Ok(Header { size: Some(size), ..Header::default() })
}

impl Jpeg {
    /// Reads the segment at a position. Returns the position behind it, or `None` at the picture data
    /// or the end.
    fn read_segment(&mut self, file: &SparseBytes<'_>, at: u64) -> Result<Option<u64>, ProbeError> {
        // Stray bytes behind the frame are not searched for Exif.
        if self.size.is_some() && file.u8(at)? != 0xff {
            return Ok(None);
        }
        let (marker, body) = next_marker(file, at)?;
        match marker {
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => return Ok(Some(body)),
            0xd9 | 0xda => return Ok(None),
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if self.size.is_none() => {
                self.size = Some((file.u16(body + 5)?.into(), file.u16(body + 3)?.into()));
                self.end = Some(body + BEHIND_FRAME);
            }
            _ => {}
        }
        let length = u64::from(file.u16(body)?);
        if length < 2 {
            return Err(ProbeError::Broken(BROKEN));
        }
        let is_exif = marker == 0xe1 && length >= 8 && file.get(body + 2, 6)? == EXIF;
        if is_exif && self.is_turned.is_none() {
            self.is_turned = Some(is_turned(file, body + 8)?);
        }
        Ok(Some(body + length))
    }
}

/// Returns the next marker and the position after it. Decoders skip stray bytes before it, and
/// fill bytes within it.
fn next_marker(file: &SparseBytes<'_>, start: u64) -> Result<(u8, u64), ProbeError> {
    let mut at = start;
    loop {
        let known = file.some_within(at)?;
        let Some(stray) = known.iter().position(|byte| *byte == 0xff) else {
            at += known.len() as u64;
            continue;
        };
        at += stray as u64;
        let mut marker = 0xff;
        while marker == 0xff {
            at += 1;
            marker = file.u8(at)?;
        }
        at += 1;
        if marker != 0 {
            return Ok((marker, at));
        }
    }
}

/// Reads the chunks of a PNG up to its picture data. An orientation behind the data is ignored,
/// because looking for it would cost a read to the end of every file.
pub(super) fn png(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut size = None;
    let mut exif = None;
    let mut at = 8;
    for _ in 0..MAX_STEPS {
        let [a, b, c, d, name @ ..] = match file.array::<8>(at) {
            Ok(chunk) => chunk,
            // A file that is cut off behind its size is fine.
            Err(ProbeError::Ends) if size.is_some() => break,
            Err(error) => return Err(error),
        };
        match &name {
            b"IHDR" if size.is_none() => size = Some((file.u32(at + 8)?, file.u32(at + 12)?)),
            b"eXIf" if exif.is_none() => exif = Some(at + 8),
            b"IDAT" | b"IEND" => break,
            // Apple's variant begins with a chunk of its own.
            b"CgBI" => {}
            _ if size.is_none() => return Err(ProbeError::Broken(BROKEN)),
            _ => {}
        }
        at += 12 + u64::from(u32::from_be_bytes([a, b, c, d]));
    }
    upright(file, size.ok_or(ProbeError::Broken(BROKEN))?, exif)
}

/// Reads the canvas of a GIF.
pub(super) fn gif(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    upright(file, (u16_le(file, 6)?, u16_le(file, 8)?), None)
}

/// Reads the canvas of an extended WebP, or the picture of a simple one.
pub(super) fn webp(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    const HAS_EXIF: u8 = 0b1000;
    let size = match file.get(12, 4)? {
        b"VP8X" => {
            let size = (u24_le(file, 24)? + 1, u24_le(file, 27)? + 1);
            let exif = if file.u8(20)? & HAS_EXIF == 0 { None } else { webp_exif(file)? };
            return upright(file, size, exif);
        }
        b"VP8L" => {
            let bits = u32::from_le_bytes(file.array(21)?);
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        // The two bits above a size are a scaling hint, which no viewer follows.
        b"VP8 " if file.get(23, 3)? == b"\x9d\x01\x2a" => {
            (u16_le(file, 26)? & 0x3fff, u16_le(file, 28)? & 0x3fff)
        }
        _ => return Err(ProbeError::Broken(BROKEN)),
    };
    upright(file, size, None)
}

/// Returns the position of Exif in a WebP whose header announces it.
fn webp_exif(file: &SparseBytes<'_>) -> Result<Option<u64>, ProbeError> {
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let chunk = match file.array::<8>(at) {
            Ok(chunk) => chunk,
            Err(ProbeError::Ends) => return Ok(None),
            Err(error) => return Err(error),
        };
        let [b'E', b'X', b'I', b'F', ..] = chunk else {
            let [.., a, b, c, d] = chunk;
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            at += 8 + length + length % 2;
            continue;
        };
        let is_marked = file.array(at + 8).is_ok_and(|mark| mark == *EXIF);
        return Ok(Some(at + 8 + if is_marked { 6 } else { 0 }));
    }
    Ok(None)
}

/// Reads the size from the header of a BMP: 16 bits in the first version, and otherwise 32. A
/// negative height means that the rows go from top to bottom.
pub(super) fn bmp(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    const FIRST: u32 = 12;
    let size = if u32::from_le_bytes(file.array(14)?) == FIRST {
        (u16_le(file, 18)?, u16_le(file, 20)?)
    } else {
        let width = i32::from_le_bytes(file.array(18)?);
        let height = i32::from_le_bytes(file.array(22)?);
        let width = u32::try_from(width).map_err(|_| ProbeError::Broken(BROKEN))?;
        (width, height.unsigned_abs())
    };
    upright(file, size, None)
}

/// Creates a header with the size after the turn that the Exif at a position asks for.
fn upright(
    file: &SparseBytes<'_>,
    size: (u32, u32),
    exif: Option<u64>,
) -> Result<Header, ProbeError> {
    let turn = exif.map_or(Ok(false), |exif| is_turned(file, exif))?;
    Ok(Header { size: Some(turned(size, turn)), ..Header::default() })
}

fn u16_le(file: &SparseBytes<'_>, at: u64) -> Result<u32, ProbeError> {
    Ok(u16::from_le_bytes(file.array(at)?).into())
}

fn u24_le(file: &SparseBytes<'_>, at: u64) -> Result<u32, ProbeError> {
    let [a, b, c] = file.array(at)?;
    Ok(u32::from_le_bytes([a, b, c, 0]))
}
