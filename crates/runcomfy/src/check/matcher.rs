//! The verdict alone: a walk over a schema and a value that stops at the first violation, and
//! keeps neither paths nor media.

use std::collections::{BTreeMap, HashSet};

use super::{MAX_SCANNED, is_of_type, rules, set_properties};
use crate::codegen_support::value_ref::{Elements, Entries, Members, ValueRef};
use crate::schema::{Field, Shape, ValueSchema};

/// Decides if values match their schemas.
#[derive(Default)]
pub(crate) struct Matcher {
    /// The answers about branches of unions within unions, which would be tried again for every way
    /// down to them. In a box: most inputs have none.
    seen: Option<Box<Answers>>,
    /// The number of unions that a value is in.
    depth: usize,
}

/// Answers by the addresses of a branch, and of a list or object.
type Answers = BTreeMap<(usize, Address), bool>;

/// The address of a list or object, which tells it from every other that one branch of a
/// union is tried on during a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Address {
    List(usize),
    Map(usize),
    /// A struct may have the address of its first field, which is of another kind: a struct
    /// in a struct is tried on another union's branches.
    Struct(usize),
}

impl Matcher {
    /// Creates a matcher that is asked about the unions within a union, one after the other.
    pub(super) fn within_union() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Returns `true` if a value has no violation.
    #[inline]
    pub(crate) fn matches(&mut self, schema: &ValueSchema, value: &ValueRef<'_>) -> bool {
        let ValueSchema { shape, rules } = schema;
        // The most common values first: their types are right.
        // By reference, here and below: a copy of what was just written would wait for the writes.
        match (value, shape) {
            (ValueRef::Text(text), Shape::Text | Shape::Media(_)) => rules::text_keeps(rules, text),
            (ValueRef::Media(_), Shape::Media(_)) | (ValueRef::Bool(_), Shape::Boolean) => {
                rules::all_kept(rules, value)
            }
            (ValueRef::Map(entries), Shape::Object(fields)) => {
                rules::all_kept(rules, value) && self.entries_match(fields, None, *entries)
            }
            (ValueRef::List(list), Shape::List(parts)) => {
                rules::all_kept(rules, value) && self.list_matches(parts, *list)
            }
            (ValueRef::Struct(members), Shape::Object(fields))
                if std::ptr::eq(members.fields(), *fields) =>
            {
                rules::all_kept(rules, value) && self.struct_matches(*members)
            }
            // What is left is of another type.
            (_, Shape::Text | Shape::Media(_) | Shape::Boolean) => false,
            _ => self.other_matches(schema, value),
        }
    }

    /// Same as [`Matcher::matches`], for values that are less common.
    fn other_matches(&mut self, schema: &ValueSchema, value: &ValueRef<'_>) -> bool {
        // An unset list element, or an unset required property, can only be a nullable one.
        let value = if matches!(value, ValueRef::Absent) { &ValueRef::Null } else { value };
        is_of_type(value, schema.shape)
            && rules::all_kept(schema.rules, value)
            && self.parts_match(schema.shape.resolved(), value)
    }

    fn parts_match(&mut self, shape: Shape, value: &ValueRef<'_>) -> bool {
        match (shape, value) {
            (Shape::List(parts), ValueRef::List(list)) => self.list_matches(parts, *list),
            (Shape::Map(parts), ValueRef::Map(entries)) => {
                entries.all(&mut |_, value| self.matches(parts, &value))
            }
            (Shape::Object(fields), value) => self.object_matches(fields, None, value),
            (Shape::Open(fields, others), value) => {
                self.object_matches(fields, Some(others), value)
            }
            (Shape::Nullable(_), ValueRef::Null) => true,
            (Shape::Nullable(inner), value) => self.matches(inner, value),
            (Shape::AnyOf(branches), value) => {
                branches.iter().any(|branch| self.branch_matches(branch, value))
            }
            (Shape::OneOf(branches), value) => {
                let matching = branches.iter().filter(|it| self.branch_matches(it, value));
                matching.take(2).count() == 1
            }
            (Shape::ByKind(branches), value) => branches
                .iter()
                .filter(|branch| is_of_type(value, branch.shape))
                .all(|branch| self.matches(branch, value)),
            // A scalar.
            _ => true,
        }
    }

    fn list_matches(&mut self, parts: &ValueSchema, list: &dyn Elements) -> bool {
        let mut all_match = true;
        list.first_failing(&mut |value| {
            all_match = self.matches(parts, &value);
            all_match
        });
        all_match
    }

    /// Returns the index of the first element that does not match, or the number of elements.
    pub(super) fn first_mismatch(&mut self, parts: &ValueSchema, list: &dyn Elements) -> usize {
        list.first_failing(&mut |value| self.matches(parts, &value))
    }

    /// Returns `true` if a struct matches its own table.
    fn struct_matches(&mut self, members: &dyn Members) -> bool {
        members.all(&mut |row, value| {
            row.is_some_and(|field| match value {
                // An unset required property of a struct can only be null.
                ValueRef::Absent if field.required => {
                    matches!(field.schema.shape, Shape::Nullable(_))
                        && self.matches(&field.schema, &ValueRef::Null)
                }
                ValueRef::Absent => true,
                _ => self.matches(&field.schema, &value),
            })
        })
    }

    /// Returns `true` if a branch of a union matches a value.
    pub(super) fn branch_matches(&mut self, branch: &ValueSchema, value: &ValueRef<'_>) -> bool {
        let address = address(*value).filter(|_| self.depth > 0);
        let key = address.map(|address| (std::ptr::from_ref(branch).addr(), address));
        if let (Some(key), Some(seen)) = (&key, &self.seen)
            && let Some(answer) = seen.get(key)
        {
            return *answer;
        }
        self.depth += 1;
        let answer = self.matches(branch, value);
        self.depth -= 1;
        if let Some(key) = key {
            self.seen.get_or_insert_default().insert(key, answer);
        }
        answer
    }

    fn object_matches(
        &mut self,
        fields: &[Field],
        others: Option<&ValueSchema>,
        value: &ValueRef<'_>,
    ) -> bool {
        match value {
            ValueRef::Struct(members) if std::ptr::eq(members.fields(), fields) => {
                self.struct_matches(*members)
            }
            // A struct that is checked by another struct's table, as in a union.
            ValueRef::Struct(members) => {
                self.entries_match(fields, others, &set_properties(*members))
            }
            ValueRef::Map(entries) => self.entries_match(fields, others, *entries),
            // It violated `type`.
            _ => false,
        }
    }

    fn entries_match(
        &mut self,
        fields: &[Field],
        others: Option<&ValueSchema>,
        entries: &dyn Entries,
    ) -> bool {
        let (count, required) = (entries.count(), fields.iter().filter(|field| field.required));
        let required = required.count();
        if count < required || (count > fields.len() && others.is_none()) {
            return false;
        }
        match fields.len() {
            ..=MAX_SCANNED => self.entries_of_few_match(fields, others, entries, required),
            _ => self.entries_of_many_match(fields, others, entries),
        }
    }

    /// Same as [`Matcher::entries_match`], for many fields: each is looked for among the entries.
    fn entries_of_many_match(
        &mut self,
        fields: &[Field],
        others: Option<&ValueSchema>,
        entries: &dyn Entries,
    ) -> bool {
        let mut known = 0;
        for field in fields {
            match entries.get(field.name) {
                ValueRef::Absent if field.required => return false,
                ValueRef::Absent => {}
                value if self.matches(&field.schema, &value) => known += 1,
                _ => return false,
            }
        }
        known == entries.count()
            || others.is_some_and(|schema| {
                let names: HashSet<&str> = fields.iter().map(|field| field.name).collect();
                entries.all(&mut |name, value| names.contains(name) || self.matches(schema, &value))
            })
    }

    /// Same as [`Matcher::entries_match`], for few fields: each entry is looked for among them.
    fn entries_of_few_match(
        &mut self,
        fields: &[Field],
        others: Option<&ValueSchema>,
        entries: &dyn Entries,
        required: usize,
    ) -> bool {
        let mut missing = required;
        let all_match =
            entries.all(&mut |name, value| match fields.iter().find(|field| field.name == name) {
                Some(field) => {
                    missing -= usize::from(field.required);
                    self.matches(&field.schema, &value)
                }
                None => others.is_some_and(|schema| self.matches(schema, &value)),
            });
        all_match && missing == 0
    }
}

fn address(value: ValueRef<'_>) -> Option<Address> {
    match value {
        ValueRef::List(list) => Some(Address::List(std::ptr::from_ref(list).addr())),
        ValueRef::Map(entries) => Some(Address::Map(std::ptr::from_ref(entries).addr())),
        ValueRef::Struct(members) => Some(Address::Struct(std::ptr::from_ref(members).addr())),
        ValueRef::Absent
        | ValueRef::Null
        | ValueRef::Bool(_)
        | ValueRef::Number(_)
        | ValueRef::Text(_)
        | ValueRef::Media(_) => None,
    }
}
