//! What can go wrong with a call, and which calls it goes wrong with.

mod plan;
mod random;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use plan::FaultPlan;
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
    /// `GET /v1/models`, of one model and of the categories too.
    Catalog,
    /// `GET /prod/v2/balance`
    Balance,
    /// The download of an output.
    Output,
}

impl Call {
    /// Every kind.
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

/// Whether a call that goes wrong is carried out all the same: of a submit, whether it is accepted
/// and paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processed {
    /// It is carried out, and only the reply is lost or wrong.
    Yes,
    /// It is read to its end, and nothing comes of it.
    No,
}

/// What a 429 says of when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Nothing: there is no `Retry-After`.
    Missing,
    /// A number of seconds.
    Seconds(u64),
    /// The date that is so many seconds away.
    Date(u64),
}

/// One thing that goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The call is carried out after this pause, unless the caller has left by then.
    Latency(#[serde(with = "seconds")] Duration),
    /// The call is carried out at once, and the reply comes after this pause.
    LateReply(#[serde(with = "seconds")] Duration),
    /// HTTP 429; nothing is carried out.
    RateLimit(RetryAfter),
    /// An error in JSON: with `code` the body has `error_code` and `error_message`, without it
    /// `detail`. A status of 200 with a code is how RunComfy hides an error in a success.
    Error {
        /// The HTTP status, from 200 to 599.
        status: u16,
        /// RunComfy's `error_code`.
        code: Option<i64>,
        /// Whether the call is carried out.
        processed: Processed,
    },
    /// A gateway's HTML page.
    Html {
        /// The HTTP status, from 200 to 599.
        status: u16,
        /// Whether the call is carried out.
        processed: Processed,
    },
    /// The connection is reset (RST) before any byte of a reply.
    Reset {
        /// Whether the call is carried out.
        processed: Processed,
    },
    /// The connection is closed (FIN) before any byte of a reply.
    Close {
        /// Whether the call is carried out.
        processed: Processed,
    },
    /// The reply begins as it should, and the connection is closed after so many bytes of its
    /// body, at the latest before the last one. The call is carried out.
    CutBody {
        /// How many bytes of the body are sent.
        after: u64,
    },
    /// The body comes in eight pieces with this pause before each. The call is carried out.
    SlowBody(#[serde(with = "seconds")] Duration),
    /// A reply that is whole as HTTP goes, with a body that ends after so many bytes, at the
    /// latest before the last one. The call is carried out.
    Truncated {
        /// How many bytes of the body are left.
        after: u64,
    },
    /// The body has no `request_id`, nor the URLs with it. The call is carried out.
    NoRequestId,
    /// `status` in the body is this word. The call is carried out.
    Status(String),
    /// The reply is as it should be, and the connection that it came on is reset as soon as the
    /// next request arrives there: a keep-alive that went stale. The call is carried out.
    StaleConnection,
}

/// What becomes of a job after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobScenario {
    /// It succeeds, with nothing odd about it.
    Succeeds,
    /// It fails, and its result has an `error` of this shape.
    Fails(Failure),
    /// It ends cancelled, though nobody asked for that.
    EndsCancelled,
    /// It succeeds. Its replies use the words that RunComfy's own clients also accept: `pending`,
    /// `processing`, `succeeded` on `/status`, `completed` on `/result`, and `canceled` once it
    /// is cancelled.
    OtherStatuses,
    /// It succeeds. Until then its states are words that nobody knows.
    UnknownStatuses,
    /// It succeeds. Its replies and its output have fields that nobody knows, and some of the
    /// known ones are null.
    UnknownFields,
    /// It succeeds, and its cost is told only so long after its end.
    LateCost(#[serde(with = "seconds")] Duration),
    /// It succeeds, and its record is gone so long after its end: 404 with `error_code` 404001.
    Expires(#[serde(with = "seconds")] Duration),
}

/// The shape of a failed job's `error`, which RunComfy does not document.
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
}

/// A duration as a number of seconds.
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
