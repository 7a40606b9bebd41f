//! A model's id: the path behind `/v1/models/` in a URL, and the folder under `schemas/`.

use std::fmt;

use crate::text::escape_control;

/// The maximum number of characters of an id. It keeps a folder's path within the 260 characters
/// that Windows allows.
const MAX_LENGTH: usize = 160;

/// Names that Windows reserves for its devices, with any extension. No folder can have one.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The files of a model's folder. The model `a/b/input.json` would need a folder in place of a file
/// of `a/b`.
const FILES: [&str; 3] = ["model.json", "input.json", "output.json"];

/// The entries of `schemas/` that are not providers.
const NOT_PROVIDERS: [&str; 2] = ["fixups", "readme.md"];

/// The id of a model, such as `minimax/Hailuo Video 01 Live`: two to five segments, in the
/// case in which RunComfy writes them, since it distinguishes `4K` from `4k`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

impl ModelId {
    /// Parses an id as a catalog has it, with nothing encoded.
    pub fn parse(text: &str) -> Result<Self, InvalidModelId> {
        match find_fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(InvalidModelId { id: shown(text), fault }),
        }
    }

    /// Parses an id as a URL has it, where a space may be written `%20`.
    pub(super) fn parse_url_path(path: &str) -> Result<Self, InvalidModelId> {
        match percent_decoded(path) {
            Some(text) => Self::parse(&text),
            None => Err(InvalidModelId { id: shown(path), fault: IdFault::Encoding }),
        }
    }

    /// Returns the id as RunComfy writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parts between the slashes, at least two.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the folder under `schemas/`, with `/` between its parts: `minimax/hailuo-video-01-live`.
    ///
    /// Two ids can have one folder, since some file systems ignore case.
    pub fn folder(&self) -> String {
        self.0.to_ascii_lowercase().replace(' ', "-")
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An invalid model id and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidModelId {
    /// The given text, shortened and with control characters escaped.
    pub id: String,
    /// The reason.
    pub fault: IdFault,
}

/// The reason why an id is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdFault {
    /// The id has too many characters.
    TooLong,
    /// The number of segments, which is not two to five.
    Segments(usize),
    /// A segment is empty.
    EmptySegment,
    /// A segment starts with a dot: `.`, `..`, or a hidden folder such as `.git`.
    LeadingDot,
    /// A segment starts with a dash.
    LeadingDash,
    /// A segment ends with a dot.
    TrailingDot,
    /// A segment starts or ends with a space.
    OuterSpace,
    /// A character is not allowed in an id.
    Character(char),
    /// A `%` sequence in a URL is broken or hides a slash.
    Encoding,
    /// Windows or `schemas/` itself reserves a segment.
    Reserved(String),
}

impl fmt::Display for InvalidModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a model id: ", self.id)?;
        match &self.fault {
            IdFault::TooLong => write!(f, "it is longer than {MAX_LENGTH} characters"),
            IdFault::Segments(1) => {
                f.write_str("it has one segment, and an id has two to five, as in `provider/model`")
            }
            IdFault::Segments(count) => {
                write!(f, "it has {count} segments, and an id has two to five")
            }
            IdFault::EmptySegment => {
                f.write_str("it has nothing before, after or between its slashes")
            }
            IdFault::LeadingDot => f.write_str("a segment starts with a dot"),
            IdFault::LeadingDash => {
                f.write_str("a segment starts with a dash, which commands take for an option")
            }
            IdFault::TrailingDot => {
                f.write_str("a segment ends with a dot, which Windows drops from a folder's name")
            }
            IdFault::OuterSpace => f.write_str("a segment starts or ends with a space"),
            IdFault::Character(character) => {
                let character = shown(&character.to_string());
                write!(
                    f,
                    "it contains `{character}`; letters from a to z, digits, `-`, `.`, `_` \
                     and spaces can stand in one"
                )
            }
            IdFault::Encoding => {
                f.write_str("its `%` sequences do not decode to a segment of an id")
            }
            IdFault::Reserved(name) => {
                write!(f, "no folder under `schemas/` can be called `{name}`")
            }
        }
    }
}

impl std::error::Error for InvalidModelId {}

fn find_fault(id: &str) -> Option<IdFault> {
    if id.len() > MAX_LENGTH {
        return Some(IdFault::TooLong);
    }
    let segments = id.split('/').count();
    if id.split('/').any(str::is_empty) {
        return Some(IdFault::EmptySegment);
    }
    if !(2..=5).contains(&segments) {
        return Some(IdFault::Segments(segments));
    }
    id.split('/').enumerate().find_map(|(index, segment)| segment_fault(index, segment))
}

fn segment_fault(index: usize, segment: &str) -> Option<IdFault> {
    if let Some(character) = segment.chars().find(|&c| !is_allowed(c)) {
        return Some(IdFault::Character(character));
    }
    if segment.starts_with(' ') || segment.ends_with(' ') {
        return Some(IdFault::OuterSpace);
    }
    if segment.starts_with('.') {
        return Some(IdFault::LeadingDot);
    }
    if segment.starts_with('-') {
        return Some(IdFault::LeadingDash);
    }
    if segment.ends_with('.') {
        return Some(IdFault::TrailingDot);
    }
    let folder = segment.to_ascii_lowercase().replace(' ', "-");
    let reserved = is_device(segment)
        || FILES.contains(&folder.as_str())
        || (index == 0 && NOT_PROVIDERS.contains(&folder.as_str()));
    reserved.then_some(IdFault::Reserved(folder))
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ')
}

fn is_device(segment: &str) -> bool {
    let name = segment.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let port = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    DEVICES.contains(&name.as_str())
        || port.is_some_and(|port| port.len() == 1 && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Decodes `%` sequences. Returns `None` if one is broken or decodes to a slash.
fn percent_decoded(path: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        let byte = u8::try_from(high * 16 + low).ok()?;
        if byte == b'/' {
            return None;
        }
        decoded.push(byte);
    }
    String::from_utf8(decoded).ok()
}

/// Shortens and escapes a text from outside for one line of a terminal.
pub(super) fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 80;
    let mut shown = escape_control(&text.chars().take(MAX_SHOWN).collect::<String>());
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
