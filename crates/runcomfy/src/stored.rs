//! serde of inputs (feature `serde`): media as text, and [`Stored`] for files too.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::any_input::AnyInput;
use crate::codegen_support::value_ref::{AsJson, Files, ValueRef};
use crate::from_json::{Builder, FromJson, StoredString};
use crate::info::ModelInfo;
use crate::input::{Model, Payload};
use crate::media::Media;
use crate::schema::Shape;
use crate::violation::{InputPath, PathSegment};

/// An input, as a program stores it for itself and reads it back equal, local files
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
/// this machine are sent. The file is read anew when the input is submitted. The Rust
/// variant of a union is the first that takes the JSON; media in it stays media, and text stays text.
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
    /// The places of URLs and data URIs in a union, which may allow other strings too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    urls: Vec<String>,
    /// The places of other strings in a union that allows media.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    text: Vec<String>,
}

impl<T: Model> Serialize for Stored<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(T::ID, (self.0.as_value_ref(), Shape::Object(T::FIELDS)), serializer)
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
        let media = envelope.media().map(|(place, media)| (place, StoredString::Media(media)));
        let text = envelope.text.iter().map(|place| (place.clone(), StoredString::Text));
        Builder::with_stored(media.chain(text).collect())
            .build(&envelope.input)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

/// Serializes the envelope. [`AnyInput::deserialize_stored`] reads it.
impl Serialize for Stored<AnyInput> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0.model_id(), (self.0.value_ref(), Shape::Any), serializer)
    }
}

impl AnyInput {
    /// Deserializes an input that was stored with [`Stored`], of any model. `find` returns the model
    /// of an id: `runcomfy_models::model`, or a lookup in models of your own.
    ///
    /// Read a stored input only from where your own program wrote it: it decides which files of this
    /// machine are sent.
    ///
    /// # Errors
    ///
    /// Fails if it is not a stored input, or `find` does not know its model.
    ///
    /// ```
    /// # use runcomfy::codegen_support::schema::{Field, MEDIA};
    /// use runcomfy::{AnyInput, Media, ModelInfo, Stored, find_model};
    /// use serde_json::json;
    ///
    /// # static FIELDS: [Field; 1] = [Field::required("image_url", MEDIA, &[])];
    /// # static MODEL: ModelInfo = ModelInfo::from_table("acme/animate", &FIELDS, None, &[]);
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let input = AnyInput::new(&MODEL, json!({}));
    /// let input = input.with_media("/image_url", Media::file("boat.png"))?;
    /// let row = serde_json::to_value(Stored(input.clone()))?;
    ///
    /// let again = AnyInput::deserialize_stored(row, |id| find_model([&MODEL], id))?;
    /// assert_eq!(again, input);
    /// # Ok(())
    /// # }
    /// ```
    pub fn deserialize_stored<'de, D: Deserializer<'de>, E: fmt::Display>(
        deserializer: D,
        find: impl FnOnce(&str) -> Result<&'static ModelInfo, E>,
    ) -> Result<Self, D::Error> {
        let envelope = Envelope::<Value>::deserialize(deserializer)?;
        let model = find(&envelope.model).map_err(D::Error::custom)?;
        let media: Vec<(String, Media)> = envelope.media().collect();
        let mut input = Self::new(model, envelope.input);
        for (place, media) in media {
            input = input.with_media(&place, media).map_err(D::Error::custom)?;
        }
        Ok(input)
    }
}

/// Serializes an input, given with the shape of its schema. JSON of a model that is chosen at run
/// time needs none: its strings are text, and its media is placed.
fn serialize<S: Serializer>(
    model: &str,
    (value, shape): (ValueRef<'_>, Shape),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut envelope = Envelope {
        model: model.to_owned(),
        input: AsJson { value, files: Files::AsPath, slots: None },
        files: BTreeMap::new(),
        verbatim: Vec::new(),
        urls: Vec::new(),
        text: Vec::new(),
    };
    let mut path = Vec::new();
    each_string(value, shape, &mut path, &mut |FoundString { path, shape, media }| {
        let is_in_union = is_union(shape);
        match media {
            None if is_in_union && may_be_media(shape, 0) => envelope.text.push(pointer(path)),
            None => {}
            Some(media) => {
                if let Some(file) = media.as_file() {
                    envelope.files.insert(pointer(path), file.to_owned());
                } else if media.wire().is_some_and(|text| Media::from_wire(text) != *media) {
                    envelope.verbatim.push(pointer(path));
                } else if is_in_union {
                    envelope.urls.push(pointer(path));
                }
            }
        }
    });
    if envelope.files.values().any(|file| file.to_str().is_none()) {
        return Err(S::Error::custom("a file's path must be valid Unicode to be stored"));
    }
    envelope.serialize(serializer)
}

impl Envelope<Value> {
    /// Returns the media that the JSON alone does not tell, by the JSON pointers of its places.
    fn media(&self) -> impl Iterator<Item = (String, Media)> {
        let files = self.files.iter().map(|(place, file)| (place.clone(), Media::file(file)));
        let verbatim = self.verbatim.iter().filter_map(|place| {
            let text = self.input.pointer(place)?.as_str()?;
            Some((place.clone(), Media::verbatim(text)))
        });
        let urls = self.urls.iter().filter_map(|place| {
            let text = self.input.pointer(place)?.as_str()?;
            Some((place.clone(), Media::from_wire(text)))
        });
        files.chain(verbatim).chain(urls)
    }
}

/// The most unions within unions that are searched for media.
const MAX_DEPTH: usize = 16;

fn is_union(shape: Shape) -> bool {
    matches!(shape, Shape::AnyOf(_) | Shape::OneOf(_) | Shape::ByKind(_))
}

/// Returns `true` if a value of this shape, or one in it, may be media. The properties of objects
/// are not searched.
fn may_be_media(shape: Shape, depth: usize) -> bool {
    match shape {
        _ if depth > MAX_DEPTH => true,
        Shape::Media(_) => true,
        Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches) => {
            branches.iter().any(|branch| may_be_media(branch.shape, depth + 1))
        }
        Shape::List(of) | Shape::Map(of) | Shape::Nullable(of) => may_be_media(of.shape, depth + 1),
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::Recursive(_) => false,
    }
}

/// A string or a piece of media in a value.
struct FoundString<'p, 'a> {
    path: &'p [PathSegment],
    /// The shape of its schema, or of the union that it is in.
    shape: Shape,
    media: Option<&'a Media>,
}

/// Calls `take` with every string and piece of media in a value.
fn each_string<'a>(
    value: ValueRef<'a>,
    shape: Shape,
    path: &mut Vec<PathSegment>,
    take: &mut dyn FnMut(FoundString<'_, 'a>),
) {
    let shape = match shape {
        Shape::Nullable(inner) => inner.shape,
        shape => shape,
    };
    let inner = match shape {
        Shape::List(of) | Shape::Map(of) => of.shape,
        union => union,
    };
    match value {
        ValueRef::Media(media) => take(FoundString { path, shape, media: Some(media) }),
        ValueRef::Text(_) => take(FoundString { path, shape, media: None }),
        ValueRef::List(list) => {
            for index in 0..list.count() {
                path.push(PathSegment::Index(index));
                each_string(list.get(index), inner, path, take);
                path.pop();
            }
        }
        ValueRef::Map(entries) => {
            for (name, value) in entries.iter() {
                path.push(PathSegment::Name(name.to_owned()));
                each_string(value, inner, path, take);
                path.pop();
            }
        }
        ValueRef::Struct(members) => {
            for (index, field) in members.fields().iter().enumerate() {
                path.push(PathSegment::Name(field.name.to_owned()));
                each_string(members.get(index), field.schema.shape, path, take);
                path.pop();
            }
        }
        ValueRef::Absent | ValueRef::Null | ValueRef::Bool(_) | ValueRef::Number(_) => {}
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
