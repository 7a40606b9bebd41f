//! An owner on PostgreSQL: one session that holds an advisory lock for as long as its program lives.
//!
//! The server releases the lock when the session ends: at once if the program ends, and within half
//! a minute if its machine or the network is gone. A program that is stopped keeps its session.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::{OnceCell, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::database::{Target, query};
use crate::postgres::{Address, ping};

/// Time between two signs of life. A server may end sessions that are idle for long.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Delay before a session that ended is begun again.
const AGAIN: Duration = Duration::from_millis(500);
/// Time for which a job waits for this program's session. The server needs half a minute to see
/// that an earlier one is gone.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Time for which a row is left alone after it began to be sent, although its sender has no
/// session: it may be connecting again, after the server was restarted. In milliseconds.
const GRACE: i64 = 30_000;

/// The session of this program, and the way to see those of others.
#[derive(Debug)]
pub(crate) struct Presence {
    address: Address,
    own: OnceCell<Session>,
}

#[derive(Debug)]
struct Session {
    is_held: watch::Receiver<bool>,
    /// `true` once the server has left a question without an answer.
    is_silent: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Presence {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, own: OnceCell::new() }
    }

    /// Waits until the session of this program holds the lock of its owner. Returns `false` if it
    /// does not get it.
    pub(crate) async fn hold(&self, owner: &str) -> bool {
        let Some(lock) = lock_of(owner) else { return false };
        let session = self.own.get_or_init(async || Session::begin(self.address.clone(), lock));
        let mut is_held = session.await.is_held.clone();
        timeout(MAX_WAIT, is_held.wait_for(|is_held| *is_held)).await.is_ok_and(|held| held.is_ok())
    }

    /// Returns `true` if the server has left a question of this program without an answer. Others
    /// that were asked at the same time may wait for theirs for ever.
    pub(crate) fn is_silent(&self) -> bool {
        self.own.get().is_some_and(|own| own.is_silent.load(Ordering::Relaxed))
    }

    /// Ends the session of this program, which releases the lock.
    pub(crate) fn end(&self) {
        if let Some(own) = self.own.get() {
            own.task.abort();
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.end();
    }
}

impl Session {
    fn begin(address: Address, lock: i64) -> Self {
        let (held, is_held) = watch::channel(false);
        let is_silent = Arc::<AtomicBool>::default();
        let silent = is_silent.clone();
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = keep(&address, lock, &held).await {
                    let is_silent = matches!(&error, sqlx::Error::Io(error)
                        if error.kind() == ErrorKind::TimedOut);
                    silent.fetch_or(is_silent && *held.borrow(), Ordering::Relaxed);
                    tracing::warn!(ledger = %address, %error, "the session of this program ended");
                }
                held.send_replace(false);
                sleep(AGAIN).await;
            }
        });
        Self { is_held, is_silent, task: task.abort_handle() }
    }
}

/// Holds the lock until the session ends.
async fn keep(address: &Address, lock: i64, held: &watch::Sender<bool>) -> Result<(), sqlx::Error> {
    let mut connection = address.open().await?;
    // The server may not have seen yet that an earlier session of this program is gone.
    while !take(&mut connection, lock).await? {
        sleep(AGAIN).await;
    }
    held.send_replace(true);
    loop {
        sleep(SIGN_OF_LIFE).await;
        if let Err(error) = ping(&mut connection).await {
            // A session that answers nothing has to end on this side too.
            let _ = timeout(AGAIN, connection.close_hard()).await;
            return Err(error);
        }
    }
}

async fn take(connection: &mut PgConnection, lock: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(lock).fetch_one(connection).await
}

/// Returns `true` if an owner is alive, or may be: it began to send its job at this time, in
/// milliseconds since 1970.
pub(crate) async fn is_alive(
    readers: Target<'_>,
    owner: &str,
    sent_at: i64,
) -> Result<bool, sqlx::Error> {
    let Some(lock) = lock_of(owner) else { return Ok(false) };
    // Probes do not disturb each other, because their locks are shared, and end with the statement.
    let select = "SELECT CAST(CASE WHEN pg_try_advisory_xact_lock_shared($1) THEN 1 ELSE 0 END
            AS BIGINT) AS free,
        CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now";
    let row = query(select).bind(lock).fetch_one(readers).await?;
    Ok(row.int("free")? == 0 || row.int("now")? - sent_at < GRACE)
}

/// Returns the number of an owner's lock: half of its id.
fn lock_of(owner: &str) -> Option<i64> {
    u64::from_str_radix(owner.get(..16)?, 16).ok().map(u64::cast_signed)
}
