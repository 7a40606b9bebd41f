//! Outputs: read openly, since they are paid for. What does not fit its type is
//! left out of the typed output, never an error; the raw JSON is always beside it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

/// What most models answer: addresses of the files that they made.
///
/// The addresses are public for a time that RunComfy does not state; fetch them
/// without the token.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct MediaOutput {
    /// One image.
    pub image: Option<Url>,
    /// One video.
    pub video: Option<Url>,
    /// One sound.
    pub audio: Option<Url>,
    /// Several images.
    pub images: Vec<Url>,
    /// Several videos.
    pub videos: Vec<Url>,
    /// Several sounds.
    pub audios: Vec<Url>,
    /// Everything else that came, by name.
    pub others: Map<String, Value>,
}

impl MediaOutput {
    /// The names and whether each holds a list, by which a schema is known to be
    /// this output.
    pub const PROPERTIES: [(&'static str, bool); 6] = [
        ("image", false),
        ("video", false),
        ("audio", false),
        ("images", true),
        ("videos", true),
        ("audios", true),
    ];

    /// Every address in this output.
    pub fn urls(&self) -> impl Iterator<Item = &Url> {
        let single = [&self.image, &self.video, &self.audio].into_iter().flatten();
        single.chain(&self.images).chain(&self.videos).chain(&self.audios)
    }
}

impl Read for MediaOutput {
    fn read(value: &Value) -> Option<Self> {
        let mut object = Reader::new(value)?;
        Some(Self {
            image: object.optional("image"),
            video: object.optional("video"),
            audio: object.optional("audio"),
            images: object.list("images"),
            videos: object.list("videos"),
            audios: object.list("audios"),
            others: object.others(),
        })
    }
}

/// A type that is read from an output, as far as the output has it.
pub trait Read: Sized {
    /// The value, or `None` where the JSON does not fit.
    fn read(value: &Value) -> Option<Self>;
}

/// Reads an object property by property.
pub struct Reader<'a> {
    object: &'a Map<String, Value>,
    read: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// A reader of this object; `None` where it is none.
    pub fn new(value: &'a Value) -> Option<Self> {
        value.as_object().map(|object| Self { object, read: Vec::new() })
    }

    /// The property of this name, where it is there and fits. One that does not
    /// fit stays among the others.
    pub fn optional<T: Read>(&mut self, name: &'static str) -> Option<T> {
        let value = self.object.get(name)?;
        let read = T::read(value);
        if read.is_some() || value.is_null() {
            self.read.push(name);
        }
        read
    }

    /// The list of this name; empty where it is not there or does not fit.
    pub fn list<T: Read>(&mut self, name: &'static str) -> Vec<T> {
        self.optional(name).unwrap_or_default()
    }

    /// What was not read.
    pub fn others(self) -> Map<String, Value> {
        let unread = |(name, _): &(&String, &Value)| !self.read.contains(&name.as_str());
        let others = self.object.iter().filter(unread);
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Option<Self> {
        // `1.0` is an integer in JSON Schema; the range keeps the cast exact.
        let whole = |float: &f64| float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
        value.as_i64().or_else(|| value.as_f64().filter(whole).map(|float| float as i64))
    }
}

impl Read for f64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Read for Url {
    fn read(value: &Value) -> Option<Self> {
        Url::parse(value.as_str()?).ok()
    }
}

impl Read for Value {
    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

/// All of a list or none of it: a list with holes would say too little.
impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: &Value) -> Option<Self> {
        let entry = |(name, value): (&String, &Value)| Some((name.clone(), T::read(value)?));
        value.as_object()?.iter().map(entry).collect()
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Box::new)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_output_keeps_what_it_does_not_know_and_what_does_not_fit() {
        let raw = json!({
            "video": "https://example.com/v.mp4",
            "images": ["https://example.com/1.png", 7],
            "audio": "not an address",
            "seed": 3,
        });
        let output = MediaOutput::read(&raw).expect("it is an object");
        assert_eq!(output.video.as_ref().map(Url::as_str), Some("https://example.com/v.mp4"));
        assert_eq!(output.urls().count(), 1);
        assert_eq!(output.images, []);
        let mut others: Vec<&str> = output.others.keys().map(String::as_str).collect();
        others.sort_unstable();
        assert_eq!(others, ["audio", "images", "seed"]);
    }

    #[test]
    fn an_output_that_is_no_object_is_left_to_the_raw_json() {
        assert_eq!(MediaOutput::read(&json!("https://example.com/v.mp4")), None);
    }
}
