//! A job: one submitted request, and its end. `job_calls.rs` and `wait.rs` have its methods.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::error::{ApiErrorKind, JobError, JobErrorReason};
use super::preflight::PreflightReport;
use super::reply::{ApiFailure, Reply};
use super::request::ApiRequest;
use super::retry::Call;
use super::types::{CompletedJob, ResultReply, Status};
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
    pub(super) report: Option<Arc<PreflightReport>>,
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
    ///
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
    ///
    /// ```
    /// use runcomfy::RequestId;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let stored = job.id().to_string(); // in a file or a database
    ///
    /// let id: RequestId = stored.parse()?;
    /// assert_eq!(&id, job.id());
    /// # Ok(()) });
    /// ```
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// Returns `true` if the job was seen to end.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_seen.load(Ordering::Relaxed)
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
                let model = self.model_id.as_deref().map(str::to_owned);
                return Ok(Some(CompletedJob { model, ..completed }));
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
    pub(super) fn release(&self) {
        self.end.is_seen.store(true, Ordering::Relaxed);
        // The value is whole even if a thread panicked while it held the lock.
        self.end.permit.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Calls an endpoint, with retries. Returns the number of failures too.
    pub(super) async fn call<T>(
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
