//! The one colour scheme, and tables that fit the terminal.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use runcomfy::codegen_support::escape_control;
use supports_hyperlinks::Stream;

/// The word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Warnings, and what to do next.
pub(crate) const HINT: Style = AnsiColor::Yellow.on_default().bold();
/// A success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Headings and names.
pub(crate) const BOLD: Style = Style::new().bold();
/// Details.
pub(crate) const DIM: Style = Style::new().dimmed();

/// Width of a table where no terminal tells one.
const DEFAULT_WIDTH: u16 = 100;
/// The least columns of the terminal for a column of text, with the space after it.
const MIN_COLUMN: u16 = 12;
/// The narrowest width that a table is fitted to.
const MIN_WIDTH: u16 = 40;

/// The side of a column that its text is aligned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text, which wraps.
    Left,
    /// Numbers.
    Right,
    /// Text that is never wrapped, such as an id or a flag.
    Whole,
}

/// Returns the width of the terminal, in columns.
pub(crate) fn width() -> u16 {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| width.0);
    columns.or_else(measured).unwrap_or(DEFAULT_WIDTH).max(MIN_WIDTH)
}

/// Returns rows as a table without borders, within the width of the terminal.
pub(crate) fn table<const N: usize>(columns: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width())
        .set_header(columns.map(|(title, _)| title.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| escaped(cell)));
    }
    let longest: Vec<u16> = table.column_max_content_widths();
    for (index, (_, align)) in columns.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((0, 2));
        match align {
            Align::Left => {}
            Align::Right => {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            Align::Whole => {
                // The other columns have to stay readable.
                let others = u16::try_from(N - 1).unwrap_or(0).saturating_mul(MIN_COLUMN);
                let fits = longest.get(index).is_none_or(|length| length + others <= width());
                column.set_constraint(if fits {
                    ColumnConstraint::ContentWidth
                } else {
                    ColumnConstraint::UpperBoundary(Width::Fixed(width().saturating_sub(others)))
                });
            }
        }
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Returns text from a schema, a server or a file, safe to show.
pub(crate) fn escaped(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape_control).collect();
    lines.join(" ")
}

/// Same as [`escaped`], for text whose line breaks are ours.
pub(crate) fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escape_control).collect::<Vec<_>>().join("\n")
}

/// Returns JSON whose strings are safe to show: JSON itself leaves some of what a terminal obeys or
/// hides.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match escape_control(c.encode_utf8(&mut [0; 4])) {
            // The line breaks and the indents of JSON itself.
            Cow::Owned(_) if c != '\n' => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).iter();
                escaped.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Returns a number of things in words: `1 error`, `2 errors`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Returns a text shortened to a number of characters.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    kept + "…"
}

/// Returns a path as a link to the file, where the terminal shows links.
pub(crate) fn hyperlink(path: &Path) -> String {
    let shown = escaped(&path.display().to_string());
    let is_shown = std::io::stdout().is_terminal() && supports_hyperlinks::on(Stream::Stdout);
    match (is_shown, runcomfy::Url::from_file_path(path)) {
        (true, Ok(url)) => format!("\u{1b}]8;;{url}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Attack L4.
    #[test]
    fn json_is_the_same_and_safe_to_show() {
        let text = "a\u{1b}[2J\u{9b}1m\u{7f}\u{202e}\u{e0001}é波🌊\n\t\"\\";
        let value = serde_json::json!({ text: [text], "b": 1 });
        for json in [value.to_string(), format!("{value:#}")] {
            let shown = escaped_json(&json);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), Some(value.clone()));
            assert_eq!(escaped_lines(&shown), shown);
            assert!(shown.contains("é波🌊"), "{shown}");
        }
    }
}
