//! The results of a batch as JSON lines or CSV.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use runcomfy_ledger::{Batch, Job};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};

/// Number of jobs that are read at once.
const PAGE: u32 = 1_000;
/// The columns of CSV, which are members of a line of JSON.
const COLUMNS: [&str; 9] =
    ["line", "job", "state", "request_id", "cost_usd", "paths", "urls", "error", "input"];

/// A file that results are appended to as they come.
pub(crate) struct Results {
    path: PathBuf,
    file: Mutex<File>,
}

impl Results {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| failed(path, error))?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file) })
    }

    /// Appends the result of a job. The ledger has it too, so a full disk is no error here.
    pub(crate) fn append(&self, job: &Job) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(file, "{}", line(job));
    }

    /// Replaces the file by the results of all lines in order.
    pub(crate) async fn finish(&self, batch: &Batch) -> Result<u64> {
        export(batch, &self.path).await
    }
}

/// Writes the results of a batch to a file, in one step.
pub(crate) async fn export(batch: &Batch, path: &Path) -> Result<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
    let mut file = file.map_err(|error| failed(path, error))?;
    let is_csv = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("csv"));
    let mut writer = BufWriter::new(file.as_file_mut());
    let lines = if is_csv {
        write_csv(batch, &mut writer).await?
    } else {
        write_json(batch, &mut writer).await?
    };
    writer.flush().map_err(|error| failed(path, error))?;
    drop(writer);
    file.persist(path).map_err(|error| failed(path, error.error))?;
    Ok(lines)
}

/// Writes JSON lines. Returns their number.
pub(crate) async fn write_json(batch: &Batch, to: &mut impl Write) -> Result<u64> {
    let (mut after, mut lines) = (0, 0);
    loop {
        let jobs = batch.jobs(after, PAGE).await?;
        let Some(last) = jobs.last().and_then(|job| job.line) else { return Ok(lines) };
        for job in &jobs {
            writeln!(to, "{}", line(job)).map_err(written)?;
            lines += 1;
        }
        after = last;
    }
}

async fn write_csv(batch: &Batch, to: &mut impl Write) -> Result<u64> {
    let mut writer = csv::Writer::from_writer(to);
    let written = |error: csv::Error| Failure::io("write the results", error);
    writer.write_record(COLUMNS).map_err(written)?;
    let (mut after, mut lines) = (0, 0);
    loop {
        let jobs = batch.jobs(after, PAGE).await?;
        let Some(last) = jobs.last().and_then(|job| job.line) else { break };
        for job in &jobs {
            let line = line(job);
            writer.write_record(COLUMNS.map(|column| cell(&line[column]))).map_err(written)?;
            lines += 1;
        }
        after = last;
    }
    writer.flush().map_err(self::written)?;
    Ok(lines)
}

/// Returns a value as a cell: a list of texts has one per line of the cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// Returns the result of a job as one line of JSON.
fn line(job: &Job) -> Value {
    let urls: Vec<String> =
        job.outputs.iter().filter_map(|output| Some(output.url.as_ref()?.to_string())).collect();
    json!({
        "line": job.line,
        "job": job.id.to_string(),
        "state": job.state.to_string(),
        "request_id": job.request_id.as_ref().map(ToString::to_string),
        "cost_usd": job.cost.map(|cost| cost.to_string()),
        "paths": job.outputs.iter().map(|output| output.path.to_string_lossy()).collect::<Vec<_>>(),
        "urls": urls,
        "error": job.problem.as_ref().map(|problem| &problem.message),
        "input": job.input,
        "output": job.result.as_ref().map(|result| &result.output),
    })
}

fn written(error: io::Error) -> Failure {
    Failure::io("write the results", error)
}

fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::io(&format!("write {}", path.display()), error)
}
