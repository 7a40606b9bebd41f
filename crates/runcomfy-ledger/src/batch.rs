//! Batches: many jobs of one purpose, which are written down together and run to their end.

mod control;
mod others;
mod run;
mod status;
mod steps;

use std::collections::HashMap;
use std::time::SystemTime;

pub use control::Cancelled;
pub use run::BatchOptions;
pub use status::BatchStatus;
pub use steps::WorkerStatus;

pub(crate) use others::{Others, TAKE_OVER_AFTER};
pub(crate) use steps::Steps;

use sqlx::AssertSqlSafe;

use crate::clock::{now, to_millis, to_time};
use crate::database::{Row, query};
use crate::engine;
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::intent::{Hashes, Intent, IntoIntent};
use crate::job::{Again, Job};
use crate::ledger::{Ledger, blocking, new_job};
use crate::place::file_error;
use crate::row;
use crate::store;

/// Number of lines that are written in one transaction. Other processes write in between.
const CHUNK: usize = 1_000;

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
    /// [`Error::BatchExists`], or if the ledger cannot be written.
    pub async fn create_batch(&self, new: impl Into<NewBatch>) -> Result<Batch, Error> {
        let NewBatch { name, max_retries } = new.into();
        let db = &self.inner.db;
        self.prepare_queue().await?;
        let (id, created_at) = (BatchId::random(), to_time(now()));
        let mut tx = db.begin().await?;
        let insert =
            "INSERT INTO batch (id, name, created_at, max_retries) VALUES ($1, $2, $3, $4)";
        let insert = query(insert).bind(id.as_str()).bind(name.as_str());
        let insert = insert.bind(to_millis(created_at)).bind(i64::from(max_retries));
        insert.execute(&mut tx).await.map_err(|error| {
            let is_taken =
                error.as_database_error().is_some_and(|error| error.is_unique_violation());
            if is_taken { Error::BatchExists(name.clone()) } else { db.error(error) }
        })?;
        db.commit(tx).await?;
        Ok(Batch { id, name, created_at, max_retries, ledger: self.clone() })
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
        engine::migrate(&self.inner.db).await?;
        drop(guard);
        Ok(())
    }
}

impl Batch {
    /// Adds lines: all of them, or none if one cannot be written down. Nothing is sent before
    /// [`Batch::run`]. Local files are read, each once, and their hashes are kept. Returns the
    /// number of lines that the batch has now.
    ///
    /// # Errors
    ///
    /// [`Error::Line`] with the number of the line, counted within this call, and the reason: an
    /// error of [`Ledger::intend`], or [`Error::Repeated`] if two lines have the same input and
    /// [`Intent::again`] was not called. [`Error::BeingAdded`] if another process adds lines.
    pub async fn add<I: IntoIntent>(
        &self,
        lines: impl IntoIterator<Item = I>,
    ) -> Result<u64, Error> {
        let adder = self.ledger.begin().await?;
        let first = self.begin_adding(&adder.name()).await?;
        let added = self.write_lines(first, lines).await;
        let last = *added.as_ref().unwrap_or(&first);
        self.end_adding(&adder.name(), last).await?;
        added
    }

    /// Makes this run the one that adds lines, and removes those that a killed one has left.
    /// Returns the number of complete lines.
    async fn begin_adding(&self, adder: &str) -> Result<u64, Error> {
        let db = &self.ledger.inner.db;
        let map = |error| db.error(error);
        let mut tx = db.begin().await?;
        let select = "SELECT adder, lines FROM batch WHERE id = $1".to_owned() + tx.for_update();
        let select = query(AssertSqlSafe(select)).bind(self.id.as_str());
        let row = select.fetch_one(&mut tx).await.map_err(map)?;
        let other = row.optional_text("adder").map_err(map)?;
        if let Some(other) = other
            && self.ledger.is_alive(other, 0).await?
        {
            return Err(Error::BeingAdded(self.name.clone()));
        }
        let lines = row.int("lines").map_err(map)?;
        let update = query("UPDATE batch SET adder = $2 WHERE id = $1").bind(self.id.as_str());
        update.bind(adder).execute(&mut tx).await.map_err(map)?;
        let delete = query("DELETE FROM job WHERE batch = $1 AND line > $2 AND state = 'intended'");
        let delete = delete.bind(self.id.as_str()).bind(lines);
        delete.execute(&mut tx).await.map_err(map)?;
        db.commit(tx).await?;
        Ok(u64::try_from(lines).unwrap_or_default())
    }

    /// Makes the lines up to this one part of the batch, and removes the others.
    async fn end_adding(&self, adder: &str, last: u64) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        let mut tx = db.begin().await?;
        let update = "UPDATE batch SET adder = NULL, lines = $3 WHERE id = $1 AND adder = $2";
        let update = query(update).bind(self.id.as_str()).bind(adder).bind(last);
        update.execute(&mut tx).await.map_err(|error| db.error(error))?;
        let delete = query("DELETE FROM job WHERE batch = $1 AND line > $2 AND state = 'intended'");
        let delete = delete.bind(self.id.as_str()).bind(last);
        delete.execute(&mut tx).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Writes lines after a line. Returns the number of the last.
    async fn write_lines<I: IntoIntent>(
        &self,
        first: u64,
        lines: impl IntoIterator<Item = I>,
    ) -> Result<u64, Error> {
        let (mut hashes, mut seen) = (Hashes::new(), HashMap::new());
        let mut number = first;
        let mut intents = Vec::new();
        let mut lines = lines.into_iter();
        loop {
            for line in lines.by_ref().take(CHUNK) {
                number += 1;
                let intent =
                    line.into_intent().map_err(|error| at(number - first, error.into()))?;
                intents.push((number, Intent { batch: Some(self.id.clone()), ..intent }));
            }
            if intents.is_empty() {
                return Ok(number);
            }
            let chunk = std::mem::take(&mut intents);
            let (jobs, kept) = blocking(move || {
                let job = |(line, intent)| {
                    let job =
                        new_job(intent, &mut hashes).map_err(|error| at(line - first, error))?;
                    Ok(Job { line: Some(line), ..job })
                };
                let jobs: Result<Vec<Job>, Error> = chunk.into_iter().map(job).collect();
                Ok((jobs?, hashes))
            })
            .await?;
            hashes = kept;
            self.write_jobs(first, &jobs, &mut seen).await?;
        }
    }

    async fn write_jobs(
        &self,
        first: u64,
        jobs: &[Job],
        seen: &mut HashMap<String, u64>,
    ) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        for job in jobs {
            let line = job.line.unwrap_or_default() - first;
            let earlier = *seen.entry(job.fingerprint.clone()).or_insert(line);
            if job.again == Again::No {
                if earlier != line {
                    return Err(at(line, Error::Repeated(earlier)));
                }
                let twin = store::twin(&mut tx, &job.fingerprint, &job.id).await;
                if let Some(twin) = twin.map_err(|error| db.error(error))? {
                    return Err(at(line, Error::Twin(Box::new(row::job(&twin)?))));
                }
            }
            store::insert(db, &mut tx, job).await?;
        }
        db.commit(tx).await
    }

    /// Removes the batch if it has no lines. Returns `false`, and changes nothing, if it has some.
    ///
    /// # Errors
    ///
    /// [`Error::BeingAdded`], or if the ledger cannot be written.
    pub async fn discard(self) -> Result<bool, Error> {
        let adder = self.ledger.begin().await?;
        let lines = self.begin_adding(&adder.name()).await?;
        self.end_adding(&adder.name(), lines).await?;
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let delete = "DELETE FROM batch WHERE id = $1 AND lines = 0 AND adder IS NULL
            AND NOT EXISTS (SELECT 1 FROM job WHERE batch = $1)";
        let delete = query(delete).bind(self.id.as_str()).execute(&mut tx).await;
        let deleted = delete.map_err(|error| db.error(error))?;
        db.commit(tx).await?;
        Ok(deleted > 0)
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

fn at(line: u64, source: Error) -> Error {
    Error::Line { line, source: Box::new(source) }
}
