//! Compares what callers can read of two outputs.

use std::collections::HashSet;

use super::describe::{below, docs_differ};
use super::unions::compare_variants;
use super::{Change, Kind};
use crate::model::{Field, Model, Output, Struct, Type, Union};
use crate::render::type_names::{Names, rest_name};

/// Returns all changes of the output.
pub(super) fn compare(old: &Model, new: &Model) -> Vec<Change> {
    let (was, is) = (Types::new(&old.output), Types::new(&new.output));
    let mut walk =
        OutputComparison { old: was, new: is, seen: HashSet::new(), changes: Vec::new() };
    match (&old.output, &new.output) {
        (Output::Usual, Output::Usual) => return Vec::new(),
        (Output::Usual, _) => return vec![reshaped("its own type", "`MediaOutput`")],
        (_, Output::Usual) => return vec![reshaped("`MediaOutput`", "its own type")],
        (Output::Own { .. }, Output::Own { .. }) => walk.compare_structs(0, 0, "output"),
        (Output::Own { .. }, Output::Plain { .. }) => {
            return vec![reshaped("one value", "an object")];
        }
        (Output::Plain { .. }, Output::Own { .. }) => {
            return vec![reshaped("an object", "one value")];
        }
        (Output::Plain { root: old, .. }, Output::Plain { root: new, .. }) => {
            let (was, is) = (was.names().text_plain(old), is.names().text_plain(new));
            if was != is {
                walk.changes.push(reshaped(&format!("`{is}`"), &format!("`{was}`")));
            }
            walk.compare_types(old, new, "output");
        }
    }
    walk.note_removed_types();
    walk.changes
}

/// The types of an output that is not the usual one.
#[derive(Clone, Copy)]
struct Types<'a> {
    structs: &'a [Struct],
    unions: &'a [Union],
}

struct OutputComparison<'a> {
    old: Types<'a>,
    new: Types<'a>,
    /// The pairs of types that are compared already.
    seen: HashSet<TypePair>,
    changes: Vec<Change>,
}

#[derive(PartialEq, Eq, Hash)]
enum TypePair {
    Structs(usize, usize),
    Unions(usize, usize),
}

impl<'a> Types<'a> {
    fn new(output: &'a Output) -> Self {
        match output {
            Output::Usual => Self { structs: &[], unions: &[] },
            Output::Own { structs, unions } | Output::Plain { structs, unions, .. } => {
                Self { structs, unions }
            }
        }
    }

    fn names(self) -> Names<'a> {
        Names { structs: self.structs, enums: &[], unions: self.unions }
    }

    /// Returns the names of the types, each with its kind.
    fn named(self) -> impl Iterator<Item = (&'a str, &'static str)> {
        let unions = self.unions.iter().filter(|union| !union.variants.is_empty());
        let structs = self.structs.iter().map(|named| (named.name.as_str(), "struct"));
        structs.chain(unions.map(|union| (union.name.as_str(), "union")))
    }
}

impl OutputComparison<'_> {
    fn compare_structs(&mut self, i: usize, j: usize, at: &str) {
        let (Some(old), Some(new)) = (self.old.structs.get(i), self.new.structs.get(j)) else {
            return;
        };
        if !self.seen.insert(TypePair::Structs(i, j)) {
            return;
        }
        let mut renamed: Vec<&str> = Vec::new();
        for field in &old.fields {
            let at = below(at, &field.wire);
            if let Some(same) = new.fields.iter().find(|other| other.wire == field.wire) {
                self.compare_fields(field, same, &at);
            } else if let Some(same) = new.fields.iter().find(|other| other.name == field.name) {
                renamed.push(&same.wire);
                let message = format!("read from `{}`, with the same Rust name", same.wire);
                self.note(Kind::OutputWireRenamed, &at, message);
                self.compare_fields(field, same, &at);
            } else {
                let rest = rest_name(new);
                self.note(
                    Kind::OutputGone,
                    &at,
                    format!("removed; if it comes, it is in `{rest}`"),
                );
            }
        }
        for field in &new.fields {
            let is_known = old.fields.iter().any(|other| other.wire == field.wire);
            if !is_known && !renamed.contains(&field.wire.as_str()) {
                let ty = self.new.names().text_output(field);
                self.note(Kind::OutputNew, &below(at, &field.wire), format!("`{ty}`"));
            }
        }
        let (was, is) = (rest_name(old), rest_name(new));
        if was != is {
            let message = format!("other properties are in `{is}`, were in `{was}`");
            self.note(Kind::OutputChanged, at, message);
        }
    }

    fn compare_fields(&mut self, old: &Field, new: &Field, at: &str) {
        if old.name != new.name {
            let message = format!("`{}` in Rust, was `{}`", new.name, old.name);
            self.note(Kind::OutputChanged, at, message);
        }
        let (was, is) = (self.old.names().text_output(old), self.new.names().text_output(new));
        if was != is {
            self.note(Kind::OutputChanged, at, format!("`{is}` in Rust, was `{was}`"));
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, "another title or description".to_owned());
        }
        self.compare_types(&old.ty, &new.ty, at);
    }

    /// Compares the structs and unions within two types.
    fn compare_types(&mut self, old: &Type, new: &Type, at: &str) {
        match (old, new) {
            (Type::Struct(i), Type::Struct(j)) => self.compare_structs(*i, *j, at),
            (Type::Union(i), Type::Union(j)) => self.compare_unions(*i, *j, at),
            (Type::List(old), Type::List(new)) => self.compare_types(old, new, &format!("{at}[]")),
            (Type::Map(old), Type::Map(new)) => self.compare_types(old, new, &format!("{at}[*]")),
            (Type::Nullable(old) | Type::Boxed(old), new) => self.compare_types(old, new, at),
            (old, Type::Nullable(new) | Type::Boxed(new)) => self.compare_types(old, new, at),
            (_, _) => {}
        }
    }

    fn compare_unions(&mut self, i: usize, j: usize, at: &str) {
        let (Some(old), Some(new)) = (self.old.unions.get(i), self.new.unions.get(j)) else {
            return;
        };
        if old.name != new.name || !self.seen.insert(TypePair::Unions(i, j)) {
            return;
        }
        let (was, is) = ((old, self.old.names()), (new, self.new.names()));
        self.changes.extend(compare_variants(was, is, at, Kind::BranchGone));
        for (name, ty) in &old.variants {
            if let Some((_, other)) = new.variants.iter().find(|(other, _)| other == name) {
                self.compare_types(ty, other, at);
            }
        }
    }

    /// Notes the types that a caller can no longer name.
    fn note_removed_types(&mut self) {
        let names: HashSet<(&str, &str)> = self.new.named().collect();
        for (name, kind) in self.old.named().filter(|named| !names.contains(named)) {
            let message = format!("`{name}` is removed, or no longer a {kind}");
            self.note(Kind::TypeGone, "output", message);
        }
    }

    fn note(&mut self, kind: Kind, at: &str, message: String) {
        self.changes.push(Change::new(kind, at, message));
    }
}

fn reshaped(is: &str, was: &str) -> Change {
    Change::new(Kind::OutputReshaped, "output", format!("the output is {is}, was {was}"))
}
