//! Every command that makes calls, against a simulator that fails: one fault is survived, lasting
//! ones have the exit code that the docs say, and the ledger of the simulator has no job twice.

use std::time::Duration;

use runcomfy_simulator::{Call, Fault, Processed, Simulator};

use crate::support::{Home, simulator};

/// A command, the call that it makes, and its exit code if that call never succeeds.
const COMMANDS: [(&[&str], Call, i32); 9] = [
    (&["models", "sync"], Call::Catalog, 9),
    (&["submit", "flux-2-klein/4b", "--prompt", "another"], Call::Submit, 10),
    (&["status", "sim-000001"], Call::Status, 9),
    (&["wait", "sim-000001"], Call::Status, 9),
    (&["jobs", "resume", "sim-000001"], Call::Result, 9),
    (&["result", "sim-000001"], Call::Result, 9),
    (&["download", "sim-000001"], Call::Output, 11),
    (&["cancel", "sim-000001"], Call::Cancel, 9),
    (&["spend"], Call::Balance, 0),
];

/// Starts a simulator, and a home with a job there that is soon finished, or not for long.
async fn with_job(args: &[&str]) -> (Simulator, Home) {
    let queue = if args[0] == "cancel" { Duration::from_secs(60) } else { Duration::ZERO };
    let simulator = simulator(queue, Duration::from_millis(50)).await;
    let home = Home::with(&simulator);
    assert_eq!(home.run(&["submit", "flux-2-klein/4b", "--prompt", "a boat"]).code, 0);
    // Then it is finished.
    tokio::time::sleep(Duration::from_millis(500)).await;
    (simulator, home)
}

fn failing(status: u16) -> Fault {
    Fault::Error { status, code: None, processed: Processed::No }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_is_survived() {
    for (args, call, _) in COMMANDS {
        let (simulator, home) = with_job(args).await;
        // After 503, a submit may have been accepted, so it is not repeated.
        simulator.script(call, [failing(if call == Call::Submit { 429 } else { 503 })]);
        let (code, envelope) = home.json(args);
        assert_eq!(code, 0, "{args:?}: {envelope}");
    }
}

#[test]
fn lasting_faults_have_the_exit_code_of_the_docs() {
    // Each command blocks its thread, and its simulator answers on others.
    std::thread::scope(|scope| {
        for (args, call, expected) in COMMANDS {
            scope.spawn(move || {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                runtime.block_on(fail_for_ever(args, call, expected));
            });
        }
    });
}

async fn fail_for_ever(args: &[&str], call: Call, expected: i32) {
    let (simulator, home) = with_job(args).await;
    simulator.script(call, std::iter::repeat_n(failing(503), 1000));
    let (code, envelope) = home.json(&[args, &timeout(args)[..]].concat());
    assert_eq!(code, expected, "{args:?}: {envelope}");
    if code != 0 {
        assert_eq!(envelope["error"]["retryable"], code != 10, "{args:?}: {envelope}");
        assert!(envelope["error"]["fix"].is_string(), "{args:?}: {envelope}");
    }
    let paid = if args[0] == "submit" { 1 } else { simulator.ledger().len() };
    assert_eq!(paid, 1, "{args:?}");
}

/// Returns the option that lets a wait give up before its time is over.
fn timeout(args: &[&str]) -> Vec<&'static str> {
    match args {
        ["wait", ..] | ["jobs", "resume", ..] => vec!["--timeout", "60s"],
        _ => Vec::new(),
    }
}
