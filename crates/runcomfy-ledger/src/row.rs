//! Rows of the table `job`, as values of this library.

use runcomfy::RequestId;
use serde::de::DeserializeOwned;

use crate::clock::to_time;
use crate::database::{Row, Value};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::{Again, Job, Price};
use crate::state::State;
use crate::usd::Usd;

/// The columns of a job, by name: a newer version that works beside this one may add others.
macro_rules! columns {
    () => {
        "id, batch, line, resubmits, retries, model, input, files, fingerprint, state, owner, request_id, \
         attempts, again, price, estimate, ceiling, expires_at, day, cost, result, error, outputs, \
         created_at, sent_at, accepted_at, ended_at, delivered_at"
    };
}
pub(crate) use columns;

/// The columns that hold a number. The others hold text.
const NUMBERS: [&str; 15] = [
    "line",
    "superseded",
    "retries",
    "attempts",
    "again",
    "estimate",
    "ceiling",
    "expires_at",
    "day",
    "cost",
    "created_at",
    "sent_at",
    "accepted_at",
    "ended_at",
    "delivered_at",
];

/// Reads a column as it is.
pub(crate) fn value(row: &Row, column: &str) -> Result<Value, sqlx::Error> {
    Ok(if NUMBERS.contains(&column) {
        row.optional_int(column)?.into()
    } else {
        row.optional_text(column)?.into()
    })
}

/// Reads a job.
pub(crate) fn job(row: &Row) -> Result<Job, Error> {
    read(row).map_err(|reason| Error::Unreadable {
        id: row.text("id").unwrap_or_default().to_owned(),
        reason: reason.to_string(),
    })
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn read(row: &Row) -> Result<Job, AnyError> {
    let estimate = money(row, "estimate")?.unwrap_or_default();
    let price = row.text("price")?;
    Ok(Job {
        id: row.text("id")?.parse::<JobId>()?,
        batch: row.optional_text("batch")?.map(|id| id.parse::<BatchId>()).transpose()?,
        line: row.optional_int("line")?.map(u64::try_from).transpose()?,
        resubmits: row.optional_text("resubmits")?.map(|id| id.parse::<JobId>()).transpose()?,
        retries: u32::try_from(row.int("retries")?)?,
        model: row.text("model")?.to_owned(),
        input: serde_json::from_str(row.text("input")?)?,
        files: serde_json::from_str(row.text("files")?)?,
        fingerprint: row.text("fingerprint")?.to_owned(),
        state: row.text("state")?.parse::<State>()?,
        request_id: row
            .optional_text("request_id")?
            .map(|id| id.parse::<RequestId>())
            .transpose()?,
        attempts: u64::try_from(row.int("attempts")?)?,
        price: match price {
            "known" => Price::Known(estimate),
            "unknown_allowed" => Price::UnknownAllowed,
            _ => Price::Unknown,
        },
        ceiling: money(row, "ceiling")?,
        expires_at: time(row, "expires_at")?,
        cost: money(row, "cost")?,
        result: json(row, "result")?,
        problem: json(row, "error")?,
        outputs: json(row, "outputs")?.unwrap_or_default(),
        created_at: to_time(row.int("created_at")?),
        sent_at: time(row, "sent_at")?,
        accepted_at: time(row, "accepted_at")?,
        ended_at: time(row, "ended_at")?,
        delivered_at: time(row, "delivered_at")?,
        owner: row.optional_text("owner")?.map(str::to_owned),
        day: row.optional_int("day")?,
        again: if row.int("again")? == 0 { Again::No } else { Again::Yes },
    })
}

/// Returns the word and the amount of a price, for the columns `price` and `estimate`.
pub(crate) fn price_columns(price: Price) -> (&'static str, Option<i64>) {
    match price {
        Price::Known(estimate) => ("known", Some(estimate.micros())),
        Price::Unknown => ("unknown", None),
        Price::UnknownAllowed => ("unknown_allowed", None),
    }
}

fn money(row: &Row, column: &str) -> Result<Option<Usd>, sqlx::Error> {
    Ok(row.optional_int(column)?.map(Usd::from_micros))
}

fn time(row: &Row, column: &str) -> Result<Option<std::time::SystemTime>, sqlx::Error> {
    Ok(row.optional_int(column)?.map(to_time))
}

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, AnyError> {
    row.optional_text(column)?
        .map(|text| serde_json::from_str(text).map_err(AnyError::from))
        .transpose()
}
