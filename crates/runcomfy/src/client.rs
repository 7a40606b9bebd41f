//! The client: submit an input, follow its job, read its result.
//!
//! ```
//! use runcomfy::client::DownloadOptions;
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path();
//! # runcomfy_doctest::run(async |client, input| {
//! let job = client.submit(&input).await?;
//! println!("request {}", job.id()); // keep it: the job is paid for
//!
//! let mut updates = job.updates();
//! while let Some(update) = updates.next().await? {
//!     println!("{}", update.status);
//! }
//! let completed = job.wait().await?;
//! client.download(&completed, &DownloadOptions::into_folder(folder)).await?;
//! # assert!(folder.join("sim-000001.mp4").exists());
//! # Ok(()) });
//! ```
//!
//! [`Client::from_env`] makes a client, and [`Client::builder`] one with other settings. Each call has
//! an error of its own, such as [`SubmitError`], which says what it means for the money.

// rustdoc shows the methods of a type in the order of the modules that have them. The order here
// is that in which a program uses them.

// `ClientBuilder`, and the `Client` that it makes.
mod builder;
// `Client::submit`.
mod submit;
// `Client::run`, and the settings of a `Run`.
mod run;
// `Client::job`, and the id of a `Job`.
mod job;
// Waiting for a `Job`, and its updates.
mod wait;
// The calls about a `Job`: status, result, cost, cancel.
mod job_calls;
// `Client::download`.
mod download;
// `Client::preflight`: checks without submitting.
mod preflight;
// `Client::estimate`.
mod estimate;
// The catalog and the balance.
mod catalog;
// `Client::raw`.
mod raw;

mod body;
mod connections;
mod durations;
mod error;
mod http;
mod lenient_json;
mod model_id;
mod polling;
#[cfg(feature = "fuzz")]
mod readings;
mod reply;
mod request;
mod request_id;
mod retry;
mod throttle;
mod token;
mod token_source;
mod trust_roots;
mod types;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use crate::input::{Operation, Raw};
pub use builder::ClientBuilder;
pub use catalog::{Balance, Catalog, CatalogEntry, CatalogPage, CatalogQuery};
use connections::Submits;
use download::Hosts;
pub use download::{
    DownloadError, DownloadErrorReason, DownloadOptions, DownloadedFile, FailedDownload,
    InvalidNamePattern, Progress,
};
use durations::Durations;
pub use error::{
    ApiError, ApiErrorKind, CallError, ConfigError, JobError, JobErrorReason, RunError,
    SubmitError, TransportError,
};
pub use estimate::{Estimate, Price, PriceUnit};
pub use job::Job;
pub use job_calls::CancelOnDrop;
pub use model_id::InvalidModelId;
pub use polling::Polling;
use preflight::Checker;
pub use preflight::{
    MediaLimits, Preflight, PreflightReport, PreflightStats, Prepared, Unchecked, Warning,
    WarningKind,
};
pub use raw::RawClient;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub use readings::Readings;
pub use request_id::{InvalidRequestId, RequestId};
pub use retry::Retry;
pub use run::Run;
use throttle::Throttle;
use token::Token;
pub use types::{CancelOutcome, CompletedJob, JobStatus, Status};
pub use wait::StatusStream;

/// The base of RunComfy's API, including the version.
pub const DEFAULT_API_BASE: &str = "https://model-api.runcomfy.net/v1";
/// The URL of the balance, which is not below the API base.
pub const DEFAULT_BALANCE_URL: &str = "https://api.runcomfy.net/prod/v2/balance";
/// Environment variable that holds the token.
pub const TOKEN_VARIABLE: &str = "RUNCOMFY_TOKEN";
/// Environment variables that may hold the token, in the order in which they are looked at.
pub const TOKEN_VARIABLES: [&str; 3] = [TOKEN_VARIABLE, "RUNCOMFY_API_TOKEN", "RUNCOMFY_API_KEY"];
/// Environment variable that holds another API base, such as a simulator's, including the version.
pub const API_BASE_VARIABLE: &str = "RUNCOMFY_MODEL_API_BASE";

/// A client of RunComfy's queue API. Clones share connections and settings.
///
/// ```
/// # runcomfy_doctest::run(async |client, input| {
/// let job = client.submit(&input).await?;
/// println!("request {}", job.id()); // yours before any waiting
/// let completed = job.wait().await?;
/// assert!(completed.output.video.is_some());
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// For every call but submits.
    http: reqwest::Client,
    submits: Submits,
    /// For media hosts: no token, and by default only public addresses.
    media: Checker,
    preflight: Preflight,
    token: Token,
    base: Url,
    balance: Url,
    /// Hosts that outputs may be downloaded from.
    outputs: Hosts,
    polling: Polling,
    /// Durations of earlier jobs, which tell when to poll.
    durations: Durations,
    retry: Retry,
    wait_timeout: Duration,
    throttle: Throttle,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api_base", &self.inner.base.as_str())
            .field("token", &self.inner.token)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_report_and_a_downloaded_file_are_stored_and_read_again() {
        let report = json!({
            "violations": [{"path": ["images", 0], "rule": "format", "message": "m", "found": null}],
            "warnings": [{"path": ["image"], "kind": "NotHttps", "message": "m"}],
            "unchecked": [{"path": [], "rule": "width_pixels>", "reason": "r"}],
            "stats": {"requests": 1, "bytes": 2, "time": {"secs": 3, "nanos": 4}},
        });
        let read: PreflightReport = from_value(report.clone()).expect("it is one");
        assert_eq!(to_value(&read).expect("it is JSON"), report);
        let file = json!({"output_path": ["video"], "url": "https://a/v", "path": "v.mp4", "bytes": 7,
                "is_size_confirmed": true});
        let read: DownloadedFile = from_value(file.clone()).expect("it is one");
        assert_eq!(to_value(&read).expect("it is JSON"), file);
    }
}
