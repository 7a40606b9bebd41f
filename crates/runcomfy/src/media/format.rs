//! File formats, detected from the first bytes of a file.

use infer::MatcherType;

use super::MediaKind;

/// The lengths of the headers that BMP has had over time.
const BMP_HEADERS: [u8; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// BMP.
    Bmp,
    /// TIFF, and BigTIFF.
    Tiff,
    /// AVIF.
    Avif,
    /// HEIC, and other HEIF than AVIF.
    Heic,
    /// MP4.
    Mp4,
    /// QuickTime.
    Mov,
    /// WebM.
    WebM,
    /// Matroska other than WebM.
    Matroska,
    /// MP3.
    Mp3,
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// Ogg.
    Ogg,
    /// MP4 that declares itself to be sound only.
    M4a,
    /// A format of this content type and kind, which is not measured. Without a kind it is not
    /// media.
    Other(&'static str, Option<MediaKind>),
}

impl Format {
    /// The number of bytes at the start of a file that detection looks at.
    pub(crate) const SNIFFED_BYTES: usize = 512;

    /// Detects the format of a file from its first bytes. Returns `None` if it is unknown.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let head = head.get(..Self::SNIFFED_BYTES).unwrap_or(head);
        let format = match head {
            _ if has(head, 0, b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if has(head, 0, b"\xff\xd8\xff") => Self::Jpeg,
            _ if has(head, 0, b"RIFF") && has(head, 8, b"WEBP") => Self::WebP,
            _ if has(head, 0, b"GIF87a") || has(head, 0, b"GIF89a") => Self::Gif,
            _ if is_bmp(head) => Self::Bmp,
            // Classic TIFF and BigTIFF; any bytes may follow.
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Self::Tiff,
            _ if has(head, 4, b"ftyp") => Self::of_brands(head),
            // QuickTime from before it had brands.
            [_, _, _, _, b'm', b'o', b'o', b'v', ..]
            | [_, _, _, _, b'm', b'd', b'a', b't', ..]
            | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Self::Mov,
            // Or WebM, which its header says further on.
            _ if has(head, 0, b"\x1a\x45\xdf\xa3") => Self::Matroska,
            _ if has(head, 0, b"RIFF") && has(head, 8, b"WAVE") => Self::Wav,
            _ if has(head, 0, b"fLaC") => Self::Flac,
            _ if has(head, 0, b"OggS") => Self::Ogg,
            _ if has(head, 0, b"ID3") || is_mp3_frame(head) => Self::Mp3,
            _ if is_web_page(head) => Self::Other("text/html", None),
            _ => return Self::of_other(head),
        };
        Some(format)
    }

    fn of_brands(head: &[u8]) -> Self {
        let length = head.first_chunk().map_or(0, |length| u32::from_be_bytes(*length));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let ftyp = head.get(..length).unwrap_or(head);
        let major = ftyp.get(8..12).unwrap_or_default();
        // The minor version is between the major brand and the compatible ones.
        let compatible = ftyp.get(16..).unwrap_or_default();
        let is_image = has_brand(major, compatible, &[b"mif1", b"mif2", b"msf1", b"miaf"]);
        match major {
            b"qt  " => Self::Mov,
            b"M4A " | b"M4B " => Self::M4a,
            b"avif" | b"avis" => Self::Avif,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Self::Heic,
            _ if is_image && has_brand(major, compatible, &[b"avif", b"avis"]) => Self::Avif,
            _ if is_image => Self::Heic,
            _ => Self::Mp4,
        }
    }

    /// Detects everything else with a library of signatures.
    fn of_other(head: &[u8]) -> Option<Self> {
        let found = infer::get(head)?;
        let kind = match found.matcher_type() {
            MatcherType::Image => Some(MediaKind::Image),
            MatcherType::Video => Some(MediaKind::Video),
            MatcherType::Audio => Some(MediaKind::Audio),
            _ => None,
        };
        // The library looks at fewer bytes of these than the code above, such as two of a BMP.
        let is_detected_above = [
            "image/png",
            "image/gif",
            "image/webp",
            "image/bmp",
            "image/tiff",
            "video/quicktime",
            "audio/mpeg",
        ];
        let content_type = found.mime_type();
        (!is_detected_above.contains(&content_type)).then_some(Self::Other(content_type, kind))
    }

    /// Returns its registered content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Avif => "image/avif",
            Self::Heic => "image/heic",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::WebM => "video/webm",
            Self::Matroska => "video/matroska",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
            Self::Flac => "audio/flac",
            Self::Ogg => "audio/ogg",
            Self::M4a => "audio/mp4",
            Self::Other(content_type, _) => content_type,
        }
    }

    /// Returns the kind of media that the format implies. Returns `None` if it is not media.
    pub fn kind(self) -> Option<MediaKind> {
        match self {
            Self::Png
            | Self::Jpeg
            | Self::WebP
            | Self::Gif
            | Self::Bmp
            | Self::Tiff
            | Self::Avif
            | Self::Heic => Some(MediaKind::Image),
            Self::Mp4 | Self::Mov | Self::WebM | Self::Matroska => Some(MediaKind::Video),
            Self::Mp3 | Self::Wav | Self::Flac | Self::Ogg | Self::M4a => Some(MediaKind::Audio),
            Self::Other(_, kind) => kind,
        }
    }
}

fn has(head: &[u8], at: usize, word: &[u8]) -> bool {
    head.get(at..).is_some_and(|tail| tail.starts_with(word))
}

fn has_brand(major: &[u8], compatible: &[u8], known: &[&[u8]]) -> bool {
    std::iter::once(major).chain(compatible.chunks_exact(4)).any(|brand| known.contains(&brand))
}

/// Returns `true` for a BMP. `BM` also begins ordinary text, so the header size is checked too.
fn is_bmp(head: &[u8]) -> bool {
    has(head, 0, b"BM") && BMP_HEADERS.iter().any(|header| has(head, 14, &[*header, 0, 0, 0]))
}

/// Returns `true` for the header of an MPEG audio frame, layer III, without reserved values.
fn is_mp3_frame(head: &[u8]) -> bool {
    let [0xff, version, rates, ..] = *head else { return false };
    let is_layer_3 = matches!(version, 0xe2 | 0xe3 | 0xf2 | 0xf3 | 0xfa | 0xfb);
    is_layer_3 && rates >> 4 != 0xf && rates >> 4 != 0 && rates & 0b1100 != 0b1100
}

/// Returns `true` for an HTML page, such as a login or an error page.
fn is_web_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    ["<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta"].iter().any(|tag| {
        head.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_detected_from_its_first_bytes() {
        let cases: [(&[u8], Option<Format>); 21] = [
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(Format::WebP)),
            (b"RIFF\x24\0\0\0WAVEfmt ", Some(Format::Wav)),
            (b"II*\0\x08\0\0\0\x43\x52", Some(Format::Tiff)),
            (b"MM\0+\0\x08\0\0", Some(Format::Tiff)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Some(Format::Avif)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Some(Format::Heic)),
            // The brand past the end of `ftyp` belongs to something else.
            (b"\0\0\0\x14ftypmif1\0\0\0\0mif1avif", Some(Format::Heic)),
            (b"\0\0\0\x18ftypiso7\0\0\0\0iso7avc1", Some(Format::Mp4)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some(Format::Mov)),
            (b"\0\0\0\x08wide\0\0\0\x08mdat", Some(Format::Mov)),
            (b"\0\0\0\x14ftypM4A \0\0\0\0isom", Some(Format::M4a)),
            (b"\xff\xfb\x90\x64", Some(Format::Mp3)),
            (b"ID3\x04", Some(Format::Mp3)),
            (b"BMW is a make of cars.", None),
            (b"GIF is a format.", None),
            (b" \n<!DOCTYPE HTML><html>", Some(Format::Other("text/html", None))),
            (b"%PDF-1.7", Some(Format::Other("application/pdf", None))),
            (
                b"8BPS\0\x01",
                Some(Format::Other("image/vnd.adobe.photoshop", Some(MediaKind::Image))),
            ),
            (b"\xff\xff\xff", None),
            (b"", None),
        ];
        for (head, format) in cases {
            assert_eq!(Format::sniff(head), format, "{}", head.escape_ascii());
        }
    }
}
