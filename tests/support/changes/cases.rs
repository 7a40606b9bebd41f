//! Cases of each kind of change: two states of a small schema.

mod bounds;
mod choices;
mod models;
mod objects;
mod outputs;
mod properties;
mod types;
mod unions;

use runcomfy_codegen::Kind;

/// Two states of one model, and the expected report.
#[derive(Debug)]
pub struct Case {
    /// The name of the case, and of its model.
    pub name: &'static str,
    /// The earlier state. `None` if the model is new.
    pub old: Option<State>,
    /// The later state. `None` if the model was removed.
    pub new: Option<State>,
    /// The folder of another model that exists in the later state only.
    pub beside: Option<&'static str>,
    /// The expected changes: kind and path.
    pub changes: Vec<(Kind, &'static str)>,
    /// Inputs that the earlier state accepts, with one for every refusal.
    pub inputs: Vec<String>,
}

/// One state of a model.
#[derive(Debug, Clone)]
pub struct State {
    /// The model's id, if it is spelled differently from its folder.
    pub id: Option<&'static str>,
    /// The members of `model.json` after the id.
    pub facts: String,
    /// `input.json`.
    pub input: String,
    /// `output.json`.
    pub output: Option<String>,
}

impl State {
    fn of(input: impl Into<String>) -> Self {
        Self { id: None, facts: String::new(), input: input.into(), output: None }
    }

    fn with_facts(self, facts: &str) -> Self {
        Self { facts: facts.to_owned(), ..self }
    }
}

type Changes<'a> = &'a [(Kind, &'static str)];

/// Creates a case of whole inputs.
fn whole(name: &'static str, old: &str, new: &str, changes: Changes<'_>, inputs: &[&str]) -> Case {
    Case {
        name,
        old: Some(State::of(old)),
        new: Some(State::of(new)),
        beside: None,
        changes: changes.to_vec(),
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
    }
}

/// Creates a case of one optional property `a`, with values for it.
fn one(name: &'static str, old: &str, new: &str, changes: Changes<'_>, values: &[&str]) -> Case {
    let input = |schema: &str| format!(r#"{{"properties": {{"a": {schema}}}}}"#);
    let inputs: Vec<String> = values.iter().map(|value| format!(r#"{{"a": {value}}}"#)).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    whole(name, &input(old), &input(new), changes, &inputs)
}

/// Creates a case of members of `model.json`.
fn facts(name: &'static str, old: &str, new: &str, input: [&str; 2], changes: Changes<'_>) -> Case {
    let [old_input, new_input] = input;
    let case = whole(name, old_input, new_input, changes, &[]);
    Case {
        old: case.old.map(|state| state.with_facts(old)),
        new: case.new.map(|state| state.with_facts(new)),
        ..case
    }
}

/// Creates a case of outputs.
fn answer(name: &'static str, old: &str, new: &str, changes: Changes<'_>) -> Case {
    let state = |schema: &str| {
        let output = format!(r#"{{"output": {schema}}}"#);
        Some(State { output: Some(output), ..State::of(r#"{"properties": {}}"#) })
    };
    Case { old: state(old), new: state(new), ..whole(name, "", "", changes, &[]) }
}

/// Returns every case.
pub fn cases() -> Vec<Case> {
    let mut cases = models::models();
    cases.extend(properties::properties());
    cases.extend(types::types());
    cases.extend(bounds::bounds());
    cases.extend(choices::choices());
    cases.extend(unions::unions());
    cases.extend(objects::objects());
    cases.extend(outputs::outputs());
    cases
}

const TEXT: &str = r#"{"type": "string"}"#;
const INTEGER: &str = r#"{"type": "integer"}"#;
const NUMBER: &str = r#"{"type": "number"}"#;
const IMAGE: &str = r#"{"type": "string", "format": "image_uri"}"#;
const URL: &str = r#""https://example.com/a.png""#;
const PROMPT: &str = r#"{"properties": {"p": {"type": "string"}}, "required": ["p"]}"#;
