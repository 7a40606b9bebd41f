//! The values that calls about a job return.

use std::fmt;

use serde_json::{Map, Value};

use super::request_id::RequestId;

/// The status of a job. An unknown status of RunComfy's is kept, and counts as not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Waiting for its turn.
    InQueue,
    /// Being worked on.
    InProgress,
    /// Finished, whether it succeeded or failed.
    Completed,
    /// Finished with an output.
    Succeeded,
    /// Finished with an error.
    Failed,
    /// Cancelled.
    Cancelled,
    /// A status that this version does not know.
    Other(String),
}

/// The outcome of cancelling a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// The job was in the queue, and is cancelled.
    Cancelled,
    /// The job is being worked on or is finished: only a queued job can be cancelled.
    NotCancellable,
    /// A status that this version does not know.
    Other(String),
}

/// The status of a job at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStatus {
    /// The status.
    pub status: Status,
    /// Number of jobs before it in the queue.
    pub queue_position: Option<u64>,
}

/// A job that succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CompletedJob<O> {
    /// The request.
    pub id: RequestId,
    /// The output. Members that do not fit its type are left out.
    pub output: O,
    /// The output as JSON, with everything in it.
    pub raw: Value,
    /// The cost in US dollars, if RunComfy said it already. It may say it later: see
    /// [`Job::cost`](super::Job::cost).
    pub cost: Option<f64>,
    /// Time of submission, as RunComfy writes it.
    pub created_at: Option<String>,
    /// Time when it finished, as RunComfy writes it.
    pub finished_at: Option<String>,
    /// Other members of the response, and those of the above that did not fit their type.
    pub others: Map<String, Value>,
}

/// The meaning of a reply to `/result`.
pub(super) enum ResultReply<O> {
    Unfinished,
    Succeeded(CompletedJob<O>),
    Failed(Value),
    Cancelled,
}

impl Status {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "in_queue" => Self::InQueue,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            // RunComfy's own clients accept both spellings.
            "cancelled" | "canceled" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Returns `true` if nothing more will happen to the job.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Completed | Self::Succeeded | Self::Failed | Self::Cancelled => true,
            Self::InQueue | Self::InProgress | Self::Other(_) => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InQueue => "in_queue",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Other(word) => word,
        })
    }
}

impl CancelOutcome {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "cancelled" | "canceled" => Self::Cancelled,
            "not_cancellable" => Self::NotCancellable,
            other => Self::Other(other.to_owned()),
        }
    }
}
