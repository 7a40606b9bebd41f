//! Other processes that work on the same queue: the signs of life that they get from this one, and
//! the jobs of those that give none.

use std::time::Duration;

use tokio::time::Instant;

use crate::again::again;
use crate::clock::now_micros;
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

/// The difference that a clock has to make between two looks to count as set, in microseconds.
const JUMP: i64 = 5_000_000;
/// The most that the clock of this machine may be ahead of the server's or behind, in microseconds.
const MAX_AHEAD: i64 = 30_000_000;

/// This process among the others.
pub(crate) struct Others {
    ledger: Ledger,
    owner: String,
    take_over_after: Duration,
    begun: Instant,
    clocks: Option<Clocks>,
    looked: Option<Instant>,
    #[cfg(feature = "postgres")]
    renewed: Instant,
}

/// The clocks at a moment, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    /// The time by which this machine is ahead of the server. 0 for a file.
    ahead: i64,
    /// The time of the server when this process began to look, had its clock run evenly since.
    origin: i64,
}

impl Others {
    pub(crate) fn new(ledger: &Ledger, owner: &str, take_over_after: Duration) -> Self {
        Self {
            ledger: ledger.clone(),
            owner: owner.to_owned(),
            take_over_after,
            begun: Instant::now(),
            clocks: None,
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
        self.look_at_clocks().await?;
        #[cfg(feature = "postgres")]
        if self.ledger.path().is_none() {
            again!(self.renew())?;
            again!(self.take_over())?;
        }
        self.release_gone().await?;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Makes every waiting job due at once if a clock jumped: their times are by the clock before.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] if the clock of this machine is too far from that of the server.
    async fn look_at_clocks(&mut self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let (passed, before) = (self.begun.elapsed(), now_micros());
        let there = db.now_micros().await.map_err(|error| db.error(error))?;
        // An answer that comes late says nothing about the clock of this machine.
        let ahead = there.max(before).min(now_micros()) - there;
        let passed = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let clocks = Clocks { ahead, origin: there - passed };
        if let Some(old) = self.clocks.replace(clocks)
            && (clocks.origin < old.origin - JUMP || (ahead - old.ahead).abs() > JUMP)
        {
            tracing::warn!(ledger = db.name(), "a clock was set; waiting jobs are due at once");
            again!(self.wake())?;
        }
        if ahead.abs() <= MAX_AHEAD {
            return Ok(());
        }
        let (ahead, most) = (ahead / 1_000_000, MAX_AHEAD / 1_000_000);
        Err(Error::Clock { ledger: db.name().to_owned(), ahead, most })
    }

    async fn wake(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        engine::wake(&mut tx, None).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Makes jobs due again whose steps a process had begun that is gone.
    async fn release_gone(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        for (owner, seen) in engine::owners(db).await.map_err(|error| db.error(error))? {
            if owner == self.owner || self.ledger.is_alive(&owner, seen).await? {
                continue;
            }
            again!(self.release(&owner))?;
            tracing::info!(%owner, "its jobs go on, since it is gone");
        }
        Ok(())
    }

    async fn release(&self, owner: &str) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        engine::release(db, &mut tx, owner).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
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
