//! What is measured of real files, against what independent tools say of them, and the table
//! of it in `docs/media.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use runcomfy::measure::{Format, Measuring, Reading, Step};
use runcomfy::table::MediaKind;
use runcomfy::{Facts, Limit, Metric};
use serde_json::Value;

use crate::support::root;

/// What tools say that HEIF has viewers ignore: its orientation stands in Exif alone, and in
/// no `irot`.
const NOT_TURNED: [&str; 1] = ["heic-turned.heic"];
/// Files that do not say how long they last where they say everything else.
const NO_DURATION: [&str; 5] =
    ["mp3.mp3", "mp3-without-tag.mp3", "ogg-opus.ogg", "ogg-vorbis.ogg", "mp4-fragmented.mp4"];

/// A file, and what the tools say of it.
struct Known {
    name: String,
    bytes: Vec<u8>,
    kind: MediaKind,
    /// As it is shown.
    size: Option<(u32, u32)>,
    seconds: Option<f64>,
}

fn known() -> Vec<Known> {
    let samples = root().join("crates/runcomfy-simulator/assets/samples");
    let mut all = listed(&samples.join("facts.json"), &samples);
    assert!(all.len() >= 40, "the samples were not found");
    let sizes = root().join("tests/media");
    let before = all.len();
    all.extend(listed(&sizes.join("sizes.json"), &sizes.join("sizes")));
    assert!(all.len() - before >= 12 * 40, "the sizes were not found");
    all
}

fn listed(list: &Path, folder: &Path) -> Vec<Known> {
    let text = std::fs::read_to_string(list).expect("the list is there");
    let list: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    let read = |entry: &Value| {
        let name = entry["name"].as_str().expect("it has a name").to_owned();
        let side = |side: &str| u32::try_from(entry[side].as_u64()?).ok();
        let turned = matches!(entry["rotation"].as_u64(), Some(90 | 270));
        let size = side("width").zip(side("height"));
        let turned = turned && !NOT_TURNED.contains(&name.as_str());
        Known {
            bytes: std::fs::read(folder.join(&name)).expect("the file is there"),
            kind: match entry["kind"].as_str() {
                Some("image") => MediaKind::Image,
                Some("video") => MediaKind::Video,
                Some("audio") => MediaKind::Audio,
                _ => MediaKind::Any,
            },
            size: if turned { size.map(|(width, height)| (height, width)) } else { size },
            seconds: entry["seconds"].as_f64(),
            name,
        }
    };
    list.iter().map(read).collect()
}

/// Measures a file of which only what is asked for is told, in blocks of at least so many
/// bytes. Gives the bytes that were told too.
fn bit_by_bit(bytes: &[u8], block: u64) -> (Reading, u64) {
    let mut file = Measuring::new();
    let mut told = 0;
    loop {
        match file.step() {
            Step::Measured(reading) => return (reading, told),
            Step::Read(range) => {
                let end = range.end.max(range.start + block).min(bytes.len() as u64);
                let part = &bytes[range.start as usize..end as usize];
                file.set_size(bytes.len() as u64);
                file.give(range.start, part);
                told += part.len() as u64;
            }
        }
    }
}

#[test]
fn every_file_is_measured_as_independent_tools_say() {
    for known in known() {
        let (name, facts) = (&known.name, Facts::of_bytes(&known.bytes));
        assert_eq!(facts.width.zip(facts.height), known.size, "{name}: {facts:?}");
        assert_eq!(facts.kind, Some(known.kind), "{name}");
        assert_eq!(facts.bytes, Some(known.bytes.len() as u64), "{name}");
        let is_said = !NO_DURATION.contains(&name.as_str());
        match known.seconds.filter(|_| is_said) {
            Some(seconds) => {
                let duration = facts.duration.unwrap_or(Duration::ZERO).as_secs_f64();
                assert!((duration - seconds).abs() < 0.01, "{name}: {duration} s, not {seconds}");
            }
            None => assert_eq!(facts.duration, None, "{name}"),
        }
        for block in [1, 4096] {
            let (reading, _) = bit_by_bit(&known.bytes, block);
            assert_eq!(reading.facts, facts, "{name}, read bit by bit");
        }
    }
}

#[test]
fn the_bounds_of_the_rules_part_sizes_that_differ_by_a_pixel() {
    let rules = [
        (Metric::WidthPixels, Limit::Over(300.0)),
        (Metric::HeightPixels, Limit::Over(300.0)),
        (Metric::WidthOverHeight, Limit::Over(0.4)),
        (Metric::WidthOverHeight, Limit::Under(2.5)),
    ];
    let (mut kept, mut broken) = (0, 0);
    for known in known() {
        let Some((width, height)) = known.size else { continue };
        let (w, h) = (u64::from(width), u64::from(height));
        let right = [w > 300, h > 300, 5 * w > 2 * h, 2 * w < 5 * h];
        let facts = Facts::of_bytes(&known.bytes);
        for ((metric, limit), right) in rules.into_iter().zip(right) {
            let keeps = metric.keeps(limit, &facts);
            assert_eq!(keeps, Some(right), "{} {limit} of {}", metric.name(), known.name);
            *(if right { &mut kept } else { &mut broken }) += 1;
        }
    }
    assert!(kept > 300 && broken > 300, "{kept} kept, {broken} broken");
}

#[test]
fn a_file_that_is_cut_off_anywhere_says_what_it_has_or_why_not() {
    for known in known().into_iter().take(42) {
        for end in (0..known.bytes.len().min(3000)).step_by(7) {
            let part = &known.bytes[..end];
            let reading = Measuring::whole(part).so_far();
            let size = reading.facts.width.zip(reading.facts.height);
            assert!(
                size.is_none() || size == known.size,
                "{} cut at {end}: {reading:?}",
                known.name
            );
            let told =
                reading.facts.format.is_none() || size.is_some() || reading.problem.is_some();
            let is_seen = reading.facts.kind != Some(MediaKind::Audio);
            assert!(told || !is_seen, "{} cut at {end}: {reading:?}", known.name);
        }
    }
}

#[test]
fn docs_say_what_is_measured_of_each_format_and_from_how_many_bytes() {
    let mut rows: BTreeMap<String, (bool, bool, u64, usize)> = BTreeMap::new();
    for known in known() {
        let (reading, told) = bit_by_bit(&known.bytes, 1);
        let facts = reading.facts;
        let format = facts.format.expect("it is known");
        assert!(!matches!(format, Format::Other(..)), "{} is {format:?}", known.name);
        let row = rows.entry(format!("{format:?} (`{}`)", format.content_type())).or_default();
        row.0 |= facts.width.is_some();
        row.1 |= facts.duration.is_some();
        row.2 = row.2.max(told);
        row.3 += 1;
    }
    assert_eq!(rows.len(), 17, "there is a file of each format");
    let mut table = "| format | width, height | duration | kind, file size | bytes read, at most | of files |\n\
                     | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let word = |measured: bool| if measured { "measured" } else { "–" };
    for (format, (size, duration, bytes, files)) in rows {
        let (size, duration) = (word(size), word(duration));
        table += &format!("| {format} | {size} | {duration} | measured | {bytes} | {files} |\n");
    }
    let docs = std::fs::read_to_string(root().join("docs/media.md")).expect("it is there");
    assert!(docs.contains(&table), "docs/media.md should have this table:\n{table}");
}
