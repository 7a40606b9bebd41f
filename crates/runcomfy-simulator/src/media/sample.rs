//! Committed samples: small real files and what independent tools say of them.

use std::sync::LazyLock;

use axum::body::Bytes;
use serde::Deserialize;

use super::Kind;

/// A small real file of a format that is not generated, or with a special feature: an index at the
/// end, a rotation, a thumbnail.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Name, such as `mp4-turned.mp4`, as in `/media/samples/`.
    pub name: &'static str,
    /// Kind of media.
    pub kind: Kind,
    /// Bytes of the file.
    pub bytes: &'static [u8],
    /// Stored width in pixels. `None` for audio.
    pub width: Option<u32>,
    /// Stored height in pixels. `None` for audio.
    pub height: Option<u32>,
    /// Clockwise rotation for display in degrees: 0, 90, 180 or 270.
    pub rotation: u32,
    /// Duration in seconds, to a thousandth. `None` for pictures.
    pub seconds: Option<f64>,
}

/// Entry of `facts.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedFacts {
    name: String,
    kind: Kind,
    bytes: usize,
    width: Option<u32>,
    height: Option<u32>,
    #[serde(default)]
    rotation: u32,
    seconds: Option<f64>,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../../assets/samples/", $name)).as_slice())),+]
    };
}

static FILES: [(&str, &[u8]); 42] = files![
    "avif-gradient.avif",
    "avif.avif",
    "bmp-os2.bmp",
    "bmp.bmp",
    "flac.flac",
    "gif-animated.gif",
    "gif.gif",
    "heic-thumbnail.heic",
    "heic-turned.heic",
    "heic.heic",
    "jpeg-grey.jpg",
    "jpeg-progressive.jpg",
    "jpeg-thumbnail.jpg",
    "jpeg-turned.jpg",
    "jpeg.jpg",
    "m4a.m4a",
    "mkv.mkv",
    "mov.mov",
    "mp3-without-tag.mp3",
    "mp3.mp3",
    "mp4-fragmented.mp4",
    "mp4-hevc.mp4",
    "mp4-index-last.mp4",
    "mp4-sound-first.mp4",
    "mp4-turned.mp4",
    "mp4.mp4",
    "ogg-opus.ogg",
    "ogg-vorbis.ogg",
    "png-16-bit.png",
    "png-alpha.png",
    "png-interlaced.png",
    "png.png",
    "test-card.mp4",
    "tiff-big-endian.tiff",
    "tiff-little-endian.tiff",
    "wav.wav",
    "webm-vp8.webm",
    "webm-vp9.webm",
    "webp-alpha.webp",
    "webp-animated.webp",
    "webp-lossless.webp",
    "webp-lossy.webp",
];

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let list = include_str!("../../assets/samples/facts.json");
    let list: Vec<ListedFacts> =
        serde_json::from_str(list).expect("the list is committed, and tested");
    list.into_iter().filter_map(Sample::new).collect()
});

impl Sample {
    /// Creates the sample with these facts if there is a file of that name and length.
    fn new(facts: ListedFacts) -> Option<Self> {
        let (name, bytes) = FILES.iter().copied().find(|(name, _)| *name == facts.name)?;
        let ListedFacts { kind, width, height, rotation, seconds, .. } = facts;
        let sample = Self { name, kind, bytes, width, height, rotation, seconds };
        (bytes.len() == facts.bytes).then_some(sample)
    }

    /// Returns every sample, sorted by name.
    pub fn all() -> &'static [Self] {
        &SAMPLES
    }

    /// Returns the sample of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|sample| sample.name == name)
    }

    /// Returns the sample with exactly these bytes.
    pub(crate) fn with_bytes(bytes: &[u8]) -> Option<&'static Self> {
        Self::all().iter().find(|sample| sample.bytes == bytes)
    }

    /// Returns the content type.
    pub fn content_type(&self) -> &'static str {
        super::content_type(self.name.rsplit('.').next().unwrap_or_default())
    }

    pub(crate) fn shared(&self) -> Bytes {
        Bytes::from_static(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_sample_file_has_facts() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
        let files = std::fs::read_dir(folder).expect("there are samples");
        let mut names: BTreeSet<String> = files
            .map(|file| file.expect("a file").file_name().into_string().expect("a plain name"))
            .collect();
        assert!(names.remove("facts.json"));
        let served: BTreeSet<String> = Sample::all().iter().map(|s| s.name.to_owned()).collect();
        assert_eq!(served, names);
        assert_eq!(served.len(), FILES.len());
    }

    #[test]
    fn a_sample_has_the_facts_of_its_kind() {
        for sample in Sample::all() {
            let Sample { name, kind, width, height, seconds, .. } = *sample;
            assert_eq!(width.is_some(), kind != Kind::Audio, "{name}");
            assert_eq!(height.is_some(), kind != Kind::Audio, "{name}");
            assert_eq!(seconds.is_some(), kind != Kind::Image, "{name}");
            let begins = match kind {
                Kind::Image => "image/",
                Kind::Video => "video/",
                Kind::Audio => "audio/",
            };
            assert!(sample.content_type().starts_with(begins), "{name}");
        }
    }
}
