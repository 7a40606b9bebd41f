//! Inputs of models: typed, as JSON, and validated.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::check::{self, FoundMedia};
use crate::codegen_support::from_output::FromOutput;
#[cfg(feature = "serde")]
use crate::codegen_support::value_ref::{AsJson, Files};
use crate::codegen_support::value_ref::{AsValueRef, ValueRef};
use crate::schema::{Field, Rule, ValueSchema};
use crate::violation::Violations;

/// The input type of one RunComfy model. Generated types implement it.
pub trait Model: AsValueRef + Clone + fmt::Debug + Send + Sync + 'static {
    /// The model's id, such as `minimax/Hailuo Video 01 Live`. Case and spaces count.
    const ID: &'static str;
    /// The input's table.
    const FIELDS: &'static [Field];
    /// The schema of properties that are not in the table, if the input allows them.
    const OTHERS: Option<&'static ValueSchema> = None;
    /// The rules of the input as a whole.
    const RULES: &'static [Rule] = &[];
    /// The model's output.
    type Output: FromOutput + Default + fmt::Debug + Send + 'static;

    /// Checks every rule that needs no measuring of media.
    ///
    /// # Errors
    ///
    /// Returns every violation at once, and the input.
    fn validate(self) -> Result<Valid<Self>, Invalid<Self>> {
        let violations = self.violations();
        Valid::unless(self, violations)
    }

    /// Returns every violation, without measuring media.
    fn violations(&self) -> Violations {
        // Most inputs are valid, which a struct says in a fraction of the time.
        if self.is_valid() {
            return Violations::default();
        }
        check::violations(&input::<Self>(), self.as_value_ref())
    }

    /// Returns `true` if there is no violation. It stops at the first one, and is the cheapest
    /// way to ask. [`Model::validate`] says what is wrong.
    fn is_valid(&self) -> bool {
        check::is_valid(&input::<Self>(), self.as_value_ref())
    }
}

/// An input that can be submitted: a model's typed input, a [`JsonInput`] of it, or an
/// [`AnyInput`](crate::AnyInput).
///
/// Its implementations are one for every [`Model`], and those two.
pub trait Payload: Clone + fmt::Debug + Send + Sync + 'static {
    /// The kind of its jobs: its model, or [`Raw`](crate::Raw) if only its id is known.
    type Model: Operation;

    /// Returns a view of the input as it would be sent.
    #[doc(hidden)]
    fn value_ref(&self) -> ValueRef<'_>;

    /// Returns the schema of the whole input.
    #[doc(hidden)]
    fn schema(&self) -> ValueSchema;

    /// Returns the id of its model.
    fn model_id(&self) -> &'static str;

    /// Returns every piece of media in it, with its rules.
    fn media(&self) -> Vec<FoundMedia> {
        check::media(&self.schema(), self.value_ref())
    }

    /// Returns the input as JSON, as it would be sent.
    ///
    /// # Errors
    ///
    /// Fails if the input holds a local file that was not read yet
    /// ([`Media::read`](crate::Media::read) reads it), or a number that JSON does not have,
    /// such as NaN.
    fn to_json(&self) -> Result<Value, ToJsonError> {
        serde_json::to_value(self.value_ref()).map_err(ToJsonError)
    }

    /// Returns the input as JSON with the path of each local file in its place, whether it was
    /// read or not: for a program that stores the input, and its files apart. Never send it.
    /// [`Payload::media`] says where the files are.
    ///
    /// # Errors
    ///
    /// Fails if the input holds a number that JSON does not have, such as NaN.
    #[cfg(feature = "serde")]
    fn to_json_with_paths(&self) -> Result<Value, ToJsonError> {
        let stored = AsJson { value: self.value_ref(), files: Files::AsPath, slots: None };
        serde_json::to_value(stored).map_err(ToJsonError)
    }
}

/// The kind of a job: a [`Model`], or [`Raw`], whose output is plain JSON.
///
/// Sealed by its blanket implementation and the one of [`Raw`].
pub trait Operation: 'static {
    /// The model's id, if the type knows it.
    const ID: Option<&'static str>;
    /// The type that the job's output is read as.
    type Output: FromOutput + Default + fmt::Debug + Send + 'static;
}

impl<M: Model> Operation for M {
    const ID: Option<&'static str> = Some(M::ID);
    type Output = M::Output;
}

/// Any model, with its output as JSON: the kind of a job whose input was an
/// [`AnyInput`](crate::AnyInput), or plain JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Raw;

impl Operation for Raw {
    const ID: Option<&'static str> = None;
    type Output = Value;
}

/// Returns the schema of a model's whole input.
pub(crate) const fn input<M: Model>() -> ValueSchema {
    ValueSchema::input(M::FIELDS, M::OTHERS, M::RULES)
}

impl<M: Model> Payload for M {
    type Model = M;

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_value_ref()
    }

    fn schema(&self) -> ValueSchema {
        input::<M>()
    }

    fn model_id(&self) -> &'static str {
        M::ID
    }
}

impl<M: Model> Payload for JsonInput<M> {
    type Model = M;

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_value().as_value_ref()
    }

    fn schema(&self) -> ValueSchema {
        input::<M>()
    }

    fn model_id(&self) -> &'static str {
        M::ID
    }
}

/// An input of model `M` as JSON. It is checked by the same table as the typed input, and
/// [`Client::submit`](crate::Client::submit) accepts it too.
///
/// ```
/// use runcomfy::{JsonInput, Model};
/// # use runcomfy::codegen_support::schema::{Field, INTEGER, Rule, TEXT};
/// # #[derive(Debug, Clone, PartialEq)]
/// # struct Input { prompt: String, steps: Option<i64> }
/// # static FIELDS: [Field; 2] = [
/// #     Field::required("prompt", TEXT, &[Rule::MaxLength(20)]),
/// #     Field::optional("steps", INTEGER, &[Rule::Maximum(50.0)]),
/// # ];
/// # runcomfy::codegen_support::object!(Input, FIELDS, [prompt, steps]);
/// # impl Model for Input {
/// #     const ID: &'static str = "acme/paint";
/// #     const FIELDS: &'static [Field] = &FIELDS;
/// #     type Output = runcomfy::MediaOutput;
/// # }
///
/// let input = JsonInput::<Input>::parse(r#"{"promt": "a boat", "steps": "many"}"#).unwrap();
/// let invalid = input.validate().unwrap_err();
/// assert_eq!(
///     invalid.violations.to_string(),
///     "prompt: missing required property [required]\n\
///      steps: must be a whole number (found a string) [type]\n\
///      promt: unknown property; did you mean `prompt`? [additionalProperties]"
/// );
///
/// // A rule and a path stay the same from release to release; a message may change.
/// let first = &invalid.violations[0];
/// assert_eq!((first.path.pointer().as_str(), &*first.rule), ("/prompt", "required"));
/// ```
pub struct JsonInput<M> {
    value: Value,
    model: PhantomData<fn() -> M>,
}

/// A text that is not JSON.
///
/// ```
/// use runcomfy::JsonInput;
/// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
///
/// let json = r#"{"prompt": "a boat",}"#;
/// let error = JsonInput::<seedance::Input>::parse(json).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the input is not JSON: trailing comma at line 1 column 21"
/// );
/// ```
#[derive(thiserror::Error)]
#[error("the input is not JSON: {0}")]
pub struct JsonError(pub(crate) serde_json::Error);

/// An input that cannot be written as JSON.
///
/// ```
/// use runcomfy::{Media, Payload};
/// use runcomfy_models::bytedance::seedance_2_5_image_to_video_480p as seedance;
///
/// let input = seedance::Input::new("the boat drifts away", Media::file("boat.png"));
/// let error = input.to_json().unwrap_err();
/// assert!(error.to_string().contains("a local file was not read yet"));
/// ```
#[derive(thiserror::Error)]
#[error("the input cannot be written as JSON: {0}")]
pub struct ToJsonError(serde_json::Error);

/// The start of the message of an input that breaks rules.
pub(crate) const INVALID_INPUT: &str = "the input breaks the model's schema";

impl<M: Model> JsonInput<M> {
    /// Parses JSON text. [`JsonInput::validate`] then checks the value.
    ///
    /// # Errors
    ///
    /// Fails if the text is not JSON, with the line and column.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// let body = r#"{"prompt": "a paper boat", "duration": 8}"#;
    /// let valid = JsonInput::<seedance::Input>::parse(body)?.validate()?;
    /// assert_eq!(valid.as_value()["duration"], 8);
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        serde_json::from_str::<Value>(text).map(Self::from).map_err(JsonError)
    }

    /// Checks every rule that needs no measuring of media.
    ///
    /// # Errors
    ///
    /// Returns every violation at once, and the input.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// let json = r#"{"prompt": "a boat", "seconds": 8}"#;
    /// let json = JsonInput::<seedance::Input>::parse(json)?;
    /// let invalid = json.validate().unwrap_err();
    /// assert_eq!(invalid.violations[0].path.pointer(), "/seconds");
    ///
    /// // The JSON comes back, to be corrected.
    /// let mut value = invalid.input.as_value().clone();
    /// value["duration"] = value["seconds"].take();
    /// value.as_object_mut().unwrap().remove("seconds");
    /// assert!(JsonInput::<seedance::Input>::from(value).validate().is_ok());
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn validate(self) -> Result<Valid<Self>, Invalid<Self>> {
        let violations = self.violations();
        Valid::unless(self, violations)
    }

    /// Returns every violation, without measuring media.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    /// use serde_json::json;
    ///
    /// let json = JsonInput::<seedance::Input>::from(json!({"duration": 90}));
    /// let violations = json.violations().into_iter();
    /// let rules: Vec<_> = violations.map(|violation| violation.rule).collect();
    /// assert_eq!(rules, ["maximum", "required"]);
    /// ```
    pub fn violations(&self) -> Violations {
        check::violations(&input::<M>(), self.value.as_value_ref())
    }

    /// Returns `true` if there is no violation. It stops at the first one, and is the cheapest
    /// way to ask. [`JsonInput::validate`] says what is wrong.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// # use runcomfy::codegen_support::schema::{Field, Rule, TEXT};
    /// # #[derive(Debug, Clone)]
    /// # struct Input { prompt: String }
    /// # static FIELDS: [Field; 1] = [Field::required("prompt", TEXT, &[Rule::MaxLength(20)])];
    /// # runcomfy::codegen_support::object!(Input, FIELDS, [prompt]);
    /// # impl runcomfy::Model for Input {
    /// #     const ID: &'static str = "acme/paint";
    /// #     const FIELDS: &'static [Field] = &FIELDS;
    /// #     type Output = runcomfy::MediaOutput;
    /// # }
    ///
    /// let inputs = [r#"{"prompt": "a boat"}"#, r#"{"prompt": 7}"#, "{}"]
    ///     .map(|text| JsonInput::<Input>::parse(text).unwrap());
    /// assert_eq!(inputs.map(|input| input.is_valid()), [true, false, false]);
    /// ```
    pub fn is_valid(&self) -> bool {
        check::is_valid(&input::<M>(), self.value.as_value_ref())
    }
}

impl<M> JsonInput<M> {
    /// Returns the JSON value.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    /// use serde_json::json;
    ///
    /// let json = JsonInput::<seedance::Input>::from(json!({"prompt": "a boat"}));
    /// assert_eq!(json.as_value(), &json!({"prompt": "a boat"}));
    /// ```
    pub fn as_value(&self) -> &Value {
        &self.value
    }
}

impl<M> From<Value> for JsonInput<M> {
    fn from(value: Value) -> Self {
        Self { value, model: PhantomData }
    }
}

/// Deserializes any JSON value. [`JsonInput::validate`] then checks it.
impl<'de, M> Deserialize<'de> for JsonInput<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl<M> Serialize for JsonInput<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<M> Clone for JsonInput<M> {
    fn clone(&self) -> Self {
        Self::from(self.value.clone())
    }
}

impl<M> PartialEq for JsonInput<M> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<M> fmt::Debug for JsonInput<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonInput").field(&self.value).finish()
    }
}

/// An input that broke no rule when it was checked. It cannot be changed; use
/// [`Valid::into_inner`] to edit the input.
///
/// ```
/// use runcomfy::Model;
/// # use runcomfy::Valid;
/// # use runcomfy::codegen_support::schema::{Field, INTEGER, Rule, TEXT};
/// # #[derive(Debug, Clone, PartialEq)]
/// # struct Input { prompt: String, steps: Option<i64> }
/// # static FIELDS: [Field; 2] = [
/// #     Field::required("prompt", TEXT, &[Rule::MaxLength(20)]),
/// #     Field::optional("steps", INTEGER, &[Rule::Maximum(50.0)]),
/// # ];
/// # runcomfy::codegen_support::object!(Input, FIELDS, [prompt, steps]);
/// # impl Model for Input {
/// #     const ID: &'static str = "acme/paint";
/// #     const FIELDS: &'static [Field] = &FIELDS;
/// #     type Output = runcomfy::MediaOutput;
/// # }
///
/// let long = Input { prompt: "a paper boat drifts downstream".to_owned(), steps: Some(60) };
/// let invalid = long.validate().unwrap_err();
/// assert_eq!(
///     invalid.violations.to_string(),
///     "prompt: must be at most 20 characters (found 30) [maxLength]\n\
///      steps: must be at most 50 (found 60) [maximum]"
/// );
///
/// // The input comes back, to be corrected.
/// let short = Input { prompt: "a paper boat".to_owned(), steps: None, ..invalid.input };
/// let valid: Valid<Input> = short.validate().unwrap();
/// assert_eq!(valid.prompt, "a paper boat");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Valid<T>(T);

/// An input that breaks rules, with every violation.
///
/// ```
/// use runcomfy::Model;
/// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
///
/// let input = seedance::Input::new("a paper boat").with_duration(90);
/// let invalid = input.validate().unwrap_err();
/// assert_eq!(
///     invalid.to_string(),
///     "the input breaks the model's schema:\n\
///      duration: must be at most 30 (found 90) [maximum]"
/// );
/// assert!(invalid.input.with_duration(30).validate().is_ok());
/// ```
#[derive(Clone, PartialEq)]
pub struct Invalid<T> {
    /// The unchanged input.
    pub input: T,
    /// Every violation.
    pub violations: Violations,
}

/// An input that was checked: a [`Valid`] one, or a shared one.
///
/// [`Client::submit`](crate::Client::submit) takes nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` was not validated",
    label = "this input may break the model's rules",
    note = "call `validate()?` on it first, and pass the `Valid` input that it returns",
    note = "`Model` must be in scope for `validate`: `use runcomfy::Model;`"
)]
pub trait Validated: Send + Sync {
    /// The input.
    type Payload: Payload<Model = Self::Model>;
    /// The kind of its jobs.
    type Model: Operation;

    /// Returns the checked input.
    fn as_valid(&self) -> &Valid<Self::Payload>;
}

impl<P: Payload> Validated for Valid<P> {
    type Payload = P;
    type Model = P::Model;

    fn as_valid(&self) -> &Self {
        self
    }
}

impl<V: Validated> Validated for Arc<V> {
    type Payload = V::Payload;
    type Model = V::Model;

    fn as_valid(&self) -> &Valid<V::Payload> {
        V::as_valid(self)
    }
}

impl<T> Valid<T> {
    /// Marks an input as valid without checking it. Use this if RunComfy's rules have changed and
    /// this crate has not followed yet. RunComfy may refuse the input, or charge for it and fail.
    ///
    /// ```
    /// use runcomfy::{Model, Valid};
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// // RunComfy's page says that 31 seconds are possible since today.
    /// let input = seedance::Input::new("a paper boat").with_duration(31);
    /// assert!(!input.is_valid());
    /// let refused = client.submit(&Valid::assume(input)).await;
    /// assert!(refused.is_err(), "but the API does not know it yet");
    /// # Ok(()) });
    /// ```
    pub fn assume(input: T) -> Self {
        Self(input)
    }

    /// Returns the input.
    ///
    /// ```
    /// use runcomfy::Model;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// let eight = seedance::Input::new("a paper boat").with_duration(8).validate()?;
    /// let ten = eight.into_inner().with_duration(10).validate()?;
    /// assert_eq!(ten.duration, Some(10));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }

    /// Returns a valid input if a check found no violation.
    pub(crate) fn unless(input: T, violations: Violations) -> Result<Self, Invalid<T>> {
        if violations.is_empty() { Ok(Self(input)) } else { Err(Invalid { input, violations }) }
    }
}

impl<T> Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Display for Invalid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{INVALID_INPUT}:\n{}", self.violations)
    }
}

/// Shows the violations for people, as `Display` does. The input may be long.
impl<T> fmt::Debug for Invalid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> Error for Invalid<T> {}
