//! Ids of jobs and batches: short enough to type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Number of characters: 50 random bits.
const CHARS: usize = 10;

/// The id of a job in a ledger, such as `k3f9q2mz7a`. It is not RunComfy's request id, which is
/// known only once the job is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// The id of a batch in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BatchId(String);

/// A text that is not the id of a job or a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of the ledger has 10 characters, each a digit or a letter a-z (found `{0}`)")]
pub struct InvalidId(String);

/// Returns a new random id.
fn random() -> String {
    let random = std::iter::repeat_with(|| ALPHABET[fastrand::usize(..ALPHABET.len())]);
    random.take(CHARS).map(char::from).collect()
}

/// Reads an id. Capital letters are the same as small ones.
fn parse(text: &str) -> Result<String, InvalidId> {
    let id = text.trim().to_ascii_lowercase();
    if id.len() == CHARS && id.bytes().all(|byte| ALPHABET.contains(&byte)) {
        Ok(id)
    } else {
        Err(InvalidId(text.chars().take(64).collect()))
    }
}

macro_rules! id {
    ($name:ident) => {
        impl $name {
            pub(crate) fn random() -> Self {
                Self(random())
            }

            /// Returns the id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id!(JobId);
id!(BatchId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_a_stranger_is_refused() {
        let id = JobId::random();
        assert_eq!(id.as_str().to_uppercase().parse(), Ok(id.clone()));
        assert_ne!(id, JobId::random());
        for wrong in ["", "k3f9q2mz7", "k3f9q2mz7ab", "k3f9q2mz7i", "../../etc/"] {
            assert!(wrong.parse::<JobId>().is_err(), "{wrong}");
        }
    }
}
