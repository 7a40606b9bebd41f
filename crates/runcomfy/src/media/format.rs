//! File formats, detected from the first bytes of a file.

use infer::MatcherType;

use super::MediaKind;

/// The lengths of the headers that BMP has had over time.
const BMP_HEADERS: [u8; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

/// The signatures of formats that are not measured, where the library does not know them.
const OTHERS: [(&[u8], &str, MediaKind); 12] = [
    (b"\x76\x2f\x31\x01", "image/x-exr", MediaKind::Image),
    (b"#?RADIANCE", "image/vnd.radiance", MediaKind::Image),
    (b"#?RGBE", "image/vnd.radiance", MediaKind::Image),
    (b"qoif", "image/qoi", MediaKind::Image),
    (b"DDS ", "image/vnd-ms.dds", MediaKind::Image),
    (b"icns", "image/icns", MediaKind::Image),
    (b"YUV4MPEG2", "video/x-yuv4mpeg", MediaKind::Video),
    (b"DKIF", "video/x-ivf", MediaKind::Video),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "application/mxf", MediaKind::Video),
    (b"caff", "audio/x-caf", MediaKind::Audio),
    (b".snd", "audio/basic", MediaKind::Audio),
    (b"wvpk", "audio/x-wavpack", MediaKind::Audio),
];

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
    /// The same for XML, which begins with comments.
    pub(crate) const SNIFFED_XML_BYTES: usize = 8192;

    /// Detects the format of a file from its first bytes. Returns `None` if it is unknown.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let head = head.get(..Self::SNIFFED_XML_BYTES).unwrap_or(head);
        let format = match head {
            _ if has(head, 0, b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if is_jpeg(head) => Self::Jpeg,
            _ if has(head, 0, b"RIFF") && has(head, 8, b"WEBP") => Self::WebP,
            _ if has(head, 0, b"GIF87a") || has(head, 0, b"GIF89a") => Self::Gif,
            _ if is_bmp(head) => Self::Bmp,
            // Classic TIFF and BigTIFF; any bytes may follow.
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Self::Tiff,
            _ if has(head, 4, b"ftyp") => Self::of_brands(head),
            // QuickTime from before it had brands.
            _ if is_quicktime(head) => Self::Mov,
            // Or WebM, which its header says further on.
            _ if has(head, 0, b"\x1a\x45\xdf\xa3") => Self::Matroska,
            [b'R', b'I' | b'F', b'F' | b'6', b'F' | b'4', ..] | [b'B', b'W', b'6', b'4', ..]
                if has(head, 8, b"WAVE") =>
            {
                Self::Wav
            }
            _ if has(head, 0, b"fLaC") => Self::Flac,
            _ if has(head, 0, b"OggS") => of_ogg(head),
            _ if has(head, 0, b"ID3") || is_mp3_frame(head) => Self::Mp3,
            _ if is_svg(head) => Self::Other("image/svg+xml", Some(MediaKind::Image)),
            _ if is_web_page(head) => Self::Other("text/html", None),
            _ => return Self::of_other(head),
        };
        Some(format)
    }

    /// Returns `true` for XML, which can begin with comments and declarations of any length.
    pub(crate) fn is_xml(head: &[u8]) -> bool {
        let head = without_bom(head);
        [b"<?xml".as_slice(), b"<!--", b"<!DOCTYPE svg"].iter().any(|start| head.starts_with(start))
    }

    /// Detects the format of a file of boxes from its `ftyp` box.
    pub(crate) fn of_brands(head: &[u8]) -> Self {
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
            b"crx " => Self::Other("image/x-canon-cr3", Some(MediaKind::Image)),
            b"avif" | b"avis" => Self::Avif,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Self::Heic,
            _ if is_image && has_brand(major, compatible, &[b"avif", b"avis"]) => Self::Avif,
            _ if is_image => Self::Heic,
            _ => Self::Mp4,
        }
    }

    /// Detects everything else with a library of signatures.
    fn of_other(head: &[u8]) -> Option<Self> {
        let other = OTHERS.iter().find(|(signature, ..)| head.starts_with(signature));
        if let Some((_, content_type, kind)) = other {
            return Some(Self::Other(content_type, Some(*kind)));
        }
        if is_netpbm(head) {
            return Some(Self::Other("image/x-portable-anymap", Some(MediaKind::Image)));
        }
        if is_transport_stream(head) {
            return Some(Self::Other("video/mp2t", Some(MediaKind::Video)));
        }
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

/// Returns `true` for a JPEG. A few bytes can be between its first two and its first marker.
fn is_jpeg(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"\xff\xd8") else { return false };
    let at = rest.iter().position(|byte| *byte == 0xff);
    match at.and_then(|at| rest.get(at..)).unwrap_or_default() {
        [0xff] => at == Some(0),
        [0xff, marker, ..] => at == Some(0) || matches!(marker, 0xc0..=0xfe),
        _ => false,
    }
}

/// Returns `true` for a box of QuickTime, or of a file whose `ftyp` is not its first box. Text
/// would give a first box of more than 500 MB.
fn is_quicktime(head: &[u8]) -> bool {
    const BOXES: [&[u8]; 11] = [
        b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"PICT", b"pict", b"prfl", b"udta",
        b"uuid",
    ];
    let Some((length, rest)) = head.split_first_chunk::<4>() else { return false };
    let name = rest.get(..4).unwrap_or_default();
    BOXES.contains(&name) && (length[0] < b' ' || name == b"mdat")
}

/// Detects sound or video in an Ogg from the first packets of its streams.
fn of_ogg(head: &[u8]) -> Format {
    const VIDEO: [&[u8]; 4] = [b"\x80theora", b"BBCD", b"\x01video", b"OVP80"];
    let mut page = head;
    while let Some(segments) = page.strip_prefix(b"OggS").and_then(|_| page.get(26).copied()) {
        let body = 27 + usize::from(segments);
        let lengths = page.get(27..body).unwrap_or_default();
        let packet = page.get(body..).unwrap_or_default();
        if VIDEO.iter().any(|start| packet.starts_with(start)) {
            return Format::Other("video/ogg", Some(MediaKind::Video));
        }
        let length: usize = lengths.iter().map(|length| usize::from(*length)).sum();
        page = packet.get(length..).unwrap_or_default();
    }
    Format::Ogg
}

/// Returns `true` for an SVG, with or without what XML allows before its root element.
fn is_svg(head: &[u8]) -> bool {
    let mut rest = without_bom(head);
    loop {
        let end: &[u8] = match rest {
            _ if rest.starts_with(b"<?") => b"?>",
            _ if rest.starts_with(b"<!--") => b"-->",
            // Its own declarations can follow, of any length.
            _ if rest.starts_with(b"<!DOCTYPE") => {
                return rest.get(9..).unwrap_or_default().trim_ascii_start().starts_with(b"svg");
            }
            _ => break,
        };
        let Some(at) = rest.windows(end.len()).position(|window| window == end) else {
            return false;
        };
        rest = rest.get(at + end.len()..).unwrap_or_default().trim_ascii_start();
    }
    let root = rest.strip_prefix(b"<svg:").or(rest.strip_prefix(b"<"));
    let after = root.and_then(|root| root.strip_prefix(b"svg"));
    after.is_some_and(|after| matches!(after, [b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/', ..]))
}

/// Returns `true` for a netpbm picture: `P1` to `P7`, white space, and a number or a comment.
fn is_netpbm(head: &[u8]) -> bool {
    let [b'P', b'1'..=b'7', white, rest @ ..] = head else { return false };
    white.is_ascii_whitespace()
        && matches!(rest.trim_ascii_start(), [b'0'..=b'9' | b'#', ..] | [b'W', b'I', b'D', ..])
}

/// Returns `true` for an MPEG transport stream, whose packets begin alike.
fn is_transport_stream(head: &[u8]) -> bool {
    [0, 188, 376].iter().all(|at| head.get(*at) == Some(&0x47))
}

fn without_bom(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
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
    let head = without_bom(head);
    ["<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta"].iter().any(|tag| {
        head.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_detected_from_its_first_bytes() {
        let svg = Some(Format::Other("image/svg+xml", Some(MediaKind::Image)));
        let cases: [(&[u8], Option<Format>); 43] = [
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            // Field case F02: TwelveMonkeys#74.
            (b"\xff\xd8\0\0\xff\xe0", Some(Format::Jpeg)),
            (b"\xff\xd8 text, not a picture", None),
            // Field case F06: nom-exif#59, hachoir#90.
            (b"\0\0\0\x14pnot\0\0\0\0", Some(Format::Mov)),
            (b"\0\0\0\x08free\0\0\0\x08moov", Some(Format::Mov)),
            (b"\0\0\0\x08skip", Some(Format::Mov)),
            (b"\0\0\x10\0PICT", Some(Format::Mov)),
            (b"\0\0\0\x10prfl", Some(Format::Mov)),
            (b"get free beer", None),
            // Field case F07: NAudio#1231.
            (b"RF64\xff\xff\xff\xffWAVEds64", Some(Format::Wav)),
            (b"BW64\xff\xff\xff\xffWAVEds64", Some(Format::Wav)),
            // Field case F10.
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", svg),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- a -->\n<svg>", svg),
            (b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a \"b\">]>", svg),
            (b"<!--\n<html> -->\n<svg:svg xmlns:svg=\"a\">", svg),
            (b"<svgfoo>", None),
            (b"<?xml version=\"1.0\"?><html>", Some(Format::Other("text/xml", None))),
            (
                b"P6\n640 480\n255\n",
                Some(Format::Other("image/x-portable-anymap", Some(MediaKind::Image))),
            ),
            (b"P6 is a bus line", None),
            (
                b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
                Some(Format::Other("image/x-canon-cr3", Some(MediaKind::Image))),
            ),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis",
                Some(Format::Ogg),
            ),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x2a\x80theora",
                Some(Format::Other("video/ogg", Some(MediaKind::Video))),
            ),
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
            (b"fake.png is text", None),
        ];
        for (head, format) in cases {
            assert_eq!(Format::sniff(head), format, "{}", head.escape_ascii());
        }
    }
}
