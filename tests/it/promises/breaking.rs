//! Breaks promises in two copies of the workspace at once, since most of the time one compiler keeps
//! one core busy: in one copy those that tests of the whole workspace prove, in the other those of
//! single crates.

use std::collections::BTreeMap;
use std::thread::ScopedJoinHandle;
use std::time::Instant;

use super::Promise;
use super::copy::{Outcome, Program, Test, Workspace};
use crate::support::root;

/// Breaks each promise. Returns those whose test does not fail then.
pub(super) fn unnoticed(promises: Vec<(Test, Promise)>) -> Vec<String> {
    let start = Instant::now();
    let (whole, crates): (Vec<_>, Vec<_>) =
        promises.into_iter().partition(|(test, _)| test.is_of_the_whole());
    std::thread::scope(|scope| {
        let halves = [("whole", whole), ("crates", crates)]
            .map(|(name, promises)| scope.spawn(move || half(name, promises, start)));
        halves.into_iter().flat_map(ended).collect()
    })
}

/// Breaks each promise of one half, in the copy of this name.
fn half(name: &str, mut promises: Vec<(Test, Promise)>, start: Instant) -> Vec<String> {
    if promises.is_empty() {
        return Vec::new();
    }
    // A change of the program that has the test, or of the file, takes longer to build.
    promises.sort_by_cached_key(|(test, promise)| (test.clone(), promise.file.clone()));
    let workspace = Workspace::new(&root(), name);
    let failing = failing_unchanged(&workspace, &promises);
    assert!(failing.is_empty(), "{}", failing.join("\n"));
    println!("{} s: {name}: the tests pass without a change", start.elapsed().as_secs());

    let tests: Vec<&Test> = promises.iter().map(|(test, _)| test).collect();
    let mut changes = promises.iter().enumerate();
    let outcomes = run_each(&workspace, &tests, |test| {
        let (index, (_, promise)) = changes.next().expect("each test has a promise");
        let Promise { words, file, old, new, .. } = promise;
        let (seconds, number) = (start.elapsed().as_secs(), index + 1);
        println!("{seconds} s: {name} {number}/{}: {words}", tests.len());
        let text = workspace.read(file);
        workspace.write(file, &text.replace(old, new));
        let built = workspace.build(&[test]);
        workspace.write(file, &text);
        built
    });
    println!("{} s: {name}: {} changes", start.elapsed().as_secs(), tests.len());
    promises
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Failed))
        .map(|((_, promise), outcome)| format!("{}: `{}` {outcome}", promise.words, promise.test))
        .collect()
}

/// Runs each test without a change, from one build of each program. Returns those that do not pass.
fn failing_unchanged(workspace: &Workspace, promises: &[(Test, Promise)]) -> Vec<String> {
    let mut programs = BTreeMap::<_, Vec<&Test>>::new();
    for (test, _) in promises {
        let tests = programs.entry(test.target()).or_default();
        if !tests.contains(&test) {
            tests.push(test);
        }
    }
    let mut failing = Vec::new();
    for tests in programs.values() {
        let program = match workspace.build(tests) {
            Ok(program) => program,
            Err(outcome) => {
                failing.push(format!("{tests:?} without a change {outcome}"));
                continue;
            }
        };
        // Many of them wait most of their time.
        let outcomes = std::thread::scope(|scope| {
            let program = &program;
            let chunks = tests.chunks(tests.len().div_ceil(4).max(1)).map(|tests| {
                scope.spawn(move || -> Vec<Outcome> {
                    tests.iter().map(|test| workspace.run(test, program)).collect()
                })
            });
            let chunks: Vec<_> = chunks.collect();
            chunks.into_iter().flat_map(ended).collect::<Vec<_>>()
        });
        let not_passed =
            tests.iter().zip(outcomes).filter(|(_, outcome)| !matches!(outcome, Outcome::Passed));
        failing.extend(
            not_passed.map(|(test, outcome)| format!("{test:?} without a change {outcome}")),
        );
    }
    failing
}

/// Builds and runs tests in turn. A test runs while the next is being built.
fn run_each(
    workspace: &Workspace,
    tests: &[&Test],
    mut build: impl FnMut(&Test) -> Result<Program, Outcome>,
) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let mut outcomes = Vec::new();
        let mut running = None;
        for test in tests {
            let built = build(test);
            outcomes.extend(running.take().map(ended));
            running = Some(scope.spawn(move || {
                let outcome = match built {
                    Ok(program) => workspace.run(test, &program),
                    Err(outcome) => outcome,
                };
                println!("    {} {outcome}", test.name);
                outcome
            }));
        }
        outcomes.extend(running.take().map(ended));
        outcomes
    })
}

fn ended<T>(running: ScopedJoinHandle<'_, T>) -> T {
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
