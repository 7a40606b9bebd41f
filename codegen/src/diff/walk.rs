//! Compares two inputs from the top down: the names for callers, and the accepted values.

use std::collections::{HashMap, HashSet};

use runcomfy::media::MediaKind;
use serde_json::Value;

use super::describe::{not_null, noun};
use super::rules::{self, Domain};
use super::{Change, Kind};
use crate::check::fits;
use crate::model::{Field, Model, Rule, Shape, Struct, ValueSchema};
use crate::render::type_names::Names;

/// The maximum depth of a comparison. Two recursive schemas with cycles of different lengths
/// meet in new pairs for a long time.
const MAX_LEVELS: usize = 128;

/// Two types in one place, by their indices, or by address if one has no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TypePair {
    Structs(usize, usize),
    Unions(usize, usize),
    FromUnion(usize, usize),
    ToUnion(usize, usize),
}

/// The purpose of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Collects all changes.
    Report,
    /// Finds out if any old value is refused. It collects refusals only, and one is enough.
    FindRefusal,
}

/// An object: its described properties, and the schema of others if it accepts any.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub described: Option<(usize, &'a Struct)>,
    pub others: Option<&'a ValueSchema>,
}

/// A comparison of two inputs.
pub(super) struct Comparison<'a> {
    pub old: &'a Model,
    pub new: &'a Model,
    pub changes: Vec<Change>,
    /// The pairs of enums that are compared already.
    pub enums: HashSet<(usize, usize)>,
    /// The pairs of types that are compared already, or are being compared.
    seen: HashSet<TypePair>,
    mode: Mode,
    /// `true` for each pair whose new type accepts every old value.
    verdicts: HashMap<TypePair, bool>,
    /// The pairs with a verdict of `true` that may rely on an unfinished one, in order.
    assumed: Vec<TypePair>,
    /// The comparison in the opposite direction.
    reverse: Option<Box<Self>>,
    level: usize,
}

impl<'a> Object<'a> {
    /// Returns the object that a schema describes.
    pub(super) fn new(schema: &'a ValueSchema, model: &'a Model) -> Self {
        let (index, others) = match &schema.shape {
            Shape::Object(index) => (Some(*index), None),
            Shape::Open(index, others) => (Some(*index), Some(others)),
            Shape::Map(others) => (None, Some(others)),
            _ => (None, None),
        };
        let described = index.and_then(|index| Some((index, model.inputs.get(index)?)));
        Self { described, others: others.map(|others| &**others) }
    }

    pub(super) fn fields(self) -> &'a [Field] {
        self.described.map_or(&[], |(_, described)| described.fields.as_slice())
    }

    /// Returns the indices of the fields that `new` takes.
    pub(super) fn arguments(self, model: &Model) -> Vec<usize> {
        self.described.map(|(index, _)| model.arguments_of(index)).unwrap_or_default()
    }

    /// Returns `true` if it is a struct in Rust, not a map.
    pub(super) fn is_struct(self) -> bool {
        self.described.is_some_and(|(_, described)| !described.table_only)
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a Model, new: &'a Model) -> Self {
        Self {
            old,
            new,
            changes: Vec::new(),
            enums: HashSet::new(),
            seen: HashSet::new(),
            mode: Mode::Report,
            verdicts: HashMap::new(),
            assumed: Vec::new(),
            reverse: None,
            level: 0,
        }
    }

    /// Returns all changes of the input.
    pub(super) fn into_changes(mut self) -> Vec<Change> {
        self.compare_rules(&self.old.rules, &self.new.rules, Domain::Numbers, "");
        if let (Some(old), Some(new)) = (self.old.inputs.first(), self.new.inputs.first()) {
            let old = Object { described: Some((0, old)), others: None };
            let new = Object { described: Some((0, new)), others: None };
            self.compare_objects(old, new, "");
        }
        self.compare_type_names();
        self.changes
    }

    pub(super) fn push(&mut self, change: Change) {
        if self.reports() || change.refuses.is_some() {
            self.changes.push(change);
        }
    }

    pub(super) fn note(&mut self, kind: Kind, at: &str, message: impl Into<String>) {
        self.push(Change::new(kind, at, message));
    }

    pub(super) fn refuse(&mut self, kind: Kind, at: &str, rule: &str, message: impl Into<String>) {
        self.push(Change::new(kind, at, message).refusing(rule));
    }

    /// Returns `true` if all changes are collected, not only refusals.
    pub(super) fn reports(&self) -> bool {
        self.mode == Mode::Report
    }

    /// Returns `true` if the new schema accepts every value of the old one.
    pub(super) fn covers(&mut self, old: &'a ValueSchema, new: &'a ValueSchema) -> bool {
        let changes = std::mem::take(&mut self.changes);
        let mode = std::mem::replace(&mut self.mode, Mode::FindRefusal);
        self.compare_values(old, new, "");
        self.mode = mode;
        std::mem::replace(&mut self.changes, changes).is_empty()
    }

    /// Returns `true` if the old schema accepts every value of the new one.
    pub(super) fn adds_nothing(&mut self, old: &'a ValueSchema, new: &'a ValueSchema) -> bool {
        let (was, is) = (self.old, self.new);
        self.reverse.get_or_insert_with(|| Box::new(Self::new(is, was))).covers(new, old)
    }

    /// Compares two types that can be recursive, once.
    pub(super) fn once(&mut self, pair: TypePair, at: &str, compare: impl FnOnce(&mut Self)) {
        if self.reports() {
            if self.seen.insert(pair) {
                compare(self);
            }
            return;
        }
        match self.verdicts.get(&pair) {
            Some(true) => return,
            Some(false) => return self.refuse(Kind::NarrowerType, at, "type", "refused before"),
            None => {}
        }
        // A recursive value is accepted unless something else in it is refused.
        self.verdicts.insert(pair, true);
        let start = self.assumed.len();
        self.assumed.push(pair);
        compare(self);
        if !self.changes.is_empty() {
            // The verdicts since then may rely on this one.
            for assumed in self.assumed.split_off(start) {
                self.verdicts.remove(&assumed);
            }
            self.verdicts.insert(pair, false);
        }
    }

    /// Compares the values of two schemas.
    pub(super) fn compare_values(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        if !self.reports() && !self.changes.is_empty() {
            return;
        }
        if self.level >= MAX_LEVELS {
            return self.refuse(Kind::NarrowerType, at, "type", "too deep to be compared further");
        }
        self.level += 1;
        self.compare_nulls(old, new, at);
        if let (Shape::Nullable(_), Shape::Nullable(_)) = (&old.shape, &new.shape) {
            self.compare_rules(&old.rules, &new.rules, Domain::Numbers, at);
        }
        let (old, new) = (not_null(old), not_null(new));
        if old.shape == Shape::Null {
            // Null itself is compared already.
            if new.shape != Shape::Null {
                self.note(Kind::WiderType, at, format!("accepts {} too", noun(&new.shape)));
            }
        } else if matches!(old.shape, Shape::Union(_)) || matches!(new.shape, Shape::Union(_)) {
            self.compare_unions(old, new, at);
        } else if !self.compare_enum_values(old, new, at) {
            self.compare_shapes(old, new, at);
        }
        self.level -= 1;
    }

    pub(super) fn compare_rules(&mut self, old: &[Rule], new: &[Rule], domain: Domain, at: &str) {
        for change in rules::compare(old, new, domain) {
            match change.rule {
                Some(rule) => self.refuse(change.kind, at, &rule, change.message),
                None => self.note(change.kind, at, change.message),
            }
        }
    }

    pub(super) fn old_names(&self) -> Names<'a> {
        Names::of_input(self.old)
    }

    pub(super) fn new_names(&self) -> Names<'a> {
        Names::of_input(self.new)
    }

    fn compare_nulls(&mut self, old: &ValueSchema, new: &ValueSchema, at: &str) {
        // A schema that accepts any value is compared as a whole.
        let was_explicit = matches!(old.shape, Shape::Nullable(_) | Shape::Null);
        let is_explicit = matches!(new.shape, Shape::Nullable(_) | Shape::Null);
        match (fits(old, &Value::Null, self.old), fits(new, &Value::Null, self.new)) {
            (true, false) if was_explicit => {
                self.refuse(Kind::NarrowerType, at, "type", "no longer accepts null");
            }
            (false, true) if is_explicit => self.note(Kind::WiderType, at, "accepts null too"),
            (true | false, true | false) => {}
        }
    }

    fn compare_shapes(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        use Shape::{
            Any, Boolean, Integer, List, Map, Media, Nullable, Number, Object, Open, Text,
        };
        let message = format!("{}, was {}", noun(&new.shape), noun(&old.shape));
        match (&old.shape, &new.shape) {
            (Any, Any) | (Boolean, Boolean) | (Integer, Integer) | (Number, Number) => {}
            // Any string may stand for media.
            (Text, Text | Media(_)) | (Media(_), Text) => {}
            (Media(old), Media(new)) if old == new => {}
            (_, Any) | (Integer, Number) | (Media(_), Media(MediaKind::Any)) => {
                self.note(Kind::WiderType, at, message);
            }
            // The media itself is refused, not the string.
            (Media(_), Media(_)) => self.note(Kind::NarrowerType, at, message),
            (Nullable(old), Nullable(new)) => self.compare_values(old, new, at),
            (List(old), List(new)) => self.compare_values(old, new, &format!("{at}[]")),
            (Map(_) | Object(_) | Open(..), Map(_) | Object(_) | Open(..)) => {
                let old = self::Object::new(old, self.old);
                self.compare_objects(old, self::Object::new(new, self.new), at);
            }
            _ => return self.refuse(Kind::NarrowerType, at, "type", message),
        }
        let is_integer = matches!((&old.shape, &new.shape), (Integer, _));
        let domain = if is_integer { Domain::Integers } else { Domain::Numbers };
        self.compare_rules(&old.rules, &new.rules, domain, at);
    }

    /// Compares the types that a caller can name and that no property led to.
    fn compare_type_names(&mut self) {
        let (old, new) = (type_names(self.old), type_names(self.new));
        for (name, kind) in &old {
            let message = match new.get(name) {
                Some(other) if other == kind => continue,
                Some(other) => format!("`{name}` is {other}, was {kind}"),
                None => format!("`{name}`, {kind}, is removed"),
            };
            self.note(Kind::TypeGone, "", message);
        }
        for (index, old) in self.old.enums.iter().enumerate() {
            let is_compared = self.enums.iter().any(|(compared, _)| *compared == index);
            let same = self.new.enums.iter().position(|new| new.name == old.name);
            if let Some(same) = same.filter(|_| !is_compared) {
                let from = self.changes.len();
                self.compare_enums(index, same, &old.name);
                // No property holds this enum, so no input is refused.
                self.changes[from..].iter_mut().for_each(|change| change.refuses = None);
            }
        }
    }
}

/// Returns the types of an input that a caller can name, each with its kind.
fn type_names(model: &Model) -> HashMap<&str, &'static str> {
    let structs = model.inputs.iter().filter(|named| !named.table_only);
    let structs = structs.map(|named| (named.name.as_str(), "a struct"));
    let enums = model.enums.iter().map(|named| (named.name.as_str(), "an enum of strings"));
    let unions = model.unions.iter().filter(|union| !union.variants.is_empty());
    let unions = unions.map(|union| (union.name.as_str(), "a union"));
    structs.chain(enums).chain(unions).collect()
}
