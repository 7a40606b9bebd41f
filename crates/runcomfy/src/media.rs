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
    /// When the text is no absolute `http` or `https` address, written out in full and
    /// without white space.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// assert!(Media::url("https://example.com/boat.png").is_ok());
    /// assert!(Media::url("boat.png").is_err());
    /// ```
    pub fn url(address: impl Into<String>) -> Result<Self, MediaError> {
        let address = address.into();
        let url = Url::parse(&address).map_err(MediaError::NotAnAddress)?;
        let scheme = url.scheme();
        if !matches!(scheme, "http" | "https") {
            return Err(MediaError::Scheme(scheme.to_owned()));
        }
        // The parser mends what follows here, and RunComfy would get it unmended.
        if let Some(found) = address.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(MediaError::WhiteSpace(found));
        }
        let beginning = address.get(..scheme.len() + 3);
        if !beginning.is_some_and(|text| text.eq_ignore_ascii_case(&format!("{scheme}://"))) {
            return Err(MediaError::Beginning(scheme.to_owned()));
        }
        Ok(Self(Source::Url(address)))
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

impl TryFrom<Url> for Media {
    type Error = MediaError;

    fn try_from(url: Url) -> Result<Self, MediaError> {
        Self::url(url)
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
    #[error(
        "RunComfy fetches media over https, not `{0}:`; give an https:// address, or use Media::verbatim for a string that is sent as it is"
    )]
    Scheme(String),
    /// The address holds white space or a control character.
    #[error("the address holds {0:?}, and may hold no white space; a space is written as %20")]
    WhiteSpace(char),
    /// The slashes after the scheme are missing, or are no slashes.
    #[error("the address must begin with `{0}://`, written out")]
    Beginning(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_only_a_lenient_parser_reads_is_refused() {
        for right in ["https://x/y.png", "HTTPS://x/y.png", "http://x/y?a=%20#z", "https://x/é"] {
            assert_eq!(Media::url(right).map(|media| media.to_string()), Ok(right.to_owned()));
        }
        let beginning = || MediaError::Beginning("https".to_owned());
        let cases = [
            ("https://x/y.png\n", MediaError::WhiteSpace('\n')),
            (" https://x/y.png", MediaError::WhiteSpace(' ')),
            ("https://x/a b.png", MediaError::WhiteSpace(' ')),
            ("ht\ttps://x/y.png", MediaError::WhiteSpace('\t')),
            ("https://x/\u{a0}y.png", MediaError::WhiteSpace('\u{a0}')),
            ("https://x/\u{7f}", MediaError::WhiteSpace('\u{7f}')),
            ("https:x/y", beginning()),
            ("https:/x/y", beginning()),
            ("https:\\\\x\\y", beginning()),
            ("https:éé/y", beginning()),
            ("data:image/png;base64,AA==", MediaError::Scheme("data".to_owned())),
            ("boat.png", MediaError::NotAnAddress(url::ParseError::RelativeUrlWithoutBase)),
        ];
        for (wrong, reason) in cases {
            assert_eq!(Media::url(wrong), Err(reason), "{wrong:?}");
            assert_eq!(Media::from_wire(wrong), Media::verbatim(wrong));
        }
    }

    #[test]
    fn a_parsed_address_is_media_only_where_it_can_be_fetched() {
        let media = |text| Media::try_from(Url::parse(text).expect("it is an address"));
        assert_eq!(media("https://x/a b"), Media::url("https://x/a%20b"));
        assert_eq!(media("file:///a"), Err(MediaError::Scheme("file".to_owned())));
    }
}
