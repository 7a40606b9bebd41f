//! Every error of the client, and what it means for the money.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::model_id::InvalidModelId;
use super::preflight::PreflightReport;
use super::request_id::RequestId;
use super::retry::Failure;
use super::types::Status;
use crate::duration_text::DurationText;
use crate::escape::{escape_control, shown_path, shown_text};
use crate::media::FileError;

/// A client that cannot be built.
///
/// ```
/// let error = runcomfy::Client::builder().build().unwrap_err();
/// assert!(error.to_string().starts_with("no token: set RUNCOMFY_TOKEN"));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No token was given.
    #[error(
        "no token: set RUNCOMFY_TOKEN, RUNCOMFY_API_TOKEN or RUNCOMFY_API_KEY, sign in with the official command line, or pass one with Client::builder().token(…)"
    )]
    NoToken,
    /// The token holds characters that no token has. It is not shown.
    #[error("the token {0}")]
    UnusableToken(&'static str),
    /// The token file of RunComfy's own command line cannot be used. Nothing of it is shown.
    #[error("the token file {} {reason}", shown_path(.path))]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// An environment variable is not text.
    #[error("the environment variable {0} must be valid Unicode")]
    Variable(&'static str),
    /// A URL that the token would be sent to cannot be used. It is not shown: text that is not a
    /// URL may hold a password anywhere.
    #[error("the {what} cannot be used: it {reason}")]
    Address {
        /// The name of the URL: "API base" or "balance URL".
        what: &'static str,
        /// The reason.
        reason: String,
    },
    /// TLS cannot be set up, such as without any trusted certificate on this system.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// A limit is zero.
    #[error("`{0}` must be more than zero")]
    Limit(&'static str),
    /// A pattern of output hosts is neither a host nor `*.` and a host.
    #[error(
        "an output host must be `example.com`, or `*.example.com` for all below it (found `{}`)", escape_control(.0)
    )]
    OutputHost(String),
    /// The system gave no thread to a blocking client.
    #[cfg(feature = "blocking")]
    #[error("the system gave no thread to make calls in")]
    Runtime(#[source] std::io::Error),
    /// The HTTP library could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}

/// A call to which no response came, or not all of it.
///
/// ```
/// use runcomfy::client::{CallError, Retry};
/// use runcomfy::Client;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// // Nothing listens on this port.
/// let client = Client::builder()
///     .api_base("http://127.0.0.1:1/v1")
///     .token("any")
///     .retry(Retry::never())
///     .build()?;
/// match client.balance().await {
///     Err(CallError::Transport(cause)) => println!("{cause}"),
///     other => panic!("no response can come: {other:?}"),
/// }
/// # Ok::<(), runcomfy::Error>(()) });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The HTTP library's error.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// The server sent nothing for too long.
    #[error("the server sent nothing for {}", DurationText(*.0))]
    Stalled(Duration),
    /// The call was made outside a tokio runtime.
    #[error("must be called inside a tokio runtime; outside of one, use `runcomfy::blocking`")]
    NoRuntime,
}

/// A submit that gave no job.
///
/// ```
/// use runcomfy::client::{ApiErrorKind, SubmitError};
///
/// # runcomfy_doctest::run(async |client, input| {
/// match client.submit(&input).await {
///     Ok(job) => println!("request {}", job.id()),
///     Err(SubmitError::NotSent(_)) => println!("submit again later"),
///     Err(SubmitError::Refused(report)) => println!("{}", report.violations),
///     Err(SubmitError::Rejected(error)) if error.kind == ApiErrorKind::Balance => {
///         println!("add credit");
///     }
///     Err(SubmitError::OutcomeUnknown { id: Some(id), .. }) => {
///         println!("resume {id}");
///     }
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) });
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Nothing was sent, or the server said that it did not process it (HTTP/2). So nothing was
    /// accepted: it is safe to submit again.
    #[error("the request was not sent or not processed, and it is safe to submit again")]
    NotSent(#[source] TransportError),
    /// The text is not a model id, so nothing was sent.
    #[error(transparent)]
    ModelId(#[from] InvalidModelId),
    /// The input cannot be written as JSON, so nothing was sent.
    #[error("the input cannot be written as JSON, so nothing was sent")]
    Unwritable(#[source] serde_json::Error),
    /// Preflight found that the input cannot succeed, so nothing was sent.
    #[error("nothing was sent, since the media of the input will not do:\n{0}")]
    Refused(Box<PreflightReport>),
    /// A local file changed after it was measured, or could not be read, so the request was cut
    /// off before its end. RunComfy cannot accept a part of a request: it is safe to submit again.
    #[error("{} could not be sent, and nothing was accepted", shown_path(.path))]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: FileError,
    },
    /// RunComfy answered that it did not accept the request.
    #[error("RunComfy did not accept the request: {0}")]
    Rejected(ApiError),
    /// The request left, and it is not known if RunComfy accepted it. Submitting again may pay
    /// twice.
    #[error(
        "the outcome of submitting to `{model}` is unknown ({reason}); look into your RunComfy account before you submit again, or you may pay twice"
    )]
    OutcomeUnknown {
        /// The model's id.
        model: String,
        /// The observation, as text.
        reason: String,
        /// The received part of the response, truncated to 64 KiB. Bytes that are not text are a
        /// data URI.
        body: Option<String>,
        /// The request's id, if the response has one: look at it with
        /// [`Client::job`](crate::Client::job) before anything else.
        id: Option<RequestId>,
        /// The HTTP library's error, if there was one.
        source: Option<reqwest::Error>,
    },
}

/// An error response from RunComfy.
///
/// ```
/// use runcomfy::client::{ApiErrorKind, CallError};
///
/// # runcomfy_doctest::run(async |client, input| {
/// match client.model("acme/boats").await {
///     Err(CallError::Api(error)) => {
///         assert_eq!((error.http_status, error.kind), (404, ApiErrorKind::NotFound));
///     }
///     other => panic!("there is no such model: {other:?}"),
/// }
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. It can be 200: RunComfy also reports errors in the body.
    pub http_status: u16,
    /// RunComfy's `error_code`.
    pub code: Option<i64>,
    /// The meaning of the status and the code.
    pub kind: ApiErrorKind,
    /// RunComfy's message.
    pub message: String,
    /// The delay that RunComfy asked for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The body: all of a result, 64 KiB of any other. Bytes that are not text are a data URI.
    pub body: String,
}

/// The meaning of an [`ApiError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// The request belongs to someone else, or the call is forbidden.
    Forbidden,
    /// There is no such request or model, or its record has expired.
    NotFound,
    /// Too many requests.
    RateLimit,
    /// The request id is malformed.
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

    /// Returns the next step for the user, to append to a message.
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

impl ApiError {
    /// Classifies this for the table of retries.
    pub(super) fn failure(&self) -> Failure {
        Failure::of(self.http_status, self.code)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", shown_text(&self.message), self.http_status)?;
        if let Some(code) = self.code {
            write!(f, ", error_code {code}")?;
        }
        write!(f, "){}", self.kind.help())
    }
}

impl std::error::Error for ApiError {}

/// A failed call about a job. It always has the id, from which the job can be resumed.
///
/// ```
/// use runcomfy::client::JobErrorReason;
///
/// # runcomfy_doctest::run(async |client, input| {
/// let id = "unknown".parse().unwrap();
/// let error = client.raw().job(id).wait().await.unwrap_err();
/// assert_eq!(error.id.as_str(), "unknown");
/// assert!(matches!(error.reason, JobErrorReason::Api(_)));
/// # Ok(()) });
/// ```
#[non_exhaustive]
pub struct JobError {
    /// The request.
    pub id: RequestId,
    /// The cause.
    pub reason: JobErrorReason,
    /// The whole reply, if the job failed or was cancelled.
    pub reply: Option<Box<Value>>,
}

impl JobError {
    /// Returns the partial output of a job that failed or was cancelled, if it has one.
    ///
    /// ```
    /// use runcomfy::client::JobErrorReason;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # use runcomfy_doctest::simulator::{Failure, JobScenario};
    /// # simulator.script_jobs([JobScenario::FailsWithOutput(Failure::Text)]);
    /// # let client =
    /// #     runcomfy::Client::builder().api_base(simulator.api_base()).token("any").build()?;
    /// // This job fails after it has made a video.
    /// let error = client.submit(&input).await?.wait().await.unwrap_err();
    /// assert!(matches!(error.reason, JobErrorReason::Failed(_)));
    /// assert!(error.output().is_some_and(|output| output["video"].is_string()));
    /// # Ok(()) });
    /// ```
    pub fn output(&self) -> Option<&Value> {
        self.reply.as_ref()?.get("output").filter(|output| !output.is_null())
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}: {}", self.id, self.reason)
    }
}

impl std::error::Error for JobError {
    /// Returns the source of the reason. The message has the reason itself already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}

/// The cause of a failed call about a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobErrorReason {
    /// The job failed. The value is the reason that RunComfy gave, in any shape, or else the whole
    /// reply.
    #[error("the job failed: {}", shown_text(&.0.to_string()))]
    Failed(Value),
    /// The job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
    /// The timeout passed before the job was finished. The job continues: wait again.
    #[error(
        "no result after {}, when its last status was {last}; waiting cancels nothing: wait again",
        DurationText(*.after)
    )]
    Deadline {
        /// The timeout.
        after: Duration,
        /// The last status that was seen.
        last: Status,
    },
    /// RunComfy answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No response came.
    #[error("no response from RunComfy")]
    Transport(#[source] TransportError),
    /// A response came that cannot be read.
    #[error("RunComfy's response cannot be read: {reason}")]
    Unreadable {
        /// The fault of the response.
        reason: String,
        /// The response: all of a result, 64 KiB of any other. Bytes that are not text are a data
        /// URI.
        body: String,
    },
}

/// A failed call about the catalog, a model or the balance.
///
/// ```
/// use runcomfy::client::CallError;
///
/// # runcomfy_doctest::run(async |client, input| {
/// match client.model("seedance").await {
///     Ok(model) => println!("{:?}", model.display_name),
///     Err(CallError::ModelId(error)) => println!("{error}"), // nothing was sent
///     Err(CallError::Api(error)) => println!("{}: {}", error.http_status, error.message),
///     Err(CallError::Transport(_)) => println!("check the connection"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) });
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// RunComfy answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No response came, or not all of it.
    #[error("no whole response from RunComfy; check the API base and the connection")]
    Transport(#[source] TransportError),
    /// A response came that cannot be read.
    #[error("RunComfy's response cannot be read: {reason}")]
    Unreadable {
        /// The fault of the response.
        reason: String,
        /// The response, truncated to 64 KiB. Bytes that are not text are a data URI.
        body: String,
    },
    /// The text is not a model id, so nothing was sent.
    #[error(transparent)]
    ModelId(#[from] InvalidModelId),
}

/// A run that gave no output.
///
/// ```
/// # runcomfy_doctest::run(async |client, input| {
/// match client.run(&input).await {
///     Ok(completed) => println!("{:?}", completed.output.video),
///     Err(error) => println!("{:?} may have been paid for: {error}", error.id()),
/// }
/// # Ok(()) });
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no job, or it is unknown whether there is one.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// There is a job, and the error has its id.
    #[error(transparent)]
    Job(#[from] JobError),
}

impl RunError {
    /// Returns the request's id, if one is known.
    ///
    /// ```
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # use runcomfy_doctest::simulator::JobScenario;
    /// # simulator.script_jobs([JobScenario::EndsCancelled]);
    /// # let client =
    /// #     runcomfy::Client::builder().api_base(simulator.api_base()).token("any").build()?;
    /// // This job is cancelled by somebody else.
    /// let error = client.run(&input).await.unwrap_err();
    /// assert_eq!(error.id().map(|id| id.as_str()), Some("sim-000001"));
    /// # Ok(()) });
    /// ```
    pub fn id(&self) -> Option<&RequestId> {
        match self {
            Self::Submit(SubmitError::OutcomeUnknown { id, .. }) => id.as_ref(),
            Self::Submit(_) => None,
            Self::Job(error) => Some(&error.id),
        }
    }
}
