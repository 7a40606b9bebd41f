//! The client of RunComfy or of a simulator, and the ledger: the tools of a command.

use std::path::Path;

use runcomfy::Client;
use runcomfy_ledger::{Ledger, Limits};
use runcomfy_simulator::{Pace, Simulator, SimulatorBuilder};
use tempfile::TempDir;

use crate::args::Global;
use crate::config::Config;
use crate::failure::{Failure, Kind, Result};
use crate::model::KnownModel;
use crate::output::Output;
use crate::place::Place;
use crate::trouble::Trouble;

/// Token of a simulator, which takes any.
const SIMULATOR_TOKEN: &str = "simulator";
/// Stands for a token where none is sent.
const NO_TOKEN: &str = "none";
/// Seconds that a job of the simulator in this process is queued, and runs.
const SIMULATED_PACE: (u64, u64) = (1, 2);

/// The API that a command talks to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    /// RunComfy, or the API that the configuration names.
    Configured,
    /// The same, for a command that only measures media and needs no token.
    Measuring,
    /// A simulator of a model in this process, with a ledger that ends with it.
    Simulator(KnownModel, Trouble),
}

/// The client, the ledger, and what they were made from.
pub(crate) struct Session {
    pub output: Output,
    pub client: Client,
    place: Place,
    limits: Limits,
    /// The API's base URL, for `--dry-run`.
    pub api_base: String,
    /// The simulator in this process.
    simulator: Option<Simulated>,
}

/// A simulator in this process, which ends with it.
struct Simulated {
    /// The server, unless nothing is to answer.
    _server: Option<Simulator>,
    /// The folder of the ledger.
    _folder: TempDir,
}

impl Session {
    /// Creates the client. The ledger is opened by the first command that needs it.
    pub(crate) async fn open(global: &Global, output: Output, backend: Backend) -> Result<Self> {
        let config = Config::read()?;
        match backend {
            Backend::Simulator(model, trouble) => {
                Self::simulated(output, &config, model, trouble).await
            }
            Backend::Configured => {
                let token = config.required_token()?;
                Self::configured(global, output, &config, token)
            }
            Backend::Measuring => {
                let token = config.token()?.map_or(NO_TOKEN.to_owned(), |token| token.value);
                Self::configured(global, output, &config, token)
            }
        }
    }

    fn configured(global: &Global, output: Output, config: &Config, token: String) -> Result<Self> {
        let base = config.api();
        let mut builder = Client::builder().token(token);
        // The balance of RunComfy has a URL of its own.
        if config.api_base().is_some() {
            builder = builder.api_base(&base);
        }
        if is_on_this_machine(&base) {
            builder = builder.allow_local_media();
        }
        let client = builder.build().map_err(|error| {
            Failure::usage(error.to_string())
                .fix("`rcomfy config` shows where each setting is from")
        })?;
        Ok(Self {
            output,
            client,
            place: Place::chosen(global, config)?,
            limits: config.limits()?,
            api_base: base,
            simulator: None,
        })
    }

    async fn simulated(
        output: Output,
        config: &Config,
        model: KnownModel,
        trouble: Trouble,
    ) -> Result<Self> {
        let folder = TempDir::new().map_err(|error| Failure::io("create a folder", error))?;
        let (queue, run) = SIMULATED_PACE;
        let pace = Pace {
            queue: std::time::Duration::from_secs(queue),
            run: std::time::Duration::from_secs(run),
        };
        let builder = trouble.prepare(Simulator::builder(), pace);
        let builder = with_schema(builder, model, folder.path())?;
        let simulator = builder.start().await.map_err(|error| {
            Failure::new(Kind::Internal, format!("the simulator cannot start: {error}"))
        })?;
        trouble.arrange(&simulator);
        let base = simulator.api_base().to_owned();
        let client = Client::builder()
            .token(SIMULATOR_TOKEN)
            .api_base(&base)
            .allow_local_media()
            .build()
            .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        output.note(
            "This is a simulator: no model runs, nothing is paid, and its ledger ends with it.",
        );
        Ok(Self {
            output,
            client,
            place: Place::File(folder.path().join("ledger.db")),
            limits: config.limits()?,
            api_base: base,
            simulator: Some(Simulated {
                _server: (trouble != Trouble::Offline).then_some(simulator),
                _folder: folder,
            }),
        })
    }

    /// Returns `true` if nothing is paid.
    pub(crate) fn is_simulated(&self) -> bool {
        self.simulator.is_some()
    }

    /// Opens the ledger, with the limits of the configuration.
    pub(crate) async fn ledger(&self) -> Result<Ledger> {
        open_ledger(&self.place, &self.limits).await
    }
}

/// Adds a model that is not built in to a simulator, by its schema from the cached catalog.
fn with_schema(
    builder: SimulatorBuilder,
    model: KnownModel,
    folder: &Path,
) -> Result<SimulatorBuilder> {
    let Some(entry) = model.entry()? else { return Ok(builder) };
    let schemas = folder.join("schemas");
    let failed = |error| Failure::io("write the schema for the simulator", error);
    std::fs::create_dir_all(&schemas).map_err(failed)?;
    for (name, content) in [("model.json", &entry.facts), ("input.json", &entry.input)] {
        std::fs::write(schemas.join(name), content.to_string()).map_err(failed)?;
    }
    Ok(builder.schemas(schemas))
}

/// Opens the ledger, for a command that makes no calls.
pub(crate) async fn ledger(global: &Global) -> Result<Ledger> {
    let config = Config::read()?;
    open_ledger(&Place::chosen(global, &config)?, &config.limits()?).await
}

async fn open_ledger(place: &Place, limits: &Limits) -> Result<Ledger> {
    let ledger = place.open().await?;
    let kept = ledger.limits().await?;
    // A limit that the configuration does not name may be that of another program.
    let mut wanted = kept;
    if let Some(budget) = limits.budget_per_day {
        wanted = wanted.with_budget_per_day(budget);
    }
    if let Some(max) = limits.max_cost_per_job {
        wanted = wanted.with_max_cost_per_job(max);
    }
    if wanted != kept {
        ledger.set_limits(&wanted).await?;
    }
    Ok(ledger)
}

/// Returns `true` if a URL names this machine: a simulator, whose media is here too.
fn is_on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|host| rest.starts_with(host))
}
