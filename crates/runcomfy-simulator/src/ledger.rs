//! Ledger of accepted requests, which are the paid ones.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Accepted {
    /// Request id.
    pub request_id: String,
    /// Model id.
    pub model: String,
    /// The submitted input. `None` if it was longer than 64 KiB.
    pub input: Option<Value>,
    /// Length of the submitted body.
    pub input_bytes: u64,
    /// Charge in US dollars: the model's price, or 0 if cancelled.
    pub charged_usd: f64,
    /// Time of acceptance.
    #[serde(with = "date")]
    pub accepted_at: SystemTime,
    /// State of the job.
    pub state: State,
    /// Time at which the job ended, if it has.
    #[serde(with = "optional_date")]
    pub ended_at: Option<SystemTime>,
    /// Time of the first status or result call after the end. The difference to `ended_at` is how
    /// late a client noticed the end.
    #[serde(with = "optional_date")]
    pub end_seen_at: Option<SystemTime>,
    /// Number of status, result and cancel calls about the job.
    pub calls: u64,
    /// `true` if the reply with the id was written to the connection completely. The client may
    /// still not have read it.
    pub reply_fully_sent: bool,
}

/// State of an accepted request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Waiting in the queue.
    InQueue,
    /// Running.
    InProgress,
    /// Finished with an output.
    Succeeded,
    /// Finished with an error.
    Failed,
    /// Cancelled.
    Cancelled,
}

/// Serializes a time as RFC 3339 with milliseconds.
mod date {
    use std::time::SystemTime;

    use humantime::{format_rfc3339_millis, parse_rfc3339};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        date: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_rfc3339_millis(*date))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

/// Serializes a time like [`date`], or as null.
mod optional_date {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Date(#[serde(with = "super::date")] SystemTime);

    pub(super) fn serialize<S: Serializer>(
        date: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        date.map(Date).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Date>::deserialize(deserializer)?.map(|Date(date)| date))
    }
}
