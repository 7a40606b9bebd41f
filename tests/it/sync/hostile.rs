//! Text from outside controls no terminal: of a catalog, of a server's errors, of files to add, and of
//! folders and files in the schemas folder, in each command and each form of its output.

use serde_json::{Value, json};

use super::place::{Place, Printed};
use super::server::{Server, http, page};
use crate::hostile::everywhere;
use crate::regenerating::copy;
use crate::support::{write, xtask_command};
use crate::terminal::{HOSTILE, assert_inert, bodies};

/// The longest line about a server's error, in characters.
const MAX_LINE: usize = 4000;

/// Returns a catalog entry with the same text wherever there can be text.
fn entry(id: &str, text: &str) -> Value {
    json!({
        "model_id": id, "display_name": text, "description": text, "pricing_note": text,
        "model_url": text, "price_unit": text, "categories": [text], "category": text, text: text,
        "input_schema": everywhere(text),
        "output_schema": {"output": {"type": "object", "properties": {text: {"format": text}}}},
    })
}

/// Returns entries that cannot be used, each with the text at another place.
fn unusable(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = [
        json!(text),
        json!([text]),
        json!({"model_id": text}),
        json!({"model_id": format!("acme/{text}"), "input_schema": {"type": "object"}}),
        json!({"model_id": {text: text}, "input_schema": {"type": "object"}}),
        json!({"model_id": "acme/none", "input_schema": text}),
        json!({"model_id": "acme/list", "input_schema": {"type": [text], text: text}}),
        json!({"model_id": "acme/out", "input_schema": {}, "output_schema": {text: text}}),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    let twice = json!(text);
    entries.push(format!(r#"{{"model_id": "acme/twice", {twice}: 1, {twice}: 2}}"#));
    entries
}

/// Asserts that nothing of the output can control a terminal.
fn assert_shown(what: &str, printed: &Printed) {
    assert_inert(what, &printed.out);
    assert_inert(what, &printed.err);
}

/// Runs a command of `xtask` in a folder.
fn run(place: &Place, args: &[&str]) -> Printed {
    let mut command = xtask_command();
    command.args(args).current_dir(place.path(""));
    command.output().expect("it runs").into()
}

/// Runs the commands that read the schemas folder.
fn read_everything(place: &Place, what: &str) {
    let codegen = ["codegen", "--schemas", "schemas", "--out", "generated"];
    for args in [
        &codegen[..],
        &[&codegen[..], &["--message-format", "json"]].concat(),
        &[&codegen[..], &["--dry-run"]].concat(),
        &[&codegen[..], &["--check", "--deny", "warnings"]].concat(),
        &["schemas", "list", "--schemas", "schemas"],
        &["schemas", "list", "--schemas", "schemas", "--message-format", "json"],
        &["schemas", "diff", "schemas", "before"],
        &["schemas", "diff", "before", "schemas"],
        &["schemas", "diff", "before", "schemas", "--message-format", "json"],
    ] {
        assert_shown(&format!("{what}: {args:?}"), &run(place, args));
    }
}

#[test]
fn text_of_a_catalog_controls_no_terminal() {
    let place = Place::with(&[]);
    std::fs::create_dir(place.path("before")).expect("it can be made");
    let sync = |entries: &[String], flags: &[&str]| {
        let server = Server::start(vec![http(200, &page(entries, Some(entries.len())))]);
        let printed = place.sync_from(&server.base, flags);
        assert_shown(&format!("sync {flags:?}"), &printed);
        printed
    };
    let usable = |text: &str| ["acme/boat", "acme/raft"].map(|id| entry(id, text).to_string());
    let all = [&unusable(HOSTILE)[..], &usable(HOSTILE)].concat();
    assert!(sync(&all, &[]).ok);
    read_everything(&place, "added");

    copy(&place.path("schemas"), &place.path("before"));
    let other = HOSTILE.replace("FORGED", "FORGED\u{1b}]0;t\u{7}\u{85}");
    let changed = [&unusable(&other)[..], &usable(&other)[..1]].concat();
    assert!(!sync(&changed, &["--check"]).ok);
    assert!(sync(&changed, &[]).ok);
    read_everything(&place, "changed");

    // Only entries that cannot be used.
    assert!(!sync(&unusable(HOSTILE)[..5], &[]).ok);
}

#[test]
fn the_error_of_a_catalog_controls_no_terminal() {
    let place = Place::with(&[]);
    for body in bodies() {
        for status in [200, 400, 500] {
            let server = Server::start(vec![http(status, &body)]);
            let printed = place.sync_from(&server.base, &[]);
            assert!(!printed.ok, "HTTP {status} {body:?}");
            assert_shown(&format!("HTTP {status} {body:?}"), &printed);
        }
    }
}

#[test]
fn a_file_to_add_controls_no_terminal() {
    let place = Place::with(&[]);
    let schema = everywhere(HOSTILE).to_string();
    let mut texts = bodies();
    texts.extend([
        schema.clone(),
        entry("acme/boat", HOSTILE).to_string(),
        entry(HOSTILE, HOSTILE).to_string(),
        json!({"models": [entry("acme/boat", HOSTILE), entry(HOSTILE, HOSTILE)]}).to_string(),
        format!(
            "{HOSTILE}\ncurl --request POST \\\n--url https://a.example/v1/models/acme/{HOSTILE} \\\n--data '{{}}'\n{schema}\n{{\"output\": {schema}}}"
        ),
        format!("curl --url https://a.example/v1/models/acme/boat --data '{HOSTILE}'\n{schema}"),
    ]);
    for text in &texts {
        for name in ["in.json", "\u{1b}[2J\u{9b}31m\u{202e}.json"] {
            std::fs::write(place.path(name), text).expect("it can be written");
            let add = ["schemas", "add", name, "--schemas", "schemas"];
            assert_shown(text, &run(&place, &add));
            for id in ["acme/boat", HOSTILE] {
                let printed = run(&place, &[&add[..], &["--id", id]].concat());
                assert_shown(&format!("--id {id:?}: {text}"), &printed);
            }
        }
    }
}

/// The folder may come from a stranger's repository.
#[test]
fn a_schemas_folder_controls_no_terminal() {
    for folder in ["acme/boat", "acme/\u{1b}[2J\u{9b}31m\u{202e}", "\u{1b}[2J/\u{202e}"] {
        for (file, text) in [
            ("model.json", json!({"id": HOSTILE, "gone": HOSTILE}).to_string()),
            ("model.json", json!({"id": "acme/boat", "arguments": [HOSTILE]}).to_string()),
            ("model.json", HOSTILE.to_owned()),
            ("input.json", HOSTILE.to_owned()),
            ("input.json", format!("{{\"{HOSTILE}\": ")),
            ("output.json", json!({HOSTILE: HOSTILE}).to_string()),
        ] {
            let place = Place::with(&["acme/boat"]);
            std::fs::create_dir(place.path("before")).expect("it can be made");
            let home = place.path("schemas").join(folder);
            write(&home.join("model.json"), r#"{"id": "acme/boat"}"#);
            write(&home.join("input.json"), r#"{"type": "object"}"#);
            write(&home.join(file), &text);
            let fixup = json!([{"op": "test", "path": HOSTILE, "value": HOSTILE}]);
            write(&place.path(&format!("schemas/fixups/{folder}.json")), &fixup.to_string());
            let what = format!("{folder:?} {file} {text:?}");
            read_everything(&place, &what);
            assert_shown(&what, &place.sync(&["--check"]));
        }
    }
}

#[test]
fn long_text_from_outside_is_escaped_to_its_end() {
    let place = Place::with(&[]);
    std::fs::create_dir(place.path("before")).expect("it can be made");
    let long = "x".repeat(100_000) + HOSTILE;
    write(&place.path("in.json"), &everywhere(&long).to_string());
    let add = ["schemas", "add", "in.json", "--id", "acme/boat", "--schemas", "schemas"];
    assert_shown("add", &run(&place, &add));
    read_everything(&place, "long");
    for body in [json!({"error_message": long}).to_string(), long.clone()] {
        for status in [400, 500] {
            let server = Server::start(vec![http(status, &body)]);
            let printed = place.sync_from(&server.base, &[]);
            assert_shown("sync", &printed);
            let longest = printed.err.lines().map(|line| line.chars().count()).max();
            assert!(longest.is_some_and(|longest| longest < MAX_LINE), "{longest:?} characters");
        }
    }
}
