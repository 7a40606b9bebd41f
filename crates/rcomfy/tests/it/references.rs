//! `@job:<id>[.index]`: an output of an earlier job as a value.

use std::time::Duration;

use runcomfy_simulator::{Failure, JobScenario, Simulator};

use crate::support::{Home, fast, simulator};

const PAINT: [&str; 4] = ["flux-2-klein/4b", "--prompt", "a boat", "--quiet"];

/// A model that takes an image of any size.
const VIDEO: &str = "flux-3/image-to-video/draft";

/// Runs a command of the model that paints, and returns the id of its job.
fn paint(home: &Home, command: &str) -> String {
    home.run(&[&[command], &PAINT[..]].concat());
    let (_, envelope) = home.json(&["jobs"]);
    envelope["data"]["jobs"][0]["job"].as_str().expect("a job").to_owned()
}

/// Returns the exit code and the error of a run that takes a value for its image.
fn animate(home: &Home, image: &str) -> (i32, serde_json::Value) {
    let (code, envelope) = home.json(&["submit", VIDEO, "--prompt", "x", "--image-url", image]);
    (code, envelope["error"].clone())
}

fn image_of(simulator: &Simulator, index: usize) -> String {
    let input = simulator.ledger()[index].input.clone().expect("a short input");
    input["image_url"].as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_of_a_job_is_the_input_of_the_next() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let job = paint(&home, "run");
    let (_, result) = home.json(&["result", &job]);
    let output = &result["data"]["output"];
    let url = output["image"].as_str().or(output["images"][0].as_str()).expect("a URL").to_owned();

    assert_eq!(animate(&home, &format!("@job:{job}")).0, 0);
    assert_eq!(image_of(&simulator, 1), url);
    let set = ["submit", VIDEO, "--prompt", "y", "--set", &format!("image_url=@job:{job}.0")];
    assert_eq!(home.run(&set).code, 0);
    assert_eq!(image_of(&simulator, 2), url);

    let text = ["submit", "flux-2-klein/4b", "--prompt", &format!("@job:{job}")];
    assert_eq!(home.run(&text).code, 0);
    let prompt = simulator.ledger()[3].input.clone().expect("an input")["prompt"].clone();
    assert_eq!(prompt, url);
    let literal = ["submit", "flux-2-klein/4b", "--prompt", "@@job:x"];
    assert_eq!(home.run(&literal).code, 0);
    let prompt = simulator.ledger()[4].input.clone().expect("an input")["prompt"].clone();
    assert_eq!(prompt, "@job:x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_an_output_says_what_to_do() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(60)).await;
    let home = Home::with(&simulator);
    let job = paint(&home, "submit");
    let (code, error) = animate(&home, &format!("@job:{job}"));
    assert_eq!(code, 3, "{error}");
    assert_eq!(error["fix"], format!("`rcomfy wait {job}` waits for it"));
    assert_eq!(animate(&home, "@job:nothing").0, 2);
    assert_eq!(animate(&home, "@job:.1").0, 2);
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_and_a_wrong_index_are_named() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let job = paint(&home, "run");
    let (code, error) = animate(&home, &format!("@job:{job}.7"));
    assert_eq!(code, 3, "{error}");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("has 1 output")), "{error}");

    simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    home.run(&["run", "flux-2-klein/4b", "--prompt", "another"]);
    let (_, envelope) = home.json(&["jobs", "--state", "failed"]);
    let job = envelope["data"]["jobs"][0]["job"].as_str().expect("a job").to_owned();
    let (code, error) = animate(&home, &format!("@job:{job}"));
    assert_eq!(code, 3, "{error}");
    assert_eq!(error["fix"], format!("`rcomfy jobs show {job}` says why"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_output_names_the_saved_file() {
    let simulator = fast().await;
    simulator.script_jobs([JobScenario::Expires(Duration::from_secs(2))]);
    let home = Home::with(&simulator);
    let job = paint(&home, "run");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (code, error) = animate(&home, &format!("@job:{job}"));
    assert_eq!(code, 3, "{error}");
    let fix = error["fix"].as_str().expect("a fix");
    let path = fix.strip_prefix("give the saved file instead: ").expect("the file");
    assert_eq!(animate(&home, path).0, 0);
}
