//! The processes that run a batch, for others that would run or move it.

use std::time::SystemTime;

use super::Batch;
use crate::again::again;
use crate::clock::{now, to_time};
use crate::database::{Row, query};
use crate::error::Error;
use crate::owner::{Run, process};
use crate::store::place;

/// A process that runs a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchRun {
    /// The process and its machine, for people.
    pub process: String,
    /// When it began.
    pub since: SystemTime,
}

impl Batch {
    /// Returns the processes that run the batch right now, in the order in which they began.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn runs(&self) -> Result<Vec<BatchRun>, Error> {
        let map = self.ledger.inner.db.errors();
        let mut runs = Vec::new();
        for row in self.all_runs().await.map_err(map)? {
            let since = row.int("since").map_err(map)?;
            if self.ledger.is_alive(row.text("run").map_err(map)?, 0).await? {
                let process = row.text("process").map_err(map)?.to_owned();
                runs.push(BatchRun { process, since: to_time(since) });
            }
        }
        Ok(runs)
    }

    async fn all_runs(&self) -> Result<Vec<Row>, sqlx::Error> {
        let select = "SELECT run, process, since FROM batch_run WHERE batch = $1 ORDER BY since";
        query(select).bind(self.id.as_str()).fetch_all(self.ledger.inner.db.readers()).await
    }

    /// Lets others see that this run works on the batch, which has to be here.
    pub(super) async fn enter(&self, run: &Run) -> Result<(), Error> {
        self.ledger.release_movers().await?;
        again!(self.add_run(&run.name()))
    }

    async fn add_run(&self, run: &str) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        place::check(db, &mut tx, &self.id).await?;
        let insert = "INSERT INTO batch_run (run, batch, process, since) VALUES ($1, $2, $3, $4)";
        let insert = query(insert).bind(run).bind(self.id.as_str());
        let insert = insert.bind(process()).bind(now());
        insert.execute(&mut tx).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Lets others see that this run has ended, and runs whose processes are gone.
    pub(super) async fn leave(&self, run: &Run) -> Result<(), Error> {
        let map = self.ledger.inner.db.errors();
        let mut ended = vec![run.name()];
        for row in self.all_runs().await.map_err(map)? {
            let other = row.text("run").map_err(map)?;
            if !self.ledger.is_alive(other, 0).await? {
                ended.push(other.to_owned());
            }
        }
        again!(self.remove_runs(&ended))
    }

    async fn remove_runs(&self, runs: &[String]) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        for run in runs {
            let delete = query("DELETE FROM batch_run WHERE run = $1").bind(run.as_str());
            delete.execute(&mut tx).await.map_err(|error| db.error(error))?;
        }
        db.commit(tx).await
    }
}
