//! Help: of every command, and of a model's own flags.

use crate::support::Home;

#[test]
fn help_of_every_command_is_reviewed() {
    let home = Home::new();
    for command in [
        "",
        "models",
        "models show",
        "models sync",
        "check",
        "run",
        "submit",
        "status",
        "wait",
        "result",
        "cancel",
        "download",
        "batch",
        "batch add",
        "batch run",
        "batch status",
        "batch pause",
        "batch resume",
        "batch cancel",
        "batch requeue",
        "batch export",
        "batch move",
        "worker",
        "jobs",
        "jobs show",
        "jobs resume",
        "jobs settle",
        "jobs prune",
        "spend",
        "spend set",
        "simulate",
        "login",
        "logout",
        "config",
        "completions",
        "man",
        "help",
    ] {
        let words: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
        let ended = home.run(&[words.as_slice(), &["--help"]].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let name = if command.is_empty() { "rcomfy".to_owned() } else { command.replace(' ', "_") };
        insta::assert_snapshot!(format!("help_{name}"), ended.stdout);
    }
}

#[test]
fn help_of_run_shows_the_flags_of_the_model() {
    let ended = Home::new().run(&["run", "hailuo", "--help"]);
    for shown in [
        "--prompt <TEXT>",
        "at most 1995 characters",
        "--image-url <FILE|URL>",
        "width over 300 px",
        "[required]",
        "--prompt-optimizer[=<BOOL>]",
        "[default: true]",
    ] {
        assert!(ended.stdout.contains(shown), "no {shown:?} in {}", ended.stdout);
    }
}

#[test]
fn help_as_json_has_every_command_and_exit_code() {
    let (code, envelope) = Home::new().json(&["help"]);
    assert_eq!(code, 0);
    let names: Vec<&str> = envelope["data"]["commands"]
        .as_array()
        .expect("commands")
        .iter()
        .filter_map(|command| command["name"].as_str())
        .collect();
    for command in ["models", "run", "jobs", "spend", "simulate", "completions"] {
        assert!(names.contains(&command), "no {command} in {names:?}");
    }
    let codes = envelope["data"]["exit_codes"].as_array().expect("exit codes");
    assert!(codes.iter().any(|code| code["exit_code"] == 12 && code["code"] == "would_pay_twice"));
}

/// `rcomfy help --json` is the help for programs, as `docs/cli/README.md` says.
#[test]
fn help_and_version_are_text_in_every_format() {
    let home = Home::new();
    for format in ["--json", "--events"] {
        for command in [&["--help"][..], &["run", "hailuo", "--help"], &["jobs", "-h"]] {
            let (plain, found) = (home.run(command), home.run(&[command, &[format]].concat()));
            assert_eq!((found.code, &found.stdout), (0, &plain.stdout), "{command:?} {format}");
            assert!(found.stderr.is_empty() && found.stdout.contains("Usage: "), "{found:?}");
        }
        let version = home.run(&["--version", format]);
        assert!(version.code == 0 && version.stdout.starts_with("rcomfy "), "{version:?}");
    }
}

#[test]
fn an_unknown_flag_gets_the_nearest() {
    let ended = Home::new().run(&["run", "hailuo", "--promt", "x"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("'--prompt'"), "{}", ended.stderr);
}
