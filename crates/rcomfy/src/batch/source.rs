//! Reads the lines of a batch from JSON lines or CSV, or makes them from a template.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{csv, vary};
use crate::args::batch::BatchAddArgs;
use crate::failure::{Failure, Result};
use crate::input::json::Document;
use crate::model::KnownModel;

/// The most lines of a batch.
pub(crate) const MAX_LINES: usize = 1_000_000;
/// The most bytes of a file with lines.
const MAX_BYTES: u64 = 4 << 30;

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number in the file, or among the combinations, from 1.
    pub number: u64,
    /// The input, or the reason why the line cannot be read.
    pub value: std::result::Result<Value, String>,
}

/// The lines of a batch, and the place that they are from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name for messages: the file, or `--vary`.
    pub name: String,
    /// The folder that local paths are relative to.
    pub folder: PathBuf,
    pub lines: Vec<Line>,
}

/// Reads the lines that the arguments name.
pub(crate) fn read(args: &BatchAddArgs, model: KnownModel) -> Result<Source> {
    let base = args.input.as_deref().map(Document::read).transpose()?;
    let shared = match &base {
        Some(document) => document.value()?,
        None => Value::Object(Map::new()),
    };
    let Some(file) = &args.file else {
        let folder = base.map_or_else(PathBuf::new, |document| document.folder);
        let lines = vary::lines(model, &shared, &args.vary)?;
        return Ok(Source { name: "--vary".to_owned(), folder, lines });
    };
    let text = text(file)?;
    let is_csv = Path::new(file).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("csv"));
    let lines = if is_csv { csv::lines(model, &text, file)? } else { json_lines(&text) };
    let lines: Vec<Line> = lines.into_iter().map(|line| over(&shared, line)).collect();
    if lines.is_empty() {
        return Err(Failure::usage(format!("{file} has no lines"))
            .fix("write one JSON object per line, or CSV with a header"));
    }
    too_many(lines.len())?;
    let folder = match file.as_str() {
        "-" => PathBuf::new(),
        path => Path::new(path).parent().map(Path::to_owned).unwrap_or_default(),
    };
    let name = if file == "-" { "stdin".to_owned() } else { file.clone() };
    Ok(Source { name, folder, lines })
}

/// Refuses more lines than a batch may have.
pub(crate) fn too_many(lines: usize) -> Result<()> {
    if lines <= MAX_LINES {
        return Ok(());
    }
    Err(Failure::usage(format!("{lines} lines are too many: a batch may have {MAX_LINES}"))
        .fix("split them into several batches"))
}

/// Reads a file, or stdin, as text.
fn text(file: &str) -> Result<String> {
    let fix = "give a file of JSON lines or CSV, or `-` for stdin";
    let failed = |error| Failure::usage(format!("cannot read {file}: {error}")).fix(fix);
    let mut bytes = Vec::new();
    if file == "-" {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = std::fs::File::open(file).map_err(failed)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::usage(format!("{file} has more than {} GiB", MAX_BYTES >> 30))
            .fix("split it into several batches"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::usage(format!("{file}:{line}: must be UTF-8 text")).fix("save the file as UTF-8")
    })?;
    Ok(without_mark(text))
}

/// Returns a text without the byte order mark that Windows editors write.
pub(crate) fn without_mark(text: String) -> String {
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// Returns a name that two columns have.
pub(crate) fn repeated<'a>(paths: impl IntoIterator<Item = &'a Vec<String>>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let repeated = paths.into_iter().find(|path| !seen.insert(*path));
    repeated.map(|path| path.join("."))
}

fn json_lines(text: &str) -> Vec<Line> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(line, number)| Line { number, value: json_object(line) }).collect()
}

fn json_object(line: &str) -> std::result::Result<Value, String> {
    match serde_json::from_str::<Value>(line) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err("must be a JSON object, such as {\"prompt\": \"…\"}".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

/// Returns a line with the values that it does not have itself.
fn over(shared: &Value, line: Line) -> Line {
    let (Ok(Value::Object(own)), Value::Object(shared)) = (&line.value, shared) else {
        return line;
    };
    let mut all = shared.clone();
    all.extend(own.clone());
    Line { value: Ok(Value::Object(all)), ..line }
}
