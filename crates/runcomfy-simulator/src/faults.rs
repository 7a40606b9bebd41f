//! Faults of calls and scenarios of jobs.

mod plan;
mod quirk;
mod random;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use plan::FaultPlan;
pub use quirk::Quirk;
pub use random::Random;

/// A kind of call to the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `POST /v1/models/{id}`
    Submit,
    /// `GET /v1/requests/{id}/status`
    Status,
    /// `GET /v1/requests/{id}/result`
    Result,
    /// `POST /v1/requests/{id}/cancel`
    Cancel,
    /// `GET /v1/models`, of one model, and of the categories.
    Catalog,
    /// `GET /prod/v2/balance`
    Balance,
    /// Download of an output.
    Output,
}

impl Call {
    /// Every kind of call.
    pub const ALL: [Self; 7] = [
        Self::Submit,
        Self::Status,
        Self::Result,
        Self::Cancel,
        Self::Catalog,
        Self::Balance,
        Self::Output,
    ];
}

/// Fate of a call whose reply is lost or wrong. A processed submit is accepted and paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processed {
    /// It is processed. Only the reply is lost or wrong.
    Yes,
    /// It is read to its end and not processed.
    No,
}

/// Form of `Retry-After` in a 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// No `Retry-After`.
    Missing,
    /// A number of seconds.
    Seconds(u64),
    /// A date this many seconds from now.
    Date(u64),
}

/// Fault of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// Processes the call after this pause, unless the client has left by then.
    Latency(#[serde(with = "seconds")] Duration),
    /// Processes the call at once and sends the reply after this pause.
    LateReply(#[serde(with = "seconds")] Duration),
    /// HTTP 429. The call is not processed.
    RateLimit(RetryAfter),
    /// An error in JSON. With `code` the body has `error_code` and `error_message`, without it
    /// `detail`. RunComfy can hide an error in a reply with status 200 and a code.
    Error {
        /// The HTTP status, from 200 to 599.
        status: u16,
        /// RunComfy's `error_code`.
        code: Option<i64>,
        /// Fate of the call.
        processed: Processed,
    },
    /// A gateway's HTML page.
    Html {
        /// The HTTP status, from 200 to 599.
        status: u16,
        /// Fate of the call.
        processed: Processed,
    },
    /// Resets the connection (RST) before any byte of a reply.
    Reset {
        /// Fate of the call.
        processed: Processed,
    },
    /// Closes the connection (FIN) before any byte of a reply.
    Close {
        /// Fate of the call.
        processed: Processed,
    },
    /// Closes the connection after this many bytes of the body, at least one byte before its end.
    /// The call is processed.
    CutBody {
        /// Number of body bytes sent.
        after: u64,
    },
    /// Sends the body in eight pieces, with this pause before each. The call is processed.
    SlowBody(#[serde(with = "seconds")] Duration),
    /// Sends a complete HTTP reply whose body ends after this many bytes, at least one byte early.
    /// The call is processed.
    Truncated {
        /// Number of body bytes kept.
        after: u64,
    },
    /// Removes `request_id` and the URLs from the body. The call is processed.
    NoRequestId,
    /// Sets `status` in the body. The call is processed.
    Status(String),
    /// Sends a byte order mark before the body. The call is processed.
    ByteOrderMark,
    /// Sends the body compressed, with `Content-Encoding: gzip`, even if the client does not accept it.
    /// The call is processed.
    Gzip,
    /// Sends the normal reply and resets the connection when the next request arrives on it, like a
    /// stale keep-alive connection. The call is processed.
    StaleConnection,
}

/// Course of an accepted job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobScenario {
    /// Succeeds, with nothing unusual.
    Succeeds,
    /// Fails with an `error` of this shape.
    Fails(Failure),
    /// Fails with an `error` of this shape, and with an output.
    FailsWithOutput(Failure),
    /// Ends cancelled without a cancel request.
    EndsCancelled,
    /// Succeeds with the status words that RunComfy's own clients also accept: `pending`,
    /// `processing`, `succeeded` on `/status`, `completed` on `/result`, and `canceled` if
    /// cancelled.
    OtherStatuses,
    /// Succeeds. Until then its status words are unknown ones.
    UnknownStatuses,
    /// Succeeds. Replies and output have unknown fields, and some known fields are null.
    UnknownFields,
    /// Succeeds. `cost` appears this long after the end.
    LateCost(#[serde(with = "seconds")] Duration),
    /// Succeeds. The record expires this long after the end: 404 with `error_code` 404001.
    Expires(#[serde(with = "seconds")] Duration),
    /// Succeeds. This many status and result calls after the submit answer 404 with `error_code`
    /// 404001.
    UnknownAtFirst(u32),
    /// Succeeds, with replies of an unusual form.
    Quirk(Quirk),
}

/// Shape of a failed job's `error`, which RunComfy does not document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// A sentence.
    Text,
    /// An object with a code and a message.
    Object,
    /// FastAPI's array of objects.
    Array,
    /// No `error` at all.
    Missing,
    /// Null.
    Null,
    /// An empty string, beside `failure_reason`.
    EmptyText,
    /// An empty object, beside `error_message`.
    EmptyObject,
    /// An empty array, beside `detail`.
    EmptyArray,
}

/// Serializes a duration as a number of seconds.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}
