//! Models without a type: JSON in, JSON out.

use std::time::Duration;

use serde_json::Value;

use super::error::SubmitError;
use super::job::Job;
use super::retry::Retry;
use super::run::Run;
use super::submit::to_body;
use super::{Client, RequestId, model_id};
use crate::input::Raw;

/// A client of any model, by its id. It checks nothing of an input: RunComfy may refuse it, or
/// charge for it and fail. Created by [`Client::raw`].
#[derive(Debug, Clone)]
pub struct RawClient {
    client: Client,
    retry: Retry,
}

impl Client {
    /// Returns a client for models that are known by their id only, with JSON in and out: for a
    /// model that has no generated type yet, or a job whose model is no longer known.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let body = serde_json::json!({"prompt": "a paper boat"});
    /// let completed =
    ///     client.raw().run("bytedance/seedance-2.5/text-to-video/480p", &body).await?;
    /// assert!(completed.output["video"].is_string());
    /// # Ok(()) });
    /// ```
    pub fn raw(&self) -> RawClient {
        RawClient { client: self.clone(), retry: self.inner.retry }
    }
}

impl RawClient {
    /// Sets [`Retry::max_retry_after`] of its submits. With zero, an HTTP 429 that asks for a delay
    /// is an error at once, for a program that lets all of its workers wait.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use runcomfy::client::SubmitError;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # use runcomfy_doctest::simulator::{Call, Fault, RetryAfter};
    /// # simulator.script(Call::Submit, [Fault::RateLimit(RetryAfter::Seconds(30))]);
    /// # let client =
    /// #     runcomfy::Client::builder().api_base(simulator.api_base()).token("any").build()?;
    /// let body = serde_json::json!({"prompt": "a paper boat"});
    /// let raw = client.raw().max_retry_after(Duration::ZERO);
    /// match raw.submit("bytedance/seedance-2.5/text-to-video/480p", &body).await {
    ///     Err(SubmitError::Rejected(error)) => {
    ///         assert_eq!(error.retry_after, Some(Duration::from_secs(30)));
    ///     }
    ///     other => panic!("the simulator answers 429: {other:?}"),
    /// }
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn max_retry_after(self, delay: Duration) -> Self {
        Self { retry: self.retry.with_max_retry_after(delay), ..self }
    }

    /// Submits JSON to a model, as [`Client::submit`] does.
    ///
    /// # Errors
    ///
    /// Returns [`SubmitError::ModelId`] if `model` is not a model id, and otherwise the errors of
    /// [`Client::submit`].
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let model = "bytedance/seedance-2.5/text-to-video/480p";
    /// let body = serde_json::json!({"prompt": "a paper boat", "duration": 4});
    /// let job = client.raw().submit(model, &body).await?;
    /// println!("request {}", job.id());
    ///
    /// // Nothing is checked here. RunComfy refuses what its own rules refuse.
    /// let body = serde_json::json!({"duration": 90});
    /// assert!(client.raw().submit(model, &body).await.is_err());
    /// # Ok(()) });
    /// ```
    pub async fn submit(&self, model: &str, input: &Value) -> Result<Job<Raw>, SubmitError> {
        let model = model_id::parse(model)?;
        let accepted = self.client.submit_body(&model, to_body(input)?.into(), self.retry).await?;
        Ok(Job::accepted(self.client.clone(), accepted).with_model_id(&model))
    }

    /// Submits JSON to a model and waits for its output, as [`Client::run`] does.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let body = serde_json::json!({"prompt": "a paper boat"});
    /// let raw = client.raw();
    /// let completed = raw
    ///     .run("bytedance/seedance-2.5/text-to-video/480p", &body)
    ///     .on_submitted(|job| println!("request {}", job.id()))
    ///     .await?;
    /// assert!(completed.raw["video"].as_str().is_some_and(|url| url.ends_with(".mp4")));
    /// # Ok(()) });
    /// ```
    pub fn run<'a>(&'a self, model: &'a str, input: &'a Value) -> Run<'a, Raw> {
        Run::new(self.submit(model, input))
    }

    /// Resumes a job from its id, without its type.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let stored = client.submit(&input).await?.id().to_string();
    /// let job = client.raw().job(stored.parse()?); // whichever model it was
    /// let output = job.wait().await?.output;
    /// assert!(output["video"].is_string());
    /// # Ok(()) });
    /// ```
    pub fn job(&self, id: RequestId) -> Job<Raw> {
        Job::new(self.client.clone(), id)
    }
}
