//! Text of a server moves no cursor, in any form of output.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::catalog::serve;
use crate::support::{Ended, Home};

/// Text that clears the screen, forges a line, sets the title, and turns the reading direction.
const HOSTILE: &str = r"gone\u001b[2J\u001b]0;t\u0007\r\nok\u009b1A\u007f\u202e\u200b";

/// Starts an API that has its text in every reply. Returns its base.
fn api() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap_or(0);
            let head = String::from_utf8_lossy(&request[..count]).into_owned();
            let path = head.split([' ', '?']).nth(1).unwrap_or_default();
            let (status, body) = match path.rsplit('/').next() {
                _ if path.contains("r-refused") => (400, format!(r#"{{"message": "{HOSTILE}"}}"#)),
                Some("status") if path.contains("r-failed") => {
                    (200, r#"{"status": "failed"}"#.to_owned())
                }
                Some("result") if path.contains("r-failed") => {
                    (200, format!(r#"{{"status": "failed", "error": "{HOSTILE}"}}"#))
                }
                Some("status") => (200, format!(r#"{{"status": "{HOSTILE}"}}"#)),
                _ => (
                    200,
                    format!(r#"{{"status": "completed", "output": {{"{HOSTILE}": "{HOSTILE}"}}}}"#),
                ),
            };
            let length = body.len();
            let reply = format!(
                "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    base
}

// Attack L4, field case terminal-escape.
#[test]
fn text_of_a_server_cannot_control_the_terminal() {
    let (home, base) = (Home::new(), api());
    for words in [
        ["status", "r-1"],
        ["result", "r-1"],
        ["cancel", "r-1"],
        ["status", "r-refused"],
        ["result", "r-refused"],
        ["wait", "r-failed"],
        ["download", "r-1"],
    ] {
        for form in [None, Some("--json"), Some("--events")] {
            let args: Vec<&str> = words.into_iter().chain(form).collect();
            let mut command = home.command(&args);
            command.env("RUNCOMFY_MODEL_API_BASE", &base).env("RUNCOMFY_TOKEN", "of-no-use-at-all");
            // Without colours, every escape sequence would be taken out on the way.
            command.env("CLICOLOR_FORCE", "1");
            let ended = Ended::of(command.output().expect("the binary runs"));
            let is_shown = !["cancel", "download"].contains(&words[0]);
            assert_harmless(&args, &ended, if is_shown { "gone" } else { "" });
        }
    }
}

#[test]
fn text_of_a_live_schema_cannot_control_the_terminal() {
    let text: String = serde_json::from_str(&format!("\"{HOSTILE}\"")).expect("a string");
    let schema = serde_json::json!({
        "type": "object",
        "title": text,
        "description": text,
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "maxLength": 3, "title": text, "description": text},
            "mode": {"type": "string", "enum": [text, "calm"], "default": text},
            text.clone(): {"type": "integer", "maximum": 9},
        },
    });
    let entry = serde_json::json!({
        "model_id": "a/hostile",
        "display_name": text,
        "description": text,
        "category": text,
        "input_schema": schema,
    });
    let page = serde_json::json!({"models": [entry]}).to_string();
    let (home, base) = (Home::new(), serve(page.leak()));
    for (words, shows) in [
        (&["models", "sync"][..], ""),
        (&["models", "hostile"], "hostile"),
        (&["models", "show", "a/hostile"], "prompt"),
        (&["run", "a/hostile", "--help"], "prompt"),
        (&["check", "a/hostile", "--prompt", "too long", "--offline"], "prompt"),
        (&["check", "a/hostile", "--prompt", "a", "--mode", "x", "--offline"], "mode"),
    ] {
        for form in [None, Some("--json")] {
            let args: Vec<&str> = words.iter().copied().chain(form).collect();
            let mut command = home.command(&args);
            command.env("RUNCOMFY_MODEL_API_BASE", &base).env("RUNCOMFY_TOKEN", "a-token");
            command.env("CLICOLOR_FORCE", "1");
            assert_harmless(&args, &Ended::of(command.output().expect("it runs")), shows);
        }
    }
}

/// Files come from other people, and arguments from other programs.
#[test]
fn a_file_or_an_argument_cannot_control_the_terminal() {
    let text = "gone\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{200b}";
    let (home, file) = (Home::new(), format!("{text}.json"));
    let input = serde_json::json!({text: 1, "prompt": text.repeat(500), "image_url": text});
    home.write("in.json", input.to_string());
    home.write("raw.json", format!("{{\"a{text}\": {text}}}\n"));
    home.write(&file, "{");
    home.write("boats.csv", format!("prompt,{text},image_url\nx,{text},{text}\n"));
    home.write("boats.jsonl", format!("{input}\n{text}\n"));
    let (flag, set) = (format!("--{text}"), format!("{text}=1"));
    for args in [
        &["check", "hailuo", "--input", "in.json"][..],
        &["check", "hailuo", "--input", "raw.json"],
        &["check", "hailuo", "--input", &file],
        &["check", "hailuo", "--set", &set],
        &["check", "hailuo", "--prompt", "x", "--image-url", text],
        &["check", "hailuo", &flag, "x"],
        &["batch", "add", "hailuo", "boats.csv"],
        &["batch", "add", "hailuo", "boats.jsonl"],
        &["completions", text],
        &["spend", "set", "--budget-per-day", text],
        &["models", "show", text],
        &[text],
    ] {
        for form in [None, Some("--json"), Some("--events")] {
            let args: Vec<&str> = args.iter().copied().chain(form).collect();
            let mut command = home.command(&args);
            command.env("CLICOLOR_FORCE", "1");
            assert_harmless(&args, &Ended::of(command.output().expect("the binary runs")), "");
        }
    }
}

/// Asserts that a command shows a text, and prints no character but colours that a terminal obeys
/// or hides.
pub(crate) fn assert_harmless(args: &[&str], ended: &Ended, shows: &str) {
    let colours = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    let plain = colours.replace_all(&printed, "");
    let hides = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
    let found = plain.chars().find(|c| hides(*c) && *c != '\n');
    assert_eq!(found, None, "{args:?}: {printed:?}");
    assert!(plain.contains(shows), "{args:?}: {printed:?}");
    assert!(!plain.lines().any(|line| line.starts_with("ok")), "{args:?}: {printed:?}");
}
