//! A wall clock that jumps, as after a suspended night, a flat battery or a correction: libfaketime
//! shifts it, and the monotonic clock stands still in a suspended machine, as here.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Ended, Home, fast, simulator};

/// The library, in the folder of each platform's libraries.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";
const RUN: [&str; 4] = ["run", "flux-2-klein/4b", "--prompt", "a boat"];
/// The longest time for which a command may wait because of a jump.
const SOON: Duration = Duration::from_secs(15);

/// A home whose wall clock is shifted.
struct Shifted {
    home: Home,
    library: String,
}

impl Shifted {
    fn new(simulator: &runcomfy_simulator::Simulator) -> Self {
        let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
        let found = folders.map(|folder| folder.path().join(LIBRARY)).find(|path| path.exists());
        let found = found.expect("libfaketime is not installed; .ci/run installs it");
        let library = found.to_string_lossy().into_owned();
        let shifted = Self { home: Home::with(simulator), library };
        shifted.shift("+0");
        shifted
    }

    /// Shifts the wall clock of every process, such as by `-2d`.
    fn shift(&self, by: &str) {
        self.home.write("shift", by);
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.home.path().join("shift"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        let start = Instant::now();
        let mut command = self.command(args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("it starts");
        let _limit = limit(&child);
        let ended = Ended::of(child.wait_with_output().expect("it runs"));
        assert!(start.elapsed() < SOON, "{args:?} took {:?}: {ended:?}", start.elapsed());
        ended
    }

    fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--json"]].concat());
        serde_json::from_str(&ended.stdout).expect("JSON")
    }
}

/// Kills a process that runs for too long, unless the result is dropped before.
fn limit(child: &Child) -> Sender<()> {
    let (running, ended) = channel::<()>();
    let id = child.id().to_string();
    std::thread::spawn(move || {
        if ended.recv_timeout(SOON) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    running
}

/// Runs a job during which the clock jumps, and returns how it ended.
fn jumped(shifted: &Shifted, jumps: &[&str]) -> (i32, String) {
    let args = [&RUN[..], &["--events", "--timeout", "20s"]].concat();
    let start = Instant::now();
    let mut child = shifted.command(&args).stdout(Stdio::piped()).spawn().expect("it starts");
    let _limit = limit(&child);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let mut last = String::new();
    for line in lines.by_ref() {
        last = line.expect("a line");
        if last.contains("\"status\"") {
            break;
        }
    }
    for jump in jumps {
        shifted.shift(jump);
        std::thread::sleep(Duration::from_millis(700));
    }
    for line in lines {
        last = line.expect("a line");
    }
    let code = child.wait().expect("it ends").code().unwrap_or(-1);
    assert!(start.elapsed() < SOON, "{:?}: {last}", start.elapsed());
    (code, last)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs libfaketime, which .ci/run installs"]
async fn a_clock_that_jumps_ends_no_wait() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(4)).await;
    for jumps in [&["+2d"][..], &["-2d"], &["+2d", "-2d", "+400d"]] {
        let shifted = Shifted::new(&simulator);
        let before = simulator.ledger().len();
        let (code, last) = jumped(&shifted, jumps);
        assert_eq!(code, 0, "{jumps:?}: {last}");
        assert_eq!(simulator.ledger().len(), before + 1, "{jumps:?}");
        let jobs = shifted.json(&["jobs"]);
        assert_eq!(jobs["data"]["jobs"][0]["state"], "delivered", "{jumps:?}: {jobs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs libfaketime, which .ci/run installs"]
async fn a_clock_that_jumps_between_commands_pays_once_and_stops_nothing() {
    let simulator = fast().await;
    let shifted = Shifted::new(&simulator);
    let limits = ["spend", "set", "--submits-per-second", "2"];
    assert_eq!(shifted.run(&limits).code, 0);
    assert_eq!(shifted.run(&RUN).code, 0);

    // Set back: the twin is younger than now, and the next submit was planned for a time to come.
    shifted.shift("-3d");
    assert_eq!(shifted.run(&RUN).code, 12);
    let another = ["run", "flux-2-klein/4b", "--prompt", "another"];
    assert_eq!(shifted.run(&another).code, 0);
    let old = shifted.json(&["jobs", "--since", "1h"]);
    assert_eq!(old["data"]["jobs"].as_array().map(Vec::len), Some(2), "{old}");

    // Forward: the guard against twins looks back for 24 hours of the clock.
    shifted.shift("+12h");
    assert_eq!(shifted.run(&RUN).code, 12);
    shifted.shift("+3d");
    assert_eq!(shifted.run(&RUN).code, 0);
    assert_eq!(simulator.ledger().len(), 3);
    let spend = shifted.json(&["spend", "--offline", "--days", "30"]);
    let jobs = spend["data"]["spend"].as_array().expect("days").iter();
    let jobs: u64 = jobs.filter_map(|day| day["jobs"].as_u64()).sum();
    assert_eq!(jobs, 3, "each job counts on the day that the clock had: {spend}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs libfaketime, which .ci/run installs"]
async fn a_clock_that_jumps_stops_no_batch() {
    let simulator = fast().await;
    for (jump, later) in [("-2d", "-4d"), ("+2d", "+1d")] {
        let shifted = Shifted::new(&simulator);
        let lines = (0..6).map(|number| format!("{{\"prompt\": \"{jump} {number}\"}}\n"));
        shifted.home.write("boats.jsonl", lines.collect::<String>());
        assert_eq!(shifted.run(&["spend", "set", "--submits-per-second", "1"]).code, 0);
        let add = ["batch", "add", "flux-2-klein/4b", "boats.jsonl", "--offline"];
        assert_eq!(shifted.run(&add).code, 0);
        let before = simulator.ledger().len();
        let run = ["batch", "run", "boats", "--urls-only"];
        let mut child = shifted.command(&run).stdout(Stdio::null()).spawn().expect("it starts");
        // The other lines wait for the limit, each until a time of the clock.
        assert!(accepted(&simulator, before + 2), "{jump}: it does not begin");
        // Each waits by now.
        std::thread::sleep(Duration::from_millis(500));
        shifted.shift(jump);
        let goes_on = accepted(&simulator, before + 4);
        // Between two runs too.
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert!(goes_on, "{jump}: {} of 6 jobs", simulator.ledger().len() - before);
        shifted.shift(later);
        let mut child = shifted.command(&run).stdout(Stdio::null()).spawn().expect("it starts");
        let goes_on = accepted(&simulator, before + 6);
        if !goes_on {
            child.kill().expect("it is killed");
        }
        let code = child.wait().expect("it ends").code();
        assert!(goes_on, "{jump}, {later}: {} of 6 jobs", simulator.ledger().len() - before);
        // A submit that was on its way when it was killed may be unknown.
        assert!(matches!(code, Some(0 | 10)), "{jump}, {later}: {code:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs libfaketime and a PostgreSQL server: `.ci/run`"]
async fn a_clock_far_from_that_of_postgres_is_refused() {
    let simulator = fast().await;
    let shifted = Shifted::new(&simulator);
    let address = crate::postgres::address();
    shifted.home.write("boats.jsonl", "{\"prompt\": \"a\"}\n");
    let add = ["batch", "add", "flux-2-klein/4b", "boats.jsonl", "--offline"];
    let run = ["batch", "run", "boats", "--urls-only"];
    let ledger = ["--ledger", address.as_str()];
    assert_eq!(shifted.run(&[add.as_slice(), &ledger].concat()).code, 0);
    for shift in ["+1h", "-1h"] {
        shifted.shift(shift);
        let ended = shifted.run(&[run.as_slice(), &ledger].concat());
        assert_eq!(ended.code, 2, "{shift}: {ended:?}");
        assert!(ended.stderr.contains("the clock of this machine"), "{shift}: {ended:?}");
        assert!(simulator.ledger().is_empty(), "{shift}: nothing was sent");
    }
    shifted.shift("+5s");
    assert_eq!(shifted.run(&[run.as_slice(), &ledger].concat()).code, 0);
    assert_eq!(simulator.ledger().len(), 1);
}

/// Waits until the simulator has accepted this many jobs. Returns `false` if it takes too long.
fn accepted(simulator: &runcomfy_simulator::Simulator, count: usize) -> bool {
    let start = Instant::now();
    while simulator.ledger().len() < count && start.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(10));
    }
    simulator.ledger().len() >= count
}
