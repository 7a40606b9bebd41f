//! Measured facts about one piece of media.

use std::time::Duration;

use super::{Format, MediaKind};

/// The measured facts about one piece of media. An unknown fact is `None`, and the rules about
/// it stay unchecked.
///
/// Width and height are those of the picture as it is shown upright. `docs/media.md` defines
/// that for each format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaInfo {
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// Size of the file in bytes.
    pub bytes: Option<u64>,
    /// Duration of a video or a sound.
    pub duration: Option<Duration>,
    /// Format of the file, detected from its content.
    pub format: Option<Format>,
    /// Image, video or sound; never [`MediaKind::Any`].
    pub kind: Option<MediaKind>,
}

impl MediaInfo {
    /// Creates the info of a picture or video with this size in pixels.
    pub fn of_size(width: u32, height: u32) -> Self {
        Self { width: Some(width), height: Some(height), ..Self::default() }
    }

    /// Sets the size of the file.
    #[must_use]
    pub fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Sets the format of the file, and the kind that follows from it.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Self { format: Some(format), kind: format.kind(), ..self }
    }

    /// Returns `false` for a sound and for a file that is not media, which have no width and
    /// height.
    pub(super) fn is_visible(&self) -> Option<bool> {
        match (self.kind, self.format) {
            (Some(MediaKind::Image | MediaKind::Video), _) => Some(true),
            (Some(MediaKind::Audio), _) | (None, Some(_)) => Some(false),
            (None, None) | (Some(MediaKind::Any), _) => None,
        }
    }
}
