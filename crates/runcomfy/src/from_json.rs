//! JSON → a typed input (feature `from-json`): [`JsonInput::typed`].
//!
//! Nothing is lost on the way: what is built is viewed as the same JSON again. The one
//! exception is an explicit `null` for an optional property that may be null, which is
//! left out. A value that the types cannot hold is a violation at its path, and so is one
//! that they could hold only rounded: a whole number beyond 64 bits, or a number that no
//! 64-bit float holds exactly.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Number, Value};

use crate::codegen_support::value_ref::AsValueRef;
use crate::input::{Invalid, JsonInput, Model, Valid};
use crate::media::Media;
use crate::schema::{Field, INTEGER, MEDIA, Shape, ValueSchema};
use crate::unknown_variant::UnknownVariant;
use crate::violation::message;
use crate::violation::pending::{UnionKeyword, ViolationKind};
use crate::violation::{PathSegment, Violation, Violations};

/// The most branches of unions that are tried for one input. Unions within unions could
/// otherwise be tried again for every way down to them.
const MAX_ATTEMPTS: u32 = 1 << 16;

/// The schema of any value.
static ANYTHING: ValueSchema = ValueSchema::new(Shape::Any, &[]);

/// A type that a JSON value may become. It is implemented for the types of inputs by the
/// macros that declare them.
pub trait FromJson: Sized {
    /// The value, or nothing where it does not fit; then `builder` knows why.
    #[doc(hidden)]
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self>;

    /// What stands for a property that is not there, where the type can say so.
    #[doc(hidden)]
    fn absent() -> Option<Self> {
        None
    }

    /// What stands for `null`, where the type can say so.
    #[doc(hidden)]
    fn null() -> Option<Self> {
        None
    }
}

impl<M: Model + FromJson> JsonInput<M> {
    /// The input as the model's own type. It holds what the JSON held, whether that keeps
    /// to the rules or not; an explicit `null` for an optional property is left out.
    ///
    /// # Errors
    ///
    /// Every value that the type cannot hold, at its path, and the JSON back.
    pub fn typed(self) -> Result<M, Invalid<Self>> {
        let mut builder = Builder::default();
        match M::from_json(self.as_value(), &mut builder) {
            Some(input) if builder.misfits.is_empty() => Ok(input),
            _ => Err(Invalid { input: self, violations: builder.misfits }),
        }
    }
}

impl<M: Model + FromJson> Valid<JsonInput<M>> {
    /// The input as the model's own type, as valid as it was: what was only
    /// [assumed](Valid::assume) to be valid still is.
    ///
    /// # Errors
    ///
    /// Every value that the type cannot hold, at its path; or the rules that break because
    /// an explicit `null` was left out, such as `minProperties`. And the JSON back.
    pub fn typed(self) -> Result<Valid<M>, Invalid<JsonInput<M>>> {
        let json = self.into_inner();
        let broken_before = !json.violations().is_empty();
        let input = json.clone().typed()?;
        let violations = input.violations();
        if violations.is_empty() || broken_before {
            Ok(Valid::assume(input))
        } else {
            Err(Invalid { input: json, violations })
        }
    }
}

/// Builds an input: it knows the place, and collects what does not fit.
#[doc(hidden)]
pub struct Builder {
    path: Vec<PathSegment>,
    misfits: Violations,
    /// The number of branches of unions that may still be tried.
    attempts: u32,
    purpose: Purpose,
}

/// The purpose of building a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It becomes part of the input, so every misfit is collected.
    Input,
    /// It tries a branch of a union, which the first misfit settles.
    Branch { fits: bool },
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            path: Vec::new(),
            misfits: Violations::default(),
            attempts: MAX_ATTEMPTS,
            purpose: Purpose::Input,
        }
    }
}

impl Builder {
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
        self.below(PathSegment::Name(field.name.to_owned()), |builder| match value {
            None => builder.misfit(ViolationKind::Required, &Value::Null),
            // The type of an optional field has room for null, the schema has not.
            Some(null @ Value::Null) if !takes_null(&field.schema) => {
                builder.not(field.schema.shape, null)
            }
            Some(value) => T::from_json(value, builder),
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

    /// Returns a branch of a union, if the value fits it.
    pub fn attempt<T: FromJson>(&mut self, value: &Value) -> Option<T> {
        self.attempts = self.attempts.checked_sub(1)?;
        let purpose = std::mem::replace(&mut self.purpose, Purpose::Branch { fits: true });
        let built = T::from_json(value, self).filter(|_| !self.is_decided());
        self.purpose = purpose;
        built
    }

    /// Notes that the value fits no branch of a union.
    pub fn no_branch<T>(&mut self, value: &Value) -> Option<T> {
        let kind = match self.attempts {
            0 => ViolationKind::TooManyAttempts,
            _ => ViolationKind::NoBranch(UnionKeyword::AnyOf, &[]),
        };
        self.misfit(kind, value)
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
}

/// Returns `true` if a schema takes `null`.
fn takes_null(ValueSchema { shape, rules }: &ValueSchema) -> bool {
    match shape {
        Shape::Nullable(_) | Shape::Null => true,
        Shape::AnyOf(branches) | Shape::OneOf(branches) => branches.iter().any(takes_null),
        Shape::Any | Shape::ByKind(_) => rules.iter().all(|rule| rule.allows(&Value::Null)),
        Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::List(_)
        | Shape::Map(_)
        | Shape::Object(_)
        | Shape::Open(..) => false,
    }
}

impl FromJson for Value {
    fn from_json(value: &Value, _: &mut Builder) -> Option<Self> {
        Some(value.clone())
    }

    fn null() -> Option<Self> {
        Some(Self::Null)
    }
}

impl FromJson for bool {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        value.as_bool().or_else(|| builder.not(Shape::Boolean, value))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Number(number) = value else { return builder.not(Shape::Integer, value) };
        number.as_i64().or_else(|| whole_float(number)).or_else(|| {
            let is_whole = number.as_f64().is_some_and(|float| float.fract() == 0.0);
            let noun = if is_whole { message::WHOLE_OF_64_BITS } else { message::noun(INTEGER) };
            builder.misfit(ViolationKind::Type(noun), value)
        })
    }
}

/// Returns a number that is written as a float and is a whole number of 64 bits.
fn whole_float(number: &Number) -> Option<i64> {
    // A float at or beyond these bounds is not an `i64`; between them the cast is exact.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && (-BEYOND..BEYOND).contains(&float)).then_some(float as i64)
}

impl FromJson for f64 {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Number(number) = value else { return builder.not(Shape::Number, value) };
        let float = number.as_f64().filter(|float| float.is_finite());
        float
            .filter(|float| number.as_i128().is_none_or(|whole| *float as i128 == whole))
            .or_else(|| builder.misfit(ViolationKind::Type(message::EXACT_FLOAT), value))
    }
}

impl FromJson for String {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        value.as_str().map(str::to_owned).or_else(|| builder.not(Shape::Text, value))
    }
}

impl FromJson for Media {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        value.as_str().map(Self::from_wire).or_else(|| builder.not(MEDIA, value))
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        match value {
            Value::Null => Some(T::null()),
            value => T::from_json(value, builder).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn null() -> Option<Self> {
        Some(T::null())
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        T::from_json(value, builder).map(Self::new)
    }

    fn null() -> Option<Self> {
        T::null().map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Array(items) = value else {
            return builder.not(Shape::List(&ANYTHING), value);
        };
        let mut built = Self::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let found =
                builder.below(PathSegment::Index(index), |builder| T::from_json(item, builder));
            match found {
                Some(item) => built.push(item),
                None if builder.is_decided() => return None,
                None => {}
            }
        }
        (built.len() == items.len()).then_some(built)
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Object(entries) = value else {
            return builder.not(Shape::Map(&ANYTHING), value);
        };
        let mut built = Self::new();
        for (name, value) in entries {
            let found = builder
                .below(PathSegment::Name(name.clone()), |builder| T::from_json(value, builder));
            match found {
                Some(value) => _ = built.insert(name.clone(), value),
                None if builder.is_decided() => return None,
                None => {}
            }
        }
        (built.len() == entries.len()).then_some(built)
    }
}
