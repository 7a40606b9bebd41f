//! Reads the orientation from Exif.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, turned};

/// Maximum number of directory entries that are read; cameras write about twenty.
const MAX_ENTRIES: u16 = 512;
/// The tag of the orientation, a number of 1 to 8.
const ORIENTATION: u16 = 0x0112;
/// The type of a number of 16 bits.
const SHORT: u16 = 3;

/// Returns `true` if the TIFF structure at `tiff` asks for a quarter turn. A broken one asks for
/// nothing, as in viewers.
pub(super) fn turns(file: &SparseBytes<'_>, tiff: u64) -> Result<bool, ProbeError> {
    match orientation(file, tiff) {
        Ok(orientation) => Ok(orientation.is_some_and(|value| (5..=8).contains(&value))),
        Err(ProbeError::Missing(range)) => Err(ProbeError::Missing(range)),
        Err(ProbeError::Ends | ProbeError::Broken(_)) => Ok(false),
    }
}

/// Returns a header with the size as it is shown, after the turn that the TIFF structure at
/// `tiff` asks for.
pub(super) fn upright(
    file: &SparseBytes<'_>,
    size: (u32, u32),
    tiff: Option<u64>,
) -> Result<Header, ProbeError> {
    let turn = tiff.map_or(Ok(false), |tiff| turns(file, tiff))?;
    Ok(Header { size: Some(turned(size, turn)), ..Header::default() })
}

fn orientation(file: &SparseBytes<'_>, tiff: u64) -> Result<Option<u16>, ProbeError> {
    let little = match file.array(tiff)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return Ok(None),
    };
    let offset = file.array(tiff + 4)?;
    let offset = if little { u32::from_le_bytes(offset) } else { u32::from_be_bytes(offset) };
    let directory = tiff.checked_add(offset.into()).ok_or(ProbeError::Ends)?;
    for entry in 0..u16_at(file, directory, little)?.min(MAX_ENTRIES) {
        let at = directory.saturating_add(2 + 12 * u64::from(entry));
        if u16_at(file, at, little)? == ORIENTATION {
            return match u16_at(file, at.saturating_add(2), little)? {
                SHORT => u16_at(file, at.saturating_add(8), little).map(Some),
                _ => Ok(None),
            };
        }
    }
    Ok(None)
}

fn u16_at(file: &SparseBytes<'_>, at: u64, little: bool) -> Result<u16, ProbeError> {
    let bytes = file.array(at)?;
    Ok(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
}
