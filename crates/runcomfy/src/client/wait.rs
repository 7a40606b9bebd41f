//! Waiting for a job: looks at it until it is finished, and its result then.

use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::Instrument;

use super::error::{JobError, JobErrorReason};
use super::job::{Answers, Job};
use super::reply::{self, Problem};
use super::retry::{Call, classify};
use super::throttle::Lane;
use super::types::{ResultReply, Status, Success, Update};

/// Looks at a job until it is finished, with the client's pauses between them.
pub struct Updates<'a, M> {
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

impl<M: Answers> Job<M> {
    /// Waits until the job is finished, for as long as the client's deadline says: 30 minutes
    /// unless told otherwise.
    ///
    /// # Errors
    ///
    /// As for [`Job::result`], and when the deadline passes. The error has the id,
    /// and the job can be waited for again.
    pub async fn wait(&self) -> Result<Success<M::Output>, JobError> {
        self.wait_for(self.client.inner.deadline).await
    }

    /// Waits until the job is finished, for this long at most.
    ///
    /// # Errors
    ///
    /// As for [`Job::wait`].
    pub async fn wait_for(&self, deadline: Duration) -> Result<Success<M::Output>, JobError> {
        let mut updates = Updates::new(self, deadline);
        updates.success().instrument(self.span("wait")).await
    }

    /// The looks at the job that [`Job::wait`] takes, for whoever wants to draw them.
    pub fn updates(&self) -> Updates<'_, M> {
        Updates::new(self, self.client.inner.deadline)
    }
}

impl<'a, M: Answers> Updates<'a, M> {
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
    pub async fn next(&mut self) -> Result<Option<Update>, JobError> {
        while !self.finished {
            let polling = self.job.client.inner.polling;
            if let Some(pause) = self.pause {
                let pause = polling.jittered(pause);
                self.sleep(self.asked.map_or(pause, |asked| asked.max(pause))).await?;
                self.asked = None;
            }
            self.pause = Some(self.pause.map_or(polling.first, |pause| polling.next(pause)));
            let job = self.job;
            let look = async {
                job.client.ask(Lane::Look, job.ask("status")).await.and_then(|r| reply::update(&r))
            };
            if let Some(update) = self.patiently(Asked::Status, look).await? {
                job.saw(&update.status);
                self.last = update.status.clone();
                self.finished = update.status.is_finished();
                return Ok(Some(update));
            }
        }
        Ok(None)
    }

    /// The same looks as a stream, which ends after the one that finds the job finished, or
    /// after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Update, JobError>> + Send + 'a {
        unfold(Some(self), |updates| async {
            let mut updates = updates?;
            match updates.next().await {
                Ok(update) => update.map(|update| (Ok(update), Some(updates))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Looks until the job is finished, and reads its result.
    pub(super) async fn success(&mut self) -> Result<Success<M::Output>, JobError> {
        let job = self.job;
        loop {
            while self.next().await?.is_some() {}
            let read = async {
                let reply = job.client.ask(Lane::Look, job.ask("result")).await?;
                reply::result(&reply, job.id())
            };
            if let Some(result) = self.patiently(Asked::Result, read).await? {
                let result = match (result, &self.last) {
                    // There is no result of it to wait for.
                    (ResultReply::Unfinished, Status::Cancelled) => ResultReply::Cancelled,
                    (result, _) => result,
                };
                if let Some(success) = job.ended(result)? {
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
                Err(self.late())
            }
            _ => {
                sleep(pause).await;
                Ok(())
            }
        }
    }

    /// Makes a call before the deadline. A failure that may pass is `None`, until
    /// there were too many in a row.
    async fn patiently<T>(
        &mut self,
        which: Asked,
        call: impl Future<Output = Result<T, Problem>>,
    ) -> Result<Option<T>, JobError> {
        let answer = match self.end {
            None => call.await,
            Some(end) => match timeout_at(end, call).await {
                Ok(answer) => answer,
                Err(_) => return Err(self.late()),
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
        let patience = self.job.client.inner.polling.patience;
        if !classify(Call::Read, failure).again || *failures >= patience {
            return self.job.named(Err(problem));
        }
        *failures += 1;
        self.asked = problem.retry_after();
        tracing::debug!(?which, ?failure, failures = *failures, asked = ?self.asked, "looking again");
        Ok(None)
    }

    fn late(&self) -> JobError {
        self.job.error(JobErrorReason::Deadline {
            after: self.start.elapsed(),
            last: self.last.clone(),
        })
    }
}
