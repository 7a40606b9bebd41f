//! Text for a terminal: colours, and numbers of things. `anstream` leaves the colours out if there
//! is no terminal, by the conventions of `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.

use std::fmt::Display;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use runcomfy_codegen::Level;

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
    fn one_thing_is_not_plural() {
        assert_eq!(
            [count(0, "error"), count(1, "error"), count(2, "error")],
            ["0 errors", "1 error", "2 errors"]
        );
    }
}
