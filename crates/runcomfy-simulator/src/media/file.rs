//! Grammar of the URLs under `/media/`: file, size and faults.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::content::Content;
use super::fault::MediaFault;
use super::header::Header;
use super::picture::{self, MAX_SIDE, PictureFormat, Size};
use super::sample::Sample;
use super::{Kind, boxes, content_type};

/// Largest file: ten times RunComfy's recommendation for videos, and possible in every format.
const MAX_FILE_BYTES: u64 = 1_000_000_000;

/// Characters that are not percent-encoded in a query.
const PLAIN: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b':').remove(b'/');

const WHERE: &str = "pictures are at /media/<width>x<height>.<png|jpg|webp|gif|bmp|tiff>, with \
                     sides of 1 to 8192 pixels and at most 16 million pixels, and samples at \
                     /media/samples/<name>";

/// A file that the simulator serves to be measured, and the way it is served.
///
/// ```
/// use runcomfy_simulator::{Header, MediaFault, PictureFormat, TestMedia};
///
/// let photo = TestMedia::picture(PictureFormat::Jpeg, 300, 301)
///     .with_bytes(50_000_000)
///     .with_header(Header::Last)
///     .with_fault(MediaFault::NoRanges);
/// assert_eq!(photo.to_string(), "/media/300x301.jpg?bytes=50000000&header=last&fault=no_ranges");
/// ```
///
/// [`Simulator::media_url`](crate::Simulator::media_url) returns its URL. A file that cannot be
/// made, such as a picture without pixels, answers 404 with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TestMedia {
    source: Source,
    bytes: Option<u64>,
    header: Option<Header>,
    orientation: Option<u8>,
    faults: Vec<MediaFault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Source {
    Picture { format: PictureFormat, width: u32, height: u32 },
    Sample(String),
}

impl TestMedia {
    /// Creates a picture of exactly this size. Sides are 1 to 8192 pixels, and at most 16 million
    /// pixels in all.
    pub fn picture(format: PictureFormat, width: u32, height: u32) -> Self {
        Self::of(Source::Picture { format, width, height })
    }

    /// Selects a committed sample by its name in [`Sample::all`].
    pub fn sample(name: impl Into<String>) -> Self {
        Self::of(Source::Sample(name.into()))
    }

    fn of(source: Source) -> Self {
        Self { source, bytes: None, header: None, orientation: None, faults: Vec::new() }
    }

    /// Pads the file to this size of at most 1,000,000,000 bytes. It stays valid. Of the samples,
    /// MP4, MOV and M4A can be padded unless fragmented.
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Sets the position of the header in a JPEG, a TIFF, or a sample of MP4, MOV or M4A.
    pub fn with_header(mut self, header: Header) -> Self {
        self.header = Some(header);
        self
    }

    /// Sets the EXIF orientation of a JPEG, from 1 to 8. Width and height are those as stored.
    pub fn with_orientation(mut self, orientation: u8) -> Self {
        self.orientation = Some(orientation);
        self
    }

    /// Adds a fault.
    pub fn with_fault(mut self, fault: MediaFault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Removes all faults.
    pub(crate) fn without_faults(mut self) -> Self {
        self.faults.clear();
        self
    }

    pub(crate) fn faults(&self) -> &[MediaFault] {
        &self.faults
    }

    /// Parses the part of a path behind `/media/` and a query. The error is a message.
    pub(crate) fn parse(name: &str, query: &[(String, String)]) -> Result<Self, String> {
        let mut media = match name.strip_prefix("samples/") {
            Some(name) => Self::sample(Sample::named(name).ok_or(WHERE)?.name),
            None => {
                let (size, extension) = name.rsplit_once('.').ok_or(WHERE)?;
                let format = PictureFormat::from_extension(extension).ok_or(WHERE)?;
                let size = Size::parse(size).ok_or(WHERE)?;
                Self::picture(format, size.width, size.height)
            }
        };
        for (key, value) in query {
            match key.as_str() {
                "bytes" => {
                    media.bytes = Some(value.parse().map_err(|_| "`bytes` must be a number")?)
                }
                "header" => media.header = Some(Header::parse(value)?),
                "orientation" => {
                    let orientation = value.parse().ok().filter(|number| (1..=8).contains(number));
                    media.orientation = Some(orientation.ok_or("`orientation` must be 1 to 8")?);
                }
                "fault" => media.faults.push(value.parse()?),
                _ => {
                    return Err("the query of a file takes `bytes`, `header`, `orientation` and \
                                `fault`"
                        .to_owned());
                }
            }
        }
        Ok(media)
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match &self.source {
            Source::Picture { format, .. } => content_type(format.extension()),
            Source::Sample(name) => {
                Sample::named(name).map_or(content_type(""), Sample::content_type)
            }
        }
    }

    pub(crate) fn as_sample(&self) -> Option<&'static Sample> {
        match &self.source {
            Source::Picture { .. } => None,
            Source::Sample(name) => Sample::named(name),
        }
    }

    /// Returns the memory that encoding the file takes at most: pixels, an encoder's copy and the
    /// file. Decoding it takes no more.
    pub(crate) fn encoding_bytes(&self) -> u64 {
        match self.source {
            Source::Picture { width, height, .. } => {
                9 * u64::from(width.min(MAX_SIDE)) * u64::from(height.min(MAX_SIDE))
            }
            Source::Sample(_) => 0,
        }
    }

    /// Returns the size to which the file is padded.
    pub(crate) fn padded_bytes(&self) -> u64 {
        self.bytes.unwrap_or_default()
    }

    /// Makes the file. The error is a message.
    pub(crate) fn make(&self) -> Result<Content, String> {
        if self.bytes.is_some_and(|bytes| bytes > MAX_FILE_BYTES) {
            return Err(format!("no file is larger than {MAX_FILE_BYTES} bytes"));
        }
        match &self.source {
            Source::Picture { format, width, height } => {
                let size = Size::within_bounds(*width, *height).ok_or(WHERE)?;
                self.make_picture(*format, size)
            }
            Source::Sample(name) => self.lay_out(Sample::named(name).ok_or(WHERE)?),
        }
    }

    fn make_picture(&self, format: PictureFormat, size: Size) -> Result<Content, String> {
        let header = self.header.unwrap_or(Header::First);
        if header == Header::Last && !format.can_end_with_header() {
            return Err(
                "of the pictures, only a JPEG or TIFF has a header that can stand last; in \
                        the others it is in the first bytes"
                    .to_owned(),
            );
        }
        if self.orientation.is_some() && format != PictureFormat::Jpeg {
            return Err("`orientation` is for a JPEG".to_owned());
        }
        let file = picture::encode(format, size, self.orientation)?;
        let padding = self.padding(file.len())?;
        picture::pad(format, size, file, header, padding)
            .ok_or_else(|| "the padding must have room for the directory that it ends with".into())
    }

    fn lay_out(&self, sample: &Sample) -> Result<Content, String> {
        if self.orientation.is_some() {
            return Err("`orientation` is for a generated JPEG".to_owned());
        }
        if self.bytes.is_none() && self.header.is_none() {
            return Ok(Content::default().with(sample.shared()));
        }
        let padding = self.padding(sample.bytes.len())?;
        let header = self.header.unwrap_or(Header::First);
        let with_index = sample.kind != Kind::Image;
        with_index.then(|| boxes::lay_out(sample.bytes, header, padding)).flatten().ok_or_else(
            || {
                "of the samples, MP4, MOV and M4A take `bytes` and `header`, unless in fragments"
                    .to_owned()
            },
        )
    }

    /// Returns the number of bytes to add to a file.
    fn padding(&self, length: usize) -> Result<u64, String> {
        let length = length as u64;
        self.bytes
            .unwrap_or(length)
            .checked_sub(length)
            .ok_or_else(|| format!("this file takes at least {length} bytes"))
    }
}

/// Writes the path and query of the URL.
impl fmt::Display for TestMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Picture { format, width, height } => {
                write!(f, "/media/{width}x{height}.{}", format.extension())?;
            }
            Source::Sample(name) => {
                write!(f, "/media/samples/{}", utf8_percent_encode(name, &PLAIN))?;
            }
        }
        let bytes = self.bytes.map(|bytes| ("bytes", bytes.to_string()));
        let header = self.header.map(|header| ("header", header.word().to_owned()));
        let orientation = self.orientation.map(|number| ("orientation", number.to_string()));
        let faults = self.faults.iter().map(|fault| ("fault", fault.to_string()));
        let pairs = bytes.into_iter().chain(header).chain(orientation).chain(faults);
        for (index, (key, value)) in pairs.enumerate() {
            let joint = if index == 0 { '?' } else { '&' };
            write!(f, "{joint}{key}={}", utf8_percent_encode(&value, &PLAIN))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::extract::Query;
    use axum::http::Uri;

    use super::*;

    fn parsed(text: &str) -> Result<TestMedia, String> {
        let uri: Uri = text.parse().expect("an address");
        let Query(pairs) = Query::<Vec<_>>::try_from_uri(&uri).expect("a query");
        TestMedia::parse(uri.path().strip_prefix("/media/").expect("a file"), &pairs)
    }

    #[test]
    fn a_media_url_round_trips() {
        let faults = [
            MediaFault::NoRanges,
            MediaFault::NoLength,
            MediaFault::Chunked,
            MediaFault::Redirects(3),
            MediaFault::RedirectLoop,
            MediaFault::RedirectTo("http://[::ffff:10.0.0.1]/a?b=c&d#e%20".to_owned()),
            MediaFault::Delay(Duration::from_millis(250)),
            MediaFault::Drip(1000),
            MediaFault::ClaimBytes(u64::MAX),
            MediaFault::LoginPage,
            MediaFault::ContentType("text/plain; charset=utf-8".to_owned()),
            MediaFault::Status(429),
            MediaFault::Cut(0),
            MediaFault::Empty,
            MediaFault::Reset,
        ];
        for fault in &faults {
            let fault = fault.to_string();
            let name = fault.split(':').next().expect("a name");
            let listed = include_str!("../../README.md").contains(&format!("`{name}"));
            assert!(listed, "the README does not list `{name}`");
        }
        for format in PictureFormat::ALL {
            let plain = TestMedia::picture(format, 300, 1);
            let whole = plain.clone().with_bytes(9).with_header(Header::Last).with_orientation(8);
            let bad = faults.iter().cloned().fold(whole.clone(), TestMedia::with_fault);
            for media in [plain, whole, bad] {
                assert_eq!(parsed(&media.to_string()), Ok(media.clone()), "{media}");
            }
        }
        for sample in Sample::all() {
            let media = TestMedia::sample(sample.name).with_header(Header::First);
            assert_eq!(parsed(&media.to_string()), Ok(media.clone()), "{media}");
        }
    }

    #[test]
    fn impossible_media_is_refused_with_a_reason() {
        let cases = [
            ("/media/300x300.heic", "pictures are at"),
            ("/media/samples/nothing.mp4", "samples at"),
            ("/media/300x300.png?byte=1", "`bytes`, `header`"),
            ("/media/300x300.png?bytes=many", "`bytes` must be a number"),
            ("/media/300x300.png?bytes=10", "at least"),
            ("/media/300x300.png?bytes=1000000001", "1000000000"),
            ("/media/300x300.png?header=last", "JPEG or TIFF"),
            ("/media/300x300.png?header=middle", "`first` or `last`"),
            ("/media/300x300.png?orientation=6", "for a JPEG"),
            ("/media/300x300.jpg?orientation=9", "1 to 8"),
            ("/media/300x300.tiff?header=last", "room for the directory"),
            ("/media/samples/mp4-fragmented.mp4?bytes=9999", "unless in fragments"),
            ("/media/samples/webm-vp8.webm?bytes=9999", "MP4, MOV and M4A"),
            ("/media/samples/heic.heic?bytes=9999", "MP4, MOV and M4A"),
            ("/media/samples/jpeg.jpg?orientation=6", "a generated JPEG"),
            ("/media/300x300.png?fault=fire", "`fire` is not a fault"),
            ("/media/300x300.png?fault=reset:1", "takes no value"),
            ("/media/300x300.png?fault=cut", "takes a number of bytes"),
            ("/media/300x300.png?fault=drip:0", "at least one byte"),
            ("/media/300x300.png?fault=redirects:99999999999", "too many"),
            ("/media/300x300.png?fault=status:200", "400 to 599"),
            ("/media/300x300.png?fault=content_type:a%0Ab", "what a header can hold"),
        ];
        for (text, words) in cases {
            let refused = parsed(text).and_then(|media| media.make().map(|_| media));
            let said = refused.expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
