//! Limits on the work of lowering one schema. References let a small text stand for a large
//! schema, or for one without an end, so this counts what is made of the text.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings, Place, SizeLimit};
use crate::model::{Rule, Shape, ValueSchema};
use crate::schema::{Additional, Schema};

/// The maximum nesting of values. A schema without references is never deeper, so only recursive
/// references reach this limit.
const MAX_LEVELS: usize = 64;
/// The maximum number of structs, unions and enums of one schema: the largest real one has some
/// 20.
const MAX_TYPES: usize = 500;
/// The maximum number of fields of all structs and branches of all unions: each is a row that is
/// compiled, and the largest real schema has some 100.
const MAX_ROWS: usize = 2000;
/// The maximum weight that following references and merging may copy: the largest real schema
/// needs some 20,000.
const MAX_WORK: usize = 200_000;

/// The bytes of text that weigh one.
const TEXT: usize = 64;
/// The weight of a schema itself, beside what it holds.
const SCHEMA: usize = 16;

/// The work of lowering one schema so far.
#[derive(Default)]
pub(super) struct Budget {
    levels: usize,
    types: usize,
    rows: usize,
    work: usize,
    is_exceeded: bool,
}

impl Budget {
    /// Returns `true` if a limit is passed, so nothing that follows is of use.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    /// Enters a value within another. Returns `true` if it may be lowered; it must then be left
    /// with [`Budget::leave`].
    pub(super) fn enter(&mut self, schema: &Schema, findings: &mut Findings) -> bool {
        self.spend(&schema.place, schema.weight(), findings);
        if self.levels == MAX_LEVELS {
            self.stop(&schema.place, SizeLimit::References(MAX_LEVELS), findings);
        }
        if !self.is_exceeded {
            self.levels += 1;
        }
        !self.is_exceeded
    }

    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }

    /// Counts a struct, a union or an enum.
    pub(super) fn add_type(&mut self, place: &Place, findings: &mut Findings) {
        if self.types >= MAX_TYPES {
            self.stop(place, SizeLimit::Types(MAX_TYPES), findings);
        }
        self.types += 1;
    }

    /// Counts a field or a branch. Returns `true` if there is room for it.
    pub(super) fn add_row(&mut self, place: &Place, findings: &mut Findings) -> bool {
        self.rows += 1;
        if self.rows > MAX_ROWS {
            self.stop(place, SizeLimit::Rows(MAX_ROWS), findings);
        }
        !self.is_exceeded
    }

    /// Counts a copy of this weight. Returns `true` if it may be made.
    pub(super) fn spend(&mut self, place: &Place, weight: usize, findings: &mut Findings) -> bool {
        self.work = self.work.saturating_add(weight);
        if self.work > MAX_WORK {
            self.stop(place, SizeLimit::Copies, findings);
        }
        !self.is_exceeded
    }

    fn stop(&mut self, place: &Place, limit: SizeLimit, findings: &mut Findings) {
        if !std::mem::replace(&mut self.is_exceeded, true) {
            findings.push(Diagnostic::limit_passed(place, limit));
        }
    }
}

impl Schema {
    /// Returns the cost of copying this.
    pub(super) fn weight(&self) -> usize {
        let texts = [&self.title, &self.description].into_iter().flatten();
        let notes = self.notes.iter().map(|(_, value)| value);
        let values = self.choices.iter().flatten().chain(self.default.iter().map(|it| &it.value));
        let values = values.chain(self.examples.iter().map(|it| &it.value)).chain(notes);
        let rules = self.validations.iter();
        let properties = self.properties.iter().flatten().map(|(_, schema)| schema);
        let merged = self.merged_branches.iter().flat_map(|merged| &merged.branches);
        let lists = [&self.any_of, &self.one_of].into_iter().flatten().flatten().chain(merged);
        let additional = match &self.additional {
            Some(Additional::Schema(schema)) => Some(&**schema),
            Some(Additional::Open | Additional::Closed) | None => None,
        };
        let below = properties.chain(self.definitions.values()).chain(lists).chain(&self.all_of);
        let below = below.chain(self.items.as_deref()).chain(additional);
        let parts = [
            SCHEMA,
            texts.map(|text| text_weight(text)).sum(),
            values.map(value_weight).sum(),
            rules.map(|rule| texts_weight(&[&rule.rule, &rule.message])).sum(),
            self.required.len(),
            text_weight(&self.place.pointer),
            below.map(Schema::weight).sum(),
        ];
        parts.into_iter().sum()
    }
}

impl ValueSchema {
    /// Returns the cost of copying this.
    pub(super) fn weight(&self) -> usize {
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
        [1, self.rules.iter().map(rule_weight).sum(), below].into_iter().sum()
    }
}

fn rule_weight(rule: &Rule) -> usize {
    match rule {
        Rule::Pattern(pattern) => texts_weight(&[&pattern.written, &pattern.translated]),
        Rule::Integers(choices) => choices.len(),
        Rule::Values(choices) => choices.iter().map(|choice| texts_weight(&[choice])).sum(),
        Rule::Measured(.., message) => texts_weight(&[message]),
        Rule::Unchecked(rule, value, message) => texts_weight(&[rule, value, message]),
        Rule::Annotation(keyword, value) => texts_weight(&[keyword, value]),
        Rule::Plain(_) | Rule::Strings(_) => 1,
    }
}

fn value_weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => texts_weight(&[text]),
        Value::Array(values) => values.iter().map(value_weight).chain([1]).sum(),
        Value::Object(entries) => {
            let names = entries.keys().map(|name| text_weight(name));
            names.chain(entries.values().map(value_weight)).chain([1]).sum()
        }
    }
}

/// Returns the weight of one thing that holds texts.
fn texts_weight(texts: &[&str]) -> usize {
    texts.iter().map(|text| text_weight(text)).chain([1]).sum()
}

fn text_weight(text: &str) -> usize {
    text.len() / TEXT
}

#[cfg(test)]
mod tests {
    use runcomfy::codegen_support::schema::Rule as Plain;
    use runcomfy::media::{Bound, Metric};
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Code;
    use crate::parse::schema;

    /// Returns the messages with which a budget stops, having done `steps`.
    fn stopped_by(steps: impl Fn(&mut Budget, &mut Findings)) -> Vec<String> {
        let (mut budget, mut findings) = (Budget::default(), Findings::default());
        steps(&mut budget, &mut findings);
        assert!(findings.0.iter().all(|found| found.code == Code::LimitPassed));
        let messages: Vec<String> = findings.0.into_iter().map(|found| found.message).collect();
        assert_eq!(budget.is_exceeded(), !messages.is_empty(), "it stops, and says so");
        messages
    }

    #[test]
    fn one_step_past_a_limit_is_refused_once() {
        let (place, small) = (Place::default(), Schema::default());
        type Steps<'a> = &'a dyn Fn(&mut Budget, &mut Findings);
        let levels: Steps<'_> = &|budget, findings| {
            for _ in 0..3 {
                (0..MAX_LEVELS).for_each(|_| assert!(budget.enter(&small, findings)));
                (0..MAX_LEVELS).for_each(|_| budget.leave());
            }
            (0..MAX_LEVELS).for_each(|_| assert!(budget.enter(&small, findings)));
        };
        let rows: Steps<'_> = &|budget, findings| {
            (0..MAX_ROWS).for_each(|_| assert!(budget.add_row(&place, findings)));
        };
        let work: Steps<'_> = &|budget, findings| {
            assert!(budget.spend(&place, MAX_WORK, findings));
        };
        let types: Steps<'_> = &|budget, findings| {
            (0..MAX_TYPES).for_each(|_| budget.add_type(&place, findings));
        };
        let cases: [(&str, Steps<'_>, Steps<'_>); 4] = [
            ("references must nest at most 64 levels deep", levels, &|budget, findings| {
                assert!(!budget.enter(&small, findings) && !budget.enter(&small, findings));
            }),
            ("a schema must make at most 2000 fields and branches", rows, &|budget, findings| {
                assert!(!budget.add_row(&place, findings) && !budget.add_row(&place, findings));
            }),
            ("its `$ref`s and `allOf` expand to too large a schema", work, &|budget, findings| {
                assert!(!budget.spend(&place, 1, findings));
                assert!(!budget.spend(&place, usize::MAX, findings));
                assert!(!budget.enter(&small, findings) && !budget.add_row(&place, findings));
            }),
            ("a schema must make at most 500 types", types, &|budget, findings| {
                budget.add_type(&place, findings);
                budget.add_type(&place, findings);
            }),
        ];
        for (message, allowed, more) in cases {
            assert_eq!(stopped_by(allowed), [] as [&str; 0]);
            let stopped = stopped_by(|budget, findings| {
                allowed(budget, findings);
                more(budget, findings);
            });
            assert_eq!(stopped, [message]);
        }
    }

    #[test]
    fn a_schema_weighs_as_much_as_its_parts() {
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
    fn a_value_weighs_its_rules_and_parts() {
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
