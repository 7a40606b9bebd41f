//! The judge of inputs: the `jsonschema` crate, reading the schema that RunComfy publishes.
//!
//! It shares no code with the generator or the runtime, so that an input on which they and the
//! judge disagree shows a mistake in one of them.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};

use crate::dialect;

/// An input schema as it is published, compiled: what the simulator judges inputs by.
pub struct SchemaValidator {
    validator: Validator,
}

/// One thing wrong with an input.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The names and indices that lead to it.
    pub path: Vec<Value>,
    /// The keyword that it breaks.
    pub keyword: String,
    /// What is wrong. It does not repeat the value.
    pub message: String,
}

/// Why a schema cannot be compiled.
#[derive(Debug)]
#[non_exhaustive]
pub struct ValidationFlaw {
    /// Where in the schema, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
}

impl SchemaValidator {
    /// Compiles a schema as published. Nothing is fetched: a reference out of the file is a flaw.
    ///
    /// # Errors
    ///
    /// When the schema is no JSON Schema, once RunComfy's dialect is put into plain words.
    pub fn compile(mut schema: Value) -> Result<Self, ValidationFlaw> {
        dialect::normalise(&mut schema);
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(false)
            .offline()
            .build(&schema)
            .map(|validator| Self { validator })
            .map_err(|error| ValidationFlaw {
                pointer: error.instance_path().as_str().to_owned(),
                problem: error.to_string(),
            })
    }

    /// Everything that is wrong with an input; nothing when it will do.
    pub fn validate(&self, input: &Value) -> Vec<Refusal> {
        self.validator.iter_errors(input).flat_map(|error| refusals(&error, input)).collect()
    }
}

/// What one error of the validator says: one refusal, or one for every name that does not belong.
fn refusals(error: &ValidationError<'_>, input: &Value) -> Vec<Refusal> {
    let path = path(error.instance_path().as_str(), input);
    match error.kind() {
        ValidationErrorKind::Required { property } => vec![Refusal {
            path: [path, vec![property.clone()]].concat(),
            keyword: "required".to_owned(),
            message: "this property is required".to_owned(),
        }],
        kind @ (ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected }) => unexpected
            .iter()
            .map(|name| Refusal {
                path: [path.clone(), vec![json!(name)]].concat(),
                keyword: kind.keyword().to_owned(),
                message: "there is no such property".to_owned(),
            })
            .collect(),
        kind => vec![Refusal {
            path,
            keyword: kind.keyword().to_owned(),
            message: error.masked().to_string(),
        }],
    }
}

/// The segments of a JSON pointer into `input`. The pointer alone does not tell the index 0 from a
/// property called `0`; the value that it points into does.
fn path(pointer: &str, input: &Value) -> Vec<Value> {
    let mut here = Some(input);
    let mut path = Vec::new();
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let (step, next) = match (here, name.parse::<usize>()) {
            (Some(Value::Array(list)), Ok(index)) => (json!(index), list.get(index)),
            (Some(value), _) => (json!(name), value.get(&name)),
            (None, _) => (json!(name), None),
        };
        path.push(step);
        here = next;
    }
    path
}
