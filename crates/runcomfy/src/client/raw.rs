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
    pub async fn submit(&self, model: &str, input: &Value) -> Result<Job<Raw>, SubmitError> {
        let model = model_id::parse(model)?;
        let accepted = self.client.submit_body(&model, to_body(input)?.into(), self.retry).await?;
        Ok(Job::accepted(self.client.clone(), accepted).with_model_id(&model))
    }

    /// Submits JSON to a model and waits for its output, as [`Client::run`] does.
    pub fn run<'a>(&'a self, model: &'a str, input: &'a Value) -> Run<'a, Raw> {
        Run::new(self.submit(model, input))
    }

    /// Resumes a job from its id, without its type.
    pub fn job(&self, id: RequestId) -> Job<Raw> {
        Job::new(self.client.clone(), id)
    }
}
