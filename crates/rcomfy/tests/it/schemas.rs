//! The JSON Schemas of `docs/cli`: every envelope, its `data` and every event follow them.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::docs::folder;

static ENVELOPE: LazyLock<Validator> = LazyLock::new(|| validator(&read("output.schema.json")));
static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = read("events.schema.json");
    // The envelope is checked on its own.
    for event in schema["oneOf"].as_array_mut().expect("events") {
        if let Some(result) = event.pointer_mut("/properties/result") {
            *result = json!({"type": "object"});
        }
    }
    validator(&schema)
});
static DATA: LazyLock<Value> = LazyLock::new(|| read("data.schema.json"));

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(name)).expect("the schema");
    serde_json::from_str(&text).expect("the schema is JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).expect("the schema is one")
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors.map(|error| format!("{error} at {}", error.instance_path())).collect()
}

/// Returns the definition of the `data` of a command, such as `jobs show`.
pub(crate) fn definition(command: &str) -> Option<&'static Value> {
    DATA["$defs"].get(command)
}

fn data_validator(command: &str) -> Validator {
    assert!(definition(command).is_some(), "data.schema.json has no {command:?}");
    let mut schema = DATA.clone();
    // A name with a blank is written with %20 in a reference.
    schema["$ref"] = Value::from(format!("#/$defs/{}", command.replace(' ', "%20")));
    validator(&schema)
}

/// Returns the command of a command line, such as `jobs show`.
fn command_of(args: &[&str]) -> String {
    let root = rcomfy::command();
    let (mut command, mut names) = (&root, Vec::new());
    for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
        let Some(found) = command.find_subcommand(arg) else { break };
        (command, names) = (found, [names, vec![found.get_name()]].concat());
    }
    names.join(" ")
}

/// Asserts that the envelope of a command line follows the schemas.
pub(crate) fn assert_envelope(args: &[&str], envelope: &Value) {
    let wrong = errors(&ENVELOPE, envelope);
    assert!(wrong.is_empty(), "{wrong:?}\n{envelope:#}");
    if envelope["ok"] == true {
        let command = command_of(args);
        let wrong = errors(&data_validator(&command), &envelope["data"]);
        assert!(wrong.is_empty(), "data of `{command}`: {wrong:?}\n{envelope:#}");
    }
}

/// Asserts that every event of a command line follows the schema, and the envelope in the last.
pub(crate) fn assert_events(args: &[&str], events: &[Value]) {
    for event in events {
        let wrong = errors(&EVENT, event);
        assert!(wrong.is_empty(), "{wrong:?}\n{event:#}");
    }
    let last = events.last().expect("events");
    assert_eq!(last["event"], "finished", "{last}");
    assert_envelope(args, &last["result"]);
}

#[test]
fn the_schemas_refuse_what_is_no_output() {
    for wrong in [
        json!({"ok": true, "data": {}}),
        json!({"rcomfy": 1, "ok": true}),
        json!({"rcomfy": 1, "ok": false, "error": {"code": "odd", "message": "x"}}),
    ] {
        assert!(!ENVELOPE.is_valid(&wrong), "{wrong}");
    }
    for wrong in [json!({"event": "odd"}), json!({"event": "status", "job": "a"})] {
        assert!(!EVENT.is_valid(&wrong), "{wrong}");
    }
    let prune = data_validator("jobs prune");
    assert!(prune.is_valid(&json!({"removed": 3})));
    assert!(!prune.is_valid(&json!({"removed": 3, "more": 1})) && !prune.is_valid(&json!({})));
}

#[test]
fn every_command_has_a_schema_of_its_data() {
    let root = rcomfy::command();
    for command in root.get_subcommands() {
        let name = command.get_name();
        assert!(definition(name).is_some(), "no schema of `{name}`");
        for below in command.get_subcommands() {
            let name = format!("{name} {}", below.get_name());
            assert!(definition(&name).is_some(), "no schema of `{name}`");
        }
    }
}
