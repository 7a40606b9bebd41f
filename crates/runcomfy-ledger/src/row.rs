//! Rows of the table `job`, as values of this library.

use runcomfy::RequestId;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::clock::to_time;
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::{Again, Job, Price};
use crate::state::State;
use crate::usd::Usd;

/// Reads a job. Columns that a newer version added are not looked at.
pub(crate) fn job(row: &SqliteRow) -> Result<Job, Error> {
    read(row).map_err(|reason| Error::Unreadable {
        id: row.try_get("id").unwrap_or_default(),
        reason: reason.to_string(),
    })
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn read(row: &SqliteRow) -> Result<Job, AnyError> {
    let estimate = money(row, "estimate")?.unwrap_or_default();
    let price: &str = row.try_get("price")?;
    Ok(Job {
        id: text(row, "id")?.parse::<JobId>()?,
        batch: optional(row, "batch")?.map(|id| id.parse::<BatchId>()).transpose()?,
        resubmits: optional(row, "resubmits")?.map(|id| id.parse::<JobId>()).transpose()?,
        model: text(row, "model")?.to_owned(),
        input: serde_json::from_str(text(row, "input")?)?,
        files: serde_json::from_str(text(row, "files")?)?,
        fingerprint: text(row, "fingerprint")?.to_owned(),
        state: text(row, "state")?.parse::<State>()?,
        request_id: optional(row, "request_id")?.map(|id| id.parse::<RequestId>()).transpose()?,
        attempts: u64::try_from(row.try_get::<i64, _>("attempts")?)?,
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
        created_at: to_time(row.try_get("created_at")?),
        sent_at: time(row, "sent_at")?,
        accepted_at: time(row, "accepted_at")?,
        ended_at: time(row, "ended_at")?,
        delivered_at: time(row, "delivered_at")?,
        owner: optional(row, "owner")?.map(str::to_owned),
        day: row.try_get("day")?,
        again: if row.try_get::<i64, _>("again")? == 0 { Again::No } else { Again::Yes },
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

fn text<'r>(row: &'r SqliteRow, column: &str) -> Result<&'r str, sqlx::Error> {
    row.try_get(column)
}

fn optional<'r>(row: &'r SqliteRow, column: &str) -> Result<Option<&'r str>, sqlx::Error> {
    row.try_get(column)
}

fn money(row: &SqliteRow, column: &str) -> Result<Option<Usd>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Usd::from_micros))
}

fn time(row: &SqliteRow, column: &str) -> Result<Option<std::time::SystemTime>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(to_time))
}

fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>, AnyError> {
    optional(row, column)?
        .map(|text| serde_json::from_str(text).map_err(AnyError::from))
        .transpose()
}
