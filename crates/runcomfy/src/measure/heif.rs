//! Reads the size of the primary picture of HEIF (ISO/IEC 23008-12), which includes HEIC and
//! AVIF, after its cropping and turning.
//!
//! `imagesize` takes the largest size and the last rotation in the file, even if they belong to
//! other pictures.

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, turned};

const NO_PRIMARY: &str = "it does not give the size of its picture";

pub(super) fn header(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let missing = ProbeError::Broken(NO_PRIMARY);
    let meta = Boxes::of_file(file).find(b"meta")?.ok_or_else(|| missing.clone())?;
    let (mut primary, mut iprp) = (None, None);
    let mut boxes = Boxes::within(file, meta, 4);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"pitm" => {
                let at = found.body.saturating_add(4);
                let is_short = file.u8(found.body)? == 0;
                primary = Some(if is_short { file.u16(at)?.into() } else { file.u32(at)? });
            }
            b"iprp" => iprp = Some(found),
            _ => {}
        }
        if primary.is_some() && iprp.is_some() {
            break;
        }
    }
    let (Some(primary), Some(iprp)) = (primary, iprp) else { return Err(missing) };

    let (mut properties, mut of_primary) = (Vec::new(), Vec::new());
    let mut boxes = Boxes::within(file, iprp, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            // The first one counts; a valid file has only one.
            b"ipco" if properties.is_empty() => {
                let mut all = Boxes::within(file, found, 0);
                while let Some(property) = all.next()? {
                    properties.push(property);
                }
            }
            b"ipma" if of_primary.is_empty() => of_primary = associated(file, found, primary)?,
            _ => {}
        }
    }
    let mut size = None;
    for index in of_primary {
        // Counted from 1.
        let property = usize::from(index).checked_sub(1).and_then(|index| properties.get(index));
        if let Some(property) = property {
            size = apply(file, *property, size)?;
        }
    }
    size.map_or(Err(missing), |size| Ok(Header { size: Some(size), ..Header::default() }))
}

/// Applies a property to the size so far. Properties apply in the order of their list.
fn apply(
    file: &SparseBytes<'_>,
    property: Box,
    size: Option<(u32, u32)>,
) -> Result<Option<(u32, u32)>, ProbeError> {
    let body = property.body;
    Ok(match (&property.name, size) {
        (b"ispe", None) => {
            Some((file.u32(body.saturating_add(4))?, file.u32(body.saturating_add(8))?))
        }
        (b"clap", Some((width, height))) => {
            Some((cropped(file, body, width)?, cropped(file, body.saturating_add(8), height)?))
        }
        (b"irot", Some(size)) => Some(turned(size, file.u8(property.body)? & 1 == 1)),
        (_, size) => size,
    })
}

/// Returns a side after cropping to the fraction at `at`, which decoders round to whole pixels.
fn cropped(file: &SparseBytes<'_>, at: u64, side: u32) -> Result<u32, ProbeError> {
    let (numerator, denominator) = (file.u32(at)?, file.u32(at.saturating_add(4))?);
    Ok(match numerator.checked_div(denominator) {
        Some(cropped) if (1..=side).contains(&cropped) => cropped,
        _ => side,
    })
}

/// Returns the numbers of the properties of an item.
fn associated(file: &SparseBytes<'_>, ipma: Box, item: u32) -> Result<Vec<u16>, ProbeError> {
    let [version, _, _, flags] = file.array(ipma.body)?;
    let count = file.u32(ipma.body + 4)?;
    let mut at = ipma.body + 8;
    for _ in 0..usize::try_from(count).unwrap_or(usize::MAX).min(MAX_STEPS) {
        if at >= ipma.until() {
            break;
        }
        let (id, length) = match version {
            0 => (file.u16(at)?.into(), 2),
            _ => (file.u32(at)?, 4),
        };
        let associations = u64::from(file.u8(at + length)?);
        let first = at + length + 1;
        let wide = flags & 1 == 1;
        if id == item {
            return (0..associations)
                .map(|index| match wide {
                    true => Ok(file.u16(first + 2 * index)? & 0x7fff),
                    false => Ok(u16::from(file.u8(first + index)? & 0x7f)),
                })
                .collect();
        }
        at = first.saturating_add(associations * if wide { 2 } else { 1 });
    }
    Ok(Vec::new())
}
