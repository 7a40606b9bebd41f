//! Reads the duration of WAV and FLAC.

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, duration};

/// Reads the chunks of a WAV: bytes per second, and the length of the sound.
pub(super) fn wav(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let mut per_second = 0;
    let mut at = 12;
    for _ in 0..MAX_STEPS {
        let [name @ .., a, b, c, d] = file.array::<8>(at)?;
        let length = u32::from_le_bytes([a, b, c, d]);
        match &name {
            b"fmt " => per_second = u32::from_le_bytes(file.array(at + 16)?),
            // A writer to a pipe does not know the length, and sets all bits or none.
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

/// Reads the first block of a FLAC: samples per second in 20 bits, and their number in 36.
pub(super) fn flac(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let word = file.u64(18)?;
    let duration = duration(word & 0xf_ffff_ffff, word >> 44);
    Ok(Header { duration, ..Header::default() })
}
