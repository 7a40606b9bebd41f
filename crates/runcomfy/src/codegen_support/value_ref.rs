//! The view of a value that the checker and the serialiser read. JSON values and generated structs
//! both give it.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::media::Media;
use crate::number::Number;
use crate::schema::Field;

/// A view of one value.
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
    /// An object with any names, as in JSON.
    Map(&'a dyn Entries),
    /// A struct, with its names in its table.
    Struct(&'a dyn Members),
}

/// A value that can be viewed.
pub trait AsValueRef {
    /// Returns the view of this value.
    fn as_value_ref(&self) -> ValueRef<'_>;
}

/// A struct with a static table.
pub trait Members {
    /// Returns the struct's table.
    fn fields(&self) -> &'static [Field];
    /// Returns the value of the field at this index of the table.
    fn get(&self, index: usize) -> ValueRef<'_>;
    /// Returns `true` if `test` does for every row of the table and its value. Stops at the first
    /// that fails. A struct has as many fields as its table has rows, so each row is there.
    fn all(&self, test: &mut RowTest<'_>) -> bool {
        let mut rows = self.fields().iter().enumerate();
        rows.all(|(index, field)| test(Some(field), self.get(index)))
    }
}

/// A test of a row of a table and its value.
pub type RowTest<'t> = dyn FnMut(Option<&'static Field>, ValueRef<'_>) -> bool + 't;

/// A list of values.
pub trait Elements {
    /// Returns the number of elements.
    fn count(&self) -> usize;
    /// Returns the element at an index, or [`ValueRef::Absent`] past the end.
    fn get(&self, index: usize) -> ValueRef<'_>;
    /// Returns the index of the first element for which `test` returns `false`, or the number of
    /// elements.
    fn first_failing(&self, test: &mut dyn FnMut(ValueRef<'_>) -> bool) -> usize;
}

/// Values under names.
pub trait Entries {
    /// Returns the number of entries.
    fn count(&self) -> usize;
    /// Returns the value under this name, or [`ValueRef::Absent`].
    fn get(&self, name: &str) -> ValueRef<'_>;
    /// Returns `true` if `test` does for every name and its value. Stops at the first that fails,
    /// and needs no allocation, unlike [`Entries::iter`].
    fn all<'a>(&'a self, test: &mut dyn FnMut(&'a str, ValueRef<'a>) -> bool) -> bool;
    /// Returns every name with its value.
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

impl AsValueRef for u64 {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Number(Number::Integer(i128::from(*self)))
    }
}

impl AsValueRef for i128 {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Number(Number::Integer(*self))
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

    fn first_failing(&self, test: &mut dyn FnMut(ValueRef<'_>) -> bool) -> usize {
        let failing = self.iter().position(|item| !test(item.as_value_ref()));
        failing.unwrap_or(self.len())
    }
}

impl<K: Borrow<str> + Ord, T: AsValueRef> Entries for BTreeMap<K, T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, name: &str) -> ValueRef<'_> {
        BTreeMap::get(self, name).map_or(ValueRef::Absent, entry)
    }

    fn all<'a>(&'a self, test: &mut dyn FnMut(&'a str, ValueRef<'a>) -> bool) -> bool {
        BTreeMap::iter(self).all(|(name, value)| test(name.borrow(), entry(value)))
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (&str, ValueRef<'_>)> + '_> {
        Box::new(BTreeMap::iter(self).map(|(name, value)| {
            let name: &str = name.borrow();
            (name, entry(value))
        }))
    }
}

/// Returns the view of a value under a name: an unset one is sent as null.
fn entry<T: AsValueRef>(value: &T) -> ValueRef<'_> {
    match value.as_value_ref() {
        ValueRef::Absent => ValueRef::Null,
        value => value,
    }
}

/// `true` if `serde_json` sorts its maps. Any crate of a program can turn on its feature
/// `preserve_order`, which makes them hash maps, and a `cfg` cannot see that.
const IS_SORTED: bool = size_of::<Map<String, Value>>() == size_of::<BTreeMap<String, Value>>();

impl Entries for Map<String, Value> {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, name: &str) -> ValueRef<'_> {
        // Hashing a name costs more than looking at a few. A sorted map hashes nothing.
        let found = match self.len() {
            0..=8 if !IS_SORTED => {
                Map::iter(self).find(|(own, _)| *own == name).map(|(_, value)| value)
            }
            _ => Map::get(self, name),
        };
        found.map_or(ValueRef::Absent, AsValueRef::as_value_ref)
    }

    fn all<'a>(&'a self, test: &mut dyn FnMut(&'a str, ValueRef<'a>) -> bool) -> bool {
        Map::iter(self).all(|(name, value)| test(name, value.as_value_ref()))
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (&str, ValueRef<'_>)> + '_> {
        Box::new(Map::iter(self).map(|(name, value)| (name.as_str(), value.as_value_ref())))
    }
}

/// Serializes the JSON that is sent.
impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsJson { value: *self, files: Files::AsContent, slots: None }.serialize(serializer)
    }
}

/// A value that is written as JSON.
#[derive(Clone, Copy)]
pub(crate) struct AsJson<'a> {
    pub value: ValueRef<'a>,
    pub files: Files,
    /// The places for local files that were not read, if there are any.
    pub slots: Option<&'a dyn FileSlots>,
}

/// The form in which local files are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// As the data URI of what was read. A file that was not read gets a place for its data, or
    /// is an error.
    AsContent,
    /// As their path, whether they were read or not.
    #[cfg(feature = "serde")]
    AsPath,
}

/// The writer's places for the data of local files.
pub(crate) trait FileSlots {
    /// Returns the data URI of a file without its data, or `None` for an unknown file.
    fn uri_head(&self, path: &std::path::Path) -> Option<String>;
    /// Marks the place: the JSON string of this file's data URI was just written.
    fn wrote_head(&self, path: &std::path::Path);
}

impl<'a> AsJson<'a> {
    fn with<'b>(self, value: ValueRef<'b>) -> AsJson<'b>
    where
        'a: 'b,
    {
        AsJson { value, ..self }
    }

    /// Writes the data URI of a file without the data, and marks the place.
    fn serialize_slot<S: Serializer>(self, media: &Media, to: S) -> Result<S::Ok, S::Error> {
        let (Some(slots), Some(path)) = (self.slots, media.as_file()) else {
            return Err(S::Error::custom(UNREAD_FILE));
        };
        let head = slots.uri_head(path).ok_or_else(|| S::Error::custom(UNREAD_FILE))?;
        let written = to.serialize_str(&head)?;
        slots.wrote_head(path);
        Ok(written)
    }
}

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            ValueRef::Absent | ValueRef::Null => serializer.serialize_unit(),
            ValueRef::Bool(flag) => serializer.serialize_bool(flag),
            ValueRef::Number(number) => serialize_number(number, serializer),
            ValueRef::Text(text) => serializer.serialize_str(text),
            ValueRef::Media(media) => match (media.wire(), self.files) {
                #[cfg(feature = "serde")]
                (_, Files::AsPath) if media.as_file().is_some() => serializer.collect_str(media),
                (Some(text), _) => serializer.serialize_str(text),
                (None, _) => self.serialize_slot(media, serializer),
            },
            ValueRef::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.count()))?;
                for index in 0..list.count() {
                    seq.serialize_element(&self.with(list.get(index)))?;
                }
                seq.end()
            }
            ValueRef::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(name, value)| (name, self.with(value))))
            }
            ValueRef::Struct(members) => {
                let mut map = serializer.serialize_map(None)?;
                for (index, field) in members.fields().iter().enumerate() {
                    match members.get(index) {
                        // An unset required property can only be a nullable one.
                        ValueRef::Absent if !field.required => {}
                        value => map.serialize_entry(field.name, &self.with(value))?,
                    }
                }
                map.end()
            }
        }
    }
}

const UNREAD_FILE: &str = "a local file was not read yet: `Client::prepare` and `Media::read` \
                           read it, and `Stored` stores its path";

fn serialize_number<S: Serializer>(number: Number, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Number::Integer(whole) => match (i64::try_from(whole), u64::try_from(whole)) {
            (Ok(whole), _) => serializer.serialize_i64(whole),
            (Err(_), Ok(whole)) => serializer.serialize_u64(whole),
            // Exact, or an error if the format has nothing so long.
            (Err(_), Err(_)) => serializer.serialize_i128(whole),
        },
        Number::Float(float) if float.is_finite() => serializer.serialize_f64(float),
        Number::Float(float) => Err(S::Error::custom(format_args!("JSON has no number {float}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unset_field_or_an_invalid_index_is_absent() {
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

    #[test]
    fn a_number_that_json_does_not_have_is_an_error() {
        for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let value = ValueRef::Number(Number::Float(float));
            assert!(serde_json::to_value(value).is_err() && serde_json::to_vec(&value).is_err());
        }
    }
}
