//! The values that calls about a job return.

use std::fmt;

use serde_json::{Map, Value};

use super::request_id::RequestId;
#[cfg(feature = "serde")]
use crate::codegen_support::from_output::FromOutput;
use crate::escape::shown_text;

/// The status of a job. An unknown status of RunComfy's is kept, and counts as not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct JobStatus {
    /// The status.
    pub status: Status,
    /// Number of jobs before it in the queue.
    pub queue_position: Option<u64>,
}

/// A job that succeeded.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(from = "StoredJob", bound(serialize = "", deserialize = "O: FromOutput + Default"))
)]
#[non_exhaustive]
pub struct CompletedJob<O> {
    /// The request.
    pub id: RequestId,
    /// The id of its model. `None` for a job that [`Client::raw`](super::Client::raw) resumed from
    /// its id.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub model: Option<String>,
    /// The output. Members that do not fit its type are left out.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub output: O,
    /// The output as JSON, with everything in it.
    #[cfg_attr(feature = "serde", serde(rename = "output"))]
    pub raw: Value,
    /// The cost in US dollars, if RunComfy has reported it. It may report it later: see
    /// [`Job::cost`](super::Job::cost).
    pub cost: Option<f64>,
    /// Time of submission, as RunComfy writes it.
    pub created_at: Option<String>,
    /// Time when it finished, as RunComfy writes it.
    pub finished_at: Option<String>,
    /// Other members of the response, and those of the above that did not fit their type.
    pub others: Map<String, Value>,
}

/// A [`CompletedJob`] as it is stored: the typed output is read from the JSON again.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct StoredJob {
    id: RequestId,
    model: Option<String>,
    output: Value,
    cost: Option<f64>,
    created_at: Option<String>,
    finished_at: Option<String>,
    others: Map<String, Value>,
}

#[cfg(feature = "serde")]
impl<O: FromOutput + Default> From<StoredJob> for CompletedJob<O> {
    fn from(stored: StoredJob) -> Self {
        Self {
            id: stored.id,
            model: stored.model,
            output: O::from_output(&stored.output).unwrap_or_default(),
            raw: stored.output,
            cost: stored.cost,
            created_at: stored.created_at,
            finished_at: stored.finished_at,
            others: stored.others,
        }
    }
}

/// The meaning of a reply to `/result`.
pub(super) enum ResultReply<O> {
    Unfinished,
    /// There is an output, but no status that says that the job is finished.
    Unconfirmed(CompletedJob<O>),
    Succeeded(CompletedJob<O>),
    Failed {
        error: Value,
        reply: Value,
    },
    Cancelled {
        reply: Value,
    },
}

impl<O> ResultReply<O> {
    /// Returns what an unconfirmed result means, given how `/status` says that the job ended.
    pub(super) fn confirmed(completed: CompletedJob<O>, end: &Status) -> Self {
        let is_failed = *end == Status::Failed;
        if !is_failed && *end != Status::Cancelled {
            return Self::Succeeded(completed);
        }
        let mut reply = completed.others;
        reply.insert("output".to_owned(), completed.raw);
        let reply = Value::Object(reply);
        if is_failed { Self::failed_by_status(reply) } else { Self::Cancelled { reply } }
    }

    /// Returns the end of a job that failed without a reason.
    pub(super) fn failed_by_status(reply: Value) -> Self {
        let error = Value::from("the status is `failed`, and the result gives no reason");
        Self::Failed { error, reply }
    }
}

impl Status {
    /// Reads a status in any case, with spaces around it. RunComfy's own clients lower it too.
    pub(super) fn from_word(word: &str) -> Self {
        match normalized(word).as_str() {
            "inqueue" => Self::InQueue,
            "inprogress" => Self::InProgress,
            "completed" => Self::Completed,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            // RunComfy's own clients accept both spellings.
            "cancelled" | "canceled" => Self::Cancelled,
            _ => Self::Other(word.to_owned()),
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

/// Lowers a word, and joins its parts.
fn normalized(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-', '_'], "")
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
            Self::Other(word) => return f.write_str(&shown_text(word)),
        })
    }
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        Self::from_word(&word)
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        match status {
            Status::Other(word) => word,
            known => known.to_string(),
        }
    }
}

impl CancelOutcome {
    pub(super) fn from_word(word: &str) -> Self {
        match normalized(word).as_str() {
            "cancelled" | "canceled" => Self::Cancelled,
            "notcancellable" | "notcancelable" => Self::NotCancellable,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for CancelOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::NotCancellable => "not_cancellable",
            Self::Other(word) => return f.write_str(&shown_text(word)),
        })
    }
}

impl From<String> for CancelOutcome {
    fn from(word: String) -> Self {
        Self::from_word(&word)
    }
}

impl From<CancelOutcome> for String {
    fn from(outcome: CancelOutcome) -> Self {
        match outcome {
            CancelOutcome::Other(word) => word,
            known => known.to_string(),
        }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::output::MediaOutput;

    #[test]
    fn a_completed_job_is_stored_and_read_again() {
        let stored = json!({
            "id": "r-1", "model": "acme/boats",
            "output": {"video": "https://example.com/v.mp4", "seed": 3},
            "cost": 0.25, "created_at": null, "finished_at": "then", "others": {"seconds": 3},
        });
        let job: CompletedJob<MediaOutput> = from_value(stored.clone()).expect("it is one");
        assert_eq!(job.output.urls().count(), 1);
        assert_eq!(to_value(&job).expect("it is JSON"), stored);
    }

    #[test]
    fn ids_and_statuses_are_text() {
        for word in ["in_queue", "cancelled", "warming"] {
            let status = json!({"status": word, "queue_position": 4});
            let read: JobStatus = from_value(status.clone()).expect("it is one");
            assert_eq!(to_value(read).expect("it is JSON"), status);
        }
        let outcome: CancelOutcome = from_value(json!("not_cancellable")).expect("it is one");
        assert_eq!(to_value(outcome).expect("it is JSON"), json!("not_cancellable"));
        assert!(from_value::<RequestId>(json!("../x")).is_err());
        let id: RequestId = from_value(json!("r-1")).expect("it is an id");
        assert_eq!(to_value(id).expect("it is JSON"), json!("r-1"));
    }
}
