//! Outputs are read leniently, since they are paid for. A value that does not fit its type is left
//! out of the typed output and is never an error; the raw JSON is always available.

use serde_json::{Map, Value};
use url::Url;

/// The output of most models: URLs of the files that they made.
///
/// The URLs are public for a time that RunComfy does not state. Fetch them without the token.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct MediaOutput {
    /// One image.
    pub image: Option<Url>,
    /// One video.
    pub video: Option<Url>,
    /// One audio file.
    pub audio: Option<Url>,
    /// Several images.
    pub images: Vec<Url>,
    /// Several videos.
    pub videos: Vec<Url>,
    /// Several audio files.
    pub audios: Vec<Url>,
    /// All other members, by name.
    pub others: Map<String, Value>,
}

impl MediaOutput {
    /// The members' names, with `true` for a list. The generator recognizes this output by them.
    pub const PROPERTIES: [(&'static str, bool); 6] = [
        ("image", false),
        ("video", false),
        ("audio", false),
        ("images", true),
        ("videos", true),
        ("audios", true),
    ];

    /// Returns every URL in this output.
    pub fn urls(&self) -> impl Iterator<Item = &Url> {
        let single = [&self.image, &self.video, &self.audio].into_iter().flatten();
        single.chain(&self.images).chain(&self.videos).chain(&self.audios)
    }
}

crate::__output!(
    MediaOutput,
    [
        image: optional("image"),
        video: optional("video"),
        audio: optional("audio"),
        images: list("images"),
        videos: list("videos"),
        audios: list("audios"),
    ],
    others,
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codegen_support::from_output::FromOutput;

    #[test]
    fn an_output_keeps_unknown_members_and_misfits() {
        let raw = json!({
            "video": "https://example.com/v.mp4",
            "images": ["https://example.com/1.png", 7],
            "audio": "not an address",
            "seed": 3,
        });
        let output = MediaOutput::from_output(&raw).expect("it is an object");
        assert_eq!(output.video.as_ref().map(Url::as_str), Some("https://example.com/v.mp4"));
        assert_eq!(output.urls().count(), 1);
        assert_eq!(output.images, []);
        let mut others: Vec<&str> = output.others.keys().map(String::as_str).collect();
        others.sort_unstable();
        assert_eq!(others, ["audio", "images", "seed"]);
    }

    #[test]
    fn an_output_that_is_not_an_object_stays_raw() {
        assert_eq!(MediaOutput::from_output(&json!("https://example.com/v.mp4")), None);
    }
}
