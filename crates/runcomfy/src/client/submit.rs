//! Submitting: the one call that costs money, and is never repeated where it may have been
//! taken.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::error::SubmitError;
use super::{Client, Job, RequestId, reply};
use crate::model::{Model, Payload};
use crate::valid::Valid;

impl Client {
    /// Submits an input and hands over its job, whose id is known before any
    /// waiting. This costs money, and is never repeated by itself.
    ///
    /// Dropping the future, as a timeout around it does, leaves the outcome unknown
    /// with no error to read: the request may have left, and be taken and paid for.
    /// So this has no timeout of its own past connecting: a client that stops listening
    /// stops no job, and loses its id. Where there has to be a limit, spawn this as a
    /// task and put the limit around waiting for the task.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] tells apart what was certainly not taken and what may have
    /// been.
    pub async fn submit<P: Payload>(&self, input: &Valid<P>) -> Result<Job<P::Model>, SubmitError> {
        let body = serde_json::to_vec(&input.node()).map_err(SubmitError::Unwritable)?;
        Ok(self.job(self.send(P::Model::ID, body).await?))
    }

    /// Sends an input that is written out already, and gives the id of its request.
    pub(super) async fn send(&self, model: &str, body: Vec<u8>) -> Result<RequestId, SubmitError> {
        let url = self.url(["models"].into_iter().chain(model.split('/')));
        let request = self.request(Method::POST, url).body(body);
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match request.send().await {
            Ok(response) => reply::submitted(reply::read(response).await, model),
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(SubmitError::NotSent(error))
            }
            Err(error) => Err(SubmitError::OutcomeUnknown {
                model: model.to_owned(),
                reason: "the connection broke before an answer came".to_owned(),
                body: None,
                id: None,
                source: Some(error),
            }),
        }
    }
}
