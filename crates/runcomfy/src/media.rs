//! Media: an image, a video or a sound that an input points to or holds.

mod data_uri;
mod file;
mod format;
mod info;
mod kind;
mod metric;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

pub(crate) use data_uri::DataUri;
pub use file::FileError;
use file::LocalFile;
pub use format::Format;
pub use info::MediaInfo;
pub use kind::MediaKind;
pub(crate) use metric::RuleOutcome;
pub use metric::{Bound, Metric, MissingInfo};

/// An image, video or audio input: an address, a local file, bytes, or a data URI.
///
/// An address goes to RunComfy as it is, and RunComfy fetches it: it must answer an
/// anonymous GET over HTTPS, with no login or bot wall before it. Recommended are images of
/// at most 50 MB and videos of at most 100 MB. A file and bytes go inside the request, as a
/// `data:` URI in base64.
///
/// There is no conversion from a string: a string may be an address or the bare
/// name of a file that RunComfy holds, and only the caller knows which.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Media(Source);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    Url(String),
    Verbatim(String),
    /// Shared, since it may have many millions of characters.
    Data(Arc<str>),
    /// Shared by clones, so that it is read once for all of them.
    File(Arc<LocalFile>),
}

/// How preflight gets at the bytes of media.
#[cfg(feature = "client")]
pub(crate) enum Bytes<'a> {
    /// From this address.
    At(&'a str),
    /// Out of this data URI.
    In(&'a str),
    /// From the disk, which is yet to be done.
    Unread,
    /// Not at all: this is a name.
    Named(&'a str),
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

    /// A local file, whose bytes go inside the request.
    ///
    /// It is read once, by the first of [`Client::submit`], [`Client::prepare`] and
    /// [`Client::preflight`] that comes to it, and kept: what was measured is what is sent,
    /// by this value and its clones. Whether it is there is found out then.
    ///
    /// [`Client::submit`]: crate::Client::submit
    /// [`Client::prepare`]: crate::Client::prepare
    /// [`Client::preflight`]: crate::Client::preflight
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(Arc::new(LocalFile::new(path.into()))))
    }

    /// Bytes in memory, which go inside the request. What they are is told by their
    /// beginning; [`Media::bytes_of_type`] says it instead.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let gif = Media::bytes(b"GIF89a\x40\x01\xf0\x00\x00\x00\x00");
    /// assert_eq!(gif.to_string(), "data:image/gif;base64,… (20 characters)");
    /// ```
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(Source::Data(DataUri::write(None, bytes.as_ref())))
    }

    /// Bytes in memory of a content type such as `image/png`.
    ///
    /// # Errors
    ///
    /// When the content type is not written as one.
    pub fn bytes_of_type(content_type: &str, bytes: impl AsRef<[u8]>) -> Result<Self, MediaError> {
        if !data_uri::is_content_type(content_type) {
            return Err(MediaError::ContentType);
        }
        Ok(Self(Source::Data(DataUri::write(Some(content_type), bytes.as_ref()))))
    }

    /// A `data:` URI in base64, such as `data:image/png;base64,iVBORw0KGgo=`. It is sent as
    /// it is.
    ///
    /// # Errors
    ///
    /// When the text is no `data:` URI, or its data is not in base64.
    pub fn data_uri(text: impl Into<Arc<str>>) -> Result<Self, MediaError> {
        let text = text.into();
        let uri = DataUri::parse(&text).ok_or(MediaError::NotADataUri)?;
        uri.decode().map_err(MediaError::Base64)?;
        Ok(Self(Source::Data(text)))
    }

    /// Media named by a string that is sent as it is: for models that take the
    /// bare name of a file. Nothing about it is checked or measured.
    pub fn verbatim(name: impl Into<String>) -> Self {
        Self(Source::Verbatim(name.into()))
    }

    /// Reads a local file of at most so many bytes, unless that was done: from then on it is
    /// what was read. The client does it where it is needed; without the client, JSON of an
    /// input needs it. Anything but a file has no need of it.
    ///
    /// # Errors
    ///
    /// When the file cannot go into a request. The next call tries again.
    pub fn read(&self, most_bytes: u64) -> Result<(), FileError> {
        match &self.0 {
            Source::File(file) => file.read(most_bytes),
            Source::Url(_) | Source::Verbatim(_) | Source::Data(_) => Ok(()),
        }
    }

    /// The address, where this is media at an address.
    pub fn as_url(&self) -> Option<&str> {
        match &self.0 {
            Source::Url(address) => Some(address),
            Source::Verbatim(_) | Source::Data(_) | Source::File(_) => None,
        }
    }

    /// What a JSON string in a media property means: an address or a data URI where it is
    /// one, a bare name otherwise.
    pub(crate) fn from_wire(text: &str) -> Self {
        match DataUri::parse(text) {
            Some(_) => Self(Source::Data(text.into())),
            None => Self::url(text).unwrap_or_else(|_| Self::verbatim(text)),
        }
    }

    /// The string that goes to RunComfy; `None` of a file that is yet to be read.
    pub(crate) fn wire(&self) -> Option<&str> {
        match &self.0 {
            Source::Url(text) | Source::Verbatim(text) => Some(text),
            Source::Data(uri) => Some(uri),
            Source::File(file) => file.wire(),
        }
    }

    /// How to get at its bytes. A file that has been read is what was read.
    #[cfg(feature = "client")]
    pub(crate) fn source(&self) -> Bytes<'_> {
        match &self.0 {
            Source::Url(address) => Bytes::At(address),
            Source::Verbatim(name) => Bytes::Named(name),
            Source::Data(uri) => Bytes::In(uri),
            Source::File(file) => match file.wire() {
                Some(uri) => Bytes::In(uri),
                None => Bytes::Unread,
            },
        }
    }

    /// Whether it is a local file, read or not.
    #[cfg(feature = "client")]
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.0, Source::File(_))
    }
}

impl TryFrom<Url> for Media {
    type Error = MediaError;

    fn try_from(url: Url) -> Result<Self, MediaError> {
        Self::url(url)
    }
}

impl From<PathBuf> for Media {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

/// The address or name; of data its type and length; of a file its path.
impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Url(text) | Source::Verbatim(text) => f.write_str(text),
            Source::Data(uri) => match DataUri::parse(uri) {
                Some(uri) => uri.fmt(f),
                None => f.write_str("data:"),
            },
            Source::File(file) => file.path().display().fmt(f),
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Source::Url(_) => "Url",
            Source::Verbatim(_) => "Verbatim",
            Source::Data(_) => "Data",
            Source::File(_) => "File",
        };
        write!(f, "Media::{name}({:?})", self.to_string())
    }
}

/// Why something is no media.
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
        "RunComfy fetches media over https, not `{0}:`; give an https:// address, Media::data_uri for a data URI, or Media::verbatim for a string that is sent as it is"
    )]
    Scheme(String),
    /// The address holds white space or a control character.
    #[error("the address holds {0:?}, and may hold no white space; a space is written as %20")]
    WhiteSpace(char),
    /// The slashes after the scheme are missing, or are no slashes.
    #[error("the address must begin with `{0}://`, written out")]
    Beginning(String),
    /// The text is no data URI in base64.
    #[error("not a data URI; one begins like `data:image/png;base64,`")]
    NotADataUri,
    /// The data of a data URI is not in base64.
    #[error("the data is not in base64: {0}")]
    Base64(base64::DecodeError),
    /// The content type is none.
    #[error("not a content type; one reads like `image/png`")]
    ContentType,
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
            ("data:image/png,AA==", MediaError::Scheme("data".to_owned())),
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

    #[test]
    fn bytes_are_the_data_uri_that_is_sent() {
        let png = b"\x89PNG\r\n\x1a\n";
        let sent = "data:image/png;base64,iVBORw0KGgo=";
        for media in [
            Media::bytes(png),
            Media::bytes_of_type("image/png", png).expect("it is a type"),
            Media::data_uri(sent).expect("it is right"),
            Media::from_wire(sent),
        ] {
            assert_eq!(media.wire(), Some(sent));
            assert_eq!(
                format!("{media:?}"),
                r#"Media::Data("data:image/png;base64,… (12 characters)")"#
            );
        }
        let unknown = Media::bytes(b"what is this?");
        assert!(
            unknown.wire().is_some_and(|uri| uri.starts_with("data:application/octet-stream;"))
        );
    }

    #[test]
    fn what_is_no_data_uri_in_base64_is_refused() {
        for text in ["image/png;base64,AA==", "data:image/png,AA", "data:;base64", ""] {
            assert_eq!(Media::data_uri(text), Err(MediaError::NotADataUri), "{text}");
        }
        let bad = Media::data_uri("data:image/png;base64,A*==");
        assert!(matches!(bad, Err(MediaError::Base64(_))), "{bad:?}");
        for content_type in ["png", "image/png;base64,", "image/", "image/p ng", "a/b,c"] {
            let bytes = Media::bytes_of_type(content_type, b"");
            assert_eq!(bytes, Err(MediaError::ContentType), "{content_type}");
        }
    }
}
