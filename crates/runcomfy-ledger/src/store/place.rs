//! The place of a batch: this ledger, another one, or between the two.

use sqlx::AssertSqlSafe;

use crate::database::{Database, Row, Tx, query};
use crate::error::Error;
use crate::id::BatchId;

/// The place of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// This ledger.
    Here,
    /// Not completely here: another ledger has it until it is.
    Arriving,
    /// This ledger, from which a run moves it to another one.
    Leaving,
    /// The ledger of this name.
    MovedTo(String),
}

/// A batch, and its place.
#[derive(Debug)]
pub(crate) struct Found {
    pub name: String,
    pub place: Place,
}

/// Reads the place of a batch, or `None` if this ledger never had it.
pub(crate) async fn of(tx: &mut Tx, batch: &BatchId) -> Result<Option<Found>, sqlx::Error> {
    read(tx, batch, "").await
}

/// Reads the place of a batch, which nobody changes until the transaction ends.
pub(crate) async fn locked(tx: &mut Tx, batch: &BatchId) -> Result<Option<Found>, sqlx::Error> {
    // New jobs of the batch do not wait for this lock.
    let lock = tx.for_update().replace("UPDATE", "NO KEY UPDATE");
    read(tx, batch, &lock).await
}

async fn read(tx: &mut Tx, batch: &BatchId, lock: &str) -> Result<Option<Found>, sqlx::Error> {
    let select = format!("SELECT name, moved_to, arriving, mover FROM batch WHERE id = $1{lock}");
    let select = query(AssertSqlSafe(select)).bind(batch.as_str());
    select.fetch_optional(tx).await?.as_ref().map(found).transpose()
}

fn found(row: &Row) -> Result<Found, sqlx::Error> {
    let place = if row.int("arriving")? != 0 {
        Place::Arriving
    } else if let Some(ledger) = row.optional_text("moved_to")? {
        Place::MovedTo(ledger.to_owned())
    } else if row.optional_text("mover")?.is_some() {
        Place::Leaving
    } else {
        Place::Here
    };
    Ok(Found { name: row.text("name")?.to_owned(), place })
}

/// Fails unless a batch is here. It stays here until the transaction ends.
pub(crate) async fn check(db: &Database, tx: &mut Tx, batch: &BatchId) -> Result<(), Error> {
    let found = locked(tx, batch).await.map_err(|error| db.error(error))?;
    let found = found.ok_or_else(|| Error::NoSuchBatch(batch.to_string()))?;
    found.error().map_or(Ok(()), Err)
}

impl Found {
    /// Returns the reason why nothing can be done with the batch.
    pub(crate) fn error(self) -> Option<Error> {
        let batch = self.name;
        Some(match self.place {
            Place::Here => return None,
            Place::Arriving => Error::Arriving(batch),
            Place::Leaving => Error::BeingMoved(batch),
            Place::MovedTo(to) => Error::Moved { batch, to },
        })
    }
}
