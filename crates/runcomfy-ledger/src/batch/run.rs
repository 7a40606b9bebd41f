//! Running a batch: steps of its jobs, as the queue says, until all are settled.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy::client::DownloadOptions;
use tokio::time::{Instant, sleep_until};

use super::control::Wanted;
use super::others::{Others, TAKE_OVER_AFTER};
use super::steps::Steps;
use super::{Batch, BatchStatus, Filling};
use crate::engine::{self, Engine};
use crate::error::Error;
use crate::id::BatchId;
use crate::job::Job;

/// Default number of jobs that one process works on at once.
const DEFAULT_AT_ONCE: usize = 100;
/// Time between two looks at the batch.
const TICK: Duration = Duration::from_millis(100);

/// The settings of [`Batch::run`] and of a [`Worker`](crate::Worker).
#[derive(Clone)]
#[must_use]
pub struct BatchOptions {
    pub(super) at_once: usize,
    pub(super) delivery: Option<Delivery>,
    pub(super) on_job: Option<OnJob>,
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

    /// Returns the end that is wanted for each job.
    pub(crate) fn wanted(&self) -> Wanted {
        if self.delivery.is_some() { Wanted::Files } else { Wanted::Results }
    }

    /// Returns the number of jobs to work on at once: no more than may be in flight.
    pub(crate) fn places(&self, limit: Option<u32>) -> usize {
        let limit = limit.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        self.at_once.min(limit).max(1)
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
    /// more is sent, and jobs that were sent have run to their end. [`Error::Moved`], and errors of
    /// the ledger.
    pub async fn run(&self, client: &Client, options: &BatchOptions) -> Result<BatchStatus, Error> {
        // Others see it to be alive as long as this is held.
        let run = self.ledger.begin().await?;
        self.enter(&run).await?;
        let ended = self.run_as(&run.name(), client, options).await;
        self.leave(&run).await?;
        ended
    }

    async fn run_as(
        &self,
        owner: &str,
        client: &Client,
        options: &BatchOptions,
    ) -> Result<BatchStatus, Error> {
        self.wake_queue().await?;
        let filling = Filling::new(self, options.wanted());
        let mut others = Others::new(&self.ledger, owner, TAKE_OVER_AFTER);
        let steps = Arc::new(Steps::new(&self.ledger, client, options));
        let mut engine = Engine::new(&self.ledger.inner.db, owner, steps.clone())?;
        let places = options.places(self.ledger.limits().await?.jobs_in_flight);
        let places = BTreeMap::from([(self.id.clone(), places)]);
        let watched = self.watch(&mut engine, &steps, &places, &mut others, filling).await;
        engine.stop().await?;
        watched?;
        match steps.take_halt() {
            Some(error) => Err(error),
            None => self.status().await,
        }
    }

    /// Fills the queue, and waits until the batch has no job left with a step to do, or the steps halt.
    async fn watch(
        &self,
        engine: &mut Engine,
        steps: &Steps,
        places: &BTreeMap<BatchId, usize>,
        others: &mut Others,
        mut filling: Filling,
    ) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        loop {
            others.look().await?;
            let is_paused = self.phase().await.map_err(|error| db.error(error))? == "paused";
            if is_paused || steps.has_halted() {
                engine.work_on(&BTreeMap::new()).await?;
            } else {
                engine.work_on(places).await?;
            }
            let next = Instant::now() + TICK;
            filling.go_on(next).await?;
            sleep_until(next).await;
            if steps.has_halted() && steps.begun() == 0 {
                return Ok(());
            }
            if filling.is_done()
                && engine::is_idle(db, &self.id).await.map_err(|error| db.error(error))?
            {
                return Ok(());
            }
        }
    }
}
