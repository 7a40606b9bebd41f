//! Compares enums value by value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use runcomfy::codegen_support::schema::Rule as Plain;
use serde_json::Value;

use super::Kind;
use super::describe::{docs_differ, list, noun, shown};
use super::rules::keyword;
use super::walk::Comparison;
use crate::check::fits;
use crate::model::{Model, Rule, Shape, StringEnum, ValueSchema, Variant};

/// Up to this many integers between two bounds, they are compared one by one, like an enum.
const MAX_RANGE: f64 = 1000.0;

impl<'a> Comparison<'a> {
    /// Compares the allowed values if a side is enumerable. Returns `true` if nothing else is left
    /// to compare.
    pub(super) fn compare_enum_values(
        &mut self,
        old: &'a ValueSchema,
        new: &'a ValueSchema,
        at: &str,
    ) -> bool {
        let (had, has) = (enum_values(old, self.old), enum_values(new, self.new));
        let had = match (had, &has) {
            (Some(had), _) => had,
            (None, None) => return false,
            (None, Some(has)) => match integer_range(old) {
                Some(range) => range,
                None => {
                    let rule = if is_same_kind(old, new) { "enum" } else { "type" };
                    let message = format!("only one of {}, was {}", list(has), noun(&old.shape));
                    self.refuse(Kind::NarrowerType, at, rule, message);
                    return true;
                }
            },
        };
        let mut removed = refused(&had, has.as_deref(), new, self.new);
        let mut added = refused(has.as_deref().unwrap_or_default(), Some(&had), old, self.old);
        if let (Some(i), Some(j)) = (string_enum(old), string_enum(new))
            && let (Some(was), Some(is)) = (self.old.enums.get(i), self.new.enums.get(j))
            && was.name == is.name
            && self.reports()
        {
            self.compare_enums(i, j, at);
            let (was, is) = (by_value(was), by_value(is));
            removed.retain(|value| value.as_str().is_some_and(|value| is.contains_key(value)));
            added.retain(|value| value.as_str().is_some_and(|value| was.contains_key(value)));
        }
        if let Some(first) = removed.first() {
            let rule = self.broken_rule(new, first).unwrap_or_else(|| "type".into());
            let message = format!("no longer accepts {}", list(&removed));
            self.refuse(Kind::ValueGone, at, &rule, message);
        }
        if !added.is_empty() {
            self.note(Kind::ValueNew, at, format!("accepts {} too", list(&added)));
        } else if has.is_none() && !(integer_range(old).is_some() && integer_range(new).is_some()) {
            let message = format!("{}, was one of {}", noun(&new.shape), list(&had));
            self.note(Kind::WiderType, at, message);
        }
        true
    }

    /// Compares two enums of strings, once.
    pub(super) fn compare_enums(&mut self, old: usize, new: usize, at: &str) {
        if !self.enums.insert((old, new)) {
            return;
        }
        let (Some(old), Some(new)) = (self.old.enums.get(old), self.new.enums.get(new)) else {
            return;
        };
        let name = &old.name;
        let (was, is) = (by_value(old), by_value(new));
        for variant in &old.variants {
            let value = shown(&variant.value);
            match is.get(variant.value.as_str()) {
                None => {
                    let message = format!("{value} is removed, and `{name}::{}`", variant.name);
                    self.refuse(Kind::WordGone, at, "enum", message);
                }
                Some(is) if is.name != variant.name => {
                    let message =
                        format!("{value} is `{name}::{}`, was `{name}::{}`", is.name, variant.name);
                    self.note(Kind::WordRenamed, at, message);
                }
                Some(is) if docs_differ(&is.docs, &variant.docs) => {
                    self.note(Kind::Docs, at, format!("the docs of `{name}::{}`", is.name));
                }
                Some(_) => {}
            }
        }
        for variant in &new.variants {
            if !was.contains_key(variant.value.as_str()) {
                let message = format!("{}, `{name}::{}`", shown(&variant.value), variant.name);
                self.note(Kind::WordNew, at, message);
            }
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, format!("the docs of `{name}`"));
        }
    }

    /// Returns the keyword of the rule that a value breaks, or `None` if it has the wrong type.
    fn broken_rule(&self, schema: &ValueSchema, value: &Value) -> Option<Cow<'static, str>> {
        let shape = ValueSchema { shape: schema.shape.clone(), rules: Vec::new() };
        if !fits(&shape, value, self.new) {
            return None;
        }
        let rule = schema.rules.iter().find(|rule| {
            let alone = ValueSchema { shape: Shape::Any, rules: vec![(*rule).clone()] };
            !fits(&alone, value, self.new)
        })?;
        keyword(rule)
    }
}

fn string_enum(schema: &ValueSchema) -> Option<usize> {
    schema.rules.iter().find_map(|rule| match rule {
        Rule::Strings(index) => Some(*index),
        _ => None,
    })
}

fn by_value(of: &StringEnum) -> HashMap<&str, &Variant> {
    of.variants.iter().map(|variant| (variant.value.as_str(), variant)).collect()
}

/// Returns the values that a schema refuses. `accepted` are all that it accepts, if they are known:
/// an enum is long, and so is a walk over it for each value.
fn refused(
    values: &[Value],
    accepted: Option<&[Value]>,
    schema: &ValueSchema,
    model: &Model,
) -> Vec<Value> {
    let texts: HashSet<&str> = accepted.into_iter().flatten().filter_map(Value::as_str).collect();
    let whole: HashSet<i64> = accepted.into_iter().flatten().filter_map(Value::as_i64).collect();
    let refused = values.iter().filter(|value| match (value.as_str(), value.as_i64()) {
        (Some(text), _) if accepted.is_some() => !texts.contains(text),
        (_, Some(number)) if whole.contains(&number) => false,
        _ => !fits(schema, value, model),
    });
    refused.cloned().collect()
}

/// Returns the values of an `enum` that satisfy its sibling keywords.
fn enum_values(schema: &ValueSchema, model: &Model) -> Option<Vec<Value>> {
    let mut rules = schema.rules.iter().enumerate();
    let (position, mut values): (usize, Vec<Value>) = rules.find_map(|(position, rule)| {
        let values = match rule {
            Rule::Strings(index) => {
                let variants = model.enums.get(*index)?.variants.iter();
                variants.map(|variant| Value::from(variant.value.as_str())).collect()
            }
            Rule::Integers(values) => values.iter().map(|value| (*value).into()).collect(),
            Rule::Values(values) => {
                values.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
            }
            _ => return None,
        };
        Some((position, values))
    })?;
    let siblings = schema.rules.iter().enumerate().filter(|(index, _)| *index != position);
    let rules = siblings.map(|(_, rule)| rule.clone()).collect();
    let siblings = ValueSchema { shape: schema.shape.clone(), rules };
    values.retain(|value| fits(&siblings, value, model));
    Some(values)
}

/// Returns the integers between two bounds if there are few.
fn integer_range(schema: &ValueSchema) -> Option<Vec<Value>> {
    let [Rule::Plain(Plain::Minimum(least)), Rule::Plain(Plain::Maximum(most))] =
        schema.rules.as_slice()
    else {
        return None;
    };
    let is_short = schema.shape == Shape::Integer && least.abs() < 1e9 && most - least < MAX_RANGE;
    is_short.then(|| (least.ceil() as i64..=most.floor() as i64).map(Value::from).collect())
}

/// Returns `true` if the old values have a type of the new schema. Only its `enum` can refuse them.
fn is_same_kind(old: &ValueSchema, new: &ValueSchema) -> bool {
    use Shape::{Any, Integer, Media, Number, Text};
    old.shape == new.shape
        || matches!(
            (&old.shape, &new.shape),
            (_, Any) | (Text | Media(_), Text | Media(_)) | (Integer, Number)
        )
}
