//! RunComfy's words for the state of a job and for what came of cancelling, both open lists, and
//! what the calls about a job give.

use std::fmt;

use serde_json::{Map, Value};

use super::request_id::RequestId;

/// The state of a job. RunComfy's words are open: one that is not known is kept, and
/// counts as not finished.
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
    /// A word that this version does not know.
    Other(String),
}

/// What came of cancelling.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// It was in the queue, and is cancelled.
    Cancelled,
    /// It is being worked on or finished: only a queued job can be cancelled.
    NotCancellable,
    /// A word that this version does not know.
    Other(String),
}

/// One look at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStatus {
    /// Its state.
    pub status: Status,
    /// How many are before it, while it is in the queue.
    pub queue_position: Option<u64>,
}

/// A job that succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CompletedJob<O> {
    /// The request.
    pub id: RequestId,
    /// The output, as far as it fits its type.
    pub output: O,
    /// The output as it came, with everything in it.
    pub raw: Value,
    /// What it cost in US dollars, where RunComfy said so already. It may say so later: see
    /// [`Job::cost`](super::Job::cost).
    pub cost: Option<f64>,
    /// When it was submitted, in RunComfy's words.
    pub created_at: Option<String>,
    /// When it was finished, in RunComfy's words.
    pub finished_at: Option<String>,
    /// What else the answer had, and what of the above did not fit its type, by name.
    pub others: Map<String, Value>,
}

/// What `/result` said.
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
            // RunComfy's own clients take both spellings.
            "cancelled" | "canceled" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether nothing more will happen to the job.
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
