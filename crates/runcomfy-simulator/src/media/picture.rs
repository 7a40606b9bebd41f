//! Pictures of any size, encoded by the `image` and `gif` crates and padded by means of each
//! format, so the file stays valid.

use std::io::Cursor;

use gif::Frame;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::tiff::TiffEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};

use super::content::Content;
use super::header::Header;

/// Longest side: twice 4K, the largest size that RunComfy recommends.
pub(super) const MAX_SIDE: u32 = 8192;
/// Largest area: a picture takes at most 48 MB while it is drawn.
const MAX_PIXELS: u32 = 16_000_000;

const BANDS: u8 = 16;
const JPEG_QUALITY: u8 = 75;

/// Format of generated pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG, baseline.
    Jpeg,
    /// WebP, lossless.
    WebP,
    /// GIF, one frame.
    Gif,
    /// BMP, 24 bits a pixel.
    Bmp,
    /// TIFF, little-endian, uncompressed, with its directory behind the pixels.
    Tiff,
}

/// Size of a picture, within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl PictureFormat {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Png, Self::Jpeg, Self::WebP, Self::Gif, Self::Bmp, Self::Tiff];

    /// Returns the file extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
        }
    }

    pub(super) fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "jpeg" => Some(Self::Jpeg),
            "tif" => Some(Self::Tiff),
            _ => Self::ALL.into_iter().find(|format| format.extension() == extension),
        }
    }

    /// Returns `true` if the header can follow the padding.
    pub(super) fn can_end_with_header(self) -> bool {
        match self {
            Self::Jpeg | Self::Tiff => true,
            Self::Png | Self::WebP | Self::Gif | Self::Bmp => false,
        }
    }
}

impl Size {
    /// Returns the size if sides are 1 to 8192 pixels and the area is at most 16 million.
    pub(super) fn within_bounds(width: u32, height: u32) -> Option<Self> {
        let sides = 1..=MAX_SIDE;
        let fits = sides.contains(&width) && sides.contains(&height);
        (fits && width * height <= MAX_PIXELS).then_some(Self { width, height })
    }

    /// Parses `200x100`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.split_once('x')?;
        let is_plain = [width, height].iter().all(|side| !side.starts_with('+'));
        Self::within_bounds(width.parse().ok()?, height.parse().ok()?).filter(|_| is_plain)
    }
}

/// Draws sixteen bands of colour, from dusk to dawn. `orientation` is that of EXIF, for a JPEG.
pub(super) fn encode(
    format: PictureFormat,
    size: Size,
    orientation: Option<u8>,
) -> Result<Vec<u8>, String> {
    let mut file = Vec::new();
    if format == PictureFormat::Gif {
        return encode_gif(&mut file, size).map(|()| file).map_err(|error| error.to_string());
    }
    let encoded = match format {
        PictureFormat::Png | PictureFormat::Gif => draw(size, PngEncoder::new(&mut file)),
        PictureFormat::Jpeg => encode_jpeg(&mut file, size, orientation),
        PictureFormat::WebP => draw(size, WebPEncoder::new_lossless(&mut file)),
        PictureFormat::Bmp => draw(size, BmpEncoder::new(&mut file)),
        PictureFormat::Tiff => draw(size, TiffEncoder::new(Cursor::new(&mut file))),
    };
    encoded.map(|()| file).map_err(|error| error.to_string())
}

fn draw(Size { width, height }: Size, encoder: impl ImageEncoder) -> ImageResult<()> {
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    for band in bands(height) {
        pixels.extend_from_slice(&colour(band).repeat(width as usize));
    }
    encoder.write_image(&pixels, width, height, ExtendedColorType::Rgb8)
}

fn encode_jpeg(file: &mut Vec<u8>, size: Size, orientation: Option<u8>) -> ImageResult<()> {
    let mut encoder = JpegEncoder::new_with_quality(file, JPEG_QUALITY);
    if let Some(orientation) = orientation {
        // A big-endian TIFF header and a directory with one entry: tag 0x0112, a 16-bit number.
        let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        encoder.set_exif_metadata(exif).map_err(ImageError::Unsupported)?;
    }
    draw(size, encoder)
}

/// Encodes with the `gif` crate, which takes the palette as it is. `image` would compute one.
fn encode_gif(file: &mut Vec<u8>, size: Size) -> Result<(), gif::EncodingError> {
    // Sides have at most 8192 pixels, so nothing is truncated.
    let (width, height) = (size.width as u16, size.height as u16);
    let palette: Vec<u8> = (0..BANDS).flat_map(colour).collect();
    let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize);
    for band in bands(size.height) {
        pixels.extend_from_slice(&[band].repeat(size.width as usize));
    }
    let mut encoder = gif::Encoder::new(file, width, height, &palette)?;
    encoder.write_frame(&Frame::from_indexed_pixels(width, height, pixels, None))
}

/// Returns the band of each row.
fn bands(height: u32) -> impl Iterator<Item = u8> {
    (0..height).map(move |y| (y * u32::from(BANDS) / height) as u8)
}

fn colour(band: u8) -> [u8; 3] {
    [band * 17, 96, 255 - band * 17]
}

/// Pads a file by means of its format. Padding that is too small for that follows the end of the
/// picture, where no decoder looks. Returns `None` if a directory that is to be last takes more
/// than the padding.
pub(super) fn pad(
    format: PictureFormat,
    size: Size,
    file: Vec<u8>,
    header: Header,
    padding: u64,
) -> Option<Content> {
    if padding == 0 && header == Header::First {
        return Some(file.into());
    }
    match format {
        PictureFormat::Png => pad_png(file, padding),
        PictureFormat::Jpeg => pad_jpeg(file, header, padding),
        PictureFormat::WebP => pad_webp(file, size, padding),
        PictureFormat::Gif => pad_gif(file, padding),
        PictureFormat::Bmp => pad_bmp(file, padding),
        PictureFormat::Tiff if header == Header::First => {
            Some(Content::from(file).with_zeros(padding))
        }
        PictureFormat::Tiff => end_with_directory(file, padding),
    }
}

/// Adds a private ancillary chunk of zeros between the header and the pixels.
fn pad_png(file: Vec<u8>, padding: u64) -> Option<Content> {
    const CHUNK: u64 = 12;
    const AFTER_HEADER: usize = 33;
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    let Some(length) = padding.checked_sub(CHUNK) else {
        return Some(Content::from(file).with_zeros(padding));
    };
    let kind = b"paDd";
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(kind);
    let mut left = length as usize;
    while left > 0 {
        let now = left.min(ZEROS.len());
        checksum.update(&ZEROS[..now]);
        left -= now;
    }
    let open = [u32::try_from(length).ok()?.to_be_bytes(), *kind].concat();
    let (front, rest) = file.split_at_checked(AFTER_HEADER)?;
    let content = Content::default().with(front.to_vec()).with(open).with_zeros(length);
    Some(content.with(checksum.finalize().to_be_bytes().to_vec()).with(rest.to_vec()))
}

/// Adds comments of zeros behind the frame header, which holds the size, or before it.
fn pad_jpeg(file: Vec<u8>, header: Header, padding: u64) -> Option<Content> {
    const MAX_COMMENT: usize = 2 + 65_535;
    const FRAME: [u8; 3] = [0xC0, 0xC1, 0xC2];
    const SCAN: [u8; 1] = [0xDA];
    let markers: &[u8] = match header {
        Header::First => &SCAN,
        Header::Last => &FRAME,
    };
    let mut at = 2;
    while !markers.contains(file.get(at + 1)?) {
        let length = [*file.get(at + 2)?, *file.get(at + 3)?];
        at += 2 + usize::from(u16::from_be_bytes(length));
    }
    let mut longest = vec![0; MAX_COMMENT];
    longest[..4].copy_from_slice(&[0xFF, 0xFE, 0xFF, 0xFF]);
    let full = padding / MAX_COMMENT as u64 * MAX_COMMENT as u64;
    let rest = (padding - full) as u16;
    let (comment, behind) = match rest.checked_sub(2) {
        Some(length) if length >= 2 => {
            let [high, low] = length.to_be_bytes();
            ([&[0xFF, 0xFE, high, low], vec![0; usize::from(length) - 2].as_slice()].concat(), 0)
        }
        _ => (Vec::new(), rest),
    };
    let (front, picture) = file.split_at(at);
    let content = Content::default().with(front.to_vec()).with_cycle(longest, full).with(comment);
    Some(content.with(picture.to_vec()).with_zeros(u64::from(behind)))
}

/// Uses the extended form, which may have extra chunks, with a chunk of zeros behind the pixels.
fn pad_webp(file: Vec<u8>, size: Size, padding: u64) -> Option<Content> {
    const RIFF: usize = 12;
    let extended_header = {
        let [width, height] = [size.width - 1, size.height - 1].map(u32::to_le_bytes);
        [&b"VP8X\x0a\0\0\0\0\0\0\0"[..], &width[..3], &height[..3]].concat()
    };
    let chunk = 8;
    let Some(room) = padding.checked_sub(extended_header.len() as u64 + chunk) else {
        return Some(Content::from(file).with_zeros(padding));
    };
    // Chunks have an even length.
    let (length, behind) = (room & !1, room & 1);
    let riff = u32::try_from(file.len() as u64 - 8 + padding - behind).ok()?.to_le_bytes();
    let front = [b"RIFF", &riff, &b"WEBP"[..], &extended_header].concat();
    let open = [*b"paDd", u32::try_from(length).ok()?.to_le_bytes()].concat();
    let content = Content::default().with(front).with(file.get(RIFF..)?.to_vec()).with(open);
    Some(content.with_zeros(length).with_zeros(behind))
}

/// Adds a comment of zeros before the trailer.
fn pad_gif(mut file: Vec<u8>, padding: u64) -> Option<Content> {
    const BLOCK: usize = 256;
    let Some(room) = padding.checked_sub(3) else {
        return Some(Content::from(file).with_zeros(padding));
    };
    let trailer = file.pop()?;
    let full = room / BLOCK as u64 * BLOCK as u64;
    // An empty block would end the comment.
    let (block, behind) = match (room - full) as u8 {
        rest @ (0 | 1) => (Vec::new(), rest),
        rest => ([&[rest - 1], vec![0; usize::from(rest - 1)].as_slice()].concat(), 0),
    };
    let mut blocks = vec![0; BLOCK * BLOCK];
    blocks.iter_mut().step_by(BLOCK).for_each(|length| *length = 255);
    let content = Content::from(file).with(vec![0x21, 0xFE]).with_cycle(blocks, full).with(block);
    Some(content.with(vec![0, trailer]).with_zeros(u64::from(behind)))
}

/// Adds zeros behind the pixels and counts them in the header's file size.
fn pad_bmp(mut file: Vec<u8>, padding: u64) -> Option<Content> {
    let size = u32::try_from(file.len() as u64 + padding).ok()?;
    file.get_mut(2..6)?.copy_from_slice(&size.to_le_bytes());
    Some(Content::from(file).with_zeros(padding))
}

/// Adds zeros and a copy of the directory, and points the header to it. The data of the directory
/// stays in place.
fn end_with_directory(mut file: Vec<u8>, padding: u64) -> Option<Content> {
    let place: [u8; 4] = file.get(4..8)?.try_into().ok()?;
    let place = u32::from_le_bytes(place) as usize;
    let entries: [u8; 2] = file.get(place..place + 2)?.try_into().ok()?;
    let length = 2 + usize::from(u16::from_le_bytes(entries)) * 12 + 4;
    let directory = file.get(place..place + length)?.to_vec();
    let room = padding.checked_sub(length as u64)?;
    // A directory begins at an even offset.
    let behind = (file.len() as u64 + room) & 1;
    let zeros = room.checked_sub(behind)?;
    let moved = u32::try_from(file.len() as u64 + zeros).ok()?;
    file[4..8].copy_from_slice(&moved.to_le_bytes());
    Some(Content::from(file).with_zeros(zeros).with(directory).with_zeros(behind))
}

#[cfg(test)]
mod tests;
