//! Resolves `$ref` and `allOf` into one schema.

use std::borrow::Cow;

use super::lowerer::Lowerer;
use super::merge::merged;
use crate::diagnostic::{Diagnostic, SizeLimit};
use crate::schema::Schema;

/// The maximum number of references and parts of `allOf` in one schema: real ones have some
/// three, and references that lead in a circle would never end.
const MAX_PARTS: usize = 64;

impl Lowerer<'_> {
    /// Resolves the `$ref` and `allOf` of a schema into one schema.
    pub(super) fn resolve(&mut self, schema: &Schema) -> Schema {
        let mut whole = schema.clone();
        let mut followed: Vec<String> = Vec::new();
        for _ in 0..MAX_PARTS {
            let part = match whole.reference.take() {
                Some((target, place)) => {
                    let Some(found) = self.document.at(&target) else {
                        let missing = Diagnostic::missing_reference_target(&place, &target);
                        self.findings.push(missing);
                        continue;
                    };
                    followed.push(target);
                    Cow::Borrowed(found)
                }
                None if whole.all_of.is_empty() => return whole,
                None => Cow::Owned(whole.all_of.remove(0)),
            };
            let weight = whole.weight() + part.weight();
            if !self.budget.spend(&schema.place, weight, self.findings) {
                return Schema { all_of: Vec::new(), ..whole };
            }
            whole = merged(&whole, &part, self.findings);
        }
        let mut steps = followed.iter().enumerate();
        let is_circle = steps.any(|(at, target)| followed[..at].contains(target));
        self.findings.push(if is_circle {
            Diagnostic::reference_circle(&schema.place)
        } else {
            Diagnostic::limit_passed(&schema.place, SizeLimit::Parts(MAX_PARTS))
        });
        Schema { reference: None, all_of: Vec::new(), ..whole }
    }
}

impl Schema {
    /// Returns the target of a schema that is nothing but one `$ref`, also as the one part of an
    /// `allOf`.
    pub(super) fn bare_reference(&self) -> Option<&str> {
        if !self.has_no_constraints() {
            return None;
        }
        match (&self.reference, self.all_of.as_slice()) {
            (Some((target, _)), []) => Some(target),
            (None, [part]) if part.has_no_constraints() && part.all_of.is_empty() => {
                part.reference.as_ref().map(|(target, _)| target.as_str())
            }
            _ => None,
        }
    }

    /// Returns `true` if this schema does not constrain values, beside what its `$ref` or
    /// `allOf` does.
    pub(super) fn has_no_constraints(&self) -> bool {
        let unconstrained = Schema {
            place: self.place.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            default: self.default.clone(),
            examples: self.examples.clone(),
            unchecked: self.unchecked.clone(),
            notes: self.notes.clone(),
            reference: self.reference.clone(),
            definitions: self.definitions.clone(),
            all_of: self.all_of.clone(),
            ..Schema::default()
        };
        unconstrained == *self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::diagnostic::{Code, Findings};
    use crate::lower::naming::Direction;
    use crate::parse::schema;
    use crate::settings::Objects;

    #[test]
    fn annotations_and_references_are_no_constraints() {
        let of_itself = [
            json!({}),
            json!({"title": "A"}),
            json!({"description": "a"}),
            json!({"default": 1}),
            json!({"examples": [1]}),
            json!({"x-order": 1, "$comment": "a"}),
            json!({"format": "color"}),
            json!({"$ref": "#/$defs/a"}),
            json!({"$defs": {"a": {"type": "string"}}}),
            json!({"allOf": [{"type": "string"}]}),
        ];
        let of_values = [
            json!({"type": "string"}),
            json!({"nullable": true}),
            json!({"enum": [1]}),
            json!({"anyOf": [{}]}),
            json!({"oneOf": [{}]}),
            json!({"required": ["a"]}),
            json!({"minLength": 1}),
            json!({"title": "A", "$ref": "#/$defs/a", "maximum": 1}),
        ];
        let within = |written: &Value| schema(&json!({"items": written})).items;
        for (has_no_constraints, all) in [(true, &of_itself[..]), (false, &of_values[..])] {
            for written in all {
                let found = within(written).map(|schema| schema.has_no_constraints());
                assert_eq!(found, Some(has_no_constraints), "{written}");
            }
        }
    }

    #[test]
    fn references_and_parts_are_always_resolved() {
        let parts = |count: usize| -> Vec<Value> {
            (0..count).map(|index| json!({"minLength": index})).collect()
        };
        let document = schema(&json!({"$defs": {
            "a": {"$ref": "#/$defs/b", "maxLength": 3, "allOf": parts(2)},
            "b": {"type": "string"},
            "circle": {"$ref": "#/$defs/circle", "maxLength": 3, "allOf": [{}, {"type": "string"}]},
        }}));
        let unresolvable = Some(Code::UnresolvableReference);
        let cases = [
            (json!({"$ref": "#/$defs/a"}), None),
            (json!({"allOf": parts(MAX_PARTS - 1)}), None),
            (json!({"allOf": parts(MAX_PARTS)}), Some(Code::LimitPassed)),
            (json!({"allOf": parts(MAX_PARTS + 1)}), Some(Code::LimitPassed)),
            (json!({"$ref": "#/$defs/none", "allOf": parts(3)}), unresolvable),
            (json!({"$ref": "#/$defs/circle"}), unresolvable),
            (json!({"allOf": [{"$ref": "#/$defs/circle"}, {"$ref": "#/$defs/a"}]}), unresolvable),
        ];
        for (written, code) in &cases {
            for already in [0, usize::MAX] {
                let mut findings = Findings::default();
                let mut lowerer =
                    Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
                let is_stopped = !lowerer.budget.spend(&document.place, already, lowerer.findings);
                let whole = lowerer.resolve(&schema(written));
                assert_eq!((whole.reference, whole.all_of), (None, Vec::new()), "{written}");
                if !is_stopped {
                    let codes = findings.0.iter().map(|found| found.code);
                    assert_eq!(codes.collect::<Vec<_>>(), code.as_slice(), "{written}");
                }
            }
        }
    }
}
