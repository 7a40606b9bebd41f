//! Merges the branches of a union that are enums: `oneOf` of `const`s is one enum.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::annotations::annotation_values;
use super::infer::stated_kind;
use super::lowerer::Lowerer;
use super::naming::Direction;
use super::rules::choices_of;
use crate::diagnostic::Place;
use crate::model::UnionKind;
use crate::parse::MAX_CHOICES;
use crate::schema::{MergedBranches, Schema, TypeWord};

impl Lowerer<'_> {
    /// Merges the branches that are enums of strings into one, in the place of the first, and
    /// those that are enums of integers. `own` is the schema that has the union, whose keywords
    /// are in each branch already.
    pub(super) fn merge_enums(
        &mut self,
        own: &Schema,
        mut branches: Vec<Schema>,
        kind: UnionKind,
    ) -> Vec<Schema> {
        if self.direction == Direction::Input {
            for word in [TypeWord::String, TypeWord::Integer] {
                branches = self.merge_enums_of(word, own, branches, kind);
            }
        }
        branches
    }

    fn merge_enums_of(
        &mut self,
        word: TypeWord,
        own: &Schema,
        branches: Vec<Schema>,
        kind: UnionKind,
    ) -> Vec<Schema> {
        let enums: Vec<Option<Schema>> =
            branches.iter().map(|branch| self.as_enum(branch, word)).collect();
        let Some(constraints) = enums.iter().flatten().next().map(|of| constraints(of, word))
        else {
            return branches;
        };
        // Only enums that differ in nothing but their values can be merged.
        let group: Vec<Option<Schema>> = enums
            .into_iter()
            .map(|of| of.filter(|of| self::constraints(of, word) == constraints))
            .collect();
        let is_merged: Vec<bool> = group.iter().map(Option::is_some).collect();
        let group: Vec<Schema> = group.into_iter().flatten().collect();
        let is_whole = group.len() == branches.len();
        let Some(choices) = merged_choices(&group, kind, is_whole) else { return branches };
        let described = is_whole.then_some(own);
        let mut merged = Some(Schema {
            title: described.and_then(|own| own.title.clone()),
            description: described.and_then(|own| own.description.clone()),
            place: described.or(group.first()).map(|of| of.place.clone()).unwrap_or_default(),
            nullable: group.iter().any(|of| of.nullable),
            choices: Some(choices),
            merged_branches: MergedBranches::new(kind, group),
            ..constraints
        });
        let branches = branches.into_iter().zip(is_merged);
        branches
            .filter_map(|(branch, is_merged)| if is_merged { merged.take() } else { Some(branch) })
            .collect()
    }

    /// Returns a branch without its `$ref` if it is an enum of values of this type.
    fn as_enum(&mut self, branch: &Schema, word: TypeWord) -> Option<Schema> {
        let whole = match branch.bare_reference() {
            Some(target) => {
                self.document.at(target).filter(|found| found.choices.is_some())?;
                Schema { place: branch.place.clone(), ..self.resolve_silently(branch) }
            }
            None => branch.clone(),
        };
        let whole = whole.with_null_apart().unwrap_or(whole);
        let is_plain = !whole.is_never
            && whole.reference.is_none()
            && whole.all_of.is_empty()
            && whole.any_of.is_none()
            && whole.one_of.is_none()
            && whole.types.len() < 2;
        let is_enum = is_plain
            && whole.choices.is_some()
            && stated_kind(&whole) == word
            && !choices_of(&whole).is_empty();
        is_enum.then_some(whole)
    }
}

impl Schema {
    /// Returns an `enum` of null and of strings, or of null and of integers, as one that is
    /// nullable.
    pub(super) fn with_null_apart(&self) -> Option<Schema> {
        let choices = self.choices.as_ref().filter(|choices| choices.contains(&Value::Null))?;
        let others: Vec<Value> = choices.iter().filter(|it| !it.is_null()).cloned().collect();
        let apart = Schema { nullable: true, choices: Some(others), ..self.clone() };
        let is_one_type = matches!(stated_kind(&apart), TypeWord::String | TypeWord::Integer);
        (self.types.is_empty() && choices.len() > 1 && is_one_type).then_some(apart)
    }
}

/// Returns the constraints of an enum beside its values.
fn constraints(of: &Schema, word: TypeWord) -> Schema {
    Schema {
        place: Place::default(),
        types: vec![word],
        nullable: false,
        choices: None,
        unchecked: Vec::new(),
        definitions: BTreeMap::new(),
        ..of.without_annotations()
    }
}

/// Returns the values that a union of enums accepts, in order. Returns `None` if one enum cannot
/// say it.
fn merged_choices(group: &[Schema], kind: UnionKind, is_whole: bool) -> Option<Vec<Value>> {
    let all: Vec<Value> = group.iter().flat_map(choices_of).collect();
    let mut count: HashMap<&Value, usize> = HashMap::new();
    for value in &all {
        *count.entry(value).or_default() += 1;
    }
    let is_repeated = count.len() < all.len();
    let nulls = group.iter().filter(|of| of.nullable).count();
    // A value that two branches of `oneOf` accept is refused, also if a third accepts it.
    if kind == UnionKind::OneOf && (nulls > 1 || (is_repeated && !is_whole)) {
        return None;
    }
    let mut left = count.clone();
    let choices = all.iter().filter(|value| match kind {
        UnionKind::OneOf => count.get(value) == Some(&1),
        UnionKind::AnyOf | UnionKind::ByKind => left.remove(value).is_some(),
    });
    let choices: Vec<Value> = choices.cloned().collect();
    (group.len() > 1 && !choices.is_empty() && choices.len() <= MAX_CHOICES).then_some(choices)
}

impl MergedBranches {
    /// Returns the branches if one of them has an annotation.
    fn new(kind: UnionKind, branches: Vec<Schema>) -> Option<Self> {
        let keyword = if kind == UnionKind::OneOf { "oneOf" } else { "anyOf" };
        let is_annotated = branches.iter().any(|branch| annotation_values(branch).next().is_some());
        is_annotated.then_some(Self { keyword, branches })
    }

    /// Returns the branches as JSON.
    pub(super) fn to_json(&self) -> Value {
        let branches = self.branches.iter().map(|branch| {
            let (keyword, values) = match choices_of(branch).as_slice() {
                [only] => ("const", only.clone()),
                several => ("enum", several.into()),
            };
            let own = Map::from_iter([(keyword.to_owned(), values)]);
            Value::Object(own.into_iter().chain(annotation_values(branch)).collect())
        });
        branches.collect()
    }

    /// Returns the branches that are about one value, by the value.
    pub(super) fn by_value(&self) -> HashMap<String, &Schema> {
        let single =
            self.branches.iter().filter_map(|branch| match choices_of(branch).as_slice() {
                [Value::String(only)] => Some((only.clone(), branch)),
                _ => None,
            });
        // Of two branches about one value, the first counts.
        single.rev().collect()
    }
}
