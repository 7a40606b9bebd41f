//! A job of the ledger as data and as text.

use std::time::{Duration, SystemTime};

use runcomfy_ledger::{Job, OutputFile, Price};
use serde_json::{Value, json};

use crate::model;
use crate::style::{BOLD, DIM, escaped, hyperlink, page_link};

/// The last second that RFC 3339 can write, since 1970.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// Returns a job as programs read it.
pub(crate) fn data(job: &Job) -> Value {
    json!({
        "job": job.id.to_string(),
        "request_id": job.request_id.as_ref().map(ToString::to_string),
        "model": job.model,
        "state": job.state.to_string(),
        "batch": job.batch.as_ref().map(ToString::to_string),
        "price_usd": price(job),
        "cost_usd": job.cost.map(|cost| cost.to_string()),
        "outputs": job.outputs.iter().map(output).collect::<Vec<_>>(),
        "problem": job.problem,
        "created_at": time(job.created_at),
        "sent_at": job.sent_at.map(time),
        "ended_at": job.ended_at.map(time),
        "delivered_at": job.delivered_at.map(time),
    })
}

/// Returns the highest cost of a job by its price and its input.
pub(crate) fn price(job: &Job) -> Option<String> {
    match job.price {
        Price::Known(price) => Some(price.to_string()),
        _ => None,
    }
}

/// Returns a saved output as programs read it.
pub(crate) fn output(output: &OutputFile) -> Value {
    json!({
        "kind": output.kind,
        "url": output.url.as_ref().map(ToString::to_string),
        "path": output.path.to_string_lossy(),
        "bytes": output.bytes,
        "sha256": output.sha256,
    })
}

/// Returns the paths of the saved outputs, one per line.
pub(crate) fn paths(job: &Job) -> String {
    let paths: Vec<String> = job.outputs.iter().map(|output| hyperlink(&output.path)).collect();
    paths.join("\n")
}

/// Returns everything about a job, for a person.
pub(crate) fn whole(job: &Job) -> String {
    let id = escaped(job.id.as_str());
    let mut lines = vec![format!("{BOLD}job {id}{BOLD:#}  {}", job.state)];
    lines.push(line("model", &page_link(&escaped(&job.model), model::page(&job.model))));
    let mut add = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| line(name, &escaped(&value))));
    };
    add("request", job.request_id.as_ref().map(ToString::to_string));
    add("batch", job.batch.as_ref().map(ToString::to_string));
    add("repeats", job.resubmits.as_ref().map(ToString::to_string));
    add("price", price(job).map(|price| format!("${price}")));
    add("cost", job.cost.map(|cost| format!("${cost}")));
    add("created", Some(time(job.created_at)));
    add("sent", job.sent_at.map(time));
    add("ended", job.ended_at.map(time));
    add("delivered", job.delivered_at.map(time));
    add("problem", job.problem.as_ref().map(|problem| problem.message.clone()));
    add("input", Some(job.input.to_string()));
    lines.extend(job.outputs.iter().map(|output| line("output", &hyperlink(&output.path))));
    lines.join("\n")
}

fn line(name: &str, value: &str) -> String {
    format!("  {DIM}{name:<10}{DIM:#} {value}")
}

/// Returns a time by RFC 3339, in UTC, in seconds. A later one is shown as the last of the year 9999.
pub(crate) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time.min(SystemTime::UNIX_EPOCH + LAST)).to_string()
}
