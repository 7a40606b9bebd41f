//! The one view of a value that the checker and the serialiser read, given alike
//! by JSON values and by generated structs.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::media::Media;
use crate::schema::Field;

/// One value, seen from outside.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// An optional property that was not set: it is not sent.
    Absent,
    /// JSON's `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(&'a str),
    /// Media, which goes over the wire as a string: a local file once it has been read.
    Media(&'a Media),
    /// A list.
    List(&'a dyn Elements),
    /// An object with names of its own choice, as JSON has it.
    Map(&'a dyn Entries),
    /// A struct, whose names stand in its table.
    Struct(&'a dyn Members),
}

/// A number, without loss for every integer that JSON libraries keep exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number, from `i64` or `u64`.
    Integer(i128),
    /// Any other number.
    Float(f64),
}

/// A value that can be viewed.
pub trait AsValueRef {
    /// The view of this value.
    fn as_value_ref(&self) -> ValueRef<'_>;
}

/// A struct with a static table.
pub trait Members {
    /// The struct's table.
    fn fields(&self) -> &'static [Field];
    /// The value of the field at this index of the table.
    fn get(&self, index: usize) -> ValueRef<'_>;
}

/// A list of values.
pub trait Elements {
    /// How many there are.
    fn count(&self) -> usize;
    /// The element at an index; [`ValueRef::Absent`] past the end.
    fn get(&self, index: usize) -> ValueRef<'_>;
}

/// Values under names.
pub trait Entries {
    /// How many there are.
    fn count(&self) -> usize;
    /// The value under this name, or [`ValueRef::Absent`].
    fn get(&self, name: &str) -> ValueRef<'_>;
    /// Gives every name with its value, without the allocation of [`Entries::iter`].
    fn each<'a>(&'a self, take: &mut dyn FnMut(&'a str, ValueRef<'a>));
    /// Every name with its value.
    fn iter(&self) -> Box<dyn Iterator<Item = (&str, ValueRef<'_>)> + '_>;
}

impl<T: AsValueRef> AsValueRef for Box<T> {
    fn as_value_ref(&self) -> ValueRef<'_> {
        T::as_value_ref(self)
    }
}

impl AsValueRef for ValueRef<'_> {
    fn as_value_ref(&self) -> ValueRef<'_> {
        *self
    }
}

impl AsValueRef for bool {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Bool(*self)
    }
}

impl AsValueRef for i64 {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Number(Number::Integer(i128::from(*self)))
    }
}

impl AsValueRef for f64 {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Number(Number::Float(*self))
    }
}

impl AsValueRef for String {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl AsValueRef for Media {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Media(self)
    }
}

impl<T: AsValueRef> AsValueRef for Option<T> {
    fn as_value_ref(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Absent, AsValueRef::as_value_ref)
    }
}

impl<T: AsValueRef> AsValueRef for Vec<T> {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::List(self)
    }
}

impl<T: AsValueRef> AsValueRef for BTreeMap<String, T> {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Map(self)
    }
}

impl AsValueRef for Value {
    fn as_value_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Bool(flag) => ValueRef::Bool(*flag),
            Value::Number(number) => ValueRef::Number(Number::from_json(number)),
            Value::String(text) => ValueRef::Text(text),
            Value::Array(list) => ValueRef::List(list),
            Value::Object(map) => ValueRef::Map(map),
        }
    }
}

impl<T: AsValueRef> Elements for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> ValueRef<'_> {
        self.as_slice().get(index).map_or(ValueRef::Absent, AsValueRef::as_value_ref)
    }
}

impl<K: Borrow<str> + Ord, T: AsValueRef> Entries for BTreeMap<K, T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, name: &str) -> ValueRef<'_> {
        BTreeMap::get(self, name).map_or(ValueRef::Absent, AsValueRef::as_value_ref)
    }

    fn each<'a>(&'a self, take: &mut dyn FnMut(&'a str, ValueRef<'a>)) {
        BTreeMap::iter(self).for_each(|(name, value)| take(name.borrow(), value.as_value_ref()));
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (&str, ValueRef<'_>)> + '_> {
        Box::new(BTreeMap::iter(self).map(|(name, value)| {
            let name: &str = name.borrow();
            (name, value.as_value_ref())
        }))
    }
}

impl Entries for Map<String, Value> {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, name: &str) -> ValueRef<'_> {
        // Hashing a name costs more than looking at a few.
        let found = match self.len() {
            0..=8 => Map::iter(self).find(|(own, _)| *own == name).map(|(_, value)| value),
            _ => Map::get(self, name),
        };
        found.map_or(ValueRef::Absent, AsValueRef::as_value_ref)
    }

    fn each<'a>(&'a self, take: &mut dyn FnMut(&'a str, ValueRef<'a>)) {
        Map::iter(self).for_each(|(name, value)| take(name, value.as_value_ref()));
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (&str, ValueRef<'_>)> + '_> {
        Box::new(Map::iter(self).map(|(name, value)| (name.as_str(), value.as_value_ref())))
    }
}

impl Number {
    fn from_json(number: &serde_json::Number) -> Self {
        match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => Self::Integer(whole),
            (None, Some(float)) => Self::Float(float),
            // A number that no float holds: it breaks `type`, as infinity does.
            (None, None) => Self::Float(f64::INFINITY),
        }
    }

    /// Whether this is a whole number; `1.0` is one.
    pub(crate) fn is_whole(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.is_finite() && float.fract() == 0.0,
        }
    }

    /// Whether this is a number in JSON's sense: not NaN, not infinite.
    pub(crate) fn is_finite(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.is_finite(),
        }
    }

    /// Whether two numbers are the same: `1` is `1.0`.
    pub(crate) fn is_same(self, other: Self) -> bool {
        let same = Some(std::cmp::Ordering::Equal);
        match (self, other) {
            (number, Self::Float(float)) => number.compare(float) == same,
            (number, Self::Integer(whole)) => number.compare_integer(whole) == same,
        }
    }

    /// How this number compares with a whole number, without rounding.
    pub(crate) fn compare_integer(self, bound: i128) -> Option<std::cmp::Ordering> {
        match self {
            Self::Integer(whole) => Some(whole.cmp(&bound)),
            Self::Float(float) => {
                Self::Integer(bound).compare(float).map(std::cmp::Ordering::reverse)
            }
        }
    }

    /// Whether this is a whole number of steps, both taken as the decimals that they
    /// are written as: 4.35 is a multiple of 0.01.
    pub(crate) fn is_multiple_of(self, step: f64) -> bool {
        let number = match self {
            Self::Integer(whole) => decimal(&whole.to_string()),
            Self::Float(float) => decimal(&format!("{float:e}")),
        };
        let (Some((a, a_exponent)), Some((b, b_exponent))) =
            (number, decimal(&format!("{step:e}")))
        else {
            return false;
        };
        if b == 0 {
            return a == 0;
        }
        match u32::try_from(a_exponent - b_exponent) {
            // Only the rest counts, so that no number is too large.
            Ok(shift) => (0..shift).fold(a % b, |rest, _| rest * 10 % b) == 0,
            Err(_) => {
                let shift = u32::try_from(b_exponent - a_exponent).unwrap_or(u32::MAX);
                let step = 10_i128.checked_pow(shift).and_then(|power| power.checked_mul(b));
                // A step that is larger than any number fits nothing but zero.
                step.map_or(a == 0, |step| a % step == 0)
            }
        }
    }

    /// How this number compares with a bound, without rounding. NaN compares with
    /// nothing.
    pub(crate) fn compare(self, bound: f64) -> Option<std::cmp::Ordering> {
        match self {
            Self::Float(float) => float.partial_cmp(&bound),
            Self::Integer(whole) => {
                let floor = bound.floor();
                // The cast is exact up to 2^127 and saturates beyond, where every
                // integer of JSON lies on one side of the bound.
                let order = whole.cmp(&(floor as i128));
                Some(order.then(floor.total_cmp(&bound)))
            }
        }
    }
}

/// A number as written, such as `4.35` or `1e-8`, as digits and a power of ten.
pub(crate) fn decimal(text: &str) -> Option<(i128, i32)> {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?;
    Some((digits, exponent.parse::<i32>().ok()? - shift))
}

impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(Number::Integer(whole)) => {
                match (i64::try_from(*whole), u64::try_from(*whole)) {
                    (Ok(whole), _) => serializer.serialize_i64(whole),
                    (Err(_), Ok(whole)) => serializer.serialize_u64(whole),
                    // Exact, or an error where the format has nothing so long.
                    (Err(_), Err(_)) => serializer.serialize_i128(*whole),
                }
            }
            Self::Number(Number::Float(float)) => serializer.serialize_f64(*float),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Media(media) => match media.wire() {
                Some(text) => serializer.serialize_str(text),
                None => Err(S::Error::custom(
                    "a local file was not read yet; `Client::prepare` reads it, and so does `Media::read`",
                )),
            },
            Self::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.count()))?;
                for index in 0..list.count() {
                    seq.serialize_element(&list.get(index))?;
                }
                seq.end()
            }
            Self::Map(entries) => serializer.collect_map(entries.iter()),
            Self::Struct(members) => {
                let mut map = serializer.serialize_map(None)?;
                for (index, field) in members.fields().iter().enumerate() {
                    match members.get(index) {
                        // A required one that is not set can only be a nullable one.
                        ValueRef::Absent if !field.required => {}
                        node => map.serialize_entry(field.name, &node)?,
                    }
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiple_is_reckoned_in_decimals_however_large_or_small() {
        let (whole, float) = (Number::Integer, Number::Float);
        let power = f64::from(1_u32 << 15);
        let cases = [
            (whole(1000), 100.0, true),
            (whole(1050), 100.0, false),
            (whole(0), 1e300, true),
            (whole(5), 1e300, false),
            (float(0.5), 1.0, false),
            (float(0.5), 10.0, false),
            (whole(i128::MAX), 1.0, true),
            (float(4.35), 0.01, true),
            (float(4.355), 0.01, false),
            // A power of ten has as many twos.
            (float(1e14), power, false),
            (float(1e15), power, true),
            (float(1e16), 2.0 * power, true),
            (float(5e15), 2.0 * power, false),
            (float(6e15), 2.0 * power, true),
            (float(3e15), 2.0 * power, false),
            (float(1e49), 1_125_899_906_842_624.0, false),
            (float(1e50), 1_125_899_906_842_624.0, true),
            (float(7e300), 7.0, true),
            (float(1e300), 7.0, false),
            (float(1e308), 0.123456789, false),
            (whole(i128::from(u64::MAX)), 5e-324, true),
            // No step that a schema can have.
            (whole(0), 0.0, true),
            (whole(1), 0.0, false),
            (float(f64::NAN), 1.0, false),
        ];
        for (number, step, expected) in cases {
            assert_eq!(number.is_multiple_of(step), expected, "{number:?} of {step}");
        }
    }

    #[test]
    fn numbers_are_compared_without_rounding() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (whole, float) = (Number::Integer, Number::Float);
        let large = (1_i128 << 53) + 1;
        let cases = [
            (whole(1), 1.5, Some(Less)),
            (whole(2), 1.5, Some(Greater)),
            (whole(-1), -1.5, Some(Greater)),
            (whole(-2), -1.5, Some(Less)),
            (whole(1), 1.0, Some(Equal)),
            (whole(large), 9007199254740992.0, Some(Greater)),
            (float(0.1), 0.1, Some(Equal)),
            (float(f64::NAN), 0.0, None),
        ];
        for (number, bound, expected) in cases {
            assert_eq!(number.compare(bound), expected, "{number:?} and {bound}");
            assert_eq!(number.is_same(float(bound)), expected == Some(Equal), "{number:?}");
        }
        assert_eq!(float(9007199254740992.0).compare_integer(large), Some(Less));
        assert_eq!(whole(large).compare_integer(large), Some(Equal));
        assert!(whole(3).is_same(whole(3)) && !whole(3).is_same(whole(4)));
        assert!(float(3.0).is_same(whole(3)) && !float(3.5).is_same(whole(3)));
    }

    #[test]
    fn what_is_not_set_is_absent_and_what_is_beyond_the_end_too() {
        let list = vec![true];
        assert!(matches!(Elements::get(&list, 0), ValueRef::Bool(true)));
        assert!(matches!(Elements::get(&list, 1), ValueRef::Absent));
        let map: BTreeMap<String, bool> = [("a".to_owned(), true)].into();
        let json = serde_json::json!({"a": true});
        let entries: [&dyn Entries; 2] = [&map, json.as_object().expect("it is one")];
        for entries in entries {
            assert!(matches!(entries.get("a"), ValueRef::Bool(true)));
            assert!(matches!(entries.get("b"), ValueRef::Absent));
            assert_eq!(entries.iter().count(), 1);
        }
        assert!(matches!(Box::new(1_i64).as_value_ref(), ValueRef::Number(Number::Integer(1))));
        assert!(matches!(0.5.as_value_ref(), ValueRef::Number(Number::Float(0.5))));
        assert!(matches!(None::<bool>.as_value_ref(), ValueRef::Absent));
    }

    #[test]
    fn an_integer_is_written_exactly_or_not_at_all() {
        let beyond = i128::from(u64::MAX) + 1;
        for whole in [0, -1, i128::from(i64::MIN), i128::from(u64::MAX), beyond, i128::MIN] {
            let node = ValueRef::Number(Number::Integer(whole));
            assert_eq!(serde_json::to_string(&node).ok(), Some(whole.to_string()));
        }
        assert!(serde_json::to_value(ValueRef::Number(Number::Integer(beyond))).is_err());
    }
}
