//! Lines from CSV: the header names properties, and each cell holds a value.

use csv::ReaderBuilder;
use serde_json::{Map, Value};

use super::source::Line;
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
    let records = reader.records().map(|record| match record {
        Ok(record) => {
            let number = record.position().map_or(0, csv::Position::line);
            Line { number, value: value(model, &columns, &record) }
        }
        Err(error) => {
            let number = error.position().map_or(0, csv::Position::line);
            Line { number, value: Err(error.to_string()) }
        }
    });
    Ok(records.collect())
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
