//! WAV and FLAC, whose headers say how long they last.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, duration};

/// The chunks of a WAV: bytes a second, and the length of the sound.
pub(super) fn wav(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut per_second = 0;
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let [name @ .., a, b, c, d] = known.array::<8>(at)?;
        let length = u32::from_le_bytes([a, b, c, d]);
        match &name {
            b"fmt " => per_second = u32::from_le_bytes(known.array(at + 16)?),
            // One that was written to a pipe has all bits set, or none.
            b"data" if length == u32::MAX => break,
            b"data" => {
                let duration = duration(length.into(), per_second.into());
                return Ok(Header { duration, ..Header::default() });
            }
            _ => {}
        }
        at += 8 + u64::from(length) + u64::from(length % 2);
    }
    Ok(Header::default())
}

/// The block that every FLAC begins with: samples a second in 20 bits, and how many there
/// are in 36.
pub(super) fn flac(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let word = known.u64(18)?;
    let duration = duration(word & 0xf_ffff_ffff, word >> 44);
    Ok(Header { duration, ..Header::default() })
}
