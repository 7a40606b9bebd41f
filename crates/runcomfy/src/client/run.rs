//! Running: submitting and waiting in one call.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use super::Client;
use super::error::{RunError, SubmitError};
use super::job::{Answers, Job};
use super::types::Success;
use crate::model::Payload;
use crate::valid::Valid;

/// A run that is ready to be awaited: it submits an input and waits for its job. Made by
/// [`Client::run`](super::Client::run).
///
/// Nothing happens before it is awaited. Dropping it while it waits for the job leaves the
/// job going on, so have [`Run::on_taken`] put the id where it can be found again.
#[must_use = "a run does nothing until it is awaited"]
pub struct Run<'a, M: Answers> {
    submit: Pin<Box<dyn Future<Output = Result<Job<M>, SubmitError>> + Send + 'a>>,
    taken: Option<OnTaken<'a, M>>,
    cancel: bool,
}

/// What is called with the job.
type OnTaken<'a, M> = Box<dyn FnOnce(&Job<M>) + Send + 'a>;

impl Client {
    /// Submits an input and waits for its job, as [`Client::submit`] and [`Job::wait`] do. Await
    /// what this gives; [`Run::on_taken`] hands over the id before any waiting.
    ///
    /// ```no_run
    /// # use runcomfy::{Client, Model, Valid};
    /// # async fn example<M: Model>(client: Client, input: Valid<M>) -> Result<(), runcomfy::client::RunError> {
    /// let success = client.run(&input).on_taken(|job| println!("request {}", job.id())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<'a, P: Payload>(&'a self, input: &'a Valid<P>) -> Run<'a, P::Model> {
        Run::new(self.submit(input))
    }
}

impl<'a, M: Answers> Run<'a, M> {
    pub(super) fn new(
        submit: impl Future<Output = Result<Job<M>, SubmitError>> + Send + 'a,
    ) -> Self {
        Self { submit: Box::pin(submit), taken: None, cancel: false }
    }

    /// Calls this with the job once it is taken, before any waiting: the place to store its id.
    pub fn on_taken(mut self, call: impl FnOnce(&Job<M>) + Send + 'a) -> Self {
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

impl<'a, M: Answers> IntoFuture for Run<'a, M> {
    type Output = Result<Success<M::Output>, RunError>;
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

impl<M: Answers> fmt::Debug for Run<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("cancel_on_drop", &self.cancel).finish_non_exhaustive()
    }
}
