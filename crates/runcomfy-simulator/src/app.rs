//! The state of one simulator, shared by every handler.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::extract::Query;
use axum::http::Uri;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::facts::Measuring;
use crate::faults::{Call, FaultPlan};
use crate::jobs::Jobs;
use crate::media::{Kind, Store, TestMedia};
use crate::models::Models;

/// State of one simulator, shared by every handler.
pub(crate) struct App {
    pub(crate) models: Models,
    pub(crate) jobs: Jobs,
    /// Faults and job scenarios still to come.
    pub(crate) plan: FaultPlan,
    pub(crate) calls: CallCounters,
    pub(crate) connections: Arc<ConnectionCounters>,
    /// The only accepted token. `None` accepts any token that does not contain `invalid`.
    pub(crate) token: Option<String>,
    pub(crate) store: Store,
    pub(crate) measuring: Measuring,
    pub(crate) request_log: RequestLog,
    /// Permits for the KiB that request bodies may take in all.
    pub(crate) bodies: Semaphore,
    /// Scheme, host and port, without a trailing slash.
    pub(crate) origin: String,
}

impl App {
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            open_connections: self.connections.open(),
            max_open_connections: self.connections.most(),
            calls: Call::ALL.iter().map(|call| (*call, self.calls.number_of(*call))).collect(),
        }
    }

    /// Returns the media file that a URL of this simulator names, or the reason why it does not exist.
    pub(crate) fn media_at(&self, uri: &Uri) -> Result<TestMedia, String> {
        let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| "the query cannot be read".to_owned())?;
        let path = percent_decode_str(uri.path()).decode_utf8_lossy();
        if let Some(name) = path.strip_prefix("/media/") {
            return TestMedia::parse(name, &query);
        }
        let kind = path.strip_prefix("/outputs/").and_then(|name| {
            let (id, extension) = name.rsplit_once('.')?;
            let kind = Kind::from_extension(extension)?;
            self.jobs.snapshot(id)?.has_output().then_some(kind)
        });
        match kind {
            Some(kind) => TestMedia::parse(kind.output(), &query),
            None => Err("outputs are at the URLs in the result of a job that succeeded".to_owned()),
        }
    }
}

/// Setting: write a line for each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestLog {
    /// Write nothing.
    #[default]
    Off,
    /// Write method, path, status, milliseconds, job and fault to stderr.
    Stderr,
}

/// Connections and calls that a simulator has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Traffic {
    /// Number of open connections.
    pub open_connections: usize,
    /// Highest number of connections open at once.
    pub max_open_connections: usize,
    /// Number of calls of each kind that came with an accepted token.
    pub calls: BTreeMap<Call, u64>,
}

/// Number of calls of each kind.
#[derive(Default)]
pub(crate) struct CallCounters([AtomicU64; Call::ALL.len()]);

impl CallCounters {
    pub(crate) fn number_of(&self, call: Call) -> u64 {
        self.0[call as usize].load(Ordering::Relaxed)
    }

    /// Counts a call and returns its number, starting at 1.
    pub(crate) fn count(&self, call: Call) -> u64 {
        self.0[call as usize].fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Number of connections, now and at most.
#[derive(Debug, Default)]
pub(crate) struct ConnectionCounters {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl ConnectionCounters {
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Returns the highest number of connections open at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Counts an opened connection.
    pub(crate) fn count_opened(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(open, Ordering::Relaxed);
    }

    /// Counts a closed connection.
    pub(crate) fn count_closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
