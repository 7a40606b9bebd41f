//! `ContentKind`: the kinds of content that go into a model and come out of it.

use std::fmt;
use std::str::FromStr;

use crate::unknown_variant::UnknownVariant;

/// A kind of content that a model takes or gives.
///
/// ```
/// use runcomfy::ContentKind;
///
/// assert_eq!("video".parse(), Ok(ContentKind::Video));
/// assert_eq!(ContentKind::Image.to_string(), "image");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum ContentKind {
    /// Text, such as a prompt.
    Text,
    /// Images.
    Image,
    /// Videos.
    Video,
    /// Audio.
    Audio,
}

impl ContentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Text, Self::Image, Self::Video, Self::Audio];

    const NAMES: &'static [&'static str] = &["text", "image", "video", "audio"];

    /// Returns the kind's name, such as `video`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

impl fmt::Display for ContentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ContentKind {
    type Err = UnknownVariant;

    /// Parses a kind's name, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownVariant> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| UnknownVariant::new(text, Self::NAMES))
    }
}
