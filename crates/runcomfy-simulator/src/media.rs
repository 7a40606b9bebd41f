//! Small real media files: a PNG of any size, a video of one second, a tone of one second.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// One second of a test card, 320×180, H.264; `assets/README.md` says how it was made.
pub(crate) static VIDEO: &[u8] = include_bytes!("../assets/output.mp4");

const LONGEST_SIDE: u32 = 8192;
const MOST_PIXELS: u32 = 16_000_000;
const BANDS: u8 = 16;

const SAMPLES_PER_SECOND: u32 = 8000;
const TONE_HERTZ: f64 = 440.0;

/// A kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
    Audio,
}

impl Kind {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Image => "png",
            Self::Video => "mp4",
            Self::Audio => "wav",
        }
    }

    pub(crate) fn from_extension(extension: &str) -> Option<Self> {
        [Self::Image, Self::Video, Self::Audio]
            .into_iter()
            .find(|kind| kind.extension() == extension)
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Image => "image/png",
            Self::Video => "video/mp4",
            Self::Audio => "audio/wav",
        }
    }
}

/// The size of a picture, within the bounds that the simulator draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// The size of an image output: that of the video.
    pub(crate) const OUTPUT: Self = Self { width: 320, height: 180 };

    /// Reads `200x100`. Sides of 1 to 8192 pixels, at most 16 million pixels together.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let side = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let side = digits.parse::<u32>().ok().filter(|_| plain)?;
            (1..=LONGEST_SIDE).contains(&side).then_some(side)
        };
        let (width, height) = text.split_once('x')?;
        let (width, height) = (side(width)?, side(height)?);
        (width * height <= MOST_PIXELS).then_some(Self { width, height })
    }
}

/// A PNG of this size: sixteen bands of colour, from dusk to dawn. Half a byte a pixel, so that
/// the largest picture does not keep anybody waiting.
pub(crate) fn picture(size: Size) -> Result<Vec<u8>, EncodingError> {
    let palette: Vec<u8> = (0..BANDS).flat_map(|band| [band * 17, 96, 255 - band * 17]).collect();
    let mut pixels = Vec::new();
    for y in 0..size.height {
        let band = (y * u32::from(BANDS) / size.height) as u8;
        let bytes = size.width.div_ceil(2) as usize;
        pixels.extend(std::iter::repeat_n(band << 4 | band, bytes));
    }

    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, size.width, size.height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Four);
    encoder.set_palette(palette);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// A WAV file: one second of a tone, 16 bits, one channel.
pub(crate) fn tone() -> Vec<u8> {
    const BYTES_PER_SAMPLE: u32 = 2;
    const DATA_BYTES: u32 = SAMPLES_PER_SECOND * BYTES_PER_SAMPLE;

    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + DATA_BYTES).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes()); // PCM
    file.extend(1_u16.to_le_bytes()); // one channel
    file.extend(SAMPLES_PER_SECOND.to_le_bytes());
    file.extend((SAMPLES_PER_SECOND * BYTES_PER_SAMPLE).to_le_bytes());
    file.extend((BYTES_PER_SAMPLE as u16).to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(DATA_BYTES.to_le_bytes());
    for index in 0..SAMPLES_PER_SECOND {
        let seconds = f64::from(index) / f64::from(SAMPLES_PER_SECOND);
        let wave = (seconds * TONE_HERTZ * std::f64::consts::TAU).sin();
        file.extend(((wave * 8000.0) as i16).to_le_bytes());
    }
    file
}
