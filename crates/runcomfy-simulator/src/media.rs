//! Media files: inputs at `/media/…` and outputs of jobs.

mod boxes;
mod content;
mod fault;
mod file;
mod header;
mod picture;
mod sample;
mod store;

use serde::Deserialize;

pub(crate) use content::{Content, Reader};
pub use fault::MediaFault;
pub use file::TestMedia;
pub use header::Header;
pub use picture::PictureFormat;
pub use sample::Sample;
pub(crate) use store::{Made, Store};

/// A kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound.
    Audio,
}

impl Kind {
    /// Returns the file below `/media/` that is a job's output. Picture and video have one size.
    pub(crate) fn output(self) -> &'static str {
        match self {
            Self::Image => "320x180.png",
            Self::Video => "samples/test-card.mp4",
            Self::Audio => "samples/wav.wav",
        }
    }

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
}

/// Returns the content type for a file extension.
pub(crate) fn content_type(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "avif" => "image/avif",
        "heic" => "image/heic",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "m4a" => "audio/mp4",
        _ => "application/octet-stream",
    }
}
