//! Runs the fuzz targets on a small corpus and on random bytes, the same on every run.
//!
//! `RUNCOMFY_FUZZ` sets the number of random inputs. `.ci/long` sets a large one, and also runs
//! each target with cargo-fuzz.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use fastrand::Rng;
use runcomfy_tests::fuzz::{
    fuzz_generate, fuzz_import, fuzz_media, fuzz_replies, fuzz_reply, fuzz_schemas,
};

use crate::support::root;

/// A fuzz target and the name of its corpus.
type Body = (&'static str, fn(&[u8]) -> bool);

const BODIES: [Body; 5] = [
    ("import", fuzz_import),
    ("generate", fuzz_generate),
    ("schemas", fuzz_schemas),
    ("reply", fuzz_reply),
    ("replies", fuzz_replies),
];

/// Small real files of every format: the corpus of `fuzz_media`.
const SAMPLES: &str = "crates/runcomfy-simulator/assets/samples";

#[test]
fn fuzz_targets_hold_on_the_corpus_and_the_fixtures() {
    let mut failures = Vec::new();
    for (name, body) in BODIES {
        let mut files = files(&format!("tests/fuzz/corpus/{name}"));
        assert!(files.len() >= 3, "the corpus of {name} was not found");
        files.extend(self::files("tests/fixtures"));
        for file in files {
            let bytes = std::fs::read(&file).expect("it can be read");
            if catch_unwind(AssertUnwindSafe(|| body(&bytes))).is_err() {
                failures.push(format!("{name}: {}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn fuzz_targets_hold_on_random_bytes_and_mutated_fixtures() {
    let count = std::env::var("RUNCOMFY_FUZZ").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(150);
    let mut random = Rng::with_seed(0x5eed_f00d);
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for file in files("tests/fixtures").into_iter().chain(files("tests/fuzz/corpus/generate")) {
        seeds.push(std::fs::read(file).expect("it can be read"));
    }
    let read = |file| std::fs::read(file).expect("it can be read");
    let replies: Vec<Vec<u8>> = files("tests/fuzz/corpus/reply").into_iter().map(read).collect();
    let mut taken = [0; BODIES.len()];
    for round in 0..count {
        let chosen: Vec<u8> = (0..random.usize(..600)).map(|_| random.u8(..)).collect();
        let mutated = mutate(&seeds, &mut random);
        let reply = mutate(&replies, &mut random);
        let inputs = [&mutated, &mutated, &chosen, &reply, &chosen];
        let inputs = BODIES.into_iter().zip(inputs);
        for (((name, body), data), taken) in inputs.zip(&mut taken) {
            let ended = catch_unwind(AssertUnwindSafe(|| body(data)));
            *taken += usize::from(matches!(ended, Ok(true)));
            assert!(ended.is_ok(), "round {round} of {name}: {}", data.escape_ascii());
        }
    }
    // An input that is refused early proves little.
    assert!(
        taken.iter().all(|taken| taken * 50 > count),
        "of {count}, only {taken:?} were accepted"
    );
    println!("{count} inputs per target, {taken:?} of them accepted");
}

#[test]
fn the_media_target_holds_on_whole_truncated_and_mutated_files() {
    let count = std::env::var("RUNCOMFY_FUZZ").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(150) / 15;
    let mut random = Rng::with_seed(0x5eed_f00d);
    let mut measured = 0;
    for file in files(SAMPLES) {
        let name = file.display().to_string();
        let bytes = std::fs::read(&file).expect("it can be read");
        // Change bytes at both ends of a file, where the headers are.
        let ends = |at: usize| if at.is_multiple_of(2) { at } else { bytes.len() - 1 - at };
        for round in 0..=count {
            let mut mutated = bytes.clone();
            for _ in 0..round.min(1) * random.usize(..6) {
                let at = ends(random.usize(..bytes.len().min(900))).min(mutated.len() - 1);
                match random.usize(..5) {
                    0 => mutated.truncate(at + 1),
                    1 => _ = mutated.splice(at..at, [random.u8(..)]),
                    2 => mutated.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
                    3 => mutated.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0),
                    _ => mutated[at] = random.u8(..),
                }
            }
            let ended = catch_unwind(AssertUnwindSafe(|| fuzz_media(&mutated)));
            measured += usize::from(matches!(ended, Ok(true)));
            assert!(ended.is_ok(), "round {round} of {name}: {}", mutated.escape_ascii());
        }
    }
    assert!(measured > 20, "only {measured} were measured");
    println!("{count} inputs per file, {measured} of them measured");
}

/// Returns a file of this size that is built to be slow: a header, then the same piece again
/// and again.
const ENDLESS: [(&str, &[u8], &[u8]); 8] = [
    ("boxes", b"\0\0\0\x10ftypisom\0\0\0\0", b"\0\0\0\x08free"),
    ("tracks", b"\0\0\0\x10ftypisom\0\0\0\0\xff\xff\xff\xffmoov", b"\0\0\0\x10trak\0\0\0\x08mdia"),
    ("properties", b"\0\0\0\x10ftypheic\0\0\0\0\xff\xff\xff\xffmeta\0\0\0\0", b"\0\0\0\x08iprp"),
    ("segments", b"\xff\xd8", b"\xff\xe1\0\x08Exif\0\0"),
    ("fill bytes", b"\xff\xd8", b"\xff"),
    ("chunks", b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x01\0\0\x01\0\0", b"ABCD\0\0\0\0"),
    ("entries", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", b"\x05\0\x03\0"),
    (
        "elements",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x16\x54\xae\x6b\x01\xff\xff\xff\xff\xff\xff\xff",
        b"\xae\x84\xe0\x82\xb0\x80",
    ),
];

#[test]
fn a_file_built_to_be_slow_is_measured_quickly() {
    for (what, begins, goes_on) in ENDLESS {
        let mut bytes = begins.to_vec();
        while bytes.len() < 8_000_000 {
            bytes.extend_from_slice(goes_on);
        }
        let start = std::time::Instant::now();
        let facts = runcomfy::media::MediaInfo::of_bytes(&bytes);
        let time = start.elapsed();
        assert!(facts.format.is_some(), "{what} have no known format");
        // Decoding an image of this size takes longer, even though this build is not optimised.
        assert!(time.as_secs() < 5, "8 MB of {what} took {time:?}");
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// Returns one of these with some bytes changed.
fn mutate(seeds: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut mutated = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..=random.usize(..4) {
        let at = random.usize(..mutated.len().max(1));
        match random.usize(..3) {
            0 => _ = mutated.splice(at..at, [random.u8(..)]),
            1 => _ = mutated.drain(at..(at + random.usize(..40)).min(mutated.len())),
            _ => mutated.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.u8(..)),
        }
    }
    mutated
}
