//! What was accepted, and so is paid for.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Accepted {
    /// Its id.
    pub request_id: String,
    /// The model's id.
    pub model: String,
    /// What was sent; none where that was longer than 64 KiB.
    pub input: Option<Value>,
    /// How many bytes were sent.
    pub input_bytes: u64,
    /// What is charged for it in US dollars: the model's price, and nothing once it is cancelled.
    pub charged_usd: f64,
    /// When it was accepted.
    #[serde(with = "date")]
    pub accepted_at: SystemTime,
    /// Where it stands.
    pub state: State,
    /// Whether the reply with the id was written to the connection whole. One that was may still
    /// not have been read.
    pub reply_fully_sent: bool,
}

/// Where an accepted request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Waiting for its turn.
    InQueue,
    /// Being worked on.
    InProgress,
    /// It has an output.
    Succeeded,
    /// It has an error.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// A moment as RFC 3339 has it, in milliseconds.
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
