//! `rcomfy worker`: works until a signal, serves its numbers, and keeps secrets. With a server:
//!
//! ```sh
//! .ci/postgres cargo test -p rcomfy --test it worker_on_postgres -- --ignored
//! ```

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use runcomfy_simulator::{Call, Fault, Simulator};
use serde_json::Value;

use crate::postgres::{PASSWORD, address, run};
use crate::schemas::assert_envelope;
use crate::support::{Home, fast, simulator};

const MODEL: &str = "flux-2-klein/4b";

#[test]
fn a_worker_on_one_machine_is_refused_in_words() {
    let home = Home::new();
    let ended = home.run(&["worker", "--urls-only"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("rcomfy batch run"), "{ended:?}");
    assert!(!home.path().join("state").exists(), "no ledger was made");
    let ended = home.run(&["worker", "--ledger", "postgres://x@127.0.0.1:1/x"]);
    assert_eq!(ended.code, 2, "it says where outputs go: {ended:?}");
    assert!(ended.stderr.contains("--output-dir"), "{ended:?}");
}

/// A worker that runs, with the lines of its log.
struct Working {
    child: Child,
    log: std::sync::mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Working {
    fn start(home: &Home, address: &str, args: &[&str]) -> Self {
        let args = [&["worker", "--log-format", "json", "--json"], args].concat();
        let mut command = home.command(&args);
        command.env("RCOMFY_LEDGER", address).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (send, log) = std::sync::mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().expect("it is a pipe"));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        Self { child, log, seen: Vec::new() }
    }

    /// Waits for an event whose message begins like this.
    fn wait_for(&mut self, message: &str) -> Value {
        loop {
            let line = self.log.recv_timeout(Duration::from_secs(30));
            let line = line.unwrap_or_else(|_| unreachable!("no {message:?} in {:#?}", self.seen));
            self.seen.push(line.clone());
            let event: Value = serde_json::from_str(&line).expect("each line is JSON");
            if event["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                return event;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().expect("it runs").success());
    }

    /// Waits for the end. Returns the exit code and what it printed on stdout.
    fn end(mut self) -> (ExitStatus, String) {
        let mut stdout = String::new();
        let mut out = self.child.stdout.take().expect("it is a pipe");
        out.read_to_string(&mut stdout).expect("it is UTF-8");
        let status = self.child.wait().expect("it ends");
        self.seen.extend(self.log.iter());
        let said = format!("{stdout}{}", self.seen.concat());
        for secret in [PASSWORD, "test-token-of-no-use"] {
            assert!(!said.contains(secret), "{said}");
        }
        (status, stdout)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn add(home: &Home, address: &str, name: &str, count: usize) {
    let lines: String =
        (1..=count).map(|number| format!("{{\"prompt\": \"{name} {number}\"}}\n")).collect();
    home.write(&format!("{name}.jsonl"), lines);
    let ended = run(home, address, &["batch", "add", MODEL, &format!("{name}.jsonl")]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

/// Returns the answer to a request.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

/// Returns a number of the metrics.
fn number(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| unreachable!("no {name} in {metrics}"));
    line.parse().expect("a number")
}

fn accepted(simulator: &Simulator, count: usize) {
    let start = Instant::now();
    while simulator.ledger().len() < count {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", simulator.ledger().len());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn worker_on_postgres_works_serves_numbers_and_drains() {
    let simulator = fast().await;
    let (adds, works) = (Home::with(&simulator), Home::with(&simulator));
    let address = address();
    add(&adds, &address, "boats", 5);
    let out = works.path().join("out").display().to_string();
    let args = ["--output-dir", &out, "--metrics", "127.0.0.1:0"];
    let mut working = Working::start(&works, &address, &args);
    let served = working.wait_for("metrics are served")["address"].as_str().map(str::to_owned);
    let served = served.expect("an address");
    for _ in 0..5 {
        let settled = working.wait_for("settled");
        assert_eq!(settled["state"], "delivered", "{settled}");
    }
    assert!(get(&served, "/healthz").ends_with("ok\n"));
    let metrics = get(&served, "/metrics");
    for (name, expected) in [
        ("rcomfy_worker_submits_total", 5.0),
        ("rcomfy_worker_settled_jobs_total{state=\"delivered\"}", 5.0),
        ("rcomfy_worker_settled_jobs_total{state=\"unknown\"}", 0.0),
        ("rcomfy_worker_jobs_at_work", 0.0),
        ("rcomfy_ledger_up", 1.0),
        ("rcomfy_ledger_jobs{state=\"delivered\"}", 5.0),
        ("rcomfy_ledger_jobs_in_flight", 0.0),
    ] {
        assert_eq!(number(&metrics, name), expected, "{name} in {metrics}");
    }
    assert!(number(&metrics, "process_start_time_seconds") > 1.6e9, "{metrics}");
    assert!(number(&metrics, "rcomfy_worker_steps_total") >= 5.0, "{metrics}");
    assert_prometheus(&metrics);
    // Lines that come while it works; a submit is on its way when it is told to stop.
    simulator.script(Call::Submit, [Fault::LateReply(Duration::from_secs(2))]);
    add(&adds, &address, "late", 1);
    accepted(&simulator, 6);
    working.signal("-TERM");
    working.wait_for("told to stop");
    let (status, stdout) = working.end();
    assert!(status.success(), "{status}");
    let envelope: Value = serde_json::from_str(&stdout).expect("one envelope");
    assert_envelope(&["worker"], &envelope);
    assert_eq!(envelope["data"]["settled"]["delivered"], 5, "{envelope}");
    let listed = run(&adds, &address, &["batch", "status", "late", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed["data"]["states"]["accepted"], 1, "its outcome is known: {listed}");
    assert_eq!(simulator.ledger().len(), 6);
}

/// Asserts that each sample has a type before it, as the text format wants it.
fn assert_prometheus(answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let sample = regex::Regex::new(r#"^([a-z_]+)(\{[a-z]+="[a-z0-9_.]+"\})? [0-9.e+]+$"#);
    let sample = sample.expect("a pattern");
    let mut kind = "";
    for line in body.lines() {
        if let Some(named) = line.strip_prefix("# TYPE ") {
            kind = named.split(' ').next().expect("a name");
        } else if !line.starts_with("# HELP ") {
            let found = sample.captures(line).unwrap_or_else(|| unreachable!("{line:?}"));
            assert_eq!(&found[1], kind, "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn worker_on_postgres_stops_hard_at_the_second_signal() {
    let simulator = simulator(Duration::from_secs(600), Duration::from_secs(600)).await;
    let home = Home::with(&simulator);
    let address = address();
    simulator.script(Call::Submit, [Fault::LateReply(Duration::from_secs(60))]);
    add(&home, &address, "boats", 1);
    let mut working = Working::start(&home, &address, &["--urls-only"]);
    accepted(&simulator, 1);
    working.signal("-TERM");
    working.wait_for("told to stop");
    let start = Instant::now();
    working.signal("-INT");
    let (status, stdout) = working.end();
    assert_eq!(status.code(), Some(130), "{stdout}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let envelope: Value = serde_json::from_str(&stdout).expect("one envelope");
    assert_envelope(&["worker"], &envelope);
    // It may have been accepted, so nobody sends it again. It is `unknown` half a minute later.
    let listed = run(&home, &address, &["jobs", "--json"]).stdout;
    let is_kept = ["sending", "unknown"].iter().any(|state| listed.contains(state));
    assert!(is_kept, "{listed}");
    assert_eq!(simulator.ledger().len(), 1);
}

/// The time for which a worker that is told to stop is waited for, in seconds: a submit gives up
/// after 120 s without an answer, and then its outcome is written.
const DRAIN: u64 = 150;

fn example(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/worker/");
    std::fs::read_to_string(format!("{folder}{name}")).expect("it is there")
}

/// Asserts that the command line of an example is one.
fn assert_command(words: &[&str]) {
    let matches = rcomfy::command().try_get_matches_from(words);
    let matches = matches.unwrap_or_else(|error| unreachable!("{words:?}: {error}"));
    assert_eq!(matches.subcommand_name(), Some("worker"), "{words:?}");
}

#[test]
fn the_example_for_systemd_waits_for_the_drain() {
    let unit = example("rcomfy-worker.service");
    let value = |name: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| unreachable!("no {name}"))
    };
    let command: Vec<&str> = value("ExecStart").split(' ').collect();
    assert_command(&[&["rcomfy"], &command[1..]].concat());
    assert!(value("TimeoutStopSec").parse::<u64>().expect("seconds") > DRAIN);
    assert!(value("RestartPreventExitStatus").split(' ').eq(["2", "4"]), "usage and token");
    // The first process alone gets the signal, and not what it may have started.
    assert_eq!((value("KillMode"), value("Restart")), ("mixed", "on-failure"));
}

#[test]
#[ignore = "it needs systemd-analyze"]
fn systemd_accepts_the_example() {
    let home = Home::new();
    let unit = example("rcomfy-worker.service");
    let unit = unit.replace("/usr/local/bin/rcomfy", env!("CARGO_BIN_EXE_rcomfy"));
    let path = home.write("rcomfy-worker.service", unit).display().to_string();
    let ended = Command::new("systemd-analyze").args(["verify", "--man=no", &path]).output();
    let ended = ended.expect("systemd-analyze is installed");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_example_for_kubernetes_waits_for_the_drain() {
    let set: Value = serde_saphyr::from_str(&example("kubernetes.yaml")).expect("it is YAML");
    assert_eq!((&set["apiVersion"], &set["kind"]), (&"apps/v1".into(), &"StatefulSet".into()));
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&set["spec"]["selector"]["matchLabels"], labels);
    let pod = &set["spec"]["template"]["spec"];
    assert!(pod["terminationGracePeriodSeconds"].as_u64().is_some_and(|time| time > DRAIN));
    let worker = &pod["containers"][0];
    let strings = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|word| word.as_str().expect("a text").to_owned()).collect()
    };
    let command = [strings(&worker["command"]), strings(&worker["args"])].concat();
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    assert_command(&words);
    let port = worker["ports"][0]["containerPort"].as_u64().expect("a port");
    assert!(words.contains(&format!("0.0.0.0:{port}").as_str()), "{words:?}");
    let set_by_it: Vec<&str> = worker["env"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    assert_eq!(set_by_it, ["RCOMFY_LEDGER", "RUNCOMFY_TOKEN", "XDG_STATE_HOME"]);
    // What it writes goes to volumes.
    let mounts = worker["volumeMounts"].as_array().expect("a list");
    for path in ["/state", "/outputs"] {
        assert!(mounts.iter().any(|mount| mount["mountPath"] == path), "{path}");
    }
}
