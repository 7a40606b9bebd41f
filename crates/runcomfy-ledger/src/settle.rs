//! Decisions of a person about a job that may have been paid for.

use std::str::FromStr;

use runcomfy::RequestId;
use runcomfy::client::InvalidRequestId;

use crate::error::Error;
use crate::id::JobId;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::state::State;
use crate::store::{self, Change};

/// A person's decision about a job whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It was accepted, and this is its request id. An id always wins: it is taken from any state
    /// in which the job has none.
    RequestId(RequestId),
    /// It was not accepted: give it up, and write down a new job with the same input. A new job,
    /// because the old one may still turn out to be accepted.
    Resubmit,
    /// It is not looked for any more. Its price counts as spent, since it may have been paid for.
    GiveUp,
}

impl FromStr for Settlement {
    type Err = InvalidRequestId;

    /// Reads a request id.
    fn from_str(id: &str) -> Result<Self, InvalidRequestId> {
        id.parse().map(Self::RequestId)
    }
}

impl Ledger {
    /// Carries out a person's decision. Returns the job, or with [`Settlement::Resubmit`] the new
    /// job, which is `intended`.
    ///
    /// A program must not decide this by itself: sending an unknown job again may pay twice.
    ///
    /// # Errors
    ///
    /// [`Error::BeingSent`], [`Error::Illegal`] if the state of the job leaves nothing to decide,
    /// [`Error::RequestIdTaken`], [`Error::Resubmitted`], and errors of the ledger.
    pub async fn settle(&self, id: &JobId, settlement: Settlement) -> Result<Job, Error> {
        let db = &self.inner.db;
        self.settled(self.job(id).await?).await?;
        match settlement {
            Settlement::RequestId(request) => {
                store::change(db, id, Change::accepted(&request)).await
            }
            Settlement::GiveUp => store::change(db, id, Change::to(State::GivenUp)).await,
            Settlement::Resubmit => store::resubmit(db, id).await,
        }
    }
}
