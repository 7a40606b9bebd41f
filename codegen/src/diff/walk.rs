//! Inputs compared, from the top down: what a caller can name, and which values are taken.

use std::collections::{HashMap, HashSet};

use runcomfy::media::MediaKind;
use serde_json::Value;

use super::describe::{not_null, noun};
use super::rules::{self, Bound};
use super::{Change, Kind};
use crate::check::fits;
use crate::model::{Field, Model, Rule, Shape, Struct, ValueSchema};
use crate::render::type_names::Names;

/// More levels than this are not compared: two schemas that lead back to themselves in
/// circles of different lengths meet anew for long.
const MOST_LEVELS: usize = 128;

/// Two things that stand in one place, by their indices; what has none, by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pair {
    Structs(usize, usize),
    Unions(usize, usize),
    FromUnion(usize, usize),
    ToUnion(usize, usize),
}

/// An object: its properties, and what its others may be, where it takes any.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub of: Option<(usize, &'a Struct)>,
    pub others: Option<&'a ValueSchema>,
}

impl<'a> Object<'a> {
    pub(super) fn fields(self) -> &'a [Field] {
        self.of.map_or(&[], |(_, of)| of.fields.as_slice())
    }

    /// Whether it is a struct in Rust, and not a map.
    pub(super) fn typed(self) -> bool {
        self.of.is_some_and(|(_, of)| !of.table_only)
    }
}

/// The walk over two inputs.
pub(super) struct Walk<'a> {
    pub old: &'a Model,
    pub new: &'a Model,
    /// What was compared already, or is being compared.
    seen: HashSet<Pair>,
    /// The enums of words that were compared already.
    pub words: HashSet<(usize, usize)>,
    /// Whether it is only asked if the new takes what the old took: then nothing but a
    /// refusal is noted, and one is enough.
    asking: bool,
    /// What is known of that.
    known: HashMap<Pair, bool>,
    /// What is known to be taken, in the order in which it was assumed.
    assumed: Vec<Pair>,
    /// The walk the other way round.
    back: Option<Box<Self>>,
    level: usize,
    pub changes: Vec<Change>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Model, new: &'a Model) -> Self {
        Self {
            old,
            new,
            seen: HashSet::new(),
            words: HashSet::new(),
            asking: false,
            known: HashMap::new(),
            assumed: Vec::new(),
            back: None,
            level: 0,
            changes: Vec::new(),
        }
    }

    /// Everything that changed of the input.
    pub(super) fn input(mut self) -> Vec<Change> {
        self.bounds(&self.old.rules, &self.new.rules, false, "");
        if let (Some(old), Some(new)) = (self.old.inputs.first(), self.new.inputs.first()) {
            let object = |of| Object { of: Some((0, of)), others: None };
            self.objects(object(old), object(new), "");
        }
        self.types();
        self.changes
    }

    /// The types that a caller can name and that no property led to.
    fn types(&mut self) {
        let (old, new) = (types(self.old), types(self.new));
        for (name, kind) in &old {
            match new.get(name) {
                Some(other) if other == kind => {}
                Some(other) => {
                    self.note(Kind::TypeGone, "", format!("`{name}` is {other}, was {kind}"));
                }
                None => {
                    self.note(
                        Kind::TypeGone,
                        "",
                        format!("`{name}`, {kind}, is not there any more"),
                    );
                }
            }
        }
        for (index, words) in self.old.enums.iter().enumerate() {
            let same = self.new.enums.iter().position(|other| other.name == words.name);
            if let Some(other) = same.filter(|_| !self.words.iter().any(|(old, _)| *old == index)) {
                let from = self.changes.len();
                self.words(index, other, &words.name);
                // No value comes this way.
                self.changes[from..].iter_mut().for_each(|change| change.refuses = None);
            }
        }
    }

    pub(super) fn push(&mut self, change: Change) {
        if !self.asking || change.refuses.is_some() {
            self.changes.push(change);
        }
    }

    pub(super) fn note(&mut self, kind: Kind, at: &str, message: impl Into<String>) {
        self.push(Change::of(kind, at, message));
    }

    pub(super) fn refuse(&mut self, kind: Kind, at: &str, rule: &str, message: impl Into<String>) {
        self.push(Change::of(kind, at, message).refusing(rule));
    }

    /// Whether the new takes whatever the old takes.
    pub(super) fn covers(&mut self, old: &'a ValueSchema, new: &'a ValueSchema) -> bool {
        let changes = std::mem::take(&mut self.changes);
        let was_asking = std::mem::replace(&mut self.asking, true);
        self.of(old, new, "");
        self.asking = was_asking;
        std::mem::replace(&mut self.changes, changes).is_empty()
    }

    /// Whether the new takes nothing that the old does not take.
    pub(super) fn adds_nothing(&mut self, old: &'a ValueSchema, new: &'a ValueSchema) -> bool {
        let (was, is) = (self.old, self.new);
        self.back.get_or_insert_with(|| Box::new(Self::new(is, was))).covers(new, old)
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// Compares two of a kind that can lead back to themselves, once.
    pub(super) fn once(&mut self, pair: Pair, at: &str, compare: impl FnOnce(&mut Self)) {
        if !self.asking {
            if self.seen.insert(pair) {
                compare(self);
            }
            return;
        }
        match self.known.get(&pair) {
            Some(true) => return,
            Some(false) => {
                return self.refuse(Kind::NarrowerType, at, "type", "as was found before");
            }
            None => {}
        }
        // What leads back here takes what it took, unless something else does not.
        self.known.insert(pair, true);
        let start = self.assumed.len();
        self.assumed.push(pair);
        compare(self);
        if !self.changes.is_empty() {
            // What was found meanwhile may have relied on this.
            for assumed in self.assumed.split_off(start) {
                self.known.remove(&assumed);
            }
            self.known.insert(pair, false);
        }
    }

    /// What a value may be.
    pub(super) fn of(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        if self.asking && !self.changes.is_empty() {
            return;
        }
        if self.level >= MOST_LEVELS {
            self.refuse(Kind::NarrowerType, at, "type", "too deep to be compared from here on");
            return;
        }
        self.level += 1;
        self.nulls(old, new, at);
        if let (Shape::Nullable(_), Shape::Nullable(_)) = (&old.shape, &new.shape) {
            self.bounds(&old.rules, &new.rules, false, at);
        }
        let (old, new) = (not_null(old), not_null(new));
        if old.shape == Shape::Null {
            // Null alone was compared already.
            if new.shape != Shape::Null {
                self.note(Kind::WiderType, at, format!("{} is taken too", noun(&new.shape)));
            }
        } else if matches!(old.shape, Shape::Union(_)) || matches!(new.shape, Shape::Union(_)) {
            self.unions(old, new, at);
        } else if !self.choices(old, new, at) {
            self.shapes(old, new, at);
        }
        self.level -= 1;
    }

    fn nulls(&mut self, old: &ValueSchema, new: &ValueSchema, at: &str) {
        let takes_null = |of: &ValueSchema, model| fits(of, &Value::Null, model);
        match (takes_null(old, self.old), takes_null(new, self.new)) {
            (true, false) if matches!(old.shape, Shape::Nullable(_) | Shape::Null) => {
                self.refuse(Kind::NarrowerType, at, "type", "null is not taken any more");
            }
            (false, true) if matches!(new.shape, Shape::Nullable(_) | Shape::Null) => {
                self.note(Kind::WiderType, at, "null is taken too");
            }
            // What takes anything is compared as a whole.
            (true | false, true | false) => {}
        }
    }

    fn shapes(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let differ = |walk: &mut Self, kind: Kind| {
            let message = format!("{}, was {}", noun(&new.shape), noun(&old.shape));
            match kind {
                Kind::NarrowerType => walk.refuse(kind, at, "type", message),
                kind => walk.note(kind, at, message),
            }
        };
        match (&old.shape, &new.shape) {
            (Shape::Any, Shape::Any)
            | (Shape::Boolean, Shape::Boolean)
            | (Shape::Integer, Shape::Integer)
            | (Shape::Number, Shape::Number)
            // Any string may stand for media.
            | (Shape::Text, Shape::Text | Shape::Media(_))
            | (Shape::Media(_), Shape::Text) => {}
            (_, Shape::Any) | (Shape::Integer, Shape::Number) => differ(self, Kind::WiderType),
            (Shape::Media(old), Shape::Media(new)) if old == new => {}
            (Shape::Media(_), Shape::Media(MediaKind::Any)) => differ(self, Kind::WiderType),
            // What is not asked of a string is asked of the media that it leads to.
            (Shape::Media(_), Shape::Media(_)) => {
                let message = format!("{}, was {}", noun(&new.shape), noun(&old.shape));
                self.note(Kind::NarrowerType, at, message);
            }
            (Shape::Nullable(old), Shape::Nullable(new)) => self.of(old, new, at),
            (Shape::List(old), Shape::List(new)) => self.of(old, new, &format!("{at}[]")),
            (Shape::Map(_) | Shape::Object(_) | Shape::Open(..), Shape::Map(_) | Shape::Object(_) | Shape::Open(..)) => {
                let (old, new) = (object(old, self.old), object(new, self.new));
                self.objects(old, new, at);
            }
            _ => {
                differ(self, Kind::NarrowerType);
                return;
            }
        }
        let whole = matches!((&old.shape, &new.shape), (Shape::Integer, _));
        self.bounds(&old.rules, &new.rules, whole, at);
    }

    pub(super) fn bounds(&mut self, old: &[Rule], new: &[Rule], whole: bool, at: &str) {
        for bound in rules::compare(old, new, whole) {
            match bound {
                Bound::Narrower { rule, message } => {
                    self.refuse(Kind::NarrowerBound, at, &rule, message);
                }
                Bound::Wider { message } => self.note(Kind::WiderBound, at, message),
                Bound::Words { message } => self.note(Kind::Docs, at, message),
            }
        }
    }

    pub(super) fn old_names(&self) -> Names<'a> {
        names(self.old)
    }

    pub(super) fn new_names(&self) -> Names<'a> {
        names(self.new)
    }
}

fn names(model: &Model) -> Names<'_> {
    Names { structs: &model.inputs, enums: &model.enums, unions: &model.unions }
}

/// The types of an input that a caller can name, and what each is.
fn types(model: &Model) -> HashMap<&str, &'static str> {
    let structs = model.inputs.iter().filter(|of| !of.table_only);
    let structs = structs.map(|of| (of.name.as_str(), "a struct"));
    let words = model.enums.iter().map(|words| (words.name.as_str(), "an enum of words"));
    let unions = model.unions.iter().filter(|union| !union.variants.is_empty());
    let unions = unions.map(|union| (union.name.as_str(), "a union"));
    structs.chain(words).chain(unions).collect()
}

pub(super) fn object<'a>(of: &'a ValueSchema, model: &'a Model) -> Object<'a> {
    let named = |index: usize| model.inputs.get(index).map(|of| (index, of));
    match &of.shape {
        Shape::Object(index) => Object { of: named(*index), others: None },
        Shape::Open(index, others) => Object { of: named(*index), others: Some(others) },
        Shape::Map(others) => Object { of: None, others: Some(others) },
        _ => Object { of: None, others: None },
    }
}
