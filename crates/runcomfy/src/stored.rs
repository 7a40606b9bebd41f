//! serde of inputs (feature `serde`): media as text, and [`Stored`] for files too.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::codegen_support::value_ref::{AsJson, Files, ValueRef};
use crate::from_json::{Builder, FromJson};
use crate::input::Model;
use crate::media::Media;
use crate::violation::{InputPath, PathSegment};

/// A typed input, as a program stores it for itself and reads it back equal, local files
/// included.
///
/// A typed input implements `Serialize` and `Deserialize` as the JSON that is sent: a string
/// there is a URL, a data URI or a bare name, and never a local file. So JSON from a stranger
/// can be read as an `Input` (or better as [`JsonInput`](crate::JsonInput), which says all
/// that is wrong with it), and an input with a local file that was not read yet cannot be
/// written. A `Stored` input is an envelope around that JSON, which names its files:
///
/// ```json
/// {"model": "minimax/…", "input": {"image_url": "boat.png"}, "files": {"/image_url": "boat.png"}}
/// ```
///
/// Read a `Stored` input only from where your own program wrote it: it decides which files of
/// this machine are sent. The file is read anew when the input is submitted. An input with a
/// union is read back equal as JSON; its Rust variant is the first that takes the JSON.
///
/// ```
/// # use runcomfy::codegen_support::{Members, ValueRef, schema::{Field, MEDIA}};
/// # use runcomfy::{Model, MediaOutput};
/// use runcomfy::{Media, Stored};
///
/// # #[derive(Debug, Clone, PartialEq)]
/// # struct Input { image_url: Media }
/// # static FIELDS: [Field; 1] = [Field::required("image_url", MEDIA, &[])];
/// # runcomfy::codegen_support::object!(Input, FIELDS, [image_url]);
/// # impl Model for Input {
/// #     const ID: &'static str = "acme/animate";
/// #     const FIELDS: &'static [Field] = &FIELDS;
/// #     type Output = MediaOutput;
/// # }
/// # runcomfy::codegen_support::input_traits!(Input);
/// # fn main() -> Result<(), serde_json::Error> {
/// let input = Input { image_url: Media::file("boat.png") };
/// let row = serde_json::to_string(&Stored(input.clone()))?;
/// let Stored(again) = serde_json::from_str::<Stored<Input>>(&row)?;
/// assert_eq!(again, input);
///
/// // Without the envelope, a file is neither written nor read.
/// assert!(serde_json::to_string(&input).is_err());
/// let stranger: Input = serde_json::from_str(r#"{"image_url": "/etc/passwd"}"#)?;
/// assert_eq!(stranger.image_url, Media::verbatim("/etc/passwd"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored<T>(pub T);

/// The envelope of a stored input.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<J> {
    model: String,
    input: J,
    /// The paths of local files, by the JSON pointers of their places.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, PathBuf>,
    /// The places of strings that were given with [`Media::verbatim`] and would be read as a
    /// URL or a data URI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    verbatim: Vec<String>,
}

impl<T: Model> Serialize for Stored<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0.as_value_ref();
        let mut envelope = Envelope {
            model: T::ID.to_owned(),
            input: AsJson { value, files: Files::AsPath, slots: None },
            files: BTreeMap::new(),
            verbatim: Vec::new(),
        };
        let mut path = Vec::new();
        each_media(value, &mut path, &mut |path, media| {
            if let Some(file) = media.as_file() {
                envelope.files.insert(pointer(path), file.to_owned());
            } else if media.wire().is_some_and(|text| Media::from_wire(text) != *media) {
                envelope.verbatim.push(pointer(path));
            }
        });
        if envelope.files.values().any(|file| file.to_str().is_none()) {
            return Err(S::Error::custom("a file's path must be valid Unicode to be stored"));
        }
        envelope.serialize(serializer)
    }
}

impl<'de, T: Model + FromJson> Deserialize<'de> for Stored<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let envelope = Envelope::<Value>::deserialize(deserializer)?;
        if envelope.model != T::ID {
            return Err(D::Error::custom(format_args!(
                "must be a stored input of `{}` (found one of `{}`)",
                T::ID,
                envelope.model.escape_debug()
            )));
        }
        let files = envelope.files.into_iter().map(|(place, file)| (place, Media::file(file)));
        let mut stored: BTreeMap<String, Media> = files.collect();
        for place in envelope.verbatim {
            if let Some(Value::String(text)) = envelope.input.pointer(&place) {
                stored.insert(place, Media::verbatim(text));
            }
        }
        Builder::with_media(stored).build(&envelope.input).map(Self).map_err(D::Error::custom)
    }
}

/// Calls `take` with every piece of media in a value, and its place.
fn each_media<'a>(
    value: ValueRef<'a>,
    path: &mut Vec<PathSegment>,
    take: &mut dyn FnMut(&[PathSegment], &'a Media),
) {
    match value {
        ValueRef::Media(media) => take(path, media),
        ValueRef::List(list) => {
            for index in 0..list.count() {
                path.push(PathSegment::Index(index));
                each_media(list.get(index), path, take);
                path.pop();
            }
        }
        ValueRef::Map(entries) => {
            for (name, value) in entries.iter() {
                path.push(PathSegment::Name(name.to_owned()));
                each_media(value, path, take);
                path.pop();
            }
        }
        ValueRef::Struct(members) => {
            for (index, field) in members.fields().iter().enumerate() {
                path.push(PathSegment::Name(field.name.to_owned()));
                each_media(members.get(index), path, take);
                path.pop();
            }
        }
        ValueRef::Absent
        | ValueRef::Null
        | ValueRef::Bool(_)
        | ValueRef::Number(_)
        | ValueRef::Text(_) => {}
    }
}

fn pointer(path: &[PathSegment]) -> String {
    path.iter().cloned().collect::<InputPath>().pointer()
}

/// Reads a typed input from the JSON that is sent. It is not checked.
#[doc(hidden)]
pub fn deserialize_input<'de, M: Model + FromJson, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<M, D::Error> {
    let json = Value::deserialize(deserializer)?;
    Builder::default().build(&json).map_err(D::Error::custom)
}

/// Serializes the string that is sent: a URL, a data URI or a bare name. A local file is
/// written as its content once it is read, and is an error before.
impl Serialize for Media {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ValueRef::Media(self).serialize(serializer)
    }
}

/// Deserializes a URL, a data URI or a bare name. It never becomes a local file: a program that
/// stores files reads them with [`Stored`].
impl<'de> Deserialize<'de> for Media {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from_wire(&text))
    }
}
