//! Sends requests to the API: waits for its turn, bounds its time, and retries where that is
//! safe.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use tokio::time::sleep;
use url::Url;

use super::Client;
use super::reply::{ApiFailure, MAX_BYTES, Reply};
use super::retry::{Backoff, Call};
use super::throttle::Priority;

/// Timeout of a request that only reads. A submit has none: cutting it off would leave its
/// outcome unknown.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A request without a body that may be sent more than once.
#[derive(Clone)]
pub(super) struct ApiRequest {
    pub method: Method,
    pub url: Url,
    /// Timeout from sending to the end of the response.
    pub timeout: Duration,
    /// Reading stops once the body is longer.
    pub max_bytes: usize,
}

impl ApiRequest {
    /// Creates a request with the usual limits.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, timeout: READ_TIMEOUT, max_bytes: MAX_BYTES }
    }
}

impl Client {
    /// Returns the API base with these path segments, each percent-encoded.
    pub(super) fn url<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.inner.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request until there is a response, as often as the client's
    /// [`Retry`](super::Retry) allows. Returns what `read` makes of it, and the number of failures
    /// before it.
    pub(super) async fn send_with_retry<T>(
        &self,
        call: Call,
        request: ApiRequest,
        read: impl Fn(Reply) -> Result<T, ApiFailure>,
    ) -> Result<(T, u32), ApiFailure> {
        let mut backoff = Backoff::new(call, self.inner.retry);
        loop {
            let error = match self.send(Priority::Normal, request.clone()).await.and_then(&read) {
                Ok(answer) => return Ok((answer, backoff.failures())),
                Err(error) => error,
            };
            let failure = error.failure();
            let Some(delay) = backoff.next(failure, error.retry_after()) else { return Err(error) };
            tracing::debug!(?call, ?failure, failures = backoff.failures(), ?delay, "retrying");
            sleep(delay).await;
        }
    }

    /// Sends a request once, when it is its turn.
    pub(super) async fn send(
        &self,
        priority: Priority,
        request: ApiRequest,
    ) -> Result<Reply, ApiFailure> {
        let _permit = self.inner.throttle.acquire(priority).await;
        let builder = self.authorized(request.method, request.url).timeout(request.timeout);
        let response = builder.send().await.map_err(ApiFailure::Transport)?;
        self.read(request.max_bytes, response).await.map_err(ApiFailure::Transport)
    }

    /// Creates a request to the API, with the token.
    pub(super) fn authorized(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner
            .http
            .request(method, url)
            .header(reqwest::header::AUTHORIZATION, self.inner.token.header())
    }

    /// Reads a response to its end, or until its body is longer than `max_bytes`. Removes a token
    /// that the server repeats.
    async fn read(
        &self,
        max_bytes: usize,
        mut response: reqwest::Response,
    ) -> Result<Reply, reqwest::Error> {
        let mut reply = Reply::of(&response);
        while reply.body.len() <= max_bytes {
            match response.chunk().await? {
                Some(chunk) => reply.body.extend_from_slice(&chunk),
                None => break,
            }
        }
        self.inner.token.redact(&mut reply.body);
        Ok(reply)
    }
}
