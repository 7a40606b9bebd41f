//! The states of a paid job, and which state may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The state of a job in the ledger.
///
/// ```text
/// intended ─▶ sending ─▶ accepted ─▶ succeeded ─▶ delivered
///     ▲          │  │        └─────▶ failed, cancelled
///     └─not sent─┘  └─▶ refused, unknown ─▶ given_up
/// ```
///
/// A job also becomes `accepted` from any state in which it has no request id, if somebody has
/// its id: an id always wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Written down, and not sent: nothing is paid. A ticket, if it has a price ceiling or expires.
    Intended,
    /// Being sent, or about to be. It may be paid for from now on.
    Sending,
    /// RunComfy accepted it, and its request id is known.
    Accepted,
    /// It is finished, and its result is kept.
    Succeeded,
    /// It is finished with an error.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It was not accepted, and sending it again would change nothing.
    Refused,
    /// It may have been accepted and paid for, and its request id is not known. A person decides.
    Unknown,
    /// A person gave it up.
    GivenUp,
    /// Its outputs were saved.
    Delivered,
}

/// A word that is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be intended, sending, accepted, succeeded, failed, cancelled, refused, unknown, given_up or delivered (found `{0}`)"
)]
pub struct InvalidState(String);

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Intended,
        Self::Sending,
        Self::Accepted,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Refused,
        Self::Unknown,
        Self::GivenUp,
        Self::Delivered,
    ];

    /// Returns the name, such as `given_up`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::GivenUp => "given_up",
            Self::Delivered => "delivered",
        }
    }

    /// Returns `true` if the job takes a place among the jobs in flight.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Sending | Self::Accepted)
    }

    /// Returns `true` if nothing more happens to the job by itself. An unknown job is not
    /// finished: a person decides about it.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Intended | Self::Sending | Self::Accepted | Self::Unknown => false,
            Self::Succeeded
            | Self::Failed
            | Self::Cancelled
            | Self::Refused
            | Self::GivenUp
            | Self::Delivered => true,
        }
    }

    /// Returns the states from which a job may become this one.
    pub(crate) const fn sources(self) -> &'static [Self] {
        match self {
            Self::Intended | Self::Unknown => &[Self::Sending],
            Self::Sending => &[Self::Intended],
            // An id always wins.
            Self::Accepted => &[
                Self::Sending,
                Self::Unknown,
                Self::GivenUp,
                Self::Intended,
                Self::Refused,
                Self::Cancelled,
            ],
            Self::Succeeded | Self::Failed => &[Self::Accepted],
            Self::Cancelled => &[Self::Intended, Self::Accepted],
            // Before it is sent, because a file changed or its text is no model's id.
            Self::Refused => &[Self::Intended, Self::Sending],
            // From `accepted` if RunComfy no longer knows the request.
            Self::GivenUp => &[Self::Unknown, Self::Accepted],
            Self::Delivered => &[Self::Succeeded],
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = InvalidState;

    fn from_str(word: &str) -> Result<Self, InvalidState> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| InvalidState(word.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_in_the_docs_match_the_code() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ledger.md");
        let docs = std::fs::read_to_string(docs).expect("it is there");
        let (_, table) = docs.split_once("| state | meaning | next |\n").expect("there is a table");
        let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
        let mut listed = 0;
        for (row, from) in rows.zip(ORDER) {
            listed += 1;
            let cells: Vec<&str> = row.split('|').collect();
            let words = |cell: usize| cells[cell].split('`').skip(1).step_by(2);
            assert_eq!(words(1).collect::<Vec<_>>(), [from.as_str()]);
            let mut next: Vec<&str> = words(3).collect();
            // The paragraph below the table is about the others.
            let by_id = |to: &State| *to != State::Accepted || from == State::Sending;
            let mut expected: Vec<&str> = State::ALL
                .into_iter()
                .filter(|to| to.sources().contains(&from) && by_id(to))
                .map(State::as_str)
                .collect();
            next.sort();
            expected.sort();
            assert_eq!(next, expected, "{from}");
            assert_eq!(from.as_str().parse(), Ok(from));
        }
        assert_eq!(listed, State::ALL.len());
    }

    /// The order of the table.
    const ORDER: [State; 10] = [
        State::Intended,
        State::Sending,
        State::Accepted,
        State::Succeeded,
        State::Delivered,
        State::Failed,
        State::Cancelled,
        State::Refused,
        State::Unknown,
        State::GivenUp,
    ];
}
