//! A model's id: what stands behind `/v1/models/` in a URL, and the folder it gets under
//! `schemas/`.

use std::fmt;

/// The most characters an id may have, so that a folder's path stays within the 260 that Windows
/// allows.
const MAX_LENGTH: usize = 160;

/// What Windows keeps for its devices, with any extension: no folder can have such a name.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The files of a model's folder. The model `a/b/input.json` would want a folder where `a/b` has a
/// file.
const FILES: [&str; 3] = ["model.json", "input.json", "output.json"];

/// What `schemas/` holds beside the providers.
const NOT_PROVIDERS: [&str; 2] = ["fixups", "readme.md"];

/// The id of a model, such as `minimax/Hailuo Video 01 Live`: two to five segments, in the case in
/// which RunComfy wrote them, since it tells `4K` from `4k`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

impl ModelId {
    /// Reads an id as it stands in a catalog, with nothing encoded.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match fault_of(text) {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(IdError { id: shown(text), fault }),
        }
    }

    /// Reads an id as it stands in a URL, where a space may be written `%20`.
    pub(super) fn parse_url_path(path: &str) -> Result<Self, IdError> {
        match percent_decoded(path) {
            Some(text) => Self::parse(&text),
            None => Err(IdError { id: shown(path), fault: IdFault::Encoding }),
        }
    }

    /// The id as RunComfy writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; there are always at least two.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The folder under `schemas/`, with `/` between its parts: `minimax/hailuo-video-01-live`.
    ///
    /// Two ids can have one folder, since some file systems do not tell upper from lower case.
    pub fn folder(&self) -> String {
        self.0.to_ascii_lowercase().replace(' ', "-")
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id that is none, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    /// What was given, shortened, with control characters escaped.
    pub id: String,
    /// What is wrong with it.
    pub fault: IdFault,
}

/// What is wrong with an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdFault {
    /// More characters than a folder should have.
    TooLong,
    /// How many segments there are instead of two to five.
    Segments(usize),
    /// Nothing before, after or between the slashes.
    EmptySegment,
    /// A segment that starts with a dot: `.`, `..`, or a hidden folder such as `.git`.
    LeadingDot,
    /// A segment that ends with a dot.
    TrailingDot,
    /// A segment that starts or ends with a space.
    OuterSpace,
    /// A character that no id has.
    Character(char),
    /// A broken `%` sequence in a URL, or one that hides a slash.
    Encoding,
    /// A segment that Windows, or `schemas/` itself, keeps for something else.
    Reserved(String),
}

impl fmt::Display for IdError {
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

impl std::error::Error for IdError {}

fn fault_of(id: &str) -> Option<IdFault> {
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
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ');
    if let Some(character) = segment.chars().find(|&c| !allowed(c)) {
        return Some(IdFault::Character(character));
    }
    if segment.starts_with(' ') || segment.ends_with(' ') {
        return Some(IdFault::OuterSpace);
    }
    if segment.starts_with('.') {
        return Some(IdFault::LeadingDot);
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

fn is_device(segment: &str) -> bool {
    let name = segment.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    DEVICES.contains(&name.as_str()) || numbered("com") || numbered("lpt")
}

/// Decodes each segment by itself; `None` where a sequence is broken or decodes to a slash.
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

/// A text from outside, short and harmless enough for one line of a terminal.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
