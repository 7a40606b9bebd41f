//! The examples of a page: each command is run in a shell, against a simulator of the page's own.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use regex::Regex;
use runcomfy_simulator::{Call, Fault, Pace, Processed, Simulator};

use crate::support::Home;

/// Ids that stand for those of jobs, in the order in which they are seen.
const IDS: [&str; 6] =
    ["4dhk2m9x7q", "b8w3n6t1zc", "e5r0y2j8vk", "g7f4p9s3mh", "k1x6c8d2wb", "n3z5q7r9tj"];

/// The line of a page after which the reply to a submit is lost.
const LOST_REPLY: &str = "<!-- lost reply -->";

/// Runs every command of the console blocks, and returns the text with what they print now. A page
/// has to show a success and a failure.
pub(crate) async fn run(source: &str) -> String {
    let price = "0.25/output".parse().expect("a price");
    let pace = Pace { queue: Duration::ZERO, run: Duration::from_millis(50) };
    let simulator = Simulator::builder().pace(pace).price(price).start().await.expect("it starts");
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    home.picture("small.png", 200, 200);
    let lost = Fault::Close { processed: Processed::Yes };
    let mut shown = String::new();
    let mut ids = BTreeMap::new();
    let mut codes = Vec::new();
    let mut is_console = false;
    for line in source.lines() {
        match line {
            "```console" => is_console = true,
            "```" => is_console = false,
            LOST_REPLY => simulator.script(Call::Submit, [lost.clone()]),
            _ => {}
        }
        let command = line.strip_prefix("$ ").filter(|_| is_console);
        if is_console && command.is_none() && line != "```console" {
            continue;
        }
        shown.push_str(&format!("{line}\n"));
        if let Some(command) = command {
            let (code, printed) = shell(&home, command);
            codes.push(code);
            shown.push_str(&redacted(&printed, &home, &mut ids));
            if code != 0 {
                shown.push_str(&format!("[exit code {code}]\n"));
            }
        }
    }
    assert!(codes.contains(&0), "a page without a good example:\n{shown}");
    assert!(codes.iter().any(|code| *code != 0), "a page without a bad example:\n{shown}");
    shown
}

/// Runs a line in a shell, and returns its exit code and all that it prints.
fn shell(home: &Home, line: &str) -> (i32, String) {
    let line = format!("exec 2>&1; {line}");
    let output =
        home.program("sh", &["-c", &line]).stdin(Stdio::null()).output().expect("the shell runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text)
}

/// Returns `true` if a word of ten characters in a text is the id of a job. Few ids have no digit,
/// and then the words before it tell, or the ledger.
fn is_job(home: &Home, text: &str, word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        || text.contains(&format!("job {word}"))
        || home.has_job(word)
}

/// Replaces what differs between two runs. Ids of jobs stay distinct.
fn redacted(text: &str, home: &Home, ids: &mut BTreeMap<String, String>) -> String {
    let mut text = text.replace(&*home.path().to_string_lossy(), "~");
    let id = Regex::new(r"\b[0-9a-z]{10}\b").expect("a pattern");
    let found: Vec<String> = id.find_iter(&text).map(|found| found.as_str().to_owned()).collect();
    for found in found {
        if !is_job(home, &text, &found) {
            continue;
        }
        let next = IDS[ids.len() % IDS.len()];
        let shown = ids.entry(found.clone()).or_insert_with(|| next.to_owned());
        text = text.replace(&found, shown);
    }
    let patterns = [
        (r#"[^\s"=]*/\.tmp\w+"#, "/tmp/simulated"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:8787"),
        (r"127\.0\.0\.1-\d+", "127.0.0.1-8787"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-12-01T09:30:00Z"),
        (r"\d{4}-\d\d-\d\d\b", "2026-12-01"),
        (r"\(\d+ s\)", "(0 s)"),
        (r#""sha256":"[0-9a-f]{64}""#, r#""sha256":"…""#),
    ];
    for (pattern, by) in patterns {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, by).into_owned();
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.iter().map(|line| format!("{line}\n")).collect()
}
