//! The simulator, in another process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runcomfy_simulator::{Call, Pace, Simulator, Traffic};
use tokio::sync::Mutex;

use crate::Outcome;

/// A simulator in another process.
pub(crate) struct Simulating {
    process: Child,
    http: reqwest::Client,
    pub(crate) base: String,
    /// Held from scripting the pace of a job until it is submitted.
    pub(crate) turn: Mutex<()>,
}

impl Simulating {
    /// Starts a simulator whose jobs are queued for `queue` seconds, and done then.
    pub(crate) fn start(queue: u64) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["simulate", &queue.to_string()]).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut base = String::new();
        let printed = process.stdout.take().ok_or("no stdout")?;
        BufReader::new(printed).read_line(&mut base)?;
        let (http, base) = (reqwest::Client::new(), base.trim().to_owned());
        Ok(Self { process, http, base, turn: Mutex::default() })
    }

    /// Lets the next job take so many seconds in the queue and running.
    pub(crate) async fn script_pace(&self, queue: f64, run: f64) -> Outcome<()> {
        let [queue, run] = [queue, run].map(Duration::from_secs_f64);
        let call = self.http.post(self.control("paces"));
        call.json(&[Pace { queue, run }]).send().await?.error_for_status()?;
        Ok(())
    }

    pub(crate) fn control(&self, path: &str) -> String {
        format!("{}/_simulator/{path}", self.base.trim_end_matches("/v1"))
    }

    pub(crate) async fn traffic(&self) -> Outcome<Traffic> {
        let call = self.http.get(self.control("traffic"));
        Ok(call.send().await?.error_for_status()?.json().await?)
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) async fn simulate(queue: u64) -> Outcome<()> {
    let pace = Pace { queue: Duration::from_secs(queue), run: Duration::ZERO };
    let simulator = Simulator::builder().pace(pace).start().await?;
    println!("{}", simulator.api_base());
    std::future::pending().await
}

/// Returns the number of polls that the simulator answered.
pub(crate) fn polls(traffic: &Traffic) -> u64 {
    traffic.calls.get(&Call::Status).copied().unwrap_or_default()
}
