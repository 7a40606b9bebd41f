//! River, the queue that decides which job is due: the only file that knows it. Its rows can be
//! made again from the jobs at any time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "postgres")]
use riverqueue::migrate::PostgresMigrator;
use riverqueue::migrate::SqliteMigrator;
use riverqueue::{
    Client, ClientBuilder, InsertOpts, Job, JobArgs, QueueConfig, RunHandle, WorkCancelled,
    WorkContext, WorkOutcome, Workers,
};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use crate::database::{Database, Pool, Tx, query};
use crate::error::Error;
use crate::id::{BatchId, JobId};
#[cfg(feature = "postgres")]
use crate::postgres;

/// Time between two looks for due jobs, if a place is free.
const COOLDOWN: Duration = Duration::from_millis(20);
/// Time between two looks for due jobs, if nobody says that there are some.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Number of rows in one statement.
const CHUNK: usize = 2_000;
/// Attempts of a row of River. Only a fault of this program takes one.
const MAX_ATTEMPTS: i16 = 1_000;

/// A job that is due.
#[derive(Debug, Clone, Serialize, Deserialize, JobArgs)]
#[river(kind = "paid_job")]
struct PaidJob {
    job: String,
}

/// The next step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing is left to do.
    Done,
    /// The next step is due after this time.
    After(Duration),
}

/// The work on jobs that are due.
pub(crate) trait Work: Send + Sync + 'static {
    /// Does a step of a job. It is dropped if the engine stops.
    fn step(&self, job: JobId) -> impl Future<Output = Next> + Send;
}

/// River at work on one batch, in this process. Dropping it stops the work.
pub(crate) struct Engine {
    client: Client,
    run: RunHandle,
    queue: String,
    places: usize,
}

impl Engine {
    /// Starts to work on the due jobs of a batch, this many at once. `owner` names this process: as
    /// long as it is alive, its jobs are left to it.
    pub(crate) fn start(
        db: &Database,
        batch: &BatchId,
        owner: &str,
        places: usize,
        work: Arc<impl Work>,
    ) -> Result<Self, Error> {
        let mut workers = Workers::new();
        let add = workers.add_fn(move |context: WorkContext, job: Job<PaidJob>| {
            let work = work.clone();
            async move { work_on(context, job, &*work).await }
        });
        add.map_err(failed)?;
        let client = builder(db)
            .id(owner)
            .workers(workers)
            .queue(batch.as_str(), config(places))
            .fetch_cooldown(COOLDOWN)
            // A step waits for its job.
            .without_job_timeout()
            .build()
            .map_err(failed)?;
        let run = client.start().map_err(failed)?;
        Ok(Self { client, run, queue: batch.as_str().to_owned(), places })
    }

    /// Lets no further job begin a step. Steps that have begun go on.
    pub(crate) async fn pause(&self) {
        if self.client.local_queues().configs().contains_key(&self.queue) {
            // It waits for the steps, and only stops waiting if it is dropped.
            let queues = self.client.local_queues();
            let _ = tokio::time::timeout(Duration::ZERO, queues.remove(&self.queue)).await;
        }
    }

    /// Lets jobs begin steps again. After a pause, this waits for the steps that had begun.
    pub(crate) fn resume(&self) {
        if !self.client.local_queues().configs().contains_key(&self.queue) {
            // An error means that steps from before the pause are not done.
            let _ = self.client.local_queues().add(self.queue.as_str(), config(self.places));
        }
    }

    /// Stops the work at once. A submit that is on its way has a task of its own.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.run.stop_and_cancel().await.map_err(failed)
    }
}

/// Returns the builder of River's client.
fn builder(db: &Database) -> ClientBuilder {
    match db.pool() {
        Pool::Sqlite(pool) => Client::builder(pool),
        #[cfg(feature = "postgres")]
        Pool::Postgres(pool) => Client::builder(pool),
    }
}

fn config(places: usize) -> QueueConfig {
    QueueConfig::new(places).with_fetch_cooldown(COOLDOWN).with_fetch_poll_interval(POLL_INTERVAL)
}

async fn work_on(
    context: WorkContext,
    job: Job<PaidJob>,
    work: &impl Work,
) -> Result<WorkOutcome, WorkCancelled> {
    // A row that names no job has nothing to do.
    let Ok(id) = job.args.job.parse::<JobId>() else { return Ok(WorkOutcome::Discard) };
    tokio::select! {
        () = context.cancellation_token().cancelled() => Err(WorkCancelled),
        next = work.step(id) => Ok(match next {
            Next::Done => WorkOutcome::Complete,
            Next::After(time) => WorkOutcome::Snooze(time),
        }),
    }
}

/// Creates River's tables if they are missing. One process at a time does this.
pub(crate) async fn migrate(db: &Database) -> Result<(), Error> {
    let migrated = match db.pool() {
        Pool::Sqlite(pool) => SqliteMigrator::new(pool).migrate_up().await,
        #[cfg(feature = "postgres")]
        Pool::Postgres(pool) => {
            let map = |error| db.error(error);
            if !postgres::may_migrate(&pool, "river_job").await.map_err(map)? {
                return Ok(());
            }
            let lock = postgres::lock_migrations(&pool).await.map_err(map)?;
            let migrated = PostgresMigrator::new(pool).migrate_up().await;
            drop(lock);
            migrated
        }
    };
    migrated.map(drop).map_err(|error| Error::Queue { source: error.into() })
}

/// Makes jobs of a batch due, in the caller's transaction.
pub(crate) async fn enqueue(
    db: &Database,
    tx: &mut Tx,
    batch: &BatchId,
    jobs: &[JobId],
) -> Result<(), Error> {
    let client = builder(db).build().map_err(failed)?;
    let options =
        InsertOpts::default().with_queue(batch.as_str()).with_max_attempts(MAX_ATTEMPTS.into());
    for chunk in jobs.chunks(CHUNK) {
        let rows = chunk.iter().map(|job| (PaidJob { job: job.to_string() }, options.clone()));
        let insert = client.insert_many(rows);
        match tx {
            Tx::Sqlite(tx) => insert.tx(tx).await,
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => insert.tx(tx).await,
        }
        .map_err(failed)?;
    }
    Ok(())
}

/// Returns the jobs that River has rows for which are not done.
pub(crate) async fn queued(tx: &mut Tx, batch: &BatchId) -> Result<BTreeSet<String>, sqlx::Error> {
    let select = "SELECT args ->> 'job' AS job FROM river_job WHERE queue = $1
        AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled')";
    let rows = query(select).bind(batch.as_str()).fetch_all(tx).await?;
    rows.iter().map(|row| row.text("job").map(str::to_owned)).collect()
}

/// Returns `true` if no job of a batch has a step to do.
pub(crate) async fn is_idle(db: &Database, batch: &BatchId) -> Result<bool, sqlx::Error> {
    let select = "SELECT kind FROM river_job WHERE queue = $1
        AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled') LIMIT 1";
    let found = query(select).bind(batch.as_str()).fetch_optional(db.readers()).await?;
    Ok(found.is_none())
}

/// Makes every waiting job of a batch due at once.
pub(crate) async fn wake(tx: &mut Tx, batch: &BatchId) -> Result<(), sqlx::Error> {
    let update = "UPDATE river_job SET state = 'available', scheduled_at = created_at
        WHERE queue = $1 AND (state IN ('retryable', 'scheduled')
            OR (state = 'available' AND scheduled_at > created_at))";
    query(update).bind(batch.as_str()).execute(&mut *tx).await?;
    Ok(())
}

/// Returns the owners of steps that have begun, and of River's leadership.
pub(crate) async fn owners(db: &Database) -> Result<BTreeSet<String>, sqlx::Error> {
    let select = format!(
        "SELECT DISTINCT {} AS owner FROM river_job WHERE state = 'running'
            UNION SELECT leader_id FROM river_leader",
        last_attempt(db.pool())
    );
    let rows = query(AssertSqlSafe(select)).fetch_all(db.readers()).await?;
    let owners = rows.iter().map(|row| row.optional_text("owner"));
    owners.filter_map(Result::transpose).map(|owner| owner.map(str::to_owned)).collect()
}

/// Returns the expression of the process that began the last step of a row.
fn last_attempt(pool: Pool) -> &'static str {
    match pool {
        Pool::Sqlite(_) => "json(attempted_by) ->> '$[#-1]'",
        #[cfg(feature = "postgres")]
        Pool::Postgres(_) => "attempted_by[array_upper(attempted_by, 1)]",
    }
}

/// Makes the jobs due again whose steps an owner had begun that is gone, and takes the leadership
/// from it.
pub(crate) async fn release(db: &Database, tx: &mut Tx, owner: &str) -> Result<(), sqlx::Error> {
    let update = format!(
        "UPDATE river_job SET state = 'available' WHERE state = 'running' AND {} = $1",
        last_attempt(db.pool())
    );
    query(AssertSqlSafe(update)).bind(owner).execute(&mut *tx).await?;
    let delete = "DELETE FROM river_leader WHERE leader_id = $1";
    query(delete).bind(owner).execute(&mut *tx).await?;
    Ok(())
}

fn failed(error: riverqueue::Error) -> Error {
    Error::Queue { source: error.into() }
}
