//! Inputs compared, from the top down: what a caller can name, and which values are taken.

use std::collections::{HashMap, HashSet};

use runcomfy::table::MediaKind;
use serde_json::Value;

use super::rules::{self, Bound};
use super::{Change, Kind, below, shown};
use crate::check::fits;
use crate::lower::Takes;
use crate::model::{Docs, Field, Model, Of, Rule, Shape, Struct, Words};
use crate::render::{Names, required_name};

/// More levels than this are not compared: two schemas that lead back to themselves in
/// circles of different lengths meet anew for long.
const MOST_LEVELS: usize = 128;

/// Two things that stand in one place, by their indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pair {
    Structs(usize, usize),
    Unions(usize, usize),
}

/// The walk over two inputs.
pub(super) struct Walk<'a> {
    pub old: &'a Model,
    pub new: &'a Model,
    /// What was compared already, or is being compared.
    seen: HashSet<Pair>,
    words: HashSet<(usize, usize)>,
    /// While it is only asked whether the new takes what the old took: what is known.
    asking: Option<HashMap<Pair, bool>>,
    level: usize,
    pub changes: Vec<Change>,
}

/// An object: its properties, and what its others may be, where it takes any.
#[derive(Clone, Copy)]
struct Object<'a> {
    of: Option<(usize, &'a Struct)>,
    others: Option<&'a Of>,
}

impl<'a> Object<'a> {
    fn fields(self) -> &'a [Field] {
        self.of.map_or(&[], |(_, of)| of.fields.as_slice())
    }

    /// Whether it is a struct in Rust, and not a map.
    fn typed(self) -> bool {
        self.of.is_some_and(|(_, of)| !of.table_only)
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Model, new: &'a Model) -> Self {
        Self {
            old,
            new,
            seen: HashSet::new(),
            words: HashSet::new(),
            asking: None,
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
        for (index, words) in self.old.words.iter().enumerate() {
            let same = self.new.words.iter().position(|other| other.name == words.name);
            if let Some(other) = same.filter(|_| !self.words.iter().any(|(old, _)| *old == index)) {
                let from = self.changes.len();
                self.words(index, other, &words.name);
                // No value comes this way.
                self.changes[from..].iter_mut().for_each(|change| change.refuses = None);
            }
        }
    }

    pub(super) fn note(&mut self, kind: Kind, at: &str, message: impl Into<String>) {
        self.changes.push(Change::of(kind, at, message));
    }

    pub(super) fn refuse(&mut self, kind: Kind, at: &str, rule: &str, message: impl Into<String>) {
        self.changes.push(Change::of(kind, at, message).refusing(rule));
    }

    /// Whether the new takes whatever the old takes.
    pub(super) fn covers(&mut self, old: &'a Of, new: &'a Of) -> bool {
        let changes = std::mem::take(&mut self.changes);
        let was_asking = self.asking.is_some();
        self.asking.get_or_insert_default();
        self.of(old, new, "");
        let covers = !self.changes.iter().any(|change| change.refuses.is_some());
        if !was_asking {
            self.asking = None;
        }
        self.changes = changes;
        covers
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Compares two of a kind that can lead back to themselves, once.
    pub(super) fn once(&mut self, pair: Pair, at: &str, compare: impl FnOnce(&mut Self)) {
        if let Some(known) = &mut self.asking {
            match known.get(&pair) {
                Some(true) => return,
                Some(false) => {
                    self.refuse(Kind::NarrowerType, at, "type", "as was found before");
                    return;
                }
                // What leads back here takes what it took, unless something else does not.
                None => known.insert(pair, true),
            };
            let from = self.changes.len();
            compare(self);
            let covers = !self.changes[from..].iter().any(|change| change.refuses.is_some());
            if let Some(known) = &mut self.asking {
                known.insert(pair, covers);
            }
        } else if self.seen.insert(pair) {
            compare(self);
        }
    }

    /// What a value may be.
    pub(super) fn of(&mut self, old: &'a Of, new: &'a Of, at: &str) {
        if self.level >= MOST_LEVELS {
            self.refuse(Kind::NarrowerType, at, "type", "too deep to be compared from here on");
            return;
        }
        self.level += 1;
        self.nulls(old, new, at);
        let (old, new) = (not_null(old), not_null(new));
        if matches!(old.shape, Shape::Union(_)) || matches!(new.shape, Shape::Union(_)) {
            self.unions(old, new, at);
        } else if !self.choices(old, new, at) {
            self.shapes(old, new, at);
        }
        self.level -= 1;
    }

    fn nulls(&mut self, old: &Of, new: &Of, at: &str) {
        let takes_null = |of: &Of, model| fits(of, &Value::Null, model);
        match (takes_null(old, self.old), takes_null(new, self.new)) {
            (true, false) if matches!(old.shape, Shape::Nullable(_)) => {
                self.refuse(Kind::NarrowerType, at, "type", "null is not taken any more");
            }
            (false, true) if matches!(new.shape, Shape::Nullable(_)) => {
                self.note(Kind::WiderType, at, "null is taken too");
            }
            // What takes anything is compared as a whole.
            (true | false, true | false) => {}
        }
    }

    /// Compares value by value where there are only so many; whether that says it all.
    fn choices(&mut self, old: &'a Of, new: &'a Of, at: &str) -> bool {
        let had = listed(old, self.old);
        let had = match (had, listed(new, self.new)) {
            (None, None) => return false,
            (None, Some(has)) => match row(old) {
                Some(row) => row,
                None => {
                    let rule = if same_kind(old, new) { "enum" } else { "type" };
                    let message = format!("one of {} only, was {}", list(&has), noun(&old.shape));
                    self.refuse(Kind::NarrowerType, at, rule, message);
                    return true;
                }
            },
            (Some(had), _) => had,
        };
        let words = |of: &Of| of.rules.iter().find_map(words_of);
        let mut gone: Vec<&Value> =
            had.iter().filter(|value| !fits(new, value, self.new)).collect();
        let has = listed(new, self.new);
        let mut added: Vec<Value> = has.iter().flatten().cloned().collect();
        added.retain(|value| !fits(old, value, self.old));
        if let (Some(i), Some(j)) = (words(old), words(new))
            && let (Some(was), Some(is)) = (self.old.words.get(i), self.new.words.get(j))
            && was.name == is.name
            && self.asking.is_none()
        {
            self.words(i, j, at);
            let known = |words: &Words, value: &Value| {
                words.variants.iter().any(|variant| *value == variant.word.as_str())
            };
            gone.retain(|value| known(is, value));
            added.retain(|value| known(was, value));
        }
        if !gone.is_empty() {
            let gone: Vec<Value> = gone.into_iter().cloned().collect();
            let rule = self.broken(new, &gone).unwrap_or("type").to_owned();
            let message = format!("{} not taken any more", are(&gone));
            self.refuse(Kind::ValueGone, at, &rule, message);
        }
        if !added.is_empty() {
            self.note(Kind::ValueNew, at, format!("{} taken too", are(&added)));
        } else if has.is_none() && !(row(old).is_some() && row(new).is_some()) {
            let message = format!("{}, was one of {}", noun(&new.shape), list(&had));
            self.note(Kind::WiderType, at, message);
        }
        true
    }

    /// The rule that the first of these values breaks.
    fn broken(&self, of: &Of, values: &[Value]) -> Option<&'static str> {
        let value = values.first()?;
        let shape = Of { shape: of.shape.clone(), rules: Vec::new() };
        if !fits(&shape, value, self.new) {
            return None;
        }
        let alone = |rule: &Rule| Of { shape: Shape::Any, rules: vec![rule.clone()] };
        let rule = of.rules.iter().find(|rule| !fits(&alone(rule), value, self.new))?;
        keyword(rule)
    }

    /// An enum of words on both sides.
    fn words(&mut self, old: usize, new: usize, at: &str) {
        if !self.words.insert((old, new)) {
            return;
        }
        let (Some(old), Some(new)) = (self.old.words.get(old), self.new.words.get(new)) else {
            return;
        };
        let name = &old.name;
        for variant in &old.variants {
            let word = shown(&variant.word);
            let is = new.variants.iter().find(|other| other.word == variant.word);
            match is {
                None => {
                    let message = format!("{word} is gone, and `{name}::{}` with it", variant.name);
                    self.refuse(Kind::WordGone, at, "enum", message);
                }
                Some(is) if is.name != variant.name => {
                    let message =
                        format!("{word} is `{name}::{}`, was `{name}::{}`", is.name, variant.name);
                    self.note(Kind::WordRenamed, at, message);
                }
                Some(_) => {}
            }
        }
        for variant in &new.variants {
            if !old.variants.iter().any(|other| other.word == variant.word) {
                let message = format!("{}, `{name}::{}`", shown(&variant.word), variant.name);
                self.note(Kind::WordNew, at, message);
            }
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, format!("what is said of `{name}`"));
        }
    }

    fn shapes(&mut self, old: &'a Of, new: &'a Of, at: &str) {
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

    fn bounds(&mut self, old: &[Rule], new: &[Rule], whole: bool, at: &str) {
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

    fn objects(&mut self, old: Object<'a>, new: Object<'a>, at: &str) {
        match (old.of, new.of) {
            (Some((i, _)), Some((j, _))) => {
                self.once(Pair::Structs(i, j), at, |walk| walk.properties(old, new, at));
            }
            (None, _) | (_, None) => self.properties(old, new, at),
        }
    }

    fn properties(&mut self, old: Object<'a>, new: Object<'a>, at: &str) {
        let typed = old.typed() && new.typed();
        let arguments = |model: &Model, of: Object<'_>| {
            of.of.map(|(index, _)| model.arguments_of(index)).unwrap_or_default()
        };
        let (taken, takes) = (arguments(self.old, old), arguments(self.new, new));
        let is_new = |field: &Field| !old.fields().iter().any(|other| other.wire == field.wire);
        let mut renamed: Vec<&str> = Vec::new();
        for (index, field) in old.fields().iter().enumerate() {
            let at = below(at, &field.wire);
            let taken = taken.contains(&index);
            let same = new.fields().iter().position(|other| other.wire == field.wire);
            let called = new.fields().iter().position(|other| other.name == field.name);
            match (same.or(called.filter(|_| typed)), same) {
                (Some(is), _) => {
                    let takes = takes.contains(&is);
                    let is = &new.fields()[is];
                    if same.is_none() {
                        renamed.push(&is.wire);
                        let message = format!("{} is its name, in Rust as before", shown(&is.wire));
                        self.refuse(Kind::WireRenamed, &at, "additionalProperties", message);
                    }
                    match typed {
                        true => self.typed_property((field, taken), (is, takes), &at),
                        false => self.untyped_property(field, is, &at),
                    }
                    self.of(&field.of, &is.of, &at);
                }
                (None, _) => self.gone(field, old, new, &at),
            }
        }
        for (index, field) in new.fields().iter().enumerate().filter(|(_, field)| is_new(field)) {
            let at = below(at, &field.wire);
            let is_required = field.required.is_some();
            if renamed.contains(&field.wire.as_str()) {
                if is_required {
                    let message = "required under this name";
                    self.refuse(Kind::WireRenamed, &at, "required", message);
                }
                continue;
            }
            self.added(field, takes.contains(&index), old, new, &at);
        }
        match (old.others, new.others) {
            (Some(old), Some(new)) => self.of(old, new, &format!("{at}[*]")),
            (Some(_), None) => {
                let at = format!("{at}[*]");
                let message = "no names but those that are described";
                self.refuse(Kind::NarrowerType, &at, "additionalProperties", message);
            }
            (None, Some(_)) => {
                self.note(Kind::WiderType, at, "other names than those that are described too");
            }
            (None, None) => {}
        }
        if let (true, Some((_, old)), Some((_, new))) = (typed, old.of, new.of) {
            self.constructors((old, &taken), (new, &takes), at);
        }
    }

    /// A property that is in the old object only.
    fn gone(&mut self, field: &'a Field, old: Object<'a>, new: Object<'a>, at: &str) {
        if old.typed() {
            let change = Change::of(Kind::PropertyGone, at, "not there any more");
            let is_refused = new.others.is_none();
            self.changes.push(match is_refused {
                true => change.refusing("additionalProperties"),
                false => change,
            });
        } else if new.others.is_none() {
            let message = "not among the names any more";
            self.refuse(Kind::NarrowerType, at, "additionalProperties", message);
        }
        if let Some(others) = new.others {
            self.of(&field.of, others, at);
        }
    }

    /// A property that is in the new object only.
    fn added(&mut self, field: &'a Field, takes: bool, old: Object<'a>, new: Object<'a>, at: &str) {
        let is_required = field.required.is_some();
        if new.typed() && takes {
            let change = Change::of(Kind::PropertyRequired, at, "new, and `new` takes it");
            let change = if is_required { change.refusing("required") } else { change };
            self.changes.push(change);
        } else if is_required {
            self.refuse(Kind::NameRequired, at, "required", "required, and new");
        } else {
            let ty = self.new_names().text(&field.ty);
            let message = match new.typed() {
                true => format!("optional, `{ty}`"),
                false => format!("described, {}", noun(&field.of.shape)),
            };
            self.note(Kind::PropertyNew, at, message);
        }
        if let Some(others) = old.others {
            self.of(others, &field.of, at);
        }
    }

    /// A property of a struct on both sides, each with whether `new` takes it.
    fn typed_property(&mut self, old: (&Field, bool), new: (&Field, bool), at: &str) {
        let ((old, taken), (new, takes)) = (old, new);
        if old.name != new.name {
            let message = format!("`{}` in Rust, was `{}`", new.name, old.name);
            self.note(Kind::PropertyRenamed, at, message);
        }
        let (was, is) = (old.required.is_some(), new.required.is_some());
        let by_new = match (taken, takes, was, is) {
            (false, true, ..) => Some((Kind::NowRequired, "required now: `new` takes it, was set")),
            (true, false, ..) => {
                Some((Kind::ArgumentGone, "optional now: it is set, was an argument of `new`"))
            }
            (true, true, true, false) => {
                Some((Kind::NowOptional, "optional now, which JSON may leave out"))
            }
            (_, _, false, true) => Some((Kind::NameRequired, "required now")),
            (_, _, false, false) | (true, true, true, true) | (false, false, true, _) => None,
        };
        if let Some((kind, message)) = by_new {
            let change = Change::of(kind, at, message);
            self.changes.push(if !was && is { change.refusing("required") } else { change });
        }
        let (old_names, new_names) = (self.old_names(), self.new_names());
        let both_set = taken && takes;
        let was = old_names.text_of(old, both_set);
        let is = new_names.text_of(new, both_set);
        if was != is {
            self.note(Kind::TypeChanged, at, format!("`{is}` in Rust, was `{was}`"));
        }
        self.property_words(old, new, at);
    }

    /// A property that is a key of a map in Rust.
    fn untyped_property(&mut self, old: &Field, new: &Field, at: &str) {
        match (old.required, new.required) {
            (None, Some(_)) => self.refuse(Kind::NameRequired, at, "required", "required now"),
            (Some(_), None) => self.note(Kind::NowOptional, at, "optional now"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.property_words(old, new, at);
    }

    fn property_words(&mut self, old: &Field, new: &Field, at: &str) {
        if old.default != new.default {
            let said = |default: &Option<String>| match default {
                Some(default) => shown(default),
                None => "none".to_owned(),
            };
            let message = format!("default {}, was {}", said(&new.default), said(&old.default));
            self.note(Kind::DefaultChanged, at, message);
        }
        if docs_differ(&old.docs, &new.docs) || old.examples != new.examples {
            self.note(Kind::Docs, at, "its title, description or examples");
        }
        let (was, is) = (&old.docs.unchecked, &new.docs.unchecked);
        for unchecked in is.iter().filter(|unchecked| !was.contains(unchecked)) {
            self.note(Kind::Docs, at, format!("{} is not checked", shown(unchecked)));
        }
        for unchecked in was.iter().filter(|unchecked| !is.contains(unchecked)) {
            let message = format!("{}, which was not checked, is gone", shown(unchecked));
            self.note(Kind::Docs, at, message);
        }
    }

    /// What `new` of a struct takes.
    fn constructors(&mut self, old: (&Struct, &[usize]), new: (&Struct, &[usize]), at: &str) {
        let signature = |(of, arguments): (&Struct, &[usize]), names: Names<'_>| {
            let typed = |field: &&Field| (field.name.clone(), names.text_argument(&field.ty));
            let named = |field: &&Field| (field.name.clone(), names.text(&field.ty));
            let shown = |all: &[(String, String)]| {
                let all: Vec<String> =
                    all.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
                all.join(", ")
            };
            match Takes::of(of, arguments) {
                Takes::Nothing => (Vec::new(), "`new()`".to_owned()),
                Takes::InOrder(fields) => {
                    let all: Vec<_> = fields.iter().map(typed).collect();
                    let shown = format!("`new({})`", shown(&all));
                    (all.into_iter().map(|(_, ty)| ty).collect(), shown)
                }
                Takes::ByName(fields) => {
                    let mut all: Vec<_> = fields.iter().map(named).collect();
                    let name = required_name(of);
                    let shown = format!("`new({name} {{ {} }})`", shown(&all));
                    all.sort();
                    let by_name = all.into_iter().map(|(name, ty)| format!("{name}: {ty}"));
                    (by_name.collect(), shown)
                }
            }
        };
        let (was, was_said) = signature(old, self.old_names());
        let (is, is_said) = signature(new, self.new_names());
        if was != is {
            self.note(Kind::NewTakes, at, format!("{is_said}, was {was_said}"));
        }
        if docs_differ(&old.0.docs, &new.0.docs) {
            self.note(Kind::Docs, at, format!("what is said of `{}`", new.0.name));
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
    Names { structs: &model.inputs, words: &model.words, unions: &model.unions }
}

/// The types of an input that a caller can name, and what each is.
fn types(model: &Model) -> HashMap<&str, &'static str> {
    let structs = model.inputs.iter().filter(|of| !of.table_only);
    let structs = structs.map(|of| (of.name.as_str(), "a struct"));
    let words = model.words.iter().map(|words| (words.name.as_str(), "an enum of words"));
    let unions = model.unions.iter().filter(|union| !union.variants.is_empty());
    let unions = unions.map(|union| (union.name.as_str(), "a union"));
    structs.chain(words).chain(unions).collect()
}

fn docs_differ(old: &Docs, new: &Docs) -> bool {
    (&old.title, &old.description) != (&new.title, &new.description)
}

fn object<'a>(of: &'a Of, model: &'a Model) -> Object<'a> {
    let named = |index: usize| model.inputs.get(index).map(|of| (index, of));
    match &of.shape {
        Shape::Object(index) => Object { of: named(*index), others: None },
        Shape::Open(index, others) => Object { of: named(*index), others: Some(others) },
        Shape::Map(others) => Object { of: None, others: Some(others) },
        _ => Object { of: None, others: None },
    }
}

fn not_null(of: &Of) -> &Of {
    match &of.shape {
        Shape::Nullable(inner) if of.rules.is_empty() => inner,
        _ => of,
    }
}

fn words_of(rule: &Rule) -> Option<usize> {
    match rule {
        Rule::Words(index) => Some(*index),
        _ => None,
    }
}

/// The values of an `enum` that keep to the rules beside it.
fn listed(of: &Of, model: &Model) -> Option<Vec<Value>> {
    let all: Vec<Value> = of.rules.iter().find_map(|rule| match rule {
        Rule::Words(index) => {
            let variants = model.words.get(*index)?.variants.iter();
            Some(variants.map(|variant| Value::from(variant.word.as_str())).collect())
        }
        Rule::Integers(choices) => Some(choices.iter().map(|choice| (*choice).into()).collect()),
        Rule::Values(choices) => {
            Some(choices.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
        }
        _ => None,
    })?;
    Some(all.into_iter().filter(|value| fits(of, value, model)).collect())
}

/// The integers between two bounds, where they are few: as good as an `enum`.
fn row(of: &Of) -> Option<Vec<Value>> {
    const MOST: f64 = 1000.0;
    let [Rule::Minimum(least), Rule::Maximum(most)] = of.rules.as_slice() else { return None };
    let few = of.shape == Shape::Integer && least.abs() < 1e9 && most - least < MOST;
    few.then(|| (least.ceil() as i64..=most.floor() as i64).map(Value::from).collect())
}

/// Whether values of one shape are of the other too, so that only the choice refuses them.
fn same_kind(old: &Of, new: &Of) -> bool {
    let text = |shape: &Shape| matches!(shape, Shape::Text | Shape::Media(_));
    old.shape == new.shape
        || new.shape == Shape::Any
        || (text(&old.shape) && text(&new.shape))
        || (old.shape == Shape::Integer && new.shape == Shape::Number)
}

/// The keyword of a rule, where it is one that a value by itself can break.
fn keyword(rule: &Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::MinLength(_) => "minLength",
        Rule::MaxLength(_) => "maxLength",
        Rule::Minimum(_) | Rule::MinimumInteger(_) => "minimum",
        Rule::Maximum(_) | Rule::MaximumInteger(_) => "maximum",
        Rule::ExclusiveMinimum(_) => "exclusiveMinimum",
        Rule::ExclusiveMaximum(_) => "exclusiveMaximum",
        Rule::MultipleOf(_) => "multipleOf",
        Rule::MinItems(_) => "minItems",
        Rule::MaxItems(_) => "maxItems",
        Rule::UniqueItems => "uniqueItems",
        Rule::MinProperties(_) => "minProperties",
        Rule::MaxProperties(_) => "maxProperties",
        Rule::Words(_) | Rule::Integers(_) | Rule::Values(_) => "enum",
        Rule::Measured(..) | Rule::Unchecked(..) => return None,
    })
}

/// `5 and 8 are`, `5 is`.
fn are(values: &[Value]) -> String {
    match values {
        [_] => format!("{} is", list(values)),
        _ => format!("{} are", list(values)),
    }
}

/// A list of values, by its beginning where it is long.
fn list(values: &[Value]) -> String {
    const MOST: usize = 12;
    let all: Vec<String> =
        values.iter().take(MOST).map(|value| shown(&value.to_string())).collect();
    let rest = values.len().saturating_sub(MOST);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    all.join(", ") + &rest
}

/// What a shape takes, in words.
pub(super) fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Any => "any value",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(MediaKind::Image) => "an image",
        Shape::Media(MediaKind::Video) => "a video",
        Shape::Media(MediaKind::Audio) => "a sound",
        Shape::Media(_) => "media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "an object",
        Shape::Nullable(_) => "a value or null",
        Shape::Union(_) => "one of several kinds",
    }
}
