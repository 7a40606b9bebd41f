//! The next step of a job, and a run of all its steps.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy::client::{
    ApiErrorKind, CancelOutcome, CompletedJob, DownloadOptions, JobError, JobErrorReason,
    JobStatus, Raw,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::clock::{now, to_millis};
use crate::deliver::output_files;
use crate::error::Error;
use crate::id::JobId;
use crate::job::{Job, Problem, ProblemKind};
use crate::ledger::Ledger;
use crate::limits::LimitName;
use crate::state::State;
use crate::store::{self, Change};
use crate::submit::{Sent, said};
use crate::usd::Usd;

/// Default of the time that a step or a run waits.
const DEFAULT_WAIT: Duration = Duration::from_secs(30 * 60);
/// Time after which a job that somebody else sends is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Time after which a job of a paused batch is looked at again.
const PAUSE: Duration = Duration::from_secs(5);
/// Time after a submit in which a 404 means that RunComfy does not know the job yet, in
/// milliseconds.
const RECORD_TIMEOUT: i64 = 10_000;

/// The settings of a step or a run.
#[derive(Clone)]
#[must_use]
pub struct StepOptions {
    wait: Duration,
    delivery: Option<DownloadOptions>,
    on_status: Option<OnStatus>,
}

type OnStatus = Arc<dyn Fn(&Job, &JobStatus) + Send + Sync>;

/// The outcome of a step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// The job is finished, and delivered if there is a place to deliver to.
    Finished(Box<Job>),
    /// It may have been accepted, and only a person can say: see
    /// [`Ledger::settle`](crate::Ledger::settle).
    NeedsPerson(Box<Job>),
    /// There is more to do after this time.
    Later {
        /// The job.
        job: Box<Job>,
        /// The reason.
        reason: Wait,
        /// Time after which the next step makes sense.
        after: Duration,
    },
}

/// The reason why a job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// It runs at RunComfy.
    Running,
    /// Another step sends it right now.
    BeingSent,
    /// A limit has no room, and nothing was sent.
    Limit(LimitName),
    /// Its batch is paused or cancelled, and nothing was sent.
    Paused,
}

impl StepOptions {
    /// Creates options that wait up to 30 minutes, and save no outputs.
    pub fn new() -> Self {
        Self { wait: DEFAULT_WAIT, delivery: None, on_status: None }
    }

    /// Sets how long a step or a run waits for the job to finish. Sending and saving take longer
    /// if they have to.
    pub fn wait_at_most(mut self, time: Duration) -> Self {
        self.wait = time;
        self
    }

    /// Saves the outputs in a folder, which is created if necessary.
    pub fn deliver_into(self, folder: impl Into<PathBuf>) -> Self {
        self.deliver(DownloadOptions::into_folder(folder))
    }

    /// Saves the outputs. Files of an earlier attempt are replaced: their names hold the request
    /// id, so they are this job's.
    pub fn deliver(mut self, to: DownloadOptions) -> Self {
        self.delivery = Some(to.replace());
        self
    }

    /// Sets a function that is called with each status that is seen.
    pub fn on_status(mut self, call: impl Fn(&Job, &JobStatus) + Send + Sync + 'static) -> Self {
        self.on_status = Some(Arc::new(call));
        self
    }
}

impl Default for StepOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StepOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepOptions")
            .field("wait", &self.wait)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Runs a job to its end: sends it if it is intended, waits up to 30 minutes, and returns it
    /// with its result. It can be called again after any error, and after a crash: a job that was
    /// sent is never sent again.
    ///
    /// # Errors
    ///
    /// If the job does not succeed, or does not end in time, and the errors of [`Ledger::step`].
    pub async fn run(&self, client: &Client, id: &JobId) -> Result<Job, Error> {
        self.run_with(client, id, &StepOptions::new()).await
    }

    /// Runs a job to its end, as [`Ledger::run`] does.
    ///
    /// # Errors
    ///
    /// The errors of [`Ledger::run`].
    pub async fn run_with(
        &self,
        client: &Client,
        id: &JobId,
        options: &StepOptions,
    ) -> Result<Job, Error> {
        let start = Instant::now();
        loop {
            let wait = options.wait.saturating_sub(start.elapsed());
            match self.step(client, id, &options.clone().wait_at_most(wait)).await? {
                Step::Finished(job) => return ended(job),
                Step::NeedsPerson(job) => return Err(Error::Unknown(job)),
                Step::Later { job, .. } if start.elapsed() >= options.wait => {
                    return Err(Error::NotFinished(job));
                }
                Step::Later { after, .. } => {
                    sleep(after.min(options.wait.saturating_sub(start.elapsed()))).await;
                }
            }
        }
    }

    /// Does what comes next for a job, until there is nothing more to do or the time to wait is
    /// over: sends it if it is intended, waits, reads its result, saves its outputs. Several steps
    /// for one job at once, here or in other processes, send it once.
    ///
    /// Sending happens in a task of its own, which writes down the outcome even if this future is
    /// dropped. Everything else can be dropped and repeated.
    ///
    /// # Errors
    ///
    /// [`Error::Twin`], [`Error::Expired`] and the errors about money if the job must not be sent,
    /// [`Error::NotSent`] if it certainly was not accepted, [`Error::Call`] if polling it fails,
    /// [`Error::Download`] if outputs cannot be saved, and errors of the ledger. The job stays in
    /// its state, from which the next step continues.
    pub async fn step(
        &self,
        client: &Client,
        id: &JobId,
        options: &StepOptions,
    ) -> Result<Step, Error> {
        let mut job = self.job(id).await?;
        if job.state == State::Sending {
            job = match self.settled(job).await {
                Err(Error::BeingSent(_)) => {
                    let job = self.job(id).await?;
                    return Ok(later(job, Wait::BeingSent, LOOK_AGAIN));
                }
                settled => settled?,
            };
        }
        if job.state == State::Intended {
            job = match self.send(client, job).await {
                Ok(Sent::Settled(job)) => *job,
                Ok(Sent::Wait(limit, after)) => {
                    return Ok(later(self.job(id).await?, Wait::Limit(limit), after));
                }
                Ok(Sent::Paused) => return Ok(later(self.job(id).await?, Wait::Paused, PAUSE)),
                // Another step was faster.
                Err(Error::BeingSent(_)) => {
                    return Ok(later(self.job(id).await?, Wait::BeingSent, LOOK_AGAIN));
                }
                Err(Error::Illegal { .. }) => self.job(id).await?,
                Err(error) => return Err(error),
            };
        }
        if job.state == State::Accepted {
            job = match self.wait(client, job, options).await? {
                Ok(job) => job,
                Err(later) => return Ok(later),
            };
        }
        if let (State::Succeeded, Some(to)) = (job.state, &options.delivery) {
            job = self.deliver(client, job, to).await?;
        }
        Ok(match job.state {
            State::Unknown => Step::NeedsPerson(Box::new(job)),
            // Another process changed it between two calls.
            State::Intended | State::Sending | State::Accepted => {
                later(job, Wait::BeingSent, LOOK_AGAIN)
            }
            _ => Step::Finished(Box::new(job)),
        })
    }

    /// Asks RunComfy to cancel a job. One that was not sent is cancelled at once, and costs
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Illegal`] if the job is finished or its request id is not known,
    /// [`Error::BeingSent`], and [`Error::Call`].
    pub async fn cancel(&self, client: &Client, id: &JobId) -> Result<(Job, CancelOutcome), Error> {
        let job = self.settled(self.job(id).await?).await?;
        let problem = Problem::new(ProblemKind::Cancelled, "cancelled on request");
        let change = Change::to(State::Cancelled).because(&problem);
        let (State::Accepted, Some(request)) = (job.state, job.request_id.clone()) else {
            return Ok((self.change(id, change).await?, CancelOutcome::Cancelled));
        };
        let request = client.raw().job(request);
        let outcome = request.cancel().await.map_err(|error| call_error(id, error))?;
        if outcome != CancelOutcome::Cancelled {
            return Ok((job, outcome));
        }
        let job = match self.change(id, change).await {
            // A step in another process saw it first.
            Err(Error::Illegal { .. }) => self.job(id).await?,
            changed => changed?,
        };
        Ok((self.with_cost(&request, job).await?, outcome))
    }

    /// Asks RunComfy what a finished job cost, unless it is known: the cost may come some time
    /// after the job is finished.
    ///
    /// # Errors
    ///
    /// [`Error::Call`], and errors of the ledger.
    pub async fn update_cost(&self, client: &Client, id: &JobId) -> Result<Job, Error> {
        let job = self.job(id).await?;
        let (None, Some(request)) = (job.cost, &job.request_id) else { return Ok(job) };
        let request = client.raw().job(request.clone());
        let cost = request.cost().await.map_err(|error| call_error(id, error))?;
        self.write_cost(job, cost).await
    }

    async fn change(&self, id: &JobId, change: Change<'_>) -> Result<Job, Error> {
        store::change(&self.inner.db, id, change).await
    }

    /// Waits for an accepted job, and writes down how it ended. The inner error is the reason to
    /// come back later.
    async fn wait(
        &self,
        client: &Client,
        job: Job,
        options: &StepOptions,
    ) -> Result<Result<Job, Step>, Error> {
        let Some(request) = job.request_id.clone() else { return Ok(Ok(job)) };
        let request = client.raw().job(request);
        let waited = request.wait_with(options.wait, |status| {
            if let Some(call) = &options.on_status {
                call(&job, status);
            }
        });
        let error = match waited.await {
            Ok(completed) => return self.succeeded(&request, job, completed).await.map(Ok),
            Err(error) => error,
        };
        let problem = match &error.reason {
            JobErrorReason::Failed(reason) => {
                let detail = error.reply.as_deref().unwrap_or(reason).clone();
                Problem::new(ProblemKind::Failed, error.reason.to_string()).with_detail(detail)
            }
            JobErrorReason::Cancelled => {
                let detail = error.reply.as_deref().cloned().unwrap_or_default();
                Problem::new(ProblemKind::Cancelled, "cancelled at RunComfy").with_detail(detail)
            }
            JobErrorReason::Deadline { .. } => {
                return Ok(Err(later(job, Wait::Running, Duration::ZERO)));
            }
            JobErrorReason::Api(api) if api.kind == ApiErrorKind::NotFound && is_new(&job) => {
                return Ok(Err(later(job, Wait::Running, LOOK_AGAIN)));
            }
            _ => return Err(call_error(&job.id, error)),
        };
        let state = match problem.kind {
            ProblemKind::Cancelled => State::Cancelled,
            _ => State::Failed,
        };
        let ended = self.end(&job.id, Change::to(state).because(&problem)).await?;
        self.with_cost(&request, ended).await.map(Ok)
    }

    async fn succeeded(
        &self,
        request: &runcomfy::Job<Raw>,
        job: Job,
        mut completed: CompletedJob<Value>,
    ) -> Result<Job, Error> {
        let cost = completed.cost.and_then(|dollars| Usd::from_dollars(dollars).ok());
        // The request was resumed from its id, which does not say its model.
        completed.model.get_or_insert_with(|| job.model.clone());
        let result = json!(completed);
        let job = self.end(&job.id, Change::succeeded(&result, cost)).await?;
        self.with_cost(request, job).await
    }

    /// Writes down an end, unless another step did.
    async fn end(&self, id: &JobId, change: Change<'_>) -> Result<Job, Error> {
        match self.change(id, change).await {
            Err(Error::Illegal { .. }) => self.job(id).await,
            changed => changed,
        }
    }

    /// Asks once for a cost that is not known. It may come later, so a failure is not an error.
    async fn with_cost(&self, request: &runcomfy::Job<Raw>, job: Job) -> Result<Job, Error> {
        if job.cost.is_some() {
            return Ok(job);
        }
        let cost = request.cost().await.unwrap_or_else(|error| {
            tracing::debug!(job = %job.id, error = said(&error), "no cost yet");
            None
        });
        self.write_cost(job, cost).await
    }

    async fn write_cost(&self, job: Job, cost: Option<f64>) -> Result<Job, Error> {
        match cost.and_then(|dollars| Usd::from_dollars(dollars).ok()) {
            Some(cost) => store::set_cost(&self.inner.db, &job.id, cost).await,
            None => Ok(job),
        }
    }

    /// Saves the outputs of a job that succeeded.
    async fn deliver(&self, client: &Client, job: Job, to: &DownloadOptions) -> Result<Job, Error> {
        let Some(result) = &job.result else { return Ok(job) };
        let saved = client
            .download(result, to)
            .await
            .map_err(|error| Error::Download { id: job.id.clone(), source: Box::new(error) })?;
        let outputs = output_files(saved).await?;
        self.end(&job.id, Change::delivered(&outputs)).await
    }
}

fn later(job: Job, reason: Wait, after: Duration) -> Step {
    Step::Later { job: Box::new(job), reason, after }
}

fn call_error(id: &JobId, error: JobError) -> Error {
    Error::Call { id: id.clone(), source: Box::new(error) }
}

/// Returns `true` if RunComfy accepted the job only just now: its record may take a moment to be
/// seen everywhere.
fn is_new(job: &Job) -> bool {
    job.accepted_at.is_some_and(|time| now() - to_millis(time) < RECORD_TIMEOUT)
}

/// Returns a job that has its result, and any other as an error.
fn ended(job: Box<Job>) -> Result<Job, Error> {
    Err(match job.state {
        State::Failed => Error::Failed(job),
        State::Cancelled => Error::Cancelled(job),
        State::Refused => Error::Refused(job),
        State::GivenUp => Error::GivenUp(job),
        _ => return Ok(*job),
    })
}
