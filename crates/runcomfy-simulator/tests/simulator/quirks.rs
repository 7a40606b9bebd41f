//! Each quirk of a job's replies. Field cases F13 to F17, F25, F27 and H1.

use runcomfy_simulator::{Call, Failure, Fault, JobScenario, Quirk};
use serde_json::{Value, json};

use crate::line::Line;
use crate::support::*;

/// Submits a job with a quirk. Returns its id and the bytes of its result.
async fn result(site: &Site, scenario: JobScenario) -> (String, Vec<u8>) {
    site.simulator.script_jobs([scenario]);
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let url = format!("{}/requests/{id}/result", site.simulator.api_base());
    let reply = site.client.get(url).bearer_auth("any").send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-type"], "application/json");
    (id, reply.bytes().await.expect("a body").to_vec())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn statuses_can_be_in_another_spelling() {
    for (quirk, words) in [
        (Quirk::UpperCaseStatuses, ["IN_QUEUE", "COMPLETED", "SUCCEEDED", "CANCELLED"]),
        (Quirk::PaddedStatuses, [" in_queue\n", " completed\n", " succeeded\n", " cancelled\n"]),
    ] {
        let site = boat().start(QUEUED).await;
        site.simulator.script_jobs([JobScenario::Quirk(quirk); 2]);
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let path = format!("/requests/{id}/status");
        assert_eq!(site.get(&path).await.1["status"], words[0]);
        site.simulator.advance(QUEUED.queue);
        assert_eq!(site.get(&path).await.1["status"], words[1]);
        assert_eq!(site.result(&id).await["status"], words[2]);
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let (_, reply) = site.post(&format!("/requests/{id}/cancel"), "").await;
        assert_eq!(reply["status"], words[3]);
    }
}

#[tokio::test]
async fn a_cancel_can_lack_its_outcome_or_conflict() {
    let site = boat().start(QUEUED).await;
    for (quirk, status, outcome) in [
        (Quirk::CancelWithoutOutcome, 202, Value::Null),
        (Quirk::CancelConflict, 409, json!("cancelled")),
    ] {
        site.simulator.script_jobs([JobScenario::Quirk(quirk)]);
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let reply = site.post(&format!("/requests/{id}/cancel"), "").await;
        assert_eq!((reply.0, &reply.1["outcome"]), (status, &outcome));
        assert_eq!(reply.1["status"], "cancelled");
    }
}

#[tokio::test]
async fn an_output_can_be_inline_or_without_a_scheme() {
    let site = boat().start(AT_ONCE).await;
    let plain = result(&site, JobScenario::Succeeds).await.0;
    let url = site.simulator.api_base().replace("/v1", &format!("/outputs/{plain}.mp4"));
    let video = site.fetch(&url).await.bytes().await.expect("a file");
    let uri = crate::measuring::data_url_writer::data_uri("video/mp4", &video);
    let base64 = uri.split(',').nth(1).expect("data");
    for (quirk, place, expected) in [
        (Quirk::DataUriOutput, "/output/video", Some(uri.as_str())),
        (Quirk::Base64Output, "/output/video", Some(base64)),
        (Quirk::StringOutput, "/output", Some(uri.as_str())),
        (Quirk::SchemelessOutput, "/output/video", None),
        (Quirk::LargeOutput, "/output/video", None),
    ] {
        let (_, bytes) = result(&site, JobScenario::Quirk(quirk)).await;
        let reply: Value = serde_json::from_slice(&bytes).expect("JSON");
        let media = reply.pointer(place).and_then(Value::as_str).expect("a string");
        match expected {
            Some(expected) => assert_eq!(media, expected, "{quirk:?}"),
            None if quirk == Quirk::LargeOutput => assert!(media.len() > 16 * 1024 * 1024),
            None => assert_eq!(site.fetch(&format!("http:{media}")).await.status(), 200),
        }
    }
}

#[tokio::test]
async fn a_result_can_have_unusual_members() {
    let site = boat().start(AT_ONCE).await;
    for (quirk, name, expected) in [
        (Quirk::NoStatus, "status", None),
        (Quirk::NullStatus, "status", Some(Value::Null)),
        (Quirk::DoneStatus, "status", Some(json!("done"))),
        (Quirk::ErrorCode, "error_code", Some(json!(500_001))),
        (Quirk::OtherRequestId, "request_id", Some(json!("sim-999999"))),
    ] {
        let (_, bytes) = result(&site, JobScenario::Quirk(quirk)).await;
        let reply: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(reply.get(name), expected.as_ref(), "{quirk:?}");
        assert!(reply["output"]["video"].is_string(), "{quirk:?}");
    }
}

#[tokio::test]
async fn a_result_can_be_unreadable_json() {
    let site = boat().start(AT_ONCE).await;
    let nested = ["[".repeat(200), "]".repeat(200)].concat();
    for (quirk, raw) in [
        (Quirk::HugeNumber, &b"1e400"[..]),
        (Quirk::NotANumber, b"NaN"),
        (Quirk::Infinity, b"-Infinity"),
        (Quirk::HalfSurrogate, br#""\ud83d""#),
        (Quirk::InvalidUtf8, b"\"\xff\xfe\""),
        (Quirk::DeepNesting, nested.as_bytes()),
        (Quirk::ByteOrderMark, b"\xef\xbb\xbf{"),
    ] {
        let (id, bytes) = result(&site, JobScenario::Quirk(quirk)).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "{quirk:?}: {text}");
        assert!(contains(&bytes, raw), "{quirk:?}: {text}");
        // The address of the paid output is there all the same.
        assert!(contains(&bytes, format!("/outputs/{id}.mp4").as_bytes()), "{quirk:?}: {text}");
    }
}

#[tokio::test]
async fn every_quirk_leaves_the_status_readable() {
    let site = boat().start(AT_ONCE).await;
    for quirk in Quirk::ALL {
        let scenario = JobScenario::Quirk(quirk);
        let name = serde_json::to_value(scenario).expect("JSON");
        let listed = include_str!("../../README.md");
        let name = name["quirk"].as_str().expect("a name");
        assert!(listed.contains(&format!("`{name}`")), "the README does not list `{name}`");
        site.simulator.script_jobs([scenario]);
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let (status, reply) = site.get(&format!("/requests/{id}/status")).await;
        let word = reply["status"].as_str().expect("a status").trim().to_lowercase();
        assert_eq!((status, word.as_str()), (200, "completed"), "{quirk:?}");
    }
}

#[tokio::test]
async fn a_new_job_can_be_unknown_at_first() {
    let site = boat().start(AT_ONCE).await;
    site.simulator.script_jobs([JobScenario::UnknownAtFirst(3)]);
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    for call in ["status", "result", "status"] {
        let (status, reply) = site.get(&format!("/requests/{id}/{call}")).await;
        assert_eq!((status, &reply["error_code"]), (404, &json!(404_001)), "{call}");
    }
    assert_eq!(site.get(&format!("/requests/{id}/status")).await.1["status"], "completed");
    assert_eq!(site.result(&id).await["status"], "succeeded");
}

#[tokio::test]
async fn a_failed_job_can_have_an_output() {
    let site = boat().start(AT_ONCE).await;
    let words = "the simulated model ran out of memory";
    for (failure, error) in [(Failure::Text, json!(words)), (Failure::Null, Value::Null)] {
        let (_, bytes) = result(&site, JobScenario::FailsWithOutput(failure)).await;
        let reply: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!((&reply["status"], reply.get("error")), (&json!("failed"), Some(&error)));
        let video = reply["output"]["video"].as_str().expect("an output");
        assert_eq!(site.fetch(video).await.status(), 200);
    }
}

#[tokio::test]
async fn the_reason_of_a_failure_can_be_beside_an_empty_error() {
    let site = boat().start(AT_ONCE).await;
    for (failure, error, name) in [
        (Failure::EmptyText, json!(""), "failure_reason"),
        (Failure::EmptyObject, json!({}), "error_message"),
        (Failure::EmptyArray, json!([]), "detail"),
    ] {
        let (_, bytes) = result(&site, JobScenario::Fails(failure)).await;
        let reply: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!((&reply["error"], reply[name].is_string()), (&error, true), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_can_begin_with_a_byte_order_mark() {
    let site = boat().start(QUEUED).await;
    site.simulator.script(Call::Submit, [Fault::ByteOrderMark]);
    let mut line = Line::to(&site);
    line.submit();
    let seen = line.read();
    let json = seen.body().strip_prefix(b"\xef\xbb\xbf").expect("a mark");
    let reply: Value = serde_json::from_slice(json).expect("JSON");
    assert_eq!(reply["request_id"], "sim-000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_can_be_sent_packed() {
    let site = boat().start(AT_ONCE).await;
    let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
    let url = site.simulator.api_base().replace("/v1", &format!("/outputs/{id}.mp4"));
    let whole = site.fetch(&url).await.bytes().await.expect("a file");
    site.simulator.script(Call::Output, [Fault::Gzip]);
    let mut line = Line::to(&site);
    line.send("GET", &format!("/outputs/{id}.mp4"), "");
    let seen = line.read();
    assert_eq!(seen.header("content-encoding").as_deref(), Some("gzip"));
    assert_eq!(unpack(seen.body()), whole);
}

/// Unpacks gzip with the system's own program.
fn unpack(packed: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("packed.gz");
    std::fs::write(&file, packed).expect("a file");
    let output = std::process::Command::new("gzip").arg("-dc").arg(&file).output().expect("gzip");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
