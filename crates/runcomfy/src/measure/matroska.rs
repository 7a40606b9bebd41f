//! Reads the size of the video track that is shown of Matroska and WebM (RFC 9559, on EBML, RFC 8794).
//!
//! The walk is ours for the reason that `boxes.rs` gives. Besides, the `matroska` crate allocates
//! the length that an element claims.

use std::time::Duration;

use super::sparse_bytes::{ProbeError, SparseBytes};
use super::{Header, MAX_STEPS, turned};
use crate::media::{Format, MediaKind};

const BROKEN: &str = "its elements do not fit into each other";
/// Nanoseconds per unit of time, if the file does not set it.
const DEFAULT_SCALE: u64 = 1_000_000;

const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const INFO: u32 = 0x1549_a966;
const SCALE: u32 = 0x002a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_TYPE: u32 = 0x83;
const VIDEO: u32 = 0xe0;
const PIXEL_WIDTH: u32 = 0xb0;
const PIXEL_HEIGHT: u32 = 0xba;
const FLAG_ENABLED: u32 = 0xb9;
const FLAG_DEFAULT: u32 = 0x88;
const PROJECTION: u32 = 0x7670;
const PROJECTION_TYPE: u32 = 0x7671;
const POSE_YAW: u32 = 0x7673;
const POSE_PITCH: u32 = 0x7674;
const POSE_ROLL: u32 = 0x7675;
const CLUSTER: u32 = 0x1f43_b675;

/// The content of a track (`TrackType`).
const PICTURES: u64 = 1;
const SOUND: u64 = 2;

/// Maximum number of tracks that are read.
const MAX_TRACKS: usize = 64;

const SLANTED: &str = "its video is turned by an angle that is not a quarter turn";

struct Track {
    content: u64,
    is_enabled: bool,
    is_default: bool,
    size: (u32, u32),
    /// `None` if it is turned by an angle that is not a quarter turn.
    is_turned: Option<bool>,
}

/// One element.
#[derive(Clone, Copy)]
struct Element {
    id: u32,
    /// Start of its body.
    body: u64,
    /// End of its body; `None` if its writer did not know it.
    end: Option<u64>,
    /// `true` if it extends past the element that contains it, as in a file that is cut off.
    is_cut: bool,
}

/// An iterator over the elements between two positions.
struct Elements<'a> {
    file: &'a SparseBytes<'a>,
    at: u64,
    end: Option<u64>,
    steps: usize,
}

pub(super) fn header(file: &SparseBytes<'_>, format: &mut Format) -> Result<Header, ProbeError> {
    let mut top = Elements { file, at: 0, end: file.size(), steps: 0 };
    let ebml = top.next()?.ok_or(ProbeError::Ends)?;
    let mut words = Elements::within(file, ebml);
    while let Some(word) = words.next()? {
        if word.id == DOC_TYPE && word.bytes(file)? == b"webm" {
            *format = Format::WebM;
        }
    }
    let segment = loop {
        match top.next()? {
            Some(found) if found.id == SEGMENT => break found,
            Some(_) => {}
            None => return Err(ProbeError::Ends),
        }
    };

    let mut header = Header::default();
    let (mut tracks, mut tracks_at) = (None, None);
    let mut elements = Elements::within(file, segment);
    while let Some(found) = elements.next()? {
        match found.id {
            SEEK_HEAD => tracks_at = tracks_at.or(sought(file, found)?),
            INFO => header.duration = film_duration(file, found)?,
            TRACKS => tracks = Some(found),
            // The frames; tracks behind them are only found through the index.
            CLUSTER => break,
            _ => {}
        }
        if tracks.is_some() {
            break;
        }
    }
    if let (None, Some(offset)) = (tracks, tracks_at) {
        let at = segment.body.checked_add(offset).ok_or(ProbeError::Broken(BROKEN))?;
        let mut elements = Elements { file, at, end: segment.end, steps: 0 };
        tracks = elements.next()?.filter(|found| found.id == TRACKS);
    }
    let tracks = tracks.ok_or(ProbeError::Broken("it does not list its tracks"))?;
    let tracks = read_tracks(file, tracks)?;
    if let Some(shown) = shown_track(&tracks)? {
        let turn = shown.is_turned.ok_or(ProbeError::Broken(SLANTED))?;
        (header.size, header.kind) = (Some(turned(shown.size, turn)), Some(MediaKind::Video));
        return Ok(header);
    }
    if tracks.iter().any(|track| track.content == SOUND) {
        return Ok(Header { kind: Some(MediaKind::Audio), ..header });
    }
    Err(ProbeError::Broken("it has no track of pictures or sound"))
}

/// Returns the video track that a player shows: an enabled one, by preference one that is marked
/// as the default. Players differ if there are several of different sizes.
fn shown_track(tracks: &[Track]) -> Result<Option<&Track>, ProbeError> {
    let videos: Vec<&Track> = tracks.iter().filter(|track| track.content == PICTURES).collect();
    let best = videos.iter().map(|track| (track.is_enabled, track.is_default)).max();
    let mut shown =
        videos.into_iter().filter(|track| Some((track.is_enabled, track.is_default)) == best);
    let Some(first) = shown.next() else { return Ok(None) };
    if shown.any(|track| (track.size, track.is_turned) != (first.size, first.is_turned)) {
        return Err(ProbeError::Broken("it has several video tracks of different sizes"));
    }
    Ok(Some(first))
}

fn read_tracks(file: &SparseBytes<'_>, tracks: Element) -> Result<Vec<Track>, ProbeError> {
    let mut found = Vec::new();
    let mut entries = Elements::within(file, tracks);
    while let Some(entry) = entries.next()? {
        if entry.id == TRACK_ENTRY && found.len() < MAX_TRACKS {
            found.push(read_track(file, entry)?);
        }
    }
    Ok(found)
}

fn read_track(file: &SparseBytes<'_>, entry: Element) -> Result<Track, ProbeError> {
    let mut track = Track {
        content: 0,
        is_enabled: true,
        is_default: true,
        size: (0, 0),
        is_turned: Some(false),
    };
    let mut parts = Elements::within(file, entry);
    while let Some(part) = parts.next()? {
        match part.id {
            TRACK_TYPE => track.content = part.number(file)?,
            FLAG_ENABLED => track.is_enabled = part.number(file)? != 0,
            FLAG_DEFAULT => track.is_default = part.number(file)? != 0,
            VIDEO => {
                let mut sides = Elements::within(file, part);
                while let Some(side) = sides.next()? {
                    match side.id {
                        PIXEL_WIDTH => track.size.0 = side.pixels(file)?,
                        PIXEL_HEIGHT => track.size.1 = side.pixels(file)?,
                        PROJECTION => track.is_turned = is_turned(file, side)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(track)
}

/// Returns `true` if a projection is a quarter turn, and `None` if it is another one that
/// changes the size. A panorama has no size other than its own.
fn is_turned(file: &SparseBytes<'_>, projection: Element) -> Result<Option<bool>, ProbeError> {
    let (mut is_flat, mut yaw, mut pitch, mut roll) = (true, 0.0, 0.0, 0.0);
    let mut parts = Elements::within(file, projection);
    while let Some(part) = parts.next()? {
        match part.id {
            PROJECTION_TYPE => is_flat = part.number(file)? == 0,
            POSE_YAW => yaw = part.float(file)?,
            POSE_PITCH => pitch = part.float(file)?,
            POSE_ROLL => roll = part.float(file)?,
            _ => {}
        }
    }
    // Half a turn about another axis mirrors the picture.
    let is_plain = yaw % 180.0 == 0.0 && pitch % 180.0 == 0.0 && roll % 90.0 == 0.0;
    Ok(match is_flat {
        false => Some(false),
        true => is_plain.then_some(roll % 180.0 != 0.0),
    })
}

fn film_duration(file: &SparseBytes<'_>, info: Element) -> Result<Option<Duration>, ProbeError> {
    let (mut scale, mut length) = (DEFAULT_SCALE, 0.0);
    let mut parts = Elements::within(file, info);
    while let Some(part) = parts.next()? {
        match part.id {
            SCALE => scale = part.number(file)?,
            DURATION => {
                length = part.float(file)?;
            }
            _ => {}
        }
    }
    let duration = Duration::try_from_secs_f64(length * scale as f64 / 1e9).ok();
    Ok(duration.filter(|duration| !duration.is_zero()))
}

/// Returns the position of the tracks from the index, relative to the body of the segment.
fn sought(file: &SparseBytes<'_>, head: Element) -> Result<Option<u64>, ProbeError> {
    let mut entries = Elements::within(file, head);
    while let Some(entry) = entries.next()? {
        if entry.id != SEEK {
            continue;
        }
        let (mut is_tracks, mut position) = (false, None);
        let mut parts = Elements::within(file, entry);
        while let Some(part) = parts.next()? {
            match part.id {
                SEEK_ID => is_tracks = part.number(file)? == u64::from(TRACKS),
                SEEK_POSITION => position = Some(part.number(file)?),
                _ => {}
            }
        }
        if is_tracks {
            return Ok(position);
        }
    }
    Ok(None)
}

impl<'a> Elements<'a> {
    fn within(file: &'a SparseBytes<'a>, outer: Element) -> Self {
        Self { file, at: outer.body, end: outer.end.or(file.size()), steps: 0 }
    }

    /// Returns the next element, or `None` after the last.
    fn next(&mut self) -> Result<Option<Element>, ProbeError> {
        self.steps += 1;
        if self.end.is_some_and(|end| self.at >= end) || self.steps > MAX_STEPS {
            return Ok(None);
        }
        let (id, length, _) = self.variable(self.at, 4)?;
        let at = self.at + length;
        let (size, length, is_unknown) = self.variable(at, 8)?;
        let body = at + length;
        let end = match size & !(1 << (7 * length)) {
            _ if is_unknown => None,
            size => Some(body.checked_add(size).ok_or(ProbeError::Broken(BROKEN))?),
        };
        // Clipped to its parent: walks must never visit a byte twice.
        let outer = self.end.unwrap_or(u64::MAX);
        let is_cut = end.is_some_and(|end| end > outer);
        let end = end.map(|end| end.min(outer));
        self.at = end.unwrap_or(u64::MAX);
        let id = u32::try_from(id).map_err(|_| ProbeError::Broken(BROKEN))?;
        Ok(Some(Element { id, body, end, is_cut }))
    }

    /// Reads a number of variable length. Returns it with its length marker, its length, and
    /// `true` if all its bits are set, which means "unknown".
    fn variable(&self, at: u64, most: u64) -> Result<(u64, u64, bool), ProbeError> {
        let first = self.file.u8(at)?;
        let length = u64::from(first.leading_zeros()) + 1;
        if length > most {
            return Err(ProbeError::Broken(BROKEN));
        }
        let bytes = self.file.get(at, length as usize)?;
        let number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let all = (1 << (7 * length)) - 1;
        Ok((number, length, number & all == all))
    }
}

impl Element {
    /// Returns the body of a short element.
    fn bytes<'a>(&self, file: &'a SparseBytes<'_>) -> Result<&'a [u8], ProbeError> {
        let length = self.end.map(|end| end.saturating_sub(self.body));
        match length {
            _ if self.is_cut => Err(ProbeError::Ends),
            Some(length @ 0..=16) => file.get(self.body, length as usize),
            _ => Err(ProbeError::Broken(BROKEN)),
        }
    }

    fn pixels(&self, file: &SparseBytes<'_>) -> Result<u32, ProbeError> {
        Ok(u32::try_from(self.number(file)?).unwrap_or(0))
    }

    fn float(&self, file: &SparseBytes<'_>) -> Result<f64, ProbeError> {
        Ok(match self.bytes(file)? {
            [a, b, c, d] => f32::from_be_bytes([*a, *b, *c, *d]).into(),
            bytes => bytes.try_into().map_or(0.0, f64::from_be_bytes),
        })
    }

    fn number(&self, file: &SparseBytes<'_>) -> Result<u64, ProbeError> {
        let bytes = self.bytes(file)?;
        match bytes.len() {
            0..=8 => Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
            _ => Err(ProbeError::Broken(BROKEN)),
        }
    }
}
