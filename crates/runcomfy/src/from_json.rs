//! JSON → a typed input (feature `from-json`): [`JsonInput::typed`], and [`Valid::from_json`] for text.
//!
//! Nothing is lost on the way: what is built is written as the same JSON again. The one
//! exception is an explicit `null` for an optional property that may be null, which is left
//! out. A value that the types cannot hold is a violation at its path, and so is one that they
//! could hold only rounded: a whole number beyond 64 bits, or a number that no 64-bit float
//! holds exactly.

mod impls;
mod read;

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserializer;
use serde_json::{Map, Number, Value};

use crate::check::{first_broken_rule, is_valid};
use crate::codegen_support::value_ref::AsValueRef;
use crate::input::{Invalid, JsonInput, Model, Valid, input};
use crate::media::Media;
use crate::schema::{ANYTHING, Field, INTEGER, Shape, ValueSchema};
use crate::unknown_variant::UnknownVariant;
use crate::violation::message::{self, Noun};
use crate::violation::pending::{UnionKeyword, ViolationKind};
use crate::violation::{InputPath, PathSegment, Violation, Violations};
use read::read_by_json;
pub use read::{FieldReader, FromJsonError, ReadFields, read_object, read_text};

/// The most branches of unions that are tried for one input. Unions within unions could
/// otherwise be tried again for every way down to them.
const MAX_ATTEMPTS: u32 = 1 << 16;

/// A type that can be built from a JSON value. The macros that declare the types of inputs
/// implement it.
pub trait FromJson: Sized {
    /// Returns the value, or `None` if it does not fit; then `builder` has the violations.
    #[doc(hidden)]
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self>;

    /// Reads the value from text in one pass. Fails if it does not fit, or needs a closer look.
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Result<Self, D::Error> {
        read_by_json(deserializer, schema, builder)
    }

    /// Returns the value of a missing property, if the type has one.
    #[doc(hidden)]
    fn absent() -> Option<Self> {
        None
    }

    /// Returns the value of `null`, if the type has one.
    #[doc(hidden)]
    fn null() -> Option<Self> {
        None
    }
}

/// Builds an input: it knows the place, and collects what does not fit.
#[doc(hidden)]
pub struct Builder {
    path: Vec<PathSegment>,
    misfits: Violations,
    /// The number of branches of unions that may still be tried.
    attempts: u32,
    /// `true` once a `null` of an optional property was left out.
    left_out_null: bool,
    purpose: Purpose,
    /// Media that a stored input has in other places than in its strings, by JSON pointer.
    stored: BTreeMap<String, StoredString>,
}

/// A string of a stored input, where the JSON alone does not say what it was.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "only a stored input has them"))]
pub(crate) enum StoredString {
    Media(Media),
    Text,
}

/// A function that builds one variant of a union, if the value fits it.
type TryVariant<T> = fn(&mut Builder, &Value, &'static ValueSchema) -> Option<T>;

/// The purpose of building a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It becomes part of the input, so every misfit is collected.
    Input,
    /// It tries a branch of a union, which the first misfit settles.
    Branch { fits: bool },
}

impl<M: Model + FromJson> JsonInput<M> {
    /// Returns the input as the model's own type. It holds what the JSON held, whether that
    /// keeps to the rules or not; an explicit `null` for an optional property is left out.
    ///
    /// A union becomes its first branch that holds, and if none does, the first that fits.
    ///
    /// # Errors
    ///
    /// Fails with every value that the type cannot hold, at its path, and returns the JSON.
    ///
    /// ```
    /// use runcomfy::JsonInput;
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// let json = r#"{"prompt": "a paper boat", "aspect_ratio": "1:1", "duration": 8}"#;
    /// let input = JsonInput::<seedance::Input>::parse(json)?.typed()?;
    /// assert_eq!(input.aspect_ratio, Some(seedance::AspectRatio::Ratio1x1));
    ///
    /// let json = r#"{"prompt": "a paper boat", "aspect_ratio": "1:2"}"#;
    /// let invalid = JsonInput::<seedance::Input>::parse(json)?.typed().unwrap_err();
    /// assert_eq!(invalid.violations[0].path.pointer(), "/aspect_ratio");
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn typed(self) -> Result<M, Invalid<Self>> {
        match Builder::default().build(self.as_value()) {
            Ok(input) => Ok(input),
            Err(violations) => Err(Invalid { input: self, violations }),
        }
    }
}

impl<M: Model + FromJson> Valid<JsonInput<M>> {
    /// Returns the input as the model's own type. It is as valid as it was: input that was
    /// only [assumed](Valid::assume) to be valid still is.
    ///
    /// # Errors
    ///
    /// Fails with every value that the type cannot hold, at its path, or with the rules that
    /// break because an explicit `null` was left out, such as `minProperties`. It returns the
    /// JSON.
    ///
    /// ```
    /// use runcomfy::{JsonInput, Valid};
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    ///
    /// let json = r#"{"prompt": "a boat", "duration": 8}"#;
    /// let json = JsonInput::<seedance::Input>::parse(json)?;
    /// let input: Valid<seedance::Input> = json.validate()?.typed()?;
    /// assert_eq!((input.prompt.as_str(), input.duration), ("a boat", Some(8)));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn typed(self) -> Result<Valid<M>, Invalid<JsonInput<M>>> {
        let json = self.into_inner();
        let was_broken = !json.violations().is_empty();
        let input = json.clone().typed()?;
        let violations = input.violations();
        if violations.is_empty() || was_broken {
            Ok(Valid::assume(input))
        } else {
            Err(Invalid { input: json, violations })
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::with_stored(BTreeMap::new())
    }
}

impl Builder {
    /// Creates a builder of a stored input, whose media at these JSON pointers is this.
    pub(crate) fn with_stored(stored: BTreeMap<String, StoredString>) -> Self {
        Self {
            path: Vec::new(),
            misfits: Violations::default(),
            attempts: MAX_ATTEMPTS,
            left_out_null: false,
            purpose: Purpose::Input,
            stored,
        }
    }

    /// Builds a whole input.
    pub(crate) fn build<M: Model + FromJson>(mut self, json: &Value) -> Result<M, Violations> {
        match M::from_json(json, const { &input::<M>() }, &mut self) {
            Some(input) if self.misfits.is_empty() => Ok(input),
            _ => Err(self.misfits),
        }
    }

    /// Returns the entries of an object, whose names must be among these fields'.
    pub fn object<'v>(
        &mut self,
        value: &'v Value,
        fields: &'static [Field],
    ) -> Option<&'v Map<String, Value>> {
        let Value::Object(object) = value else { return self.not(Shape::Object(fields), value) };
        for (name, value) in object {
            if !fields.iter().any(|field| field.name == name) {
                self.below(PathSegment::Name(name.clone()), |builder| {
                    builder.misfit::<()>(ViolationKind::UnknownProperty(fields), value)
                });
            }
        }
        (!self.is_decided()).then_some(object)
    }

    /// Returns the value of a field.
    pub fn field<T: FromJson>(
        &mut self,
        object: &Map<String, Value>,
        field: &'static Field,
    ) -> Option<T> {
        let value = match object.get(field.name) {
            None if !field.required => return T::absent(),
            value => value,
        };
        self.left_out_null |= !field.required && matches!(value, Some(Value::Null));
        self.below(PathSegment::Name(field.name.to_owned()), |builder| match value {
            None => builder.misfit(ViolationKind::Required, &Value::Null),
            // The type of an optional field has room for null, the schema has not.
            Some(null @ Value::Null) if !takes_null(&field.schema) => {
                builder.not(field.schema.shape, null)
            }
            Some(value) => T::from_json(value, &field.schema, builder),
        })
    }

    /// Returns a variant of an enum of strings.
    pub fn variant<T: FromStr<Err = UnknownVariant>>(&mut self, value: &Value) -> Option<T> {
        let Value::String(text) = value else { return self.not(Shape::Text, value) };
        match text.parse() {
            Ok(variant) => Some(variant),
            Err(UnknownVariant { expected, .. }) => {
                self.misfit(ViolationKind::UnknownVariant(expected), value)
            }
        }
    }

    /// Builds a union, given one function a variant, which tries it.
    ///
    /// A variant may represent several branches, so each is tried for the first branch that holds,
    /// then for the next. If no branch holds, the first variant that fits is used: the checker then
    /// reports its violations.
    pub fn union<T: AsValueRef>(
        &mut self,
        value: &Value,
        schema: &'static ValueSchema,
        variants: &[TryVariant<T>],
    ) -> Option<T> {
        // Whether a variant fits by its type is the same for each branch.
        let mut fits = vec![true; variants.len()];
        let mut first = None;
        let branches = branches_of(schema).iter().filter(|it| is_valid(it, value.as_value_ref()));
        for branch in branches {
            for (variant, fits) in variants.iter().zip(&mut fits).filter(|(_, fits)| **fits) {
                match variant(self, value, branch) {
                    Some(built) if is_valid(branch, built.as_value_ref()) => return Some(built),
                    Some(built) => first = first.or(Some(built)),
                    None => *fits = false,
                }
            }
        }
        let mut rest = variants.iter().zip(fits).filter(|(_, fits)| *fits);
        first
            .or_else(|| rest.find_map(|(variant, _)| variant(self, value, &ANYTHING)))
            .or_else(|| self.no_branch(value, schema))
    }

    fn no_branch<T>(&mut self, value: &Value, schema: &'static ValueSchema) -> Option<T> {
        let kind = match self.attempts {
            0 => ViolationKind::TooManyAttempts,
            _ => ViolationKind::NoBranch(UnionKeyword::AnyOf, branches_of(schema)),
        };
        self.misfit(kind, value)
    }

    /// Returns the value as a branch of a union, if it fits.
    pub fn attempt<T: FromJson>(
        &mut self,
        value: &Value,
        schema: &'static ValueSchema,
    ) -> Option<T> {
        self.attempts = self.attempts.checked_sub(1)?;
        let purpose = std::mem::replace(&mut self.purpose, Purpose::Branch { fits: true });
        let built = T::from_json(value, schema, self).filter(|_| !self.is_decided());
        self.purpose = purpose;
        built
    }

    /// Builds an integer that may be past the range of `i64`.
    fn whole<T>(
        &mut self,
        value: &Value,
        schema: &'static ValueSchema,
        read: impl FnOnce(&Number) -> Option<T>,
    ) -> Option<T> {
        let Value::Number(number) = value else { return self.not(Shape::Integer, value) };
        read(number).or_else(|| {
            let is_whole = number.as_f64().is_some_and(|float| float.fract() == 0.0);
            // The schema forbids what the type has no room for, such as a number below zero.
            let rule = first_broken_rule(schema, value.as_value_ref()).filter(|_| is_whole);
            let noun = if is_whole { Noun::IntegerOf64Bits } else { message::noun(INTEGER) };
            self.misfit(rule.unwrap_or(ViolationKind::Type(noun)), value)
        })
    }

    fn not<T>(&mut self, shape: Shape, value: &Value) -> Option<T> {
        self.misfit(ViolationKind::Type(message::noun(shape)), value)
    }

    fn misfit<T>(&mut self, kind: ViolationKind, value: &Value) -> Option<T> {
        match &mut self.purpose {
            Purpose::Branch { fits } => *fits = false,
            Purpose::Input => {
                let path = self.path.iter().cloned().collect();
                self.misfits.push(Violation::of(path, kind, value.as_value_ref()));
            }
        }
        None
    }

    /// Returns `true` if a branch is tried that does not fit.
    fn is_decided(&self) -> bool {
        self.purpose == Purpose::Branch { fits: false }
    }

    fn below<T>(
        &mut self,
        segment: PathSegment,
        build: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.path.push(segment);
        let built = build(self);
        self.path.pop();
        built
    }

    /// Returns what a stored input says about the string at this place.
    fn stored(&self) -> Option<StoredString> {
        if self.stored.is_empty() {
            return None;
        }
        let path: InputPath = self.path.iter().cloned().collect();
        self.stored.get(&path.pointer()).cloned()
    }
}

/// Returns the branches of a union's schema.
fn branches_of(schema: &'static ValueSchema) -> &'static [ValueSchema] {
    match schema.shape.resolved() {
        Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches) => branches,
        Shape::Nullable(inner) => branches_of(inner),
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::List(_)
        | Shape::Map(_)
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::Recursive(_) => &[],
    }
}

/// Returns the schema of a list's items, or of a map's values.
fn parts_of(schema: &'static ValueSchema) -> &'static ValueSchema {
    match schema.shape.resolved() {
        Shape::List(parts) | Shape::Map(parts) => parts,
        Shape::Nullable(inner) => parts_of(inner),
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::AnyOf(_)
        | Shape::OneOf(_)
        | Shape::ByKind(_)
        | Shape::Recursive(_) => &ANYTHING,
    }
}

/// Returns `true` if a schema takes `null`.
fn takes_null(schema: &ValueSchema) -> bool {
    match schema.shape.resolved() {
        Shape::Nullable(_) | Shape::Null => true,
        Shape::AnyOf(branches) | Shape::OneOf(branches) => branches.iter().any(takes_null),
        Shape::Any | Shape::ByKind(_) => schema.rules.iter().all(|rule| rule.allows(&Value::Null)),
        Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::List(_)
        | Shape::Map(_)
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::Recursive(_) => false,
    }
}
