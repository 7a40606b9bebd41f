//! What a schema says of itself and not of values: its title, description, default and
//! examples, and whatever else is not checked. A field has a place for some of it; of any
//! other value it stands among the rules.

use serde_json::Value;

use super::draft::TypeRequest;
use super::lowerer::Lowerer;
use super::naming::Direction;
use super::naming::Hint;
use crate::model::{Rule, ValueSchema};
use crate::schema::Schema;

impl Lowerer<'_> {
    /// The same as [`lower_value`](Self::lower_value), with what the schema says of itself among the
    /// rules: for a value that is no field, which has a place for it.
    pub(super) fn lower_annotated(
        &mut self,
        schema: &Schema,
        hint: &Hint,
    ) -> (ValueSchema, TypeRequest) {
        let (mut of, request) = self.lower_value(schema, hint);
        self.apply_annotations(schema, &mut of);
        (of, request)
    }

    /// Adds what a schema says of itself.
    pub(super) fn apply_annotations(&mut self, schema: &Schema, of: &mut ValueSchema) {
        if self.direction == Direction::Input {
            apply_annotations(&self.annotations_of(schema), of);
        }
    }

    /// What a schema says of itself, and what it refers to where it says nothing: its
    /// title, description, default, examples and notes are those of the value.
    pub(super) fn annotations_of(&mut self, schema: &Schema) -> Schema {
        let whole = match schema.reference.is_none() && schema.all_of.is_empty() {
            true => None,
            false => Some(self.resolve_silently(schema)),
        };
        let whole = whole.as_ref().unwrap_or(schema);
        Schema {
            title: whole.title.clone(),
            description: whole.description.clone(),
            default: whole.default.clone(),
            examples: whole.examples.clone(),
            notes: whole.notes.clone(),
            unchecked: whole.unchecked.clone(),
            ..Schema::default()
        }
    }

    /// A schema without `$ref` and `allOf`. What there is to find in it was found when its
    /// value was walked, unless that it is too much is found here.
    fn resolve_silently(&mut self, schema: &Schema) -> Schema {
        let was_stopped = self.used.stopped;
        let findings = std::mem::take(self.findings);
        let whole = self.resolve(schema);
        let own = std::mem::replace(self.findings, findings);
        if self.used.stopped && !was_stopped {
            self.findings.0.extend(own.0);
        }
        whole
    }
}

impl Schema {
    /// The same, saying nothing of itself.
    pub(super) fn without_annotations(&self) -> Schema {
        Schema {
            title: None,
            description: None,
            default: None,
            examples: Vec::new(),
            notes: Vec::new(),
            ..self.clone()
        }
    }
}

/// Adds what a schema says of itself to the rules of a value. What is nearer to the place
/// where the value stands goes first.
pub(super) fn apply_annotations(said: &Schema, of: &mut ValueSchema) {
    let annotations = annotations(said);
    let is_said = |rule: &Rule| match rule {
        Rule::Annotation(known, _) => {
            let same = |rule: &Rule| matches!(rule, Rule::Annotation(name, _) if name == known);
            annotations.iter().any(same)
        }
        _ => false,
    };
    of.rules.retain(|rule| !is_said(rule));
    of.rules.extend(annotations);
}

/// Whether a rule is an annotation for which a field has a place of its own.
pub(super) fn is_of_field(rule: &Rule) -> bool {
    let own = ["title", "description", "default"];
    matches!(rule, Rule::Annotation(keyword, _) if own.contains(&keyword.as_str()))
}

/// What a schema says of itself, a keyword each.
pub(super) fn annotations(schema: &Schema) -> Vec<Rule> {
    let text = |keyword: &str, text: &Option<String>| {
        let text = text.as_ref().filter(|text| !text.is_empty())?;
        Some((keyword.to_owned(), Value::from(text.as_str())))
    };
    let examples = (!schema.examples.is_empty()).then(|| schema.examples.clone().into());
    let said = [
        text("title", &schema.title),
        text("description", &schema.description),
        schema.default.clone().map(|default| ("default".to_owned(), default)),
        examples.map(|examples| ("examples".to_owned(), examples)),
    ];
    let said = said.into_iter().flatten().chain(schema.notes.iter().cloned());
    said.map(|(keyword, value)| Rule::Annotation(keyword, value.to_string())).collect()
}
