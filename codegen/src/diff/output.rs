//! Outputs compared: what a caller can read of them.

use std::collections::HashSet;

use super::describe::below;
use super::unions::variants;
use super::{Change, Kind};
use crate::model::{Field, Model, Output, Struct, Type, Union};
use crate::render::type_names::{Names, rest_name};

/// Everything that changed of the output.
pub(super) fn changes(old: &Model, new: &Model) -> Vec<Change> {
    let (was, is) = (Side::of(&old.output), Side::of(&new.output));
    let (Some(was), Some(is)) = (was, is) else {
        return match (&old.output, &new.output) {
            (Output::Usual, Output::Usual) => Vec::new(),
            (Output::Usual, _) => vec![reshaped("of its own", "the usual one")],
            (_, _) => vec![reshaped("the usual one", "of its own")],
        };
    };
    let mut walk = Walk { old: was, new: is, seen: HashSet::new(), changes: Vec::new() };
    match (&old.output, &new.output) {
        (Output::Own { .. }, Output::Own { .. }) => walk.structs(0, 0, "output"),
        (Output::Plain { root: was, .. }, Output::Plain { root: is, .. }) => {
            let (before, after) =
                (walk.old.names().text_plain(was), walk.new.names().text_plain(is));
            if before != after {
                walk.changes.push(reshaped(&format!("`{after}`"), &format!("`{before}`")));
            }
            walk.types(was, is, "output");
        }
        (_, Output::Plain { .. }) => return vec![reshaped("one value", "an object")],
        (_, _) => return vec![reshaped("an object", "one value")],
    }
    walk.gone();
    walk.changes
}

fn reshaped(is: &str, was: &str) -> Change {
    Change::of(Kind::OutputReshaped, "output", format!("the output is {is}, was {was}"))
}

/// The types of one output that is not the usual one.
#[derive(Clone, Copy)]
struct Side<'a> {
    structs: &'a [Struct],
    unions: &'a [Union],
}

impl<'a> Side<'a> {
    fn of(output: &'a Output) -> Option<Self> {
        match output {
            Output::Usual => None,
            Output::Own { structs, unions } | Output::Plain { structs, unions, .. } => {
                Some(Self { structs, unions })
            }
        }
    }

    fn names(self) -> Names<'a> {
        Names { structs: self.structs, enums: &[], unions: self.unions }
    }

    fn types(self) -> impl Iterator<Item = (&'a str, bool)> {
        let unions = self.unions.iter().filter(|union| !union.variants.is_empty());
        let structs = self.structs.iter().map(|of| (of.name.as_str(), true));
        structs.chain(unions.map(|union| (union.name.as_str(), false)))
    }
}

struct Walk<'a> {
    old: Side<'a>,
    new: Side<'a>,
    seen: HashSet<(usize, usize, bool)>,
    changes: Vec<Change>,
}

impl Walk<'_> {
    fn structs(&mut self, i: usize, j: usize, at: &str) {
        let (old, new) = (self.old, self.new);
        let (Some(was), Some(is)) = (old.structs.get(i), new.structs.get(j)) else { return };
        if !self.seen.insert((i, j, true)) {
            return;
        }
        let mut renamed: Vec<&str> = Vec::new();
        for field in &was.fields {
            let path = below(at, &field.wire);
            let same = is.fields.iter().find(|other| other.wire == field.wire);
            let called = || is.fields.iter().find(|other| other.name == field.name);
            match same.or_else(called) {
                Some(other) => {
                    if same.is_none() {
                        renamed.push(&other.wire);
                        let message = format!("read from `{}`, in Rust as before", other.wire);
                        self.changes.push(Change::of(Kind::OutputWireRenamed, &path, message));
                    }
                    self.field(field, other, &path);
                }
                None => {
                    let message = "not described any more; it is among the others if it comes";
                    self.changes.push(Change::of(Kind::OutputGone, &path, message));
                }
            }
        }
        for field in &is.fields {
            let known = was.fields.iter().any(|other| other.wire == field.wire);
            if !known && !renamed.contains(&field.wire.as_str()) {
                let ty = new.names().text_answered(field);
                let path = below(at, &field.wire);
                self.changes.push(Change::of(Kind::OutputNew, &path, format!("`{ty}`")));
            }
        }
        if rest_name(was) != rest_name(is) {
            let message =
                format!("everything else is in `{}`, was in `{}`", rest_name(is), rest_name(was));
            self.changes.push(Change::of(Kind::OutputChanged, at, message));
        }
    }

    fn field(&mut self, old: &Field, new: &Field, at: &str) {
        if old.name != new.name {
            let message = format!("`{}` in Rust, was `{}`", new.name, old.name);
            self.changes.push(Change::of(Kind::OutputChanged, at, message));
        }
        let (was, is) = (self.old.names(), self.new.names());
        let (was, is) = (was.text_answered(old), is.text_answered(new));
        if was != is {
            let message = format!("`{is}` in Rust, was `{was}`");
            self.changes.push(Change::of(Kind::OutputChanged, at, message));
        }
        let words = |field: &Field| (field.docs.title.clone(), field.docs.description.clone());
        if words(old) != words(new) {
            self.changes.push(Change::of(Kind::Docs, at, "its title or description"));
        }
        self.types(&old.ty, &new.ty, at);
    }

    /// The structs and unions within two types.
    fn types(&mut self, old: &Type, new: &Type, at: &str) {
        match (old, new) {
            (Type::Struct(i), Type::Struct(j)) => self.structs(*i, *j, at),
            (Type::Union(i), Type::Union(j)) => self.unions(*i, *j, at),
            (Type::List(old), Type::List(new)) => self.types(old, new, &format!("{at}[]")),
            (Type::Map(old), Type::Map(new)) => self.types(old, new, &format!("{at}[*]")),
            (Type::Nullable(old) | Type::Boxed(old), new) => self.types(old, new, at),
            (old, Type::Nullable(new) | Type::Boxed(new)) => self.types(old, new, at),
            (_, _) => {}
        }
    }

    fn unions(&mut self, i: usize, j: usize, at: &str) {
        let (old, new) = (self.old, self.new);
        let (Some(was), Some(is)) = (old.unions.get(i), new.unions.get(j)) else { return };
        if was.name != is.name || !self.seen.insert((i, j, false)) {
            return;
        }
        let (before, after) = (old.names(), new.names());
        self.changes.extend(variants((was, before), (is, after), at, Kind::BranchGone));
        for (name, ty) in &was.variants {
            if let Some((_, other)) = is.variants.iter().find(|(other, _)| other == name) {
                self.types(ty, other, at);
            }
        }
    }

    /// The types that a caller could name and cannot any more.
    fn gone(&mut self) {
        let types: HashSet<(&str, bool)> = self.new.types().collect();
        for (name, is_struct) in self.old.types() {
            if !types.contains(&(name, is_struct)) {
                let message = format!("`{name}` is not there any more, or of another kind");
                self.changes.push(Change::of(Kind::TypeGone, "output", message));
            }
        }
    }
}
