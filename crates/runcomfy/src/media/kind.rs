//! The kinds of media.

/// What a media property takes, as far as the schema says.
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
