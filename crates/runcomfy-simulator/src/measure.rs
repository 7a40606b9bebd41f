//! Measures the media of a submitted input.
//!
//! The method is independent of the client's: pictures are decoded completely with the `image`
//! crate, where the client reads headers. The sizes of other formats come from the committed
//! samples, measured by independent tools. Files at this simulator's own URLs are known without a
//! fetch, and a `data:` URI holds its bytes. Nothing else is fetched, so nothing else is measured.

use std::io::BufReader;
use std::sync::Arc;

use axum::http::Uri;
use data_url::DataUrl;
use image::error::{LimitError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::app::App;
use crate::budget::MemoryBudget;
use crate::facts::{MeasureError, MeasuredInfo, Measuring};
use crate::media::{Content, Sample, TestMedia};
use crate::validations;
use crate::validator::Refusal;

/// Memory limit of decoding a picture: more than the largest picture of this simulator takes.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// Largest file that is decoded beside others.
const MAX_SHARED_BYTES: u64 = 8 * 1024 * 1024;

/// Returns the refusals by the `validations` of a schema. Measures on a blocking thread.
pub(crate) async fn refusals(app: &Arc<App>, schema: &Value, input: &Value) -> Vec<Refusal> {
    if app.measuring == Measuring::Off {
        return Vec::new();
    }
    let strings = validations::find(schema, input);
    if strings.is_empty() {
        return Vec::new();
    }
    let app = app.clone();
    let measured = spawn_blocking(move || {
        let refused = strings.iter().filter_map(|string| {
            let info = measure_text(&app, &string.text)?;
            Some(string.refusals(&info))
        });
        refused.flatten().collect()
    });
    // A panicking thread refuses nothing.
    measured.await.unwrap_or_default()
}

/// Measures the media that a string points to. Returns `None` if it is hosted elsewhere.
fn measure_text(app: &App, text: &str) -> Option<Result<MeasuredInfo, MeasureError>> {
    if let Some(scheme) = text.get(..5)
        && scheme.eq_ignore_ascii_case("data:")
    {
        return Some(measure_data_uri(text, app.store.memory()));
    }
    let uri = own_address(app, text)?;
    Some(app.media_at(&uri).map_err(no_such_file).and_then(|media| measure_own(app, media)))
}

fn no_such_file(why: String) -> MeasureError {
    MeasureError(format!("no such file: {why}"))
}

/// Measures a file of this simulator.
fn measure_own(app: &App, media: TestMedia) -> Result<MeasuredInfo, MeasureError> {
    let is_large = media.padded_bytes() > MAX_SHARED_BYTES;
    let bytes = if is_large { u64::MAX } else { media.encoding_bytes() };
    let _reservation = app.store.memory().reserve(bytes);
    let sample = media.as_sample();
    let made = app.store.get_reserved(media).map_err(no_such_file)?;
    made.facts.get_or_init(|| measure(&made.content, sample, None)).clone()
}

/// Parses a URL of this simulator, under any name of the loopback.
fn own_address(app: &App, text: &str) -> Option<Uri> {
    let own: Uri = app.origin.parse().ok()?;
    let uri: Uri = text.split('#').next()?.parse().ok()?;
    let is_here = uri.scheme_str() == Some("http")
        && uri.port_u16() == own.port_u16()
        && matches!(uri.host(), Some("127.0.0.1" | "localhost"));
    is_here.then_some(uri)
}

fn measure_data_uri(text: &str, memory: &MemoryBudget) -> Result<MeasuredInfo, MeasureError> {
    let uri = DataUrl::process(text).map_err(|_| bad_data_uri("the comma is missing"))?;
    let (bytes, _) = uri.decode_to_vec().map_err(|_| bad_data_uri("invalid base64"))?;
    let sample = Sample::with_bytes(&bytes);
    measure(&Content::from(bytes), sample, Some(memory))
}

fn bad_data_uri(why: &str) -> MeasureError {
    MeasureError(format!("not a valid `data:` URI: {why}"))
}

/// Measures a file by decoding it, or by the listed facts of the sample. Without `memory` the
/// caller holds a reservation.
pub(crate) fn measure(
    content: &Content,
    sample: Option<&Sample>,
    memory: Option<&MemoryBudget>,
) -> Result<MeasuredInfo, MeasureError> {
    let bytes = content.len();
    let reader = ImageReader::new(BufReader::new(content.reader()));
    let reader = reader.with_guessed_format().map_err(|error| MeasureError(error.to_string()))?;
    let (width, height) = if reader.format().is_some_and(|format| format.reading_enabled()) {
        let (width, height) = decode(reader, bytes, memory).map_err(unreadable)?;
        (Some(width), Some(height))
    } else {
        let turned = sample.is_some_and(|sample| matches!(sample.rotation, 90 | 270));
        let size = sample.map(|sample| (sample.width, sample.height));
        let (width, height) = size.unwrap_or_default();
        if turned { (height, width) } else { (width, height) }
    };
    Ok(MeasuredInfo { width, height, bytes })
}

/// Returns width and height of a picture that can be decoded to its last pixel.
fn decode(
    mut reader: ImageReader<BufReader<crate::media::Reader<'_>>>,
    file_bytes: u64,
    memory: Option<&MemoryBudget>,
) -> Result<(u32, u32), ImageError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    // Some decoders read the whole file first, so a large one is decoded alone.
    let is_large = file_bytes > MAX_SHARED_BYTES;
    let alone = memory.filter(|_| is_large).map(|memory| memory.reserve(u64::MAX));
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation()?;
    // The pixels themselves do not count in the limits of a decoder.
    let bytes = decoder.total_bytes();
    if bytes > MAX_DECODED_BYTES {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)));
    }
    // A decoder can hold the pixels twice.
    let _reservation = alone.or_else(|| Some(memory?.reserve(2 * bytes)));
    DynamicImage::from_decoder(decoder)?;
    Ok(match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (width, height),
    })
}

fn unreadable(error: ImageError) -> MeasureError {
    MeasureError(format!("cannot be decoded as a picture: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Header, Kind, PictureFormat};

    fn facts_of(media: &TestMedia) -> MeasuredInfo {
        let content = media.make().unwrap_or_else(|why| panic!("{media}: {why}"));
        let facts = measure(&content, media.as_sample(), None);
        facts.unwrap_or_else(|MeasureError(why)| panic!("{media}: {why}"))
    }

    #[test]
    fn every_generated_picture_decodes() {
        let sizes = [(1, 1), (1, 700), (8192, 1), (300, 301), (17, 31)];
        for (format, (width, height)) in
            PictureFormat::ALL.into_iter().flat_map(|format| sizes.map(|size| (format, size)))
        {
            let plain = TestMedia::picture(format, width, height);
            let base = facts_of(&plain).bytes;
            // Sizes around the smallest and the largest unit of padding of each format.
            let around = [255, 256, 257, 258, 65_535, 65_537, 65_540, 65_541, 200_001];
            let small = if width < 100 && height < 100 { 30 } else { 2 };
            for more in (0..small).chain(around) {
                let bytes = base + more;
                let expected = MeasuredInfo { width: Some(width), height: Some(height), bytes };
                assert_eq!(facts_of(&plain.clone().with_bytes(bytes)), expected, "{plain} {more}");
            }
            if matches!(format, PictureFormat::Jpeg | PictureFormat::Tiff) {
                for more in [400, 401, 65_537, 200_001] {
                    let bytes = base + more;
                    let media = plain.clone().with_bytes(bytes).with_header(Header::Last);
                    let expected = MeasuredInfo { width: Some(width), height: Some(height), bytes };
                    assert_eq!(facts_of(&media), expected, "{media}");
                }
            }
        }
    }

    #[test]
    fn a_rotated_picture_is_measured_upright() {
        for orientation in 1..=8 {
            let media = TestMedia::picture(PictureFormat::Jpeg, 40, 30);
            let facts = facts_of(&media.with_orientation(orientation));
            let expected = if orientation < 5 { (40, 30) } else { (30, 40) };
            assert_eq!((facts.width, facts.height), (Some(expected.0), Some(expected.1)));
        }
    }

    #[test]
    fn decoding_agrees_with_listed_facts() {
        for sample in Sample::all() {
            let content = Content::default().with(sample.bytes);
            let Ok(alone) = measure(&content, None, None) else { panic!("{}", sample.name) };
            let listed = facts_of(&TestMedia::sample(sample.name));
            assert_eq!(listed.bytes, sample.bytes.len() as u64, "{}", sample.name);
            assert_eq!(listed.width.is_some(), sample.kind != Kind::Audio, "{}", sample.name);
            let turned = matches!(sample.rotation, 90 | 270);
            let shown =
                if turned { (sample.height, sample.width) } else { (sample.width, sample.height) };
            assert_eq!((listed.width, listed.height), shown, "{}", sample.name);
            let can_be_decoded = sample.kind == Kind::Image
                && ![".avif", ".heic"].iter().any(|end| sample.name.ends_with(end));
            assert_eq!(alone.width.is_some(), can_be_decoded, "{}", sample.name);
        }
    }

    #[test]
    fn a_film_can_be_padded_and_its_index_moved() {
        for name in ["mp4.mp4", "mp4-index-last.mp4", "mp4-sound-first.mp4", "mov.mov", "m4a.m4a"] {
            let sample = Sample::named(name).expect("a sample");
            for header in [Header::First, Header::Last] {
                let media = TestMedia::sample(name).with_header(header).with_bytes(100_000_000);
                let content = media.make().expect("it can be laid out");
                assert_eq!((content.len(), content.held() < 200_000), (100_000_000, true));
                let facts = facts_of(&media);
                assert_eq!((facts.width, facts.height), (sample.width, sample.height), "{media}");
            }
        }
    }
}
