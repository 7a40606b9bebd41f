//! The one colour scheme, and tables that fit the terminal.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use runcomfy::Url;
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

/// Environment variables that agents and CI systems set. Their programs read no colours or bars.
const UNATTENDED: [&str; 6] =
    ["CI", "CLAUDECODE", "CODEX_SANDBOX", "CURSOR_AGENT", "AI_AGENT", "RCOMFY_UNATTENDED"];
/// Width of a table where no terminal tells one.
const DEFAULT_WIDTH: u16 = 100;
/// The least columns of the terminal for a column of text, with the space after it.
const MIN_COLUMN: u16 = 12;
/// The least columns of the terminal for text that is not to be wrapped.
const MIN_WHOLE: u16 = 20;
/// Columns of the terminal between two columns of a table.
const GAP: u16 = 2;
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

/// Returns rows as a table without borders, within the width of the terminal. If too little of the
/// first column would fit beside the others, each row is a block of lines instead.
pub(crate) fn table<const N: usize>(columns: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let mut table = plain();
    table.set_header(columns.map(|(title, _)| title.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| escaped(cell)));
    }
    let longest: Vec<u16> = table.column_max_content_widths();
    // The other columns have to stay readable.
    let others = columns.iter().zip(&longest).map(|((_, align), longest)| match align {
        Align::Left => MIN_COLUMN,
        Align::Right => longest + GAP,
        Align::Whole => 0,
    });
    let room = width().saturating_sub(others.sum());
    let whole = columns.iter().zip(&longest).filter(|((_, align), _)| *align == Align::Whole);
    if whole.map(|(_, longest)| *longest).any(|longest| longest > room && room < MIN_WHOLE) {
        return blocks(columns.map(|(title, _)| title), rows);
    }
    for (index, (_, align)) in columns.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((0, GAP));
        match align {
            Align::Left => {}
            Align::Right => {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            Align::Whole => {
                let fits = longest.get(index).is_none_or(|longest| *longest <= room);
                column.set_constraint(if fits {
                    ColumnConstraint::ContentWidth
                } else {
                    ColumnConstraint::UpperBoundary(Width::Fixed(room))
                });
            }
        }
    }
    trimmed(&table)
}

/// Returns an empty table without borders, within the width of the terminal.
fn plain() -> Table {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table
}

fn trimmed(table: &Table) -> String {
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Returns each row as its first cell, and a line for each of the others that is not empty.
fn blocks<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let longest = titles.iter().skip(1).map(|title| title.len()).max().unwrap_or_default();
    let first = u16::try_from(longest).unwrap_or(MIN_COLUMN).saturating_add(2 * GAP);
    let blocks: Vec<String> = rows.iter().map(|row| block(&titles, row, first)).collect();
    blocks.join("\n")
}

/// Returns a row as lines. `first` is the width of the titles.
fn block(titles: &[&str], row: &[String], first: u16) -> String {
    let mut table = plain();
    let cells = titles.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
    for (title, cell) in cells {
        table.add_row([title.to_uppercase(), escaped(cell)]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_padding((GAP, GAP));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(first)));
    }
    if let Some(column) = table.column_mut(1) {
        column.set_padding((0, 0));
    }
    let name = row.first().map(|cell| escaped(cell)).unwrap_or_default();
    format!("{name}\n{}", trimmed(&table))
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
    let url = std::path::absolute(path).ok().and_then(|path| Url::from_file_path(path).ok());
    link(&shown, url.as_ref())
}

/// Returns a text as a link to the page of a model, where the terminal shows links. The text is
/// safe to show already.
pub(crate) fn page_link(shown: &str, page: Option<&str>) -> String {
    let url = page.and_then(|page| Url::parse(page).ok());
    link(shown, url.filter(|url| matches!(url.scheme(), "http" | "https")).as_ref())
}

/// Returns `true` if an agent or a CI system runs this process.
pub(crate) fn is_unattended() -> bool {
    UNATTENDED.iter().any(|name| is_set(name))
}

/// Returns `true` if nothing is to be coloured, redrawn or asked, on a terminal too.
pub(crate) fn is_plain() -> bool {
    is_unattended() || is_set("NO_COLOR")
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Returns `true` if links on stdout are shown as links.
pub(crate) fn shows_links() -> bool {
    std::io::stdout().is_terminal() && !is_plain() && supports_hyperlinks::on(Stream::Stdout)
}

/// Returns a text with the escape sequence OSC 8 around it. A URL has no control character.
fn link(shown: &str, url: Option<&Url>) -> String {
    match url.filter(|_| shows_links()) {
        Some(url) => format!("\u{1b}]8;;{url}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\"),
        None => shown.to_owned(),
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
