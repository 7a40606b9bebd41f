//! Lines from CSV: the header names properties, and each cell holds a value.

use csv::ReaderBuilder;
use serde_json::{Map, Value};

use super::source::{Line, repeated};
use crate::failure::{Failure, Result};
use crate::input::merge;
use crate::model::KnownModel;

/// Reads CSV. An empty cell leaves its property out.
pub(crate) fn lines(model: KnownModel, text: &str, file: &str) -> Result<Vec<Line>> {
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        Failure::usage(format!("{file}: the header cannot be read: {error}"))
            .fix("write the names of properties into the first line")
    };
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns: Vec<Vec<String>> = header.iter().map(|name| path(name.trim())).collect();
    if let Some(name) = header.iter().find(|name| name.trim().is_empty()) {
        return Err(Failure::usage(format!("{file}: a column has no name (found {name:?})"))
            .fix("name each column after a property, such as `prompt` or `loras[0].scale`"));
    }
    if let Some(name) = repeated(&columns) {
        return Err(Failure::usage(format!("{file}: two columns are named `{name}`"))
            .fix("remove one of them, or name it after another property"));
    }
    let (mut lines, mut place) = (Vec::new(), Place { text, byte: 0, line: 1 });
    for record in reader.records() {
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        place.move_to(position.map_or(0, csv::Position::byte));
        let value = match record {
            Ok(record) => value(model, &columns, &record),
            Err(error) => Err(error.to_string()),
        };
        lines.push(Line { number: place.line, value });
    }
    if let Some(last) = lines.last_mut()
        && is_open(place.rest())
    {
        last.value = Err("a `\"` opens a cell here and none closes it".to_owned());
    }
    Ok(lines)
}

/// The place of a record in a text.
struct Place<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> Place<'a> {
    /// Moves on to the record that the reader finds at this byte, or after the line breaks there: it
    /// leaves the second half of the one before to the next record.
    fn move_to(&mut self, byte: u64) {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let breaks = self.text.as_bytes()[byte..].iter();
        let breaks = breaks.take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (byte + breaks).max(self.byte);
        let passed = self.text.as_bytes()[self.byte..start].iter();
        self.line += passed.filter(|byte| **byte == b'\n').count() as u64;
        self.byte = start;
    }

    fn rest(&self) -> &'a str {
        &self.text[self.byte..]
    }
}

/// Returns `true` if a cell of the last record takes the rest of the file, since nothing closes it.
fn is_open(record: &str) -> bool {
    let record = record.trim_end_matches(['\r', '\n']);
    record.contains('\n') && !record.matches('"').count().is_multiple_of(2)
}

/// Returns the steps of a path such as `loras[0].scale`.
pub(crate) fn path(name: &str) -> Vec<String> {
    let steps = name.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    steps.map(str::to_owned).collect()
}

fn value(
    model: KnownModel,
    columns: &[Vec<String>],
    record: &csv::StringRecord,
) -> std::result::Result<Value, String> {
    let mut value = Value::Object(Map::new());
    for (column, cell) in columns.iter().zip(record) {
        if !cell.is_empty() {
            merge::set_literal(model, &mut value, column, cell)
                .map_err(|failure| failure.message.clone())?;
        }
    }
    Ok(value)
}
