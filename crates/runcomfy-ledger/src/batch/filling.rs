//! Filling the queue: every job that has something left to do gets a row, a part at a time, while the
//! jobs of earlier parts are worked on. Several processes may fill the queue of one batch at once.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use super::control::Wanted;
use super::{Batch, CHUNK};
use crate::again::again;
use crate::database::{Tx, query};
use crate::engine;
use crate::error::Error;
use crate::id::JobId;

/// The filling of the queue of a batch, as far as it is.
pub(crate) struct Filling {
    batch: Batch,
    /// The condition of a job that has something left to do.
    is_open: String,
    /// The line up to which each job has a row. `None` before the jobs without a line.
    line: Option<i64>,
    /// The newest row that is known. `None` before the first look.
    newest: Option<i64>,
    /// The jobs that others gave a row.
    queued: HashSet<String>,
    is_done: bool,
}

impl Filling {
    pub(crate) fn new(batch: &Batch, wanted: Wanted) -> Self {
        let unsaved = match wanted {
            Wanted::Results => "",
            Wanted::Files => ", 'succeeded'",
        };
        let is_open = format!(
            "state IN ('intended', 'sending', 'accepted'{unsaved})
                OR (state = 'failed' AND retries < {})",
            batch.max_retries
        );
        let (line, newest, queued) = (None, None, HashSet::new());
        Self { batch: batch.clone(), is_open, line, newest, queued, is_done: false }
    }

    /// Returns `true` if every job had its row.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Fills the queue until this time, or to the end.
    pub(crate) async fn go_on(&mut self, until: Instant) -> Result<(), Error> {
        while !self.is_done && Instant::now() < until {
            again!(self.add_part())?;
        }
        Ok(())
    }

    /// Fills the queue to the end.
    pub(crate) async fn end(mut self) -> Result<(), Error> {
        self.batch.ledger.prepare_queue().await?;
        while !self.is_done {
            again!(self.add_part())?;
        }
        Ok(())
    }

    /// Gives the next jobs their rows.
    async fn add_part(&mut self) -> Result<(), Error> {
        let ledger = self.batch.ledger.clone();
        let db = &ledger.inner.db;
        let map = db.errors();
        let mut tx = db.begin().await?;
        // Of two processes that fill this queue, each sees the rows of the other.
        tx.lock_queue(self.batch.id.as_str()).await.map_err(map)?;
        // Read before the rows: a job that is settled in between only has one row too many.
        let (jobs, line, last) = self.next_jobs(&mut tx).await.map_err(map)?;
        self.look_at_rows(&mut tx).await.map_err(map)?;
        let missing = jobs.into_iter().filter(|job| !self.queued.contains(job.as_str()));
        let missing: Vec<JobId> = missing.collect();
        let mut newest = self.newest;
        if !missing.is_empty() {
            newest = Some(engine::enqueue(db, &mut tx, &self.batch.id, &missing).await?);
        }
        db.commit(tx).await?;
        self.newest = newest;
        self.line = Some(line);
        if line >= last {
            self.is_done = true;
            self.queued = HashSet::new();
        }
        Ok(())
    }

    /// Returns the jobs of the next lines that have something left to do, the last of these lines, and
    /// the last line of the batch. First come the jobs without a line.
    async fn next_jobs(&self, tx: &mut Tx) -> Result<(Vec<JobId>, i64, i64), sqlx::Error> {
        let batch = self.batch.id.as_str();
        let lines = query("SELECT lines FROM batch WHERE id = $1").bind(batch);
        let last = lines.fetch_one(&mut *tx).await?.int("lines")?;
        let (lines, to) = match self.line {
            None => ("line IS NULL AND $2 = $3", 0),
            Some(from) => ("line > $2 AND line <= $3", last.min(from.saturating_add(CHUNK as i64))),
        };
        // Between two lines, so that every plan reads only this part.
        let select = format!(
            "SELECT id FROM job WHERE batch = $1 AND superseded = 0 AND {lines} AND ({})
                ORDER BY line",
            self.is_open
        );
        let select = query(AssertSqlSafe(select)).bind(batch);
        let rows = select.bind(self.line.unwrap_or(0)).bind(to).fetch_all(tx).await?;
        let jobs = rows.iter().filter_map(|row| row.text("id").ok()?.parse().ok()).collect();
        Ok((jobs, to, last))
    }

    /// Learns which jobs others gave a row.
    async fn look_at_rows(&mut self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let newest = match self.newest {
            Some(newest) => {
                engine::add_queued(tx, &self.batch.id, newest, &mut self.queued).await?
            }
            None => {
                let newest = engine::newest(tx).await?;
                self.queued = engine::queued(tx, &self.batch.id).await?;
                newest
            }
        };
        self.newest = Some(newest);
        Ok(())
    }
}
