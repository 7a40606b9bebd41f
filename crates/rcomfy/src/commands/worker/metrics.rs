//! The numbers of a worker and its ledger, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use runcomfy_ledger::{Error as LedgerError, Ledger, State, Usage, Worker, WorkerStatus};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::failure::{Failure, Result};

/// The form of the text.
const CONTENT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Time for which the numbers of the ledger are kept: to count a million jobs takes a moment.
const MAX_AGE: Duration = Duration::from_secs(10);

/// The server of the numbers.
pub(crate) type Server = JoinHandle<std::io::Result<()>>;

struct Source {
    ledger: Ledger,
    worker: Arc<Worker>,
    began: Duration,
    last: Mutex<Option<(Instant, Counted)>>,
}

/// The numbers of the ledger.
#[derive(Clone)]
struct Counted {
    jobs: BTreeMap<State, u64>,
    usage: Usage,
}

/// Serves `/metrics` and `/healthz`.
pub(crate) async fn serve(
    address: SocketAddr,
    ledger: &Ledger,
    worker: &Arc<Worker>,
) -> Result<Server> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::io(&format!("listen on {address}"), error).fix("`--metrics` takes a free address")
    })?;
    let local = listener.local_addr().map_err(|error| Failure::io("listen", error))?;
    tracing::info!(address = %local, "metrics are served");
    let source = Arc::new(Source {
        ledger: ledger.clone(),
        worker: worker.clone(),
        began: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        last: Mutex::default(),
    });
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(source);
    Ok(tokio::spawn(async move { axum::serve(listener, routes).await }))
}

/// Waits until the server fails. Without one, this never ends.
pub(crate) async fn failed(server: Option<Server>) -> Failure {
    match server {
        Some(server) => match server.await {
            Ok(Err(error)) => Failure::io("serve the metrics", error),
            _ => Failure::io("serve the metrics", "the server ended"),
        },
        None => std::future::pending().await,
    }
}

async fn metrics(Shared(source): Shared<Arc<Source>>) -> impl IntoResponse {
    let counted = source.counted().await;
    if let Err(error) = &counted {
        tracing::warn!(%error, "the ledger cannot be read for the metrics");
    }
    let text = written(source.began, &source.worker.status(), counted.ok().as_ref());
    ([(CONTENT_TYPE, CONTENT)], text)
}

impl Source {
    /// Returns the numbers of the ledger, which may be some seconds old.
    async fn counted(&self) -> std::result::Result<Counted, LedgerError> {
        let mut last = self.last.lock().await;
        if let Some((time, counted)) = &*last
            && time.elapsed() < MAX_AGE
        {
            return Ok(counted.clone());
        }
        let jobs = self.ledger.count_by_state().await?;
        let counted = Counted { jobs, usage: self.ledger.usage().await? };
        *last = Some((Instant::now(), counted.clone()));
        Ok(counted)
    }
}

/// Returns the numbers as text.
fn written(began: Duration, worker: &WorkerStatus, ledger: Option<&Counted>) -> String {
    let mut text = Text(String::new());
    let version = env!("CARGO_PKG_VERSION");
    text.metric("rcomfy_worker_info", "gauge", "The version of the worker.");
    text.sample("rcomfy_worker_info", Some(("version", version)), 1);
    text.single("process_start_time_seconds", "gauge", "When it began.", began.as_secs_f64());
    let at_work = worker.at_work;
    text.single("rcomfy_worker_jobs_at_work", "gauge", "Jobs that it works on.", at_work);
    let steps = worker.steps;
    text.single("rcomfy_worker_steps_total", "counter", "Steps that have begun.", steps);
    let submits = worker.submits;
    text.single("rcomfy_worker_submits_total", "counter", "Submits with an outcome.", submits);
    let repeated = worker.repeated;
    let help = "Steps that failed because of the ledger, and are repeated.";
    text.single("rcomfy_worker_repeated_steps_total", "counter", help, repeated);
    text.metric("rcomfy_worker_settled_jobs_total", "counter", "Jobs that it settled, by state.");
    for state in State::ALL.into_iter().filter(|state| state.is_finished() || is_unknown(*state)) {
        let jobs = worker.settled.get(&state).copied().unwrap_or_default();
        text.sample("rcomfy_worker_settled_jobs_total", Some(("state", state.as_str())), jobs);
    }
    let up = u8::from(ledger.is_some());
    text.single("rcomfy_ledger_up", "gauge", "1 if the ledger can be read.", up);
    let Some(ledger) = ledger else { return text.0 };
    text.metric("rcomfy_ledger_jobs", "gauge", "Jobs of the ledger, by state.");
    for state in State::ALL {
        let jobs = ledger.jobs.get(&state).copied().unwrap_or_default();
        text.sample("rcomfy_ledger_jobs", Some(("state", state.as_str())), jobs);
    }
    let flight = ledger.usage.jobs_in_flight;
    let help = "Jobs that are being sent, or run at RunComfy.";
    text.single("rcomfy_ledger_jobs_in_flight", "gauge", help, flight);
    let help = "Spent and reserved today (UTC), in US dollars.";
    text.single("rcomfy_ledger_used_today_usd", "gauge", help, ledger.usage.used_today);
    text.0
}

fn is_unknown(state: State) -> bool {
    state == State::Unknown
}

/// Text in the form that Prometheus reads. Nothing in it needs to be escaped.
struct Text(String);

impl Text {
    /// Begins a metric.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text never fails.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: impl Display) {
        let label = label.map_or(String::new(), |(label, of)| format!("{{{label}=\"{of}\"}}"));
        let _ = writeln!(self.0, "{name}{label} {value}");
    }

    /// Writes a metric of one sample.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.metric(name, kind, help);
        self.sample(name, None, value);
    }
}
