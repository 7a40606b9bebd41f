//! Where a picture or film tells its size.

/// Where what tells the size of a picture or film stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Header {
    /// In front of the padding.
    First,
    /// Behind the padding: the frame header of a JPEG after as much metadata, the directory of a
    /// TIFF or the index of an MP4 at the end. Other formats have it in their first bytes.
    Last,
}

impl Header {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "first" => Ok(Self::First),
            "last" => Ok(Self::Last),
            _ => Err("`header` is `first` or `last`".to_owned()),
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}
