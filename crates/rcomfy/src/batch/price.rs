//! The price of the lines of a batch.

use runcomfy_ledger::Usd;

/// The price of many jobs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TotalPrice {
    /// The highest price of those whose price is known.
    pub most: Usd,
    /// Number of the others.
    pub unpriced: u64,
}

impl TotalPrice {
    /// Returns the price in words.
    pub(crate) fn words(self) -> String {
        match self.unpriced {
            0 => format!("for at most ${}", self.most),
            unpriced if self.most == Usd::ZERO => format!("for {unpriced} unknown prices"),
            unpriced => format!("for at most ${} and {unpriced} unknown prices", self.most),
        }
    }
}
