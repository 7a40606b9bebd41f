//! Waits for a job: polls its status until it is finished, then reads its result.

use std::fmt;
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::Instrument;

use super::error::{JobError, JobErrorReason};
use super::job::{Endpoint, Job, Operation};
use super::reply::{self, ApiFailure};
use super::retry::Backoff;
use super::throttle::Priority;
use super::types::{CompletedJob, JobStatus, ResultReply, Status};

/// The statuses of a job until it is finished, with the client's intervals between the polls.
/// Created by [`Job::updates`].
#[must_use = "a job is polled only when the next status is asked for"]
pub struct StatusStream<'a, M> {
    job: &'a Job<M>,
    /// The interval before the next poll; `None` before the first.
    interval: Option<Duration>,
    start: Instant,
    deadline: Option<Instant>,
    last: Status,
    /// The delay that RunComfy asked for.
    retry_after: Duration,
    /// Consecutive failures of polling the status.
    status_backoff: Backoff,
    /// Consecutive failures of reading the result. They count apart: each follows a poll that
    /// succeeded.
    result_backoff: Backoff,
    is_finished: bool,
}

impl<M: Operation> Job<M> {
    /// Waits until the job is finished, at most as long as the client's
    /// [`wait_timeout`](super::ClientBuilder::wait_timeout), which defaults to 30 minutes.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::result`], and if the timeout passes. The error has the id, and the
    /// job can be waited for again.
    pub async fn wait(&self) -> Result<CompletedJob<M::Output>, JobError> {
        self.wait_for(self.client.inner.wait_timeout).await
    }

    /// Waits until the job is finished, at most this long.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::wait`].
    pub async fn wait_for(&self, timeout: Duration) -> Result<CompletedJob<M::Output>, JobError> {
        let span = tracing::debug_span!("wait", request_id = %self.id(), model = M::ID);
        StatusStream::new(self, timeout).completed().instrument(span).await
    }

    /// Returns the statuses that [`Job::wait`] polls, for a program that shows them.
    pub fn updates(&self) -> StatusStream<'_, M> {
        StatusStream::new(self, self.client.inner.wait_timeout)
    }
}

impl<'a, M: Operation> StatusStream<'a, M> {
    fn new(job: &'a Job<M>, timeout: Duration) -> Self {
        let start = Instant::now();
        let polling = job.client.inner.polling;
        Self {
            job,
            interval: None,
            start,
            // An unrepresentable deadline means no deadline.
            deadline: start.checked_add(timeout),
            last: Status::Other("unknown".to_owned()),
            retry_after: Duration::ZERO,
            status_backoff: polling.backoff(),
            result_backoff: polling.backoff(),
            is_finished: false,
        }
    }

    /// Waits for the next status. Returns `None` after the one that says that the job is
    /// finished. Read the result then with [`Job::result`].
    ///
    /// # Errors
    ///
    /// If the timeout passes, or polling fails for good.
    pub async fn next(&mut self) -> Result<Option<JobStatus>, JobError> {
        while !self.is_finished {
            let polling = self.job.client.inner.polling;
            if let Some(interval) = self.interval {
                self.sleep(polling.jittered(interval).max(self.retry_after)).await?;
                self.retry_after = Duration::ZERO;
            }
            let next = self.interval.map(|interval| polling.next(interval));
            self.interval = Some(next.unwrap_or(polling.initial_interval));
            if let Some(status) = self.poll_once(Endpoint::Status, reply::status).await? {
                self.job.observe(&status.status);
                self.last = status.status.clone();
                self.is_finished = status.status.is_finished();
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// Converts this to a [`Stream`], which ends after the status that says that the job is
    /// finished, or after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<JobStatus, JobError>> + Send + 'a {
        unfold(Some(self), |updates| async {
            let mut updates = updates?;
            match updates.next().await {
                Ok(status) => status.map(|status| (Ok(status), Some(updates))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Polls until the job is finished, and reads its result.
    async fn completed(&mut self) -> Result<CompletedJob<M::Output>, JobError> {
        let job = self.job;
        loop {
            while self.next().await?.is_some() {}
            let result =
                self.poll_once(Endpoint::Result, |reply| reply::result(reply, job.id())).await?;
            if let Some(result) = result {
                let result = match (result, &self.last) {
                    // A cancelled job has no result to wait for.
                    (ResultReply::Unfinished, Status::Cancelled) => ResultReply::Cancelled,
                    (result, _) => result,
                };
                if let Some(completed) = job.finish(result)? {
                    return Ok(completed);
                }
            }
            // The result is not there yet, so the job is polled again.
            self.is_finished = false;
        }
    }

    async fn sleep(&self, duration: Duration) -> Result<(), JobError> {
        // An unrepresentable moment never comes.
        let wake = Instant::now().checked_add(duration);
        match self.deadline {
            Some(deadline) if wake.is_none_or(|wake| deadline < wake) => {
                sleep_until(deadline).await;
                Err(self.deadline_error())
            }
            _ => {
                sleep(duration).await;
                Ok(())
            }
        }
    }

    /// Sends one request before the deadline. Returns `None` after a failure that may be
    /// temporary, until there were too many in a row.
    async fn poll_once<T>(
        &mut self,
        endpoint: Endpoint,
        read: impl Fn(&reply::Reply) -> Result<T, ApiFailure>,
    ) -> Result<Option<T>, JobError> {
        let job = self.job;
        let call = job.client.send(Priority::Poll, job.request(endpoint));
        let sent = match self.deadline {
            None => call.await,
            Some(deadline) => match timeout_at(deadline, call).await {
                Ok(sent) => sent,
                Err(_) => return Err(self.deadline_error()),
            },
        };
        let backoff = match endpoint {
            Endpoint::Result => &mut self.result_backoff,
            Endpoint::Status | Endpoint::Cancel => &mut self.status_backoff,
        };
        let error = match sent.and_then(|reply| read(&reply)) {
            Ok(answer) => {
                backoff.reset();
                return Ok(Some(answer));
            }
            Err(error) => error,
        };
        let failure = error.failure();
        let Some(delay) = backoff.next(failure, error.retry_after()) else {
            return job.map_err(Err(error));
        };
        let failures = backoff.failures();
        self.retry_after = delay;
        tracing::debug!(?endpoint, ?failure, failures, retry_after = ?delay, "polling again");
        Ok(None)
    }

    fn deadline_error(&self) -> JobError {
        self.job.error(JobErrorReason::Deadline {
            after: self.start.elapsed(),
            last: self.last.clone(),
        })
    }
}

impl<M: Operation> fmt::Debug for StatusStream<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusStream")
            .field("job", self.job)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
