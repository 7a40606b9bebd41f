//! The state of a batch: its lines by state, and its cost.

use std::collections::BTreeMap;

use super::Batch;
use crate::database::query;
use crate::error::Error;
use crate::state::State;
use crate::usd::Usd;

/// The state of a batch at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchStatus {
    /// Number of lines.
    pub lines: u64,
    /// Number of lines by the state of their current job. A line whose job was pruned is in none.
    pub states: BTreeMap<State, u64>,
    /// `true` if nothing is sent until [`Batch::resume`].
    pub is_paused: bool,
    /// `true` if [`Batch::cancel`] was called.
    pub is_cancelled: bool,
    /// The ledger that the batch was moved to. Its jobs and its costs are there.
    pub moved_to: Option<String>,
    /// Costs that RunComfy reported, also of jobs that failed and were paid for again.
    pub spent: Usd,
    /// Prices of jobs that were sent and whose cost is not known.
    pub reserved: Usd,
}

impl BatchStatus {
    /// Returns the number of lines in a state.
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }

    /// Returns the number of lines that were not sent.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.count(State::Intended)
    }

    /// Returns the number of lines that are being sent or run at RunComfy.
    #[must_use]
    pub fn running(&self) -> u64 {
        self.count(State::Sending) + self.count(State::Accepted)
    }

    /// Returns the number of lines with a result.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.count(State::Succeeded) + self.count(State::Delivered)
    }

    /// Returns the number of lines that ended without a result: failed, refused or cancelled.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.count(State::Failed) + self.count(State::Refused) + self.count(State::Cancelled)
    }

    /// Returns the number of lines whose outcome nobody knows: a person decides about them.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.count(State::Unknown)
    }

    /// Returns `true` if no line waits or runs.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting() + self.running() == 0
    }
}

impl Batch {
    /// Returns how far the batch is.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn status(&self) -> Result<BatchStatus, Error> {
        let db = &self.ledger.inner.db;
        self.read_status().await.map_err(|error| db.error(error))
    }

    async fn read_status(&self) -> Result<BatchStatus, sqlx::Error> {
        let db = &self.ledger.inner.db;
        let select =
            query("SELECT lines, state, moved_to FROM batch WHERE id = $1").bind(self.id.as_str());
        let batch = select.fetch_one(db.readers()).await?;
        let (lines, state) = (batch.int("lines")?, batch.text("state")?);
        let select = "SELECT state, COUNT(*) AS jobs FROM job
            WHERE batch = $1 AND superseded = 0 AND (line IS NULL OR line <= $2) GROUP BY state";
        let rows = query(select).bind(self.id.as_str()).bind(lines).fetch_all(db.readers()).await?;
        let mut states = BTreeMap::new();
        for row in rows {
            let jobs = row.int("jobs")?;
            // A state of a newer version is not known here.
            if let Ok(state) = row.text("state")?.parse::<State>() {
                states.insert(state, u64::try_from(jobs).unwrap_or_default());
            }
        }
        let sum = "SELECT CAST(COALESCE(SUM(spent + pruned_spent), 0) AS BIGINT) AS spent,
                CAST(COALESCE(SUM(reserved), 0) AS BIGINT) AS reserved FROM spend WHERE batch = $1";
        let money = query(sum).bind(self.id.as_str()).fetch_one(db.readers()).await?;
        Ok(BatchStatus {
            lines: u64::try_from(lines).unwrap_or_default(),
            states,
            is_paused: state == "paused",
            is_cancelled: state == "cancelled",
            moved_to: batch.optional_text("moved_to")?.map(str::to_owned),
            spent: Usd::from_micros(money.int("spent")?),
            reserved: Usd::from_micros(money.int("reserved")?),
        })
    }

    /// Returns the column `state` of the batch.
    pub(super) async fn phase(&self) -> Result<String, sqlx::Error> {
        let select = query("SELECT state FROM batch WHERE id = $1").bind(self.id.as_str());
        let row = select.fetch_one(self.ledger.inner.db.readers()).await?;
        row.text("state").map(str::to_owned)
    }
}
