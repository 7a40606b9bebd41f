//! Text for a terminal: colours, and numbers of things. `anstream` leaves the colours out if there
//! is no terminal, by the conventions of `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.

use std::fmt::Display;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use runcomfy_codegen::{Level, escape_control};
use serde::Serialize;

use crate::files::escape_lines;

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Returns the exit code of a command. Prints its error.
pub fn exit_code(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        error(format_args!("{failure:#}"));
        ExitCode::FAILURE
    })
}

/// Prints an error on stderr.
pub fn error(message: impl Display) {
    let message = escape_lines(&message.to_string());
    anstream::eprintln!("{ERROR}error{ERROR:#}: {message}");
}

/// Prints a warning on stderr.
pub(crate) fn warn(message: impl Display) {
    let message = escape_lines(&message.to_string());
    anstream::eprintln!("{WARNING}warning{WARNING:#}: {message}");
}

/// Colours the lines of a difference in the form of `diff -u`.
pub(crate) fn coloured_diff(diff: &str) -> String {
    diff.split_inclusive('\n').map(coloured_line).collect()
}

fn coloured_line(line: &str) -> String {
    let style = match line.as_bytes() {
        [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => BOLD,
        [b'-', ..] => REMOVED,
        [b'+', ..] => ADDED,
        [b'@', b'@', ..] => PLACE,
        _ => return line.to_owned(),
    };
    let text = line.trim_end_matches('\n');
    format!("{style}{text}{style:#}{}", &line[text.len()..])
}

/// Returns the name of a level in its colour, padded.
pub(crate) fn coloured_level(level: Level) -> String {
    let style = match level {
        Level::Breaks => ERROR,
        Level::Refuses => WARNING,
        Level::New => ADDED,
        Level::Words => Style::new(),
    };
    let (name, width) = (level.name(), 9);
    format!("{style}{name}{style:#}{}", " ".repeat(width - name.len().min(width)))
}

/// Returns a line of JSON. Characters that a terminal would obey or that hide text are escaped as JSON
/// escapes them, since a person may read it too.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String> {
    let mut line = String::new();
    for c in serde_json::to_string(value)?.chars() {
        if escape_control(c.encode_utf8(&mut [0; 4])).starts_with(c) {
            line.push(c);
        } else {
            // JSON has such characters within strings only.
            line.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    Ok(line)
}

/// Returns a number of things: `1 error`, `2 errors`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_of_a_difference_are_coloured() {
        let red = format!("{REMOVED}-a{REMOVED:#}\n");
        assert_eq!(coloured_diff("-a\n b\n"), format!("{red} b\n"));
        assert_eq!(coloured_diff("--- a\n"), format!("{BOLD}--- a{BOLD:#}\n"));
        assert_eq!(coloured_diff("+++"), format!("{ADDED}+++{ADDED:#}"));
    }

    #[test]
    fn a_line_of_json_controls_no_terminal() {
        let text = "\u{1b}[2J\u{9b}\u{202e}\u{e0041}\n\"\\ é 波";
        let line = json_line(&[text]).expect("it is JSON");
        assert_eq!(line, r#"["\u001b[2J\u009b\u202e\udb40\udc41\n\"\\ é 波"]"#);
        assert_eq!(serde_json::from_str::<[String; 1]>(&line).expect("it is JSON"), [text]);
    }

    #[test]
    fn one_thing_is_not_plural() {
        assert_eq!(
            [count(0, "error"), count(1, "error"), count(2, "error")],
            ["0 errors", "1 error", "2 errors"]
        );
    }
}
