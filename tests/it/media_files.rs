//! The media files of the tests, which independent tools made, and the lists of their facts.
//! `tests/media/make.py` makes both; no test needs the tools.

use std::collections::BTreeSet;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runcomfy_simulator::{Pace, Simulator};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::root;

/// The formats that have a file at each of 40 sizes.
const FORMATS: [&str; 12] =
    ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif", "heic", "mp4", "mov", "webm", "mkv"];
/// The formats that the simulator decodes. It has a list for the others.
const DECODED: [&str; 6] = ["png", "jpg", "webp", "gif", "bmp", "tiff"];

/// A file, and its facts according to independent tools.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaFile {
    pub(crate) name: String,
    /// `image`, `video` or `audio`.
    pub(crate) kind: String,
    pub(crate) bytes: u64,
    /// Size as stored. `None` for audio.
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    /// Rotation for display, in degrees clockwise.
    #[serde(default)]
    pub(crate) rotation: u32,
    /// Duration. `None` for images.
    pub(crate) seconds: Option<f64>,
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

impl MediaFile {
    /// Returns the width and height of the upright image.
    pub(crate) fn shown(&self) -> Option<(u32, u32)> {
        let (width, height) = (self.width?, self.height?);
        let is_turned = matches!(self.rotation, 90 | 270);
        Some(if is_turned { (height, width) } else { (width, height) })
    }

    pub(crate) fn extension(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    pub(crate) fn read(&self) -> Vec<u8> {
        std::fs::read(&self.path).expect("a listed file exists")
    }
}

/// Each format with a width and a height, at 40 sizes around the bounds of known rules.
pub(crate) fn sizes() -> Vec<MediaFile> {
    listed("tests/media/sizes.json", "tests/media/sizes")
}

/// Every format, some with a peculiarity: an index at the end, a rotation, a thumbnail.
pub(crate) fn samples() -> Vec<MediaFile> {
    let folder = "crates/runcomfy-simulator/assets/samples";
    listed(&format!("{folder}/facts.json"), folder)
}

fn listed(list: &str, folder: &str) -> Vec<MediaFile> {
    let text = std::fs::read_to_string(root().join(list)).expect("the list is there");
    let mut files: Vec<MediaFile> = serde_json::from_str(&text).expect("a list of facts");
    for file in &mut files {
        file.path = root().join(folder).join(&file.name);
    }
    files
}

/// Returns the rules of `minimax/Hailuo Video 01 Live` that a size breaks, in integer arithmetic.
fn broken((width, height): (u32, u32)) -> Vec<&'static str> {
    let rules = [
        ("width_pixels>", width > 300),
        ("height_pixels>", height > 300),
        ("width/height>", 5 * width > 2 * height),
        ("width/height<", 2 * width < 5 * height),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule).collect()
}

#[test]
fn every_format_has_a_file_at_each_bound() {
    for file in sizes().iter().chain(&samples()) {
        assert_eq!(file.read().len() as u64, file.bytes, "{}", file.name);
        let is_seen = file.kind != "audio";
        let is_heard = file.kind != "image";
        assert_eq!((file.shown().is_some(), file.seconds.is_some()), (is_seen, is_heard));
    }
    let bounds = [(300, 300), (301, 301), (400, 1000), (401, 1000), (1000, 400), (999, 400)];
    for format in FORMATS {
        let of_format = sizes().into_iter().filter(|file| file.extension() == format);
        let shown: BTreeSet<_> = of_format.filter_map(|file| file.shown()).collect();
        assert_eq!(shown.len(), 40, "{format}");
        assert!(bounds.iter().all(|bound| shown.contains(bound)), "{format}");
    }
    let formats: BTreeSet<_> = samples().iter().map(|file| file.extension().to_owned()).collect();
    let sounds = ["mp3", "wav", "flac", "ogg", "m4a"];
    assert!(FORMATS.iter().chain(&sounds).all(|format| formats.contains(*format)), "{formats:?}");
}

#[tokio::test]
async fn the_simulator_agrees_with_independent_tools() {
    let pace = Pace { queue: Default::default(), run: Default::default() };
    let builder = Simulator::builder().pace(pace);
    let simulator = builder.start().await.expect("it starts");
    let url = format!("{}/models/minimax/Hailuo%20Video%2001%20Live", simulator.api_base());
    let client = reqwest::Client::new();
    let files: Vec<_> = sizes().into_iter().chain(samples()).collect();
    let judged = files.iter().filter(|file| DECODED.contains(&file.extension()));
    let mut count = 0;
    for file in judged {
        let data = format!("data:;base64,{}", STANDARD.encode(file.read()));
        let input = json!({"prompt": "a paper boat", "image_url": data});
        let call = client.post(&url).bearer_auth("any").json(&input);
        let reply: Value = call.send().await.expect("it answers").json().await.expect("JSON");
        let detail = reply["detail"].as_array().into_iter().flatten();
        let refused: Vec<_> = detail.filter_map(|entry| entry["type"].as_str()).collect();
        assert_eq!(refused, broken(file.shown().expect("a size")), "{}", file.name);
        count += 1;
    }
    assert_eq!(count, 40 * DECODED.len() + 19);
}
