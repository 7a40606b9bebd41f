//! Other processes that work on the same queue: the signs of life that they get from this one, and
//! the jobs of those that give none.

use std::time::Duration;

use tokio::time::Instant;

use crate::engine;
use crate::error::Error;
use crate::ledger::Ledger;

/// Default of the time without a sign of life after which other machines take the jobs of a process
/// over.
pub(crate) const TAKE_OVER_AFTER: Duration = Duration::from_secs(180);
/// Number of signs of life in this time.
const SIGNS: u32 = 6;
/// Time between two looks at the others.
const LOOK: Duration = Duration::from_secs(3);

/// This process among the others.
pub(crate) struct Others {
    ledger: Ledger,
    owner: String,
    take_over_after: Duration,
    looked: Option<Instant>,
    #[cfg(feature = "postgres")]
    renewed: Instant,
}

impl Others {
    pub(crate) fn new(ledger: &Ledger, owner: &str, take_over_after: Duration) -> Self {
        Self {
            ledger: ledger.clone(),
            owner: owner.to_owned(),
            take_over_after,
            looked: None,
            #[cfg(feature = "postgres")]
            renewed: Instant::now(),
        }
    }

    /// Gives a sign of life, and makes jobs due again whose steps a process had begun that is gone or
    /// silent, if it is time.
    pub(crate) async fn look(&mut self) -> Result<(), Error> {
        let pause = LOOK.min(self.take_over_after / SIGNS);
        if self.looked.is_some_and(|time| time.elapsed() < pause) {
            return Ok(());
        }
        #[cfg(feature = "postgres")]
        if self.ledger.path().is_none() {
            self.renew().await?;
            self.take_over().await?;
        }
        self.release_gone().await?;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Makes jobs due again whose steps a process had begun that is gone.
    async fn release_gone(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        for (owner, seen) in engine::owners(db).await.map_err(|error| db.error(error))? {
            if owner == self.owner || self.ledger.is_alive(&owner, seen).await? {
                continue;
            }
            let mut tx = db.begin().await?;
            engine::release(db, &mut tx, &owner).await.map_err(|error| db.error(error))?;
            db.commit(tx).await?;
            tracing::info!(%owner, "its jobs go on, since it is gone");
        }
        Ok(())
    }

    /// Gives the others a sign of life.
    #[cfg(feature = "postgres")]
    async fn renew(&mut self) -> Result<(), Error> {
        if self.renewed.elapsed() < self.take_over_after / SIGNS {
            return Ok(());
        }
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        engine::renew(&mut tx, &self.owner).await.map_err(|error| db.error(error))?;
        db.commit(tx).await?;
        self.renewed = Instant::now();
        Ok(())
    }

    /// Makes jobs due again whose process has given no sign of life for long.
    #[cfg(feature = "postgres")]
    async fn take_over(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let taken = engine::take_over(&mut tx, self.take_over_after).await;
        let taken = taken.map_err(|error| db.error(error))?;
        db.commit(tx).await?;
        if taken > 0 {
            tracing::info!(jobs = taken, "they go on, since their process is silent");
        }
        Ok(())
    }
}
