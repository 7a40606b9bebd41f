//! River, the queue that decides which job is due: the only file that knows it. Its rows can be
//! made again from the jobs at any time.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// Number of rows that one statement reads or removes.
const CHUNK: usize = 2_000;
/// Priority of a row whose job was not sent. Rows that a process left behind come first: their jobs
/// may have been sent.
const NOT_SENT: i16 = 2;
/// Attempts of a row of River. Only a fault of this program takes one.
const MAX_ATTEMPTS: i16 = 1_000;

/// The states of rows that are not done.
macro_rules! open_states {
    () => {
        "('available', 'pending', 'retryable', 'running', 'scheduled')"
    };
}

/// A time at which a job was due. A clock that was set back may have made its row at a time to come.
macro_rules! long_ago {
    () => {
        "'2000-01-01 00:00:00.000'"
    };
}

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

/// A batch that may have steps to do.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) batch: BatchId,
    /// Number of complete lines.
    pub(crate) lines: i64,
    /// Number of jobs with a step to do, up to a maximum.
    pub(crate) jobs: usize,
}

/// The work on jobs that are due.
pub(crate) trait Work: Send + Sync + 'static {
    /// Does a step of a job. It is dropped if the engine stops.
    fn step(&self, job: JobId) -> impl Future<Output = Next> + Send;
}

/// River at work in this process. Dropping it stops the work.
pub(crate) struct Engine {
    client: Client,
    /// Begins with the first batch.
    run: Option<RunHandle>,
    begun: Begun,
}

/// Number of steps of each queue that have begun and not ended.
#[derive(Clone, Default)]
struct Begun(Arc<Mutex<BTreeMap<String, usize>>>);

/// One of these steps.
struct OneStep {
    begun: Begun,
    queue: String,
}

impl Engine {
    /// Prepares to work on due jobs. `owner` names this process: as long as it is alive, its jobs are
    /// left to it.
    pub(crate) fn new(db: &Database, owner: &str, work: Arc<impl Work>) -> Result<Self, Error> {
        let mut workers = Workers::new();
        let begun = Begun::default();
        let all = begun.clone();
        let add = workers.add_fn(move |context: WorkContext, job: Job<PaidJob>| {
            let (work, step) = (work.clone(), all.begin(&job.row.queue));
            async move {
                let worked = work_on(context, job, &*work).await;
                drop(step);
                worked
            }
        });
        add.map_err(failed)?;
        let client = builder(db)
            .id(owner)
            .workers(workers)
            .fetch_cooldown(COOLDOWN)
            // A step waits for its job.
            .without_job_timeout()
            .build()
            .map_err(failed)?;
        Ok(Self { client, run: None, begun })
    }

    /// Works on the due jobs of these batches, each on this many at once, and lets no job of another
    /// batch begin a step. Steps that have begun go on.
    pub(crate) async fn work_on(&mut self, places: &BTreeMap<BatchId, usize>) -> Result<(), Error> {
        let queues = self.client.local_queues();
        let old = queues.configs();
        for queue in old.keys() {
            if places.keys().any(|batch| batch.as_str() == queue) {
                continue;
            }
            if self.begun.count(queue) == 0 {
                // It waits for steps, and only stops waiting if it is dropped.
                let _ = tokio::time::timeout(Duration::ZERO, queues.remove(queue)).await;
            } else {
                // The steps take the one place. A queue that is removed could not come back before
                // they end.
                queues.update(queue, config(1)).map_err(failed)?;
            }
        }
        for (batch, places) in places {
            let new = config(*places);
            match old.get(batch.as_str()) {
                Some(old) if *old == new => {}
                Some(_) => queues.update(batch.as_str(), new).map_err(failed)?,
                None => match queues.add(batch.as_str(), new) {
                    Ok(()) | Err(riverqueue::Error::QueueAlreadyAdded { .. }) => {}
                    Err(error) => return Err(failed(error)),
                },
            }
        }
        if self.run.is_none() && !queues.configs().is_empty() {
            self.run = Some(self.client.start().map_err(failed)?);
        }
        Ok(())
    }

    /// Stops the work at once. A submit that is on its way has a task of its own.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        match &mut self.run {
            Some(run) => run.stop_and_cancel().await.map_err(failed),
            None => Ok(()),
        }
    }
}

impl Begun {
    fn begin(&self, queue: &str) -> OneStep {
        *self.counts().entry(queue.to_owned()).or_default() += 1;
        OneStep { begun: self.clone(), queue: queue.to_owned() }
    }

    fn count(&self, queue: &str) -> usize {
        self.counts().get(queue).copied().unwrap_or_default()
    }

    /// Locks the counts. They are whole even if a thread panicked while it held the lock.
    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OneStep {
    fn drop(&mut self) {
        let mut counts = self.begun.counts();
        if let Entry::Occupied(mut count) = counts.entry(std::mem::take(&mut self.queue)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
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
    migrated.map(drop).map_err(|error| match error {
        riverqueue::migrate::Error::Database(error) => db.error(error),
        error => Error::Queue { source: error.into() },
    })
}

/// Makes jobs of a batch due, in the caller's transaction. Returns the largest id of their rows.
pub(crate) async fn enqueue(
    db: &Database,
    tx: &mut Tx,
    batch: &BatchId,
    jobs: &[JobId],
) -> Result<i64, Error> {
    let client = builder(db).build().map_err(failed)?;
    let options =
        InsertOpts::default().with_queue(batch.as_str()).with_max_attempts(MAX_ATTEMPTS.into());
    let options = options.with_priority(NOT_SENT);
    let rows = jobs.iter().map(|job| (PaidJob { job: job.to_string() }, options.clone()));
    let insert = client.insert_many(rows);
    let inserted = match tx {
        Tx::Sqlite(tx) => insert.tx(tx).await,
        #[cfg(feature = "postgres")]
        Tx::Postgres(tx) => insert.tx(tx).await,
    };
    match inserted {
        Ok(rows) => Ok(rows.iter().map(riverqueue::InsertResult::id).max().unwrap_or_default()),
        Err(riverqueue::Error::Database(error)) => Err(db.error(error)),
        Err(error) => Err(failed(error)),
    }
}

/// Returns the jobs that River has rows for which are not done.
pub(crate) async fn queued(tx: &mut Tx, batch: &BatchId) -> Result<HashSet<String>, sqlx::Error> {
    let select = concat!(
        "SELECT args ->> 'job' AS job FROM river_job WHERE queue = $1 AND state IN ",
        open_states!()
    );
    let rows = query(select).bind(batch.as_str()).fetch_all(tx).await?;
    rows.iter().map(|row| row.text("job").map(str::to_owned)).collect()
}

/// Returns the id of the newest row of any batch.
pub(crate) async fn newest(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    query("SELECT COALESCE(MAX(id), 0) AS id FROM river_job").fetch_one(tx).await?.int("id")
}

/// Adds the jobs of a batch that got rows after this one to those that are known. Returns the id of
/// the newest row of any batch.
pub(crate) async fn add_queued(
    tx: &mut Tx,
    batch: &BatchId,
    after: i64,
    known: &mut HashSet<String>,
) -> Result<i64, sqlx::Error> {
    // In the order of the key, so that no plan reads the rows before.
    let select = format!(
        "SELECT id, queue, args ->> 'job' AS job FROM river_job WHERE id > $1 ORDER BY id
            LIMIT {CHUNK}"
    );
    let mut newest = after;
    loop {
        let select = query(AssertSqlSafe(select.as_str())).bind(newest);
        let rows = select.fetch_all(&mut *tx).await?;
        let Some(last) = rows.last() else { return Ok(newest) };
        newest = last.int("id")?;
        for row in &rows {
            if row.text("queue")? == batch.as_str() {
                known.insert(row.text("job")?.to_owned());
            }
        }
    }
}

/// Returns `true` if no job of a batch has a step to do.
pub(crate) async fn is_idle(db: &Database, batch: &BatchId) -> Result<bool, sqlx::Error> {
    let select = concat!(
        "SELECT kind FROM river_job WHERE queue = $1 AND state IN ",
        open_states!(),
        " LIMIT 1"
    );
    let found = query(select).bind(batch.as_str()).fetch_optional(db.readers()).await?;
    Ok(found.is_none())
}

/// Returns the number of rows of a batch that are not done.
pub(crate) async fn rows(db: &Database, batch: &BatchId) -> Result<i64, sqlx::Error> {
    let select = concat!(
        "SELECT COUNT(*) AS jobs FROM river_job WHERE queue = $1 AND state IN ",
        open_states!()
    );
    query(select).bind(batch.as_str()).fetch_one(db.readers()).await?.int("jobs")
}

/// Makes every waiting job of a batch, or of all, due at once.
pub(crate) async fn wake(tx: &mut Tx, batch: Option<&BatchId>) -> Result<(), sqlx::Error> {
    let update = concat!(
        "UPDATE river_job SET state = 'available', scheduled_at = ",
        long_ago!(),
        " WHERE (CAST($1 AS TEXT) IS NULL OR queue = $1) AND (state IN ('retryable', 'scheduled')
            OR (state = 'available' AND scheduled_at > CURRENT_TIMESTAMP))"
    );
    query(update).bind(batch.map(BatchId::as_str)).execute(&mut *tx).await?;
    Ok(())
}

/// Returns the number of jobs of each batch that have a step to do and are not paused, up to `max`
/// for each, with the number of its lines. Batches without such a job are there too.
pub(crate) async fn open(db: &Database, max: usize) -> Result<Vec<Open>, sqlx::Error> {
    let select = concat!(
        "SELECT id, lines, (SELECT COUNT(*) FROM (SELECT 1 AS due FROM river_job
                WHERE queue = batch.id AND state IN ",
        open_states!(),
        " LIMIT $1) AS found) AS jobs
            FROM batch WHERE state <> 'paused' AND moved_to IS NULL AND arriving = 0 ORDER BY created_at, id"
    );
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let rows = query(select).bind(max).fetch_all(db.readers()).await?;
    let open = rows.iter().map(|row| {
        let jobs = usize::try_from(row.int("jobs")?).unwrap_or_default();
        let id = row.text("id")?.parse();
        let batch = id.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Open { batch, lines: row.int("lines")?, jobs })
    });
    open.collect()
}

/// Returns the owners of steps that have begun, and of River's leadership, each with the time of its
/// last sign of life, in milliseconds since 1970, if the database has it.
pub(crate) async fn owners(db: &Database) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let pool = db.pool();
    let select = format!(
        "SELECT {} AS owner, {} AS seen FROM river_job WHERE state = 'running' GROUP BY 1
            UNION SELECT leader_id, 0 FROM river_leader",
        last_attempt(&pool),
        match pool {
            Pool::Sqlite(_) => "0",
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => "CAST(EXTRACT(EPOCH FROM MAX(attempted_at)) * 1000 AS BIGINT)",
        }
    );
    let mut owners = BTreeMap::new();
    for row in query(AssertSqlSafe(select)).fetch_all(db.readers()).await? {
        if let Some(owner) = row.optional_text("owner")? {
            let seen = owners.entry(owner.to_owned()).or_insert(0);
            *seen = row.int("seen")?.max(*seen);
        }
    }
    Ok(owners)
}

/// Returns the owners of steps of a batch that have begun.
pub(crate) async fn working(
    db: &Database,
    tx: &mut Tx,
    batch: &BatchId,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let select = format!(
        "SELECT DISTINCT {} AS owner FROM river_job WHERE state = 'running' AND queue = $1",
        last_attempt(&db.pool())
    );
    let rows = query(AssertSqlSafe(select)).bind(batch.as_str()).fetch_all(tx).await?;
    let owners = rows.iter().map(|row| row.optional_text("owner"));
    owners.filter_map(Result::transpose).map(|owner| owner.map(str::to_owned)).collect()
}

/// Removes a part of the rows of a batch. Returns their number.
pub(crate) async fn forget(tx: &mut Tx, batch: &BatchId) -> Result<u64, sqlx::Error> {
    let delete = format!(
        "DELETE FROM river_job
            WHERE id IN (SELECT id FROM river_job WHERE queue = $1 LIMIT {CHUNK})"
    );
    query(AssertSqlSafe(delete)).bind(batch.as_str()).execute(tx).await
}

/// Returns the expression of the process that began the last step of a row.
fn last_attempt(pool: &Pool) -> &'static str {
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
        concat!(
            "UPDATE river_job SET state = 'available', priority = 1, scheduled_at = ",
            long_ago!(),
            " WHERE state = 'running' AND {} = $1"
        ),
        last_attempt(&db.pool())
    );
    query(AssertSqlSafe(update)).bind(owner).execute(&mut *tx).await?;
    let delete = "DELETE FROM river_leader WHERE leader_id = $1";
    query(delete).bind(owner).execute(&mut *tx).await?;
    Ok(())
}

/// Says that this owner is still at work, so that [`take_over`] leaves its jobs to it.
#[cfg(feature = "postgres")]
pub(crate) async fn renew(tx: &mut Tx, owner: &str) -> Result<(), sqlx::Error> {
    let update = "UPDATE river_job SET attempted_at = clock_timestamp()
        WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1";
    query(update).bind(owner).execute(tx).await?;
    Ok(())
}

/// Makes jobs due again whose owner has given no sign of life for this time: it was stopped, or has
/// lost the network. Returns how many.
#[cfg(feature = "postgres")]
pub(crate) async fn take_over(tx: &mut Tx, after: Duration) -> Result<u64, sqlx::Error> {
    let update = "UPDATE river_job SET state = 'available', priority = 1 WHERE state = 'running'
        AND attempted_at < clock_timestamp() - CAST($1 AS BIGINT) * INTERVAL '1 millisecond'";
    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    query(update).bind(after).execute(tx).await
}

fn failed(error: riverqueue::Error) -> Error {
    Error::Queue { source: error.into() }
}
