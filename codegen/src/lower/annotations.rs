//! Annotations: title, description, default, examples, and keywords that are not checked. A field
//! keeps some of them itself; those of any other value are among its rules.

use serde_json::Value;

use crate::model::{Rule, ValueSchema};
use crate::schema::Schema;

/// The annotations that a field keeps itself.
const OF_FIELD: [&str; 3] = ["title", "description", "default"];

impl Schema {
    /// Returns a schema of only the annotations of this one.
    pub(super) fn only_annotations(&self) -> Schema {
        Schema {
            title: self.title.clone(),
            description: self.description.clone(),
            default: self.default.clone(),
            examples: self.examples.clone(),
            notes: self.notes.clone(),
            merged_branches: self.merged_branches.clone(),
            unchecked: self.unchecked.clone(),
            ..Schema::default()
        }
    }

    /// Returns this schema without its annotations.
    pub(super) fn without_annotations(&self) -> Schema {
        Schema {
            title: None,
            description: None,
            default: None,
            examples: Vec::new(),
            notes: Vec::new(),
            merged_branches: None,
            ..self.clone()
        }
    }
}

/// Adds a schema's annotations to the rules of its value, replacing those of the same keyword.
pub(super) fn apply_annotations(schema: &Schema, of: &mut ValueSchema) {
    let annotations = annotations(schema);
    let new: Vec<&str> = annotations.iter().filter_map(annotated_keyword).collect();
    of.rules.retain(|rule| annotated_keyword(rule).is_none_or(|known| !new.contains(&known)));
    of.rules.extend(annotations);
}

/// Returns `true` if a rule is an annotation that a field keeps itself.
pub(super) fn is_of_field(rule: &Rule) -> bool {
    annotated_keyword(rule).is_some_and(|keyword| OF_FIELD.contains(&keyword))
}

fn annotated_keyword(rule: &Rule) -> Option<&str> {
    match rule {
        Rule::Annotation(keyword, _) => Some(keyword),
        _ => None,
    }
}

/// Returns the annotations of a schema, one for each keyword.
pub(super) fn annotations(schema: &Schema) -> Vec<Rule> {
    let merged = schema.merged_branches.as_ref();
    let merged = merged.map(|merged| (merged.keyword.to_owned(), merged.to_json()));
    let all = annotation_values(schema).chain(merged);
    all.map(|(keyword, value)| Rule::Annotation(keyword, value.to_string())).collect()
}

/// Returns the keywords that annotate a schema, with their values.
pub(super) fn annotation_values(schema: &Schema) -> impl Iterator<Item = (String, Value)> {
    let examples: Vec<Value> = schema.examples.iter().map(|it| it.value.clone()).collect();
    let default = schema.default.as_ref().map(|it| it.value.clone());
    let own = [
        ("title", text(schema.title.as_deref())),
        ("description", text(schema.description.as_deref())),
        ("default", default),
        ("examples", Some(Value::from(examples)).filter(|all| *all != Value::Array(Vec::new()))),
    ];
    let own = own.into_iter().filter_map(|(keyword, value)| Some((keyword.to_owned(), value?)));
    own.chain(schema.notes.iter().cloned())
}

fn text(text: Option<&str>) -> Option<Value> {
    text.filter(|text| !text.is_empty()).map(Value::from)
}
