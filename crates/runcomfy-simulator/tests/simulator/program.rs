//! The program, run as a user would.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::json;

use crate::support::*;

/// A running program. Dropping it kills the process.
pub(crate) struct Program {
    child: Child,
    origin: String,
}

impl Program {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-simulator"));
        command.arg("--schemas").arg(folder).args(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let origin = lines
            .map(|line| line.expect("text"))
            .find_map(|line| {
                let url = line.split(' ').find(|word| word.starts_with("http://"))?;
                Some(url.trim_end_matches("/v1").to_owned())
            })
            .expect("an address");
        Self { child, origin }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn api_base(&self) -> String {
        format!("{}/v1", self.origin)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process and returns what it wrote to stderr.
    pub(crate) fn stop(mut self) -> String {
        let _ = self.child.kill();
        let stderr: ChildStderr = self.child.stderr.take().expect("an output");
        let mut text = String::new();
        BufReader::new(stderr).read_to_string(&mut text).expect("text");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_writes_a_line_for_each_request() {
    let folder = boat();
    for (more, expected) in [
        (
            &[][..],
            &[
                r"POST /v1/models/minimax/Hailuo%20Video%2001%20Live 200 # ms sim-000001",
                r"GET /v1/requests/sim-000001/status?a=b 200 # ms sim-000001",
                r"POST /_simulator/faults 204 # ms",
                r"POST /v1/models/minimax/Hailuo%20Video%2001%20Live 503 # ms sim-000002 (fault: Error { status: 503, code: None, processed: Yes })",
                r"GET /nowhere 404 # ms",
            ][..],
        ),
        (&["--quiet"][..], &[][..]),
    ] {
        let program = Program::start(folder.path(), &[&["--port", "0"], more].concat());
        let client = reqwest::Client::new();
        let submit = || {
            let url = format!("{}/models/{BOAT_IN_A_PATH}", program.api_base());
            client.post(url).bearer_auth("any").body(boat_input().to_string())
        };
        let fault = json!({"call": "submit", "faults": [
            {"error": {"status": 503, "code": null, "processed": "yes"}}
        ]});
        for call in [
            submit(),
            client
                .get(format!("{}/requests/sim-000001/status?a=b", program.api_base()))
                .bearer_auth("any"),
            client.post(format!("{}/_simulator/faults", program.origin())).json(&fault),
            submit(),
            client.get(format!("{}/nowhere", program.origin())),
        ] {
            call.send().await.expect("an answer");
        }
        let text = program.stop();
        let lines: Vec<String> = text.lines().map(without_time).collect();
        assert_eq!(lines, expected);
    }
}

/// Replaces the milliseconds of a line.
fn without_time(line: &str) -> String {
    let (before, after) = line.split_once(" ms").expect("a time");
    let (before, time) = before.rsplit_once(' ').expect("a time");
    assert!(time.parse::<u64>().is_ok(), "{line}");
    format!("{before} # ms{after}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_takes_paces_and_prices() {
    let folder = boat();
    let pace = format!("{BOAT}=0,0");
    let price = format!("{BOAT}=0.25/output");
    let arguments = ["--port", "0", "--model-pace", &pace, "--price", "9", "--price", &price];
    let program = Program::start(folder.path(), &arguments);
    let client = reqwest::Client::new();
    let url = format!("{}/models/{BOAT_IN_A_PATH}", program.api_base());
    let call = client.post(url).bearer_auth("any").body(boat_input().to_string());
    assert_eq!(json_of(call).await.0, 200);
    let url = format!("{}/requests/sim-000001/result?include_cost=true", program.api_base());
    let (_, result) = json_of(client.get(url).bearer_auth("any")).await;
    assert_eq!((&result["status"], &result["cost"]), (&json!("succeeded"), &json!(0.25)));
}
