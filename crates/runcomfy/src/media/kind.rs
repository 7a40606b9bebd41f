//! The kinds of media.

/// The kind of media that a property takes, or that a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// The schema does not say.
    Any,
    /// `format: image_uri`.
    Image,
    /// `format: video_uri`.
    Video,
    /// `format: audio_uri`.
    Audio,
}
