//! Media: an image, a video or a sound that an input points to or contains.

mod data_uri;
mod file;
mod format;
mod info;
mod kind;
mod metric;
#[cfg(feature = "client")]
mod opened_file;
mod web_url;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

pub(crate) use data_uri::DataUri;
#[cfg(feature = "client")]
pub(crate) use data_uri::decode_forgiving;
pub use file::FileError;
use file::LocalFile;
pub use format::Format;
pub use info::MediaInfo;
pub use kind::MediaKind;
pub(crate) use metric::RuleOutcome;
pub use metric::{Bound, Metric, MissingInfo};
#[cfg(feature = "client")]
pub(crate) use opened_file::{OpenedFile, OpenedFor, Sealed, SealedFile, SendingState};
use web_url::WebUrl;

/// An image, video or audio input: a URL, a local file, bytes, or a data URI.
///
/// RunComfy receives a URL exactly as written and fetches it. The URL must answer an anonymous
/// GET over HTTPS, without a login page or bot wall. RunComfy recommends images of at most
/// 50 MB and videos of at most 100 MB. A file and bytes are sent inside the request, as a
/// base64 `data:` URI.
///
/// There is no conversion from a string, because a string can be a URL or the bare name of a
/// file that RunComfy holds, and only the caller knows which.
///
/// ```
/// use runcomfy::Media;
///
/// let at_url = Media::url("https://example.com/boat.png")?;
/// let on_this_machine = Media::file("boat.png");
/// let in_memory = Media::bytes(b"\x89PNG\r\n\x1a\n");
///
/// // A path is not a URL, and the error says what to write instead.
/// let error = Media::url("boat.png").unwrap_err();
/// assert!(error.to_string().contains("Media::file"), "{error}");
/// # Ok::<(), runcomfy::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Media(Source);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    /// Shared: a clone does not copy the text, nor parse it again.
    Url(Arc<WebUrl>),
    Verbatim(String),
    /// Shared, because it can have many millions of characters.
    Data(Arc<str>),
    /// Shared by clones, which keep its bytes if it was read.
    File(Arc<LocalFile>),
}

/// The place from which preflight gets the bytes of media.
#[cfg(feature = "client")]
pub(crate) enum BytesSource<'a> {
    /// This URL.
    Url(&'a Url),
    /// This data URI.
    DataUri(&'a str),
    /// This file on disk.
    File(&'a Path),
    /// Nowhere: this is a name.
    Name(&'a str),
}

impl Media {
    /// Creates media from an `http` or `https` URL. RunComfy receives the URL exactly as
    /// written, so a signed URL keeps its signature.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not an absolute `http` or `https` URL, or contains white
    /// space.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// assert!(Media::url("https://example.com/boat.png").is_ok());
    /// assert!(Media::url("boat.png").is_err());
    /// ```
    pub fn url(address: impl Into<String>) -> Result<Self, MediaError> {
        Ok(Self(Source::Url(Arc::new(WebUrl::new(address.into())?))))
    }

    /// Creates media from a local file, whose bytes are sent inside the request.
    ///
    /// [`Client::submit`], [`Client::prepare`] and [`Client::preflight`] open the file, and
    /// report a missing one. They read no more of it than its header, until it is sent. A large
    /// file is then read piece by piece, and the submit is cut off before its end if the file is
    /// no longer the one that was measured. [`Media::read`] keeps the bytes in memory instead.
    ///
    /// [`Client::submit`]: crate::Client::submit
    /// [`Client::prepare`]: crate::Client::prepare
    /// [`Client::preflight`]: crate::Client::preflight
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let image = Media::file("boat.png");
    /// assert_eq!(image.to_string(), "boat.png");
    /// ```
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(Arc::new(LocalFile::new(path.into()))))
    }

    /// Creates media from bytes in memory, which are sent inside the request. The content type
    /// is detected from their first bytes; [`Media::bytes_of_type`] sets it instead.
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

    /// Creates media from bytes in memory of a content type such as `image/png`.
    ///
    /// # Errors
    ///
    /// Returns an error if the content type is malformed.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let image = Media::bytes_of_type("image/png", b"\x89PNG\r\n\x1a\n")?;
    /// assert!(Media::bytes_of_type("png", b"").is_err());
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn bytes_of_type(content_type: &str, bytes: impl AsRef<[u8]>) -> Result<Self, MediaError> {
        if !data_uri::is_content_type(content_type) {
            return Err(MediaError::ContentType);
        }
        Ok(Self(Source::Data(DataUri::write(Some(content_type), bytes.as_ref()))))
    }

    /// Creates media from a `data:` URI, such as `data:image/png;base64,iVBORw0KGgo=`. RunComfy
    /// receives it exactly as written.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a `data:` URI by the URL standard.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let image = Media::data_uri("data:image/png;base64,iVBORw0KGgo=")?;
    /// assert_eq!(image, Media::bytes(b"\x89PNG\r\n\x1a\n"));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn data_uri(text: impl Into<Arc<str>>) -> Result<Self, MediaError> {
        let text = text.into();
        let uri = DataUri::parse(&text).ok_or(MediaError::NotADataUri)?;
        uri.decode().map_err(MediaError::Base64)?;
        Ok(Self(Source::Data(text)))
    }

    /// Creates media from a string that is sent exactly as written, and is never fetched or
    /// measured. Preflight refuses one that is not a URL or a data URI unless it is off. A
    /// property that takes the bare name of a file is a string, not media.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let image = Media::verbatim("uploaded-boat.png");
    /// assert_eq!(image.as_url(), None);
    /// ```
    pub fn verbatim(name: impl Into<String>) -> Self {
        Self(Source::Verbatim(name.into()))
    }

    /// Reads a local file of at most `max_bytes`, and keeps its bytes: from then on, this value
    /// and its clones are measured and sent as they were read, even if the file changes. Does
    /// nothing if the file was read before, or if this is not a file.
    ///
    /// The client does not need this. Without it, call this before converting an input to JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be sent. The next call tries again.
    ///
    /// ```
    /// use runcomfy::{FileError, Media};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("boat.gif");
    ///
    /// std::fs::write(&path, b"GIF89a\x40\x01\xf0\x00\x00\x00\x00").unwrap();
    /// let image = Media::file(&path);
    /// assert!(matches!(image.read(4), Err(FileError::TooLarge { max: 4 })));
    ///
    /// image.read(1_000_000)?;
    /// std::fs::remove_file(&path).unwrap();
    /// assert!(image.read(1_000_000).is_ok(), "its bytes were kept");
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn read(&self, max_bytes: u64) -> Result<(), FileError> {
        match &self.0 {
            Source::File(file) => file.read(max_bytes),
            Source::Url(_) | Source::Verbatim(_) | Source::Data(_) => Ok(()),
        }
    }

    /// Returns the URL as written, or `None` if this is not media at a URL.
    ///
    /// ```
    /// use runcomfy::Media;
    ///
    /// let at_url = Media::url("https://example.com/boat.png?signature=a%2Fb")?;
    /// assert_eq!(at_url.as_url(), Some("https://example.com/boat.png?signature=a%2Fb"));
    /// assert_eq!(Media::file("boat.png").as_url(), None);
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn as_url(&self) -> Option<&str> {
        match &self.0 {
            Source::Url(url) => Some(url.as_str()),
            Source::Verbatim(_) | Source::Data(_) | Source::File(_) => None,
        }
    }

    /// Creates media from a JSON string in a media property: a URL or a data URI if it is one,
    /// and otherwise a bare name. Never a file.
    pub(crate) fn from_wire(text: &str) -> Self {
        match DataUri::parse(text) {
            Some(_) => Self(Source::Data(text.into())),
            None => Self::url(text).unwrap_or_else(|_| Self::verbatim(text)),
        }
    }

    /// Returns the string that is sent to RunComfy, or `None` for a file that has not been read
    /// yet.
    pub(crate) fn wire(&self) -> Option<&str> {
        match &self.0 {
            Source::Url(url) => Some(url.as_str()),
            Source::Verbatim(text) => Some(text),
            Source::Data(uri) => Some(uri),
            Source::File(file) => file.wire(),
        }
    }

    /// Returns the place to get its bytes from. A file that has been read is its data URI.
    #[cfg(feature = "client")]
    pub(crate) fn source(&self) -> BytesSource<'_> {
        match &self.0 {
            Source::Url(url) => {
                url.parsed().map_or(BytesSource::Name(url.as_str()), BytesSource::Url)
            }
            Source::Verbatim(name) => BytesSource::Name(name),
            Source::Data(uri) => BytesSource::DataUri(uri),
            Source::File(file) => match file.wire() {
                Some(uri) => BytesSource::DataUri(uri),
                None => BytesSource::File(file.path()),
            },
        }
    }

    /// Returns `true` if this is a local file, read or not.
    #[cfg(feature = "client")]
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.0, Source::File(_))
    }

    /// Returns the path of a local file, or `None` if this is not one.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use runcomfy::Media;
    ///
    /// assert_eq!(Media::file("boat.png").as_file(), Some(Path::new("boat.png")));
    /// assert_eq!(Media::bytes(b"\x89PNG\r\n\x1a\n").as_file(), None);
    /// ```
    pub fn as_file(&self) -> Option<&Path> {
        match &self.0 {
            Source::File(file) => Some(file.path()),
            Source::Url(_) | Source::Verbatim(_) | Source::Data(_) => None,
        }
    }
}

/// A value that is media: [`Media`], or the path of a local file.
///
/// The inputs of models take it wherever they take media. A string does not implement it: it
/// may be a URL or the bare name of a file that RunComfy holds, and only the caller knows which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not media",
    label = "say what this is: a URL, a local file, bytes or a name",
    note = "for a URL, write `Media::url(\"https://…\")?`",
    note = "for a local file, write `Media::file(\"boat.png\")`; for bytes, `Media::bytes(bytes)`",
    note = "for a file that RunComfy knows by its bare name, write `Media::verbatim(\"name\")`"
)]
pub trait IntoMedia {
    /// Returns the media.
    fn into_media(self) -> Media;
}

impl IntoMedia for Media {
    fn into_media(self) -> Media {
        self
    }
}

impl IntoMedia for &Media {
    fn into_media(self) -> Media {
        self.clone()
    }
}

impl IntoMedia for PathBuf {
    fn into_media(self) -> Media {
        Media::file(self)
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

/// Shows a URL or name in full, data as its type and length, and a file as its path.
impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Url(url) => f.write_str(url.as_str()),
            Source::Verbatim(text) => f.write_str(text),
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

/// The reason why a [`Media`] could not be created.
///
/// ```
/// use runcomfy::{Media, MediaError};
///
/// let error = Media::url("s3://bucket/boat.png").unwrap_err();
/// assert_eq!(error, MediaError::Scheme("s3".to_owned()));
///
/// let error = Media::url("https://example.com/my boat.png").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "a URL must not contain white space (found ' '); write a space as %20"
/// );
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The text is not an absolute URL.
    #[error(
        "not an absolute URL ({0}); write one that begins with https://; for a local file use Media::file, and for a string that is sent as it is Media::verbatim"
    )]
    NotAnAddress(url::ParseError),
    /// The URL has a scheme that RunComfy cannot fetch.
    #[error("RunComfy fetches media over https, not `{0}:`; {help}", help = instead_of(.0))]
    Scheme(String),
    /// The URL contains white space or a control character.
    #[error("a URL must not contain white space (found {0:?}); write a space as %20")]
    WhiteSpace(char),
    /// The slashes after the scheme are missing, or are not slashes.
    #[error("the URL must begin with `{0}://`, written out")]
    Beginning(String),
    /// The text is not a data URI.
    #[error("not a data URI; one begins like `data:image/png;base64,`")]
    NotADataUri,
    /// The data of a data URI is not base64.
    #[error("the data is not base64: {0}")]
    Base64(base64::DecodeError),
    /// The content type is malformed.
    #[error("not a content type; one reads like `image/png`")]
    ContentType,
}

/// Returns what to write instead of a URL of a scheme. A scheme of one letter is a drive of
/// Windows.
fn instead_of(scheme: &str) -> &'static str {
    match scheme {
        "data" => "for a data URI use Media::data_uri",
        "file" => "for a local file use Media::file, with its path",
        drive if drive.len() == 1 => "for a local file use Media::file",
        _ => "write an https:// URL; for a string that is sent as it is use Media::verbatim",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_function_for_what_was_given() {
        for (text, named) in [
            ("boat.png", "Media::file"),
            ("/home/me/boat.png", "Media::file"),
            ("./boat.png", "Media::file"),
            (r"C:\boat.png", "Media::file"),
            ("c:/boat.png", "Media::file"),
            (r"\\server\boat.png", "Media::file"),
            ("file:///home/me/boat.png", "Media::file"),
            ("data:image/png;base64,AA==", "Media::data_uri"),
            ("s3://bucket/boat.png", "an https:// URL"),
        ] {
            let error = Media::url(text).expect_err("it is not a URL").to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_url_for_lenient_parsers_only_is_refused() {
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
            ("boat.png", MediaError::NotAnAddress(url::ParseError::RelativeUrlWithoutBase)),
        ];
        for (wrong, reason) in cases {
            assert_eq!(Media::url(wrong), Err(reason), "{wrong:?}");
            assert_eq!(Media::from_wire(wrong), Media::verbatim(wrong));
        }
    }

    #[test]
    fn a_url_is_media_only_if_fetchable() {
        let media = |text| Media::try_from(Url::parse(text).expect("it is a URL"));
        assert_eq!(media("https://x/a b"), Media::url("https://x/a%20b"));
        assert_eq!(media("file:///a"), Err(MediaError::Scheme("file".to_owned())));
    }

    #[test]
    fn bytes_become_the_data_uri_that_is_sent() {
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

    // Field case F11: Intervention#983, openclaw#96437.
    #[test]
    fn data_uris_are_read_as_the_url_standard_does() {
        let cases = [
            "data:image/gif;base64,R0lGODlhgALgAQAAAA==",
            "DATA:image/gif; Base64,R0lGODlhgALgAQAAAA==",
            "data:image/gif;base64,R0lGODlhgALgAQAAAA",
            "data:image/gif;base64,R0lGODlh\r\ngALgAQAA\tAA==\n",
            "data:image/gif;base64,R0lGODlhgALgAQAAAA%3D%3D",
            "data:image/gif;base64,R0lGODlhgALgAQAAA%41==",
            "data:image/gif;base64,R0lGODlhgALgAQAAAB==",
            "data:image/gif;base64,R0lGODlhgALgAQAAAA==#part",
            "data:image/gif,GIF89a%80%02%e0%01%00%00%00",
        ];
        for text in cases {
            let bytes = DataUri::parse(text).map(|uri| uri.decode());
            assert_eq!(bytes, Some(Ok(b"GIF89a\x80\x02\xe0\x01\0\0\0".to_vec())), "{text}");
            let media = Media::data_uri(text).expect("it is a data URI");
            assert_eq!((media.wire(), &media), (Some(text), &Media::from_wire(text)));
        }
        assert_eq!(Media::from_wire(cases[8]).to_string(), "data:image/gif,… (27 characters)");
        for data in ["R", "R0lGO", "R0=G", "R0lG=", "R0l*"] {
            let uri = format!("data:image/gif;base64,{data}");
            assert!(matches!(Media::data_uri(uri), Err(MediaError::Base64(_))), "{data}");
        }
    }

    #[test]
    fn text_that_is_not_a_data_uri_is_refused() {
        for text in ["image/png;base64,AA==", "data:image/png", "data:;base64", ""] {
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
