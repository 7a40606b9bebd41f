//! MP4 and QuickTime: the size of the first video track, and how long the film is.

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, duration, turned};
use crate::media::MediaKind;

/// As many tracks are looked at.
const MAX_TRACKS: usize = 64;

/// What is read of a track.
#[derive(Clone, Copy)]
enum Track {
    Video((u32, u32)),
    Sound,
    Other,
}

/// Reads `moov`, wherever it is: it may stand behind the frames.
pub(super) fn header(known: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let moov = Boxes::of_file(known).find(b"moov")?;
    let moov =
        moov.ok_or(ProbeError::Broken("it has no index (`moov`) that says what is in it"))?;
    let mut header = Header { kind: Some(MediaKind::Audio), ..Header::default() };
    let mut sounds = false;
    let mut tracks = 0;
    let mut boxes = Boxes::within(known, moov, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"mvhd" => header.duration = film_duration(known, found)?,
            b"trak" if tracks < MAX_TRACKS => {
                tracks += 1;
                match track(known, found)? {
                    Track::Video(size) => {
                        header.size = Some(size);
                        header.kind = Some(MediaKind::Video);
                        // `mvhd` stands before the tracks.
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
    known: &SparseBytes<'_>,
    mvhd: Box,
) -> Result<Option<std::time::Duration>, ProbeError> {
    let (scale, units) = match known.u8(mvhd.body)? {
        0 => {
            let units = known.u32(mvhd.body.saturating_add(16))?;
            (
                known.u32(mvhd.body.saturating_add(12))?,
                if units == u32::MAX { 0 } else { units.into() },
            )
        }
        _ => {
            let units = known.u64(mvhd.body.saturating_add(24))?;
            (known.u32(mvhd.body.saturating_add(20))?, if units == u64::MAX { 0 } else { units })
        }
    };
    Ok(duration(units, scale.into()))
}

fn track(known: &SparseBytes<'_>, trak: Box) -> Result<Track, ProbeError> {
    let mut turn = false;
    let mut boxes = Boxes::within(known, trak, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"tkhd" => turn = is_quarter_turn(known, found)?,
            b"mdia" => {
                return Ok(match media(known, found)? {
                    Track::Video(size) => Track::Video(turned(size, turn)),
                    other => other,
                });
            }
            _ => {}
        }
    }
    Ok(Track::Other)
}

/// Whether a track is shown after a quarter turn: its matrix then has nothing on its
/// diagonal.
fn is_quarter_turn(known: &SparseBytes<'_>, tkhd: Box) -> Result<bool, ProbeError> {
    let matrix = tkhd.body.saturating_add(if known.u8(tkhd.body)? == 0 { 40 } else { 52 });
    let [a, b, c, d] = [0, 4, 12, 16].map(|at| known.u32(matrix.saturating_add(at)));
    Ok(a? == 0 && d? == 0 && b? != 0 && c? != 0)
}

fn media(known: &SparseBytes<'_>, mdia: Box) -> Result<Track, ProbeError> {
    let mut is_video = false;
    let mut boxes = Boxes::within(known, mdia, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"hdlr" => match known.get(found.body.saturating_add(8), 4)? {
                b"vide" => is_video = true,
                b"soun" => return Ok(Track::Sound),
                _ => return Ok(Track::Other),
            },
            b"minf" if is_video => {
                let stbl = Boxes::within(known, found, 0).find(b"stbl")?;
                let stsd = match stbl {
                    Some(stbl) => Boxes::within(known, stbl, 0).find(b"stsd")?,
                    None => None,
                };
                // The first description of its samples has the size that they are coded at.
                let Some(stsd) = stsd else { return Ok(Track::Other) };
                let side = |at| known.u16(stsd.body.saturating_add(at)).map(u32::from);
                return Ok(Track::Video((side(40)?, side(42)?)));
            }
            _ => {}
        }
    }
    Ok(Track::Other)
}
