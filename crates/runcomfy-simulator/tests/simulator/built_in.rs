//! The models that are built in, and the crate outside its workspace.

use std::collections::BTreeMap;
use std::path::Path;

use runcomfy_simulator::Simulator;

use crate::support::*;

#[tokio::test]
async fn a_simulator_starts_without_a_folder() {
    let simulator = Simulator::start().await.expect("a simulator");
    let site = Site { simulator, client: reqwest::Client::new() };
    let (status, page) = site.get("/models?limit=500").await;
    assert_eq!(status, 200);
    assert!(page["total"].as_u64().is_some_and(|total| total >= 89), "{}", page["total"]);
    let (_, entry) = site.get(&format!("/models/{BOAT_IN_A_PATH}")).await;
    assert_eq!(entry["input_schema"]["required"][0], "prompt");
}

/// Returns the version requirements of the dependencies in a manifest.
fn versions(manifest: &str, section: &str) -> BTreeMap<String, String> {
    let lines = manifest.lines().skip_while(|line| *line != section).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| {
            let (name, value) = line.split_once(" = ")?;
            let version = value.trim_start_matches("{ version = ").split('"').nth(1)?;
            Some((name.to_owned(), version.to_owned()))
        })
        .collect()
}

#[test]
fn dependencies_agree_with_the_workspace() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = std::fs::read_to_string(crate_folder.join("Cargo.toml")).expect("a manifest");
    assert!(!own.contains("workspace = true"), "a copy of the crate could not be built");
    // A copy of the crate has no workspace.
    let Ok(workspace) = std::fs::read_to_string(crate_folder.join("../../Cargo.toml")) else {
        return;
    };
    let all = versions(&workspace, "[workspace.dependencies]");
    for section in ["[dependencies]", "[dev-dependencies]"] {
        for (name, version) in versions(&own, section) {
            assert_eq!(all.get(&name), Some(&version), "{name}");
        }
    }
    let package = versions(&workspace, "[workspace.package]");
    for key in ["version", "edition", "rust-version", "license"] {
        assert_eq!(versions(&own, "[package]").get(key), package.get(key), "{key}");
    }
}
