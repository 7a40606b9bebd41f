//! Unions compared, with each other and with what is none.

use super::describe::noun;
use super::walk::{Pair, Walk};
use super::{Change, Kind, Refusal};
use crate::model::{Model, Rule, Shape, Union, UnionKind, ValueSchema};
use crate::render::type_names::Names;

/// The kinds of changes that say that more is taken.
const WIDER: [Kind; 3] = [Kind::WiderBound, Kind::WiderType, Kind::ValueNew];

impl<'a> Walk<'a> {
    /// Values of which at least one side is a union.
    pub(super) fn unions(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let pair = match (union_of(old), union_of(new)) {
            (Some(i), Some(j)) => Pair::Unions(i, j),
            // A union within a union can lead back to the one around it.
            (Some(i), None) => Pair::FromUnion(i, std::ptr::from_ref(new).addr()),
            (None, Some(j)) => Pair::ToUnion(std::ptr::from_ref(old).addr(), j),
            (None, None) => return,
        };
        self.once(pair, at, |walk| {
            if let Pair::Unions(i, j) = pair
                && let (Some(old), Some(new)) = (walk.old.unions.get(i), walk.new.unions.get(j))
            {
                walk.variants(old, new, at);
            }
            match is_by_kind(old, walk.old) || is_by_kind(new, walk.new) {
                true => walk.by_kind(old, new, at),
                false => walk.branches(old, new, at),
            }
        });
    }

    fn branches(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        if self.is_asking() {
            return self.ask_branches(old, new, at);
        }
        let from = self.changes.len();
        self.each_branch(old, new, at);
        // A branch may take more than it did, and no more than another took already.
        if self.adds_nothing(old, new) {
            let within = self.changes.split_off(from);
            let stays = |change: &Change| !WIDER.contains(&change.kind);
            self.changes.extend(within.into_iter().filter(stays));
        }
    }

    /// A schema without `type` on one side at least: each of its branches bounds the values
    /// of its own kind, and leaves all others alone.
    fn by_kind(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let (olds, news) = (flat(old, self.old), flat(new, self.new));
        let was_by_kind = is_by_kind(old, self.old);
        if !is_by_kind(new, self.new) {
            let message = format!("{}, was any value of other kinds too", noun(&new.shape));
            match new.shape {
                Shape::Any => self.note(Kind::WiderType, at, message),
                _ => self.refuse(Kind::NarrowerType, at, "type", message),
            }
            return self.bounds(&old.rules, &new.rules, false, at);
        }
        if !was_by_kind && !matches!(old.shape, Shape::Any) {
            self.note(Kind::WiderType, at, "values of any other kind too");
        }
        for branch in &news {
            let before = olds.iter().filter(|old| kinds(old) & kinds(branch) != 0);
            let before: Vec<&&ValueSchema> = before.collect();
            if before.is_empty() && was_by_kind {
                let message = format!("{} is bounded, and was not", noun(&branch.shape));
                self.refuse(Kind::NarrowerType, at, "type", message);
            }
            before.into_iter().for_each(|old| self.of(old, branch, at));
        }
        let left = |old: &&&ValueSchema| !news.iter().any(|new| kinds(old) & kinds(new) != 0);
        for branch in olds.iter().filter(left) {
            let message = format!("{} is not bounded any more", noun(&branch.shape));
            self.note(Kind::WiderType, at, message);
        }
        self.bounds(&old.rules, &new.rules, false, at);
    }

    /// Whether every branch of the old is taken by one of the new.
    fn ask_branches(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let news = flat(new, self.new);
        let covered = flat(old, self.old)
            .into_iter()
            .all(|branch| news.iter().any(|new| self.covers(branch, new)));
        let union = union_of(new).and_then(|index| self.new.unions.get(index));
        // Where one value may fit several, it takes more than this to know.
        if !covered || union.is_some_and(|union| union.kind == UnionKind::OneOf && overlap(&news)) {
            self.refuse(Kind::NarrowerType, at, "type", "a branch is not taken");
        }
    }

    fn each_branch(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) {
        let olds = flat(old, self.old);
        let Some(union) = union_of(new).and_then(|index| self.new.unions.get(index)) else {
            // Whatever a branch took has to be taken by the one kind that is left.
            olds.iter().for_each(|branch| self.of(branch, new, at));
            return;
        };
        let news = flat(new, self.new);
        let rule = if union.kind == UnionKind::OneOf { "oneOf" } else { "anyOf" };
        let (old_keys, new_keys) = (keys(&olds, self.old), keys(&news, self.new));
        let mut paired = vec![false; news.len()];
        let mut grew = false;
        for (branch, key) in olds.iter().zip(&old_keys) {
            let covered = news.iter().any(|new| self.covers(branch, new));
            let same = (0..news.len()).find(|index| !paired[*index] && new_keys[*index] == *key);
            let from = self.changes.len();
            match same {
                Some(index) => {
                    paired[index] = true;
                    self.of(branch, news[index], at);
                    let found = &self.changes[from..];
                    let grows = |kind: Kind| kind == Kind::WordNew || WIDER.contains(&kind);
                    grew |= found.iter().any(|change| grows(change.kind));
                }
                None if !covered => {
                    let was = noun(&branch.shape);
                    let message = format!("what was taken as {was} is not, or not all of it");
                    self.refuse(Kind::NarrowerType, at, rule, message);
                }
                None => {}
            }
            self.within_union(from, covered, at, rule);
        }
        for (index, branch) in news.iter().enumerate().filter(|(index, _)| !paired[*index]) {
            grew = true;
            // A branch that only takes another's place is no news.
            if olds.len() != news.len() || !old_keys.contains(&new_keys[index]) {
                let message = format!("{} is taken too", noun(&branch.shape));
                self.note(Kind::WiderType, at, message);
            }
        }
        let was_exact = union_of(old)
            .and_then(|index| self.old.unions.get(index))
            .is_some_and(|union| union.kind == UnionKind::OneOf);
        if union.kind == UnionKind::OneOf && overlap(&news) && (!was_exact || grew) {
            let message = "a value that fits several of its kinds is refused";
            self.refuse(Kind::NarrowerType, at, rule, message);
        }
    }

    /// What is found within a branch breaks the union as a whole, or nothing where
    /// another branch takes it.
    fn within_union(&mut self, from: usize, covered: bool, at: &str, rule: &str) {
        for change in &mut self.changes[from..] {
            if change.refuses.is_some() {
                let whole = Refusal { at: at.to_owned(), rule: rule.to_owned() };
                change.refuses = (!covered).then_some(whole);
            }
        }
        if covered {
            let within = self.changes.split_off(from);
            let stays = |change: &Change| change.kind.level() != super::Level::Refuses;
            self.changes.extend(within.into_iter().filter(stays));
        }
    }

    /// The Rust enums of two unions of one name.
    fn variants(&mut self, old: &Union, new: &Union, at: &str) {
        if old.name == new.name && !self.is_asking() {
            let (was, is) = (self.old_names(), self.new_names());
            self.changes.extend(variants((old, was), (new, is), at, Kind::BranchGone));
        }
    }
}

/// What became of the variants of an enum.
pub(super) fn variants(
    (old, was): (&Union, Names<'_>),
    (new, is): (&Union, Names<'_>),
    at: &str,
    gone: Kind,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, ty) in &old.variants {
        let ty = was.text(ty);
        let path = format!("`{}::{name}`", old.name);
        match new.variants.iter().find(|(other, _)| other == name) {
            None => changes.push(Change::of(gone, at, format!("{path} is not there any more"))),
            Some((_, now)) if is.text(now) != ty => {
                let now = is.text(now);
                let message = format!("{path} holds `{now}`, was `{ty}`");
                changes.push(Change::of(gone, at, message));
            }
            Some(_) => {}
        }
    }
    for (name, ty) in &new.variants {
        if !old.variants.iter().any(|(other, _)| other == name) {
            let message = format!("`{}::{name}`, `{}`", new.name, is.text(ty));
            changes.push(Change::of(Kind::BranchNew, at, message));
        }
    }
    changes
}

fn union_of(of: &ValueSchema) -> Option<usize> {
    match of.shape {
        Shape::Union(index) => Some(index),
        _ => None,
    }
}

/// Whether this is a schema without `type`.
fn is_by_kind(of: &ValueSchema, model: &Model) -> bool {
    let union = union_of(of).and_then(|index| model.unions.get(index));
    union.is_some_and(|union| union.kind == UnionKind::ByKind)
}

/// The branches of a union, those of unions within it too, unless they are by kind, or a
/// value may fit only one of them and could fit more; of anything else, itself.
fn flat<'a>(of: &'a ValueSchema, model: &'a Model) -> Vec<&'a ValueSchema> {
    let (mut flat, mut seen, mut open) = (Vec::new(), Vec::new(), vec![of]);
    while let Some(of) = open.pop() {
        let Some(index) = union_of(of) else {
            flat.push(of);
            continue;
        };
        let Some(union) = model.unions.get(index) else { continue };
        if seen.contains(&index) {
            continue;
        }
        let branches: Vec<&ValueSchema> = union.branches.iter().collect();
        let opens = match union.kind {
            UnionKind::AnyOf => true,
            UnionKind::OneOf => !overlap(&branches),
            UnionKind::ByKind => false,
        };
        match opens || seen.is_empty() {
            true => open.extend(branches.into_iter().rev()),
            false => flat.push(of),
        }
        seen.push(index);
    }
    flat
}

/// By what branches of two unions are known to be the same.
fn keys(branches: &[&ValueSchema], model: &Model) -> Vec<String> {
    branches.iter().map(|of| key(of, model)).collect()
}

fn key(of: &ValueSchema, model: &Model) -> String {
    let word = of.rules.iter().find_map(|rule| match rule {
        Rule::Strings(index) => model.enums.get(*index).map(|words| words.name.as_str()),
        _ => None,
    });
    let named = |index: &usize| model.inputs.get(*index).map_or("", |of| of.name.as_str());
    match &of.shape {
        Shape::List(item) => format!("list of {}", key(item, model)),
        Shape::Map(value) => format!("map of {}", key(value, model)),
        Shape::Nullable(inner) => format!("{} or null", key(inner, model)),
        Shape::Object(index) | Shape::Open(index, _) => format!("object {}", named(index)),
        Shape::Union(index) => {
            let name = model.unions.get(*index).map_or("", |union| union.name.as_str());
            format!("union {name}")
        }
        shape => format!("{} {}", noun(shape), word.unwrap_or_default()),
    }
}

/// Whether one value may fit two of these.
fn overlap(branches: &[&ValueSchema]) -> bool {
    let before = |(index, branch): (usize, &&ValueSchema)| {
        branches[..index].iter().any(|other| kinds(other) & kinds(branch) != 0)
    };
    branches.iter().enumerate().any(before)
}

/// The kinds of JSON values that a branch may take, a bit each.
fn kinds(of: &ValueSchema) -> u8 {
    match &of.shape {
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
