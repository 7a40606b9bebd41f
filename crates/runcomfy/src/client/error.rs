//! What can go wrong with a call, and what it means for the money.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::model_id::InvalidModelId;
use super::preflight::PreflightReport;
use super::request_id::RequestId;
use super::retry::Failure;

/// A client that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No token was given.
    #[error("no token: set RUNCOMFY_TOKEN, or give one with Client::builder().token(…)")]
    NoToken,
    /// The token holds characters that no token has. It is not shown.
    #[error(
        "the token cannot go into a header: it holds a line break or another control character"
    )]
    UnusableToken,
    /// An environment variable that is not text.
    #[error("the environment variable {0} is not valid Unicode")]
    Variable(&'static str),
    /// An address that the token would go to cannot be used. It is not shown: what cannot be
    /// read as an address may hold a password anywhere.
    #[error("the {what} cannot be used: {reason}")]
    Address {
        /// Which address: the API base or the balance URL.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// A limit that lets nothing through.
    #[error("`{0}` must be more than zero")]
    Limit(&'static str),
    /// A pattern of output hosts that is neither a host nor `*.` and a host.
    #[error("`{0}` is no output host: give `example.com`, or `*.example.com` for all below it")]
    OutputHost(String),
    /// The system gave no thread to a client whose calls block.
    #[cfg(feature = "blocking")]
    #[error("the system gave no thread to make calls in")]
    Runtime(#[source] std::io::Error),
    /// The HTTP library could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

/// A submit that gave no job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Nothing was sent, so nothing was taken: it is safe to submit again.
    #[error("the request was not sent, and it is safe to submit again")]
    NotSent(#[source] reqwest::Error),
    /// The text is no model id, so nothing was sent.
    #[error(transparent)]
    ModelId(#[from] InvalidModelId),
    /// The input cannot be written as JSON, so nothing was sent.
    #[error("the input cannot be written as JSON, so nothing was sent")]
    Unwritable(#[source] serde_json::Error),
    /// Preflight found that the input cannot go well, so nothing was sent.
    #[error("nothing was sent, since the media of the input will not do:\n{0}")]
    Refused(Box<PreflightReport>),
    /// RunComfy answered that it did not take the request.
    #[error("RunComfy did not take the request: {0}")]
    Rejected(ApiError),
    /// The request left, and whether RunComfy took it is not known. Submitting again
    /// may pay twice.
    #[error(
        "the outcome of submitting to `{model}` is unknown ({reason}); look into your RunComfy account before you submit again, or you may pay twice"
    )]
    OutcomeUnknown {
        /// The model's id.
        model: String,
        /// What was seen.
        reason: String,
        /// What came back, where anything did, cut at 64 KiB.
        body: Option<String>,
        /// The request's id, where what came back has one: look at it with
        /// [`Client::job`](crate::Client::job) before anything else.
        id: Option<RequestId>,
        /// The HTTP library's error, where there was one.
        source: Option<reqwest::Error>,
    },
}

/// An answer of RunComfy that is an error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. It can be 200: RunComfy also reports errors in the body.
    pub http_status: u16,
    /// RunComfy's `error_code`.
    pub code: Option<i64>,
    /// What the status and the code mean.
    pub kind: ApiErrorKind,
    /// RunComfy's own words.
    pub message: String,
    /// How long RunComfy asked to wait (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The body as it came, cut at 64 KiB.
    pub body: String,
}

/// What an [`ApiError`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The token is missing, expired or revoked.
    Token,
    /// No balance is left.
    Balance,
    /// The input was refused.
    Input,
    /// The result is not ready yet.
    NotReady,
    /// The request is someone else's, or the call is forbidden.
    Forbidden,
    /// There is no such request or model, or its record has expired.
    NotFound,
    /// Too many requests.
    RateLimit,
    /// A malformed request id.
    MalformedId,
    /// A fault on RunComfy's side.
    Server,
    /// Anything else.
    Other,
}

impl ApiErrorKind {
    pub(super) fn of(http_status: u16, code: Option<i64>) -> Self {
        match (code, http_status) {
            (Some(400_001), _) => Self::MalformedId,
            (Some(400_002), _) | (None, 402) => Self::Balance,
            (Some(400_004), _) | (None, 401) => Self::Token,
            (Some(400_005), _) => Self::NotReady,
            (Some(403_000..=403_999), _) | (None, 403) => Self::Forbidden,
            (Some(404_000..=404_999), _) | (None, 404) => Self::NotFound,
            (Some(429_000..=429_999), _) | (_, 429) => Self::RateLimit,
            (Some(500_000..=599_999), _) | (_, 500..=599) => Self::Server,
            (_, 400 | 422) => Self::Input,
            _ => Self::Other,
        }
    }

    /// What to do next, where that can be said.
    fn help(self) -> &'static str {
        match self {
            Self::Token => "; check the token in RUNCOMFY_TOKEN",
            Self::Balance => "; add credit to your RunComfy account",
            Self::RateLimit => "; wait before you try again",
            Self::NotFound => "; check the id; a request's record expires",
            Self::NotReady => "; wait for the job first",
            Self::Input | Self::Forbidden | Self::MalformedId | Self::Server | Self::Other => "",
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", self.message, self.http_status)?;
        if let Some(code) = self.code {
            write!(f, ", error_code {code}")?;
        }
        write!(f, "){}", self.kind.help())
    }
}

impl std::error::Error for ApiError {}

/// A call about a job that gave no answer to go on with. It always has the id: the
/// job can be taken up again from it.
#[derive(Debug)]
#[non_exhaustive]
pub struct JobError {
    /// The request.
    pub id: RequestId,
    /// What happened.
    pub reason: JobErrorReason,
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}: {}", self.id, self.reason)
    }
}

impl std::error::Error for JobError {
    /// The source of the reason. The reason itself stands in the message already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}

/// Why a call about a job gave no answer to go on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobErrorReason {
    /// The job failed; `error` is all that RunComfy said, whatever its shape.
    #[error("the job failed: {0}")]
    Failed(Value),
    /// The job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
    /// The deadline passed while the job was still going on. It goes on: wait again.
    #[error(
        "no result after {} s, when its last status was {last}; waiting cancels nothing: wait again",
        .after.as_secs()
    )]
    Deadline {
        /// How long was waited.
        after: Duration,
        /// The last state that was seen.
        last: super::Status,
    },
    /// RunComfy answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No answer came.
    #[error("no answer from RunComfy")]
    Transport(#[source] reqwest::Error),
    /// An answer came that cannot be read.
    #[error("RunComfy's answer cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
        /// The answer, cut at 64 KiB.
        body: String,
    },
}

/// A call about the catalog, a model or the balance that gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// RunComfy answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No answer came, or not all of it.
    #[error("no whole answer from RunComfy; check the API base and the connection")]
    Transport(#[source] reqwest::Error),
    /// An answer came that cannot be read.
    #[error("RunComfy's answer cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
        /// The answer, cut at 64 KiB.
        body: String,
    },
    /// The text is no model id, so nothing was asked.
    #[error(transparent)]
    ModelId(#[from] InvalidModelId),
}

/// A run that gave no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no job, or it is not known.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// There is a job, and the error has its id.
    #[error(transparent)]
    Job(#[from] JobError),
}

impl RunError {
    /// The request's id, where one is known.
    pub fn id(&self) -> Option<&RequestId> {
        match self {
            Self::Submit(SubmitError::OutcomeUnknown { id, .. }) => id.as_ref(),
            Self::Submit(_) => None,
            Self::Job(error) => Some(&error.id),
        }
    }
}

impl ApiError {
    /// What this is in the table of what is done about failures.
    pub(super) fn failure(&self) -> Failure {
        Failure::of(self.http_status, self.code)
    }
}
