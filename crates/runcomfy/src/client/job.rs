//! A job: one submitted request, its states, its result, and its end.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::error::{JobError, JobErrorReason};
use super::reply::{self, ApiFailure, Reply};
use super::request::ApiRequest;
use super::retry::Call;
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use super::{Client, RequestId};
use crate::codegen_support::from_output::FromOutput;
use crate::model::Model;

/// What a job can be of: a [`Model`], or [`Raw`], whose output is plain JSON.
///
/// Sealed by its one blanket implementation and [`Raw`].
pub trait Operation: 'static {
    /// The model's id, where the type knows it.
    const ID: Option<&'static str>;
    /// What the job's output is read as.
    type Output: FromOutput + Default + fmt::Debug + Send + 'static;
}

impl<M: Model> Operation for M {
    const ID: Option<&'static str> = Some(M::ID);
    type Output = M::Output;
}

/// Any model, its output as JSON: what [`Client::raw`] gives jobs of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Raw;

impl Operation for Raw {
    const ID: Option<&'static str> = None;
    type Output = Value;
}

/// One submitted request of model `M`. Dropping it changes nothing: the job goes on
/// at RunComfy, and can be taken up again from its id.
#[must_use = "a job goes on at RunComfy, and is paid for: keep its id"]
pub struct Job<M> {
    pub(super) client: Client,
    id: RequestId,
    /// Shared by the job's clones.
    end: Arc<End>,
    model: PhantomData<fn() -> M>,
}

/// Whether a job was seen to end, and what is given back then.
#[derive(Default)]
struct End {
    seen: AtomicBool,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A request that RunComfy took.
pub(super) struct Accepted {
    pub id: RequestId,
    /// Its place among the jobs in flight, where these are limited.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Client {
    /// Takes up a job again from its id, in this process or another.
    pub fn job<M: Model>(&self, id: RequestId) -> Job<M> {
        Job::new(self.clone(), id)
    }
}

impl<M: Operation> Job<M> {
    pub(super) fn new(client: Client, id: RequestId) -> Self {
        Self { client, id, end: Arc::default(), model: PhantomData }
    }

    pub(super) fn accepted(client: Client, accepted: Accepted) -> Self {
        let end = End { seen: AtomicBool::new(false), place: Mutex::new(accepted.place) };
        Self { client, id: accepted.id, end: Arc::new(end), model: PhantomData }
    }

    /// The request's id. Keep it to take the job up again with [`Client::job`], in this
    /// process or another.
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// Looks at the job once.
    ///
    /// # Errors
    ///
    /// When no answer comes, or it is an error.
    pub async fn status(&self) -> Result<JobStatus, JobError> {
        let read = |reply: Reply| reply::update(&reply);
        let asked = self.client.send_with_retry(Call::Read, self.ask("status"), read);
        let (update, _) = self.map_err(asked.instrument(self.span("status")).await)?;
        self.observe(&update.status);
        Ok(update)
    }

    /// The result, or `None` while the job is not finished.
    ///
    /// # Errors
    ///
    /// When the job failed or was cancelled, no answer comes, or it is an error.
    pub async fn result(&self) -> Result<Option<CompletedJob<M::Output>>, JobError> {
        let read = |reply: Reply| reply::result(&reply, &self.id);
        let asked = self.client.send_with_retry(Call::Read, self.ask("result"), read);
        let (result, _) = self.map_err(asked.instrument(self.span("result")).await)?;
        self.finish(result)
    }

    /// What the job cost in US dollars, whatever became of it, or `None` while RunComfy does
    /// not say it: it may do so some time after the job is finished.
    ///
    /// # Errors
    ///
    /// When no answer comes, or it is an error.
    pub async fn cost(&self) -> Result<Option<f64>, JobError> {
        let read = |reply: Reply| reply::cost(&reply, &self.id);
        let asked = self.client.send_with_retry(Call::Read, self.ask("result"), read);
        let (cost, _) = self.map_err(asked.instrument(self.span("cost")).await)?;
        Ok(cost)
    }

    /// Asks for the cost until RunComfy says it; `None` where it did not within this time,
    /// after which no call is begun.
    ///
    /// # Errors
    ///
    /// As for [`Job::cost`].
    pub async fn cost_within(&self, time: Duration) -> Result<Option<f64>, JobError> {
        let start = Instant::now();
        let polling = self.client.inner.polling;
        let mut pause = polling.initial_interval;
        loop {
            let cost = self.cost().await?;
            if cost.is_some() || start.elapsed().saturating_add(pause) > time {
                return Ok(cost);
            }
            sleep(polling.jittered(pause)).await;
            pause = polling.next(pause);
        }
    }

    /// Asks RunComfy to cancel the job, which it does while the job is in the queue.
    ///
    /// # Errors
    ///
    /// When no answer comes, or it is an error. [`CancelOutcome::NotCancellable`] is
    /// an answer.
    pub async fn cancel(&self) -> Result<CancelOutcome, JobError> {
        let ask = self.ask("cancel");
        let read = |reply: Reply| reply::cancelled(&reply);
        let asked = self.client.send_with_retry(Call::Cancel, ask, read);
        match self.map_err(asked.instrument(self.span("cancel")).await)? {
            // A call before this one may have cancelled it, and its answer got lost.
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

    /// The job, with a call to cancel it once this is dropped before the job was seen to end.
    ///
    /// The call is made by a task of the runtime that this is called in, and nothing waits for
    /// it: a runtime that is shut down first makes none.
    pub fn cancel_on_drop(self) -> CancelOnDrop<M> {
        CancelOnDrop { job: self, runtime: Handle::try_current().ok(), kept: false }
    }

    /// The call of this name about the job.
    pub(super) fn ask(&self, what: &str) -> ApiRequest {
        let mut url = self.client.url(["requests", self.id.as_str(), what]);
        let method = match what {
            "cancel" => Method::POST,
            _ => Method::GET,
        };
        if what == "result" {
            url.set_query(Some("include_cost=true"));
        }
        ApiRequest::new(method, url)
    }

    /// The success in a result, where the job ended with one.
    pub(super) fn finish(
        &self,
        result: ResultReply<M::Output>,
    ) -> Result<Option<CompletedJob<M::Output>>, JobError> {
        let reason = match result {
            ResultReply::Unfinished => return Ok(None),
            ResultReply::Succeeded(success) => {
                self.release();
                return Ok(Some(success));
            }
            ResultReply::Failed(error) => JobErrorReason::Failed(error),
            ResultReply::Cancelled => JobErrorReason::Cancelled,
        };
        self.release();
        Err(self.error(reason))
    }

    /// Notes a state.
    pub(super) fn observe(&self, status: &Status) {
        if status.is_finished() {
            self.release();
        }
    }

    /// Notes that the job ended, and gives back its place among the jobs in flight.
    fn release(&self) {
        self.end.seen.store(true, Ordering::Relaxed);
        // A lock that a panicking thread left behind still guards a whole value.
        self.end.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn map_err<T>(&self, answer: Result<T, ApiFailure>) -> Result<T, JobError> {
        answer.map_err(|problem| self.error(problem.of_job()))
    }

    pub(super) fn error(&self, reason: JobErrorReason) -> JobError {
        JobError { id: self.id.clone(), reason }
    }

    pub(super) fn span(&self, call: &'static str) -> tracing::Span {
        tracing::debug_span!("job", call, request_id = %self.id, model = M::ID)
    }
}

impl<M> Clone for Job<M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            id: self.id.clone(),
            end: self.end.clone(),
            model: PhantomData,
        }
    }
}

impl<M: Operation> fmt::Debug for Job<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("model", &M::ID).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A job that is cancelled when this is dropped before the job was seen to end; made by
/// [`Job::cancel_on_drop`].
#[must_use = "dropping this cancels the job"]
pub struct CancelOnDrop<M: Operation> {
    job: Job<M>,
    runtime: Option<Handle>,
    kept: bool,
}

impl<M: Operation> CancelOnDrop<M> {
    /// The job, which is not cancelled any more.
    pub fn keep(mut self) -> Job<M> {
        self.kept = true;
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
        if self.kept || self.job.end.seen.load(Ordering::Relaxed) {
            return;
        }
        let job = self.job.clone();
        let Some(runtime) = self.runtime.take().or_else(|| Handle::try_current().ok()) else {
            tracing::warn!(request_id = %job.id, "not cancelled: there is no runtime");
            return;
        };
        runtime.spawn(async move {
            match job.cancel().await {
                Ok(outcome) => tracing::debug!(request_id = %job.id, ?outcome, "dropped"),
                Err(error) => tracing::warn!(request_id = %job.id, %error, "not cancelled"),
            }
        });
    }
}

impl<M: Operation> fmt::Debug for CancelOnDrop<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelOnDrop").field(&self.job).finish()
    }
}
