//! HEIF (ISO/IEC 23008-12), which HEIC and AVIF are: the size of the primary picture after
//! the cropping and turning that belong to it.
//!
//! `imagesize` takes the largest size in the file and the last rotation, whichever picture
//! they are of.

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, turned};

const NO_PRIMARY: &str = "it does not say how large its picture is";

pub(super) fn header(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let missing = ProbeError::Broken(NO_PRIMARY);
    let meta = Boxes::of_file(known).find(b"meta")?.ok_or_else(|| missing.clone())?;
    let (mut primary, mut iprp) = (None, None);
    let mut boxes = Boxes::within(known, meta, 4);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"pitm" => {
                let at = found.body.saturating_add(4);
                let is_short = known.u8(found.body)? == 0;
                primary = Some(if is_short { known.u16(at)?.into() } else { known.u32(at)? });
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
    let mut boxes = Boxes::within(known, iprp, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            // One has them all; a hostile file says more often what they are.
            b"ipco" if properties.is_empty() => {
                let mut all = Boxes::within(known, found, 0);
                while let Some(property) = all.next()? {
                    properties.push(property);
                }
            }
            b"ipma" if of_primary.is_empty() => of_primary = associated(known, found, primary)?,
            _ => {}
        }
    }
    let mut size = None;
    for index in of_primary {
        // Counted from 1.
        let property = usize::from(index).checked_sub(1).and_then(|index| properties.get(index));
        if let Some(property) = property {
            size = apply(known, *property, size)?;
        }
    }
    size.map_or(Err(missing), |size| Ok(Header { size: Some(size), ..Header::default() }))
}

/// What a property makes of the size so far; they apply in the order of their list.
fn apply(
    known: &SparseBytes<'_>,
    property: Box,
    size: Option<(u32, u32)>,
) -> Result<Option<(u32, u32)>, ProbeError> {
    let u32 = |at: u64| known.u32(property.body.saturating_add(at));
    Ok(match (&property.name, size) {
        (b"ispe", None) => Some((u32(4)?, u32(8)?)),
        (b"clap", Some((width, height))) => {
            // A clean aperture, as fractions, which decoders round to whole pixels.
            let side = |of: u32, by: u32, most: u32| match of.checked_div(by) {
                Some(side) if (1..=most).contains(&side) => side,
                _ => most,
            };
            Some((side(u32(0)?, u32(4)?, width), side(u32(8)?, u32(12)?, height)))
        }
        (b"irot", Some(size)) => Some(turned(size, known.u8(property.body)? & 1 == 1)),
        (_, size) => size,
    })
}

/// The properties of an item, by their numbers.
fn associated(known: &SparseBytes<'_>, ipma: Box, item: u32) -> Result<Vec<u16>, ProbeError> {
    let [version, _, _, flags] = known.array(ipma.body)?;
    let count = known.u32(ipma.body + 4)?;
    let mut at = ipma.body + 8;
    for _ in 0..usize::try_from(count).unwrap_or(usize::MAX).min(MAX_STEPS) {
        if at >= ipma.until() {
            break;
        }
        let (id, length) = match version {
            0 => (known.u16(at)?.into(), 2),
            _ => (known.u32(at)?, 4),
        };
        let associations = u64::from(known.u8(at + length)?);
        let first = at + length + 1;
        let wide = flags & 1 == 1;
        if id == item {
            let number = |index: u64| {
                Ok(if wide {
                    known.u16(first + 2 * index)? & 0x7fff
                } else {
                    u16::from(known.u8(first + index)? & 0x7f)
                })
            };
            return (0..associations).map(number).collect();
        }
        at = first.saturating_add(associations * if wide { 2 } else { 1 });
    }
    Ok(Vec::new())
}
