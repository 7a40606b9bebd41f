//! Batches: many jobs of one purpose, which are written down together and run to their end.

mod add;
mod control;
mod filling;
mod moving;
mod others;
mod run;
mod runs;
mod status;
mod steps;

use std::time::SystemTime;

pub use control::Cancelled;
pub use run::BatchOptions;
pub use runs::BatchRun;
pub use status::BatchStatus;
pub use steps::WorkerStatus;

pub(crate) use filling::Filling;
pub(crate) use others::{Others, TAKE_OVER_AFTER};
pub(crate) use steps::Steps;

use crate::again::again;
use crate::clock::{now, to_millis, to_time};
use crate::database::{Database, Row, query};
use crate::engine;
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::Job;
use crate::ledger::{Ledger, blocking};
use crate::place::file_error;
use crate::row;

/// Number of lines that are written in one transaction. Other processes write in between.
const CHUNK: usize = 1_000;
/// The longest name of a batch: a folder of its name fits every file system.
const MAX_NAME_BYTES: usize = 200;

/// Many jobs of one purpose. They are written down together, run to their end by one or more
/// processes, and each is paid for once, however often a process is killed.
///
/// Created by [`Ledger::create_batch`]. [`Ledger::find_batch`] finds it again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Its name, which no other batch has.
    pub name: String,
    /// When it was created.
    pub created_at: SystemTime,
    /// Number of times that a failed job is paid for again.
    pub max_retries: u32,
    ledger: Ledger,
}

/// A batch before it is in the ledger.
#[derive(Debug, Clone)]
#[must_use = "a batch is nothing until `Ledger::create_batch` writes it down"]
pub struct NewBatch {
    name: String,
    max_retries: u32,
}

impl NewBatch {
    /// Creates a batch with this name. Each job of it is paid for once.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), max_retries: 0 }
    }

    /// Pays for a job that failed again, at most this often. Defaults to 0: RunComfy may charge for
    /// a job that fails.
    pub fn retry_failed(mut self, max: u32) -> Self {
        self.max_retries = max;
        self
    }
}

impl From<&str> for NewBatch {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Refuses a name that a folder or a line of a terminal could not have.
fn check_name(name: &str) -> Result<(), Error> {
    let reason = if name.trim().is_empty() {
        "must not be empty".to_owned()
    } else if name.len() > MAX_NAME_BYTES {
        format!("must have at most {MAX_NAME_BYTES} bytes (found {})", name.len())
    } else if name.chars().any(char::is_control) {
        "must not have control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::BatchName(reason))
}

/// A batch is equal to one with the same id.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Ledger {
    /// Creates a batch without lines.
    ///
    /// # Errors
    ///
    /// [`Error::BatchExists`], [`Error::BatchName`] for a name that is empty, has control characters or
    /// more than 200 bytes, or if the ledger cannot be written.
    pub async fn create_batch(&self, new: impl Into<NewBatch>) -> Result<Batch, Error> {
        let NewBatch { name, max_retries } = new.into();
        check_name(&name)?;
        self.prepare_queue().await?;
        let (id, created_at) = (BatchId::random(), to_time(now()));
        let batch = Batch { id, name, created_at, max_retries, ledger: self.clone() };
        again!(batch.write_down())?;
        Ok(batch)
    }

    /// Returns every batch, the newest first.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn batches(&self) -> Result<Vec<Batch>, Error> {
        let db = &self.inner.db;
        let select = query(
            "SELECT id, name, created_at, max_retries FROM batch ORDER BY created_at DESC, id",
        );
        let rows = select.fetch_all(db.readers()).await.map_err(|error| db.error(error))?;
        rows.iter().map(|row| self.batch(row)).collect()
    }

    /// Finds a batch by its name or its id.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchBatch`], or if the ledger cannot be read.
    pub async fn find_batch(&self, text: &str) -> Result<Batch, Error> {
        let db = &self.inner.db;
        let select = "SELECT id, name, created_at, max_retries FROM batch
            WHERE name = $1 OR id = $1 ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END LIMIT 1";
        let found = query(select).bind(text).fetch_optional(db.readers()).await;
        let found = found.map_err(|error| db.error(error))?;
        let found = found.ok_or_else(|| Error::NoSuchBatch(text.to_owned()))?;
        self.batch(&found)
    }

    /// Returns a batch by its id.
    pub(crate) async fn batch_of(&self, id: &BatchId) -> Result<Batch, Error> {
        let db = &self.inner.db;
        let select = "SELECT id, name, created_at, max_retries FROM batch WHERE id = $1";
        let found = query(select).bind(id.as_str()).fetch_optional(db.readers()).await;
        let found = found.map_err(|error| db.error(error))?;
        self.batch(&found.ok_or_else(|| Error::NoSuchBatch(id.to_string()))?)
    }

    fn batch(&self, row: &Row) -> Result<Batch, Error> {
        let read = || -> Result<Batch, sqlx::Error> {
            let id = row.text("id")?.parse();
            let id = id.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(Batch {
                id,
                name: row.text("name")?.to_owned(),
                created_at: to_time(row.int("created_at")?),
                max_retries: u32::try_from(row.int("max_retries")?).unwrap_or_default(),
                ledger: self.clone(),
            })
        };
        read().map_err(|error| self.inner.db.error(error))
    }

    /// Creates the tables of the queue, unless this was done.
    pub(crate) async fn prepare_queue(&self) -> Result<(), Error> {
        let inner = self.inner.clone();
        let guard = blocking(move || {
            inner.owners.guard().map_err(|error| file_error(inner.owners.folder(), error))
        })
        .await?;
        again!(engine::migrate(&self.inner.db))?;
        drop(guard);
        Ok(())
    }
}

impl Batch {
    async fn write_down(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let insert =
            "INSERT INTO batch (id, name, created_at, max_retries) VALUES ($1, $2, $3, $4)";
        let insert = query(insert).bind(self.id.as_str()).bind(self.name.as_str());
        let insert = insert.bind(to_millis(self.created_at)).bind(i64::from(self.max_retries));
        insert.execute(&mut tx).await.map_err(|error| self.taken(db, error))?;
        db.commit(tx).await
    }

    /// Says what an error means of writing the batch down: another one may have its name.
    fn taken(&self, db: &Database, error: sqlx::Error) -> Error {
        let is_taken = error.as_database_error().is_some_and(|error| error.is_unique_violation());
        if is_taken { Error::BatchExists(self.name.clone()) } else { db.error(error) }
    }

    /// Returns the current job of each line after this one, in the order of lines. 0 is before the
    /// first line.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn jobs(&self, after_line: u64, max: u32) -> Result<Vec<Job>, Error> {
        let db = &self.ledger.inner.db;
        let select = concat!(
            "SELECT ",
            row::columns!(),
            " FROM job WHERE batch = $1 AND superseded = 0 AND line > $2
                AND line <= (SELECT lines FROM batch WHERE id = $1) ORDER BY line LIMIT $3"
        );
        let select = query(select).bind(self.id.as_str());
        let select = select.bind(i64::try_from(after_line).unwrap_or(i64::MAX));
        let rows = select.bind(i64::from(max)).fetch_all(db.readers()).await;
        rows.map_err(|error| db.error(error))?.iter().map(row::job).collect()
    }

    /// Returns the ids of the current jobs that a condition of SQL selects.
    async fn ids(&self, condition: &str) -> Result<Vec<JobId>, Error> {
        let db = &self.ledger.inner.db;
        let select = format!(
            "SELECT id FROM job WHERE batch = $1 AND superseded = 0
                AND (line IS NULL OR line <= (SELECT lines FROM batch WHERE id = $1))
                AND ({condition}) ORDER BY line"
        );
        let select = query(sqlx::AssertSqlSafe(select)).bind(self.id.as_str());
        let rows = select.fetch_all(db.readers()).await.map_err(|error| db.error(error))?;
        Ok(rows.iter().filter_map(|row| row.text("id").ok()?.parse().ok()).collect())
    }
}
