//! JSON → a typed input (feature `from-json`): [`JsonInput::typed`].
//!
//! Nothing is lost on the way: what is built is viewed as the same JSON again. The one
//! exception is an explicit `null` for an optional property that may be null, which is
//! left out. A value that the types cannot hold is a violation at its path, and so is one
//! that they could hold only rounded: a whole number beyond 64 bits, or a number that no
//! 64-bit float holds exactly.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::input::{Invalid, JsonInput, Model, Valid};
use crate::media::Media;
use crate::schema::{Field, Shape, ValueSchema};
use crate::unknown_variant::UnknownVariant;
use crate::violation::message::{noun, unknown};
use crate::violation::{InputPath, PathSegment, Violation, Violations};

/// So many branches of unions are tried for one input. Unions within unions could
/// otherwise be tried again for every way down to them.
const MOST_ATTEMPTS: u32 = 1 << 16;

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

/// What builds an input: where it is, and what did not fit so far.
#[doc(hidden)]
pub struct Builder {
    path: Vec<PathSegment>,
    misfits: Violations,
    /// How many branches of unions may still be tried.
    attempts: u32,
    /// Whether a branch is being tried, whose first misfit settles it.
    trying: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            path: Vec::new(),
            misfits: Violations::default(),
            attempts: MOST_ATTEMPTS,
            trying: false,
        }
    }
}

impl Builder {
    /// The entries of an object, whose names must be among these fields'.
    pub fn object<'v>(
        &mut self,
        value: &'v Value,
        fields: &'static [Field],
    ) -> Option<&'v Map<String, Value>> {
        let Value::Object(object) = value else { return self.not(Shape::Object(fields)) };
        for name in object.keys() {
            if !fields.iter().any(|field| field.name == name) {
                let message = unknown(fields, name);
                self.below(PathSegment::Name(name.clone()), |builder| {
                    builder.misfit::<()>("additionalProperties", message)
                });
            }
        }
        (!self.trying || self.misfits.is_empty()).then_some(object)
    }

    /// The value of a field.
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
            None => builder.misfit("required", "Required, and missing.".to_owned()),
            // The type of an optional field has room for null, the schema has not.
            Some(Value::Null) if !takes_null(&field.schema) => builder.not(field.schema.shape),
            Some(value) => T::from_json(value, builder),
        })
    }

    /// One of the values of an enum of strings.
    pub fn variant<T: FromStr<Err = UnknownVariant>>(&mut self, value: &Value) -> Option<T> {
        let Value::String(text) = value else { return self.not(Shape::Text) };
        match text.parse() {
            Ok(variant) => Some(variant),
            Err(UnknownVariant { expected, .. }) => {
                let values: Vec<String> = expected.iter().map(|it| format!("{it:?}")).collect();
                self.misfit("enum", format!("One of {}.", values.join(", ")))
            }
        }
    }

    /// A branch of a union, where the value fits it.
    pub fn attempt<T: FromJson>(&mut self, value: &Value) -> Option<T> {
        self.attempts = self.attempts.checked_sub(1)?;
        let misfits = std::mem::take(&mut self.misfits);
        let trying = std::mem::replace(&mut self.trying, true);
        let found = T::from_json(value, self).filter(|_| self.misfits.is_empty());
        self.misfits = misfits;
        self.trying = trying;
        found
    }

    /// That no branch of a union fits.
    pub fn no_branch<T>(&mut self) -> Option<T> {
        let message = match self.attempts {
            0 => "Too many choices within choices to try them all.",
            _ => "Must be one of the choices that the schema describes.",
        };
        self.misfit("anyOf", message.to_owned())
    }

    fn not<T>(&mut self, shape: Shape) -> Option<T> {
        self.misfit("type", format!("Must be {}.", noun(shape)))
    }

    fn misfit<T>(&mut self, rule: &'static str, message: String) -> Option<T> {
        let path: InputPath = self.path.iter().cloned().collect();
        self.misfits.push(Violation { path, rule: rule.into(), message, found: None });
        None
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

/// Whether a table takes `null`.
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
        value.as_bool().or_else(|| builder.not(Shape::Boolean))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        // A float at or beyond these bounds is no `i64`; between them the cast is exact.
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        let whole = |float: &f64| float.fract() == 0.0 && (-BEYOND..BEYOND).contains(float);
        let float = || value.as_f64().filter(|_| value.is_f64());
        match (value.as_i64().or_else(|| float().filter(whole).map(|float| float as i64)), value) {
            (Some(whole), _) => Some(whole),
            (None, Value::Number(number)) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => {
                builder.misfit("type", "Must be a whole number of at most 64 bits.".to_owned())
            }
            (None, _) => builder.not(Shape::Integer),
        }
    }
}

impl FromJson for f64 {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Number(number) = value else { return builder.not(Shape::Number) };
        let float = number.as_f64().filter(|float| float.is_finite());
        let exact = |float: &f64| number.as_i128().is_none_or(|whole| *float as i128 == whole);
        float.filter(exact).or_else(|| {
            let message = "Must be a number that a 64-bit float holds exactly.";
            builder.misfit("type", message.to_owned())
        })
    }
}

impl FromJson for String {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        value.as_str().map(str::to_owned).or_else(|| builder.not(Shape::Text))
    }
}

impl FromJson for Media {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        value.as_str().map(Self::from_wire).or_else(|| builder.not(crate::schema::MEDIA))
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
            return builder.not(Shape::List(&ANYTHING));
        };
        let mut built = Self::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let found =
                builder.below(PathSegment::Index(index), |builder| T::from_json(item, builder));
            match found {
                Some(item) => built.push(item),
                None if builder.trying => return None,
                None => {}
            }
        }
        (built.len() == items.len()).then_some(built)
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: &Value, builder: &mut Builder) -> Option<Self> {
        let Value::Object(entries) = value else {
            return builder.not(Shape::Map(&ANYTHING));
        };
        let mut built = Self::new();
        for (name, value) in entries {
            let found = builder
                .below(PathSegment::Name(name.clone()), |builder| T::from_json(value, builder));
            match found {
                Some(value) => _ = built.insert(name.clone(), value),
                None if builder.trying => return None,
                None => {}
            }
        }
        (built.len() == entries.len()).then_some(built)
    }
}
