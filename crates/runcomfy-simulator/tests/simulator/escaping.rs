//! Text of a request or a schema cannot control the terminal in which the program runs. Attack L4.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::program::Program;
use crate::support::*;

/// Clears the screen, begins a line, and turns text around.
const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\r\nFORGED\u{202e}";

fn assert_inert(text: &str) {
    let is_active = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
    assert_eq!(text.chars().find(is_active), None, "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{text}");
}

#[test]
fn a_request_controls_no_terminal() {
    let folder = boat();
    let program = Program::start(folder.path(), &["--port", "0"]);
    let address = program.origin().trim_start_matches("http://").to_owned();
    let paths = ["/v1/requests/\u{9b}2J\u{202e}/status", "/outputs/\u{9b}.png", "/\u{202e}?\u{9b}"];
    for path in paths {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut reply = Vec::new();
        // It may refuse such a path.
        let _ = stream.read_to_end(&mut reply);
    }
    let log = program.stop();
    assert!(log.contains(r"GET /v1/requests/\u{9b}2J\u{202e}/status 401"), "{log:?}");
    assert_inert(&log);
}

/// Starts the program with a folder of schemas that it refuses. Returns what it prints.
fn refusal(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_runcomfy-simulator"))
        .arg("--schemas")
        .arg(folder)
        .args(["--port", "0"])
        .output()
        .expect("the program starts");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("it is text")
}

#[test]
fn a_schema_controls_no_terminal() {
    let id = serde_json::Value::from(HOSTILE);
    let schemas = [
        (format!(r#"{{"id": {id}}}"#), "{}".to_owned()),
        (r#"{"id": "a/b"}"#.to_owned(), format!(r#"{{"properties": {{{id}: {{"type": {id}}}}}}}"#)),
        (r#"{"id": "a/b"}"#.to_owned(), format!(r#"{{"properties": {{{id}: 3}}}}"#)),
        (r#"{"id": "a/b"}"#.to_owned(), HOSTILE.to_owned()),
        (HOSTILE.to_owned(), "{}".to_owned()),
    ];
    for (model, input) in schemas {
        let folder = tempfile::tempdir().expect("there is room");
        for name in ["one", "two\u{1b}[2J"] {
            let place = folder.path().join(name);
            std::fs::create_dir_all(&place).expect("there is room");
            std::fs::write(place.join("model.json"), &model).expect("there is room");
            std::fs::write(place.join("input.json"), &input).expect("there is room");
        }
        assert_inert(&refusal(folder.path()));
    }
    assert_inert(&refusal(Path::new("/nowhere/\u{1b}[2J")));
}
