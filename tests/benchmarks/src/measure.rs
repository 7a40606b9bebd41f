//! Ratios of times. Both sides are measured in turns, to spread other load over both.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Minimum time of a batch of calls, which the clock measures well.
const BATCH: Duration = Duration::from_millis(1);

/// Maximum growth of the cost per item in the larger of two sizes: room for caches and noise,
/// far below quadratic growth, which would be [`GROWTH`].
const MAX_GROWTH: f64 = 2.0;

/// Ratio of the two sizes.
pub(crate) const GROWTH: usize = 8;

/// Two times per call, and their ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub ours: Duration,
    pub theirs: Duration,
    pub ratio: f64,
}

impl Pair {
    /// Calls both in turns for several rounds, and keeps the minimum of each, since other load only
    /// adds time.
    pub(crate) fn of<A, B>(
        rounds: usize,
        mut ours: impl FnMut() -> A,
        mut theirs: impl FnMut() -> B,
    ) -> Self {
        let (our_calls, their_calls) = (calls(&mut ours), calls(&mut theirs));
        let mut times = Vec::new();
        for round in 0..rounds {
            // Swap the order, since the first call may find the other's data in the caches.
            let first = (round % 2 == 0).then(|| timed(our_calls, &mut ours));
            let second = timed(their_calls, &mut theirs);
            let first = first.unwrap_or_else(|| timed(our_calls, &mut ours));
            times.push((first, second));
        }
        let least = |of: fn(&(f64, f64)) -> f64| times.iter().map(of).fold(f64::INFINITY, f64::min);
        Self::from_seconds(least(|times| times.0), least(|times| times.1))
    }

    /// Creates a pair from two measured times.
    pub(crate) fn from_seconds(ours: f64, theirs: f64) -> Self {
        Self {
            ours: Duration::from_secs_f64(ours),
            theirs: Duration::from_secs_f64(theirs),
            ratio: ours / theirs,
        }
    }
}

/// Returns the seconds per call.
fn timed<T>(calls: u32, call: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

/// Returns the number of calls per batch.
fn calls<T>(call: &mut impl FnMut() -> T) -> u32 {
    let mut calls = 1;
    while timed(calls, call) * f64::from(calls) < BATCH.as_secs_f64() {
        calls *= 2;
    }
    calls
}

/// Returns the median, or infinity for an empty list, which no target allows.
pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::INFINITY)
}

/// Prints one figure per line, and counts the targets.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub targets: usize,
    pub missed: usize,
}

impl Report {
    pub(crate) fn part(&self, name: &str) {
        println!("\n{name}");
    }

    /// Prints a figure without a target.
    pub(crate) fn note(&self, name: &str, figure: &str) {
        println!("  {name:<44} {figure}");
    }

    /// Prints a figure with an upper target.
    pub(crate) fn at_most(&mut self, name: &str, figure: f64, most: f64, unit: &str, detail: &str) {
        let keeps = figure <= most;
        self.targets += 1;
        self.missed += usize::from(!keeps);
        let verdict = if keeps { "kept" } else { "MISSED" };
        self.note(
            name,
            &format!("{figure:6.2}{unit} of at most {most:.2}{unit}: {verdict}  {detail}"),
        );
    }

    /// Prints our time as a fraction of theirs.
    pub(crate) fn ratio(&mut self, name: &str, pair: Pair, most: f64) {
        let detail = format!("({} : {})", shown(pair.ours), shown(pair.theirs));
        self.at_most(name, pair.ratio, most, " ×", &detail);
    }

    /// Measures how the cost per item grows when there are [`GROWTH`] times as many.
    pub(crate) fn growth<A, B>(
        &mut self,
        name: &str,
        rounds: usize,
        large: impl FnMut() -> A,
        small: impl FnMut() -> B,
    ) {
        let pair = Pair::of(rounds, large, small);
        let detail = format!("({} : {} for {GROWTH} : 1)", shown(pair.ours), shown(pair.theirs));
        self.at_most(name, pair.ratio / GROWTH as f64, MAX_GROWTH, " ×", &detail);
    }
}

/// Formats a time with three digits.
pub(crate) fn shown(time: Duration) -> String {
    format!("{time:.1?}")
}
