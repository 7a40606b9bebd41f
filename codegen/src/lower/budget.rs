//! Limits of one schema's lowering. References make a small text stand for a large
//! schema, or for one without an end, so what is counted here is what is made of it.

use serde_json::Value;

use super::lowerer::Lowerer;
use crate::diagnostic::{Code, Place};
use crate::model::{Rule, Shape, ValueSchema};
use crate::schema::{Additional, Schema};

/// Lowerer within values: a schema that is written out is no deeper, so this is about
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

impl Lowerer<'_> {
    /// Counts a value within another; whether it may be walked. If so, it is left with
    /// [`Lowerer::leave`].
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

    /// Counts two schemas that are about to become one; whether they may.
    pub(super) fn merging(&mut self, place: &Place, outer: &Schema, inner: &Schema) -> bool {
        self.spend(place, [outer, inner].map(Schema::weight).into_iter().sum())
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
        let notes = self.notes.iter().map(|(_, value)| value);
        let values = self.choices.iter().flatten().chain(&self.default);
        let values = values.chain(&self.examples).chain(notes);
        let rules = self.validations.iter();
        let named = self.properties.iter().flatten().chain(&self.definitions);
        let lists = [&self.any_of, &self.one_of].into_iter().flatten().flatten();
        let additional = match &self.additional {
            Some(Additional::Schema(schema)) => Some(&**schema),
            Some(Additional::Open | Additional::Closed) | None => None,
        };
        let below = named.map(|(_, schema)| schema).chain(lists).chain(&self.all_of);
        let below = below.chain(self.items.as_deref()).chain(additional);
        let parts = [
            SCHEMA,
            texts.map(|text| of_text(text)).sum(),
            values.map(of_value).sum(),
            rules.map(|rule| with_texts(&[&rule.rule, &rule.message])).sum(),
            self.required.len(),
            of_text(&self.place.pointer),
            below.map(Schema::weight).sum(),
        ];
        parts.into_iter().sum()
    }
}

impl ValueSchema {
    /// How much it is to copy.
    pub(super) fn weight(&self) -> usize {
        let rule = |rule: &Rule| match rule {
            Rule::Integers(choices) => choices.len(),
            Rule::Values(choices) => choices.iter().map(|choice| with_texts(&[choice])).sum(),
            Rule::Measured(.., message) => with_texts(&[message]),
            Rule::Unchecked(rule, value, message) => with_texts(&[rule, value, message]),
            Rule::Annotation(keyword, value) => with_texts(&[keyword, value]),
            Rule::Plain(_) | Rule::Strings(_) => 1,
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
        [1, self.rules.iter().map(rule).sum(), below].into_iter().sum()
    }
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => with_texts(&[text]),
        Value::Array(values) => values.iter().map(of_value).chain([1]).sum(),
        Value::Object(entries) => {
            let names = entries.keys().map(|name| of_text(name));
            names.chain(entries.values().map(of_value)).chain([1]).sum()
        }
    }
}

/// One thing that holds texts.
fn with_texts(texts: &[&str]) -> usize {
    texts.iter().map(|text| of_text(text)).chain([1]).sum()
}

fn of_text(text: &str) -> usize {
    text.len() / TEXT
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use runcomfy::codegen_support::schema::Rule as Plain;
    use runcomfy::{Bound, Metric};
    use serde_json::json;

    use super::*;
    use crate::Objects;
    use crate::diagnostic::Findings;
    use crate::lower::draft::{StructDraft, TypeRequest};
    use crate::lower::naming::Direction;
    use crate::lower::naming::Hint;
    use crate::model::UnionKind;
    use crate::parse::schema;

    /// What a walk is stopped with, having done `steps`.
    fn stopped_by(steps: impl Fn(&mut Lowerer<'_>)) -> Vec<String> {
        let mut findings = Findings::default();
        let document = Schema::default();
        let mut lowerer = Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
        steps(&mut lowerer);
        let is_stopped = lowerer.used.stopped;
        assert!(findings.0.iter().all(|found| found.code == Code::LimitPassed));
        let said: Vec<String> = findings.0.into_iter().map(|found| found.message).collect();
        assert_eq!(is_stopped, !said.is_empty(), "it stops, and says so");
        said
    }

    #[test]
    fn what_a_limit_allows_is_let_through_and_one_more_is_refused_and_said_once() {
        let place = Place::default();
        let (small, word) = (Schema::default(), schema(&json!({"enum": ["a"]})));
        let levels = |lowerer: &mut Lowerer<'_>| {
            for _ in 0..3 {
                for _ in 0..MOST_LEVELS {
                    assert!(lowerer.enter(&small));
                }
                for _ in 0..MOST_LEVELS {
                    lowerer.leave();
                }
            }
            (0..MOST_LEVELS).for_each(|_| assert!(lowerer.enter(&small)));
        };
        let rows = |lowerer: &mut Lowerer<'_>| {
            (0..MOST_ROWS).for_each(|_| assert!(lowerer.row(&place)));
        };
        let work = |lowerer: &mut Lowerer<'_>| {
            assert!(lowerer.spend(&place, MOST_WORK - 2 * SCHEMA - 1));
            assert!(lowerer.merging(&place, &small, &small) && lowerer.spend(&place, 1));
        };
        let types = |lowerer: &mut Lowerer<'_>| {
            for _ in 0..MOST_TYPES / 4 {
                lowerer.count_type(&place);
                lowerer.structs.push(StructDraft::holding(TypeRequest::Any));
                lowerer.lower_value(&word, &Hint::top("word"));
                lowerer.branches(
                    from_ref(&small),
                    &small,
                    UnionKind::AnyOf,
                    &Hint::top("one"),
                    None,
                );
                lowerer.lower_value(&word, &Hint::top("word"));
            }
        };
        type Steps<'a> = &'a dyn Fn(&mut Lowerer<'_>);
        let cases: [(&str, Steps<'_>, Steps<'_>); 4] = [
            ("its references nest deeper than 64 levels", &levels, &|lowerer| {
                assert!(!lowerer.enter(&small) && !lowerer.enter(&small));
            }),
            ("the schema makes over 2000 fields and branches", &rows, &|lowerer| {
                assert!(!lowerer.row(&place) && !lowerer.row(&place));
            }),
            ("its references and `allOf` make too much of it", &work, &|lowerer| {
                assert!(!lowerer.spend(&place, 1) && !lowerer.spend(&place, usize::MAX));
                assert!(!lowerer.enter(&small) && !lowerer.row(&place));
            }),
            ("the schema makes over 500 types", &types, &|lowerer| {
                lowerer.count_type(&place);
                lowerer.count_type(&place);
            }),
        ];
        for (message, allowed, more) in cases {
            assert_eq!(stopped_by(allowed), [] as [&str; 0]);
            let both = |lowerer: &mut Lowerer<'_>| {
                allowed(lowerer);
                more(lowerer);
            };
            assert_eq!(stopped_by(both), [message]);
        }
    }

    #[test]
    fn items_of_which_nothing_is_said_are_found_where_their_list_is() {
        let mut findings = Findings::default();
        let document = schema(&json!({"properties": {"list": {"type": "array"}}}));
        let list = document.at("/properties/list").expect("it is there");
        let mut lowerer = Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
        (0..MOST_LEVELS - 1).for_each(|_| assert!(lowerer.enter(&document)));
        lowerer.lower_value(list, &Hint::top("list"));
        let places: Vec<Place> = findings.0.into_iter().map(|found| found.place).collect();
        assert_eq!(places, from_ref(&list.place));
    }

    #[test]
    fn a_schema_weighs_what_it_holds() {
        // Two times the bytes that count as one.
        let long = "x".repeat(2 * TEXT);
        let rule = json!({"validation_rule": "width_pixels>", "validation_value": 1, "validation_error": long});
        let cases = [
            (json!({}), 0),
            (json!({"type": "string", "maxLength": 9}), 0),
            (json!({"title": long}), 2),
            (json!({"description": long}), 2),
            (json!({"default": 1}), 1),
            (json!({"default": long}), 3),
            (json!({"examples": [1, long]}), 4),
            (json!({"enum": [1, 2]}), 2),
            (json!({"const": [1, [2, 3]]}), 5),
            (json!({"x-note": {long.clone(): 1, "b": [long]}}), 1 + (2 + 1) + (1 + 3)),
            (json!({"type": "string", "format": "image_uri", "validations": [rule]}), 3),
            (json!({"required": ["a", "b"]}), 2),
            (json!({"properties": {"a": {}, "b": {"title": long}}}), 2 * SCHEMA + 2),
            // The place of a schema is copied with it.
            (json!({"properties": {long.clone(): {}}}), SCHEMA + 2),
            (json!({"$defs": {"a": {}}}), SCHEMA),
            (json!({"items": {"items": {}}}), 2 * SCHEMA),
            (json!({"additionalProperties": {}}), SCHEMA),
            (json!({"additionalProperties": true}), 0),
            (json!({"additionalProperties": false}), 0),
            (json!({"anyOf": [{}, {}]}), 2 * SCHEMA),
            (json!({"oneOf": [{}, {}]}), 2 * SCHEMA),
            (json!({"allOf": [{}, {}]}), 2 * SCHEMA),
        ];
        for (written, more) in cases {
            assert_eq!(schema(&written).weight(), SCHEMA + more, "{written}");
        }
    }

    #[test]
    fn a_value_weighs_its_rules_and_what_it_holds() {
        let long = || "x".repeat(2 * TEXT);
        let of = |shape: Shape, rules: Vec<Rule>| ValueSchema { shape, rules };
        let text = || {
            Box::new(of(
                Shape::Text,
                vec![Rule::Plain(Plain::MinLength(1)), Rule::Plain(Plain::MaxLength(2))],
            ))
        };
        let rule = |rule: Rule| of(Shape::Any, vec![rule]);
        let cases = [
            (of(Shape::Object(7), Vec::new()), 1),
            (*text(), 3),
            (of(Shape::List(text()), vec![Rule::Plain(Plain::UniqueItems)]), 1 + 1 + 3),
            (of(Shape::Map(text()), Vec::new()), 1 + 3),
            (of(Shape::Nullable(text()), Vec::new()), 1 + 3),
            (of(Shape::Open(7, text()), Vec::new()), 1 + 3),
            (rule(Rule::Strings(7)), 1 + 1),
            (rule(Rule::Integers(vec![7, 8, 9])), 1 + 3),
            (rule(Rule::Values(vec![long(), "1".to_owned()])), 1 + 3 + 1),
            (rule(Rule::Measured(Metric::WidthPixels, Bound::Under(9.0), long())), 1 + 3),
            (rule(Rule::Unchecked(long(), long(), long())), 1 + 7),
            (rule(Rule::Annotation(long(), long())), 1 + 5),
        ];
        for (of, weight) in cases {
            assert_eq!(of.weight(), weight, "{of:?}");
        }
    }
}
