//! Reads one reply as the reply to each call, for the fuzz body in `tests/support/fuzz_reply.rs`.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::catalog::{self, CatalogPage};
use super::error::{CallError, JobErrorReason, SubmitError};
use super::reply::{self, BodyLimits, Reply, Truncation};
use super::request_id::RequestId;
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply};
use crate::output::MediaOutput;

/// One reply, read as the reply to each call.
#[doc(hidden)]
#[derive(Debug)]
pub struct Readings {
    pub submitted: Result<RequestId, SubmitError>,
    pub status: Result<JobStatus, CallError>,
    pub result: Result<Option<CompletedJob<MediaOutput>>, JobErrorReason>,
    pub cost: Result<Option<f64>, CallError>,
    pub cancelled: Result<CancelOutcome, CallError>,
    pub page: Result<CatalogPage, CallError>,
    pub json: Result<Value, CallError>,
    pub retry_after: Option<Duration>,
}

impl Readings {
    /// Reads a body. `truncation` is why it broke off, if it did.
    pub fn of(
        http_status: u16,
        retry_after: &[u8],
        body: &[u8],
        truncation: Option<&str>,
        id: &RequestId,
    ) -> Self {
        let headers = HeaderValue::from_bytes(retry_after).map(|value| (RETRY_AFTER, value));
        let headers: HeaderMap = headers.into_iter().collect();
        let retry_after = reply::retry_after(&headers, SystemTime::UNIX_EPOCH);
        let limits = BodyLimits::USUAL;
        let reply = Reply { http_status, retry_after, encoding: None, body: body.to_vec(), limits };
        let truncation =
            truncation.map(|reason| Truncation { reason: reason.to_owned(), source: None });
        Self {
            submitted: reply::submitted(&reply, truncation, "a/b"),
            status: reply::status(&reply).map_err(CallError::from),
            result: match reply::result(&reply, id) {
                Ok(ResultReply::Unfinished | ResultReply::Unconfirmed(_)) => Ok(None),
                Ok(ResultReply::Succeeded(completed)) => Ok(Some(completed)),
                Ok(ResultReply::Failed { error, .. }) => Err(JobErrorReason::Failed(error)),
                Ok(ResultReply::Cancelled { .. }) => Err(JobErrorReason::Cancelled),
                Err(failure) => Err(failure.into()),
            },
            cost: reply::cost(&reply, id).map_err(CallError::from),
            cancelled: reply::cancelled(&reply).map_err(CallError::from),
            json: reply::json(&reply).map_err(CallError::from),
            page: catalog::page(reply).map_err(CallError::from),
            retry_after,
        }
    }
}
