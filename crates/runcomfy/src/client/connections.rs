//! The HTTP clients behind a client: one for calls that read, and others for submits.
//!
//! Over HTTP/2, all calls of an HTTP client share one connection. Calls that read can be repeated,
//! so theirs ends soon after the network fails. A submit cannot, so it keeps waiting on its
//! connection; the next ones then get another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::redirect;
use tokio::time::Instant;

use super::ConfigError;
use super::http::{self, CONNECT_TIMEOUT, IDLE_TIMEOUT, Tls, Versions};

/// Time that the other end of an HTTP/2 connection has for the answer to a PING, on a connection
/// of calls that read.
const READ_PING_TIMEOUT: Duration = Duration::from_secs(20);
/// The same on a connection of submits only: never before a submit ends by itself.
const SUBMIT_PING_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);
/// The same on a connection of both. A submit waits for 120 s while the network is down, and six
/// polls in a row fail only after that.
const SHARED_PING_TIMEOUT: Duration = Duration::from_secs(150);

/// The HTTP client to use.
#[derive(Debug, Default)]
pub(super) enum HttpSource {
    #[default]
    Default,
    Builder(Box<reqwest::ClientBuilder>),
    Client(reqwest::Client),
}

/// Settings of the connections to the API.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolSettings {
    pub max_requests: usize,
    /// `true` if the API is on this machine. A proxy would read the token in plain HTTP, and
    /// cannot reach the loopback of this machine, so a local API uses none.
    pub is_local: bool,
    /// `true` if the API is reached by TLS, in which HTTP/2 is negotiated.
    pub has_tls: bool,
}

impl PoolSettings {
    fn build(
        self,
        builder: reqwest::ClientBuilder,
        ping_timeout: Duration,
    ) -> Result<reqwest::Client, reqwest::Error> {
        let builder = http::tolerate_silence(http::harden(builder), ping_timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(self.max_requests)
            // A redirect would carry the token away, or repeat a paid POST.
            .redirect(redirect::Policy::none());
        let builder = if self.is_local { builder.no_proxy() } else { builder };
        builder.build()
    }

    fn build_own(&self, tls: &Tls, ping_timeout: Duration) -> Result<reqwest::Client, ConfigError> {
        let builder =
            tls.builder(Versions::Http2).map_err(|error| ConfigError::Tls(error.to_string()))?;
        self.build(builder, ping_timeout).map_err(ConfigError::Http)
    }
}

impl HttpSource {
    /// Builds the HTTP clients for calls that read, and for submits.
    pub(super) fn connect(
        self,
        tls: &Tls,
        settings: PoolSettings,
    ) -> Result<(reqwest::Client, Submits), ConfigError> {
        let shared = match self {
            Self::Client(client) => client,
            Self::Builder(builder) => {
                http::ensure_provider();
                settings.build(*builder, SHARED_PING_TIMEOUT).map_err(ConfigError::Http)?
            }
            Self::Default => {
                let reads = settings.build_own(tls, READ_PING_TIMEOUT)?;
                if !settings.has_tls {
                    // Over HTTP/1.1, each call has a connection of its own anyway.
                    return Ok((reads.clone(), Submits::on(reads)));
                }
                let lane = Lane::new(settings.build_own(tls, SUBMIT_PING_TIMEOUT)?);
                let own = Some((tls.clone(), settings));
                return Ok((reads, Submits { own, lane: Mutex::new(Arc::new(lane)) }));
            }
        };
        Ok((shared.clone(), Submits::on(shared)))
    }
}

/// The connections of submits.
pub(super) struct Submits {
    /// Settings of further connections; `None` if there is one HTTP client for all calls.
    own: Option<(Tls, PoolSettings)>,
    lane: Mutex<Arc<Lane>>,
}

/// An HTTP client, and when each of the submits that wait on it began.
struct Lane {
    http: reqwest::Client,
    waiting: Mutex<Vec<Instant>>,
}

/// A submit that waits for its response.
pub(super) struct Submitting {
    lane: Arc<Lane>,
    since: Instant,
}

impl Submits {
    /// Uses the connections of this HTTP client only.
    fn on(http: reqwest::Client) -> Self {
        Self { own: None, lane: Mutex::new(Arc::new(Lane::new(http))) }
    }

    /// Begins a submit, on a connection on which no other has waited for as long as one may be
    /// idle: such a connection may be dead too.
    pub(super) fn begin(&self) -> Submitting {
        let mut lane = locked(&self.lane);
        if lane.is_silent()
            && let Some((tls, settings)) = &self.own
            && let Ok(http) = settings.build_own(tls, SUBMIT_PING_TIMEOUT)
        {
            *lane = Arc::new(Lane::new(http));
        }
        Submitting::on(lane.clone())
    }
}

impl Lane {
    fn new(http: reqwest::Client) -> Self {
        Self { http, waiting: Mutex::default() }
    }

    fn is_silent(&self) -> bool {
        locked(&self.waiting).iter().any(|since| since.elapsed() >= IDLE_TIMEOUT)
    }
}

impl Submitting {
    fn on(lane: Arc<Lane>) -> Self {
        let since = Instant::now();
        locked(&lane.waiting).push(since);
        Self { lane, since }
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.lane.http
    }
}

impl Drop for Submitting {
    fn drop(&mut self) {
        let mut waiting = locked(&self.lane.waiting);
        if let Some(index) = waiting.iter().position(|since| *since == self.since) {
            waiting.swap_remove(index);
        }
    }
}

/// Locks a value that is whole even if a thread panicked while it held the lock.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
