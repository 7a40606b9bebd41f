//! Text → a typed and valid input in one pass, without a JSON value in between:
//! [`Valid::from_json`].
//!
//! The pass only accepts. Everything unusual ends it: a fault, a number that is written in another
//! form than its type has, a `null` that would be left out. The text is then
//! read as JSON and checked as JSON, which decides. So there is one verdict, and one list of
//! violations.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Builder, FromJson, parts_of};
use crate::check::is_valid;
use crate::codegen_support::value_ref::AsValueRef;
use crate::input::{Invalid, JsonError, JsonInput, Model, Valid, input};
use crate::schema::{Field, ValueSchema};

/// Names that `serde_json` reads as something other than a name, if a feature of it is on.
const PRIVATE: &str = "$serde_json::private::";

/// The largest whole number up to which a float and the number that it was read from are written
/// alike.
const MAX_EXACT: u64 = 1 << f64::MANTISSA_DIGITS;

/// A text that is not a valid input.
///
/// ```
/// use runcomfy::{FromJsonError, Valid};
/// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
///
/// for text in [r#"{"prompt": "#, r#"{"prompt": 7}"#] {
///     match Valid::<seedance::Input>::from_json(text) {
///         Ok(input) => println!("{}", input.prompt),
///         Err(FromJsonError::NotJson(error)) => println!("{error}"),
///         Err(FromJsonError::Invalid(invalid)) => println!("{}", invalid.violations),
///         Err(error) => return Err(error.into()),
///     }
/// }
/// # Ok::<(), runcomfy::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FromJsonError<M: Model> {
    /// The text is not JSON.
    #[error(transparent)]
    NotJson(#[from] JsonError),
    /// The JSON breaks rules, or has a value that the type cannot hold.
    #[error(transparent)]
    Invalid(#[from] Invalid<JsonInput<M>>),
}

impl<M: Model + FromJson> Valid<M> {
    /// Parses JSON text into a typed and checked input.
    ///
    /// It gives the same input and the same violations as [`JsonInput::parse`],
    /// [`JsonInput::validate`] and `typed` after each other. For a valid input, it takes a third of
    /// their time.
    ///
    /// # Errors
    ///
    /// Fails if the text is not JSON, with the line and column. Fails with every violation if the
    /// JSON breaks a rule, and with every value that the type cannot hold.
    ///
    /// ```
    /// use runcomfy::{FromJsonError, Valid};
    /// # use runcomfy::codegen_support::schema::{Field, INTEGER, Rule, TEXT};
    /// # #[derive(Debug, Clone, PartialEq)]
    /// # struct Input { prompt: String, steps: Option<i64> }
    /// # static FIELDS: [Field; 2] = [
    /// #     Field::required("prompt", TEXT, &[Rule::MaxLength(20)]),
    /// #     Field::optional("steps", INTEGER, &[Rule::Maximum(50.0)]),
    /// # ];
    /// # runcomfy::codegen_support::object!(Input, FIELDS, [prompt, steps]);
    /// # impl runcomfy::Model for Input {
    /// #     const ID: &'static str = "acme/paint";
    /// #     const FIELDS: &'static [Field] = &FIELDS;
    /// #     type Output = runcomfy::MediaOutput;
    /// # }
    ///
    /// let input = Valid::<Input>::from_json(r#"{"prompt": "a boat", "steps": 20}"#).unwrap();
    /// assert_eq!(input.steps, Some(20));
    ///
    /// match Valid::<Input>::from_json(r#"{"prompt": "a boat", "steps": 60}"#) {
    ///     Err(FromJsonError::Invalid(invalid)) => assert_eq!(
    ///         invalid.violations.to_string(),
    ///         "steps: must be at most 50 (found 60) [maximum]"
    ///     ),
    ///     other => panic!("it breaks a rule: {other:?}"),
    /// }
    /// ```
    pub fn from_json(text: &str) -> Result<Self, FromJsonError<M>> {
        if let Some(input) = read(text).filter(M::is_valid) {
            return Ok(Self::assume(input));
        }
        Ok(JsonInput::parse(text)?.validate()?.typed()?)
    }
}

/// Reads an input in one pass. Returns `None` if it needs a closer look.
fn read<M: Model + FromJson>(text: &str) -> Option<M> {
    let mut builder = Builder::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let input = M::read(&mut deserializer, const { &input::<M>() }, &mut builder).ok()?;
    deserializer.end().ok()?;
    (builder.attempts > 0 && !builder.left_out_null).then_some(input)
}

/// A type that is read as an object: a struct with a table.
pub trait ReadFields: Sized {
    /// Reads the fields.
    #[doc(hidden)]
    fn read_fields<'de, A: MapAccess<'de>>(
        reader: &mut FieldReader<'_, A>,
    ) -> Result<Self, A::Error>;
}

/// Reads the fields of a struct, by its table.
#[doc(hidden)]
pub struct FieldReader<'b, A> {
    map: A,
    builder: &'b mut Builder,
}

impl<'de, A: MapAccess<'de>> FieldReader<'_, A> {
    /// Returns the row of the next name, with its index, or `None` at the end of the object.
    pub fn next_row(
        &mut self,
        fields: &'static [Field],
    ) -> Result<Option<(usize, &'static Field)>, A::Error> {
        self.map.next_key_seed(Row(fields))
    }

    /// Reads the value of a field. Of a name that is there twice, the last value counts, as in a
    /// map of JSON.
    pub fn field<T: FromJson>(
        &mut self,
        field: &'static Field,
        place: &mut Option<T>,
    ) -> Result<(), A::Error> {
        *place = Some(self.map.next_value_seed(Part::new(&field.schema, self.builder))?);
        Ok(())
    }

    /// Returns the value of a field at the end of the object.
    pub fn found<T: FromJson>(
        &self,
        field: Option<&'static Field>,
        place: Option<T>,
    ) -> Result<T, A::Error> {
        let absent = || field.filter(|field| !field.required).and_then(|_| T::absent());
        place.or_else(absent).ok_or_else(unusual)
    }
}

/// Returns the error that ends the pass. Nobody sees it.
fn unusual<E: Error>() -> E {
    E::custom("")
}

/// Reads a struct.
#[doc(hidden)]
pub fn read_object<'de, T: ReadFields, D: Deserializer<'de>>(
    deserializer: D,
    builder: &mut Builder,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Object { builder, target: PhantomData })
}

/// Reads a text, and converts it.
#[doc(hidden)]
pub fn read_text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    convert: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text(convert))
}

/// Reads a value by way of JSON, as for unions: they try one branch after the other.
pub(super) fn read_by_json<'de, T: FromJson, D: Deserializer<'de>>(
    deserializer: D,
    schema: &'static ValueSchema,
    builder: &mut Builder,
) -> Result<T, D::Error> {
    let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
    let is_valid = is_valid(schema, value.as_value_ref());
    let built = if is_valid { T::from_json(&value, schema, builder) } else { None };
    built.ok_or_else(unusual)
}

/// Implements the parts of a visitor that it needs: a value of any other type is unusual.
macro_rules! expecting {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value of its type")
        }
    };
}

/// A value within another one.
struct Part<'b, T> {
    schema: &'static ValueSchema,
    builder: &'b mut Builder,
    target: PhantomData<T>,
}

impl<'b, T> Part<'b, T> {
    fn new(schema: &'static ValueSchema, builder: &'b mut Builder) -> Self {
        Self { schema, builder, target: PhantomData }
    }
}

impl<'de, T: FromJson> DeserializeSeed<'de> for Part<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer, self.schema, self.builder)
    }
}

/// A name of a property.
struct Row(&'static [Field]);

impl<'de> DeserializeSeed<'de> for Row {
    type Value = (usize, &'static Field);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Row {
    type Value = (usize, &'static Field);

    expecting!();

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let mut rows = self.0.iter().enumerate();
        let row = rows.find(|(_, field)| field.name == name);
        row.filter(|_| !name.starts_with(PRIVATE)).ok_or_else(unusual)
    }
}

struct Object<'b, T> {
    builder: &'b mut Builder,
    target: PhantomData<T>,
}

impl<'de, T: ReadFields> Visitor<'de> for Object<'_, T> {
    type Value = T;

    expecting!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::read_fields(&mut FieldReader { map, builder: self.builder })
    }
}

struct Text<T>(fn(&str) -> Option<T>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    expecting!();

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(unusual)
    }
}

/// A boolean, or a number in one of the forms that JSON libraries tell apart.
pub(super) enum Scalar {
    Boolean(bool),
    Whole(u64),
    Negative(i64),
    Float(f64),
}

impl Scalar {
    /// Reads a scalar, and converts it.
    pub(super) fn read<'de, T, D: Deserializer<'de>>(
        deserializer: D,
        convert: fn(Self) -> Option<T>,
    ) -> Result<T, D::Error> {
        let scalar = deserializer.deserialize_any(AnyScalar)?;
        convert(scalar).ok_or_else(unusual)
    }

    /// Returns the number as a float, if it is written alike.
    pub(super) fn exact_float(self) -> Option<f64> {
        match self {
            Self::Boolean(_) => None,
            Self::Whole(whole) => (whole <= MAX_EXACT).then_some(whole as f64),
            Self::Negative(whole) => (whole.unsigned_abs() <= MAX_EXACT).then_some(whole as f64),
            Self::Float(float) => float.is_finite().then_some(float),
        }
    }
}

struct AnyScalar;

impl Visitor<'_> for AnyScalar {
    type Value = Scalar;

    expecting!();

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Boolean(flag))
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(whole))
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Scalar, E> {
        Ok(Scalar::Negative(whole))
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(float))
    }
}

pub(super) fn read_list<'de, T: FromJson, D: Deserializer<'de>>(
    deserializer: D,
    schema: &'static ValueSchema,
    builder: &mut Builder,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(List(Part::new(parts_of(schema), builder)))
}

struct List<'b, T>(Part<'b, T>);

impl<'de, T: FromJson> Visitor<'de> for List<'_, T> {
    type Value = Vec<T>;

    expecting!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) =
            list.next_element_seed(Part::new(self.0.schema, &mut *self.0.builder))?
        {
            items.push(item);
        }
        Ok(items)
    }
}

pub(super) fn read_map<'de, T: FromJson, D: Deserializer<'de>>(
    deserializer: D,
    schema: &'static ValueSchema,
    builder: &mut Builder,
) -> Result<BTreeMap<String, T>, D::Error> {
    deserializer.deserialize_any(Entries(Part::new(parts_of(schema), builder)))
}

struct Entries<'b, T>(Part<'b, T>);

impl<'de, T: FromJson> Visitor<'de> for Entries<'_, T> {
    type Value = BTreeMap<String, T>;

    expecting!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Part::new(self.0.schema, &mut *self.0.builder))?;
            if name.starts_with(PRIVATE) {
                return Err(unusual());
            }
            entries.insert(name, value);
        }
        Ok(entries)
    }
}
