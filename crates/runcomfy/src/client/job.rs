//! A job: one submitted request, its status, its result, and its end.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use super::error::{ApiErrorKind, JobError, JobErrorReason};
use super::preflight::PreflightReport;
use super::reply::{self, ApiFailure, Reply};
use super::request::ApiRequest;
use super::retry::Call;
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use super::{Client, RequestId};
use crate::input::{Model, Operation};

/// Time after a submit in which a 404 means that RunComfy does not know the job yet.
const RECORD_TIMEOUT: Duration = Duration::from_secs(10);
/// Delay before the call is repeated.
const RECORD_DELAY: Duration = Duration::from_millis(500);

/// One submitted request of model `M`. Dropping it changes nothing: the job continues at RunComfy,
/// and can be resumed from its id.
///
/// ```
/// # runcomfy_doctest::run(async |client, input| {
/// let job = client.submit(&input).await?;
/// println!("request {}: {}", job.id(), job.status().await?.status);
/// let completed = job.wait().await?;
/// println!("{:?} cost {:?}", completed.output.video, completed.cost);
/// # Ok(()) });
/// ```
#[must_use = "a job continues at RunComfy, and is paid for: keep its id"]
pub struct Job<M> {
    pub(super) client: Client,
    id: RequestId,
    /// When RunComfy accepted it, if this process submitted it.
    accepted: Option<Instant>,
    /// The id of its model, if it is known.
    model_id: Option<Arc<str>>,
    /// The report on the media of its input, if this process checked it.
    report: Option<Arc<PreflightReport>>,
    /// Shared by the job's clones.
    end: Arc<End>,
    model: PhantomData<fn() -> M>,
}

/// The end of a job: seen or not, and the permit that it releases.
#[derive(Default)]
struct End {
    is_seen: AtomicBool,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A request that RunComfy accepted.
pub(super) struct Accepted {
    pub id: RequestId,
    /// Its permit among the jobs in flight, if these are limited.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// The endpoints of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Status,
    Result,
    Cancel,
}

impl Endpoint {
    fn path(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Result => "result",
            Self::Cancel => "cancel",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Status | Self::Result => Method::GET,
            Self::Cancel => Method::POST,
        }
    }

    fn call(self) -> Call {
        match self {
            Self::Status | Self::Result => Call::Read,
            Self::Cancel => Call::Cancel,
        }
    }
}

impl Client {
    /// Resumes a job from its id, in this process or another.
    ///
    /// ```
    /// use runcomfy::{Job, RequestId};
    /// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let stored = client.submit(&input).await?.id().to_string();
    /// let id: RequestId = stored.parse()?;
    /// let job: Job<seedance::Input> = client.job(id);
    /// let video = job.wait().await?.output.video;
    /// # assert!(video.is_some());
    /// # Ok(()) });
    /// ```
    pub fn job<M: Model>(&self, id: RequestId) -> Job<M> {
        Job::new(self.clone(), id)
    }
}

impl<M: Operation> Job<M> {
    pub(super) fn new(client: Client, id: RequestId) -> Self {
        Self {
            client,
            id,
            accepted: None,
            model_id: M::ID.map(Arc::from),
            report: None,
            end: Arc::default(),
            model: PhantomData,
        }
    }

    pub(super) fn accepted(client: Client, accepted: Accepted) -> Self {
        let end = End { is_seen: AtomicBool::new(false), permit: Mutex::new(accepted.permit) };
        let job = Self::new(client, accepted.id);
        Self { accepted: Some(Instant::now()), end: Arc::new(end), ..job }
    }

    /// Sets the id of the model of a job whose type does not tell it.
    pub(super) fn with_model_id(self, model: &str) -> Self {
        Self { model_id: Some(model.into()), ..self }
    }

    pub(super) fn with_report(self, report: PreflightReport) -> Self {
        Self { report: Some(Arc::new(report)), ..self }
    }

    /// Returns the request's id. Keep it to resume the job with [`Client::job`], in this process
    /// or another.
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// Returns the report on the media of the input that was submitted, with its warnings and the
    /// rules that could not be checked. Returns `None` for a job that was resumed from its id, or
    /// submitted without a type.
    pub fn preflight_report(&self) -> Option<&PreflightReport> {
        self.report.as_deref()
    }

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
            self.call(Endpoint::Result, |reply| reply::result(&reply, &self.id)).await?;
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
    pub async fn cost(&self) -> Result<Option<f64>, JobError> {
        let (cost, _) = self.call(Endpoint::Result, |reply| reply::cost(&reply, &self.id)).await?;
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

    /// Returns `true` if the job was seen to end.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_seen.load(Ordering::Relaxed)
    }

    /// Cancels the job because its guard was dropped.
    pub(crate) async fn cancel_and_log(&self) {
        match self.cancel().await {
            Ok(outcome) => tracing::debug!(request_id = %self.id, ?outcome, "dropped"),
            Err(error) => tracing::warn!(request_id = %self.id, %error, "not cancelled"),
        }
    }

    /// Builds the request to an endpoint of this job.
    pub(super) fn request(&self, endpoint: Endpoint) -> ApiRequest {
        let mut url = self.client.url(["requests", self.id.as_str(), endpoint.path()]);
        if endpoint == Endpoint::Result {
            url.set_query(Some("include_cost=true"));
            return ApiRequest::for_result(url);
        }
        ApiRequest::new(endpoint.method(), url)
    }

    /// Returns the completed job, or `None` if it is not finished.
    pub(super) fn finish(
        &self,
        result: ResultReply<M::Output>,
    ) -> Result<Option<CompletedJob<M::Output>>, JobError> {
        let (reason, reply) = match result {
            ResultReply::Unfinished | ResultReply::Unconfirmed(_) => return Ok(None),
            ResultReply::Succeeded(completed) => {
                self.release();
                return Ok(Some(completed));
            }
            ResultReply::Failed { error, reply } => (JobErrorReason::Failed(error), reply),
            ResultReply::Cancelled { reply } => (JobErrorReason::Cancelled, reply),
        };
        self.release();
        Err(JobError { id: self.id.clone(), reason, reply: Some(Box::new(reply)) })
    }

    /// Returns the id of the job's model, if it is known.
    pub(super) fn model_id(&self) -> Option<&Arc<str>> {
        self.model_id.as_ref()
    }

    /// Returns when RunComfy accepted the job, if this process submitted it.
    pub(super) fn accepted_at(&self) -> Option<Instant> {
        self.accepted
    }

    /// Records a status that was seen.
    pub(super) fn observe(&self, status: &Status) {
        if status.is_finished() {
            self.release();
        }
    }

    /// Records that the job has not ended after all, so its guard still cancels it.
    pub(super) fn reopen(&self) {
        self.end.is_seen.store(false, Ordering::Relaxed);
    }

    /// Records that the job ended, and releases its permit among the jobs in flight.
    fn release(&self) {
        self.end.is_seen.store(true, Ordering::Relaxed);
        // The value is whole even if a thread panicked while it held the lock.
        self.end.permit.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Calls an endpoint, with retries. Returns the number of failures too.
    async fn call<T>(
        &self,
        endpoint: Endpoint,
        read: impl Fn(Reply) -> Result<T, ApiFailure>,
    ) -> Result<(T, u32), JobError> {
        let span = tracing::debug_span!("job", ?endpoint, request_id = %self.id, model = M::ID);
        let calling = async {
            loop {
                let request = self.request(endpoint);
                let sent = self.client.send_with_retry(endpoint.call(), request, &read).await;
                match sent {
                    Err(failure) if self.is_not_known_yet(&failure) => sleep(RECORD_DELAY).await,
                    sent => return self.map_err(sent),
                }
            }
        };
        calling.instrument(span).await
    }

    /// Returns `true` if RunComfy does not know the job because it accepted it only just now: its
    /// record may take a moment to be seen everywhere.
    pub(super) fn is_not_known_yet(&self, failure: &ApiFailure) -> bool {
        let is_unknown =
            matches!(failure, ApiFailure::Api(error) if error.kind == ApiErrorKind::NotFound);
        is_unknown && self.accepted.is_some_and(|accepted| accepted.elapsed() < RECORD_TIMEOUT)
    }

    pub(super) fn map_err<T>(&self, answer: Result<T, ApiFailure>) -> Result<T, JobError> {
        answer.map_err(|failure| self.error(failure.into()))
    }

    pub(super) fn error(&self, reason: JobErrorReason) -> JobError {
        JobError { id: self.id.clone(), reason, reply: None }
    }
}

impl<M> Clone for Job<M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            id: self.id.clone(),
            accepted: self.accepted,
            model_id: self.model_id.clone(),
            report: self.report.clone(),
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
            tracing::warn!(request_id = %job.id, "not cancelled: there is no runtime");
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
