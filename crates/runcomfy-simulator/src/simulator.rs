//! Starting, addressing, steering and stopping a simulator.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::app::{App, CallCounters, ConnectionCounters, Traffic};
use crate::clock::Clock;
use crate::error::SimulatorError;
use crate::facts::Measuring;
use crate::faults::{Call, Fault, FaultPlan, JobScenario, Random};
use crate::jobs::{Jobs, Pace};
use crate::ledger::Accepted;
use crate::media::{PictureFormat, Store, TestMedia};
use crate::models::Models;
use crate::openapi;
use crate::server;

/// What there is to spend unless told otherwise, in US dollars.
const FUNDS: f64 = 1_000_000.0;

/// Where the program listens unless told otherwise.
const PORT: u16 = 8787;

/// A running simulator. Dropping it stops the server.
pub struct Simulator {
    app: Arc<App>,
    api_base: String,
    /// The server runs until this end of the channel goes away.
    _running: oneshot::Sender<()>,
}

impl Simulator {
    /// Prepares a simulator of the models in `schemas`: a folder in which every subfolder, at any
    /// depth, that holds `model.json` is a model, except those under the top-level `fixups`.
    pub fn builder(schemas: impl Into<PathBuf>) -> SimulatorBuilder {
        SimulatorBuilder {
            schemas: schemas.into(),
            pace: Pace::default(),
            port: 0,
            random: Random::default(),
            time: Time::Runs,
            funds: FUNDS,
            token: None,
            measuring: Measuring::default(),
        }
    }

    /// The base of the API, such as `http://127.0.0.1:8787/v1`: what `RUNCOMFY_MODEL_API_BASE` takes.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// Where the balance is read. At RunComfy that is another host.
    pub fn balance_url(&self) -> String {
        format!("{}/prod/v2/balance", self.app.origin)
    }

    /// The URL of a PNG of this size, to be given to a model as an input. Sides are 1 to 8192
    /// pixels, and at most 16 million pixels together; the URL of any other size answers 404.
    pub fn picture_url(&self, width: u32, height: u32) -> String {
        self.media_url(&TestMedia::picture(PictureFormat::Png, width, height))
    }

    /// The URL of a file to be measured: of any format, size and weight, served well or badly. What
    /// cannot be made answers 404, and says why.
    pub fn media_url(&self, media: &TestMedia) -> String {
        format!("{}{media}", self.app.origin)
    }

    /// The OpenAPI 3.1 document of a simulator of the models in `schemas`, without starting one.
    pub fn openapi(schemas: impl AsRef<Path>) -> Result<Value, SimulatorError> {
        let models = Models::read(schemas.as_ref())?;
        Ok(openapi::document(&models, &format!("http://127.0.0.1:{PORT}")))
    }

    /// Everything that was accepted so far, and so is paid for, in the order in which it was.
    pub fn ledger(&self) -> Vec<Accepted> {
        self.app.jobs.ledger()
    }

    /// What came so far.
    pub fn traffic(&self) -> Traffic {
        self.app.traffic()
    }

    /// Moves the time by which jobs walk forward, whether it runs by itself too or not. Pauses
    /// that a fault makes are by the machine's time and are not moved.
    pub fn advance(&self, by: Duration) {
        self.app.jobs.advance(by);
    }

    /// What the next calls of a kind do in turn, after what is written down for them already;
    /// `None` goes well. Other calls go as [`SimulatorBuilder::random`] says.
    pub fn script<F: Into<Option<Fault>>>(&self, call: Call, faults: impl IntoIterator<Item = F>) {
        self.app.plan.script(call, faults.into_iter().map(Into::into));
    }

    /// What becomes in turn of the next jobs, after what is written down for them already.
    pub fn script_jobs(&self, scenarios: impl IntoIterator<Item = JobScenario>) {
        self.app.plan.script_jobs(scenarios);
    }

    /// Faults by chance from now on, in place of those from before.
    pub fn set_random(&self, random: Random) {
        self.app.plan.set_random(random);
    }

    /// Nothing goes wrong any more, by script or by chance; accepted jobs keep their fate.
    pub fn clear_faults(&self) {
        self.app.plan.clear();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

/// How a simulator is to run; made by [`Simulator::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct SimulatorBuilder {
    schemas: PathBuf,
    pace: Pace,
    port: u16,
    random: Random,
    time: Time,
    funds: f64,
    token: Option<String>,
    measuring: Measuring,
}

/// What moves the time by which jobs walk.
#[derive(Debug, Clone, Copy)]
enum Time {
    Runs,
    IsMoved,
}

impl SimulatorBuilder {
    /// How long a job is queued and runs. By default two seconds each.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The loopback port to listen on. By default 0: any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Faults by chance. By default there are none.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The time by which jobs walk stands still but for [`Simulator::advance`]. It begins with
    /// 2026, so that replies tell the same times on every run.
    pub fn manual_time(mut self) -> Self {
        self.time = Time::IsMoved;
        self
    }

    /// What there is to spend, in US dollars: a model that costs more than is left answers 402
    /// with `error_code` 400002. By default a million.
    pub fn funds_usd(mut self, funds: f64) -> Self {
        self.funds = funds;
        self
    }

    /// The only token that is taken. By default any token is, but for one with `invalid` in it.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Whether the media of an input is measured on submit. By default it is.
    pub fn measuring(mut self, measuring: Measuring) -> Self {
        self.measuring = measuring;
        self
    }

    /// Reads the models and starts to serve. It must be awaited inside a tokio runtime, and the
    /// server lives no longer than that runtime.
    pub async fn start(self) -> Result<Simulator, SimulatorError> {
        let models = Models::read(&self.schemas)?;
        let (listener, origin) = listen(self.port)
            .await
            .map_err(|cause| SimulatorError::Listen { port: self.port, cause })?;
        let api_base = format!("{origin}/v1");

        let clock = match self.time {
            Time::Runs => Clock::real(),
            Time::IsMoved => Clock::manual(),
        };
        let app = Arc::new(App {
            models,
            jobs: Jobs::new(self.pace, clock, self.funds),
            plan: FaultPlan::new(self.random),
            calls: CallCounters::default(),
            connections: Arc::new(ConnectionCounters::default()),
            token: self.token,
            store: Store::default(),
            measuring: self.measuring,
            origin,
        });
        let (running, stopped) = oneshot::channel::<()>();
        tokio::spawn(server::serve(listener, app.clone(), stopped));
        Ok(Simulator { app, api_base, _running: running })
    }
}

/// Listens on the loopback. Returns the origin as well.
async fn listen(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    Ok((listener, origin))
}
