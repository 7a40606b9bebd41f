//! PNG, GIF, WebP and TIFF, whose sizes `imagesize` reads; JPEG, whose orientation stands
//! on the way to its size; and BMP, of which `imagesize` knows one header of several.

use super::exif::{turns, upright};
use super::sparse_bytes::{ProbeError, SparseBytes, SparseReader};
use super::{Header, MAX_STEPS, turned};
use crate::media::Format;

const BROKEN: &str = "its header is broken";
/// What stands before Exif in a segment of JPEG, and sometimes in WebP.
const EXIF: &[u8; 6] = b"Exif\0\0";

pub(super) fn size(known: &SparseBytes<'_>, format: Format) -> Result<Header, ProbeError> {
    let mut reader = SparseReader::new(known);
    let size = match imagesize::reader_size(&mut reader) {
        Ok(size) => size,
        Err(_) => return Err(reader.stop(BROKEN)),
    };
    let side = |side: usize| u32::try_from(side).map_err(|_| ProbeError::Broken(BROKEN));
    let mut size = (side(size.width)?, side(size.height)?);
    let tiff = match format {
        Format::Png => png_exif(known)?,
        Format::WebP => {
            // Two bits above the size are a hint for scaling, which nothing follows.
            if known.get(12, 4)? == b"VP8 " {
                size = (size.0 & 0x3fff, size.1 & 0x3fff);
            }
            webp_exif(known)?
        }
        Format::Tiff => Some(0),
        _ => None,
    };
    upright(known, size, tiff)
}

/// Where Exif begins in a PNG that has it before its picture. There alone it is honoured:
/// what stands behind would have to be looked for in every file.
fn png_exif(known: &SparseBytes<'_>) -> Result<Option<u64>, ProbeError> {
    let mut at = 8;
    for _ in 0..MAX_STEPS {
        let chunk = match known.array::<8>(at) {
            Ok(chunk) => chunk,
            // It has its size: what is cut off does not matter.
            Err(ProbeError::Ends) => return Ok(None),
            Err(stop) => return Err(stop),
        };
        let [a, b, c, d, name @ ..] = chunk;
        match &name {
            b"eXIf" => return Ok(Some(at + 8)),
            b"IDAT" | b"IEND" => return Ok(None),
            _ => at += 12 + u64::from(u32::from_be_bytes([a, b, c, d])),
        }
    }
    Ok(None)
}

/// Where Exif begins in a WebP that says that it has it.
fn webp_exif(known: &SparseBytes<'_>) -> Result<Option<u64>, ProbeError> {
    const HAS_EXIF: u8 = 0b1000;
    if known.get(12, 4)? != b"VP8X" || known.u8(20)? & HAS_EXIF == 0 {
        return Ok(None);
    }
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let chunk = match known.array::<8>(at) {
            Ok(chunk) => chunk,
            Err(ProbeError::Ends) => return Ok(None),
            Err(stop) => return Err(stop),
        };
        let [b'E', b'X', b'I', b'F', ..] = chunk else {
            let [.., a, b, c, d] = chunk;
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            at += 8 + length + length % 2;
            continue;
        };
        let is_marked = known.array(at + 8).is_ok_and(|mark| mark == *EXIF);
        return Ok(Some(at + 8 + if is_marked { 6 } else { 0 }));
    }
    Ok(None)
}

/// The segments of a JPEG up to the frame, whose header has the size.
pub(super) fn jpeg(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut at = 2;
    let mut turn = None;
    for _ in 0..MAX_STEPS {
        let [0xff, marker] = known.array(at)? else { return Err(ProbeError::Broken(BROKEN)) };
        match marker {
            // Fill bytes; and markers without a segment.
            0xff => {
                at += 1;
                continue;
            }
            0x01 | 0xd0..=0xd8 => {
                at += 2;
                continue;
            }
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let size = (known.u16(at + 7)?.into(), known.u16(at + 5)?.into());
                let size = turned(size, turn.unwrap_or(false));
                return Ok(Header { size: Some(size), ..Header::default() });
            }
            // The picture itself, or the end.
            0xd9 | 0xda => return Err(ProbeError::Broken(BROKEN)),
            _ => {}
        }
        let length = u64::from(known.u16(at + 2)?);
        if length < 2 {
            return Err(ProbeError::Broken(BROKEN));
        }
        if marker == 0xe1 && turn.is_none() && length >= 8 && known.get(at + 4, 6)? == EXIF {
            turn = Some(turns(known, at + 10)?);
        }
        at += 2 + length;
    }
    Err(ProbeError::Broken(BROKEN))
}

/// The size in the header of a BMP: 16 bits in the first one, and otherwise 32, of which a
/// negative height says that the rows go from top to bottom.
pub(super) fn bmp(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    const FIRST: u32 = 12;
    let size = if u32::from_le_bytes(known.array(14)?) == FIRST {
        let side = |at| known.array(at).map(|side| u32::from(u16::from_le_bytes(side)));
        (side(18)?, side(20)?)
    } else {
        let side = |at| known.array(at).map(i32::from_le_bytes);
        (
            u32::try_from(side(18)?).map_err(|_| ProbeError::Broken(BROKEN))?,
            side(22)?.unsigned_abs(),
        )
    };
    Ok(Header { size: Some(size), ..Header::default() })
}
