//! Reads the first directory of a TIFF structure (also of BigTIFF): the size and the
//! orientation of a picture. Exif is such a structure too.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, turned};

/// Maximum number of entries that are read of the directory; cameras write about twenty.
const MAX_ENTRIES: u64 = 512;
const BROKEN: &str = "its header is broken";

const SUBFILE_TYPE: u16 = 0x00fe;
const WIDTH: u16 = 0x0100;
const HEIGHT: u16 = 0x0101;
const ORIENTATION: u16 = 0x0112;

/// The values of a directory that concern the size of its picture.
#[derive(Default)]
struct Directory {
    width: Option<u32>,
    height: Option<u32>,
    orientation: Option<u32>,
    /// The picture is a smaller version of another one in the file.
    is_preview: bool,
}

/// A TIFF structure.
#[derive(Clone, Copy)]
struct Tiff<'a> {
    file: &'a SparseBytes<'a>,
    is_little_endian: bool,
    is_big_tiff: bool,
}

/// Reads the first picture of a TIFF file.
pub(super) fn header(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let directory = directory(file, 0)?.ok_or(ProbeError::Broken(BROKEN))?;
    if directory.is_preview {
        return Err(ProbeError::Broken("its first picture is a preview of another one"));
    }
    let size = directory.width.zip(directory.height).ok_or(ProbeError::Broken(BROKEN))?;
    Ok(Header { size: Some(turned(size, directory.is_turned())), ..Header::default() })
}

/// Returns `true` if the Exif at `start` asks for a quarter turn. Broken Exif asks for nothing,
/// as in viewers.
pub(super) fn is_turned(file: &SparseBytes<'_>, start: u64) -> Result<bool, ProbeError> {
    match directory(file, start) {
        Ok(directory) => Ok(directory.is_some_and(|directory| directory.is_turned())),
        Err(ProbeError::Missing(range)) => Err(ProbeError::Missing(range)),
        Err(ProbeError::Ends | ProbeError::Broken(_)) => Ok(false),
    }
}

impl Directory {
    fn is_turned(&self) -> bool {
        self.orientation.is_some_and(|value| (5..=8).contains(&value))
    }
}

fn directory(file: &SparseBytes<'_>, start: u64) -> Result<Option<Directory>, ProbeError> {
    let (is_little_endian, is_big_tiff) = match file.array(start)? {
        [b'I', b'I', 42, 0] => (true, false),
        [b'M', b'M', 0, 42] => (false, false),
        [b'I', b'I', 43, 0] => (true, true),
        [b'M', b'M', 0, 43] => (false, true),
        _ => return Ok(None),
    };
    let tiff = Tiff { file, is_little_endian, is_big_tiff };
    let (offset, head, row) = if is_big_tiff {
        (tiff.u64(start.saturating_add(8))?, 8, 20)
    } else {
        (tiff.u32(start.saturating_add(4))?.into(), 2, 12)
    };
    let at = start.checked_add(offset).ok_or(ProbeError::Ends)?;
    let count = if is_big_tiff { tiff.u64(at)? } else { tiff.u16(at)?.into() };
    let mut directory = Directory::default();
    for index in 0..count.min(MAX_ENTRIES) {
        let entry = at.saturating_add(head + row * index);
        match tiff.u16(entry)? {
            SUBFILE_TYPE => {
                directory.is_preview = tiff.value(entry)?.is_some_and(|kind| kind & 1 == 1);
            }
            WIDTH => directory.width = tiff.value(entry)?,
            HEIGHT => directory.height = tiff.value(entry)?,
            ORIENTATION => directory.orientation = tiff.value(entry)?,
            _ => {}
        }
    }
    Ok(Some(directory))
}

impl Tiff<'_> {
    /// Reads the one number of an entry. Returns `None` if it is of another type.
    fn value(&self, entry: u64) -> Result<Option<u32>, ProbeError> {
        const BYTE: u16 = 1;
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        const LONG8: u16 = 16;
        let at = entry.saturating_add(if self.is_big_tiff { 12 } else { 8 });
        Ok(match self.u16(entry.saturating_add(2))? {
            BYTE => Some(self.file.u8(at)?.into()),
            SHORT => Some(self.u16(at)?.into()),
            LONG => Some(self.u32(at)?),
            LONG8 if self.is_big_tiff => u32::try_from(self.u64(at)?).ok(),
            _ => None,
        })
    }

    fn u16(&self, at: u64) -> Result<u16, ProbeError> {
        let bytes = self.file.array(at)?;
        Ok(if self.is_little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn u32(&self, at: u64) -> Result<u32, ProbeError> {
        let bytes = self.file.array(at)?;
        Ok(if self.is_little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn u64(&self, at: u64) -> Result<u64, ProbeError> {
        let bytes = self.file.array(at)?;
        Ok(if self.is_little_endian {
            u64::from_le_bytes(bytes)
        } else {
            u64::from_be_bytes(bytes)
        })
    }
}
