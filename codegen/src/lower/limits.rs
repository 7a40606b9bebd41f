//! Limits of one schema's lowering. References make a small text stand for a large
//! schema, or for one without an end, so what is counted here is what is made of it.

use serde_json::Value;

use super::values::Values;
use crate::diagnostic::{Code, Place};
use crate::document::{Additional, Schema};
use crate::model::{Of, Rule, Shape};

/// Values within values: a schema that is written out is no deeper, so this is about
/// references that lead back to where they stand.
const MOST_LEVELS: usize = 64;
/// Structs, unions and enums of one schema: the largest real one has some 20.
const MOST_TYPES: usize = 500;
/// Fields of all structs and branches of all unions: each is a row that is compiled,
/// and the largest real schema has some 100.
const MOST_ROWS: usize = 2000;
/// What may be copied in following references and merging, in [`TEXT`] bytes each: the
/// largest real schema needs some 20,000.
const MOST_WORK: usize = 200_000;

/// This many bytes of text count as one.
const TEXT: usize = 64;
/// A schema counts as this much, beside what it holds.
const SCHEMA: usize = 16;

/// What the lowering of one schema has used.
#[derive(Default)]
pub(super) struct Used {
    levels: usize,
    rows: usize,
    work: usize,
    /// Whether a limit is passed: nothing that follows is of use.
    pub stopped: bool,
}

impl Values<'_> {
    /// Counts a value within another; whether it may be walked. If so, it is left with
    /// [`Values::leave`].
    pub(super) fn enter(&mut self, schema: &Schema) -> bool {
        self.spend(&schema.place, schema.weight());
        if !self.used.stopped && self.used.levels == MOST_LEVELS {
            let message = format!("its references nest deeper than {MOST_LEVELS} levels");
            self.stop(&schema.place, message);
        }
        if !self.used.stopped {
            self.used.levels += 1;
        }
        !self.used.stopped
    }

    pub(super) fn leave(&mut self) {
        self.used.levels -= 1;
    }

    /// Counts a struct, a union or an enum.
    pub(super) fn count_type(&mut self, place: &Place) {
        if self.types() >= MOST_TYPES {
            self.stop(place, format!("the schema makes over {MOST_TYPES} types"));
        }
    }

    /// Counts a field or a branch; whether there is room for it.
    pub(super) fn row(&mut self, place: &Place) -> bool {
        self.used.rows += 1;
        if self.used.rows > MOST_ROWS {
            let message = format!("the schema makes over {MOST_ROWS} fields and branches");
            self.stop(place, message);
        }
        !self.used.stopped
    }

    /// Counts what is about to be copied; whether it may be.
    pub(super) fn spend(&mut self, place: &Place, weight: usize) -> bool {
        self.used.work = self.used.work.saturating_add(weight);
        if self.used.work > MOST_WORK {
            self.stop(place, "its references and `allOf` make too much of it".to_owned());
        }
        !self.used.stopped
    }

    fn stop(&mut self, place: &Place, message: String) {
        if !std::mem::replace(&mut self.used.stopped, true) {
            self.findings.push(Code::LimitPassed, place, message, "give a smaller schema");
        }
    }
}

impl Schema {
    /// How much it is to copy.
    pub(super) fn weight(&self) -> usize {
        let texts = [&self.title, &self.description].into_iter().flatten();
        let texts: usize = texts.map(|text| text.len() / TEXT).sum();
        let notes = self.notes.iter().map(|(_, value)| value);
        let values = self.choices.iter().flatten().chain(&self.default);
        let values = values.chain(&self.examples).chain(notes);
        let values: usize = values.map(weight).sum();
        let rules = self.validations.iter();
        let rules: usize =
            rules.map(|rule| 1 + (rule.rule.len() + rule.message.len()) / TEXT).sum();
        let named = self.properties.iter().flatten().chain(&self.definitions);
        let lists = [&self.any_of, &self.one_of].into_iter().flatten().flatten();
        let additional = match &self.additional {
            Some(Additional::Schema(schema)) => Some(&**schema),
            Some(Additional::Open | Additional::Closed) | None => None,
        };
        let below = named.map(|(_, schema)| schema).chain(lists).chain(&self.all_of);
        let below = below.chain(self.items.as_deref()).chain(additional);
        let below: usize = below.map(Schema::weight).sum();
        let place = self.place.pointer.len() / TEXT;
        SCHEMA + texts + values + rules + self.required.len() + place + below
    }
}

impl Of {
    /// How much it is to copy.
    pub(super) fn weight(&self) -> usize {
        let rule = |rule: &Rule| match rule {
            Rule::Integers(choices) => choices.len(),
            Rule::Values(choices) => choices.iter().map(|choice| 1 + choice.len() / TEXT).sum(),
            Rule::Measured(.., message) => 1 + message.len() / TEXT,
            Rule::Unchecked(rule, value, message) => {
                1 + (rule.len() + value.len() + message.len()) / TEXT
            }
            Rule::Annotation(keyword, value) => 1 + (keyword.len() + value.len()) / TEXT,
            Rule::MinLength(_)
            | Rule::MaxLength(_)
            | Rule::Minimum(_)
            | Rule::Maximum(_)
            | Rule::ExclusiveMinimum(_)
            | Rule::ExclusiveMaximum(_)
            | Rule::MinimumInteger(_)
            | Rule::MaximumInteger(_)
            | Rule::MultipleOf(_)
            | Rule::MinItems(_)
            | Rule::MaxItems(_)
            | Rule::UniqueItems
            | Rule::MinProperties(_)
            | Rule::MaxProperties(_)
            | Rule::Words(_) => 1,
        };
        let below = match &self.shape {
            Shape::List(of) | Shape::Map(of) | Shape::Nullable(of) | Shape::Open(_, of) => {
                of.weight()
            }
            Shape::Any
            | Shape::Null
            | Shape::Boolean
            | Shape::Integer
            | Shape::Number
            | Shape::Text
            | Shape::Media(_)
            | Shape::Object(_)
            | Shape::Union(_) => 0,
        };
        1 + self.rules.iter().map(rule).sum::<usize>() + below
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() / TEXT,
        Value::Array(values) => 1 + values.iter().map(weight).sum::<usize>(),
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| name.len() / TEXT + weight(value);
            1 + entries.iter().map(entry).sum::<usize>()
        }
    }
}
