//! Moving a batch to another ledger. The jobs are copied first, into a batch that nothing can be done
//! with. Then this ledger writes down, in one commit, that the other one has the batch, and from
//! that commit on nothing can be done with it here. It can be stopped and begun again at any point.

use super::{Batch, check_name};
use crate::again::again;
use crate::database::{Database, Query, Tx, query};
use crate::engine;
use crate::error::Error;
use crate::id::JobId;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::owner::Run;
use crate::store::many::{self, CHUNK};
use crate::store::place::{self, Place};

/// The columns of a batch that move with it, besides its name and its state.
const NUMBERS: [&str; 3] = ["created_at", "lines", "max_retries"];

impl Batch {
    /// Moves the batch to another ledger, and returns it there: its jobs with their ids, states,
    /// results and costs, which then count in the other ledger and no longer in this one. Nothing is
    /// sent. Local files keep their paths, so they have to be there too.
    ///
    /// Killed or failed at any moment, it can be called again with the same ledger, and goes on.
    /// Until the last job is copied, the batch can also be run here as before.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] and [`Error::BeingSent`] while a process works on the batch,
    /// [`Error::BatchExists`] if the other ledger has another batch of this name,
    /// [`Error::SameLedger`], [`Error::Moved`] if it was moved to a third ledger, and errors of both
    /// ledgers.
    pub async fn move_to(&self, to: &Ledger) -> Result<Self, Error> {
        self.move_to_as(to, &self.name).await
    }

    /// Moves the batch as [`Batch::move_to`] does, and gives it another name there: that of this one
    /// may be taken.
    ///
    /// # Errors
    ///
    /// The errors of [`Batch::move_to`], and [`Error::BatchName`].
    pub async fn move_to_as(&self, to: &Ledger, name: &str) -> Result<Self, Error> {
        // A name from an earlier version may be kept.
        if name != self.name {
            check_name(name)?;
        }
        let there = Self { ledger: to.clone(), name: name.to_owned(), ..self.clone() };
        let (leaving, arriving) = (self.ledger.begin().await?, to.begin().await?);
        if self.begin_leaving(&leaving, &there).await?
            && let Err(error) = self.leave_for(&there, &leaving, &arriving).await
        {
            // If this fails, the next process that opens the ledger does it.
            let _ = self.stay(&leaving.name()).await;
            return Err(error);
        }
        there.has_arrived().await?;
        self.remove_jobs().await?;
        to.find_batch(self.id.as_str()).await
    }

    /// Lets nobody change the batch but this run. Returns `false` if it has left before.
    async fn begin_leaving(&self, run: &Run, there: &Self) -> Result<bool, Error> {
        self.ledger.release_movers().await?;
        if let Some(run) = self.runs().await?.into_iter().next() {
            return Err(Error::InUse { batch: self.name.clone(), process: run.process });
        }
        for id in self.ids("state = 'sending'").await? {
            // Nobody may know yet that its sender is gone.
            self.ledger.settled(self.ledger.job(&id).await?).await?;
        }
        let other = again!(there.place())?;
        again!(self.lock_out(&run.name(), there.ledger.name(), other.as_ref()))
    }

    async fn lock_out(&self, run: &str, to: &str, other: Option<&Place>) -> Result<bool, Error> {
        let db = &self.ledger.inner.db;
        let map = db.errors();
        let mut tx = db.begin().await?;
        tx.lock_jobs().await.map_err(map)?;
        let place = place::locked(&mut tx, &self.id).await.map_err(map)?.map(|found| found.place);
        match place {
            // Only the ledger that it went to has every job.
            Some(Place::MovedTo(ledger)) if ledger == to => return Ok(false),
            _ => place::check(db, &mut tx, &self.id).await?,
        }
        if matches!(other, Some(Place::Here | Place::Leaving)) {
            return Err(Error::SameLedger(self.name.clone()));
        }
        self.refuse_if_busy(&mut tx).await?;
        let update = query("UPDATE batch SET mover = $2 WHERE id = $1").bind(self.id.as_str());
        update.bind(run).execute(&mut tx).await.map_err(map)?;
        db.commit(tx).await?;
        Ok(true)
    }

    /// Fails if a process sends a job of the batch, has begun a step of one, or adds lines.
    async fn refuse_if_busy(&self, tx: &mut Tx) -> Result<(), Error> {
        let map = self.ledger.inner.db.errors();
        let select = "SELECT id FROM job WHERE batch = $1 AND state = 'sending' LIMIT 1";
        let sending = query(select).bind(self.id.as_str()).fetch_optional(&mut *tx).await;
        if let Some(row) = sending.map_err(map)? {
            let id = row.text("id").map_err(map)?;
            return Err(id.parse().map_or(Error::NoSuchJob(id.to_owned()), Error::BeingSent));
        }
        for owner in engine::working(&self.ledger.inner.db, tx, &self.id).await.map_err(map)? {
            if self.ledger.is_alive(&owner, 0).await? {
                let process = "another process".to_owned();
                return Err(Error::InUse { batch: self.name.clone(), process });
            }
        }
        let select = query("SELECT adder FROM batch WHERE id = $1").bind(self.id.as_str());
        let row = select.fetch_one(tx).await.map_err(map)?;
        match row.optional_text("adder").map_err(map)? {
            Some(adder) if self.ledger.is_alive(adder, 0).await? => {
                Err(Error::BeingAdded(self.name.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the place of the batch as this ledger knows it.
    async fn place(&self) -> Result<Option<Place>, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let found = place::of(&mut tx, &self.id).await.map_err(|error| db.error(error))?;
        Ok(found.map(|found| found.place))
    }

    async fn leave_for(&self, there: &Self, run: &Run, arriving: &Run) -> Result<(), Error> {
        self.copy(there, arriving).await?;
        self.has_left(run, there.ledger.name()).await
    }

    /// Copies every job to the other ledger, where an earlier attempt may have left some.
    async fn copy(&self, there: &Self, arriving: &Run) -> Result<(), Error> {
        let (db, other) = (&self.ledger.inner.db, &there.ledger.inner.db);
        let run = arriving.name();
        there.ledger.prepare_queue().await?;
        there.ledger.release_movers().await?;
        again!(self.begin_arriving(there, &run))?;
        there.remove_jobs().await?;
        let ids = many::ids(db.readers(), &self.id).await.map_err(|error| db.error(error))?;
        let (mut links, mut copied) = (Vec::new(), 0);
        for chunk in ids.chunks(CHUNK) {
            let jobs = again!(self.copy_jobs(there, &run, chunk))?;
            copied += jobs.len();
            links.extend(jobs.into_iter().filter_map(|job| Some((job.id, job.resubmits?))));
        }
        for chunk in links.chunks(CHUNK) {
            again!(there.link(&run, chunk))?;
        }
        again!(self.copy_pruned(there, &run))?;
        let found = many::ids(other.readers(), &self.id).await;
        if found.map_err(|error| other.error(error))?.len() == copied {
            Ok(())
        } else {
            Err(Error::BeingMoved(self.name.clone()))
        }
    }

    async fn copy_jobs(&self, there: &Self, run: &str, ids: &[JobId]) -> Result<Vec<Job>, Error> {
        let (db, other) = (&self.ledger.inner.db, &there.ledger.inner.db);
        let mut from = db.begin().await?;
        let rows = many::read(&mut from, ids).await.map_err(|error| db.error(error))?;
        drop(from);
        let mut to = there.receiving(run).await?;
        let jobs = many::receive(other, &mut to, &rows).await?;
        other.commit(to).await?;
        Ok(jobs)
    }

    /// Writes the batch down in the other ledger, as one that is not completely there.
    async fn begin_arriving(&self, there: &Self, run: &str) -> Result<(), Error> {
        let (db, other) = (&self.ledger.inner.db, &there.ledger.inner.db);
        let map = db.errors();
        let columns = NUMBERS.join(", ");
        let select =
            query(sqlx::AssertSqlSafe(format!("SELECT state, {columns} FROM batch WHERE id = $1")));
        let row = select.bind(self.id.as_str()).fetch_one(db.readers()).await.map_err(map)?;
        let mut values = query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO batch (id, mover, arriving, name, state, {columns})
                VALUES ($1, $2, 1, $3, $4, $5, $6, $7)
                ON CONFLICT (id) DO UPDATE SET mover = $2, arriving = 1, name = $3, state = $4,
                    created_at = $5, lines = $6, max_retries = $7
                WHERE batch.mover IS NULL AND (batch.arriving = 1 OR batch.moved_to IS NOT NULL)"
        )))
        .bind(self.id.as_str())
        .bind(run)
        .bind(there.name.as_str())
        .bind(row.text("state").map_err(map)?);
        for column in NUMBERS {
            values = values.bind(row.int(column).map_err(map)?);
        }
        let mut tx = other.begin().await?;
        let written = values.execute(&mut tx).await.map_err(|error| there.taken(other, error))?;
        if written == 0 {
            return Err(Error::BeingMoved(self.name.clone()));
        }
        other.commit(tx).await
    }

    /// Begins a transaction in which this run, and no other, brings jobs of the batch here.
    async fn receiving(&self, run: &str) -> Result<Tx, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let update = "UPDATE batch SET mover = mover WHERE id = $1 AND mover = $2 AND arriving = 1";
        let update = query(update).bind(self.id.as_str()).bind(run);
        if update.execute(&mut tx).await.map_err(|error| db.error(error))? == 0 {
            return Err(Error::BeingMoved(self.name.clone()));
        }
        Ok(tx)
    }

    async fn link(&self, run: &str, links: &[(JobId, JobId)]) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.receiving(run).await?;
        many::link(&mut tx, links).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Copies what jobs cost that are no longer there.
    async fn copy_pruned(&self, there: &Self, run: &str) -> Result<(), Error> {
        let (db, other) = (&self.ledger.inner.db, &there.ledger.inner.db);
        let map = db.errors();
        let select = "SELECT day, model, pruned_jobs, pruned_spent FROM spend
            WHERE batch = $1 AND pruned_jobs > 0";
        let select = query(select).bind(self.id.as_str());
        let rows = select.fetch_all(db.readers()).await.map_err(map)?;
        let mut to = there.receiving(run).await?;
        for row in rows {
            let insert = "INSERT INTO spend (day, model, batch, jobs, spent, reserved, unpriced,
                    pruned_jobs, pruned_spent) VALUES ($1, $2, $3, 0, 0, 0, 0, $4, $5)
                ON CONFLICT (day, model, batch) DO UPDATE SET pruned_jobs = $4, pruned_spent = $5";
            let insert = query(insert).bind(row.int("day").map_err(map)?);
            let insert = insert.bind(row.text("model").map_err(map)?).bind(self.id.as_str());
            let insert = insert.bind(row.int("pruned_jobs").map_err(map)?);
            let insert = insert.bind(row.int("pruned_spent").map_err(map)?);
            insert.execute(&mut to).await.map_err(|error| other.error(error))?;
        }
        other.commit(to).await
    }

    /// Writes down that the other ledger has the batch: the one moment at which it changes its place.
    async fn has_left(&self, run: &Run, to: &str) -> Result<(), Error> {
        let update = "UPDATE batch SET moved_to = $3, mover = NULL WHERE id = $1 AND mover = $2";
        let update = query(update).bind(self.id.as_str()).bind(run.name()).bind(to);
        // Somebody took this process for dead, and may work on the batch.
        if self.update(update).await? == 0 {
            Err(Error::BeingMoved(self.name.clone()))
        } else {
            Ok(())
        }
    }

    async fn stay(&self, run: &str) -> Result<u64, Error> {
        let update = "UPDATE batch SET mover = NULL WHERE id = $1 AND mover = $2";
        self.update(query(update).bind(self.id.as_str()).bind(run)).await
    }

    /// Makes this ledger the place of the batch, of which every job is here.
    async fn has_arrived(&self) -> Result<u64, Error> {
        let update = "UPDATE batch SET arriving = 0, moved_to = NULL, mover = NULL
            WHERE id = $1 AND arriving = 1";
        self.update(query(update).bind(self.id.as_str())).await
    }

    async fn update(&self, update: Query) -> Result<u64, Error> {
        let db = &self.ledger.inner.db;
        again!(execute(db, update.clone()))
    }

    /// Removes the jobs of a batch that another ledger has, a part at a time, and what they count
    /// for here.
    async fn remove_jobs(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        again!(self.unlink())?;
        let ids = many::ids(db.readers(), &self.id).await.map_err(|error| db.error(error))?;
        for chunk in ids.chunks(CHUNK) {
            again!(self.remove_part(chunk))?;
        }
        while again!(self.forget_rows())? > 0 {}
        again!(self.remove_rest())
    }

    async fn unlink(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.elsewhere().await?;
        many::unlink(&mut tx, &self.id).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    async fn remove_part(&self, ids: &[JobId]) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.elsewhere().await?;
        many::remove(db, &mut tx, ids).await?;
        db.commit(tx).await
    }

    /// Removes a part of its rows in the queue. Returns their number.
    async fn forget_rows(&self) -> Result<u64, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.elsewhere().await?;
        let removed = engine::forget(&mut tx, &self.id).await.map_err(|error| db.error(error))?;
        db.commit(tx).await?;
        Ok(removed)
    }

    async fn remove_rest(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.elsewhere().await?;
        for statement in [
            "UPDATE spend SET pruned_jobs = 0, pruned_spent = 0 WHERE batch = $1",
            "DELETE FROM batch_run WHERE batch = $1",
        ] {
            let statement = query(statement).bind(self.id.as_str()).execute(&mut tx);
            statement.await.map_err(|error| db.error(error))?;
        }
        db.commit(tx).await
    }

    /// Begins a transaction in which another ledger has the batch.
    async fn elsewhere(&self) -> Result<Tx, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let found = place::locked(&mut tx, &self.id).await.map_err(|error| db.error(error))?;
        match found.map(|found| found.place) {
            Some(Place::MovedTo(_) | Place::Arriving) => Ok(tx),
            _ => Err(Error::BeingMoved(self.name.clone())),
        }
    }
}

impl Ledger {
    /// Lets batches be used again whose move was interrupted before they left.
    pub(crate) async fn release_movers(&self) -> Result<(), Error> {
        let db = &self.inner.db;
        let map = db.errors();
        let select = query("SELECT id, mover FROM batch WHERE mover IS NOT NULL");
        for row in select.fetch_all(db.readers()).await.map_err(map)? {
            let (id, mover) = (row.text("id").map_err(map)?, row.text("mover").map_err(map)?);
            if self.is_alive(mover, 0).await? {
                continue;
            }
            let update = "UPDATE batch SET mover = NULL WHERE id = $1 AND mover = $2";
            let update = query(update).bind(id).bind(mover);
            again!(execute(db, update.clone()))?;
        }
        Ok(())
    }
}

/// Makes one change in a transaction.
async fn execute(db: &Database, update: Query) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    let changed = update.execute(&mut tx).await.map_err(|error| db.error(error))?;
    db.commit(tx).await?;
    Ok(changed)
}
