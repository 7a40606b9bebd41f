//! Compares a union with a union or with another type.

use super::describe::noun;
use super::rules::Domain;
use super::walk::{Comparison, TypePair};
use super::{Change, Kind, Level, Refusal};
use crate::model::{Model, Rule, Shape, Union, UnionKind, ValueSchema};
use crate::render::type_names::Names;

/// The kinds of changes by which more values are accepted.
const WIDER: [Kind; 3] = [Kind::WiderBound, Kind::WiderType, Kind::ValueNew];

impl<'a> Comparison<'a> {
    /// Compares two schemas, at least one of them a union.
    pub(super) fn compare_unions(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let pair = match (union_index(old), union_index(new)) {
            (Some(i), Some(j)) => TypePair::Unions(i, j),
            // A union within a union can lead back to the outer one.
            (Some(i), None) => TypePair::FromUnion(i, std::ptr::from_ref(new).addr()),
            (None, Some(j)) => TypePair::ToUnion(std::ptr::from_ref(old).addr(), j),
            (None, None) => return,
        };
        self.once(pair, at, |walk| {
            if let (Some(was), Some(is)) = (union_of(old, walk.old), union_of(new, walk.new))
                && was.name == is.name
                && walk.reports()
            {
                let (was, is) = ((was, walk.old_names()), (is, walk.new_names()));
                walk.changes.extend(compare_variants(was, is, at, Kind::BranchGone));
            }
            if is_by_kind(old, walk.old) || is_by_kind(new, walk.new) {
                walk.compare_by_kind(old, new, at);
            } else if walk.reports() {
                walk.compare_branches(old, new, at);
            } else {
                walk.find_refused_branch(old, new, at);
            }
        });
    }

    fn compare_branches(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let from = self.changes.len();
        self.pair_branches(old, new, at);
        // A branch may accept more than before, but no more than another branch did.
        if self.adds_nothing(old, new) {
            self.retain_from(from, |change| !WIDER.contains(&change.kind));
        }
    }

    /// Compares schemas, at least one of them without `type`. Each branch of such a schema bounds
    /// only values of one kind.
    fn compare_by_kind(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let (olds, news) = (flat(old, self.old), flat(new, self.new));
        let was_by_kind = is_by_kind(old, self.old);
        if !is_by_kind(new, self.new) {
            let message = format!("{}, was any value of other kinds too", noun(&new.shape));
            match new.shape {
                Shape::Any => self.note(Kind::WiderType, at, message),
                _ => self.refuse(Kind::NarrowerType, at, "type", message),
            }
            return self.compare_rules(&old.rules, &new.rules, Domain::Numbers, at);
        }
        if !was_by_kind && !matches!(old.shape, Shape::Any) {
            self.note(Kind::WiderType, at, "accepts values of any other kind too");
        }
        for branch in &news {
            let same_kind: Vec<_> = olds.iter().filter(|old| shares_kind(old, branch)).collect();
            if same_kind.is_empty() && was_by_kind {
                let message = format!("{} is bounded now", noun(&branch.shape));
                self.refuse(Kind::NarrowerType, at, "type", message);
            }
            same_kind.into_iter().for_each(|old| self.compare_values(old, branch, at));
        }
        for branch in olds.iter().filter(|old| !news.iter().any(|new| shares_kind(old, new))) {
            let message = format!("{} is no longer bounded", noun(&branch.shape));
            self.note(Kind::WiderType, at, message);
        }
        self.compare_rules(&old.rules, &new.rules, Domain::Numbers, at);
    }

    /// Refuses the type unless every old branch is covered by a new one.
    fn find_refused_branch(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let news = flat(new, self.new);
        let are_covered = flat(old, self.old)
            .into_iter()
            .all(|branch| news.iter().any(|new| self.covers(branch, new)));
        // If a value may match several branches of `oneOf`, this is not enough to know.
        let is_exact = union_of(new, self.new).is_some_and(|union| union.kind == UnionKind::OneOf);
        if !are_covered || (is_exact && overlap(&news)) {
            self.refuse(Kind::NarrowerType, at, "type", "no longer accepts a branch");
        }
    }

    /// Compares each old branch with its counterpart, or with the one type that is left.
    fn pair_branches(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let olds = flat(old, self.old);
        let Some(union) = union_of(new, self.new) else {
            olds.iter().for_each(|branch| self.compare_values(branch, new, at));
            return;
        };
        let news = flat(new, self.new);
        let rule = if union.kind == UnionKind::OneOf { "oneOf" } else { "anyOf" };
        let old_keys: Vec<String> = olds.iter().map(|branch| key(branch, self.old)).collect();
        let new_keys: Vec<String> = news.iter().map(|branch| key(branch, self.new)).collect();
        let mut is_paired = vec![false; news.len()];
        let mut grew = false;
        for (branch, key) in olds.iter().zip(&old_keys) {
            let is_covered = news.iter().any(|new| self.covers(branch, new));
            let from = self.changes.len();
            match (0..news.len()).find(|index| !is_paired[*index] && new_keys[*index] == *key) {
                Some(index) => {
                    is_paired[index] = true;
                    self.compare_values(branch, news[index], at);
                    grew |= self.changes[from..]
                        .iter()
                        .any(|change| change.kind == Kind::WordNew || WIDER.contains(&change.kind));
                }
                None if !is_covered => {
                    let message = format!("no longer accepts all of {}", noun(&branch.shape));
                    self.refuse(Kind::NarrowerType, at, rule, message);
                }
                None => {}
            }
            // A refusal within a branch breaks the union, unless another branch accepts the value.
            if is_covered {
                self.changes[from..].iter_mut().for_each(|change| change.refuses = None);
                self.retain_from(from, |change| change.kind.level() != Level::Refuses);
            } else {
                for refuses in
                    self.changes[from..].iter_mut().flat_map(|change| &mut change.refuses)
                {
                    *refuses = Refusal { at: at.to_owned(), rule: rule.to_owned() };
                }
            }
        }
        for (index, branch) in news.iter().enumerate().filter(|(index, _)| !is_paired[*index]) {
            grew = true;
            // A branch that only replaces another is not new.
            if olds.len() != news.len() || !old_keys.contains(&new_keys[index]) {
                self.note(Kind::WiderType, at, format!("accepts {} too", noun(&branch.shape)));
            }
        }
        let was_exact = union_of(old, self.old).is_some_and(|union| union.kind == UnionKind::OneOf);
        if union.kind == UnionKind::OneOf && overlap(&news) && (!was_exact || grew) {
            let message = "refuses a value that matches several branches";
            self.refuse(Kind::NarrowerType, at, rule, message);
        }
    }

    /// Keeps only some of the changes from an index on.
    fn retain_from(&mut self, from: usize, keep: impl FnMut(&Change) -> bool) {
        let changes = self.changes.split_off(from);
        self.changes.extend(changes.into_iter().filter(keep));
    }
}

/// Compares the variants of two Rust enums.
pub(super) fn compare_variants(
    (old, was): (&Union, Names<'_>),
    (new, is): (&Union, Names<'_>),
    at: &str,
    removed: Kind,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, ty) in &old.variants {
        let path = format!("`{}::{name}`", old.name);
        let ty = was.text(ty);
        let message = match new.variants.iter().find(|(other, _)| other == name) {
            None => format!("{path} is removed"),
            Some((_, now)) if is.text(now) != ty => {
                format!("{path} holds `{}`, was `{ty}`", is.text(now))
            }
            Some(_) => continue,
        };
        changes.push(Change::new(removed, at, message));
    }
    for (name, ty) in &new.variants {
        if !old.variants.iter().any(|(other, _)| other == name) {
            let message = format!("`{}::{name}`, `{}`", new.name, is.text(ty));
            changes.push(Change::new(Kind::BranchNew, at, message));
        }
    }
    changes
}

fn union_index(schema: &ValueSchema) -> Option<usize> {
    match schema.shape {
        Shape::Union(index) => Some(index),
        _ => None,
    }
}

fn union_of<'a>(schema: &ValueSchema, model: &'a Model) -> Option<&'a Union> {
    model.unions.get(union_index(schema)?)
}

/// Returns `true` for a schema without `type`.
fn is_by_kind(schema: &ValueSchema, model: &Model) -> bool {
    union_of(schema, model).is_some_and(|union| union.kind == UnionKind::ByKind)
}

/// Returns the branches of a union, or the schema itself if it is not one. Unions within it are
/// flattened too, except those without `type`, and `oneOf` with branches that overlap.
fn flat<'a>(schema: &'a ValueSchema, model: &'a Model) -> Vec<&'a ValueSchema> {
    let (mut flat, mut seen, mut open) = (Vec::new(), Vec::new(), vec![schema]);
    while let Some(schema) = open.pop() {
        let Some(index) = union_index(schema) else {
            flat.push(schema);
            continue;
        };
        let Some(union) = model.unions.get(index).filter(|_| !seen.contains(&index)) else {
            continue;
        };
        let branches: Vec<&ValueSchema> = union.branches.iter().collect();
        let is_open = match union.kind {
            UnionKind::AnyOf => true,
            UnionKind::OneOf => !overlap(&branches),
            UnionKind::ByKind => false,
        };
        if is_open || seen.is_empty() {
            open.extend(branches.into_iter().rev());
        } else {
            flat.push(schema);
        }
        seen.push(index);
    }
    flat
}

/// Returns the key by which the branches of two unions are paired.
fn key(schema: &ValueSchema, model: &Model) -> String {
    match &schema.shape {
        Shape::List(item) => format!("list of {}", key(item, model)),
        Shape::Map(value) => format!("map of {}", key(value, model)),
        Shape::Nullable(inner) => format!("{} or null", key(inner, model)),
        Shape::Object(index) | Shape::Open(index, _) => {
            format!("object {}", model.inputs.get(*index).map_or("", |named| named.name.as_str()))
        }
        Shape::Union(index) => {
            format!("union {}", model.unions.get(*index).map_or("", |union| union.name.as_str()))
        }
        shape => {
            let strings = schema.rules.iter().find_map(|rule| match rule {
                Rule::Strings(index) => model.enums.get(*index),
                _ => None,
            });
            format!("{} {}", noun(shape), strings.map_or("", |strings| strings.name.as_str()))
        }
    }
}

/// Returns `true` if one value may match two of the branches.
fn overlap(branches: &[&ValueSchema]) -> bool {
    branches
        .iter()
        .enumerate()
        .any(|(index, branch)| branches[..index].iter().any(|other| shares_kind(other, branch)))
}

fn shares_kind(a: &ValueSchema, b: &ValueSchema) -> bool {
    kinds(a) & kinds(b) != 0
}

/// Returns the kinds of JSON values that a schema may accept, one bit for each.
fn kinds(schema: &ValueSchema) -> u8 {
    match &schema.shape {
        Shape::Any | Shape::Union(_) => u8::MAX,
        Shape::Null => 32,
        Shape::Boolean => 1,
        Shape::Integer | Shape::Number => 2,
        Shape::Text | Shape::Media(_) => 4,
        Shape::List(_) => 8,
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => 16,
        Shape::Nullable(inner) => kinds(inner) | 32,
    }
}
