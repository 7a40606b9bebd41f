//! When two values are one in JSON Schema's sense, and whether a list has one twice.

use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};

use super::named;
use crate::node::{Elements, Node, Number};

/// Whether two values are the same in JSON Schema's sense: `1` is `1.0`.
pub(super) fn same(a: Node<'_>, b: Node<'_>) -> bool {
    match (a, b) {
        (Node::Absent | Node::Null, Node::Absent | Node::Null) => true,
        (Node::Bool(a), Node::Bool(b)) => a == b,
        (Node::Number(a), Node::Number(b)) => a.is_same(b),
        (Node::Text(a), Node::Text(b)) => a == b,
        (Node::Media(media), Node::Text(text)) | (Node::Text(text), Node::Media(media)) => {
            media.wire() == Some(text)
        }
        (Node::Media(a), Node::Media(b)) => a == b || (a.wire().is_some() && a.wire() == b.wire()),
        (Node::List(a), Node::List(b)) => {
            a.count() == b.count() && (0..a.count()).all(|index| same(a.get(index), b.get(index)))
        }
        (Node::Map(_) | Node::Struct(_), Node::Map(_) | Node::Struct(_)) => {
            let (a, b) = (sorted(a), sorted(b));
            let pair = |((a_name, a), (b_name, b))| a_name == b_name && same(a, b);
            a.len() == b.len() && a.into_iter().zip(b).all(pair)
        }
        _ => false,
    }
}

/// The index of the first element that is there before.
pub(super) fn repeated(list: &dyn Elements) -> Option<usize> {
    let mut items = HashSet::new();
    (0..list.count()).find(|index| !items.insert(Item(list.get(*index))))
}

/// The entries of an object by name, whatever order they came in; none of anything else.
fn sorted<'a>(node: Node<'a>) -> BTreeMap<&'a str, Node<'a>> {
    match node {
        Node::Map(entries) => entries.iter().collect(),
        Node::Struct(members) => named(members),
        _ => BTreeMap::new(),
    }
}

/// A value among others that may be the [`same`].
struct Item<'a>(Node<'a>);

impl PartialEq for Item<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Item<'_> {}

impl Hash for Item<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Node::Absent | Node::Null => state.write_u8(0),
            Node::Bool(flag) => flag.hash(state),
            Node::Number(Number::Integer(whole)) => whole.hash(state),
            Node::Number(Number::Float(float)) if float.fract() == 0.0 => {
                // Exact for every float that is the same as an integer of JSON.
                (float as i128).hash(state);
            }
            Node::Number(Number::Float(float)) => float.to_bits().hash(state),
            Node::Text(text) => text.hash(state),
            Node::Media(media) => media.wire().hash(state),
            Node::List(list) => {
                (0..list.count()).for_each(|index| Item(list.get(index)).hash(state))
            }
            Node::Map(_) | Node::Struct(_) => {
                for (name, node) in sorted(self.0) {
                    name.hash(state);
                    Item(node).hash(state);
                }
            }
        }
    }
}
