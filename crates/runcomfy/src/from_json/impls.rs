//! The types that a value of JSON can become.

use std::collections::BTreeMap;

use serde::Deserializer;
use serde_json::{Number, Value};

use super::read::{Scalar, read_list, read_map, read_text};
use super::{Builder, FromJson, StoredString, parts_of};
use crate::media::Media;
use crate::schema::{ANYTHING, INTEGER, MEDIA, Shape, ValueSchema};
use crate::violation::PathSegment;
use crate::violation::message::{self, Noun};
use crate::violation::pending::ViolationKind;

impl FromJson for Value {
    fn from_json(value: &Value, _: &'static ValueSchema, _: &mut Builder) -> Option<Self> {
        Some(value.clone())
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }

    fn null() -> Option<Self> {
        Some(Self::Null)
    }
}

impl FromJson for bool {
    fn from_json(value: &Value, _: &'static ValueSchema, builder: &mut Builder) -> Option<Self> {
        value.as_bool().or_else(|| builder.not(Shape::Boolean, value))
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        Scalar::read(deserializer, |scalar| match scalar {
            Scalar::Boolean(flag) => Some(flag),
            Scalar::Whole(_) | Scalar::Negative(_) | Scalar::Float(_) => None,
        })
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value, _: &'static ValueSchema, builder: &mut Builder) -> Option<Self> {
        let Value::Number(number) = value else { return builder.not(Shape::Integer, value) };
        number.as_i64().or_else(|| whole_float(number)).or_else(|| {
            let is_whole = number.as_f64().is_some_and(|float| float.fract() == 0.0);
            let noun = if is_whole { Noun::IntegerOf64Bits } else { message::noun(INTEGER) };
            builder.misfit(ViolationKind::Type(noun), value)
        })
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        Scalar::read(deserializer, |scalar| match scalar {
            Scalar::Whole(whole) => whole.try_into().ok(),
            Scalar::Negative(whole) => Some(whole),
            Scalar::Boolean(_) | Scalar::Float(_) => None,
        })
    }
}

impl FromJson for u64 {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        builder.whole(value, schema, |number| {
            number.as_u64().or_else(|| whole_float(number)?.try_into().ok())
        })
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        Scalar::read(deserializer, |scalar| match scalar {
            Scalar::Whole(whole) => Some(whole),
            Scalar::Boolean(_) | Scalar::Negative(_) | Scalar::Float(_) => None,
        })
    }
}

impl FromJson for i128 {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        builder.whole(value, schema, |number| {
            number.as_i128().or_else(|| whole_float(number).map(Self::from))
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
    fn from_json(value: &Value, _: &'static ValueSchema, builder: &mut Builder) -> Option<Self> {
        let Value::Number(number) = value else { return builder.not(Shape::Number, value) };
        let float = number.as_f64().filter(|float| float.is_finite());
        float
            .filter(|float| number.as_i128().is_none_or(|whole| *float as i128 == whole))
            .or_else(|| builder.misfit(ViolationKind::Type(Noun::ExactFloat), value))
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        Scalar::read(deserializer, Scalar::exact_float)
    }
}

impl FromJson for String {
    fn from_json(value: &Value, _: &'static ValueSchema, builder: &mut Builder) -> Option<Self> {
        // A stored file is not its path: as a string, the path would be sent.
        let is_media = matches!(builder.stored(), Some(StoredString::Media(_)));
        let text = value.as_str().filter(|_| !is_media);
        text.map(str::to_owned).or_else(|| builder.not(Shape::Text, value))
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        read_text(deserializer, |text| Some(text.to_owned()))
    }
}

impl FromJson for Media {
    fn from_json(value: &Value, _: &'static ValueSchema, builder: &mut Builder) -> Option<Self> {
        match (value, builder.stored()) {
            (Value::String(_), Some(StoredString::Media(media))) => Some(media),
            (Value::String(text), None) => Some(Self::from_wire(text)),
            _ => builder.not(MEDIA, value),
        }
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        _: &'static ValueSchema,
        _: &mut Builder,
    ) -> Result<Self, D::Error> {
        read_text(deserializer, |text| Some(Self::from_wire(text)))
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        match value {
            Value::Null => Some(T::null()),
            value => T::from_json(value, schema, builder).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn null() -> Option<Self> {
        Some(T::null())
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Result<Self, D::Error> {
        // A `null` needs a closer look: `T` does not take it, or it may be left out.
        T::read(deserializer, schema, builder).map(Some)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        T::from_json(value, schema, builder).map(Self::new)
    }

    fn null() -> Option<Self> {
        T::null().map(Self::new)
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Result<Self, D::Error> {
        T::read(deserializer, schema, builder).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        let Value::Array(items) = value else {
            return builder.not(Shape::List(&ANYTHING), value);
        };
        let mut built = Self::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let found = builder.below(PathSegment::Index(index), |builder| {
                T::from_json(item, parts_of(schema), builder)
            });
            match found {
                Some(item) => built.push(item),
                None if builder.is_decided() => return None,
                None => {}
            }
        }
        (built.len() == items.len()).then_some(built)
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Result<Self, D::Error> {
        read_list(deserializer, schema, builder)
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(
        value: &Value,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Option<Self> {
        let Value::Object(entries) = value else {
            return builder.not(Shape::Map(&ANYTHING), value);
        };
        let mut built = Self::new();
        for (name, value) in entries {
            let found = builder.below(PathSegment::Name(name.clone()), |builder| {
                T::from_json(value, parts_of(schema), builder)
            });
            match found {
                Some(value) => _ = built.insert(name.clone(), value),
                None if builder.is_decided() => return None,
                None => {}
            }
        }
        (built.len() == entries.len()).then_some(built)
    }

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        schema: &'static ValueSchema,
        builder: &mut Builder,
    ) -> Result<Self, D::Error> {
        read_map(deserializer, schema, builder)
    }
}
