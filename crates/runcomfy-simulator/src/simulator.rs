//! Starting, addressing and stopping a simulator.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::SimulatorError;
use crate::jobs::{Jobs, Pace};
use crate::measure::Measuring;
use crate::media::{PictureFormat, Store, TestMedia};
use crate::models::Models;
use crate::server::{self, App};

/// A running simulator. Dropping it stops the server.
#[derive(Debug)]
pub struct Simulator {
    origin: String,
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
            measuring: Measuring::default(),
        }
    }

    /// The base of the API, such as `http://127.0.0.1:8787/v1`: what `RUNCOMFY_MODEL_API_BASE` takes.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// The URL of a PNG of this size, to be given to a model as an input. Sides are 1 to 8192
    /// pixels, and at most 16 million pixels together; the URL of any other size answers 404.
    pub fn picture_url(&self, width: u32, height: u32) -> String {
        self.media_url(&TestMedia::picture(PictureFormat::Png, width, height))
    }

    /// The URL of a file to be measured: of any format, size and weight, served well or badly. What
    /// cannot be made answers 404, and says why.
    pub fn media_url(&self, media: &TestMedia) -> String {
        format!("{}{media}", self.origin)
    }
}

/// How a simulator is to run; made by [`Simulator::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct SimulatorBuilder {
    schemas: PathBuf,
    pace: Pace,
    port: u16,
    measuring: Measuring,
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

    /// Whether the media of an input is measured on submit. By default it is.
    pub fn measuring(mut self, measuring: Measuring) -> Self {
        self.measuring = measuring;
        self
    }

    /// Reads the models and starts to serve. It must be awaited inside a tokio runtime, and the
    /// server lives no longer than that runtime.
    pub async fn start(self) -> Result<Simulator, SimulatorError> {
        let models = Models::read(&self.schemas)?;
        let refused = |cause| SimulatorError::Listen { port: self.port, cause };
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let origin = format!("http://{address}");
        let api_base = format!("{origin}/v1");

        let app = App {
            models,
            jobs: Jobs::new(self.pace),
            store: Store::default(),
            measuring: self.measuring,
            origin: origin.clone(),
        };
        let (running, stopped) = oneshot::channel::<()>();
        tokio::spawn(server::serve(listener, app, stopped));
        Ok(Simulator { origin, api_base, _running: running })
    }
}
