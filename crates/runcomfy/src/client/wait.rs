//! Waiting for a job: looks at it until it is finished, and its result then.

use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::Instrument;

use super::error::{JobError, JobErrorReason};
use super::job::{Job, Operation};
use super::reply::{self, ApiFailure};
use super::retry::{Call, classify};
use super::throttle::Priority;
use super::types::{CompletedJob, JobStatus, ResultReply, Status};

/// Looks at a job until it is finished, with the client's pauses between them.
pub struct StatusStream<'a, M> {
    job: &'a Job<M>,
    /// The pause before the next look; none before the first.
    pause: Option<Duration>,
    start: Instant,
    end: Option<Instant>,
    last: Status,
    /// How long RunComfy asked to wait before the next call.
    asked: Option<Duration>,
    /// Looks in a row that failed for a passing reason.
    failed_looks: u32,
    /// The same for reading the result. It counts apart: each of these follows a look
    /// that went well.
    failed_results: u32,
    finished: bool,
}

/// The calls that a wait makes.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Status,
    Result,
}

impl<M: Operation> Job<M> {
    /// Waits until the job is finished, for as long as the client's deadline says: 30 minutes
    /// unless told otherwise.
    ///
    /// # Errors
    ///
    /// As for [`Job::result`], and when the deadline passes. The error has the id,
    /// and the job can be waited for again.
    pub async fn wait(&self) -> Result<CompletedJob<M::Output>, JobError> {
        self.wait_for(self.client.inner.deadline).await
    }

    /// Waits until the job is finished, for this long at most.
    ///
    /// # Errors
    ///
    /// As for [`Job::wait`].
    pub async fn wait_for(&self, deadline: Duration) -> Result<CompletedJob<M::Output>, JobError> {
        let mut updates = StatusStream::new(self, deadline);
        updates.success().instrument(self.span("wait")).await
    }

    /// The looks at the job that [`Job::wait`] takes, for whoever wants to draw them.
    pub fn updates(&self) -> StatusStream<'_, M> {
        StatusStream::new(self, self.client.inner.deadline)
    }
}

impl<'a, M: Operation> StatusStream<'a, M> {
    pub(super) fn new(job: &'a Job<M>, deadline: Duration) -> Self {
        let start = Instant::now();
        Self {
            job,
            pause: None,
            start,
            // A deadline past what the clock can hold is none.
            end: start.checked_add(deadline),
            last: Status::Other("unknown".to_owned()),
            asked: None,
            failed_looks: 0,
            failed_results: 0,
            finished: false,
        }
    }

    /// Waits for the next look, or gives `None` after the one that finds the job
    /// finished. Read the result then with [`Job::result`].
    ///
    /// # Errors
    ///
    /// When the deadline passes, or looking fails for good.
    pub async fn next(&mut self) -> Result<Option<JobStatus>, JobError> {
        while !self.finished {
            let polling = self.job.client.inner.polling;
            if let Some(pause) = self.pause {
                let pause = polling.jittered(pause);
                self.sleep(self.asked.map_or(pause, |asked| asked.max(pause))).await?;
                self.asked = None;
            }
            self.pause =
                Some(self.pause.map_or(polling.initial_interval, |pause| polling.next(pause)));
            let job = self.job;
            let look = async {
                job.client
                    .ask(Priority::Look, job.ask("status"))
                    .await
                    .and_then(|r| reply::update(&r))
            };
            if let Some(update) = self.poll_once(Asked::Status, look).await? {
                job.observe(&update.status);
                self.last = update.status.clone();
                self.finished = update.status.is_finished();
                return Ok(Some(update));
            }
        }
        Ok(None)
    }

    /// The same looks as a stream, which ends after the one that finds the job finished, or
    /// after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<JobStatus, JobError>> + Send + 'a {
        unfold(Some(self), |updates| async {
            let mut updates = updates?;
            match updates.next().await {
                Ok(update) => update.map(|update| (Ok(update), Some(updates))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Looks until the job is finished, and reads its result.
    pub(super) async fn success(&mut self) -> Result<CompletedJob<M::Output>, JobError> {
        let job = self.job;
        loop {
            while self.next().await?.is_some() {}
            let read = async {
                let reply = job.client.ask(Priority::Look, job.ask("result")).await?;
                reply::result(&reply, job.id())
            };
            if let Some(result) = self.poll_once(Asked::Result, read).await? {
                let result = match (result, &self.last) {
                    // There is no result of it to wait for.
                    (ResultReply::Unfinished, Status::Cancelled) => ResultReply::Cancelled,
                    (result, _) => result,
                };
                if let Some(success) = job.finish(result)? {
                    return Ok(success);
                }
            }
            // The result was not there yet: go on looking.
            self.finished = false;
        }
    }

    async fn sleep(&self, pause: Duration) -> Result<(), JobError> {
        // A moment past what the clock can hold never comes.
        let wake = Instant::now().checked_add(pause);
        match self.end {
            Some(end) if wake.is_none_or(|wake| end < wake) => {
                sleep_until(end).await;
                Err(self.deadline_error())
            }
            _ => {
                sleep(pause).await;
                Ok(())
            }
        }
    }

    /// Makes a call before the deadline. A failure that may pass is `None`, until
    /// there were too many in a row.
    async fn poll_once<T>(
        &mut self,
        which: Asked,
        call: impl Future<Output = Result<T, ApiFailure>>,
    ) -> Result<Option<T>, JobError> {
        let answer = match self.end {
            None => call.await,
            Some(end) => match timeout_at(end, call).await {
                Ok(answer) => answer,
                Err(_) => return Err(self.deadline_error()),
            },
        };
        let failures = match which {
            Asked::Status => &mut self.failed_looks,
            Asked::Result => &mut self.failed_results,
        };
        let problem = match answer {
            Ok(answer) => {
                *failures = 0;
                return Ok(Some(answer));
            }
            Err(problem) => problem,
        };
        let failure = problem.failure();
        let patience = self.job.client.inner.polling.max_consecutive_failures;
        if !classify(Call::Read, failure).again || *failures >= patience {
            return self.job.map_err(Err(problem));
        }
        *failures += 1;
        self.asked = problem.retry_after();
        tracing::debug!(?which, ?failure, failures = *failures, asked = ?self.asked, "looking again");
        Ok(None)
    }

    fn deadline_error(&self) -> JobError {
        self.job.error(JobErrorReason::Deadline {
            after: self.start.elapsed(),
            last: self.last.clone(),
        })
    }
}
