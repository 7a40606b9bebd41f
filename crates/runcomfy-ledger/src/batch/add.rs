//! Adding lines to a batch: all of them or none, however the process ends.

use std::collections::HashMap;

use super::{Batch, CHUNK};
use crate::again::again;
use crate::database::{Tx, query};
use crate::error::Error;
use crate::intent::{Hashes, Intent, IntoIntent};
use crate::job::{Again, Job};
use crate::ledger::{blocking, new_job};
use crate::store::{many, place};

/// Lines that were left out, each with its number within the call and the reason.
type LeftOut = Vec<(u64, Error)>;

/// The lines that are read so far.
struct Lines {
    /// Number of lines that were given.
    given: u64,
    /// Number of the last line of the batch.
    last: u64,
    /// The lines with each fingerprint.
    seen: HashMap<String, u64>,
    /// Files that were read.
    hashes: Hashes,
    /// `None` if the first bad line is an error.
    left_out: Option<LeftOut>,
}

impl Batch {
    /// Adds lines: all of them, or none if one cannot be written down. Nothing is sent before
    /// [`Batch::run`]. Local files are read, each once, and their hashes are kept. Returns the
    /// number of lines that the batch has now.
    ///
    /// # Errors
    ///
    /// [`Error::Line`] with the number of the line, counted within this call, and the reason: an
    /// error of [`Ledger::intend`](crate::Ledger::intend), or [`Error::Repeated`] if two lines have
    /// the same input and [`Intent::again`] was not called. [`Error::BeingAdded`] if another
    /// process adds lines, and [`Error::Moved`].
    pub async fn add<I: IntoIntent>(
        &self,
        lines: impl IntoIterator<Item = I>,
    ) -> Result<u64, Error> {
        Ok(self.write_all(lines, None).await?.last)
    }

    /// Adds the lines that can be written down, as [`Batch::add`] does. Returns the others, each
    /// with its number within this call, from 1, and the reason.
    ///
    /// # Errors
    ///
    /// The errors of [`Batch::add`], except for [`Error::Line`]. Then no line is added.
    pub async fn add_valid<I: IntoIntent>(
        &self,
        lines: impl IntoIterator<Item = I>,
    ) -> Result<Vec<(u64, Error)>, Error> {
        Ok(self.write_all(lines, Some(Vec::new())).await?.left_out.unwrap_or_default())
    }

    async fn write_all<I: IntoIntent>(
        &self,
        lines: impl IntoIterator<Item = I>,
        left_out: Option<LeftOut>,
    ) -> Result<Lines, Error> {
        // Others see it to be alive as long as this is held.
        let run = self.ledger.begin().await?;
        let adder = run.name();
        let first = again!(self.begin_adding(&adder))?;
        let (seen, hashes) = (HashMap::new(), Hashes::new());
        let read = Lines { given: 0, last: first, seen, hashes, left_out };
        let written = self.write_lines(&adder, read, lines).await;
        let last = written.as_ref().map_or(first, |lines| lines.last);
        let ended = again!(self.end_adding(&adder, last));
        let written = written?;
        ended.map(|()| written)
    }

    /// Makes this run the one that adds lines, and removes those that a killed one has left.
    /// Returns the number of complete lines.
    async fn begin_adding(&self, adder: &str) -> Result<u64, Error> {
        let db = &self.ledger.inner.db;
        let map = |error| db.error(error);
        let mut tx = db.begin().await?;
        place::check(db, &mut tx, &self.id).await?;
        let select = query("SELECT adder, lines FROM batch WHERE id = $1").bind(self.id.as_str());
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
        self.remove_after(&mut tx, lines).await.map_err(map)?;
        db.commit(tx).await?;
        Ok(u64::try_from(lines).unwrap_or_default())
    }

    /// Makes the lines up to this one part of the batch, and removes the others.
    async fn end_adding(&self, adder: &str, last: u64) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let map = db.errors();
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        let mut tx = self.adding(adder).await?;
        let update = query("UPDATE batch SET adder = NULL, lines = $2 WHERE id = $1");
        let update = update.bind(self.id.as_str()).bind(last);
        update.execute(&mut tx).await.map_err(map)?;
        self.remove_after(&mut tx, last).await.map_err(map)?;
        db.commit(tx).await
    }

    /// Removes the jobs of the lines after this one, which are not part of the batch.
    async fn remove_after(&self, tx: &mut Tx, last: i64) -> Result<(), sqlx::Error> {
        let delete = query("DELETE FROM job WHERE batch = $1 AND line > $2 AND state = 'intended'");
        delete.bind(self.id.as_str()).bind(last).execute(tx).await?;
        Ok(())
    }

    /// Begins a transaction in which this run, and no other, adds lines.
    async fn adding(&self, adder: &str) -> Result<Tx, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let update = query("UPDATE batch SET adder = adder WHERE id = $1 AND adder = $2");
        let update = update.bind(self.id.as_str()).bind(adder).execute(&mut tx);
        // Somebody took this process for dead, and adds lines.
        if update.await.map_err(|error| db.error(error))? == 0 {
            return Err(Error::BeingAdded(self.name.clone()));
        }
        Ok(tx)
    }

    /// Writes lines after the last one.
    async fn write_lines<I: IntoIntent>(
        &self,
        adder: &str,
        mut read: Lines,
        lines: impl IntoIterator<Item = I>,
    ) -> Result<Lines, Error> {
        let mut lines = lines.into_iter();
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            for line in lines.by_ref().take(CHUNK) {
                read.given += 1;
                match line.into_intent() {
                    Ok(intent) => {
                        let intent = Intent { batch: Some(self.id.clone()), ..intent };
                        chunk.push((read.given, intent));
                    }
                    Err(error) => read.refuse(read.given, error.into())?,
                }
            }
            if chunk.is_empty() {
                return Ok(read);
            }
            let (mut kept, jobs) = blocking(move || read.jobs(chunk)).await?;
            // Once, and not in the transaction, which may run again.
            let mut jobs = self.without_twins(&mut kept, jobs).await?;
            again!(self.write_jobs(adder, &mut jobs))?;
            read = kept;
        }
    }

    async fn write_jobs(&self, adder: &str, jobs: &mut [Job]) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.adding(adder).await?;
        many::choose_ids(&mut tx, jobs).await.map_err(|error| db.error(error))?;
        many::insert(db, &mut tx, jobs).await?;
        db.commit(tx).await
    }

    /// Leaves out the jobs whose input another job or an earlier line has, and numbers the others.
    async fn without_twins(
        &self,
        read: &mut Lines,
        jobs: Vec<(u64, Job)>,
    ) -> Result<Vec<Job>, Error> {
        let guarded = jobs.iter().filter(|(_, job)| job.again == Again::No);
        let prints: Vec<&str> = guarded.map(|(_, job)| job.fingerprint.as_str()).collect();
        let mut twins = many::twins(&self.ledger.inner.db, &prints).await?;
        let mut kept = Vec::with_capacity(jobs.len());
        for (line, job) in jobs {
            let earlier = *read.seen.entry(job.fingerprint.clone()).or_insert(line);
            if job.again == Again::No {
                if earlier != line {
                    read.refuse(line, Error::Repeated(earlier))?;
                    continue;
                }
                if let Some(twin) = twins.remove(&job.fingerprint) {
                    read.refuse(line, Error::Twin(Box::new(twin)))?;
                    continue;
                }
            }
            read.last += 1;
            kept.push(Job { line: Some(read.last), ..job });
        }
        Ok(kept)
    }

    /// Removes the batch if it has no lines. Returns `false`, and changes nothing, if it has some.
    ///
    /// # Errors
    ///
    /// [`Error::BeingAdded`], or if the ledger cannot be written.
    pub async fn discard(self) -> Result<bool, Error> {
        let run = self.ledger.begin().await?;
        let adder = run.name();
        let lines = again!(self.begin_adding(&adder))?;
        again!(self.end_adding(&adder, lines))?;
        again!(self.remove())
    }

    async fn remove(&self) -> Result<bool, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let delete = "DELETE FROM batch WHERE id = $1 AND lines = 0 AND adder IS NULL
            AND NOT EXISTS (SELECT 1 FROM job WHERE batch = $1)";
        let delete = query(delete).bind(self.id.as_str()).execute(&mut tx).await;
        let deleted = delete.map_err(|error| db.error(error))?;
        db.commit(tx).await?;
        Ok(deleted > 0)
    }
}

impl Lines {
    /// Leaves a line out, or fails because of it.
    fn refuse(&mut self, line: u64, error: Error) -> Result<(), Error> {
        match &mut self.left_out {
            Some(left_out) => {
                left_out.push((line, error));
                Ok(())
            }
            None => Err(Error::Line { line, source: Box::new(error) }),
        }
    }

    /// Makes lines jobs. It blocks: their files are read.
    fn jobs(mut self, lines: Vec<(u64, Intent)>) -> Result<(Self, Vec<(u64, Job)>), Error> {
        let mut jobs = Vec::with_capacity(lines.len());
        for (line, intent) in lines {
            match new_job(intent, &mut self.hashes) {
                Ok(job) => jobs.push((line, job)),
                Err(error) => self.refuse(line, error)?,
            }
        }
        Ok((self, jobs))
    }
}
