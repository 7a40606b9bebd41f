//! Compares what we measure in real files with independent tools, and with the table in
//! `docs/media.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use runcomfy::measure::{Probe, ProbeResult, ProbeStep};
use runcomfy::media::{Bound, Format, MediaInfo, MediaKind, Metric};

use crate::media_files::{MediaFile, samples, sizes};
use crate::support::root;

/// Files whose header has no duration.
const NO_DURATION: [&str; 5] =
    ["mp3.mp3", "mp3-without-tag.mp3", "ogg-opus.ogg", "ogg-vorbis.ogg", "mp4-fragmented.mp4"];

/// Returns every file of the lists.
fn files() -> Vec<MediaFile> {
    let all: Vec<MediaFile> = samples().into_iter().chain(sizes()).collect();
    assert!(all.len() >= 40 + 12 * 40, "the files were not found");
    all
}

/// Measures a file by feeding only the requested ranges, in blocks of at least `block` bytes.
/// Also returns the number of bytes that were fed.
fn bit_by_bit(bytes: &[u8], block: u64) -> (ProbeResult, u64) {
    let mut file = Probe::new();
    let mut told = 0;
    loop {
        match file.step() {
            ProbeStep::Measured(reading) => return (reading, told),
            ProbeStep::Read(range) => {
                let end = range.end.max(range.start + block).min(bytes.len() as u64);
                let part = &bytes[range.start as usize..end as usize];
                file.set_size(bytes.len() as u64);
                file.feed(range.start, part);
                told += part.len() as u64;
            }
        }
    }
}

#[test]
fn every_file_is_measured_as_independent_tools_do() {
    for file in files() {
        let (name, bytes) = (&file.name, file.read());
        let facts = MediaInfo::of_bytes(&bytes);
        assert_eq!(facts.width.zip(facts.height), file.shown(), "{name}: {facts:?}");
        let kind = facts.kind.map(|kind| format!("{kind:?}").to_lowercase());
        assert_eq!(kind.as_ref(), Some(&file.kind), "{name}");
        assert_eq!(facts.bytes, Some(file.bytes), "{name}");
        let is_said = !NO_DURATION.contains(&name.as_str());
        match file.seconds.filter(|_| is_said) {
            Some(seconds) => {
                let duration = facts.duration.unwrap_or(Duration::ZERO).as_secs_f64();
                assert!((duration - seconds).abs() < 0.01, "{name}: {duration} s, not {seconds}");
            }
            None => assert_eq!(facts.duration, None, "{name}"),
        }
        for block in [1, 4096] {
            let (reading, _) = bit_by_bit(&bytes, block);
            assert_eq!(reading.info, facts, "{name}, read bit by bit");
        }
    }
}

#[test]
fn rules_distinguish_sizes_one_pixel_apart() {
    let rules = [
        (Metric::WidthPixels, Bound::Over(300.0)),
        (Metric::HeightPixels, Bound::Over(300.0)),
        (Metric::WidthOverHeight, Bound::Over(0.4)),
        (Metric::WidthOverHeight, Bound::Under(2.5)),
    ];
    let (mut kept, mut broken) = (0, 0);
    for file in files() {
        let Some((width, height)) = file.shown() else { continue };
        let (w, h) = (u64::from(width), u64::from(height));
        let right = [w > 300, h > 300, 5 * w > 2 * h, 2 * w < 5 * h];
        let facts = MediaInfo::of_bytes(&file.read());
        for ((metric, limit), right) in rules.into_iter().zip(right) {
            let keeps = metric.keeps(limit, &facts);
            assert_eq!(keeps, Some(right), "{} {limit} of {}", metric.name(), file.name);
            *(if right { &mut kept } else { &mut broken }) += 1;
        }
    }
    assert!(kept > 300 && broken > 300, "{kept} kept, {broken} broken");
}

#[test]
fn a_truncated_file_is_measured_or_gives_a_reason() {
    for file in samples() {
        let (name, bytes) = (&file.name, file.read());
        for end in (0..bytes.len().min(3000)).step_by(7) {
            let reading = Probe::whole(&bytes[..end]).partial();
            let facts = reading.info;
            let size = facts.width.zip(facts.height);
            let is_right = size.is_none() || size == file.shown();
            assert!(is_right, "{name} cut at {end}: {reading:?}");
            let is_heard = facts.kind == Some(MediaKind::Audio);
            let is_told = size.is_some() || reading.problem.is_some();
            assert!(facts.format.is_none() || is_heard || is_told, "{name} at {end}: {reading:?}");
        }
    }
}

#[test]
fn docs_list_what_is_measured_of_each_format() {
    let mut rows: BTreeMap<String, (bool, bool, u64, usize)> = BTreeMap::new();
    for file in files() {
        let (reading, told) = bit_by_bit(&file.read(), 1);
        let facts = reading.info;
        let format = facts.format.expect("it is known");
        assert!(!matches!(format, Format::Other(..)), "{} is {format:?}", file.name);
        let row = rows.entry(format!("{format:?} (`{}`)", format.content_type())).or_default();
        row.0 |= facts.width.is_some();
        row.1 |= facts.duration.is_some();
        row.2 = row.2.max(told);
        row.3 += 1;
    }
    assert_eq!(rows.len(), 17, "there should be a file of each format");
    let mut table = "| format | width, height | duration | kind, file size | bytes read, at most | of files |\n\
                     | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let word = |measured: bool| if measured { "measured" } else { "–" };
    for (format, (size, duration, bytes, files)) in rows {
        let (size, duration) = (word(size), word(duration));
        table += &format!("| {format} | {size} | {duration} | measured | {bytes} | {files} |\n");
    }
    let docs = std::fs::read_to_string(root().join("docs/media.md")).expect("it exists");
    assert!(docs.contains(&table), "docs/media.md should have this table:\n{table}");
}
