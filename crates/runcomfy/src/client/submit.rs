//! Submitting: the one call that costs money, and is never repeated where it may have been
//! taken.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use super::error::SubmitError;
use super::http::FOREVER;
use super::job::Accepted;
use super::preflight::Prepared;
use super::reply::{MOST_BYTES, Reply, Truncation, transport_failure};
use super::retry::{Call, Failure, classify};
use super::throttle::Priority;
use super::{Client, Job, RequestId, reply};
use crate::model::{Model, Payload};
use crate::valid::Valid;

/// How long nothing may come of an answer. A gateway that gives up does so sooner.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// The slowest way up that is waited for, in bytes a second: before an answer begins, a
/// request with a file in it has to arrive.
const SLOWEST_UPLOAD: usize = 16 * 1024;

impl Client {
    /// Submits an input and hands over its job, whose id is known before any
    /// waiting. This costs money, and is made again only where it was certainly not taken:
    /// where no connection came about, and after an HTTP 429, as often as
    /// [`Retry`](super::Retry) says.
    ///
    /// First its media is checked, as [`ClientBuilder::preflight`](super::ClientBuilder::preflight)
    /// says, and local files are read. This is [`Client::prepare`] and then
    /// [`Client::submit_prepared`].
    ///
    /// Dropping the future, as a timeout around it does, leaves the outcome unknown
    /// with no error to read: the request may have left, and be taken and paid for.
    /// So this has no limit to its time as a whole, only to connecting (10 s) and to hearing
    /// nothing (120 s, and what the input takes at 16 KiB/s): a client that stops listening
    /// stops no job, and loses its id. Where there has to be a limit, spawn this as a
    /// task and put the limit around waiting for the task.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] tells apart what was certainly not taken and what may have
    /// been.
    pub async fn submit<P: Payload>(&self, input: &Valid<P>) -> Result<Job<P::Model>, SubmitError> {
        let prepared = self.prepare(input).await.map_err(SubmitError::Refused)?;
        self.submit_prepared(&prepared).await
    }

    /// Submits what was prepared: the same bytes.
    ///
    /// # Errors
    ///
    /// As for [`Client::submit`], but for [`SubmitError::Refused`].
    pub async fn submit_prepared<M: Model>(
        &self,
        prepared: &Prepared<M>,
    ) -> Result<Job<M>, SubmitError> {
        Ok(Job::accepted(self.clone(), self.send(M::ID, prepared.shared_body()).await?))
    }

    /// Sends an input that is written out already, once there may be one more job in flight.
    pub(super) async fn send(&self, model: &str, body: Bytes) -> Result<Accepted, SubmitError> {
        let span = tracing::debug_span!("submit", model);
        let sending = async {
            let place = self.inner.limits.place().await;
            let mut failures = 0;
            loop {
                let error = match self.send_once(model, body.clone()).await {
                    Ok(id) => {
                        tracing::info!(request_id = %id, "taken");
                        return Ok(Accepted { id, place });
                    }
                    Err(error) => error,
                };
                let asked = match &error {
                    SubmitError::Rejected(error) => error.retry_after,
                    _ => None,
                };
                let again = again(&error).then(|| self.inner.retry.pause(failures, asked));
                let Some(pause) = again.flatten() else {
                    tracing::debug!(%error, failures, "not submitted");
                    return Err(error);
                };
                failures += 1;
                tracing::debug!(%error, failures, ?pause, "certainly not taken: submitting again");
                sleep(pause).await;
            }
        };
        sending.instrument(span).await
    }

    async fn send_once(&self, model: &str, body: Bytes) -> Result<RequestId, SubmitError> {
        let url = self.url(["models"].into_iter().chain(model.split('/')));
        let before_answer =
            IDLE_TIMEOUT + Duration::from_secs((body.len() / SLOWEST_UPLOAD) as u64);
        // A limit of the client that was handed in must not end it.
        let request = self.request(Method::POST, url).timeout(FOREVER).body(body);
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let unknown = |reason: String, source| SubmitError::OutcomeUnknown {
            model: model.to_owned(),
            reason,
            body: None,
            id: None,
            source,
        };
        let _turn = self.inner.limits.turn(Priority::Call).await;
        let mut response = match timeout(before_answer, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if transport_failure(&error) == Failure::NotConnected => {
                return Err(SubmitError::NotSent(error));
            }
            Ok(Err(error)) => {
                let reason = "the connection broke before an answer came".to_owned();
                return Err(unknown(reason, Some(error)));
            }
            Err(_) => {
                return Err(unknown(format!("no answer in {} s", before_answer.as_secs()), None));
            }
        };
        let mut reply = Reply::of(&response);
        let cut = loop {
            match timeout(IDLE_TIMEOUT, response.chunk()).await {
                Ok(Ok(Some(chunk))) => reply.body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break None,
                Ok(Err(error)) => {
                    let reason = "the connection broke within the answer".to_owned();
                    break Some(Truncation { reason, source: Some(error) });
                }
                Err(_) => {
                    let reason =
                        format!("the answer stopped midway for {} s", IDLE_TIMEOUT.as_secs());
                    break Some(Truncation { reason, source: None });
                }
            }
            if reply.body.len() > MOST_BYTES {
                break None;
            }
        };
        self.inner.token.take_out_of(&mut reply.body);
        reply::submitted(&reply, cut, model)
    }
}

/// An input as it is sent.
pub(super) fn written(input: &impl Serialize) -> Result<Bytes, SubmitError> {
    serde_json::to_vec(input).map(Bytes::from).map_err(SubmitError::Unwritable)
}

/// Whether a submit that went wrong is made again.
fn again(error: &SubmitError) -> bool {
    match error {
        SubmitError::NotSent(_) => classify(Call::Submit, Failure::NotConnected).again,
        SubmitError::Rejected(error) => classify(Call::Submit, error.failure()).again,
        SubmitError::ModelId(_)
        | SubmitError::Refused(_)
        | SubmitError::Unwritable(_)
        | SubmitError::OutcomeUnknown { .. } => false,
    }
}
