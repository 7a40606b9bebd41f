//! Trouble from outside: signals, a closed terminal or pipe, a full disk, a lost network, a stopped
//! process. The ledger is right each time, and the next command is printed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::schemas::assert_events;
use crate::support::{Ended, Home, fast, simulator};

const RUN: [&str; 4] = ["run", "flux-2-klein/4b", "--prompt", "a boat"];
const MINUTE: Duration = Duration::from_secs(60);

/// A run of the binary that prints events.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    events: Vec<Value>,
}

impl Running {
    fn start(home: &Home, more: &[&str]) -> Self {
        let args = [&RUN[..], &["--events"], more].concat();
        let mut child = home.command(&args).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("stdout");
        Self { child, lines: BufReader::new(stdout).lines(), events: Vec::new() }
    }

    /// Reads events up to one of a name.
    fn wait_for(&mut self, name: &str) {
        while self.events.last().is_none_or(|event| event["event"] != name) {
            let line = self.lines.next().expect("another event").expect("UTF-8");
            self.events.push(serde_json::from_str(&line).expect("JSON"));
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().expect("kill runs");
        assert!(status.success());
    }

    /// Waits for the end, and returns the exit code and the envelope.
    fn end(mut self) -> (i32, Value) {
        self.wait_for("finished");
        assert_events(&RUN, &self.events);
        let code = self.child.wait().expect("it ends").code();
        (code.unwrap_or(-1), self.events.pop().expect("the last")["result"].take())
    }
}

/// Returns the state of the only job, and its id.
fn only_job(home: &Home) -> (String, String) {
    let (_, envelope) = home.json(&["jobs"]);
    let jobs = envelope["data"]["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 1, "{envelope}");
    let text = |name: &str| jobs[0][name].as_str().expect("text").to_owned();
    (text("state"), text("job"))
}

/// A paid result is shown in any form: a person can read it, and a program too.
#[test]
fn a_response_that_cannot_be_read_is_shown_whole() {
    let page = "<html>https://a.example/v.mp4\u{1b}[2J</html>";
    let base = crate::catalog::serve(page);
    let home = Home::new();
    let result = |form: &[&str]| {
        let mut command = home.command(&[&["result", "r-1"], form].concat());
        command.env("RUNCOMFY_MODEL_API_BASE", &base).env("RUNCOMFY_TOKEN", "of-no-use-at-all");
        Ended::of(command.output().expect("it runs"))
    };
    let ended = result(&["--json"]);
    let envelope: Value = serde_json::from_str(&ended.stdout).expect("an envelope");
    crate::schemas::assert_envelope(&["result"], &envelope);
    assert_eq!((ended.code, envelope["error"]["reply"].as_str()), (9, Some(page)), "{envelope}");
    let shown = result(&[]).stderr;
    assert!(shown.contains("`rcomfy result r-1 --json` has all of it in `reply`"), "{shown}");
}

/// Trying again saves no text, and replaces no file.
#[test]
fn an_output_that_cannot_be_saved_has_its_own_next_step() {
    let text = crate::catalog::serve(r#"{"status": "succeeded", "output": {"text": "a boat"}}"#);
    let data = crate::catalog::serve(r#"{"status": "succeeded", "output": "data:,a%20boat"}"#);
    let home = Home::new();
    for (verb, base, code, next) in [
        ("download", &text, 11, "`rcomfy result r-1` shows the output"),
        ("wait", &data, 0, ""),
        ("wait", &data, 11, "`rcomfy download r-1` replaces the file"),
        ("download", &data, 0, ""),
    ] {
        let mut command = home.command(&[verb, "r-1"]);
        command.env("RUNCOMFY_MODEL_API_BASE", base).env("RUNCOMFY_TOKEN", "of-no-use-at-all");
        let ended = Ended::of(command.output().expect("it runs"));
        assert!(ended.code == code && ended.stderr.contains(next), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_leaves_the_job_running() {
    let simulator = simulator(Duration::ZERO, MINUTE).await;
    let home = Home::with(&simulator);
    let mut running = Running::start(&home, &[]);
    running.wait_for("status");
    running.signal("-TERM");
    let (code, envelope) = running.end();
    assert_eq!((code, &envelope["error"]["code"]), (130, &"interrupted".into()), "{envelope}");
    let (state, job) = only_job(&home);
    assert_eq!(state, "accepted");
    assert_eq!(envelope["error"]["fix"], format!("`rcomfy wait {job}` resumes"));
    assert_eq!(simulator.ledger().len(), 1);
}

#[test]
fn sigterm_ends_the_simulator_in_order() {
    let home = Home::new();
    let mut command = home.command(&["simulate", "--port", "0", "--events"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let stdout = child.stdout.take().expect("stdout");
    let mut running = Running { child, lines: BufReader::new(stdout).lines(), events: Vec::new() };
    running.wait_for("listening");
    running.signal("-TERM");
    running.wait_for("finished");
    assert_events(&["simulate"], &running.events);
    assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
}

/// `script` owns the terminal, so the terminal closes when it is killed.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_leaves_the_job_running() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(6)).await;
    let home = Home::with(&simulator);
    // The shell outlives the terminal, and writes down how the run ended.
    let run = format!("trap '' HUP; rcomfy {} 'a boat'; echo $? > code", RUN[..3].join(" "));
    let inner = home.write("run.sh", run);
    let line = format!("sh {}", inner.display());
    let mut script = home.program("script", &["-qec", &line, "/dev/null"]);
    script.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut script = script.spawn().expect("script is installed");
    wait_until(|| !simulator.ledger().is_empty());
    tokio::time::sleep(Duration::from_millis(500)).await;
    script.kill().expect("it is killed");
    script.wait().expect("it ends");

    let code = home.path().join("code");
    wait_until(|| std::fs::read_to_string(&code).is_ok_and(|code| code.ends_with('\n')));
    assert_eq!(std::fs::read_to_string(&code).expect("the code").trim(), "130");
    let (state, job) = only_job(&home);
    assert_eq!(state, "accepted");
    let ended = home.run(&["wait", &job]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(simulator.ledger().len(), 1);
}

/// Waits until something is so.
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never became so");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_stops_no_paid_job() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let mut running = Running::start(&home, &[]);
    running.wait_for("intended");
    drop(running.lines);
    assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
    assert_eq!(only_job(&home).0, "delivered");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let home = Home::new();
    let script = "rcomfy models | head -n 1; echo ${PIPESTATUS[0]}; rcomfy models 1>&- ; echo $?";
    let output = home.program("bash", &["-c", script]).output().expect("bash runs");
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!errors.contains("panicked"), "{errors}");
    let codes: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(codes.first(), Some(&"0"), "{text}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_names_the_command_that_waits() {
    let simulator = simulator(Duration::ZERO, MINUTE).await;
    let home = Home::with(&simulator);
    let mut running = Running::start(&home, &[]);
    running.wait_for("status");
    drop(simulator);
    let start = Instant::now();
    let (code, envelope) = running.end();
    println!("gave up after {:?}", start.elapsed());
    assert_eq!((code, &envelope["error"]["code"]), (9, &"network".into()), "{envelope}");
    assert_eq!(envelope["error"]["retryable"], true);
    let fix = envelope["error"]["fix"].as_str().expect("a fix");
    assert!(fix.contains("the job continues at RunComfy: `rcomfy wait "), "{fix}");
    assert_eq!(only_job(&home).0, "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_goes_on_where_it_was() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(2)).await;
    let home = Home::with(&simulator);
    // The job ends while the process is stopped, and the time to wait as well.
    let mut running = Running::start(&home, &["--timeout", "3s"]);
    running.wait_for("status");
    running.signal("-STOP");
    tokio::time::sleep(Duration::from_secs(5)).await;
    running.signal("-CONT");
    let start = Instant::now();
    let (code, envelope) = running.end();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!((code, only_job(&home).0.as_str()), (0, "delivered"), "{envelope}");
    assert_eq!(simulator.ledger().len(), 1);
}

/// Runs a shell script in which `$small` is a folder on a disk of this size.
#[cfg(target_os = "linux")]
fn on_a_small_disk(home: &Home, size: &str, script: &str) -> crate::support::Ended {
    let small = home.path().join("small");
    std::fs::create_dir_all(&small).expect("a folder");
    let script = format!(
        "small={0}; mount -t tmpfs -o size={size} tmpfs {0} || exit 99; {script}",
        small.display()
    );
    let output = home.program("unshare", &["--map-root-user", "--mount", "sh", "-c", &script]);
    let ended = crate::support::Ended::of({ output }.output().expect("unshare runs"));
    assert_ne!(ended.code, 99, "this machine does not let a test mount a disk: {ended:?}");
    ended
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it mounts a small disk, which .ci/run lets it do"]
async fn a_full_disk_under_the_ledger_sends_nothing() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let fill = "head -c 290K /dev/zero > $small/filling 2>/dev/null";
    let run = "rcomfy run flux-2-klein/4b --prompt boat --ledger $small/ledger.db";
    let ended = on_a_small_disk(&home, "300k", &format!("{fill}; {run}"));
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("the disk is full"), "{}", ended.stderr);
    assert!(simulator.ledger().is_empty(), "nothing is sent that cannot be written down");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "it mounts a small disk, which .ci/run lets it do"]
fn a_full_disk_while_a_batch_is_added_adds_nothing() {
    let home = Home::new();
    let long = "x".repeat(500);
    let lines = (0..2_500).map(|number| format!("{{\"prompt\": \"{number} {long}\"}}\n"));
    home.write("boats.jsonl", lines.collect::<String>());
    let fill = "head -c 14M /dev/zero > $small/filling";
    let add = "rcomfy batch add flux-2-klein/4b boats.jsonl --offline --ledger $small/ledger.db";
    let export = "rcomfy batch export boats --ledger $small/ledger.db | wc -l";
    let script = format!("{fill}; {add}; echo $?; rm $small/filling; {export}; {add}; {export}");
    let ended = on_a_small_disk(&home, "16m", &script);
    assert!(ended.stderr.contains("the disk is full"), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim).collect();
    let [code, before, added, after] = lines.as_slice() else { unreachable!("{ended:?}") };
    assert_eq!((*code, *before, *after), ("1", "0", "2500"), "{ended:?}");
    assert!(added.starts_with("batch boats: 2500 lines"), "{ended:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it mounts a small disk, which .ci/run lets it do"]
async fn a_full_disk_for_the_outputs_keeps_the_result() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let fill = "head -c 300K /dev/zero > $small/filling 2>/dev/null";
    let run = "rcomfy run flux-2-klein/4b --prompt boat --output $small";
    let ended = on_a_small_disk(&home, "300k", &format!("{fill}; {run}; echo $? >&2; ls $small"));
    assert!(ended.stderr.contains("\n11\n"), "{ended:?}");
    assert!(ended.stderr.contains("`rcomfy download"), "{}", ended.stderr);
    assert_eq!(ended.stdout.trim(), "filling", "no half a file is left");
    assert_eq!(only_job(&home).0, "succeeded");
    assert_eq!(home.run(&["download", "sim-000001"]).code, 0);
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_standard_output_is_an_error() {
    let home = Home::new();
    let output = home.program("sh", &["-c", "rcomfy models > /dev/full"]).output();
    let output = output.expect("sh runs");
    let mut text = String::new();
    output.stderr.as_slice().read_to_string(&mut text).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot write the result"), "{text}");
}
