//! Transactions and reads that are tried again, on PostgreSQL: what failed before its commit has
//! changed nothing.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::sleep;

use crate::error::Error;

/// Number of attempts.
const ATTEMPTS: u32 = 6;
/// Delay before the second attempt. Each is twice as long as the one before.
const DELAY: Duration = Duration::from_millis(50);

/// Runs a transaction, and again from its start if it was the loser of a conflict, or lost its
/// connection before the commit. The expression begins it and ends with the commit.
macro_rules! again {
    ($transaction:expr) => {{
        let mut attempts = $crate::again::Attempts::new();
        loop {
            match $transaction.await {
                Err(error) if attempts.again(&error).await => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use again;

/// The attempts of a transaction or of a read.
#[derive(Debug)]
pub(crate) struct Attempts {
    left: u32,
    delay: Duration,
}

impl Attempts {
    pub(crate) const fn new() -> Self {
        Self { left: ATTEMPTS - 1, delay: DELAY }
    }

    /// Waits before the next attempt of a transaction. Returns `false` if this was the last.
    pub(crate) async fn again(&mut self, error: &Error) -> bool {
        match error {
            Error::Conflict { .. } => self.wait(error).await,
            // The error of a commit is another type: the commit may have been done.
            Error::Database { source, .. } => match source.downcast_ref::<sqlx::Error>() {
                Some(source) => self.again_after(source).await,
                None => false,
            },
            _ => false,
        }
    }

    /// Waits before the next attempt of a read.
    pub(crate) async fn again_after(&mut self, error: &sqlx::Error) -> bool {
        may_repeat(error) && self.wait(error).await
    }

    async fn wait(&mut self, error: &(dyn std::error::Error + Sync)) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        tracing::debug!(%error, "tried again");
        self.left = left;
        // Those that disturbed each other do not meet again.
        sleep(self.delay.mul_f64(0.5 + fastrand::f64())).await;
        self.delay *= 2;
        true
    }
}

/// Returns `true` for a statement that lost a conflict or its connection: the transaction is rolled
/// back.
fn may_repeat(error: &sqlx::Error) -> bool {
    match error {
        // A network that is cut would take as long again.
        sqlx::Error::Io(error) => error.kind() != ErrorKind::TimedOut,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // A serialization failure, a deadlock; the server is shutting down, or was; a connection
            // that failed.
            matches!(&*code, "40001" | "40P01" | "57P01" | "57P02" | "57P03")
                || (code.len() == 5 && code.starts_with("08"))
        }),
        _ => false,
    }
}
