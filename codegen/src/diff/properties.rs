//! Objects compared, property by property: as the fields of a struct, with what `new` takes,
//! or as the names of a map.

use super::describe::{below, docs_differ, noun, shown};
use super::walk::{Object, Pair, Walk};
use super::{Change, Kind};
use crate::constructor_args::Takes;
use crate::model::{Field, Model, Struct};
use crate::render::type_names::{Names, required_name};

impl<'a> Walk<'a> {
    pub(super) fn objects(&mut self, old: Object<'a>, new: Object<'a>, at: &str) {
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
                    match typed && !self.is_asking() {
                        true => self.typed_property((field, taken), (is, takes), &at),
                        false => self.untyped_property(field, is, &at),
                    }
                    self.of(&field.schema, &is.schema, &at);
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
        if let (Some((_, old)), Some((_, new))) = (old.of, new.of)
            && typed
            && !self.is_asking()
        {
            self.constructors((old, &taken), (new, &takes), at);
        }
    }

    /// A property that is in the old object only.
    fn gone(&mut self, field: &'a Field, old: Object<'a>, new: Object<'a>, at: &str) {
        if old.typed() {
            let change = Change::of(Kind::PropertyGone, at, "not there any more");
            let is_refused = new.others.is_none();
            self.push(match is_refused {
                true => change.refusing("additionalProperties"),
                false => change,
            });
        } else if new.others.is_none() {
            let message = "not among the names any more";
            self.refuse(Kind::NarrowerType, at, "additionalProperties", message);
        }
        if let Some(others) = new.others {
            self.of(&field.schema, others, at);
        }
    }

    /// A property that is in the new object only.
    fn added(&mut self, field: &'a Field, takes: bool, old: Object<'a>, new: Object<'a>, at: &str) {
        let is_required = field.required.is_some();
        if new.typed() && takes {
            let change = Change::of(Kind::PropertyRequired, at, "new, and `new` takes it");
            let change = if is_required { change.refusing("required") } else { change };
            self.push(change);
        } else if is_required {
            self.refuse(Kind::NameRequired, at, "required", "required, and new");
        } else {
            let ty = self.new_names().text(&field.ty);
            let message = match new.typed() {
                true => format!("optional, `{ty}`"),
                false => format!("described, {}", noun(&field.schema.shape)),
            };
            self.note(Kind::PropertyNew, at, message);
        }
        if let Some(others) = old.others {
            self.of(others, &field.schema, at);
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
            self.push(if !was && is { change.refusing("required") } else { change });
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
        if self.is_asking() {
            return;
        }
        if old.default != new.default {
            let said = |default: &Option<String>| match default {
                Some(default) => shown(default),
                None => "none".to_owned(),
            };
            let message = format!("default {}, was {}", said(&new.default), said(&old.default));
            self.note(Kind::DefaultChanged, at, message);
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, "another title or description");
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
}
