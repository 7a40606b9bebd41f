//! Reads the size of the primary picture of HEIF (ISO/IEC 23008-12), which includes HEIC and
//! AVIF, after its cropping and turning.

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, mp4, turned};

const NO_SIZE: &str = "it does not give the size of its picture";
const TWO_SIZES: &str = "it gives two sizes of its picture";
const BAD_CROP: &str = "its picture is cropped to something else than whole pixels in it";

pub(super) fn header(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut boxes = Boxes::of_file(file);
    let (mut meta, mut moov) = (None, None);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"meta" => {
                meta = Some(found);
                break;
            }
            b"moov" if moov.is_none() => moov = Some(found),
            _ => {}
        }
    }
    match (meta, moov) {
        (Some(meta), _) => picture(file, meta),
        // A sequence of pictures without a picture to stand for it.
        (None, Some(moov)) => Ok(Header { kind: None, ..mp4::movie(file, moov)? }),
        (None, None) => Err(ProbeError::Broken(NO_SIZE)),
    }
}

fn picture(file: &SparseBytes<'_>, meta: Box) -> Result<Header, ProbeError> {
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
    let (Some(primary), Some(iprp)) = (primary, iprp) else {
        return Err(ProbeError::Broken(NO_SIZE));
    };
    let size = shown_size(file, &properties_of(file, iprp, primary)?)?;
    Ok(Header { size: Some(size), ..Header::default() })
}

/// Returns the properties of an item, in the order of their list.
fn properties_of(file: &SparseBytes<'_>, iprp: Box, item: u32) -> Result<Vec<Box>, ProbeError> {
    let (mut properties, mut numbers) = (Vec::new(), Vec::new());
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
            b"ipma" if numbers.is_empty() => numbers = associated(file, found, item)?,
            _ => {}
        }
    }
    Ok(numbers
        .into_iter()
        // Counted from 1.
        .filter_map(|number| properties.get(usize::from(number).checked_sub(1)?).copied())
        .collect())
}

/// Returns the size after cropping and turning. The coded size counts wherever it is listed;
/// transformations apply in the order of the list.
fn shown_size(file: &SparseBytes<'_>, properties: &[Box]) -> Result<(u32, u32), ProbeError> {
    let mut coded = None;
    for property in properties.iter().filter(|property| property.name == *b"ispe") {
        let width = file.u32(property.body.saturating_add(4))?;
        let height = file.u32(property.body.saturating_add(8))?;
        if coded.is_some_and(|before| before != (width, height)) {
            return Err(ProbeError::Broken(TWO_SIZES));
        }
        coded = Some((width, height));
    }
    let mut size = coded.ok_or(ProbeError::Broken(NO_SIZE))?;
    for property in properties {
        let body = property.body;
        match &property.name {
            b"clap" => {
                size =
                    (cropped(file, body, size.0)?, cropped(file, body.saturating_add(8), size.1)?);
            }
            b"irot" => size = turned(size, file.u8(body)? & 1 == 1),
            _ => {}
        }
    }
    Ok(size)
}

/// Returns a side after cropping to the fraction at `at`, moved by the fraction 16 bytes on.
/// Decoders differ in what they make of parts of pixels.
fn cropped(file: &SparseBytes<'_>, at: u64, side: u32) -> Result<u32, ProbeError> {
    let (numerator, denominator) = (file.u32(at)?, file.u32(at.saturating_add(4))?);
    let whole = numerator.checked_div(denominator).filter(|_| numerator % denominator.max(1) == 0);
    let cropped = whole.filter(|cropped| (1..=side).contains(cropped));
    let cropped = cropped.ok_or(ProbeError::Broken(BAD_CROP))?;
    let offset = i64::from(file.u32(at.saturating_add(16))? as i32);
    let offset_denominator = i64::from(file.u32(at.saturating_add(20))?);
    // The middle of the crop is this far from the middle of the picture.
    let room = i64::from(side - cropped);
    if offset != 0 && (offset_denominator == 0 || 2 * offset.abs() > room * offset_denominator) {
        return Err(ProbeError::Broken(BAD_CROP));
    }
    Ok(cropped)
}

/// Returns the numbers of the properties of an item.
fn associated(file: &SparseBytes<'_>, ipma: Box, item: u32) -> Result<Vec<u16>, ProbeError> {
    let [version, _, _, flags] = file.array(ipma.body)?;
    let is_wide = flags & 1 == 1;
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
        if id == item {
            return (0..associations)
                .map(|index| {
                    Ok(if is_wide {
                        file.u16(first + 2 * index)? & 0x7fff
                    } else {
                        u16::from(file.u8(first + index)? & 0x7f)
                    })
                })
                .collect();
        }
        at = first.saturating_add(associations * if is_wide { 2 } else { 1 });
    }
    Ok(Vec::new())
}
