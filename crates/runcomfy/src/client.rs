//! The client: submit an input, follow its job, read its result.

mod builder;
mod catalog;
mod download;
mod error;
#[cfg(feature = "fuzz")]
mod fuzz;
mod http;
mod job;
mod model_id;
mod polling;
mod preflight;
mod raw;
mod reply;
mod request;
mod request_id;
mod retry;
mod run;
mod submit;
mod throttle;
mod token;
mod types;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use builder::ClientBuilder;
pub use catalog::{Balance, Catalog, CatalogEntry, CatalogPage, CatalogQuery};
use download::Hosts;
pub use download::{
    DownloadError, DownloadErrorReason, DownloadOptions, DownloadedFile, FailedDownload, Progress,
};
pub use error::{
    ApiError, ApiErrorKind, CallError, ConfigError, JobError, JobErrorReason, RunError, SubmitError,
};
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub use fuzz::fuzz_reply;
pub use job::{CancelOnDrop, Job, Operation, Raw};
pub use model_id::InvalidModelId;
pub use polling::Polling;
use preflight::Checker;
pub use preflight::{
    MediaLimits, Preflight, PreflightReport, PreflightStats, Prepared, Unchecked, Warning,
    WarningKind,
};
pub use raw::RawClient;
pub use request_id::{InvalidRequestId, RequestId};
pub use retry::Retry;
pub use run::Run;
use throttle::Throttle;
use token::Token;
pub use types::{CancelOutcome, CompletedJob, JobStatus, Status};
pub use wait::StatusStream;

/// Where RunComfy's API is. The version is part of it.
pub const DEFAULT_API_BASE: &str = "https://model-api.runcomfy.net/v1";
/// Where RunComfy says what is left to spend: beside the API, not below its base.
pub const DEFAULT_BALANCE_URL: &str = "https://api.runcomfy.net/prod/v2/balance";
/// The environment variable that holds the token.
pub const TOKEN_VARIABLE: &str = "RUNCOMFY_TOKEN";
/// The environment variable that points a program at another API base, such as a
/// simulator's. It has the version in it.
pub const API_BASE_VARIABLE: &str = "RUNCOMFY_MODEL_API_BASE";

/// A client of RunComfy's queue API. Clones share connections and settings.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    /// For media hosts: no token, and by default only public addresses.
    media: Checker,
    preflight: Preflight,
    token: Token,
    base: Url,
    balance: Url,
    /// Where outputs may be downloaded from.
    outputs: Hosts,
    polling: Polling,
    retry: Retry,
    deadline: Duration,
    limits: Throttle,
}

impl Client {
    /// A client with the token in `RUNCOMFY_TOKEN`, and the API base in
    /// `RUNCOMFY_MODEL_API_BASE` where that is set.
    ///
    /// # Errors
    ///
    /// When there is no token, or one of the two cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build()
    }

    /// Settings to begin from.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api_base", &self.inner.base.as_str())
            .field("token", &self.inner.token)
            .finish_non_exhaustive()
    }
}
