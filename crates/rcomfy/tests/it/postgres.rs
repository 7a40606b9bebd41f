//! The same commands with a ledger on PostgreSQL. The tests need a server, which `.ci/postgres`
//! starts:
//!
//! ```sh
//! .ci/postgres cargo test -p rcomfy --test it postgres -- --ignored
//! ```

use std::process::{Command, Stdio};
use std::time::Duration;

use runcomfy_simulator::{Call, Fault};

use crate::support::{Ended, Home, fast};

/// Environment variable with the address of the server.
const SERVER: &str = "RCOMFY_TEST_POSTGRES";
/// The password in that address.
pub(crate) const PASSWORD: &str = "pass-of-the-tests";

/// Returns the address of a ledger that nobody else uses.
pub(crate) fn address() -> String {
    let server = std::env::var(SERVER).expect("`.ci/postgres` sets it");
    assert!(server.contains(PASSWORD), "{server}");
    format!("{server}?schema=r{:016x}", fastrand::u64(..))
}

pub(crate) fn run(home: &Home, address: &str, args: &[&str]) -> Ended {
    let mut command = home.command(args);
    Ended::of(command.env("RCOMFY_LEDGER", address).output().expect("the binary runs"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn every_command_works_on_a_server_from_two_machines() {
    let simulator = fast().await;
    // Two homes are two machines.
    let (one, two) = (Home::with(&simulator), Home::with(&simulator));
    let address = address();
    let paid = run(&one, &address, &["run", "flux-2-klein/4b", "--prompt", "a boat", "--json"]);
    assert_eq!(paid.code, 0, "{paid:?}");
    let envelope: serde_json::Value = serde_json::from_str(&paid.stdout).expect("it is JSON");
    let job = envelope["data"]["job"].as_str().or_else(|| envelope["data"]["id"].as_str());
    let job = job.unwrap_or_else(|| unreachable!("{envelope}")).to_owned();
    for args in [
        vec!["jobs"],
        vec!["jobs", "show", &job],
        vec!["status", &job],
        vec!["result", &job],
        vec!["wait", &job],
        vec!["download", &job],
        vec!["spend"],
    ] {
        let ended = run(&two, &address, &args);
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
    }
    let twin = run(&two, &address, &["run", "flux-2-klein/4b", "--prompt", "a boat"]);
    assert_eq!(twin.code, 12, "{twin:?}");
    // By the option and by the configuration too.
    let by_option = two.run(&["jobs", "--ledger", &address, "--json"]);
    assert!(by_option.stdout.contains(&job), "{by_option:?}");
    two.write("config/rcomfy/config.toml", format!("ledger = \"{address}\"\n"));
    assert!(two.run(&["jobs", "--json"]).stdout.contains(&job));
    assert!(!two.path().join("state/rcomfy/ledger.db").exists(), "no file was made");
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn a_password_of_the_ledger_is_never_printed() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let address = address();
    let closed = address.replace("@127.0.0.1:", "@127.0.0.1:1");
    let wrong = address.replace("?schema", "?passwd=pass-of-the-tests&schema");
    let role = address.replace("tester", "nobody-here");
    for ledger in [&address, &closed, &wrong, &role] {
        for args in [
            vec!["run", "flux-2-klein/4b", "--prompt", "a boat", "-vvv"],
            vec!["jobs", "--json", "-vvv"],
            vec!["config"],
            vec!["config", "--json"],
            vec!["jobs", "--help"],
        ] {
            let ended = run(&home, ledger, &args);
            let text = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!text.contains(PASSWORD), "{args:?}: {text}");
            assert!(args[0] == "config" || ended.code != 101, "{args:?}: {text}");
        }
    }
    let shown = run(&home, &address, &["config"]).stdout;
    assert!(shown.contains("postgres://tester@127.0.0.1"), "{shown}");
    assert!(shown.contains("RCOMFY_LEDGER"), "{shown}");
    let refused = run(&home, &wrong, &["jobs"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("passwd"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn a_run_that_is_stopped_or_killed_is_paid_once() {
    let simulator = fast().await;
    let (one, two) = (Home::with(&simulator), Home::with(&simulator));
    let address = address();
    for (number, signal) in ["-STOP", "-KILL"].into_iter().enumerate() {
        simulator.script(Call::Submit, [Fault::LateReply(Duration::from_millis(900))]);
        let prompt = format!("boat {number}");
        let mut child = one
            .command(&["run", "flux-2-klein/4b", "--prompt", &prompt])
            .env("RCOMFY_LEDGER", &address)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        while simulator.ledger().len() <= number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let send = |signal: &str| {
            let pid = child.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().expect("it runs").success());
        };
        send(signal);
        // Another machine does not send it again, whatever it knows.
        let twin = run(&two, &address, &["run", "flux-2-klein/4b", "--prompt", &prompt]);
        assert_eq!(twin.code, 12, "{twin:?}");
        let state = |home: &Home| {
            let ended = run(home, &address, &["jobs", "--json"]);
            let listed: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
            listed["data"]["jobs"][0]["state"].as_str().unwrap_or_default().to_owned()
        };
        if signal == "-STOP" {
            assert_eq!(state(&two), "sending");
            send("-CONT");
            assert!(child.wait().expect("it ends").success());
            assert_eq!(state(&two), "delivered");
        } else {
            child.wait().expect("it ends");
            // Its own machine sees at once that it is gone.
            assert_eq!(state(&one), "unknown");
        }
        assert_eq!(simulator.ledger().len(), number + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs a PostgreSQL server: `.ci/postgres`"]
async fn a_batch_moves_to_a_server_and_back() {
    let simulator = fast().await;
    let (one, two) = (Home::with(&simulator), Home::with(&simulator));
    let address = address();
    one.write("boats.jsonl", "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n");
    assert_eq!(one.run(&["batch", "add", "flux-2-klein/4b", "boats.jsonl"]).code, 0);
    let moved = one.run(&["batch", "move", "boats", "--to", &address]);
    assert!(moved.code == 0 && !format!("{moved:?}").contains(PASSWORD), "{moved:?}");
    let refused = one.run(&["batch", "run", "boats"]);
    assert!(refused.code == 2 && !format!("{refused:?}").contains(PASSWORD), "{refused:?}");
    // Another machine runs it there.
    let ended = run(&two, &address, &["batch", "run", "boats", "--urls-only"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let file = one.path().join("state/rcomfy/ledger.db").display().to_string();
    let back = run(&one, &address, &["batch", "move", "boats", "--to", &file]);
    assert_eq!(back.code, 0, "{back:?}");
    let (_, status) = one.json(&["batch", "status", "boats"]);
    assert_eq!(status["data"]["states"]["succeeded"], 2, "{status}");
    assert_eq!(simulator.ledger().len(), 2);
}
