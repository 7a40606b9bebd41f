//! Enums compared, value by value.

use runcomfy::codegen_support::schema::Rule as Plain;
use serde_json::Value;

use super::Kind;
use super::describe::{docs_differ, noun, shown};
use super::walk::Walk;
use crate::check::fits;
use crate::model::{Model, Rule, Shape, StringEnum, ValueSchema};

impl<'a> Walk<'a> {
    /// Compares value by value where there are only so many; whether that says it all.
    pub(super) fn choices(&mut self, old: &'a ValueSchema, new: &'a ValueSchema, at: &str) -> bool {
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
        let words = |of: &ValueSchema| of.rules.iter().find_map(words_of);
        let mut gone: Vec<&Value> =
            had.iter().filter(|value| !fits(new, value, self.new)).collect();
        let has = listed(new, self.new);
        let mut added: Vec<Value> = has.iter().flatten().cloned().collect();
        added.retain(|value| !fits(old, value, self.old));
        if let (Some(i), Some(j)) = (words(old), words(new))
            && let (Some(was), Some(is)) = (self.old.enums.get(i), self.new.enums.get(j))
            && was.name == is.name
            && !self.is_asking()
        {
            self.words(i, j, at);
            let known = |words: &StringEnum, value: &Value| {
                words.variants.iter().any(|variant| *value == variant.value.as_str())
            };
            gone.retain(|value| known(is, value));
            added.retain(|value| known(was, value));
        }
        if !gone.is_empty() {
            let gone: Vec<Value> = gone.into_iter().cloned().collect();
            let rule = self.broken(new, &gone).unwrap_or_else(|| "type".to_owned());
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
    fn broken(&self, of: &ValueSchema, values: &[Value]) -> Option<String> {
        let value = values.first()?;
        let shape = ValueSchema { shape: of.shape.clone(), rules: Vec::new() };
        if !fits(&shape, value, self.new) {
            return None;
        }
        let alone = |rule: &Rule| ValueSchema { shape: Shape::Any, rules: vec![rule.clone()] };
        let rule = of.rules.iter().find(|rule| !fits(&alone(rule), value, self.new))?;
        keyword(rule)
    }

    /// An enum of words on both sides.
    pub(super) fn words(&mut self, old: usize, new: usize, at: &str) {
        if !self.words.insert((old, new)) {
            return;
        }
        let (Some(old), Some(new)) = (self.old.enums.get(old), self.new.enums.get(new)) else {
            return;
        };
        let name = &old.name;
        for variant in &old.variants {
            let word = shown(&variant.value);
            let is = new.variants.iter().find(|other| other.value == variant.value);
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
            if !old.variants.iter().any(|other| other.value == variant.value) {
                let message = format!("{}, `{name}::{}`", shown(&variant.value), variant.name);
                self.note(Kind::WordNew, at, message);
            }
        }
        if docs_differ(&old.docs, &new.docs) {
            self.note(Kind::Docs, at, format!("what is said of `{name}`"));
        }
    }
}

fn words_of(rule: &Rule) -> Option<usize> {
    match rule {
        Rule::Strings(index) => Some(*index),
        _ => None,
    }
}

/// The values of an `enum` that keep to the rules beside it.
fn listed(of: &ValueSchema, model: &Model) -> Option<Vec<Value>> {
    let all: Vec<Value> = of.rules.iter().find_map(|rule| match rule {
        Rule::Strings(index) => {
            let variants = model.enums.get(*index)?.variants.iter();
            Some(variants.map(|variant| Value::from(variant.value.as_str())).collect())
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
fn row(of: &ValueSchema) -> Option<Vec<Value>> {
    const MOST: f64 = 1000.0;
    let [Rule::Plain(Plain::Minimum(least)), Rule::Plain(Plain::Maximum(most))] =
        of.rules.as_slice()
    else {
        return None;
    };
    let few = of.shape == Shape::Integer && least.abs() < 1e9 && most - least < MOST;
    few.then(|| (least.ceil() as i64..=most.floor() as i64).map(Value::from).collect())
}

/// Whether values of one shape are of the other too, so that only the choice refuses them.
fn same_kind(old: &ValueSchema, new: &ValueSchema) -> bool {
    let text = |shape: &Shape| matches!(shape, Shape::Text | Shape::Media(_));
    old.shape == new.shape
        || new.shape == Shape::Any
        || (text(&old.shape) && text(&new.shape))
        || (old.shape == Shape::Integer && new.shape == Shape::Number)
}

/// Returns the keyword of a rule that a value by itself can break.
fn keyword(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Plain(rule) => Some(rule.name().into_owned()),
        Rule::Strings(_) | Rule::Integers(_) | Rule::Values(_) => Some("enum".to_owned()),
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => None,
    }
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
