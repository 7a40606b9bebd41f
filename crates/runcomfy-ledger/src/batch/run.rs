//! Running a batch: steps of its jobs, as the queue says, until all are settled.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use runcomfy::Client;
use runcomfy::client::{
    ApiErrorKind, DownloadError, DownloadErrorReason, DownloadOptions, JobErrorReason, SubmitError,
};
use tokio::time::{Instant, sleep};

use super::control::Wanted;
use super::{Batch, BatchStatus};
use crate::engine::{self, Engine, Next, Work};
use crate::error::Error;
use crate::id::JobId;
use crate::job::{Job, Problem, ProblemKind};
use crate::state::State;
use crate::step::{Step, StepOptions};
use crate::store::{self, Change};

/// Default number of jobs that one process works on at once.
const DEFAULT_AT_ONCE: usize = 100;
/// Time between two looks at the batch.
const TICK: Duration = Duration::from_millis(100);
/// Time between two looks for processes that are gone.
const LOOK_FOR_GONE: Duration = Duration::from_secs(3);
/// The shortest time after which a job is due again.
const MIN_DELAY: Duration = Duration::from_millis(50);
/// Time after which a job is due again after an error that may pass.
const DELAY: Duration = Duration::from_secs(2);
/// The longest time between two attempts to save the outputs of a job.
const MAX_DOWNLOAD_DELAY: Duration = Duration::from_secs(5 * 60);

/// The settings of [`Batch::run`].
#[derive(Clone)]
#[must_use]
pub struct BatchOptions {
    at_once: usize,
    delivery: Option<Delivery>,
    on_job: Option<OnJob>,
}

type Delivery = Arc<dyn Fn(&Job) -> DownloadOptions + Send + Sync>;
type OnJob = Arc<dyn Fn(&Job) + Send + Sync>;

impl BatchOptions {
    /// Creates options that work on 100 jobs at once, and save no outputs.
    pub fn new() -> Self {
        Self { at_once: DEFAULT_AT_ONCE, delivery: None, on_job: None }
    }

    /// Sets how many jobs this process works on at once. Defaults to 100, and is at least 1.
    /// [`Limits::jobs_in_flight`](crate::Limits::jobs_in_flight) holds for all processes together.
    pub fn at_once(mut self, jobs: usize) -> Self {
        self.at_once = jobs.max(1);
        self
    }

    /// Saves the outputs in a folder, which is created if necessary. The name of each file has the
    /// request id.
    pub fn deliver_into(self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        self.deliver(move |_| DownloadOptions::into_folder(folder.clone()))
    }

    /// Saves the outputs of each job at the place that a function returns for it. A file of that
    /// name is replaced.
    pub fn deliver(
        mut self,
        place: impl Fn(&Job) -> DownloadOptions + Send + Sync + 'static,
    ) -> Self {
        self.delivery = Some(Arc::new(place));
        self
    }

    /// Sets a function that is called with each job that this process settles, once nothing more
    /// happens to it: it has a result, ended without one, or its outcome is unknown.
    pub fn on_job(mut self, call: impl Fn(&Job) + Send + Sync + 'static) -> Self {
        self.on_job = Some(Arc::new(call));
        self
    }
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchOptions").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

impl Batch {
    /// Runs the batch until no job of it waits or runs: sends each job as the limits allow, waits,
    /// keeps its result and saves its outputs. Several processes may run one batch at once, and each
    /// does a part of it. Killed at any time and started again, it continues, and pays for nothing
    /// twice.
    ///
    /// A job that fails is an outcome of its line and no error: see the returned status and
    /// [`Batch::jobs`]. While the batch is paused, this waits. Dropping the future leaves the jobs
    /// that were sent running at RunComfy; the next run finds them.
    ///
    /// # Errors
    ///
    /// [`Error::OverBudget`], or [`Error::NotSent`] because of the token or the balance: nothing
    /// more is sent, and jobs that were sent have run to their end. And errors of the ledger.
    pub async fn run(&self, client: &Client, options: &BatchOptions) -> Result<BatchStatus, Error> {
        let owner = self.ledger.begin().await?;
        let wanted = if options.delivery.is_some() { Wanted::Files } else { Wanted::Results };
        self.fill_queue(wanted).await?;
        self.release_gone().await?;
        let limit = self.ledger.limits().await?.jobs_in_flight;
        let limit = limit.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let worker = Arc::new(Worker {
            batch: self.clone(),
            client: client.clone(),
            options: options.clone(),
            steps: AtomicUsize::new(0),
            halt: Mutex::default(),
        });
        let db = &self.ledger.inner.db;
        let places = options.at_once.min(limit).max(1);
        let engine = Engine::start(db, &self.id, &owner.name(), places, worker.clone())?;
        let watched = self.watch(&engine, &worker).await;
        engine.stop().await?;
        watched?;
        match worker.take_halt() {
            Some(error) => Err(error),
            None => self.status().await,
        }
    }

    /// Waits until the batch has no job left with a step to do, or a worker halts.
    async fn watch(&self, engine: &Engine, worker: &Worker) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut looked = Instant::now();
        loop {
            sleep(TICK).await;
            let is_paused = self.phase().await.map_err(|error| db.error(error))? == "paused";
            if is_paused || worker.has_halted() {
                engine.pause().await;
            } else {
                engine.resume();
            }
            if worker.has_halted() && worker.steps.load(Ordering::SeqCst) == 0 {
                return Ok(());
            }
            if engine::is_idle(db, &self.id).await.map_err(|error| db.error(error))? {
                return Ok(());
            }
            if looked.elapsed() >= LOOK_FOR_GONE {
                looked = Instant::now();
                self.release_gone().await?;
            }
        }
    }

    /// Makes jobs due again whose steps a process had begun that is gone.
    async fn release_gone(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        for owner in engine::owners(db).await.map_err(|error| db.error(error))? {
            if self.ledger.is_alive(&owner, 0).await? {
                continue;
            }
            let mut tx = db.begin().await?;
            engine::release(db, &mut tx, &owner).await.map_err(|error| db.error(error))?;
            db.commit(tx).await?;
        }
        Ok(())
    }
}

/// The steps of the jobs of a batch, in this process.
struct Worker {
    batch: Batch,
    client: Client,
    options: BatchOptions,
    /// Number of steps that have begun.
    steps: AtomicUsize,
    /// The reason why nothing more is sent.
    halt: Mutex<Option<Error>>,
}

/// One step that has begun.
struct Begun<'a>(&'a AtomicUsize);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Work for Worker {
    async fn step(&self, id: JobId) -> Next {
        self.steps.fetch_add(1, Ordering::SeqCst);
        let _begun = Begun(&self.steps);
        match self.advance(&id).await {
            Ok(next) => next,
            Err(error) => {
                // The database is busy or full: the job is due again, and its row is the truth.
                tracing::warn!(job = %id, %error, "the step is repeated");
                Next::After(DELAY)
            }
        }
    }
}

impl Worker {
    async fn advance(&self, id: &JobId) -> Result<Next, Error> {
        let ledger = &self.batch.ledger;
        let job = match ledger.job(id).await {
            // It was pruned.
            Err(Error::NoSuchJob(_)) => return Ok(Next::Done),
            job => job?,
        };
        if job.state == State::Intended && self.has_halted() {
            return Ok(Next::After(DELAY));
        }
        let mut options = StepOptions::new();
        if let Some(place) = &self.options.delivery {
            options = options.deliver(place(&job));
        }
        match ledger.step(&self.client, id, &options).await {
            Ok(Step::Finished(job)) => self.finish(&job).await,
            Ok(Step::NeedsPerson(job)) => Ok(self.report(&job)),
            Ok(Step::Later { after, .. }) => Ok(Next::After(after.max(MIN_DELAY))),
            Err(error) => self.judge(id, error).await,
        }
    }

    /// Pays for a job again that failed, if the batch allows it. Reports any other.
    async fn finish(&self, job: &Job) -> Result<Next, Error> {
        if job.state != State::Failed {
            return Ok(self.report(job));
        }
        let db = &self.batch.ledger.inner.db;
        let mut tx = db.begin().await?;
        match store::retry(db, &mut tx, &job.id).await? {
            Some(new) => {
                engine::enqueue(db, &mut tx, &self.batch.id, &[new.id]).await?;
                db.commit(tx).await?;
                Ok(Next::Done)
            }
            None => Ok(self.report(job)),
        }
    }

    /// Says what an error of a step means for its job and the batch.
    async fn judge(&self, id: &JobId, error: Error) -> Result<Next, Error> {
        let kind = match &error {
            Error::Twin(_) => ProblemKind::Twin,
            Error::Expired(_) => ProblemKind::Expired,
            Error::AboveCeiling { .. } | Error::AboveMaxCost { .. } | Error::UnknownPrice(_) => {
                ProblemKind::Money
            }
            Error::OverBudget { .. } => return Ok(self.halt(error)),
            Error::NotSent { source, .. } if stops(source) => return Ok(self.halt(error)),
            Error::Call { source, .. } => match &source.reason {
                JobErrorReason::Api(api) if api.kind == ApiErrorKind::Token => {
                    return Ok(self.halt(error));
                }
                // RunComfy no longer knows it. The job keeps its id, and the next run asks again.
                JobErrorReason::Api(api)
                    if matches!(api.kind, ApiErrorKind::NotFound | ApiErrorKind::Forbidden) =>
                {
                    return self.leave(id, &error).await;
                }
                _ => return Ok(Next::After(DELAY)),
            },
            Error::Download { source, .. } if is_final(source) => {
                return self.leave(id, &error).await;
            }
            Error::Download { .. } => return self.later(id).await,
            Error::NotSent { .. } => return Ok(Next::After(DELAY)),
            _ => return Err(error),
        };
        let problem = Problem::new(kind, error.to_string());
        let db = &self.batch.ledger.inner.db;
        let change = Change::to(State::Refused).because(&problem);
        match store::change(db, id, change).await {
            Ok(job) => Ok(self.report(&job)),
            // Another process changed it.
            Err(Error::Illegal { .. } | Error::BeingSent(_)) => Ok(Next::After(DELAY)),
            Err(error) => Err(error),
        }
    }

    /// Leaves a job as it is: only a later run can bring it further.
    async fn leave(&self, id: &JobId, error: &Error) -> Result<Next, Error> {
        tracing::warn!(job = %id, %error, "left as it is");
        Ok(self.report(&self.batch.ledger.job(id).await?))
    }

    /// Saves the outputs later: the longer the job has been finished, the longer the delay.
    async fn later(&self, id: &JobId) -> Result<Next, Error> {
        let ended = self.batch.ledger.job(id).await?.ended_at;
        let age = ended.and_then(|time| SystemTime::now().duration_since(time).ok());
        Ok(Next::After(age.unwrap_or_default().clamp(DELAY / 4, MAX_DOWNLOAD_DELAY)))
    }

    fn report(&self, job: &Job) -> Next {
        if let Some(call) = &self.options.on_job {
            call(job);
        }
        Next::Done
    }

    /// Sends nothing more.
    fn halt(&self, error: Error) -> Next {
        let mut halt = self.halt.lock().unwrap_or_else(PoisonError::into_inner);
        halt.get_or_insert(error);
        Next::After(DELAY)
    }

    fn has_halted(&self) -> bool {
        self.halt.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take_halt(&self) -> Option<Error> {
        self.halt.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns `true` if no other job would be accepted either.
fn stops(error: &SubmitError) -> bool {
    matches!(error, SubmitError::Rejected(api)
        if matches!(api.kind, ApiErrorKind::Token | ApiErrorKind::Balance))
}

/// Returns `true` if a file cannot be saved however often it is tried.
fn is_final(error: &DownloadError) -> bool {
    error.failed.iter().any(|failed| match &failed.reason {
        DownloadErrorReason::Status { http_status, .. } => {
            matches!(http_status, 400..=499) && !matches!(http_status, 408 | 429)
        }
        DownloadErrorReason::SeveralFiles(_)
        | DownloadErrorReason::Scheme(_)
        | DownloadErrorReason::Data(_)
        | DownloadErrorReason::Encoded(_)
        | DownloadErrorReason::Exists(_)
        | DownloadErrorReason::TooLarge(_) => true,
        _ => false,
    })
}
