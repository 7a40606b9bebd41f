//! `AnyInput`: an input of a model that is chosen at run time.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::check;
use crate::codegen_support::value_ref::{AsValueRef, ValueRef};
use crate::escape::escape_control;
use crate::info::ModelInfo;
use crate::input::{Invalid, JsonError, Payload, Raw, Valid};
use crate::media::{IntoMedia, Media};
use crate::schema::ValueSchema;
use crate::violation::Violations;

/// An input of a model that is chosen at run time: JSON, and the model's table.
///
/// It is checked by the same table as the typed input, its media is measured by the same preflight,
/// and [`Client::submit`](crate::Client::submit) takes it once it is [`Valid`]. Its job is a
/// `Job<Raw>`, whose output is JSON. Use it for a program whose user chooses the model.
/// [`JsonInput`](crate::JsonInput) is for JSON of a model that the program's author chose.
///
/// ```
/// use runcomfy::{AnyInput, Media, ModelInfo};
/// use serde_json::json;
/// # use runcomfy::codegen_support::schema::{Field, MEDIA, Rule, TEXT};
/// # static FIELDS: [Field; 2] = [
/// #     Field::required("prompt", TEXT, &[Rule::MaxLength(20)]),
/// #     Field::required("image_url", MEDIA, &[]),
/// # ];
/// # static MODEL: ModelInfo = ModelInfo::from_table("acme/animate", &FIELDS, None, &[]);
/// # fn model(_: &str) -> Result<&'static ModelInfo, runcomfy::UnknownModel> { Ok(&MODEL) }
///
/// # fn main() -> Result<(), runcomfy::Error> {
/// let model = model("acme/animate")?; // of `runcomfy_models`, for its models
/// let input = AnyInput::new(model, json!({"prompt": "a paper boat drifts downstream"}));
/// let invalid = input.validate().unwrap_err();
/// assert_eq!(
///     invalid.violations.to_string(),
///     "prompt: must be at most 20 characters (found 30) [maxLength]\n\
///      image_url: missing required property [required]"
/// );
///
/// // A local file never comes from JSON. It has its own method.
/// let input = AnyInput::parse(model, r#"{"prompt": "a paper boat"}"#)?;
/// let valid = input.with_media("/image_url", Media::file("boat.png"))?.validate()?;
/// # drop(valid);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AnyInput {
    model: &'static ModelInfo,
    value: Node,
}

/// JSON with media in it.
#[derive(Clone)]
enum Node {
    /// JSON without media that was placed in it.
    Json(Value),
    Media(Media),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

/// A place at which an input cannot hold media.
///
/// ```
/// use runcomfy::{AnyInput, Media};
/// use serde_json::json;
///
/// let model = runcomfy_models::model("bytedance/seedance-2.5/image-to-video/480p")?;
/// let input = AnyInput::new(model, json!({"prompt": "a boat"}));
/// let error = input.with_media("image", Media::file("boat.png")).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no media can be placed at `image`: it must be a JSON pointer, such as `/image_url`"
/// );
/// # Ok::<(), runcomfy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("no media can be placed at `{}`: {reason}", escape_control(pointer))]
pub struct PlaceError {
    /// The JSON pointer.
    pub pointer: String,
    /// The reason.
    pub reason: String,
}

impl AnyInput {
    /// Creates an input of a model from a JSON value. [`AnyInput::validate`] then checks it.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    /// use serde_json::json;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let input = AnyInput::new(model, json!({"prompt": "a paper boat", "duration": 8}));
    /// assert!(input.validate().is_ok());
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn new(model: &'static ModelInfo, value: Value) -> Self {
        Self { model, value: Node::Json(value) }
    }

    /// Parses JSON text as an input of a model. [`AnyInput::validate`] then checks it.
    ///
    /// # Errors
    ///
    /// Fails if the text is not JSON, with the line and column.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let error = AnyInput::parse(model, "{prompt: a paper boat}").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the input is not JSON: key must be a string at line 1 column 2"
    /// );
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn parse(model: &'static ModelInfo, text: &str) -> Result<Self, JsonError> {
        let value = serde_json::from_str(text).map_err(JsonError)?;
        Ok(Self::new(model, value))
    }

    /// Returns the model.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    /// use serde_json::json;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let input = AnyInput::new(model, json!({}));
    /// assert_eq!(input.model().category, Some("text-to-video"));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn model(&self) -> &'static ModelInfo {
        self.model
    }

    /// Puts media, such as a local file, at a JSON pointer (RFC 6901), such as `/image_url` or
    /// `/images/0`. It replaces what is there. A property that is not there is added, and so is the
    /// next element of a list, which may be written `-`.
    ///
    /// [`AnyInput::validate`] refuses media in a property that takes none.
    ///
    /// # Errors
    ///
    /// Fails if `pointer` is not a JSON pointer, or if nothing at its end can hold a value.
    ///
    /// ```
    /// use runcomfy::{AnyInput, Media, Payload};
    /// use serde_json::json;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/image-to-video/480p")?;
    /// let input = AnyInput::new(model, json!({"prompt": "the boat drifts away"}))
    ///     .with_media("/image", Media::file("boat.png"))?;
    /// assert_eq!(input.media()[0].media, Media::file("boat.png"));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn with_media(mut self, pointer: &str, media: impl IntoMedia) -> Result<Self, PlaceError> {
        let fail = |reason: String| PlaceError { pointer: pointer.to_owned(), reason };
        let Some(steps) = pointer.strip_prefix('/') else {
            return Err(fail("it must be a JSON pointer, such as `/image_url`".to_owned()));
        };
        let steps: Vec<String> = steps.split('/').map(unescaped).collect();
        self.value.place(&steps, media.into_media()).map_err(fail)?;
        Ok(self)
    }

    /// Checks every rule that needs no measuring of media.
    ///
    /// # Errors
    ///
    /// Returns every violation at once, and the input.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    /// use serde_json::json;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let input = AnyInput::new(model, json!({"prompt": "a paper boat"})).validate()?;
    /// let completed = client.run(&input).await?;
    /// assert!(completed.output["video"].is_string());
    /// # Ok(()) });
    /// ```
    pub fn validate(self) -> Result<Valid<Self>, Invalid<Self>> {
        let violations = self.violations();
        Valid::unless(self, violations)
    }

    /// Returns every violation, without measuring media.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    /// use serde_json::json;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let input = AnyInput::new(model, json!({"prompt": "a paper boat", "duration": 2}));
    /// assert_eq!(
    ///     input.violations().to_string(),
    ///     "duration: must be at least 4 (found 2) [minimum]"
    /// );
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn violations(&self) -> Violations {
        check::violations(&self.schema(), self.value_ref())
    }

    /// Returns `true` if there is no violation. It stops at the first one, and is the cheapest
    /// way to ask.
    ///
    /// ```
    /// use runcomfy::AnyInput;
    /// use serde_json::json;
    ///
    /// let model = runcomfy_models::model("bytedance/seedance-2.5/text-to-video/480p")?;
    /// let inputs = [json!({"prompt": "a boat"}), json!({})];
    /// let inputs = inputs.map(|json| AnyInput::new(model, json));
    /// assert_eq!(inputs.map(|input| input.is_valid()), [true, false]);
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn is_valid(&self) -> bool {
        check::is_valid(&self.schema(), self.value_ref())
    }
}

impl Payload for AnyInput {
    type Model = Raw;

    fn value_ref(&self) -> ValueRef<'_> {
        self.value.as_value_ref()
    }

    fn schema(&self) -> ValueSchema {
        self.model.input()
    }

    fn model_id(&self) -> &'static str {
        self.model.id
    }
}

impl Node {
    fn place(&mut self, steps: &[String], media: Media) -> Result<(), String> {
        let Some((step, rest)) = steps.split_first() else {
            *self = Self::Media(media);
            return Ok(());
        };
        self.open();
        match self {
            Self::Object(members) => match members.get_mut(step) {
                Some(member) => member.place(rest, media),
                None if rest.is_empty() => {
                    members.insert(step.clone(), Self::Media(media));
                    Ok(())
                }
                None => Err(format!("there is no `{}`", escape_control(step))),
            },
            Self::List(items) => match index(step, items.len()) {
                Some(index) if index < items.len() => match items.get_mut(index) {
                    Some(item) => item.place(rest, media),
                    None => Ok(()),
                },
                Some(_) if rest.is_empty() => {
                    items.push(Self::Media(media));
                    Ok(())
                }
                Some(_) | None => Err(format!(
                    "`{}` is not an element of a list of {}",
                    escape_control(step),
                    items.len()
                )),
            },
            Self::Json(_) | Self::Media(_) => {
                Err(format!("what should hold `{}` is not an object or list", escape_control(step)))
            }
        }
    }

    /// Opens a JSON object or list, so that media can be placed in it.
    fn open(&mut self) {
        let Self::Json(value) = self else { return };
        match value.take() {
            Value::Array(items) => *self = Self::List(items.into_iter().map(Self::Json).collect()),
            Value::Object(members) => {
                let members = members.into_iter();
                *self = Self::Object(members.map(|(name, of)| (name, Self::Json(of))).collect());
            }
            scalar => *value = scalar,
        }
    }
}

/// Returns the index that a step of a pointer names in a list: at most the list's length.
fn index(step: &str, length: usize) -> Option<usize> {
    if step == "-" {
        return Some(length);
    }
    let index: usize = step.parse().ok()?;
    (index <= length && index.to_string() == step).then_some(index)
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

impl AsValueRef for Node {
    fn as_value_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Json(value) => value.as_value_ref(),
            Self::Media(media) => ValueRef::Media(media),
            Self::List(items) => ValueRef::List(items),
            Self::Object(members) => ValueRef::Map(members),
        }
    }
}

/// Serializes the JSON that is sent. A local file that was not read yet is an error:
/// `Stored` stores it.
impl Serialize for AnyInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value_ref().serialize(serializer)
    }
}

/// Two are equal if their models have the same id, and their values are equal.
impl PartialEq for AnyInput {
    fn eq(&self, other: &Self) -> bool {
        (self.model.id, &self.value) == (other.model.id, &other.value)
    }
}

/// Media is equal to the JSON string that is read as it.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(json), node) | (node, Self::Json(json)) => node.is_json(json),
            (Self::Media(one), Self::Media(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one == other,
            (Self::Media(_) | Self::List(_) | Self::Object(_), _) => false,
        }
    }
}

impl Node {
    fn is_json(&self, json: &Value) -> bool {
        match (self, json) {
            (Self::Json(own), json) => own == json,
            (Self::Media(media), Value::String(text)) => Media::from_wire(text) == *media,
            (Self::List(items), Value::Array(all)) => {
                items.len() == all.len() && items.iter().zip(all).all(|(item, of)| item.is_json(of))
            }
            (Self::Object(members), Value::Object(all)) => {
                members.len() == all.len()
                    && all.iter().all(|(name, of)| {
                        members.get(name).is_some_and(|member| member.is_json(of))
                    })
            }
            (Self::Media(_) | Self::List(_) | Self::Object(_), _) => false,
        }
    }
}

impl fmt::Debug for AnyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyInput")
            .field("model", &self.model.id)
            .field("value", &self.value)
            .finish()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(value) => value.fmt(f),
            Self::Media(media) => media.fmt(f),
            Self::List(items) => items.fmt(f),
            Self::Object(members) => members.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Field, IMAGE, Rule, Shape, TEXT};

    static ITEM: ValueSchema = ValueSchema::new(IMAGE, &[]);
    static FIELDS: [Field; 3] = [
        Field::required("prompt", TEXT, &[Rule::MaxLength(4)]),
        Field::optional("image", IMAGE, &[]),
        Field::optional("images", Shape::List(&ITEM), &[]),
    ];
    static MODEL: ModelInfo = ModelInfo::from_table("acme/paint", &FIELDS, None, &[]);

    fn input(value: Value) -> AnyInput {
        AnyInput::new(&MODEL, value)
    }

    #[test]
    fn media_is_placed_and_checked_like_the_rest() {
        let boat = Media::file("boat.png");
        let cases = [
            ("/image", json!({"prompt": "a"}), ""),
            ("/image", json!({"prompt": "a", "image": 7}), ""),
            ("/images/0", json!({"prompt": "a", "images": []}), ""),
            ("/images/-", json!({"prompt": "a", "images": ["https://x/y"]}), ""),
            ("/images/0", json!({"prompt": "a", "images": ["x"]}), ""),
            ("/prompt", json!({"prompt": "a"}), "prompt: must be a string"),
            ("/imag~1e", json!({"prompt": "a"}), "[\"imag/e\"]: unknown property"),
        ];
        for (place, value, violation) in cases {
            let placed = input(value).with_media(place, &boat).expect("there is a place");
            let violations = placed.violations().to_string();
            assert!(violations.starts_with(violation), "{place}: {violations}");
            assert_eq!(violations.is_empty(), violation.is_empty(), "{place}: {violations}");
            let is_found = placed.media().iter().any(|found| found.media == boat);
            assert_eq!(is_found, violation.is_empty(), "{place}");
        }
    }

    #[test]
    fn a_place_that_holds_nothing_is_an_error() {
        let value = json!({"prompt": "a", "images": ["x"], "image": "y"});
        let cases = [
            ("", "must be a JSON pointer"),
            ("image", "must be a JSON pointer"),
            ("/other/0", "there is no `other`"),
            ("/images/2", "`2` is not an element of a list of 1"),
            ("/images/01", "`01` is not an element"),
            ("/images/1/0", "`1` is not an element"),
            ("/image/0", "is not an object or list"),
        ];
        for (place, reason) in cases {
            let error = input(value.clone()).with_media(place, Media::file("boat.png"));
            let error = error.expect_err("there is no place").to_string();
            assert!(error.contains(reason), "{place}: {error}");
        }
    }

    #[test]
    fn text_of_json_never_becomes_a_file() {
        let parsed = AnyInput::parse(&MODEL, r#"{"prompt": "a", "image": "/etc/passwd"}"#);
        let media = parsed.expect("it is JSON").media();
        assert_eq!(media[0].media, Media::verbatim("/etc/passwd"));
        assert!(AnyInput::parse(&MODEL, "{").is_err());
    }

    #[test]
    fn equal_inputs_are_equal_however_they_were_made() {
        let url = "https://example.com/y.png";
        let placed = input(json!({"prompt": "a", "images": []}))
            .with_media("/images/0", Media::url(url).expect("it is a URL"))
            .expect("there is a place");
        assert_eq!(placed, input(json!({"prompt": "a", "images": [url]})));
        assert_eq!(placed.to_json().ok(), Some(json!({"prompt": "a", "images": [url]})));
        assert_ne!(placed, input(json!({"prompt": "b", "images": [url]})));
        assert_ne!(placed, input(json!({"prompt": "a", "images": [url, url]})));
        let named = input(json!({"prompt": "a", "images": []}))
            .with_media("/images/0", Media::verbatim(url))
            .expect("there is a place");
        assert_ne!(named, placed);
    }
}
