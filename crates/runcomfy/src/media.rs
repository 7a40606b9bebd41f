//! Media: an image, a video or a sound that an input points to.

use std::fmt;

use url::Url;

/// An image, video or audio input.
///
/// RunComfy fetches media itself: the address must answer an anonymous GET over
/// HTTPS, with no login or bot wall before it. Recommended are images of at most
/// 50 MB and videos of at most 100 MB.
///
/// There is no conversion from a string: a string may be an address or the bare
/// name of a file that RunComfy holds, and only the caller knows which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Media(Source);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Source {
    Url(String),
    Verbatim(String),
}

impl Media {
    /// Media at an `http` or `https` address. It is sent to RunComfy as it is
    /// written here, so that a signed address keeps its signature.
    ///
    /// # Errors
    ///
    /// When the text is no absolute `http` or `https` address.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// assert!(Media::url("https://example.com/boat.png").is_ok());
    /// assert!(Media::url("boat.png").is_err());
    /// ```
    pub fn url(address: impl Into<String>) -> Result<Self, MediaError> {
        let address = address.into();
        match Url::parse(&address) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self(Source::Url(address))),
            Ok(url) => Err(MediaError::Scheme(url.scheme().to_owned())),
            Err(reason) => Err(MediaError::NotAnAddress(reason)),
        }
    }

    /// Media named by a string that is sent as it is: for models that take the
    /// bare name of a file. Nothing about it is checked or measured.
    pub fn verbatim(name: impl Into<String>) -> Self {
        Self(Source::Verbatim(name.into()))
    }

    /// The address, where this is media at an address.
    pub fn as_url(&self) -> Option<&str> {
        match &self.0 {
            Source::Url(address) => Some(address),
            Source::Verbatim(_) => None,
        }
    }

    /// What a JSON string in a media property means: an address where it is one,
    /// a bare name otherwise.
    pub(crate) fn from_wire(text: &str) -> Self {
        Self::url(text).unwrap_or_else(|_| Self::verbatim(text))
    }

    /// The string that goes to RunComfy.
    pub(crate) fn wire(&self) -> &str {
        match &self.0 {
            Source::Url(text) | Source::Verbatim(text) => text,
        }
    }
}

impl From<Url> for Media {
    fn from(url: Url) -> Self {
        Self::from_wire(url.as_str())
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire())
    }
}

/// Why a text is no address of media.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The text cannot be read as an address.
    #[error(
        "not an absolute address ({0}); give one that begins with https://, or use Media::verbatim for a bare name"
    )]
    NotAnAddress(url::ParseError),
    /// The address has a scheme that RunComfy cannot fetch.
    #[error("RunComfy fetches media over https, not `{0}:`; give an https:// address")]
    Scheme(String),
}
