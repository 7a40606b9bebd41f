//! A ledger, a simulator and a client for it.

use std::time::Duration;

use runcomfy::Client;
use runcomfy::client::{Polling, Retry};
use runcomfy_ledger::{Intent, Ledger};
use runcomfy_simulator::{Pace, Simulator, SimulatorBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::place::Place;

pub(crate) const MODEL: &str = "minimax/Hailuo Video 01 Live";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
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
        let place = Place::new(folder.path());
        let ledger = place.open().await.expect("it opens");
        let client = client(simulator.api_base());
        Self { folder, place, ledger, simulator, client }
    }

    /// Opens the same ledger again, as another process would.
    pub(crate) async fn another(&self) -> Ledger {
        self.place.open().await.expect("it opens")
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

/// A test of this program that runs as a process of its own, and is killed if the parent ends.
pub(crate) struct Child(pub(crate) std::process::Child);

impl Child {
    /// Starts a test of this program, with one environment variable.
    pub(crate) fn start(test: &str, variable: &str, value: &str) -> Self {
        Self::start_with(test, &[(variable, value)])
    }

    /// Starts a test of this program, with environment variables.
    pub(crate) fn start_with(test: &str, variables: &[(&str, &str)]) -> Self {
        let suite = std::env::current_exe().expect("it runs");
        let mut program = std::process::Command::new(suite);
        program
            .args(["--exact", "--nocapture", "--include-ignored", test])
            .envs(variables.iter().copied());
        Self(program.stdout(std::process::Stdio::piped()).spawn().expect("it runs"))
    }

    /// Waits until it has written this line.
    pub(crate) fn wait_for(&mut self, line: &str) {
        let out = self.0.stdout.as_mut().expect("it is a pipe");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(out));
        assert!(lines.any(|read| read.is_ok_and(|read| read == line)), "no `{line}`");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
