//! Sends requests to the API: waits for its turn, bounds its time, and retries where that is
//! safe.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use url::Url;

use super::Client;
use super::error::TransportError;
use super::reply::{ApiFailure, BodyLimits, Reply};
use super::retry::{Backoff, Call};
use super::throttle::Priority;

/// Timeout of a request that only reads, and of hearing nothing of its response. A submit has none:
/// cutting it off would leave its outcome unknown.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout of reading a result, which may hold media.
const RESULT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// A request without a body that may be sent more than once.
#[derive(Clone)]
pub(super) struct ApiRequest {
    pub method: Method,
    pub url: Url,
    /// Timeout from sending to the end of the response.
    pub timeout: Duration,
    pub limits: BodyLimits,
}

impl ApiRequest {
    /// Creates a request with the usual limits.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, timeout: READ_TIMEOUT, limits: BodyLimits::USUAL }
    }

    /// Creates a request for a result.
    pub(super) fn for_result(url: Url) -> Self {
        Self { timeout: RESULT_TIMEOUT, limits: BodyLimits::RESULT, ..Self::new(Method::GET, url) }
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
        require_runtime().map_err(ApiFailure::Transport)?;
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
        let url = request.url.clone();
        let builder =
            self.authorized(&self.inner.http, request.method, request.url).timeout(request.timeout);
        let mut response = heard(builder.send()).await?;
        let mut reply = Reply::of(&response, &url, request.limits);
        while !reply.is_too_large() {
            match heard(response.chunk()).await {
                Ok(Some(chunk)) => reply.body.extend_from_slice(&chunk),
                Ok(None) => break,
                // The end of the response is missing, and nothing of the answer.
                Err(_) if reply.is_whole_result() => break,
                Err(error) => return Err(error),
            }
        }
        self.inner.token.redact(&mut reply.body);
        Ok(reply)
    }

    /// Creates a request to the API, with the token.
    pub(super) fn authorized(
        &self,
        http: &reqwest::Client,
        method: Method,
        url: Url,
    ) -> RequestBuilder {
        http.request(method, url)
            .header(AUTHORIZATION, self.inner.token.header())
            // Without this, a gateway may compress a response, which is not unpacked here.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    }
}

/// Checks that there is a tokio runtime. The HTTP library and the timers panic outside of one.
pub(super) fn require_runtime() -> Result<(), TransportError> {
    Handle::try_current().map(drop).map_err(|_| TransportError::NoRuntime)
}

/// Waits for the next part of a response, but not for ever.
async fn heard<T>(part: impl Future<Output = Result<T, reqwest::Error>>) -> Result<T, ApiFailure> {
    match timeout(READ_TIMEOUT, part).await {
        Ok(part) => part.map_err(|error| ApiFailure::Transport(error.into())),
        Err(_) => Err(ApiFailure::Transport(TransportError::Stalled(READ_TIMEOUT))),
    }
}
