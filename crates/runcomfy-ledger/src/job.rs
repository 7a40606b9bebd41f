//! A job as the ledger keeps it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use runcomfy::client::CompletedJob;
use runcomfy::media::{Format, MediaKind};
use runcomfy::{Model, RequestId, Url};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::id::{BatchId, JobId};
use crate::state::State;
use crate::usd::Usd;

/// One job of the ledger, as it was when it was read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// Its id in the ledger.
    pub id: JobId,
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
    /// Its line in the batch, from 1.
    pub line: Option<u64>,
    /// The job that it repeats, because that one failed or a person decided so.
    pub resubmits: Option<JobId>,
    /// Number of retries before this one: see [`NewBatch::retry_failed`](crate::NewBatch::retry_failed).
    pub retries: u32,
    /// The model's id.
    pub model: String,
    /// The input, with the path of each local file in its place.
    pub input: Value,
    /// The local files of the input.
    pub files: Vec<InputFile>,
    /// Equal for jobs with the same model, the same JSON and the same contents of files.
    pub fingerprint: String,
    /// Its state.
    pub state: State,
    /// RunComfy's id of the request, once it is known.
    pub request_id: Option<RequestId>,
    /// Number of times that sending it began.
    pub attempts: u64,
    /// The price, as it was known when the job was written down.
    pub price: Price,
    /// The most that it may cost.
    pub ceiling: Option<Usd>,
    /// When it can no longer be sent.
    pub expires_at: Option<SystemTime>,
    /// The cost that RunComfy reported.
    pub cost: Option<Usd>,
    /// The result, if it succeeded.
    pub result: Option<CompletedJob<Value>>,
    /// The last thing that went wrong. A job that is `intended` again keeps the reason.
    pub problem: Option<Problem>,
    /// The saved outputs, once it is delivered.
    pub outputs: Vec<OutputFile>,
    /// When it was written down.
    pub created_at: SystemTime,
    /// When sending it last began.
    pub sent_at: Option<SystemTime>,
    /// When its request id became known.
    pub accepted_at: Option<SystemTime>,
    /// When it was seen to end.
    pub ended_at: Option<SystemTime>,
    /// When its outputs were saved.
    pub delivered_at: Option<SystemTime>,
    /// The run of a step that sends it.
    pub(crate) owner: Option<String>,
    /// The day on which its money counts.
    pub(crate) day: Option<i64>,
    pub(crate) again: Again,
}

/// The price of a job before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Price {
    /// An estimate.
    Known(Usd),
    /// Not known. It is sent only if no limit on money is set, or if the job has a ceiling.
    #[default]
    Unknown,
    /// Not known, and it is sent anyway.
    UnknownAllowed,
}

/// Permission to pay for an input that was paid for already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Again {
    #[default]
    No,
    Yes,
}

/// A local file of an input. Its content is checked against the hash when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputFile {
    /// JSON pointer of its place in the input.
    pub at: String,
    /// The absolute path.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A saved output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutputFile {
    /// Image, video or audio, by its first bytes.
    pub kind: OutputKind,
    /// Its URL, or `None` if the output held the data itself.
    pub url: Option<Url>,
    /// The file. In the ledger, what is no Unicode in it is replaced by U+FFFD.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The kind of a saved output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputKind {
    /// An image.
    Image,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// Anything else.
    Other,
}

impl OutputKind {
    /// Returns the kind of a file by its first bytes.
    pub fn of(head: &[u8]) -> Self {
        match Format::sniff(head).and_then(Format::kind) {
            Some(MediaKind::Image) => Self::Image,
            Some(MediaKind::Video) => Self::Video,
            Some(MediaKind::Audio) => Self::Audio,
            _ => Self::Other,
        }
    }
}

/// Something that went wrong with a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The kind. Compare this, not the message.
    pub kind: ProblemKind,
    /// The message.
    pub message: String,
    /// RunComfy's response, or the reason that it gave, whole.
    pub detail: Value,
}

/// The kind of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A local file is missing, or is not the one that was checked. Nothing was sent.
    File,
    /// The same input is running or was paid for. Nothing was sent.
    Twin,
    /// It may cost more than a job may, or its price is not known. Nothing was sent.
    Money,
    /// It was not sent in time.
    Expired,
    /// It was certainly not accepted, and it can be sent again.
    NotSent,
    /// RunComfy did not accept it.
    Rejected,
    /// It may have been accepted.
    OutcomeUnknown,
    /// The process that sent it ended before it wrote down the outcome.
    Interrupted,
    /// The job failed at RunComfy.
    Failed,
    /// The job was cancelled.
    Cancelled,
}

impl Problem {
    /// Creates the problem of a job whose request id is that of another job: the API began to count
    /// again, as a simulator does that is started again. The job may have been paid for.
    pub(crate) fn repeated(request_id: &RequestId, job: &JobId) -> Self {
        let message =
            format!("it was accepted as request {request_id}, which belongs to job {job}");
        Self::new(ProblemKind::OutcomeUnknown, message)
    }

    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), detail: Value::Null }
    }

    pub(crate) fn with_detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

impl Job {
    /// Returns the result with the output of model `M`, if the job succeeded.
    ///
    /// ```
    /// # fn example<M: runcomfy::Model>(job: &runcomfy_ledger::Job) {
    /// let completed = job.completed::<M>();
    /// # }
    /// ```
    pub fn completed<M: Model>(&self) -> Option<CompletedJob<M::Output>> {
        let result = serde_json::to_value(self.result.as_ref()?).ok()?;
        serde_json::from_value(result).ok()
    }

    /// Returns the amount that counts against the budget as long as the cost is not known.
    pub(crate) fn reserve(&self) -> Usd {
        match self.price {
            Price::Known(estimate) => estimate,
            Price::Unknown | Price::UnknownAllowed => self.ceiling.unwrap_or_default(),
        }
    }

    /// Returns `true` if neither an estimate nor a ceiling says what it may cost.
    pub(crate) fn is_unpriced(&self) -> bool {
        !matches!(self.price, Price::Known(_)) && self.ceiling.is_none()
    }
}
