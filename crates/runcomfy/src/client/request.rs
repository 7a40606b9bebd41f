//! Making a call: its turn, its time, its answer, and again where that is safe.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use tokio::time::sleep;
use url::Url;

use super::Client;
use super::reply::{ApiFailure, MOST_BYTES, Reply};
use super::retry::{Call, classify};
use super::throttle::Priority;

/// How long a call that only reads may take. A submit has no such limit: cutting it
/// off would leave its outcome unknown.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What one call asks for.
#[derive(Clone)]
pub(super) struct ApiRequest {
    pub method: Method,
    pub url: Url,
    /// How long it may take.
    pub timeout: Duration,
    /// More of its answer is not read.
    pub most: usize,
}

impl ApiRequest {
    /// A short question with a short answer.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, timeout: READ_TIMEOUT, most: MOST_BYTES }
    }
}

impl Client {
    /// A request to the API, with the token.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner
            .http
            .request(method, url)
            .header(reqwest::header::AUTHORIZATION, self.inner.token.header())
    }

    /// The API base with these path segments, each percent-encoded.
    pub(super) fn url<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.inner.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Asks once, when it is this call's turn.
    pub(super) async fn ask(&self, lane: Priority, ask: ApiRequest) -> Result<Reply, ApiFailure> {
        let _turn = self.inner.limits.turn(lane).await;
        let request = self.request(ask.method, ask.url).timeout(ask.timeout);
        let response = request.send().await.map_err(ApiFailure::Transport)?;
        self.read(ask.most, response).await.map_err(ApiFailure::Transport)
    }

    /// Asks until there is an answer, as often as the client's [`Retry`](super::Retry) allows.
    /// Gives the answer, and how many failures came before it.
    pub(super) async fn send_with_retry<T>(
        &self,
        call: Call,
        ask: ApiRequest,
        read: impl Fn(Reply) -> Result<T, ApiFailure>,
    ) -> Result<(T, u32), ApiFailure> {
        let mut failures = 0;
        loop {
            let problem = match self.ask(Priority::Call, ask.clone()).await.and_then(&read) {
                Ok(answer) => return Ok((answer, failures)),
                Err(problem) => problem,
            };
            let failure = problem.failure();
            let pause = match classify(call, failure).again {
                true => self.inner.retry.pause(failures, problem.retry_after()),
                false => None,
            };
            let Some(pause) = pause else { return Err(problem) };
            failures += 1;
            tracing::debug!(?call, ?failure, failures, ?pause, "asking again");
            sleep(pause).await;
        }
    }

    /// Reads a reply to its end, or until its body is longer than `most`. A token that the
    /// server repeats is taken out.
    async fn read(
        &self,
        most: usize,
        mut response: reqwest::Response,
    ) -> Result<Reply, reqwest::Error> {
        let mut reply = Reply::of(&response);
        while reply.body.len() <= most {
            match response.chunk().await? {
                Some(chunk) => reply.body.extend_from_slice(&chunk),
                None => break,
            }
        }
        self.inner.token.take_out_of(&mut reply.body);
        Ok(reply)
    }
}
