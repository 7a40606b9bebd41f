//! Submits an input: the one call that costs money. It is never repeated if RunComfy may have
//! accepted it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tracing::Instrument;
use url::Url;

use super::body::{BodyFailure, RequestBody};
use super::error::{SubmitError, TransportError};
use super::http::NO_TIMEOUT;
use super::job::Accepted;
use super::preflight::{PreflightReport, Prepared};
use super::reply::{BodyLimits, Reply, Truncation, transport_failure};
use super::request::require_runtime;
use super::retry::{Backoff, Call, ErrorClass, Retry, classify};
use super::throttle::Priority;
use super::{Client, Job, RequestId, reply};
use crate::duration_text::DurationText;
use crate::escape::escape_control;
use crate::input::{Operation, Validated};

/// Timeout for hearing nothing. A gateway that gives up does so sooner.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Slowest upload that is waited for, in bytes a second. A response begins only after a request
/// with a file in it has arrived.
const MIN_UPLOAD_RATE: u64 = 16 * 1024;

impl Client {
    /// Submits an input and returns its job, whose id is known before any waiting. This costs
    /// money, and is retried only if RunComfy certainly did not accept it: if no connection was
    /// made, if the server says that it did not process the request (HTTP/2), and after an HTTP 429, as often as [`Retry`] says.
    ///
    /// First its media is checked, as [`ClientBuilder::preflight`](super::ClientBuilder::preflight)
    /// says, and local files are read. Warnings, and rules that could not be checked, are logged with
    /// `tracing` at the level WARN, and are in [`Job::preflight_report`]. This is [`Client::prepare`] and then
    /// [`Client::submit_prepared`].
    ///
    /// Dropping the future, as a timeout around it does, leaves the outcome unknown with no error
    /// to read: the request may have left, and be accepted and paid for. Submitting therefore has
    /// no total timeout, only one to connect (10 s) and one for hearing nothing (120 s, and what
    /// the input takes at 16 KiB/s). If there has to be a timeout, spawn this as a task and put
    /// the timeout around waiting for the task.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] tells apart what RunComfy certainly did not accept and what it may have
    /// accepted.
    ///
    /// ```
    /// use runcomfy::client::SubmitError;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// match client.submit(&input).await {
    ///     Ok(job) => println!("request {}", job.id()),
    ///     Err(SubmitError::Refused(report)) => println!("nothing was paid: {report}"),
    ///     Err(error @ SubmitError::OutcomeUnknown { .. }) => println!("look: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn submit<V: Validated>(&self, input: &V) -> Result<Job<V::Model>, SubmitError> {
        require_runtime().map_err(SubmitError::NotSent)?;
        let prepared = self.prepare(input).await.map_err(SubmitError::Refused)?;
        self.submit_prepared(&prepared).await
    }

    /// Submits a prepared input: exactly the bytes that were prepared.
    ///
    /// # Errors
    ///
    /// The errors of [`Client::submit`], except for [`SubmitError::Refused`].
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let prepared = client.prepare(&input).await?;
    /// println!("{} bytes, {:?}", prepared.body_length(), prepared.report());
    /// let job = client.submit_prepared(&prepared).await?;
    /// # Ok(()) });
    /// ```
    pub async fn submit_prepared<M: Operation>(
        &self,
        prepared: &Prepared<M>,
    ) -> Result<Job<M>, SubmitError> {
        log_report(prepared.model(), prepared.report());
        let accepted = self.submit_body(prepared.model(), prepared.shared_body(), self.inner.retry);
        let accepted = accepted.await?;
        let job = Job::accepted(self.clone(), accepted).with_model_id(prepared.model());
        Ok(job.with_report(prepared.report().clone()))
    }

    /// Submits the JSON of an input, once there may be one more job in flight.
    pub(super) async fn submit_body(
        &self,
        model: &str,
        body: RequestBody,
        retry: Retry,
    ) -> Result<Accepted, SubmitError> {
        let span = tracing::debug_span!("submit", model);
        self.submit_with_retry(model, body, retry).instrument(span).await
    }

    async fn submit_with_retry(
        &self,
        model: &str,
        body: RequestBody,
        retry: Retry,
    ) -> Result<Accepted, SubmitError> {
        require_runtime().map_err(SubmitError::NotSent)?;
        let permit = self.inner.throttle.acquire_job().await;
        let mut backoff = Backoff::new(Call::Submit, retry);
        loop {
            let error = match self.submit_once(model, &body).await {
                Ok(id) => {
                    tracing::info!(request_id = %id, "accepted");
                    return Ok(Accepted { id, permit });
                }
                Err(error) => error,
            };
            let (failure, retry_after) = match &error {
                SubmitError::NotSent(TransportError::Http(error)) => {
                    (Some(transport_failure(error)), None)
                }
                SubmitError::Rejected(error) => (Some(error.failure()), error.retry_after),
                SubmitError::NotSent(_)
                | SubmitError::ModelId(_)
                | SubmitError::Refused(_)
                | SubmitError::Unwritable(_)
                | SubmitError::File { .. }
                | SubmitError::OutcomeUnknown { .. } => (None, None),
            };
            let failures = backoff.failures();
            let Some(delay) = failure.and_then(|failure| backoff.next(failure, retry_after)) else {
                tracing::debug!(%error, failures, "not submitted");
                return Err(error);
            };
            tracing::debug!(%error, failures, ?delay, "certainly not accepted: submitting again");
            sleep(delay).await;
        }
    }

    async fn submit_once(&self, model: &str, body: &RequestBody) -> Result<RequestId, SubmitError> {
        let url = self.url(["models"].into_iter().chain(model.split('/')));
        let upload = Duration::from_secs(body.length() / MIN_UPLOAD_RATE);
        let time = IDLE_TIMEOUT + upload;
        let failure = BodyFailure::default();
        let _permit = self.inner.throttle.acquire(Priority::Normal).await;
        let submitting = self.inner.submits.begin();
        let request = self
            .authorized(submitting.http(), Method::POST, url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(CONTENT_LENGTH, body.length())
            // Overrides the timeout of a client that was handed in.
            .timeout(NO_TIMEOUT)
            .body(body.to_http(&failure));
        let response = match timeout(time, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error))
                if classify(Call::Submit, transport_failure(&error)).error
                    == ErrorClass::NotSent =>
            {
                return Err(SubmitError::NotSent(error.into()));
            }
            Ok(Err(error)) => {
                if let Some((path, source)) = failure.take() {
                    return Err(SubmitError::File { path, source });
                }
                let reason = "the connection broke before a response came".to_owned();
                return Err(no_response(model, reason, Some(error)));
            }
            Err(_) => {
                let reason = format!("no response in {}", DurationText(time));
                return Err(no_response(model, reason, None));
            }
        };
        let (mut reply, truncation) = read(response, &url).await;
        self.inner.token.redact(&mut reply.body);
        reply::submitted(&reply, truncation, model)
    }
}

/// Logs what was found about the media of an input and does not refuse it.
fn log_report(model: &str, report: &PreflightReport) {
    for warning in &report.warnings {
        let message = escape_control(&warning.message);
        tracing::warn!(model, path = %warning.path, kind = ?warning.kind, "{message}");
    }
    for unchecked in &report.unchecked {
        let (rule, reason) = (escape_control(&unchecked.rule), escape_control(&unchecked.reason));
        tracing::warn!(model, path = %unchecked.path, %rule, "not checked: {reason}");
    }
}

/// Reads the response to a submit. What came before it broke may hold the id.
async fn read(mut response: reqwest::Response, url: &Url) -> (Reply, Option<Truncation>) {
    let mut reply = Reply::of(&response, url, BodyLimits::USUAL);
    while !reply.is_too_large() {
        match timeout(IDLE_TIMEOUT, response.chunk()).await {
            Ok(Ok(Some(chunk))) => reply.body.extend_from_slice(&chunk),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => {
                let reason = "the connection broke within the response".to_owned();
                return (reply, Some(Truncation { reason, source: Some(error) }));
            }
            Err(_) => {
                let reason =
                    format!("the response stopped midway for {}", DurationText(IDLE_TIMEOUT));
                return (reply, Some(Truncation { reason, source: None }));
            }
        }
    }
    (reply, None)
}

fn no_response(model: &str, reason: String, source: Option<reqwest::Error>) -> SubmitError {
    SubmitError::OutcomeUnknown { model: model.to_owned(), reason, body: None, id: None, source }
}

/// Serializes an input.
pub(super) fn to_body(input: &impl Serialize) -> Result<Bytes, SubmitError> {
    serde_json::to_vec(input).map(Bytes::from).map_err(SubmitError::Unwritable)
}
