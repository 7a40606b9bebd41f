//! Runs of jobs against the simulator.

use std::time::Duration;

use runcomfy_simulator::{Call, Fault, JobScenario, Processed, RetryAfter, Simulator};

use crate::support::{Home, fast, simulator};

const RUN: [&str; 6] = ["run", "hailuo", "--prompt", "a boat", "--image-url", "boat.png"];

#[tokio::test(flavor = "multi_thread")]
async fn a_run_saves_the_outputs_and_prints_their_paths() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let ended = home.run(&RUN);
    assert_eq!(ended.code, 0, "{ended:?}");
    let path = ended.stdout.trim();
    let saved = std::fs::read(path).expect("the saved file");
    assert!(!saved.is_empty());
    assert_eq!(simulator.ledger().len(), 1);

    let (_, envelope) = home.json(&["jobs"]);
    assert_eq!(envelope["data"]["jobs"][0]["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_end_with_the_envelope() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let ended = home.run(&[&RUN[..], &["--events"]].concat());
    let events: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    crate::schemas::assert_events(&RUN, &events);
    assert_eq!(events.last().expect("events")["result"]["ok"], true);
    assert!(events.iter().any(|event| event["event"] == "status"), "{events:?}");
}

#[test]
fn an_unchecked_rule_is_shown_in_every_format() {
    const CHECK: [&str; 6] =
        ["check", "hailuo", "--prompt", "a boat", "--image-url", "https://10.0.0.1/boat.png"];
    const SHOWN: &str = "width_pixels> was not checked";
    let home = Home::new();
    for format in ["--quiet", "--json"] {
        let ended = home.run(&[&CHECK[..], &[format]].concat());
        assert!(ended.code == 0 && ended.stderr.contains(SHOWN), "{format}: {ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{format}: {ended:?}");
    }
    let ended = home.run(&[&CHECK[..], &["--events"]].concat());
    let events: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    crate::schemas::assert_events(&CHECK, &events);
    let mut warnings = events.iter().filter(|event| event["event"] == "warning");
    let is_shown = warnings.any(|event| event["message"].to_string().contains(SHOWN));
    assert!(is_shown && ended.stderr.is_empty(), "{ended:?}");
}

/// The scheme of a URL is in any case, and spaces around it do not count.
#[test]
fn a_data_uri_in_any_spelling_is_not_a_path() {
    let home = Home::new();
    let png = std::fs::read(home.picture("boat.png", 640, 480)).expect("a picture");
    let data: String = png.iter().map(|byte| format!("%{byte:02X}")).collect();
    for start in ["data:image/png,", "DATA:IMAGE/PNG,", " \n data:,"] {
        let input = serde_json::json!({"prompt": "a boat", "image_url": format!("{start}{data}")});
        home.write("job.json", input.to_string());
        let ended = home.run(&["check", "hailuo", "--input", "job.json"]);
        assert_eq!(ended.code, 0, "{start:?}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_input_is_not_paid_for_twice() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    assert_eq!(home.run(&RUN).code, 0);
    let (code, envelope) = home.json(&RUN);
    assert_eq!((code, &envelope["error"]["code"]), (12, &"would_pay_twice".into()));
    assert_eq!(simulator.ledger().len(), 1);
    assert_eq!(home.run(&[&RUN[..], &["--again"]].concat()).code, 0);
    assert_eq!(simulator.ledger().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_from_stdin_and_flags_make_one_input() {
    use std::io::Write;
    use std::process::Stdio;

    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let mut child = home
        .command(&["submit", "hailuo", "--input", "-", "--prompt", "from a flag"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let input = br#"{"prompt": "from stdin", "image_url": "boat.png", "prompt_optimizer": false}"#;
    child.stdin.take().expect("stdin").write_all(input).expect("written");
    assert!(child.wait_with_output().expect("it ends").status.success());
    let accepted = simulator.ledger()[0].input.clone().expect("a short input");
    assert_eq!(accepted["prompt"], "from a flag");
    assert_eq!(accepted["prompt_optimizer"], false);
    assert!(accepted["image_url"].as_str().expect("text").starts_with("data:image/png;base64,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_sends_nothing() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let ended = home.run(&[&RUN[..], &["--dry-run"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    insta::assert_snapshot!("dry_run", ended.shown(&home));
    assert!(simulator.ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_exit_code_6() {
    let simulator = fast().await;
    simulator.script_jobs([JobScenario::Fails(runcomfy_simulator::Failure::Text)]);
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let (code, envelope) = home.json(&RUN);
    assert_eq!((code, &envelope["error"]["code"]), (6, &"job_failed".into()));
    assert!(envelope["error"]["request_id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_too_long_continues() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(3)).await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let (code, envelope) = home.json(&[&RUN[..], &["--timeout", "500ms"]].concat());
    assert_eq!((code, &envelope["error"]["code"]), (8, &"timeout".into()));
    let job = envelope["error"]["job"].as_str().expect("the job");
    let ended = home.run(&["wait", job]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_settled_by_a_person() {
    let simulator = fast().await;
    simulator.script(Call::Submit, [Fault::Close { processed: Processed::Yes }]);
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let (code, envelope) = home.json(&RUN);
    assert_eq!((code, &envelope["error"]["code"]), (10, &"outcome_unknown".into()));
    let job = envelope["error"]["job"].as_str().expect("the job").to_owned();
    let request = simulator.ledger()[0].request_id.clone();
    let ended = home.run(&["jobs", "settle", &job, "--request-id", &request]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = home.run(&["jobs", "resume", &job]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(simulator.ledger().len(), 1);
}

/// A submit ends once its outcome is known, and its exit code says which.
#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_is_not_accepted_is_no_success() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let submit = ["submit", "flux-2-klein/4b", "--prompt", "a boat"];
    let refused = Fault::Error { status: 413, code: None, processed: Processed::No };
    simulator.script(Call::Submit, [refused]);
    let (code, envelope) = home.json(&submit);
    assert_eq!((code, &envelope["error"]["code"]), (3, &"input_refused".into()), "{envelope}");

    simulator.script(Call::Submit, [Fault::RateLimit(RetryAfter::Seconds(1))]);
    let (code, envelope) = home.json(&submit);
    assert_eq!((code, &envelope["data"]["state"]), (0, &"accepted".into()), "{envelope}");
    assert_eq!(simulator.ledger().len(), 1);

    simulator.script(Call::Submit, [Fault::RateLimit(RetryAfter::Seconds(600))]);
    let another = [&submit[..3], &["another boat", "--timeout", "1s"]].concat();
    let (code, envelope) = home.json(&another);
    assert_eq!((code, &envelope["error"]["code"]), (8, &"timeout".into()), "{envelope}");
    let fix = envelope["error"]["fix"].as_str().unwrap_or_default();
    assert!(fix.starts_with("nothing was paid; `rcomfy jobs resume "), "{fix}");
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_exit_code_4() {
    let simulator = Simulator::builder().token("another").start().await.expect("it starts");
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let (code, envelope) = home.json(&RUN);
    assert_eq!((code, &envelope["error"]["code"]), (4, &"authentication".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_balance_is_exit_code_5() {
    let price = "0.25/output".parse().expect("a price");
    let simulator =
        Simulator::builder().funds_usd(0.0).price(price).start().await.expect("it starts");
    let home = Home::with(&simulator);
    home.picture("boat.png", 640, 480);
    let (code, envelope) = home.json(&RUN);
    assert_eq!((code, &envelope["error"]["code"]), (5, &"budget".into()), "{envelope}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_is_exit_code_9() {
    let base = {
        let simulator = fast().await;
        simulator.api_base().to_owned()
    };
    let home = Home::new();
    home.picture("boat.png", 640, 480);
    let output = home
        .command(&RUN)
        .env("RUNCOMFY_MODEL_API_BASE", base)
        .env("RUNCOMFY_TOKEN", "test-token-of-no-use")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_without_an_account_uses_the_simulator() {
    let home = Home::new();
    home.picture("boat.png", 640, 480);
    let ended = home.run(&[&RUN[..], &["--simulate"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("simulator"), "{}", ended.stderr);
    assert!(std::path::Path::new(ended.stdout.trim()).exists());
}

/// macOS lets no such folder be made.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_name_is_no_text_takes_outputs() {
    use std::os::unix::ffi::OsStrExt;

    let simulator = fast().await;
    let home = Home::with(&simulator);
    let folder = home.path().join(std::ffi::OsStr::from_bytes(b"boats-\xff"));
    std::fs::create_dir(&folder).expect("a folder");
    let mut run = home.command(&["run", "flux-2-klein/4b", "--prompt", "a boat", "--json"]);
    let ended = run.current_dir(&folder).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(folder.join("sim-000001.png").exists());
    let (_, envelope) = home.json(&["jobs"]);
    let job = &envelope["data"]["jobs"][0];
    assert_eq!(job["state"], "delivered", "{envelope}");
    let path = job["outputs"][0]["path"].as_str().expect("a path");
    assert!(path.ends_with("boats-\u{fffd}/sim-000001.png"), "{path}");
}
