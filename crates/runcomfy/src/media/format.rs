//! File formats, detected from the first bytes of a file.

use infer::MatcherType;

use super::MediaKind;

/// The lengths of the headers that BMP has had over time.
const BMP_HEADERS: [u8; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

/// The signatures of formats that are not measured, where the library does not know them.
const OTHERS: [(&[u8], &str, MediaKind); 41] = [
    (b"\x76\x2f\x31\x01", "image/x-exr", MediaKind::Image),
    (b"#?RADIANCE", "image/vnd.radiance", MediaKind::Image),
    (b"#?RGBE", "image/vnd.radiance", MediaKind::Image),
    (b"qoif", "image/qoi", MediaKind::Image),
    (b"DDS ", "image/vnd-ms.dds", MediaKind::Image),
    (b"icns", "image/icns", MediaKind::Image),
    (b"\xff\x4f\xff\x51", "image/j2c", MediaKind::Image),
    (b"\x8aMNG\r\n\x1a\n", "video/x-mng", MediaKind::Image),
    (b"\x8bJNG\r\n\x1a\n", "image/x-jng", MediaKind::Image),
    (b"SDPX", "image/x-dpx", MediaKind::Image),
    (b"XPDS", "image/x-dpx", MediaKind::Image),
    (b"\x80\x2a\x5f\xd7", "image/x-cineon", MediaKind::Image),
    (b"SIMPLE  =", "image/fits", MediaKind::Image),
    (b"\x59\xa6\x6a\x95", "image/x-sun-raster", MediaKind::Image),
    (b"\x01\xda\x00", "image/sgi", MediaKind::Image),
    (b"\x01\xda\x01", "image/sgi", MediaKind::Image),
    (b"\xb1\x68\xde\x3a", "image/x-dcx", MediaKind::Image),
    (b"PF\n", "image/x-portable-floatmap", MediaKind::Image),
    (b"Pf\n", "image/x-portable-floatmap", MediaKind::Image),
    (b"/* XPM */", "image/x-xpixmap", MediaKind::Image),
    (b"YUV4MPEG2", "video/x-yuv4mpeg", MediaKind::Video),
    (b"DKIF", "video/x-ivf", MediaKind::Video),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "application/mxf", MediaKind::Video),
    (b"\0\0\0\x01\x67", "video/h264", MediaKind::Video),
    (b"\0\0\0\x01\x27", "video/h264", MediaKind::Video),
    (b"\0\0\0\x01\x40\x01", "video/h265", MediaKind::Video),
    (b".RMF", "application/vnd.rn-realmedia", MediaKind::Video),
    (b"nut/multimedia container", "video/x-nut", MediaKind::Video),
    (b"BBCD\0", "video/x-dirac", MediaKind::Video),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "video/x-wtv", MediaKind::Video),
    (b"caff", "audio/x-caf", MediaKind::Audio),
    (b".snd", "audio/basic", MediaKind::Audio),
    (b"wvpk", "audio/x-wavpack", MediaKind::Audio),
    (b".ra\xfd", "audio/x-pn-realaudio", MediaKind::Audio),
    (b"riff\x2e\x91\xcf\x11", "audio/x-w64", MediaKind::Audio),
    (b"TTA1", "audio/x-tta", MediaKind::Audio),
    (b"Creative Voice File\x1a", "audio/x-voc", MediaKind::Audio),
    (b"\x7f\xfe\x80\x01", "audio/vnd.dts", MediaKind::Audio),
    (b"MPCK", "audio/x-musepack", MediaKind::Audio),
    (b"MP+", "audio/x-musepack", MediaKind::Audio),
    (b"ADIF", "audio/aac", MediaKind::Audio),
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
        if let Some((content_type, kind)) = of_header(head) {
            return Some(Self::Other(content_type, Some(kind)));
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

/// Detects formats that have no signature, by several fields of their headers.
fn of_header(head: &[u8]) -> Option<(&'static str, MediaKind)> {
    Some(match head {
        _ if is_netpbm(head) => ("image/x-portable-anymap", MediaKind::Image),
        _ if is_transport_stream(head) => ("video/mp2t", MediaKind::Video),
        _ if has(head, 0, b"FORM") && has(head, 8, b"AIFC") => ("audio/x-aiff", MediaKind::Audio),
        [0x0a, 0 | 2..=5, 1, 1 | 2 | 4 | 8, ..] => ("image/x-pcx", MediaKind::Image),
        _ if is_tga(head) => ("image/x-tga", MediaKind::Image),
        // AC-3 and Enhanced AC-3, whose sixth byte begins with their version.
        [0x0b, 0x77, _, _, _, version, ..] if version >> 3 <= 16 => ("audio/ac3", MediaKind::Audio),
        // AAC in ADTS frames with a checksum.
        [0xff, 0xf0 | 0xf8, rates, ..] if (rates >> 2) & 0b1111 < 13 => {
            ("audio/aac", MediaKind::Audio)
        }
        // MPEG audio of layer II.
        [0xff, 0xf4 | 0xf5 | 0xfc | 0xfd, rates, ..] if has_mpeg_rates(*rates) => {
            ("audio/mpeg", MediaKind::Audio)
        }
        _ => return None,
    })
}

/// Returns `true` for an MPEG transport stream, whose packets begin alike: of 188 bytes, also behind
/// a time code as in AVCHD, or with 16 bytes of error correction.
fn is_transport_stream(head: &[u8]) -> bool {
    [(0, 188), (4, 192), (0, 204)].iter().any(|(start, length)| {
        (0..3).all(|packet| head.get(start + packet * length) == Some(&0x47))
    })
}

/// Returns `true` for the header of a Targa picture: its kind, colour map, size and depth fit.
fn is_tga(head: &[u8]) -> bool {
    let Some((header, _)) = head.split_first_chunk::<18>() else { return false };
    let [_, map, kind, _, _, _, _, entry, _, _, _, _, size @ .., depth, flags] = header;
    let is_plain = *map == 0 && matches!(kind, 2 | 3 | 10 | 11) && header[3..8] == [0; 5];
    let is_mapped = *map == 1 && matches!(kind, 1 | 9) && matches!(entry, 15 | 16 | 24 | 32);
    (is_plain || is_mapped)
        && size[..2] != [0, 0]
        && size[2..] != [0, 0]
        && matches!(depth, 8 | 15 | 16 | 24 | 32)
        && flags & 0b1100_0000 == 0
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
    is_layer_3 && has_mpeg_rates(rates)
}

/// Returns `true` if the bit rate and the sample rate of MPEG audio are not reserved values.
fn has_mpeg_rates(rates: u8) -> bool {
    rates >> 4 != 0xf && rates >> 4 != 0 && rates & 0b1100 != 0b1100
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

    /// The first bytes of files that ffmpeg 5 and ImageMagick 6 wrote.
    #[test]
    fn media_of_rare_formats_is_media() {
        let (image, video, sound) = (MediaKind::Image, MediaKind::Video, MediaKind::Audio);
        let cases: [(&[u8], MediaKind); 28] = [
            (b"\xff\x4f\xff\x51\x00\x2f\0\0\0\0\x00\x20", image),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\x20\0\x18\0\x18\0\0\0\xff", image),
            (b"\0\x01\x01\0\0\0\x01\x18\0\0\0\0\x20\0\x18\0\x08\x20\xff", image),
            (b"\x0a\x05\x01\x08\0\0\0\0\x1f\0\x17\0", image),
            (b"\xb1\x68\xde\x3a\x04\x10\0\0", image),
            (b"\x01\xda\0\x02\0\x03\0\x20\0\x18", image),
            (b"\x59\xa6\x6a\x95\0\0\0\x20", image),
            (b"SDPX\0\0\x20\0V2.0", image),
            (b"\x80\x2a\x5f\xd7\0\0\x08\0", image),
            (b"SIMPLE  =                    T", image),
            (b"\x8aMNG\r\n\x1a\n\0\0\0\x1cMHDR", image),
            (b"\x8bJNG\r\n\x1a\n\0\0\0\x10JHDR", image),
            (b"PF\n32 24\n1.0\n", image),
            (b"/* XPM */\nstatic char *i", image),
            (b"\0\0\0\x01\x67\xf4\0\x0a\x91\x9b", video),
            (b"\0\0\0\x01\x40\x01\x0c\x01\xff\xff", video),
            (b".RMF\0\0\0\x12\0\0", video),
            (b"nut/multimedia container\0", video),
            (b"BBCD\0\0\0\0\x18", video),
            (b"\xb7\xd8\0\x20\x37\x49\xda\x11\xa6\x4e", video),
            (b"FORM\0\0\x45\x28AIFCFVER", sound),
            (b"\xff\xfd\xe0\xc4\xec\xcc", sound),
            (b"\x0b\x77\x1e\xf8\x4c\x40\x2f\x84", sound),
            (b"\x0b\x77\0\xcf\x72\x87\xc0\0", sound),
            (b"\x7f\xfe\x80\x01\xfc\x3c", sound),
            (b"riff\x2e\x91\xcf\x11\xa5\xd6", sound),
            (b"TTA1\x01\0\x01\0\x10\0", sound),
            (b"Creative Voice File\x1a\x1a\0", sound),
        ];
        for (head, kind) in cases {
            let found = Format::sniff(head).and_then(Format::kind);
            assert_eq!(found, Some(kind), "{}", head.escape_ascii());
        }
        for (start, length) in [(0, 188), (4, 192), (0, 204)] {
            let mut packets = vec![0xff; 1000];
            (0..3).for_each(|packet| packets[start + packet * length] = 0x47);
            assert_eq!(Format::sniff(&packets).and_then(Format::kind), Some(video), "{length}");
        }
    }

    #[test]
    fn bytes_that_only_resemble_a_header_are_no_media() {
        let cases: [&[u8]; 8] = [
            b"FORM 27B: AIFCraft",
            b"PF is a club",
            b"MP3 is a format",
            b"\x0b\x77\0\0\0\xff",
            b"\xff\xf0\xff",
            b"\xff\xfd\xff",
            b"\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x18\0\x18\0",
            b"\0\0\x02\0\0\0\0\0\0\0\0\0\x20\0\x18\0\x17\0",
        ];
        for head in cases {
            assert_eq!(Format::sniff(head), None, "{}", head.escape_ascii());
        }
    }
}
