//! Models that this crate does not know: JSON in, JSON out.

use serde_json::Value;

use super::error::SubmitError;
use super::job::{Job, Raw};
use super::model_id::checked;
use super::run::Run;
use super::submit::written;
use super::{Client, RequestId};

/// A client of any model, by its id. Nothing of an input is checked here: RunComfy may
/// refuse it, or charge for it and fail. Made by [`Client::raw`].
#[derive(Debug, Clone)]
pub struct RawClient {
    client: Client,
}

impl Client {
    /// A client for models that are known by their id only, with JSON in and out: for a model
    /// that has no generated type yet, or a job whose model is not known any more.
    pub fn raw(&self) -> RawClient {
        RawClient { client: self.clone() }
    }
}

impl RawClient {
    /// Submits JSON to a model, as [`Client::submit`] does.
    ///
    /// # Errors
    ///
    /// When the id is none, and as for [`Client::submit`].
    pub async fn submit(&self, model: &str, input: &Value) -> Result<Job<Raw>, SubmitError> {
        checked(model)?;
        let accepted = self.client.send(model, written(input)?).await?;
        Ok(Job::accepted(self.client.clone(), accepted))
    }

    /// Submits JSON to a model and waits for its output, as [`Client::run`] does.
    pub fn run<'a>(&'a self, model: &'a str, input: &'a Value) -> Run<'a, Raw> {
        Run::new(self.submit(model, input))
    }

    /// Takes up a job again from its id, without its type.
    pub fn job(&self, id: RequestId) -> Job<Raw> {
        Job::new(self.client.clone(), id)
    }
}
