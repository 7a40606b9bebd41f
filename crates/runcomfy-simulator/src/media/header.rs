//! Position of the size information in a picture or film.

/// Position of the header, which holds the size of a picture or film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Header {
    /// Before the padding.
    First,
    /// After the padding: the frame header of a JPEG after metadata, the directory of a TIFF or the
    /// index of an MP4 at the end. Other formats always have it in their first bytes.
    Last,
}

impl Header {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "first" => Ok(Self::First),
            "last" => Ok(Self::Last),
            _ => Err("`header` must be `first` or `last`".to_owned()),
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}
