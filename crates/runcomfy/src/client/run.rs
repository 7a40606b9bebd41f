//! Running: submitting and waiting in one call.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use super::Client;
use super::error::{RunError, SubmitError};
use super::job::{Job, Operation};
use super::types::CompletedJob;
use crate::model::Payload;
use crate::valid::Valid;

/// A run that is ready to be awaited: it submits an input and waits for its job. Made by
/// [`Client::run`](super::Client::run).
///
/// Nothing happens before it is awaited. Dropping it while it waits for the job leaves the
/// job going on, so have [`Run::on_submitted`] put the id where it can be found again.
#[must_use = "a run does nothing until it is awaited"]
pub struct Run<'a, M: Operation> {
    submit: Pin<Box<dyn Future<Output = Result<Job<M>, SubmitError>> + Send + 'a>>,
    taken: Option<OnSubmitted<'a, M>>,
    cancel: bool,
}

/// What is called with the job.
type OnSubmitted<'a, M> = Box<dyn FnOnce(&Job<M>) + Send + 'a>;

impl Client {
    /// Submits an input and waits for its job, as [`Client::submit`] and [`Job::wait`] do. Await
    /// what this gives; [`Run::on_submitted`] hands over the id before any waiting.
    ///
    /// ```no_run
    /// # use runcomfy::{Client, Model, Valid};
    /// # async fn example<M: Model>(client: Client, input: Valid<M>) -> Result<(), runcomfy::client::RunError> {
    /// let success = client.run(&input).on_submitted(|job| println!("request {}", job.id())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<'a, P: Payload>(&'a self, input: &'a Valid<P>) -> Run<'a, P::Model> {
        Run::new(self.submit(input))
    }
}

impl<'a, M: Operation> Run<'a, M> {
    pub(super) fn new(
        submit: impl Future<Output = Result<Job<M>, SubmitError>> + Send + 'a,
    ) -> Self {
        Self { submit: Box::pin(submit), taken: None, cancel: false }
    }

    /// Calls this with the job once it is taken, before any waiting: the place to store its id.
    pub fn on_submitted(mut self, call: impl FnOnce(&Job<M>) + Send + 'a) -> Self {
        self.taken = Some(Box::new(call));
        self
    }

    /// Cancels the job if this is dropped while it waits, or the wait goes wrong: see
    /// [`Job::cancel_on_drop`].
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel = true;
        self
    }
}

impl<'a, M: Operation> IntoFuture for Run<'a, M> {
    type Output = Result<CompletedJob<M::Output>, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let job = self.submit.await?;
            if let Some(taken) = self.taken {
                taken(&job);
            }
            let success = match self.cancel {
                true => job.cancel_on_drop().wait().await,
                false => job.wait().await,
            };
            Ok(success?)
        })
    }
}

impl<M: Operation> fmt::Debug for Run<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("cancel_on_drop", &self.cancel).finish_non_exhaustive()
    }
}
