//! Equality of values as JSON Schema defines it, and the search for a repeated list item.

use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};

use super::set_properties;
use crate::codegen_support::value_ref::{Elements, ValueRef};
use crate::number::Number;

/// Returns `true` if two values are equal as JSON Schema defines it: `1` equals `1.0`.
pub(super) fn same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Absent | ValueRef::Null, ValueRef::Absent | ValueRef::Null) => true,
        (ValueRef::Bool(a), ValueRef::Bool(b)) => a == b,
        (ValueRef::Number(a), ValueRef::Number(b)) => a.is_same(b),
        (ValueRef::Text(a), ValueRef::Text(b)) => a == b,
        (ValueRef::Media(media), ValueRef::Text(text))
        | (ValueRef::Text(text), ValueRef::Media(media)) => media.wire() == Some(text),
        (ValueRef::Media(a), ValueRef::Media(b)) => {
            a == b || (a.wire().is_some() && a.wire() == b.wire())
        }
        (ValueRef::List(a), ValueRef::List(b)) => {
            a.count() == b.count() && (0..a.count()).all(|index| same(a.get(index), b.get(index)))
        }
        (ValueRef::Map(_) | ValueRef::Struct(_), ValueRef::Map(_) | ValueRef::Struct(_)) => {
            let (a, b) = (sorted(a), sorted(b));
            a.len() == b.len()
                && a.into_iter()
                    .zip(b)
                    .all(|((a_name, a), (b_name, b))| a_name == b_name && same(a, b))
        }
        _ => false,
    }
}

/// Returns the index of the first item that equals an earlier one.
pub(super) fn repeated_index(list: &dyn Elements) -> Option<usize> {
    let mut items = HashSet::new();
    (0..list.count()).find(|index| !items.insert(Item(list.get(*index))))
}

/// Returns the entries of an object sorted by name, and nothing for other values.
fn sorted<'a>(node: ValueRef<'a>) -> BTreeMap<&'a str, ValueRef<'a>> {
    match node {
        ValueRef::Map(entries) => entries.iter().collect(),
        ValueRef::Struct(members) => set_properties(members),
        _ => BTreeMap::new(),
    }
}

/// A list item, equal to others by [`same`].
struct Item<'a>(ValueRef<'a>);

impl PartialEq for Item<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Item<'_> {}

impl Hash for Item<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            ValueRef::Absent | ValueRef::Null => state.write_u8(0),
            ValueRef::Bool(flag) => flag.hash(state),
            ValueRef::Number(Number::Integer(whole)) => whole.hash(state),
            ValueRef::Number(Number::Float(float)) if float.fract() == 0.0 => {
                // Exact for every float that is the same as an integer of JSON.
                (float as i128).hash(state);
            }
            ValueRef::Number(Number::Float(float)) => float.to_bits().hash(state),
            ValueRef::Text(text) => text.hash(state),
            ValueRef::Media(media) => media.wire().hash(state),
            ValueRef::List(list) => {
                (0..list.count()).for_each(|index| Item(list.get(index)).hash(state))
            }
            ValueRef::Map(_) | ValueRef::Struct(_) => {
                for (name, node) in sorted(self.0) {
                    name.hash(state);
                    Item(node).hash(state);
                }
            }
        }
    }
}
