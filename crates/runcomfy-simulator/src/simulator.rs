//! Starting, steering and stopping a simulator.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::app::{App, CallCounters, ConnectionCounters, RequestLog, Traffic};
use crate::clock::Clock;
use crate::error::SimulatorError;
use crate::facts::Measuring;
use crate::faults::{Call, Fault, FaultPlan, JobScenario, Random};
use crate::jobs::{Jobs, Pace, Paces};
use crate::ledger::Accepted;
use crate::media::{PictureFormat, Store, TestMedia};
use crate::models::Models;
use crate::openapi;
use crate::pricing::Price;
use crate::server;

/// Default balance in US dollars.
const FUNDS: f64 = 1_000_000.0;

/// Default port of the program.
const PORT: u16 = 8787;

/// A running simulator. Dropping it stops the server.
pub struct Simulator {
    app: Arc<App>,
    api_base: String,
    /// The server runs until this sender is dropped.
    _running: oneshot::Sender<()>,
}

impl Simulator {
    /// Starts a simulator of the built-in models on any free port.
    ///
    /// # Errors
    ///
    /// See [`SimulatorBuilder::start`].
    pub async fn start() -> Result<Self, SimulatorError> {
        Self::builder().start().await
    }

    /// Creates a builder with default settings.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder {
            schemas: None,
            paces: Paces::default(),
            default_price: None,
            prices: HashMap::new(),
            port: 0,
            random: Random::default(),
            time: Time::Runs,
            funds: FUNDS,
            token: None,
            measuring: Measuring::default(),
            request_log: RequestLog::default(),
        }
    }

    /// Returns the base of the API, such as `http://127.0.0.1:8787/v1`, for
    /// `RUNCOMFY_MODEL_API_BASE`.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// Returns the URL of the balance. RunComfy has it on another host.
    pub fn balance_url(&self) -> String {
        format!("{}/prod/v2/balance", self.app.origin)
    }

    /// Returns the URL of a PNG of this size, for an input. Sides are 1 to 8192 pixels, and at most
    /// 16 million pixels in all. The URL of any other size answers 404.
    pub fn picture_url(&self, width: u32, height: u32) -> String {
        self.media_url(&TestMedia::picture(PictureFormat::Png, width, height))
    }

    /// Returns the URL of a media file, for an input. A file that cannot be made answers 404 with
    /// the reason.
    pub fn media_url(&self, media: &TestMedia) -> String {
        format!("{}{media}", self.app.origin)
    }

    /// Returns everything that was accepted, in order. All of it is paid for.
    pub fn ledger(&self) -> Vec<Accepted> {
        self.app.jobs.ledger()
    }

    /// Returns the connections and calls so far.
    pub fn traffic(&self) -> Traffic {
        self.app.traffic()
    }

    /// Advances the clock that moves jobs, even if it also runs by itself. Pauses of faults use the
    /// machine's clock and are not affected.
    pub fn advance(&self, by: Duration) {
        self.app.jobs.advance(by);
    }

    /// Sets how long new jobs are queued and run, unless their model has its own pace.
    pub fn set_pace(&self, pace: Pace) {
        self.app.jobs.change_paces(|paces| paces.default = pace);
    }

    /// Sets how long new jobs of a model are queued and run.
    ///
    /// # Errors
    ///
    /// If there is no such model.
    pub fn set_model_pace(&self, model: &str, pace: Pace) -> Result<(), SimulatorError> {
        let model = model.to_owned();
        self.app.models.check_ids([&model].into_iter())?;
        self.app.jobs.change_paces(|paces| _ = paces.by_model.insert(model, pace));
        Ok(())
    }

    /// Scripts how long the next jobs are queued and run, after those already scripted.
    pub fn script_paces(&self, next: impl IntoIterator<Item = Pace>) {
        self.app.jobs.change_paces(|paces| paces.scripted.extend(next));
    }

    /// Scripts the next calls of a kind, after those already scripted. `None` is a call without a
    /// fault. Later calls follow [`SimulatorBuilder::random`].
    pub fn script<F: Into<Option<Fault>>>(&self, call: Call, faults: impl IntoIterator<Item = F>) {
        self.app.plan.script(call, faults.into_iter().map(Into::into));
    }

    /// Scripts the next jobs, after those already scripted.
    pub fn script_jobs(&self, scenarios: impl IntoIterator<Item = JobScenario>) {
        self.app.plan.script_jobs(scenarios);
    }

    /// Replaces the random faults.
    pub fn set_random(&self, random: Random) {
        self.app.plan.set_random(random);
    }

    /// Removes all scripted and random faults. Accepted jobs keep their scenario.
    pub fn clear_faults(&self) {
        self.app.plan.clear();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

/// Settings of a simulator. Created by [`Simulator::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct SimulatorBuilder {
    schemas: Option<PathBuf>,
    paces: Paces,
    default_price: Option<Price>,
    prices: HashMap<String, Price>,
    port: u16,
    random: Random,
    time: Time,
    funds: f64,
    token: Option<String>,
    measuring: Measuring,
    request_log: RequestLog,
}

/// Source of the time that moves jobs.
#[derive(Debug, Clone, Copy)]
enum Time {
    Runs,
    IsMoved,
}

impl SimulatorBuilder {
    /// Serves the models in a folder instead of the built-in ones. Every subfolder with a
    /// `model.json`, at any depth, is a model, except those under the top-level `fixups`.
    pub fn schemas(mut self, folder: impl Into<PathBuf>) -> Self {
        self.schemas = Some(folder.into());
        self
    }

    /// Sets how long jobs are queued and run. Defaults to two seconds each.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.paces.default = pace;
        self
    }

    /// Sets how long jobs of a model are queued and run.
    pub fn model_pace(mut self, model: impl Into<String>, pace: Pace) -> Self {
        self.paces.by_model.insert(model.into(), pace);
        self
    }

    /// Sets the price of every model whose `model.json` has none. Defaults to free.
    pub fn price(mut self, price: Price) -> Self {
        self.default_price = Some(price);
        self
    }

    /// Sets the price of a model.
    pub fn model_price(mut self, model: impl Into<String>, price: Price) -> Self {
        self.prices.insert(model.into(), price);
        self
    }

    /// Sets the loopback port. Defaults to 0, any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets random faults. Defaults to none.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Moves jobs only by [`Simulator::advance`]. The clock starts at 2026-01-01, so every run
    /// reports the same times.
    pub fn manual_time(mut self) -> Self {
        self.time = Time::IsMoved;
        self
    }

    /// Sets the initial balance in US dollars. A model that costs more than the balance answers 402
    /// with `error_code` 400002. Defaults to a million.
    pub fn funds_usd(mut self, funds: f64) -> Self {
        self.funds = funds;
        self
    }

    /// Sets the only accepted token. By default any token without `invalid` in it is accepted.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Turns measuring of submitted media on or off. Defaults to on.
    pub fn measuring(mut self, measuring: Measuring) -> Self {
        self.measuring = measuring;
        self
    }

    /// Turns the log of requests on or off. Defaults to off.
    pub fn request_log(mut self, log: RequestLog) -> Self {
        self.request_log = log;
        self
    }

    /// Reads the models and starts the server. It must be awaited inside a tokio runtime, and the
    /// server ends with that runtime.
    ///
    /// # Errors
    ///
    /// If a model is invalid, a setting names an unknown model, or the port is not free.
    pub async fn start(self) -> Result<Simulator, SimulatorError> {
        let models = self.models()?;
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
            jobs: Jobs::new(self.paces, clock, self.funds),
            plan: FaultPlan::new(self.random),
            calls: CallCounters::default(),
            connections: Arc::new(ConnectionCounters::default()),
            token: self.token,
            store: Store::default(),
            measuring: self.measuring,
            request_log: self.request_log,
            bodies: tokio::sync::Semaphore::new(server::MAX_BODIES_KIB),
            origin,
        });
        let (running, stopped) = oneshot::channel::<()>();
        tokio::spawn(server::serve(listener, app.clone(), stopped));
        Ok(Simulator { app, api_base, _running: running })
    }

    /// Returns the OpenAPI 3.1 document of the simulator without starting it.
    ///
    /// # Errors
    ///
    /// If a model is invalid, or a setting names an unknown model.
    pub fn openapi(&self) -> Result<Value, SimulatorError> {
        Ok(openapi::document(&self.models()?, &format!("http://127.0.0.1:{PORT}")))
    }

    fn models(&self) -> Result<Models, SimulatorError> {
        let models = match &self.schemas {
            Some(folder) => Models::read(folder)?,
            None => Models::built_in()?,
        };
        models.check_ids(self.paces.by_model.keys())?;
        models.with_prices(self.default_price, &self.prices)
    }
}

/// Listens on the loopback. Also returns the origin.
async fn listen(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    Ok((listener, origin))
}
