//! A ledger, a simulator and a client for it.

use std::time::Duration;

use runcomfy::Client;
use runcomfy::client::{Polling, Retry};
use runcomfy_ledger::{Intent, Ledger};
use runcomfy_simulator::{Pace, Simulator, SimulatorBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const MODEL: &str = "minimax/Hailuo Video 01 Live";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
}

impl World {
    /// A world in which a job takes a few milliseconds.
    pub(crate) async fn new() -> Self {
        Self::with(Simulator::builder().pace(QUICK)).await
    }

    pub(crate) async fn with(simulator: SimulatorBuilder) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let simulator = simulator.start().await.expect("it starts");
        let ledger = Ledger::open(folder.path().join("ledger.db")).await.expect("it opens");
        let client = client(simulator.api_base());
        Self { folder, ledger, simulator, client }
    }

    /// Opens the same file again, as another process would.
    pub(crate) async fn another(&self) -> Ledger {
        Ledger::open(self.ledger.path()).await.expect("it opens")
    }
}

pub(crate) const QUICK: Pace =
    Pace { queue: Duration::from_millis(5), run: Duration::from_millis(5) };

pub(crate) fn client(base: &str) -> Client {
    let retry = Retry::default().with_initial_delay(Duration::from_millis(5));
    let polling = Polling::every(Duration::from_millis(10));
    let client = Client::builder().api_base(base).token("any-token").retry(retry).polling(polling);
    client.build().expect("the settings are valid")
}

pub(crate) fn input(prompt: &str) -> Value {
    json!({"prompt": prompt, "image_url": "https://example.com/boat.png"})
}

pub(crate) fn intent(prompt: &str) -> Intent {
    Intent::new(MODEL, input(prompt))
}
