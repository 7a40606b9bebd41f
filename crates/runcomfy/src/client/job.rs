//! A job: one submitted request, its states and its result.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::error::{JobError, JobErrorReason};
use super::reply::{self, Problem, Reply, ResultReply};
use super::{Client, READ_TIMEOUT, RequestId};
use crate::model::Model;

/// One submitted request of model `M`. Dropping it changes nothing: the job goes on
/// at RunComfy, and can be taken up again from its id.
#[derive(Clone)]
#[must_use = "a job goes on at RunComfy, and is paid for: keep its id"]
pub struct Job<M> {
    client: Client,
    id: RequestId,
    model: PhantomData<fn() -> M>,
}

/// The state of a job. RunComfy's words are open: one that is not known is kept, and
/// counts as not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Waiting for its turn.
    InQueue,
    /// Being worked on.
    InProgress,
    /// Finished, whether it succeeded or failed.
    Completed,
    /// Finished with an output.
    Succeeded,
    /// Finished with an error.
    Failed,
    /// Cancelled.
    Cancelled,
    /// A word that this version does not know.
    Other(String),
}

/// One look at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Update {
    /// Its state.
    pub status: Status,
    /// How many are before it, while it is in the queue.
    pub queue_position: Option<u64>,
}

/// A job that succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Success<O> {
    /// The request.
    pub id: RequestId,
    /// The output, as far as it fits its type.
    pub output: O,
    /// The output as it came, with everything in it.
    pub raw: Value,
    /// What it cost in US dollars, where RunComfy said so already.
    pub cost: Option<f64>,
    /// When it was submitted, in RunComfy's words.
    pub created_at: Option<String>,
    /// When it was finished, in RunComfy's words.
    pub finished_at: Option<String>,
}

/// What came of cancelling.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// It was in the queue, and is cancelled.
    Cancelled,
    /// It is being worked on or finished: only a queued job can be cancelled.
    NotCancellable,
    /// A word that this version does not know.
    Other(String),
}

impl<M: Model> Job<M> {
    pub(super) fn new(client: Client, id: RequestId) -> Self {
        Self { client, id, model: PhantomData }
    }

    /// The request's id. Keep it to take the job up again with [`Client::job`].
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// Looks at the job once.
    ///
    /// # Errors
    ///
    /// When no answer comes, or it is an error.
    pub async fn status(&self) -> Result<Update, JobError> {
        self.named(reply::update(self.call(Method::GET, "status").await))
    }

    /// The result, or `None` while the job is not finished.
    ///
    /// # Errors
    ///
    /// When the job failed or was cancelled, no answer comes, or it is an error.
    pub async fn result(&self) -> Result<Option<Success<M::Output>>, JobError> {
        let reply = self.call(Method::GET, "result").await;
        match self.named(reply::result(reply, &self.id))? {
            ResultReply::Unfinished => Ok(None),
            ResultReply::Succeeded(success) => Ok(Some(success)),
            ResultReply::Failed(error) => Err(self.error(JobErrorReason::Failed(error))),
            ResultReply::Cancelled => Err(self.error(JobErrorReason::Cancelled)),
        }
    }

    /// Asks RunComfy to cancel the job, which it does while the job is in the queue.
    ///
    /// # Errors
    ///
    /// When no answer comes, or it is an error. [`CancelOutcome::NotCancellable`] is
    /// an answer.
    pub async fn cancel(&self) -> Result<CancelOutcome, JobError> {
        self.named(reply::cancelled(self.call(Method::POST, "cancel").await))
    }

    /// Waits until the job is finished, for as long as the client's deadline says.
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
        let mut updates = self.updates_for(deadline);
        loop {
            while updates.next().await?.is_some() {}
            match updates.patiently(Call::Result, self.result()).await? {
                Some(Some(success)) => return Ok(success),
                Some(None) | None => updates.resume(),
            }
        }
    }

    /// The looks at the job that [`Job::wait`] takes, for whoever wants to draw them.
    pub fn updates(&self) -> Updates<'_, M> {
        self.updates_for(self.client.inner.deadline)
    }

    fn updates_for(&self, deadline: Duration) -> Updates<'_, M> {
        let start = Instant::now();
        Updates {
            job: self,
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

    async fn call(&self, method: Method, what: &str) -> Result<Reply, reqwest::Error> {
        let mut url = self.client.url(["requests", self.id.as_str(), what]);
        if what == "result" {
            url.set_query(Some("include_cost=true"));
        }
        let request = self.client.request(method, url).timeout(READ_TIMEOUT);
        reply::read(request.send().await?).await.map_err(|broken| broken.error)
    }

    fn named<T>(&self, answer: Result<T, Problem>) -> Result<T, JobError> {
        answer.map_err(|problem| self.error(problem.of_job()))
    }

    fn error(&self, reason: JobErrorReason) -> JobError {
        JobError { id: self.id.clone(), reason }
    }
}

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
#[derive(Clone, Copy)]
enum Call {
    Status,
    Result,
}

impl<M: Model> Updates<'_, M> {
    /// Waits for the next look, or gives `None` after the one that finds the job
    /// finished. Read the result then with [`Job::result`].
    ///
    /// # Errors
    ///
    /// When the deadline passes, or looking fails for good.
    pub async fn next(&mut self) -> Result<Option<Update>, JobError> {
        while !self.finished {
            if let Some(pause) = self.pause {
                let pause = self.asked.take().map_or(pause, |asked| asked.max(pause));
                // A moment past what the clock can hold never comes.
                let wake = Instant::now().checked_add(pause);
                match self.end {
                    Some(end) if wake.is_none_or(|wake| end < wake) => {
                        sleep_until(end).await;
                        return Err(self.late());
                    }
                    _ => sleep(pause).await,
                }
            }
            let polling = &self.job.client.inner.polling;
            self.pause = Some(self.pause.map_or(polling.first, |pause| polling.next(pause)));
            if let Some(update) = self.patiently(Call::Status, self.job.status()).await? {
                self.last = update.status.clone();
                self.finished = update.status.is_finished();
                return Ok(Some(update));
            }
        }
        Ok(None)
    }

    /// Makes a call before the deadline. A failure that may pass is `None`, until
    /// there were too many in a row.
    async fn patiently<T>(
        &mut self,
        which: Call,
        call: impl Future<Output = Result<T, JobError>>,
    ) -> Result<Option<T>, JobError> {
        let answer = match self.end {
            None => call.await,
            Some(end) => match timeout_at(end, call).await {
                Ok(answer) => answer,
                Err(_) => return Err(self.late()),
            },
        };
        let failures = match which {
            Call::Status => &mut self.failed_looks,
            Call::Result => &mut self.failed_results,
        };
        let patience = self.job.client.inner.polling.patience;
        match answer {
            Ok(answer) => {
                *failures = 0;
                Ok(Some(answer))
            }
            Err(error) if error.reason.is_passing() && *failures < patience => {
                *failures += 1;
                self.asked = error.reason.retry_after();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Goes on looking after all: the result was not there yet.
    fn resume(&mut self) {
        self.finished = false;
    }

    fn late(&self) -> JobError {
        self.job.error(JobErrorReason::Deadline {
            after: self.start.elapsed(),
            last: self.last.clone(),
        })
    }
}

impl Status {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "in_queue" => Self::InQueue,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            // RunComfy's own clients take both spellings.
            "cancelled" | "canceled" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether nothing more will happen to the job.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Completed | Self::Succeeded | Self::Failed | Self::Cancelled => true,
            Self::InQueue | Self::InProgress | Self::Other(_) => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InQueue => "in_queue",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Other(word) => word,
        })
    }
}

impl CancelOutcome {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "cancelled" | "canceled" => Self::Cancelled,
            "not_cancellable" => Self::NotCancellable,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl<M: Model> fmt::Debug for Job<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("model", &M::ID).field("id", &self.id).finish_non_exhaustive()
    }
}
