//! Reads the size of the first video track, and the duration, of MP4 and QuickTime.

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, duration, turned};
use crate::media::MediaKind;

/// Maximum number of tracks that are read.
const MAX_TRACKS: usize = 64;

/// The content of a track.
#[derive(Clone, Copy)]
enum Track {
    Video((u32, u32)),
    Sound,
    Other,
}

/// Reads `moov`, which can be behind the frames.
pub(super) fn header(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let moov = Boxes::of_file(file).find(b"moov")?;
    let moov = moov.ok_or(ProbeError::Broken("it has no index (`moov`)"))?;
    let mut header = Header { kind: Some(MediaKind::Audio), ..Header::default() };
    let mut sounds = false;
    let mut tracks = 0;
    let mut boxes = Boxes::within(file, moov, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"mvhd" => header.duration = film_duration(file, found)?,
            b"trak" if tracks < MAX_TRACKS => {
                tracks += 1;
                match track(file, found)? {
                    Track::Video(size) => {
                        header.size = Some(size);
                        header.kind = Some(MediaKind::Video);
                        // `mvhd` comes before the tracks.
                        return Ok(header);
                    }
                    Track::Sound => sounds = true,
                    Track::Other => {}
                }
            }
            _ => {}
        }
    }
    if sounds {
        Ok(header)
    } else {
        Err(ProbeError::Broken("it has no track of pictures or sound"))
    }
}

fn film_duration(
    file: &SparseBytes<'_>,
    mvhd: Box,
) -> Result<Option<std::time::Duration>, ProbeError> {
    let (scale, units) = match file.u8(mvhd.body)? {
        0 => {
            let units = file.u32(mvhd.body.saturating_add(16))?;
            (
                file.u32(mvhd.body.saturating_add(12))?,
                if units == u32::MAX { 0 } else { units.into() },
            )
        }
        _ => {
            let units = file.u64(mvhd.body.saturating_add(24))?;
            (file.u32(mvhd.body.saturating_add(20))?, if units == u64::MAX { 0 } else { units })
        }
    };
    Ok(duration(units, scale.into()))
}

fn track(file: &SparseBytes<'_>, trak: Box) -> Result<Track, ProbeError> {
    let mut turn = false;
    let mut boxes = Boxes::within(file, trak, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"tkhd" => turn = is_quarter_turn(file, found)?,
            b"mdia" => {
                return Ok(match media(file, found)? {
                    Track::Video(size) => Track::Video(turned(size, turn)),
                    other => other,
                });
            }
            _ => {}
        }
    }
    Ok(Track::Other)
}

/// Returns `true` if a track is shown after a quarter turn: the diagonal of its matrix is then
/// zero.
fn is_quarter_turn(file: &SparseBytes<'_>, tkhd: Box) -> Result<bool, ProbeError> {
    let matrix = tkhd.body.saturating_add(if file.u8(tkhd.body)? == 0 { 40 } else { 52 });
    let [a, b, c, d] = [0, 4, 12, 16].map(|at| file.u32(matrix.saturating_add(at)));
    Ok(a? == 0 && d? == 0 && b? != 0 && c? != 0)
}

fn media(file: &SparseBytes<'_>, mdia: Box) -> Result<Track, ProbeError> {
    let mut is_video = false;
    let mut boxes = Boxes::within(file, mdia, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"hdlr" => match file.get(found.body.saturating_add(8), 4)? {
                b"vide" => is_video = true,
                b"soun" => return Ok(Track::Sound),
                _ => return Ok(Track::Other),
            },
            b"minf" if is_video => {
                let stbl = Boxes::within(file, found, 0).find(b"stbl")?;
                let stsd = match stbl {
                    Some(stbl) => Boxes::within(file, stbl, 0).find(b"stsd")?,
                    None => None,
                };
                // The first sample description has the coded size.
                let Some(stsd) = stsd else { return Ok(Track::Other) };
                let width = file.u16(stsd.body.saturating_add(40))?;
                let height = file.u16(stsd.body.saturating_add(42))?;
                return Ok(Track::Video((width.into(), height.into())));
            }
            _ => {}
        }
    }
    Ok(Track::Other)
}
