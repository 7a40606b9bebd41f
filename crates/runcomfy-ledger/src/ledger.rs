//! The ledger: opening it, writing jobs down, and finding them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::task::spawn_blocking;

use crate::again::again;
use crate::canonical::fingerprint;
use crate::clock::to_millis;
use crate::database::{Database, query};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::intent::{Hashes, Intent, IntoIntent, read_files};
use crate::job::{Again, Job, Problem, ProblemKind};
use crate::owner::{Life, Owners, Run};
use crate::place::{create, file_error};
#[cfg(feature = "postgres")]
use crate::postgres::Address;
#[cfg(feature = "postgres")]
use crate::presence::{self, Presence};
use crate::row;
use crate::state::State;
use crate::store::{self, Change, many, place};

/// Default and maximum number of jobs that [`Ledger::jobs`] returns.
const DEFAULT_COUNT: u32 = 100;

/// A ledger of paid jobs: a file, or with the feature `postgres` a schema of a PostgreSQL server.
/// Clones share it, and several processes may use it at once.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Database,
    pub(crate) owners: Owners,
    /// The sign of life of this program for other machines.
    #[cfg(feature = "postgres")]
    pub(crate) presence: Option<Presence>,
}

/// A choice of jobs. By default every job, the newest first.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Filter {
    state: Option<State>,
    model: Option<String>,
    batch: Option<BatchId>,
    since: Option<SystemTime>,
    before: Option<SystemTime>,
    count: Option<u32>,
}

impl Filter {
    /// Keeps jobs in this state.
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// Keeps jobs of this model.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Keeps jobs of this batch.
    pub fn batch(mut self, batch: &BatchId) -> Self {
        self.batch = Some(batch.clone());
        self
    }

    /// Keeps jobs that were written down at this time or later.
    pub fn since(mut self, time: SystemTime) -> Self {
        self.since = Some(time);
        self
    }

    /// Keeps jobs that were written down before this time.
    pub fn before(mut self, time: SystemTime) -> Self {
        self.before = Some(time);
        self
    }

    /// Sets the maximum number of jobs. Defaults to 100.
    pub fn count(mut self, max: u32) -> Self {
        self.count = Some(max);
        self
    }
}

impl Ledger {
    /// Opens a ledger, and creates it and its folder if they do not exist. Use
    /// [`default_path`](crate::default_path) for the one that every program of this user shares.
    ///
    /// A job that was being sent by a process that is gone becomes `unknown`, unless its request id
    /// turns up.
    ///
    /// # Errors
    ///
    /// If the file or its folder cannot be used, is on a network file system, is damaged, or was
    /// written by a newer version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let (path, owners, guard) = blocking(move || {
            let path = create(&path)?;
            let owners = Owners::new(&path).map_err(|error| file_error(&path, error))?;
            let guard = owners.guard().map_err(|error| file_error(owners.folder(), error))?;
            Ok((path, owners, guard))
        })
        .await?;
        let db = Database::open(&path).await?;
        let inner = Inner {
            db,
            owners,
            #[cfg(feature = "postgres")]
            presence: None,
        };
        let ledger = Self { inner: Arc::new(inner) };
        ledger.recover().await?;
        drop(guard);
        Ok(ledger)
    }

    /// Connects to a ledger on PostgreSQL, and creates its tables if they do not exist. Any number
    /// of machines may use it at once.
    ///
    /// A job that was being sent by a process that is gone becomes `unknown`, unless its request id
    /// turns up: at once if the process was on this machine, and otherwise 30 seconds after it was
    /// sent at the earliest.
    ///
    /// # Errors
    ///
    /// [`Error::Unsuitable`], and if the server cannot be used, or the tables were written by a newer
    /// version or another program.
    #[cfg(feature = "postgres")]
    pub async fn connect(address: &Address) -> Result<Self, Error> {
        let name = address.to_string();
        let (owners, guard) = blocking(move || {
            let owners = crate::place::beside(&name)?;
            let owners = Owners::new(&owners).map_err(|error| file_error(&owners, error))?;
            let guard = owners.guard().map_err(|error| file_error(owners.folder(), error))?;
            Ok((owners, guard))
        })
        .await?;
        let db = Database::connect(address).await?;
        // Now, since a program that works on batches may not be allowed to.
        crate::engine::migrate(&db).await?;
        let presence = Some(Presence::new(address.clone()));
        let ledger = Self { inner: Arc::new(Inner { db, owners, presence }) };
        ledger.recover().await?;
        drop(guard);
        Ok(ledger)
    }

    /// Returns the absolute path of the file, without links, or `None` on PostgreSQL.
    pub fn path(&self) -> Option<&Path> {
        self.inner.db.path()
    }

    /// Returns the name for people: the path, or the address without its password.
    pub fn name(&self) -> &str {
        self.inner.db.name()
    }

    /// Waits until no job is being sent by this ledger or its clones, and closes the file. A
    /// program that ends without this may leave a job `unknown`.
    pub async fn close(self) {
        self.inner.owners.ended().await;
        #[cfg(feature = "postgres")]
        if let Some(presence) = &self.inner.presence {
            presence.end();
        }
        self.inner.db.close().await;
    }

    /// Writes a job down as `intended`, and returns it. Nothing is sent. Local files are read, and
    /// their hashes are kept.
    ///
    /// # Errors
    ///
    /// [`Error::Twin`] if the same input is running, has an unknown outcome, or was paid for in the
    /// last 24 hours, and [`Intent::again`] was not called; and if a file cannot be read, or the
    /// ledger cannot be written.
    pub async fn intend(&self, intent: impl IntoIntent) -> Result<Job, Error> {
        let mut job = blocking({
            let intent = intent.into_intent()?;
            move || new_job(intent, &mut Hashes::default())
        })
        .await?;
        again!(self.write_down(&mut job))?;
        Ok(job)
    }

    async fn write_down(&self, job: &mut Job) -> Result<(), Error> {
        let db = &self.inner.db;
        let map = |error| db.error(error);
        let mut tx = db.begin().await?;
        if job.again == Again::No
            && let Some(found) =
                store::twin(&mut tx, &job.fingerprint, &job.id).await.map_err(map)?
        {
            return Err(Error::Twin(Box::new(row::job(&found)?)));
        }
        if let Some(batch) = &job.batch {
            place::check(db, &mut tx, batch).await?;
        }
        many::choose_ids(&mut tx, std::slice::from_mut(job)).await.map_err(map)?;
        many::insert(db, &mut tx, std::slice::from_ref(job)).await?;
        db.commit(tx).await
    }

    /// Writes a job down as [`Ledger::intend`] does, or returns the one that has the same input and
    /// is running, has an unknown outcome, or was paid for in the last 24 hours: for a program that
    /// is started again after a crash.
    ///
    /// # Errors
    ///
    /// The errors of [`Ledger::intend`], except for [`Error::Twin`].
    pub async fn intend_once(&self, intent: impl IntoIntent) -> Result<Job, Error> {
        match self.intend(intent).await {
            Err(Error::Twin(job)) => Ok(*job),
            intended => intended,
        }
    }

    /// Returns a job.
    ///
    /// # Errors
    ///
    /// If there is no such job, or the ledger cannot be read.
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        store::get(&self.inner.db, id).await
    }

    /// Finds a job by its id, by the beginning of its id, or by its request id.
    ///
    /// # Errors
    ///
    /// If no job or several jobs are meant, or the ledger cannot be read.
    pub async fn find(&self, text: &str) -> Result<Job, Error> {
        let (db, text) = (&self.inner.db, text.trim());
        let beginning = text.to_ascii_lowercase();
        // Neither `%` nor `_` is in an id.
        let is_id = !beginning.is_empty() && beginning.bytes().all(|b| b.is_ascii_alphanumeric());
        let select = concat!(
            "SELECT ",
            row::columns!(),
            " FROM job WHERE request_id = $1 OR id LIKE $2 ORDER BY id LIMIT 6"
        );
        let like = if is_id { format!("{beginning}%") } else { String::new() };
        let select = query(select).bind(text).bind(like).fetch_all(db.readers());
        let rows = select.await.map_err(|error| db.error(error))?;
        let mut jobs = rows.iter().map(row::job).collect::<Result<Vec<_>, _>>()?;
        let exact = jobs
            .iter()
            .position(|job| job.request_id.as_ref().is_some_and(|id| id.as_str() == text));
        match (exact, jobs.len()) {
            (Some(index), _) => Ok(jobs.swap_remove(index)),
            (None, 0) => Err(Error::NoSuchJob(text.to_owned())),
            (None, 1) => Ok(jobs.swap_remove(0)),
            (None, _) => {
                let jobs = jobs.into_iter().map(|job| job.id).collect();
                Err(Error::Ambiguous { beginning, jobs })
            }
        }
    }

    /// Returns the jobs of a choice, the newest first.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn jobs(&self, filter: &Filter) -> Result<Vec<Job>, Error> {
        let db = &self.inner.db;
        let select = concat!(
            "SELECT ",
            row::columns!(),
            " FROM job
            WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
                AND (CAST($2 AS TEXT) IS NULL OR model = $2)
                AND (CAST($3 AS TEXT) IS NULL OR batch = $3)
                AND (CAST($4 AS BIGINT) IS NULL OR created_at >= $4)
                AND (CAST($5 AS BIGINT) IS NULL OR created_at < $5)
            ORDER BY created_at DESC, id LIMIT $6"
        );
        let rows = query(select)
            .bind(filter.state.map(State::as_str))
            .bind(filter.model.as_deref())
            .bind(filter.batch.as_ref().map(BatchId::as_str))
            .bind(filter.since.map(to_millis))
            .bind(filter.before.map(to_millis))
            .bind(i64::from(filter.count.unwrap_or(DEFAULT_COUNT)))
            .fetch_all(db.readers())
            .await
            .map_err(|error| db.error(error))?;
        rows.iter().map(row::job).collect()
    }

    /// Settles every job that a process was sending when it ended, and removes that process's
    /// file. The caller holds the guard of the owners.
    async fn recover(&self) -> Result<(), Error> {
        let Inner { db, owners, .. } = &*self.inner;
        // Listed first: an owner that ends after this keeps its file until the next time.
        let gone: Vec<PathBuf> =
            owners.gone().map_err(|error| file_error(owners.folder(), error))?;
        let select = concat!("SELECT ", row::columns!(), " FROM job WHERE state = 'sending'");
        let select = query(select).fetch_all(db.readers());
        for row in select.await.map_err(|error| db.error(error))? {
            self.settle_if_orphaned(row::job(&row)?).await?;
        }
        self.release_movers().await?;
        owners.remove(&gone);
        Ok(())
    }

    /// Returns a job that nobody sends: as it is, or settled if its sender is gone.
    ///
    /// # Errors
    ///
    /// [`Error::BeingSent`] if somebody sends it, and errors of the ledger.
    pub(crate) async fn settled(&self, job: Job) -> Result<Job, Error> {
        if job.state != State::Sending {
            return Ok(job);
        }
        let job = self.settle_if_orphaned(job).await?;
        match job.state {
            State::Sending => Err(Error::BeingSent(job.id)),
            _ => Ok(job),
        }
    }

    /// Makes a job that was being sent by a run that is gone `accepted` if the run left its request
    /// id behind, and otherwise `unknown`. Never sends it.
    async fn settle_if_orphaned(&self, job: Job) -> Result<Job, Error> {
        let Inner { db, owners, .. } = &*self.inner;
        let (State::Sending, Some(run)) = (job.state, job.owner.as_deref()) else { return Ok(job) };
        let map = |error| file_error(owners.folder(), error);
        if self.is_alive(run, job.sent_at.map_or(0, to_millis)).await? {
            return Ok(job);
        }
        let problem = Problem::new(
            ProblemKind::Interrupted,
            "the program that sent it ended before it wrote down the outcome",
        );
        let unwritten = owners.unwritten(run).map_err(map)?;
        let change = match &unwritten {
            Some(id) => Change::accepted(id),
            None => Change::to(State::Unknown).because(&problem),
        };
        let changed = match store::change(db, &job.id, change.by(run)).await {
            Err(Error::RequestIdTaken { request_id, job: other }) => {
                let problem = Problem::repeated(&request_id, &other);
                let unknown = Change::to(State::Unknown).because(&problem);
                store::change(db, &job.id, unknown.by(run)).await
            }
            changed => changed,
        };
        match changed {
            // Another process settled it, or its run wrote down the outcome at the last moment.
            Err(Error::Illegal { .. } | Error::BeingSent(_)) => self.job(&job.id).await,
            changed => changed,
        }
    }

    /// Begins a run of this program, which others see to be alive.
    pub(crate) async fn begin(&self) -> Result<Run, Error> {
        let inner = self.inner.clone();
        let run = blocking(move || {
            inner.owners.begin().map_err(|error| file_error(inner.owners.folder(), error))
        })
        .await?;
        #[cfg(feature = "postgres")]
        if let Some(presence) = &self.inner.presence
            && !presence.hold(run.owner()).await
        {
            return Err(Error::Busy { ledger: self.name().to_owned() });
        }
        Ok(run)
    }

    /// Makes sure that the server answers this program.
    ///
    /// # Errors
    ///
    /// [`Error::Silent`] if it has left a question without an answer.
    pub(crate) fn answers(&self) -> Result<(), Error> {
        #[cfg(feature = "postgres")]
        if self.inner.presence.as_ref().is_some_and(Presence::is_silent) {
            return Err(Error::Silent { ledger: self.name().to_owned() });
        }
        Ok(())
    }

    /// Returns `true` if a run may still be alive that began at this time, in milliseconds since
    /// 1970.
    pub(crate) async fn is_alive(&self, run: &str, since: i64) -> Result<bool, Error> {
        let owners = &self.inner.owners;
        match owners.life(run).map_err(|error| file_error(owners.folder(), error))? {
            Life::Alive => Ok(true),
            Life::Ended => Ok(false),
            Life::Elsewhere => self.is_alive_elsewhere(run, since).await,
        }
    }

    /// Returns `true` if a run that this machine knows nothing of may be alive on another one.
    #[cfg(feature = "postgres")]
    async fn is_alive_elsewhere(&self, run: &str, since: i64) -> Result<bool, Error> {
        let db = &self.inner.db;
        if self.inner.presence.is_none() {
            return Ok(false);
        }
        let (owner, _) = crate::owner::split(run);
        let alive = presence::is_alive(db.readers(), owner, since).await;
        alive.map_err(|error| db.error(error))
    }

    /// A file belongs to one machine.
    #[cfg(not(feature = "postgres"))]
    async fn is_alive_elsewhere(&self, _: &str, _: i64) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Reads the files of an intent, and makes it a job. It blocks.
pub(crate) fn new_job(intent: Intent, hashes: &mut Hashes) -> Result<Job, Error> {
    let Intent { model, mut input, files, batch, price, ceiling, expires_at, again } = intent;
    let files = read_files(&mut input, &files, hashes)?;
    Ok(Job {
        id: JobId::random(),
        batch,
        line: None,
        resubmits: None,
        retries: 0,
        fingerprint: fingerprint(&model, &input, &files),
        model,
        input,
        files,
        state: State::Intended,
        request_id: None,
        attempts: 0,
        price,
        ceiling,
        expires_at,
        cost: None,
        result: None,
        problem: None,
        outputs: Vec::new(),
        // As precise as the ledger keeps it.
        created_at: crate::clock::to_time(crate::clock::now()),
        sent_at: None,
        accepted_at: None,
        ended_at: None,
        delivered_at: None,
        owner: None,
        day: None,
        again,
    })
}

/// Runs blocking work on a thread for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::ShuttingDown),
    }
}
