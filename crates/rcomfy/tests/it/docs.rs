//! The pages of `docs/cli/` are those of the command line, and every envelope follows their schema.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

/// Environment variable that writes the pages instead of comparing them.
const UPDATE: &str = "RCOMFY_UPDATE_DOCS";

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(folder().join("output.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli")
}

/// Asserts that an envelope follows `docs/cli/output.schema.json`.
pub(crate) fn assert_valid(envelope: &Value) {
    let errors: Vec<String> = SCHEMA
        .iter_errors(envelope)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{envelope:#}");
}

#[test]
fn the_schema_refuses_what_is_no_envelope() {
    for wrong in [
        serde_json::json!({"ok": true, "data": {}}),
        serde_json::json!({"rcomfy": 1, "ok": true}),
        serde_json::json!({"rcomfy": 1, "ok": false, "error": {"code": "odd", "message": "x"}}),
    ] {
        assert!(!SCHEMA.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn a_page_for_each_command_is_up_to_date() {
    let mut root = rcomfy::command();
    root.build();
    let mut stale = Vec::new();
    for command in root.get_subcommands_mut() {
        let path = folder().join(format!("{}.md", command.get_name()));
        let page = page(command);
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &page).expect("written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&page) {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "run the tests with {UPDATE}=1 to write {stale:?}");
}

fn page(command: &mut clap::Command) -> String {
    let name = command.get_name().to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!("# rcomfy {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end())
}
