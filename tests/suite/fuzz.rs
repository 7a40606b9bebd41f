//! The fuzz bodies over a small corpus and over random bytes, the same on every run.
//!
//! `RUNCOMFY_FUZZ` sets how many random inputs; `.ci/long` sets many, and has a run that
//! is guided by coverage besides.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use runcomfy_tests::fuzz::{fuzz_generate, fuzz_import, fuzz_replies, fuzz_reply, fuzz_schemas};

use crate::support::root;

/// A fuzz body under the name of its corpus.
type Body = (&'static str, fn(&[u8]) -> bool);

const BODIES: [Body; 5] = [
    ("import", fuzz_import),
    ("generate", fuzz_generate),
    ("schemas", fuzz_schemas),
    ("reply", fuzz_reply),
    ("replies", fuzz_replies),
];

#[test]
fn what_the_bodies_promise_holds_over_the_corpus_and_the_fixtures() {
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
fn what_the_bodies_promise_holds_over_random_bytes_and_mutated_fixtures() {
    let count = std::env::var("RUNCOMFY_FUZZ").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(150);
    let mut random = Random(0x5eed_f00d_5eed_f00d);
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for file in files("tests/fixtures").into_iter().chain(files("tests/fuzz/corpus/generate")) {
        seeds.push(std::fs::read(file).expect("it can be read"));
    }
    let read = |file| std::fs::read(file).expect("it can be read");
    let replies: Vec<Vec<u8>> = files("tests/fuzz/corpus/reply").into_iter().map(read).collect();
    let mut taken = [0; BODIES.len()];
    for round in 0..count {
        let chosen: Vec<u8> = (0..random.below(600)).map(|_| random.byte()).collect();
        let mutated = random.mutated(&seeds);
        let reply = random.mutated(&replies);
        let inputs = [&mutated, &mutated, &chosen, &reply, &chosen];
        let inputs = BODIES.into_iter().zip(inputs);
        for (((name, body), data), taken) in inputs.zip(&mut taken) {
            let ended = catch_unwind(AssertUnwindSafe(|| body(data)));
            *taken += usize::from(matches!(ended, Ok(true)));
            assert!(ended.is_ok(), "round {round} of {name}: {}", data.escape_ascii());
        }
    }
    // What is refused early shows little.
    assert!(taken.iter().all(|taken| taken * 50 > count), "of {count}, only {taken:?} were taken");
    println!("{count} inputs of each body, of which {taken:?} were taken");
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    files
}

/// A xorshift generator: the same bytes on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// One of these with some bytes changed.
    fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut mutated = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(mutated.len());
            match self.below(3) {
                0 => _ = mutated.splice(at..at, [self.byte()]),
                1 => _ = mutated.drain(at..(at + self.below(40)).min(mutated.len())),
                _ => mutated.iter_mut().skip(at).take(1).for_each(|byte| *byte = self.byte()),
            }
        }
        mutated
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}
