//! What every handler sees: the state of one simulator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::extract::Query;
use axum::http::Uri;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::facts::Measuring;
use crate::faults::{Call, FaultPlan};
use crate::jobs::{Jobs, Phase};
use crate::media::{Kind, Store, TestMedia};
use crate::models::Models;

/// What every handler sees.
pub(crate) struct App {
    pub(crate) models: Models,
    pub(crate) jobs: Jobs,
    /// What goes wrong.
    pub(crate) plan: FaultPlan,
    pub(crate) calls: CallCounters,
    pub(crate) connections: Arc<ConnectionCounters>,
    /// The only token that is taken; without one, any will do that does not say `invalid`.
    pub(crate) token: Option<String>,
    pub(crate) store: Store,
    pub(crate) measuring: Measuring,
    /// Scheme, host and port, without a slash at the end.
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

    /// What an address of this simulator asks for, or why there is nothing there.
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
            let phase = self.jobs.snapshot(id)?.phase;
            matches!(phase, Phase::Finished { .. }).then_some(kind)
        });
        match kind {
            Some(kind) => TestMedia::parse(kind.output(), &query),
            None => Err("outputs are at the URLs in the result of a job that succeeded".to_owned()),
        }
    }
}

/// What came to a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Traffic {
    /// The connections that are open.
    pub open_connections: usize,
    /// The most that were open at a time.
    pub max_open_connections: usize,
    /// How many calls of each kind came with a token that is taken.
    pub calls: BTreeMap<Call, u64>,
}

/// How many calls of each kind there were.
#[derive(Default)]
pub(crate) struct CallCounters([AtomicU64; Call::ALL.len()]);

impl CallCounters {
    pub(crate) fn number_of(&self, call: Call) -> u64 {
        self.0[call as usize].load(Ordering::Relaxed)
    }

    /// Counts one, and says which it is.
    pub(crate) fn count(&self, call: Call) -> u64 {
        self.0[call as usize].fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// How many connections there are.
#[derive(Debug, Default)]
pub(crate) struct ConnectionCounters {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl ConnectionCounters {
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The most that were open at a time.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Counts a connection that was opened.
    pub(crate) fn count_opened(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(open, Ordering::Relaxed);
    }

    /// Counts a connection that was closed.
    pub(crate) fn count_closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
