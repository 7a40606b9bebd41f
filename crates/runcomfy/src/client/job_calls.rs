//! The calls about a job, one method each, and the guard that cancels a job.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::error::JobError;
use super::job::{Endpoint, Job};
use super::preflight::PreflightReport;
use super::reply;
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use crate::input::Operation;

impl<M: Operation> Job<M> {
    /// Asks for the job's status once.
    ///
    /// # Errors
    ///
    /// If no response comes, or it is an error.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let status = job.status().await?;
    /// println!("{}, {:?} jobs before it", status.status, status.queue_position);
    /// # Ok(()) });
    /// ```
    pub async fn status(&self) -> Result<JobStatus, JobError> {
        let (status, _) = self.call(Endpoint::Status, |reply| reply::status(&reply)).await?;
        self.observe(&status.status);
        Ok(status)
    }

    /// Asks for the result. Returns `None` while the job is not finished.
    ///
    /// # Errors
    ///
    /// If the job failed or was cancelled, no response comes, or it is an error.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let job = client.submit(&input).await?;
    /// # job.wait().await?;
    /// match job.result().await? {
    ///     Some(completed) => println!("{:?}", completed.output.video),
    ///     None => println!("not yet"),
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn result(&self) -> Result<Option<CompletedJob<M::Output>>, JobError> {
        let (mut result, _) =
            self.call(Endpoint::Result, |reply| reply::result(&reply, self.id())).await?;
        if let ResultReply::Unconfirmed(completed) = result {
            let status = self.status().await?.status;
            result = if status.is_finished() {
                ResultReply::confirmed(completed, &status)
            } else {
                ResultReply::Unfinished
            };
        }
        self.finish(result)
    }

    /// Asks what the job cost in US dollars, even if it failed or was cancelled. Returns `None`
    /// while RunComfy does not say: the cost may come some time after the job is finished.
    ///
    /// # Errors
    ///
    /// If no response comes, or it is an error.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// assert_eq!(job.cost().await?, Some(0.25)); // 5 seconds at 0.05 USD
    /// # Ok(()) });
    /// ```
    pub async fn cost(&self) -> Result<Option<f64>, JobError> {
        let (cost, _) = self.call(Endpoint::Result, |reply| reply::cost(&reply, self.id())).await?;
        Ok(cost)
    }

    /// Asks for the cost until RunComfy says it. Returns `None` if it does not within `time`. The
    /// first request may take longer; later ones are cut at that time.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::cost`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let job = client.submit(&input).await?;
    /// # job.wait().await?;
    /// let cost = job.cost_within(Duration::from_secs(60)).await?;
    /// assert_eq!(cost, Some(0.25));
    /// # Ok(()) });
    /// ```
    pub async fn cost_within(&self, time: Duration) -> Result<Option<f64>, JobError> {
        let start = Instant::now();
        let polling = self.client.inner.polling;
        let mut interval = polling.initial_interval;
        let mut cost = self.cost().await?;
        while cost.is_none() && start.elapsed().saturating_add(interval) <= time {
            sleep(polling.jittered(interval)).await;
            interval = polling.next(interval);
            let left = time.saturating_sub(start.elapsed());
            let Ok(asked) = timeout(left, self.cost()).await else { break };
            cost = asked?;
        }
        Ok(cost)
    }

    /// Asks RunComfy to cancel the job, which it does while the job is in the queue.
    ///
    /// # Errors
    ///
    /// If no response comes, or it is an error. [`CancelOutcome::NotCancellable`] is not an
    /// error.
    ///
    /// ```
    /// use runcomfy::client::CancelOutcome;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let job = client.submit(&input).await?;
    /// match job.cancel().await? {
    ///     CancelOutcome::Cancelled => println!("cancelled"),
    ///     CancelOutcome::NotCancellable => println!("it is running already, or finished"),
    ///     other => println!("{other}"),
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn cancel(&self) -> Result<CancelOutcome, JobError> {
        match self.call(Endpoint::Cancel, |reply| reply::cancelled(&reply)).await? {
            // An earlier attempt may have cancelled it, and its response got lost.
            (CancelOutcome::NotCancellable, 1..) => match self.status().await?.status {
                Status::Cancelled => Ok(CancelOutcome::Cancelled),
                _ => Ok(CancelOutcome::NotCancellable),
            },
            (CancelOutcome::Cancelled, _) => {
                self.release();
                Ok(CancelOutcome::Cancelled)
            }
            (outcome, _) => Ok(outcome),
        }
    }

    /// Returns the job with a guard that cancels it if this is dropped before the job was seen to
    /// end.
    ///
    /// A task of the current runtime makes the call, and nothing waits for it: if the runtime is
    /// shut down first, no call is made.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?.cancel_on_drop();
    /// let completed = job.wait().await?; // if this future is dropped, the job is cancelled
    /// # Ok(()) });
    /// ```
    pub fn cancel_on_drop(self) -> CancelOnDrop<M> {
        CancelOnDrop { job: self, runtime: Handle::try_current().ok(), is_kept: false }
    }

    /// Returns the report on the media of the input that was submitted, with its warnings and the
    /// rules that could not be checked. Returns `None` for a job that was resumed from its id, or
    /// submitted without a type.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let report = job.preflight_report().expect("this process submitted it");
    /// assert!(report.warnings.is_empty() && report.unchecked.is_empty());
    ///
    /// let resumed = client.raw().job(job.id().clone());
    /// assert!(resumed.preflight_report().is_none());
    /// # Ok(()) });
    /// ```
    pub fn preflight_report(&self) -> Option<&PreflightReport> {
        self.report.as_deref()
    }

    /// Cancels the job because its guard was dropped.
    pub(crate) async fn cancel_and_log(&self) {
        match self.cancel().await {
            Ok(outcome) => tracing::debug!(request_id = %self.id(), ?outcome, "dropped"),
            Err(error) => tracing::warn!(request_id = %self.id(), %error, "not cancelled"),
        }
    }
}

/// A job that is cancelled if this is dropped before the job was seen to end. Created by
/// [`Job::cancel_on_drop`].
#[must_use = "dropping this cancels the job"]
pub struct CancelOnDrop<M: Operation> {
    job: Job<M>,
    runtime: Option<Handle>,
    is_kept: bool,
}

impl<M: Operation> CancelOnDrop<M> {
    /// Returns the job, which is no longer cancelled on drop.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let guard = client.submit(&input).await?.cancel_on_drop();
    /// let job = guard.keep(); // from here on, it outlives this scope
    /// assert!(job.wait().await.is_ok());
    /// # Ok(()) });
    /// ```
    pub fn keep(mut self) -> Job<M> {
        self.is_kept = true;
        self.job.clone()
    }
}

impl<M: Operation> Deref for CancelOnDrop<M> {
    type Target = Job<M>;

    fn deref(&self) -> &Job<M> {
        &self.job
    }
}

impl<M: Operation> Drop for CancelOnDrop<M> {
    fn drop(&mut self) {
        if self.is_kept || self.job.has_ended() {
            return;
        }
        let job = self.job.clone();
        let Some(runtime) = self.runtime.take().or_else(|| Handle::try_current().ok()) else {
            tracing::warn!(request_id = %job.id(), "not cancelled: there is no runtime");
            return;
        };
        runtime.spawn(async move { job.cancel_and_log().await });
    }
}

impl<M: Operation> fmt::Debug for CancelOnDrop<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelOnDrop").field(&self.job).finish()
    }
}
