//! Models of the live catalog whose schema no table can hold: a validator of JSON Schema checks
//! what is left, and what nothing can check is said.

use std::process::Command;

use serde_json::{Value, json};

use crate::catalog::serve;
use crate::support::{Ended, Home};

/// A catalog of one model with tuples and conditions, and of three that nothing can check whole.
fn page() -> String {
    let entry = |id: &str, schema: Value| json!({"model_id": id, "input_schema": schema});
    let property = |schema: Value| json!({"type": "object", "properties": {"prompt": {"type": "string"}, "x": schema}});
    let pairs = json!({
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "maxLength": 20},
            "mode": {"type": "string", "enum": ["calm", "stormy"]},
            "speed": {"type": "integer", "maximum": 9},
            "pair": {"title": "Name and size", "type": "array",
                "prefixItems": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
        },
        "if": {"properties": {"mode": {"const": "stormy"}}, "required": ["mode"]},
        "then": {"required": ["speed"]},
    });
    let models = json!({"models": [
        entry("a/pairs", pairs),
        entry("a/broken", property(json!({"type": 5}))),
        entry("a/remote", property(json!({"$ref": "https://runcomfy.invalid/x.json"}))),
        entry("a/loop", property(json!({"$ref": "#/properties/x"}))),
    ]});
    models.to_string()
}

/// Returns a home that has cached the catalog, and its API.
fn synced() -> (Home, String) {
    let (home, base) = (Home::new(), serve(page().leak()));
    let (code, envelope) = json(&home, &base, &["models", "sync"]);
    assert_eq!((code, &envelope["data"]["models"]), (0, &4.into()), "{envelope}");
    (home, base)
}

fn command(home: &Home, base: &str, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("RUNCOMFY_MODEL_API_BASE", base).env("RUNCOMFY_TOKEN", "test-token-of-no-use");
    command
}

fn json(home: &Home, base: &str, args: &[&str]) -> (i32, Value) {
    let ended = command(home, base, &[args, &["--json"]].concat()).output().expect("it runs");
    let ended = Ended::of(ended);
    let envelope = serde_json::from_str(&ended.stdout).expect("one envelope");
    crate::schemas::assert_envelope(args, &envelope);
    (ended.code, envelope)
}

fn run(home: &Home, base: &str, args: &[&str]) -> Ended {
    Ended::of(command(home, base, args).output().expect("it runs"))
}

#[test]
fn a_validator_checks_what_the_table_does_not_have() {
    let (home, base) = synced();
    let shown = run(&home, &base, &["models", "show", "a/pairs"]);
    insta::assert_snapshot!("show_loose", shown.shown(&home));

    let good = ["--prompt", "a boat", "--pair", r#"["a", 3]"#, "--offline"];
    let good = [&["check", "a/pairs"], &good[..]].concat();
    assert_eq!(run(&home, &base, &good).code, 0);
    let wrong = [
        ("--pair", r#"["a", 2]"#, "/pair/1", "minimum"),
        ("--pair", r#"["a", "b"]"#, "/pair/1", "type"),
        ("--mode", "odd", "/mode", "enum"),
        ("--mode", "stormy", "", "required"),
        ("--prompt", "a prompt of more than twenty", "/prompt", "maxLength"),
        ("--speed", "10", "/speed", "maximum"),
        ("--set", "spede=1", "/spede", "additionalProperties"),
    ];
    for (flag, value, pointer, rule) in wrong {
        let mut args = vec!["check", "a/pairs", "--offline", flag, value];
        if flag != "--prompt" {
            args.extend(["--prompt", "a boat"]);
        }
        let (code, envelope) = json(&home, &base, &args);
        assert_eq!(code, 3, "{args:?}: {envelope}");
        let problems = envelope["error"]["problems"].as_array().expect("problems");
        let found: Vec<_> =
            problems.iter().map(|problem| (&problem["pointer"], &problem["rule"])).collect();
        assert_eq!(found, [(&pointer.into(), &rule.into())], "{args:?}: {envelope}");
    }
    let drawn = run(
        &home,
        &base,
        &["check", "a/pairs", "--prompt", "a boat", "--mode", "stormy", "--pair", "[1, 2]"],
    );
    insta::assert_snapshot!("problems_loose", drawn.shown(&home));
}

#[test]
fn a_validator_checks_every_line_of_a_batch() {
    let (home, base) = synced();
    let lines = [r#"{"prompt": "a", "pair": ["a", 3]}"#, r#"{"prompt": "b", "pair": ["a", 1]}"#];
    home.write("lines.jsonl", lines.join("\n"));
    let (code, envelope) = json(&home, &base, &["batch", "add", "a/pairs", "lines.jsonl"]);
    assert_eq!(code, 3, "{envelope}");
    let problem = &envelope["error"]["problems"][0];
    assert_eq!((&problem["line"], &problem["rule"]), (&2.into(), &"minimum".into()), "{envelope}");
}

#[test]
fn a_checked_input_runs_at_a_simulator() {
    let (home, base) = synced();
    let args = ["run", "a/pairs", "--prompt", "a boat", "--pair", r#"["a", 3]"#, "--simulate"];
    let ended = run(&home, &base, &args);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn what_cannot_be_checked_is_sent_with_no_check_only() {
    let (home, base) = synced();
    let list = run(&home, &base, &["models", "a/"]).stdout;
    for shown in ["a/pairs +", "a/broken !", "a/remote !"] {
        assert!(list.contains(shown), "no {shown} in {list}");
    }
    for model in ["a/broken", "a/remote"] {
        let (code, envelope) = json(&home, &base, &["check", model, "--prompt", "x", "--offline"]);
        assert_eq!(code, 2, "{envelope}");
        let fix = envelope["error"]["fix"].as_str().expect("a fix");
        assert!(fix.contains("`--no-check`"), "{fix}");
        let sent = ["run", model, "--prompt", "x", "--set", "x=1", "--no-check", "--dry-run"];
        let (code, envelope) = json(&home, &base, &sent);
        assert_eq!(code, 0, "{envelope}");
        assert_eq!(envelope["data"]["body"], json!({"prompt": "x", "x": 1}));
        let shown = run(&home, &base, &["models", "show", model]);
        assert!(shown.code == 0 && shown.stdout.contains("cannot be checked"), "{shown:?}");
    }
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let (home, base) = synced();
    let ended =
        run(&home, &base, &["check", "a/loop", "--prompt", "x", "--set", "x=1", "--offline"]);
    assert!([0, 2, 3].contains(&ended.code), "{ended:?}");
}
