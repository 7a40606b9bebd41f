//! The one thing that is read of Exif: how a picture is to be turned.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, turned};

/// As many entries of a directory are read; cameras write some twenty.
const MAX_ENTRIES: u16 = 512;
/// The tag of the orientation, a number of 1 to 8.
const ORIENTATION: u16 = 0x0112;
/// The type of a number of 16 bits.
const SHORT: u16 = 3;

/// Whether the TIFF structure that begins here asks for a quarter turn. One that cannot be
/// understood asks for nothing, as viewers take it.
pub(super) fn turns(known: &SparseBytes<'_>, tiff: u64) -> Result<bool, ProbeError> {
    match orientation(known, tiff) {
        Ok(orientation) => Ok(orientation.is_some_and(|value| (5..=8).contains(&value))),
        Err(ProbeError::Missing(range)) => Err(ProbeError::Missing(range)),
        Err(ProbeError::Ends | ProbeError::Broken(_)) => Ok(false),
    }
}

/// A size, turned as the TIFF structure asks that begins here.
pub(super) fn upright(
    known: &SparseBytes<'_>,
    size: (u32, u32),
    tiff: Option<u64>,
) -> Result<Header, ProbeError> {
    let turn = tiff.map_or(Ok(false), |tiff| turns(known, tiff))?;
    Ok(Header { size: Some(turned(size, turn)), ..Header::default() })
}

fn orientation(known: &SparseBytes<'_>, tiff: u64) -> Result<Option<u16>, ProbeError> {
    let little = match known.array(tiff)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return Ok(None),
    };
    let u16 = |at: u64| {
        let bytes = known.array(at)?;
        Ok(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let offset = known.array(tiff + 4)?;
    let offset = if little { u32::from_le_bytes(offset) } else { u32::from_be_bytes(offset) };
    let directory = tiff.checked_add(offset.into()).ok_or(ProbeError::Ends)?;
    for entry in 0..u16(directory)?.min(MAX_ENTRIES) {
        let at = directory.saturating_add(2 + 12 * u64::from(entry));
        if u16(at)? == ORIENTATION {
            return match u16(at.saturating_add(2))? {
                SHORT => u16(at.saturating_add(8)).map(Some),
                _ => Ok(None),
            };
        }
    }
    Ok(None)
}
