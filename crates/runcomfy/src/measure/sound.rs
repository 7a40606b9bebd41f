//! Reads the duration of WAV and FLAC.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, duration};

/// A writer that does not know the length yet sets a placeholder from here on.
const PLACEHOLDERS: u32 = 0x7fff_0000;

/// Reads the chunks of a WAV, or of its 64-bit forms RF64 and BW64.
pub(super) fn wav(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let (mut per_second, mut long_length) = (0, None);
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let [name @ .., a, b, c, d] = file.array::<8>(at)?;
        let length = u32::from_le_bytes([a, b, c, d]);
        match &name {
            b"ds64" => long_length = Some(u64::from_le_bytes(file.array(at + 16)?)),
            b"fmt " => per_second = bytes_per_second(file, at + 8)?,
            b"data" => {
                let rest = file.size().map(|size| size.saturating_sub(at + 8));
                let announced = match (length, long_length) {
                    (u32::MAX, Some(long)) => Some(long),
                    (0 | PLACEHOLDERS.., _) => None,
                    (length, _) => Some(u64::from(length)),
                };
                let length = [announced, rest].into_iter().flatten().min().unwrap_or(0);
                let duration = duration(length, per_second);
                return Ok(Header { duration, ..Header::default() });
            }
            _ => {}
        }
        at += 8 + u64::from(length) + u64::from(length % 2);
    }
    Ok(Header::default())
}

/// Reads the body of `fmt `. The number of bytes per second in it is often wrong, but follows
/// from the others if the samples are not compressed.
fn bytes_per_second(file: &SparseBytes<'_>, body: u64) -> Result<u64, ProbeError> {
    let [tag, tag_high] = file.array(body)?;
    Ok(match u16::from_le_bytes([tag, tag_high]) {
        // Integers, floats, A-law, µ-law, and what an extension says.
        1 | 3 | 6 | 7 | 0xfffe => {
            let rate = u64::from(u32::from_le_bytes(file.array(body + 4)?));
            rate * u64::from(u16::from_le_bytes(file.array(body + 12)?))
        }
        _ => u32::from_le_bytes(file.array(body + 8)?).into(),
    })
}

/// Reads the first block of a FLAC: samples per second in 20 bits, and their number in 36.
pub(super) fn flac(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let word = file.u64(18)?;
    let duration = duration(word & 0xf_ffff_ffff, word >> 44);
    Ok(Header { duration, ..Header::default() })
}
