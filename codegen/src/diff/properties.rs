//! Compares objects property by property: the fields of structs and the arguments of `new`, or the
//! keys of maps.

use super::describe::{below, docs_differ, noun, shown};
use super::walk::{Comparison, Object, TypePair};
use super::{Change, Kind};
use crate::constructor_args::{ConstructorArgs, OnlyValue};
use crate::model::{Field, Model, Struct};
use crate::render::type_names::{Names, required_name};

/// Two objects with the fields that `new` takes of each.
struct ObjectPair<'a> {
    old: Object<'a>,
    new: Object<'a>,
    old_arguments: Vec<usize>,
    new_arguments: Vec<usize>,
}

/// A field of a struct, and its setting by callers.
#[derive(Clone, Copy)]
struct Settable<'a> {
    field: &'a Field,
    setting: Setting,
}

/// The way in which a field gets its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// `new` takes it.
    Argument,
    /// `new` fills in its only value.
    FilledIn,
    /// A setter sets it.
    Setter,
}

impl<'a> Settable<'a> {
    fn new(field: &'a Field, is_argument: bool, model: &Model) -> Self {
        let setting = match (is_argument, OnlyValue::of(field, &model.enums)) {
            (true, _) => Setting::Argument,
            (false, Some(_)) => Setting::FilledIn,
            (false, None) => Setting::Setter,
        };
        Self { field, setting }
    }

    /// Returns its Rust type.
    fn ty(self, names: Names<'_>) -> String {
        match self.setting {
            Setting::Argument | Setting::FilledIn => names.text(&self.field.ty),
            Setting::Setter => names.text_optional(self.field),
        }
    }
}

impl ObjectPair<'_> {
    /// Returns `true` if both are structs in Rust.
    fn are_structs(&self) -> bool {
        self.old.is_struct() && self.new.is_struct()
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn compare_objects(&mut self, old: Object<'a>, new: Object<'a>, at: &str) {
        let pair = ObjectPair {
            old,
            new,
            old_arguments: old.arguments(self.old),
            new_arguments: new.arguments(self.new),
        };
        match (old.described, new.described) {
            (Some((i, _)), Some((j, _))) => {
                self.once(TypePair::Structs(i, j), at, |walk| walk.compare_properties(&pair, at));
            }
            (None, _) | (_, None) => self.compare_properties(&pair, at),
        }
    }

    fn compare_properties(&mut self, pair: &ObjectPair<'a>, at: &str) {
        let (old, new) = (pair.old, pair.new);
        let mut renamed: Vec<&str> = Vec::new();
        for (index, field) in old.fields().iter().enumerate() {
            let at = below(at, &field.wire);
            let same = new.fields().iter().position(|other| other.wire == field.wire);
            let found = if pair.are_structs() {
                same.or_else(|| new.fields().iter().position(|other| other.name == field.name))
            } else {
                same
            };
            let Some(position) = found else {
                self.note_removed(field, pair, &at);
                continue;
            };
            let other = &new.fields()[position];
            if same.is_none() {
                renamed.push(&other.wire);
                let message = format!("now called {}, with the same Rust name", shown(&other.wire));
                self.refuse(Kind::WireRenamed, &at, "additionalProperties", message);
            }
            if pair.are_structs() && self.reports() {
                let old = Settable::new(field, pair.old_arguments.contains(&index), self.old);
                let is_argument = pair.new_arguments.contains(&position);
                self.compare_fields(old, Settable::new(other, is_argument, self.new), &at);
            } else {
                self.compare_keys(field, other, &at);
            }
            self.compare_values(&field.schema, &other.schema, &at);
        }
        for (index, field) in new.fields().iter().enumerate() {
            if old.fields().iter().any(|other| other.wire == field.wire) {
                continue;
            }
            let at = below(at, &field.wire);
            if !renamed.contains(&field.wire.as_str()) {
                let is_argument = pair.new_arguments.contains(&index);
                self.note_added(Settable::new(field, is_argument, self.new), pair, &at);
            } else if field.required.is_some() {
                self.refuse(Kind::WireRenamed, &at, "required", "required under this name");
            }
        }
        self.compare_others(pair, at);
        if let (Some((_, old)), Some((_, new))) = (old.described, new.described)
            && pair.are_structs()
            && self.reports()
        {
            let old = (old, pair.old_arguments.as_slice());
            self.compare_constructors(old, (new, &pair.new_arguments), at);
        }
    }

    /// Compares the schemas of properties that are not described.
    fn compare_others(&mut self, pair: &ObjectPair<'a>, at: &str) {
        match (pair.old.others, pair.new.others) {
            (Some(old), Some(new)) => self.compare_values(old, new, &format!("{at}[*]")),
            (Some(_), None) => {
                let at = format!("{at}[*]");
                let message = "no longer accepts undescribed names";
                self.refuse(Kind::NarrowerType, &at, "additionalProperties", message);
            }
            (None, Some(_)) => self.note(Kind::WiderType, at, "accepts undescribed names too"),
            (None, None) => {}
        }
    }

    /// Notes a property of the old object only.
    fn note_removed(&mut self, field: &'a Field, pair: &ObjectPair<'a>, at: &str) {
        let others = pair.new.others;
        if pair.old.is_struct() {
            let change = Change::new(Kind::PropertyGone, at, "removed");
            let is_refused = others.is_none();
            self.push(if is_refused { change.refusing("additionalProperties") } else { change });
        } else if others.is_none() {
            let message = "no longer accepted as a name";
            self.refuse(Kind::NarrowerType, at, "additionalProperties", message);
        }
        if let Some(others) = others {
            self.compare_values(&field.schema, others, at);
        }
    }

    /// Notes a property of the new object only.
    fn note_added(&mut self, new: Settable<'a>, pair: &ObjectPair<'a>, at: &str) {
        let field = new.field;
        let is_required = field.required.is_some();
        if pair.new.is_struct() && new.setting == Setting::Argument {
            let change = Change::new(Kind::PropertyRequired, at, "new, and an argument of `new`");
            self.push(if is_required { change.refusing("required") } else { change });
        } else if is_required {
            self.refuse(Kind::NameRequired, at, "required", "new and required");
        } else if pair.new.is_struct() {
            let ty = self.new_names().text(&field.ty);
            self.note(Kind::PropertyNew, at, format!("optional, `{ty}`"));
        } else {
            let message = format!("described, {}", noun(&field.schema.shape));
            self.note(Kind::PropertyNew, at, message);
        }
        if let Some(others) = pair.old.others {
            self.compare_values(others, &field.schema, at);
        }
    }

    /// Compares a property that is a field in Rust on both sides.
    fn compare_fields(&mut self, old: Settable<'_>, new: Settable<'_>, at: &str) {
        let (was_required, is_required) =
            (old.field.required.is_some(), new.field.required.is_some());
        use Setting::{Argument, FilledIn, Setter};
        let change = match (old.setting, new.setting) {
            (Setter, Argument) => Some((Kind::NowRequired, "required: now an argument of `new`")),
            (FilledIn, Argument) => {
                Some((Kind::NowRequired, "of several values: now an argument of `new`"))
            }
            (Argument, Setter) => {
                Some((Kind::ArgumentGone, "optional: no longer an argument of `new`"))
            }
            (Argument, FilledIn) => {
                Some((Kind::ArgumentGone, "of one value: no longer an argument of `new`"))
            }
            _ if !was_required && is_required => Some((Kind::NameRequired, "now required")),
            (Argument, Argument) if was_required && !is_required => {
                Some((Kind::NowOptional, "now optional in JSON"))
            }
            (Argument, Argument) | (FilledIn | Setter, FilledIn | Setter) => None,
        };
        if old.field.name != new.field.name {
            let message = format!("`{}` in Rust, was `{}`", new.field.name, old.field.name);
            self.note(Kind::PropertyRenamed, at, message);
        }
        if let Some((kind, message)) = change {
            let change = Change::new(kind, at, message);
            let is_refused = !was_required && is_required;
            self.push(if is_refused { change.refusing("required") } else { change });
        }
        let (was, is) = match (old.setting, new.setting) {
            // The change of `new` says that one of them is an `Option`.
            (Argument, Setter) | (Setter, Argument) => (
                self.old_names().text_optional(old.field),
                self.new_names().text_optional(new.field),
            ),
            _ => (old.ty(self.old_names()), new.ty(self.new_names())),
        };
        if was != is {
            self.note(Kind::TypeChanged, at, format!("`{is}` in Rust, was `{was}`"));
        }
        self.compare_field_docs(old.field, new.field, at);
    }

    /// Compares a property that is a key of a map in Rust.
    fn compare_keys(&mut self, old: &Field, new: &Field, at: &str) {
        match (old.required, new.required) {
            (None, Some(_)) => self.refuse(Kind::NameRequired, at, "required", "now required"),
            (Some(_), None) => self.note(Kind::NowOptional, at, "now optional"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.compare_field_docs(old, new, at);
    }

    fn compare_field_docs(&mut self, old: &Field, new: &Field, at: &str) {
        if !self.reports() {
            return;
        }
        if old.default != new.default {
            let (was, is) = (shown_default(old), shown_default(new));
            self.note(Kind::DefaultChanged, at, format!("default {is}, was {was}"));
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, "another title or description");
        }
        let (was, is) = (&old.docs.unchecked, &new.docs.unchecked);
        for unchecked in is.iter().filter(|unchecked| !was.contains(unchecked)) {
            self.note(Kind::Docs, at, format!("{} is not checked", shown(&unchecked.to_string())));
        }
        for unchecked in was.iter().filter(|unchecked| !is.contains(unchecked)) {
            let message =
                format!("{}, which was not checked, is removed", shown(&unchecked.to_string()));
            self.note(Kind::Docs, at, message);
        }
    }

    /// Compares `new` of two structs, each given with the fields that it takes.
    fn compare_constructors(
        &mut self,
        old: (&Struct, &[usize]),
        new: (&Struct, &[usize]),
        at: &str,
    ) {
        let was = Signature::new(old, self.old_names());
        let is = Signature::new(new, self.new_names());
        if was.arguments != is.arguments {
            self.note(Kind::NewTakes, at, format!("{}, was {}", is.text, was.text));
        }
        if docs_differ(&old.0.docs, &new.0.docs) {
            self.note(Kind::Docs, at, format!("the docs of `{}`", new.0.name));
        }
    }
}

/// The signature of `new`.
struct Signature {
    /// The types in order, or the names with their types. A caller depends on these.
    arguments: Vec<String>,
    text: String,
}

impl Signature {
    fn new((of, arguments): (&Struct, &[usize]), names: Names<'_>) -> Self {
        match ConstructorArgs::new(of, arguments) {
            ConstructorArgs::None => Self { arguments: Vec::new(), text: "`new()`".to_owned() },
            ConstructorArgs::InOrder(fields) => {
                let types = fields.iter().map(|field| names.text_argument(&field.ty));
                let arguments: Vec<String> = types.collect();
                let named = fields.iter().zip(&arguments);
                let named: Vec<String> =
                    named.map(|(field, ty)| format!("{}: {ty}", field.name)).collect();
                Self { text: format!("`new({})`", named.join(", ")), arguments }
            }
            ConstructorArgs::ByName(fields) => {
                let named = fields.iter();
                let named = named.map(|field| format!("{}: {}", field.name, names.text(&field.ty)));
                let mut arguments: Vec<String> = named.collect();
                let text = format!("`new({} {{ {} }})`", required_name(of), arguments.join(", "));
                arguments.sort();
                Self { arguments, text }
            }
        }
    }
}

fn shown_default(field: &Field) -> String {
    field.default.as_deref().map_or_else(|| "none".to_owned(), shown)
}
