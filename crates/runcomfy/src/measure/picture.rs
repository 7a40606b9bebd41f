//! Reads the sizes of pictures. `imagesize` reads those of PNG, GIF, WebP and TIFF. JPEG is read
//! here because its orientation is on the way to its size, and BMP because `imagesize` knows
//! only one of its headers.

use super::exif::{turns, upright};
use super::sparse_bytes::{ProbeError, SparseBytes, SparseReader};
use super::{Header, MAX_STEPS, turned};
use crate::media::Format;

const BROKEN: &str = "its header is broken";
/// The mark before Exif in a JPEG segment, and sometimes in WebP.
const EXIF: &[u8; 6] = b"Exif\0\0";

pub(super) fn size(file: &SparseBytes<'_>, format: Format) -> Result<Header, ProbeError> {
    let mut reader = SparseReader::new(file);
    let size = match imagesize::reader_size(&mut reader) {
        Ok(size) => size,
        Err(_) => return Err(reader.stop(BROKEN)),
    };
    let mut size = (side(size.width)?, side(size.height)?);
    let tiff = match format {
        Format::Png => png_exif(file)?,
        Format::WebP => {
            // The two bits above the size are a scaling hint, which no viewer follows.
            if file.get(12, 4)? == b"VP8 " {
                size = (size.0 & 0x3fff, size.1 & 0x3fff);
            }
            webp_exif(file)?
        }
        Format::Tiff => Some(0),
        _ => None,
    };
    upright(file, size, tiff)
}

fn side(side: usize) -> Result<u32, ProbeError> {
    u32::try_from(side).map_err(|_| ProbeError::Broken(BROKEN))
}

/// Returns the position of Exif in a PNG that has it before the picture data. Exif behind the
/// data is ignored, because looking for it would cost a read to the end of every file.
fn png_exif(file: &SparseBytes<'_>) -> Result<Option<u64>, ProbeError> {
    let mut at = 8;
    for _ in 0..MAX_STEPS {
        let chunk = match file.array::<8>(at) {
            Ok(chunk) => chunk,
            // The size is known, so a file that is cut off here is fine.
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

/// Returns the position of Exif in a WebP whose header announces it.
fn webp_exif(file: &SparseBytes<'_>) -> Result<Option<u64>, ProbeError> {
    const HAS_EXIF: u8 = 0b1000;
    if file.get(12, 4)? != b"VP8X" || file.u8(20)? & HAS_EXIF == 0 {
        return Ok(None);
    }
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let chunk = match file.array::<8>(at) {
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
        let is_marked = file.array(at + 8).is_ok_and(|mark| mark == *EXIF);
        return Ok(Some(at + 8 + if is_marked { 6 } else { 0 }));
    }
    Ok(None)
}

/// Reads the segments of a JPEG up to the frame header, which has the size.
pub(super) fn jpeg(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut at = 2;
    let mut turn = None;
    for _ in 0..MAX_STEPS {
        let [0xff, marker] = file.array(at)? else { return Err(ProbeError::Broken(BROKEN)) };
        match marker {
            // Fill bytes, and then markers without a segment.
            0xff => {
                at += 1;
                continue;
            }
            0x01 | 0xd0..=0xd8 => {
                at += 2;
                continue;
            }
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let size = (file.u16(at + 7)?.into(), file.u16(at + 5)?.into());
                let size = turned(size, turn.unwrap_or(false));
                return Ok(Header { size: Some(size), ..Header::default() });
            }
            // The picture data, or the end.
            0xd9 | 0xda => return Err(ProbeError::Broken(BROKEN)),
            _ => {}
        }
        let length = u64::from(file.u16(at + 2)?);
        if length < 2 {
            return Err(ProbeError::Broken(BROKEN));
        }
        if marker == 0xe1 && turn.is_none() && length >= 8 && file.get(at + 4, 6)? == EXIF {
            turn = Some(turns(file, at + 10)?);
        }
        at += 2 + length;
    }
    Err(ProbeError::Broken(BROKEN))
}

/// Reads the size from the header of a BMP: 16 bits in the first version, and otherwise 32. A
/// negative height means that the rows go from top to bottom.
pub(super) fn bmp(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    const FIRST: u32 = 12;
    let size = if u32::from_le_bytes(file.array(14)?) == FIRST {
        (u16::from_le_bytes(file.array(18)?).into(), u16::from_le_bytes(file.array(20)?).into())
    } else {
        let width = i32::from_le_bytes(file.array(18)?);
        let height = i32::from_le_bytes(file.array(22)?);
        (u32::try_from(width).map_err(|_| ProbeError::Broken(BROKEN))?, height.unsigned_abs())
    };
    Ok(Header { size: Some(size), ..Header::default() })
}
