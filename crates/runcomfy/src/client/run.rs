//! Submits an input and waits for its job in one call.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use super::Client;
use super::error::{RunError, SubmitError};
use super::job::Job;
use super::types::CompletedJob;
use crate::input::{Operation, Validated};

/// Submits an input and waits for its job once it is awaited. Created by [`Client::run`].
///
/// Nothing happens before it is awaited. Dropping it while it waits leaves the job going on, so
/// use [`Run::on_submitted`] to store the id where it can be found again.
#[must_use = "a run does nothing until it is awaited"]
pub struct Run<'a, M: Operation> {
    submit: Pin<Box<dyn Future<Output = Result<Job<M>, SubmitError>> + Send + 'a>>,
    on_submitted: Option<OnSubmitted<'a, M>>,
    cancel_on_drop: bool,
}

type OnSubmitted<'a, M> = Box<dyn FnOnce(&Job<M>) + Send + 'a>;

impl Client {
    /// Submits an input and waits for its job, as [`Client::submit`] and [`Job::wait`] do. Await
    /// the return value. [`Run::on_submitted`] passes on the id before any waiting.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let completed = client.run(&input).await?;
    /// assert!(completed.output.video.is_some());
    /// # Ok(()) });
    /// ```
    pub fn run<'a, V: Validated>(&'a self, input: &'a V) -> Run<'a, V::Model> {
        Run::new(self.submit(input))
    }
}

impl<'a, M: Operation> Run<'a, M> {
    pub(super) fn new(
        submit: impl Future<Output = Result<Job<M>, SubmitError>> + Send + 'a,
    ) -> Self {
        Self { submit: Box::pin(submit), on_submitted: None, cancel_on_drop: false }
    }

    /// Sets a function that is called with the job once it is accepted, before any waiting: the
    /// place to store its id.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let completed = client.run(&input).on_submitted(|job| println!("request {}", job.id())).await?;
    /// # Ok(()) });
    /// ```
    pub fn on_submitted(mut self, call: impl FnOnce(&Job<M>) + Send + 'a) -> Self {
        self.on_submitted = Some(Box::new(call));
        self
    }

    /// Cancels the job if this is dropped while it waits, or if waiting fails: see
    /// [`Job::cancel_on_drop`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let run = client.run(&input).cancel_on_drop();
    /// // If the limit passes, the future is dropped, and so the job is cancelled.
    /// match tokio::time::timeout(Duration::from_secs(600), run).await {
    ///     Ok(completed) => assert!(completed?.output.video.is_some()),
    ///     Err(_) => println!("it took too long"),
    /// }
    /// # Ok(()) });
    /// ```
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }
}

impl<'a, M: Operation> IntoFuture for Run<'a, M> {
    type Output = Result<CompletedJob<M::Output>, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let job = self.submit.await?;
            if let Some(call) = self.on_submitted {
                call(&job);
            }
            let completed = if self.cancel_on_drop {
                job.cancel_on_drop().wait().await
            } else {
                job.wait().await
            };
            Ok(completed?)
        })
    }
}

impl<M: Operation> fmt::Debug for Run<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("cancel_on_drop", &self.cancel_on_drop).finish_non_exhaustive()
    }
}
