//! Validates inputs with the `jsonschema` crate against the published schemas.
//!
//! It shares no code with the generator or the runtime: where they disagree with it, one of them is
//! wrong.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};

use crate::dialect;

/// A compiled input schema.
pub struct SchemaValidator {
    validator: Validator,
}

/// A fault of an input.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// Property names and list indices that lead to it.
    pub path: Vec<Value>,
    /// The violated keyword.
    pub keyword: String,
    /// Message. It does not repeat the value.
    pub message: String,
}

/// Reason why a schema cannot be compiled.
#[derive(Debug)]
#[non_exhaustive]
pub struct ValidationFlaw {
    /// JSON pointer into the schema.
    pub pointer: String,
    /// Message.
    pub problem: String,
}

impl SchemaValidator {
    /// Compiles a published schema. Nothing is fetched: a reference to another document is an
    /// error.
    ///
    /// # Errors
    ///
    /// If the schema is not a JSON Schema after RunComfy's dialect is normalised.
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

    /// Returns everything that is wrong with an input, or nothing if it is valid.
    pub fn validate(&self, input: &Value) -> Vec<Refusal> {
        self.validator.iter_errors(input).flat_map(|error| refusals(&error, input)).collect()
    }
}

/// Converts an error of the validator: to one refusal, or to one for each unexpected name.
fn refusals(error: &ValidationError<'_>, input: &Value) -> Vec<Refusal> {
    let path = path(error.instance_path().as_str(), input);
    match error.kind() {
        ValidationErrorKind::Required { property } => vec![Refusal {
            path: [path, vec![property.clone()]].concat(),
            keyword: "required".to_owned(),
            message: "missing required property".to_owned(),
        }],
        kind @ (ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected }) => unexpected
            .iter()
            .map(|name| Refusal {
                path: [path.clone(), vec![json!(name)]].concat(),
                keyword: kind.keyword().to_owned(),
                message: "unknown property".to_owned(),
            })
            .collect(),
        kind => vec![Refusal {
            path,
            keyword: kind.keyword().to_owned(),
            message: error.masked().to_string(),
        }],
    }
}

/// Converts a JSON pointer to path segments. The input decides between the index 0 and a property
/// called `0`.
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
