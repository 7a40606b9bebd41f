//! Lines from a template: every combination of the values that properties are given.

use serde_json::Value;

use super::csv::path;
use super::source::{Line, MAX_LINES, repeated, too_many, without_mark};
use crate::failure::{Failure, Result};
use crate::input::merge::set_literal;
use crate::model::KnownModel;

/// A property and its values.
struct Column {
    path: Vec<String>,
    values: Vec<String>,
}

/// Returns every combination, the last column changing fastest.
pub(crate) fn lines(model: KnownModel, base: &Value, columns: &[String]) -> Result<Vec<Line>> {
    let columns = columns.iter().map(|text| column(text)).collect::<Result<Vec<Column>>>()?;
    if let Some(name) = repeated(columns.iter().map(|column| &column.path)) {
        return Err(Failure::usage(format!("--vary {name}: given twice"))
            .fix(format!("give all of its values at once: `--vary {name}=one,two`")));
    }
    let count = columns.iter().map(|column| column.values.len()).try_fold(1, usize::checked_mul);
    too_many(count.unwrap_or(usize::MAX))?;
    let mut values = vec![base.clone()];
    for column in &columns {
        let mut longer = Vec::with_capacity(values.len() * column.values.len());
        for value in &values {
            for text in &column.values {
                let mut value = value.clone();
                set_literal(model, &mut value, &column.path, text)?;
                longer.push(value);
            }
        }
        values = longer;
    }
    let lines = values.into_iter().zip(1..);
    Ok(lines.map(|(value, number)| Line { number, value: Ok(value) }).collect())
}

fn column(text: &str) -> Result<Column> {
    let help = "write `--vary prompt=@prompts.txt`, `--vary seed=1..100` or `--vary size=512,1024`";
    let Some((name, values)) = text.split_once('=') else {
        return Err(Failure::usage(format!("--vary {text}: no `=` in it")).fix(help));
    };
    let values: Vec<String> = match values.strip_prefix('@') {
        Some(file) => {
            let read = std::fs::read_to_string(file).map_err(|error| {
                Failure::usage(format!("--vary {name}: cannot read {file}: {error}")).fix(help)
            })?;
            let read = without_mark(read);
            let lines = read.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        }
        None => match range(values) {
            Some((first, last)) if first > last => {
                return Err(Failure::usage(format!("--vary {text}: the range goes down"))
                    .fix(format!("write `--vary {name}={last}..{first}`")));
            }
            Some((first, last)) if last.saturating_sub(first) < MAX_LINES as i64 => {
                (first..=last).map(|number| number.to_string()).collect()
            }
            Some(_) => {
                return Err(Failure::usage(format!("--vary {text}: more than {MAX_LINES} values"))
                    .fix("split the range into several batches"));
            }
            None if values.trim().is_empty() => Vec::new(),
            None => values.split(',').map(|value| value.trim().to_owned()).collect(),
        },
    };
    if values.is_empty() {
        return Err(Failure::usage(format!("--vary {text}: no values")).fix(help));
    }
    Ok(Column { path: path(name), values })
}

/// Reads `1..100`, which includes both ends.
fn range(text: &str) -> Option<(i64, i64)> {
    let (first, last) = text.split_once("..")?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}
