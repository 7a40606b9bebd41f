//! Reads the size of the video track that is shown, and the duration, of MP4 and QuickTime.

use std::time::Duration;

use super::boxes::{Box, Boxes};
use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, duration, turned};
use crate::media::MediaKind;

/// Maximum number of tracks, and of chapter references of one track, that are read.
const MAX_TRACKS: usize = 64;
/// Maximum number of sample descriptions of one track that are read.
const MAX_DESCRIPTIONS: usize = 64;

const NO_TRACKS: &str = "it has no track of pictures or sound";
const TWO_SIZES: &str = "it has several video tracks of different sizes";
const CHANGING_SIZE: &str = "its video changes its size";
const LATE_TURN: &str = "its turn is listed behind its tracks";
const SLANTED: &str = "its video is turned by an angle that is not a quarter turn";

/// The content of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Video,
    Sound,
    Other,
}

/// The effect of a transformation matrix on width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Upright,
    Quarter,
    Slanted,
}

struct Track {
    id: u32,
    content: Content,
    /// Unset in tracks that are not shown, such as previews.
    is_enabled: bool,
    turn: Turn,
    /// The coded sizes of its samples.
    size: Option<(u32, u32)>,
    changes_size: bool,
    /// The tracks that hold its chapters, whose pictures are not part of the film.
    chapters: Vec<u32>,
}

/// Reads `moov`, which can be behind the frames.
pub(super) fn header(file: &SparseBytes<'_>) -> Result<Header, ProbeError> {
    let moov = Boxes::of_file(file).find(b"moov")?;
    movie(file, moov.ok_or(ProbeError::Broken("it has no index (`moov`)"))?)
}

/// Reads a `moov` box.
pub(super) fn movie(file: &SparseBytes<'_>, moov: Box) -> Result<Header, ProbeError> {
    let mut header = Header::default();
    let (mut turn, mut is_late) = (Turn::Upright, false);
    let mut tracks = Vec::new();
    let mut boxes = Boxes::within(file, moov, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"mvhd" => {
                header.duration = movie_duration(file, found)?;
                turn = turn_of(file, found, if file.u8(found.body)? == 0 { 36 } else { 48 })?;
                is_late = !tracks.is_empty();
            }
            b"trak" if tracks.len() < MAX_TRACKS => tracks.push(track(file, found)?),
            _ => {}
        }
    }
    if let Some(shown) = shown_track(&tracks)? {
        header.kind = Some(MediaKind::Video);
        header.size = match (shown.turn, turn) {
            // Players read a turn behind the tracks too late.
            (Turn::Quarter, _) | (_, Turn::Quarter) if is_late => {
                return Err(ProbeError::Broken(LATE_TURN));
            }
            (Turn::Slanted, _) | (_, Turn::Slanted) => return Err(ProbeError::Broken(SLANTED)),
            (track, movie) => shown.size.map(|size| turned(size, track != movie)),
        };
        return Ok(header);
    }
    if tracks.iter().any(|track| track.content == Content::Sound) {
        header.kind = Some(MediaKind::Audio);
        return Ok(header);
    }
    Err(ProbeError::Broken(NO_TRACKS))
}

/// Returns the video track that a player shows: an enabled one that does not hold chapters.
/// Players differ if there are several of different sizes.
fn shown_track(tracks: &[Track]) -> Result<Option<&Track>, ProbeError> {
    let films = tracks.iter().filter(|track| {
        track.content == Content::Video
            && track.size.is_some()
            && !tracks.iter().any(|other| other.chapters.contains(&track.id))
    });
    let (enabled, others): (Vec<&Track>, Vec<&Track>) = films.partition(|track| track.is_enabled);
    let shown = if enabled.is_empty() { others } else { enabled };
    let Some(first) = shown.first().copied() else { return Ok(None) };
    if first.changes_size {
        return Err(ProbeError::Broken(CHANGING_SIZE));
    }
    if shown.iter().any(|track| (track.size, track.turn) != (first.size, first.turn)) {
        return Err(ProbeError::Broken(TWO_SIZES));
    }
    Ok(Some(first))
}

fn movie_duration(file: &SparseBytes<'_>, mvhd: Box) -> Result<Option<Duration>, ProbeError> {
    let body = mvhd.body;
    let (scale, units) = match file.u8(body)? {
        0 => match file.u32(body.saturating_add(16))? {
            u32::MAX => (0, 0),
            units => (file.u32(body.saturating_add(12))?, units.into()),
        },
        _ => match file.u64(body.saturating_add(24))? {
            u64::MAX => (0, 0),
            units => (file.u32(body.saturating_add(20))?, units),
        },
    };
    Ok(duration(units, scale.into()))
}

fn track(file: &SparseBytes<'_>, trak: Box) -> Result<Track, ProbeError> {
    let mut track = Track {
        id: 0,
        content: Content::Other,
        is_enabled: true,
        turn: Turn::Upright,
        size: None,
        changes_size: false,
        chapters: Vec::new(),
    };
    let mut boxes = Boxes::within(file, trak, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"tkhd" => {
                const ENABLED: u8 = 1;
                let [version, _, _, flags] = file.array(found.body)?;
                track.is_enabled = flags & ENABLED != 0;
                let (id, matrix) = if version == 0 { (12, 40) } else { (20, 52) };
                track.id = file.u32(found.body.saturating_add(id))?;
                track.turn = turn_of(file, found, matrix)?;
            }
            b"tref" => track.chapters = chapters(file, found)?,
            b"mdia" => media(file, found, &mut track)?,
            _ => {}
        }
    }
    Ok(track)
}

/// Reads the matrix at an offset of a box. One that is cut off changes nothing.
fn turn_of(file: &SparseBytes<'_>, within: Box, offset: u64) -> Result<Turn, ProbeError> {
    let matrix = within.body.saturating_add(offset);
    if matrix.saturating_add(20) > within.until() {
        return Ok(Turn::Upright);
    }
    let [a, b, c, d] = [0, 4, 12, 16].map(|at| file.u32(matrix.saturating_add(at)));
    let [a, b, c, d] = [a?, b?, c?, d?].map(|bits| (bits as i32).unsigned_abs());
    let straight = a.max(d);
    // Players ignore what is left over of rounding.
    Ok(match (straight, b.max(c)) {
        (straight, across) if across <= straight / 64 => Turn::Upright,
        (straight, across) if straight <= across / 64 && b.min(c) > 0 => Turn::Quarter,
        (0, _) => Turn::Upright,
        _ => Turn::Slanted,
    })
}

fn chapters(file: &SparseBytes<'_>, tref: Box) -> Result<Vec<u32>, ProbeError> {
    let Some(chap) = Boxes::within(file, tref, 0).find(b"chap")? else { return Ok(Vec::new()) };
    (0..MAX_TRACKS as u64)
        .map(|index| chap.body.saturating_add(4 * index))
        .take_while(|at| at.saturating_add(4) <= chap.until())
        .map(|at| file.u32(at))
        .collect()
}

/// Reads what a track holds. Its parts can be in any order.
fn media(file: &SparseBytes<'_>, mdia: Box, track: &mut Track) -> Result<(), ProbeError> {
    let mut information = None;
    let mut boxes = Boxes::within(file, mdia, 0);
    while let Some(found) = boxes.next()? {
        match &found.name {
            b"hdlr" => {
                track.content = match file.get(found.body.saturating_add(8), 4)? {
                    b"vide" | b"pict" => Content::Video,
                    b"soun" => Content::Sound,
                    _ => Content::Other,
                };
                if track.content != Content::Video {
                    return Ok(());
                }
            }
            b"minf" => information = Some(found),
            _ => {}
        }
        if let (Content::Video, Some(minf)) = (track.content, information) {
            return video_size(file, minf, track);
        }
    }
    Ok(())
}

/// Reads the coded size from the sample descriptions.
fn video_size(file: &SparseBytes<'_>, minf: Box, track: &mut Track) -> Result<(), ProbeError> {
    let Some(stbl) = Boxes::within(file, minf, 0).find(b"stbl")? else { return Ok(()) };
    let Some(stsd) = Boxes::within(file, stbl, 0).find(b"stsd")? else { return Ok(()) };
    let count = file.u32(stsd.body.saturating_add(4))?;
    let mut descriptions = Boxes::within(file, stsd, 8);
    for _ in 0..usize::try_from(count).unwrap_or(usize::MAX).clamp(1, MAX_DESCRIPTIONS) {
        let Some(entry) = descriptions.next()? else { break };
        let width = file.u16(entry.body.saturating_add(24))?;
        let height = file.u16(entry.body.saturating_add(26))?;
        let size = (width.into(), height.into());
        track.changes_size |= track.size.is_some_and(|before| before != size);
        track.size = track.size.or(Some(size));
    }
    Ok(())
}
