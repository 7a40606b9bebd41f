//! What is known of one piece of media.

use std::time::Duration;

use super::{Format, MediaKind};

/// What is known of one piece of media. What is not known is `None`, and rules
/// about it are left unchecked.
///
/// Width and height are those of the picture as it is shown upright: `docs/media.md` says
/// what that means for each format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaInfo {
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// Size of the file in bytes.
    pub bytes: Option<u64>,
    /// How long a video or a sound lasts.
    pub duration: Option<Duration>,
    /// The format of the file, by what is in it.
    pub format: Option<Format>,
    /// Whether it is an image, a video or a sound; never [`MediaKind::Any`].
    pub kind: Option<MediaKind>,
}

impl MediaInfo {
    /// MediaInfo of a picture or video of this size in pixels.
    pub fn of_size(width: u32, height: u32) -> Self {
        Self { width: Some(width), height: Some(height), ..Self::default() }
    }

    /// The same, and the size of the file.
    #[must_use]
    pub fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// The same, and the format of the file.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Self { format: Some(format), kind: format.kind(), ..self }
    }

    /// Whether it can be seen: `false` of a sound, and of a file that is no media.
    pub(super) fn is_seen(&self) -> Option<bool> {
        match (self.kind, self.format) {
            (Some(MediaKind::Image | MediaKind::Video), _) => Some(true),
            (Some(MediaKind::Audio), _) => Some(false),
            (None, Some(_)) => Some(false),
            (None, None) | (Some(MediaKind::Any), _) => None,
        }
    }
}
