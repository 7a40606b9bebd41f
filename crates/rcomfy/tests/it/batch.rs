//! `rcomfy batch`: lines checked first, each paid for once, and stopped from another process.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runcomfy_simulator::{Accepted, Call, Failure, Fault, JobScenario, Processed, Simulator};
use serde_json::Value;

use crate::support::{Home, fast, simulator};

const MODEL: &str = "flux-2-klein/4b";

/// Returns JSON lines with these prompts.
fn prompts(count: usize) -> String {
    (1..=count).map(|number| format!("{{\"prompt\": \"boat {number}\"}}\n")).collect()
}

fn paid(simulator: &Simulator) -> Vec<String> {
    let prompt = |job: &Accepted| job.input.as_ref().expect("short")["prompt"].to_string();
    simulator.ledger().iter().map(prompt).collect()
}

fn distinct(simulator: &Simulator) -> usize {
    paid(simulator).into_iter().collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_file_is_shown_with_its_line_and_nothing_is_added() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.write(
        "boats.jsonl",
        "{\"prompt\": \"one\"}\n\n{\"prompt\": 7}\n[]\n{\"prompt\": \"two\", \"steps\": -1, \"x\": 1}\n\
         {\"prompt\": \"one\"}\n{nonsense\n",
    );
    let ended = home.run(&["batch", "add", MODEL, "boats.jsonl"]);
    insta::assert_snapshot!("batch_problems", ended.shown(&home));
    let (code, envelope) = home.json(&["batch", "add", MODEL, "boats.jsonl"]);
    let problems = envelope["error"]["problems"].as_array().expect("problems").clone();
    let lines: BTreeSet<u64> =
        problems.iter().map(|problem| problem["line"].as_u64().expect("a line")).collect();
    assert_eq!((code, lines), (3, BTreeSet::from([3, 4, 5, 6, 7])), "{problems:#?}");
    let (_, listed) = home.json(&["batch", "status"]);
    assert_eq!(listed["data"]["batches"].as_array().map(Vec::len), Some(0));
    let (code, envelope) = home.json(&["batch", "add", MODEL, "boats.jsonl", "--skip-invalid"]);
    let data = &envelope["data"];
    assert_eq!((code, &data["lines"], &data["skipped"]), (0, &1.into(), &5.into()), "{data}");
    let again = home.run(&["batch", "add", MODEL, "boats.jsonl", "--skip-invalid"]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("rcomfy batch run boats"), "{again:?}");
    assert!(simulator.ledger().is_empty(), "adding sends nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_templates_make_lines_by_the_types_of_the_model() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.write("boats.csv", "prompt,width\n\"a, b\",128\n@home,\n");
    let ended = home.run(&["batch", "add", MODEL, "boats.csv"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = home.run(&["batch", "run", "boats"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let mut inputs: Vec<Value> =
        simulator.ledger().iter().map(|job| job.input.clone().expect("short")).collect();
    inputs.sort_by_key(|input| input["prompt"].to_string());
    let expected = [
        serde_json::json!({"prompt": "@home"}),
        serde_json::json!({"prompt": "a, b", "width": 128}),
    ];
    assert_eq!(inputs, expected);

    home.write("prompts.txt", "one\ntwo\n\n");
    home.write("base.json", "{\"prompt\": \"none\"}");
    let vary = ["--vary", "prompt=@prompts.txt", "--vary", "width=64..66", "--name", "grid"];
    let add = [&["batch", "add", MODEL, "--input", "base.json"], vary.as_slice()].concat();
    let (code, envelope) = home.json(&add);
    assert_eq!((code, &envelope["data"]["lines"]), (0, &6.into()), "{envelope}");
    let (code, envelope) = home.json(&["batch", "run", "grid", "--urls-only"]);
    assert_eq!((code, &envelope["data"]["states"]["succeeded"]), (0, &6.into()), "{envelope}");
    assert_eq!(home.json(&["batch", "export", "grid"]).0, 2, "stdout has the envelope");
    let ended = home.run(&["batch", "export", "grid"]);
    let widths: Vec<(Value, Value)> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|line| (line["line"].clone(), line["input"]["width"].clone()))
        .collect();
    let expected = [(1, 64), (2, 65), (3, 66), (4, 64), (5, 65), (6, 66)];
    assert_eq!(widths, expected.map(|(line, width)| (line.into(), width.into())), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_saves_its_outputs_and_its_results() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(12));
    let ended = home.run(&["batch", "add", MODEL, "boats.jsonl"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let run = ["batch", "run", "boats", "--output", "out/{line}-{index}.{ext}"];
    let ended = home.run(&[run.as_slice(), &["--results", "results.jsonl"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("12 delivered"), "{ended:?}");
    let results = std::fs::read_to_string(home.path().join("results.jsonl")).expect("written");
    let lines: Vec<Value> =
        results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!(line["line"], number);
        let path = line["paths"][0].as_str().expect("a path");
        assert!(path.contains(&format!("/out/{number}-")), "{path}");
        assert!(std::fs::metadata(path).expect("it is saved").len() > 0);
    }
    assert_eq!((lines.len(), distinct(&simulator), simulator.ledger().len()), (12, 12, 12));
    let ended = home.run(&["batch", "export", "boats", "--output", "results.csv"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let csv = std::fs::read_to_string(home.path().join("results.csv")).expect("written");
    assert!(csv.starts_with("line,job,state,request_id,cost_usd,paths,urls,error,input\n1,"));
    assert_eq!(csv.lines().count(), 13, "{csv}");
    // A second run pays for nothing.
    assert_eq!(home.run(&run).code, 0);
    assert_eq!(simulator.ledger().len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_without_a_result_have_their_exit_codes_and_next_steps() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    home.write("boats.jsonl", prompts(3));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    let ended = home.run(&["batch", "run", "boats"]);
    assert_eq!(ended.code, 6, "{ended:?}");
    assert!(ended.stderr.contains("rcomfy batch requeue boats --failed"), "{ended:?}");
    let ended = home.run(&["batch", "requeue", "boats", "--failed"]);
    assert!(ended.stdout.contains("1 line to pay for again"), "{ended:?}");
    assert_eq!(home.run(&["batch", "run", "boats"]).code, 0);
    assert_eq!(simulator.ledger().len(), 4);

    simulator.script(Call::Submit, [Fault::Close { processed: Processed::Yes }]);
    home.write("ships.jsonl", prompts(3).replace("boat", "ship"));
    assert_eq!(home.run(&["batch", "add", MODEL, "ships.jsonl"]).code, 0);
    let ended = home.run(&["batch", "run", "ships"]);
    assert_eq!(ended.code, 10, "{ended:?}");
    assert!(ended.stderr.contains("rcomfy jobs settle"), "{ended:?}");
    assert_eq!(home.run(&["batch", "run", "ships"]).code, 10);
    assert_eq!(simulator.ledger().len(), 7, "nothing was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_paused_and_cancelled_from_another_process() {
    let simulator = simulator(Duration::from_millis(100), Duration::from_millis(100)).await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(40));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    let run = ["batch", "run", "boats", "--at-once", "2", "--urls-only"];
    let mut running = home.command(&run).stdout(Stdio::null()).spawn().expect("it starts");
    while simulator.ledger().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(home.run(&["batch", "pause", "boats"]).code, 0);
    let sent = simulator.ledger().len();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let later = simulator.ledger().len() - sent;
    assert!(later <= 2, "{later} jobs were sent while the batch was paused");
    let (_, status) = home.json(&["batch", "status", "boats"]);
    assert_eq!(status["data"]["paused"], true, "{status}");
    assert_eq!(home.run(&["batch", "resume", "boats"]).code, 0);
    while simulator.ledger().len() < sent + 4 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (code, cancelled) = home.json(&["batch", "cancel", "boats"]);
    assert_eq!(code, 0, "{cancelled}");
    assert!(cancelled["data"]["unsent"].as_u64() > Some(10), "{cancelled}");
    let ended = running.wait().expect("it ends");
    assert_eq!(ended.code(), Some(7));
    let (_, status) = home.json(&["batch", "status", "boats"]);
    assert_eq!(status["data"]["settled"], true, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_joins_the_first_and_says_so() {
    let simulator = simulator(Duration::from_millis(100), Duration::from_millis(400)).await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(12));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    let run = ["batch", "run", "boats", "--at-once", "2", "--urls-only"];
    let first = home.command(&run).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let first = first.expect("it starts");
    while simulator.ledger().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // A batch that is run stays where it is.
    let refused = home.run(&["batch", "move", "boats", "--to", "other.db"]);
    let process = format!("process {} on ", first.id());
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains(&format!("is run by {process}")), "{refused:?}");
    let second = home.run(&run);
    assert_eq!(second.code, 0, "{second:?}");
    let joins: Vec<&str> = second.stderr.lines().filter(|line| line.contains("joins")).collect();
    assert!(joins.len() == 1 && joins[0].starts_with(&format!("joins {process}")), "{second:?}");
    let first = first.wait_with_output().expect("it ends");
    let words = String::from_utf8(first.stderr).expect("UTF-8");
    assert!(first.status.success() && !words.contains("joins"), "{words}");
    assert_eq!((distinct(&simulator), simulator.ledger().len()), (12, 12));
    assert!(!home.run(&run).stderr.contains("joins"), "both have ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_moves_to_another_ledger_and_is_run_there() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(5));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    let to = ["--ledger", "other.db"];
    let (code, moved) = home.json(&["batch", "move", "boats", "--to", "other.db"]);
    assert_eq!((code, &moved["data"]["lines"]), (0, &5.into()), "{moved}");
    let place = moved["data"]["to"].as_str().expect("a path").to_owned();
    assert!(place.ends_with("/other.db"), "{place}");
    // Here it says where it is, and sends nothing. A second move goes to the same place.
    let (_, status) = home.json(&["batch", "status", "boats"]);
    assert_eq!((&status["data"]["moved_to"], &status["data"]["lines"]), (&place.into(), &5.into()));
    let ended = home.run(&["batch", "run", "boats"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("was moved to") && ended.stderr.contains("other.db"),
        "{ended:?}"
    );
    assert_eq!(home.run(&["batch", "move", "boats", "--to", "other.db"]).code, 0);
    let ended = home.run(&["batch", "move", "boats", "--to", "third.db"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    let run = [["batch", "run", "boats", "--urls-only"].as_slice(), &to].concat();
    assert_eq!(home.run(&run).code, 0);
    assert_eq!((distinct(&simulator), simulator.ledger().len()), (5, 5));
    let back = home.path().join("state/rcomfy/ledger.db").display().to_string();
    let back = [["batch", "move", "boats", "--to", back.as_str()].as_slice(), &to].concat();
    assert_eq!(home.run(&back).code, 0);
    let (_, status) = home.json(&["batch", "status", "boats"]);
    assert_eq!(status["data"]["states"]["succeeded"], 5, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_paid_for_elsewhere_are_left_out_in_one_go() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(30));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    assert_eq!(home.run(&["batch", "run", "boats", "--urls-only"]).code, 0);
    home.write("more.jsonl", prompts(33));
    let (code, refused) = home.json(&["batch", "add", MODEL, "more.jsonl"]);
    assert_eq!((code, &refused["error"]["problems"][0]["line"]), (3, &1.into()), "{refused}");
    let (code, added) = home.json(&["batch", "add", MODEL, "more.jsonl", "--skip-invalid"]);
    let data = &added["data"];
    assert_eq!((code, &data["lines"], &data["skipped"]), (0, &3.into(), &30.into()), "{added}");
    let rules: BTreeSet<String> = data["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| problem["rule"].to_string())
        .collect();
    assert_eq!(rules, BTreeSet::from(["\"twin\"".to_owned()]));
    home.write("same.jsonl", prompts(30));
    let (code, refused) = home.json(&["batch", "add", MODEL, "same.jsonl", "--skip-invalid"]);
    assert_eq!(code, 3, "no line is left: {refused}");
    let (_, listed) = home.json(&["batch", "status"]);
    assert_eq!(listed["data"]["batches"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(home.run(&["batch", "run", "more", "--urls-only"]).code, 0);
    assert_eq!((distinct(&simulator), simulator.ledger().len()), (33, 33));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_runs_of_a_batch_pay_for_each_line_once() {
    let simulator = simulator(Duration::from_millis(30), Duration::from_millis(30)).await;
    let home = Home::with(&simulator);
    home.write("boats.jsonl", prompts(60));
    assert_eq!(home.run(&["batch", "add", MODEL, "boats.jsonl"]).code, 0);
    let run = ["batch", "run", "boats", "--at-once", "3", "--urls-only"];
    for _ in 0..4 {
        let mut child = home.command(&run).stdout(Stdio::null()).spawn().expect("it starts");
        tokio::time::sleep(Duration::from_millis(fastrand::u64(100..600))).await;
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
    }
    let (code, status) = home.json(&run);
    assert!([0, 10].contains(&code), "{status}");
    let paid = simulator.ledger().len();
    let (_, status) = home.json(&["batch", "status", "boats"]);
    let unknown = status["data"]["states"]["unknown"].as_u64().expect("a number");
    assert_eq!((status["data"]["settled"].as_bool(), distinct(&simulator)), (Some(true), paid));
    let paid = u64::try_from(paid).expect("few");
    assert!(paid + unknown >= 60 && paid <= 60, "{paid} paid, {unknown} unknown");
}

/// Serves a picture on this machine, and counts the requests.
fn picture_server(picture: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has one");
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { continue };
            let mut head = [0; 4096];
            let _ = connection.read(&mut head);
            counted.fetch_add(1, Ordering::SeqCst);
            let start = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                picture.len()
            );
            let _ = connection.write_all(start.as_bytes());
            let _ = connection.write_all(&picture);
        }
    });
    (format!("http://{address}"), requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn media_is_measured_once_for_all_lines() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let good = std::fs::read(home.picture("good.png", 640, 480)).expect("a picture");
    let (server, requests) = picture_server(good);
    let line = |number: usize, url: &str| {
        format!("{{\"prompt\": \"boat {number}\", \"image_url\": \"{url}\"}}\n")
    };
    let many: String = (0..60).map(|number| line(number, &format!("{server}/a.png"))).collect();
    home.picture("small.png", 20, 20);
    let bad = [line(61, "small.png"), line(62, "small.png")].concat();
    home.write("boats.jsonl", many + &bad);
    let ended = home.run(&["batch", "add", "hailuo", "boats.jsonl"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stderr.contains("boats.jsonl:61: image_url:"), "{ended:?}");
    assert!(ended.stderr.contains("boats.jsonl:62: image_url:"), "{ended:?}");
    // One for the facts of it; a second one reads no more than its end.
    let measured = requests.load(Ordering::SeqCst);
    assert!((1..=2).contains(&measured), "{measured} requests for one picture");
}
