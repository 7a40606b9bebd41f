//! Ratios of CPU times. Both sides are measured in turns, to spread other load over both.

use std::hint::black_box;
use std::time::Duration;

/// Minimum time of a batch of calls, which the clock measures well.
const BATCH: Duration = Duration::from_millis(1);

/// Maximum growth of the cost per item in the larger of two sizes: room for caches and noise,
/// far below quadratic growth, which would be [`GROWTH`].
const MAX_GROWTH: f64 = 2.0;

/// A missed target is measured this many times before it counts. Other work on the machine
/// evicts caches and only ever adds time, so the minimum falls until it is ours alone.
const MAX_ATTEMPTS: usize = 8;

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
    /// Calls both in turns for several rounds, and keeps the minimum of each. Does so again while
    /// the ratio is above `most`.
    pub(crate) fn within<A, B>(
        most: f64,
        rounds: usize,
        mut ours: impl FnMut() -> A,
        mut theirs: impl FnMut() -> B,
    ) -> Self {
        let (our_calls, their_calls) = (calls(&mut ours), calls(&mut theirs));
        let (mut our_least, mut their_least) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..MAX_ATTEMPTS {
            for round in 0..rounds {
                // Swap the order, since the first call may find the other's data in the caches.
                if round % 2 == 0 {
                    our_least = our_least.min(timed(our_calls, &mut ours));
                    their_least = their_least.min(timed(their_calls, &mut theirs));
                } else {
                    their_least = their_least.min(timed(their_calls, &mut theirs));
                    our_least = our_least.min(timed(our_calls, &mut ours));
                }
            }
            if our_least <= most * their_least {
                break;
            }
        }
        Self::from_seconds(our_least, their_least)
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
    let start = cpu_time();
    for _ in 0..calls {
        black_box(call());
    }
    cpu_time().saturating_sub(start).as_secs_f64() / f64::from(calls)
}

/// Returns the number of calls per batch.
fn calls<T>(call: &mut impl FnMut() -> T) -> u32 {
    let mut calls = 1;
    while timed(calls, call) * f64::from(calls) < BATCH.as_secs_f64() {
        calls *= 2;
    }
    calls
}

/// Returns the CPU time of this thread.
#[cfg(unix)]
fn cpu_time() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Returns the time since the first call, for want of the CPU time of a thread.
#[cfg(not(unix))]
fn cpu_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// Returns the CPU time of every command that has ended.
#[cfg(all(unix, feature = "all-parts"))]
pub(crate) fn cpu_time_of_commands() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let seconds = getrusage(UsageWho::RUSAGE_CHILDREN).map(|usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        let seconds = (user.tv_sec() + system.tv_sec()) as f64;
        seconds + (user.tv_usec() + system.tv_usec()) as f64 / 1e6
    });
    Duration::from_secs_f64(seconds.unwrap_or_default())
}

/// Returns the time since the first call, for want of the CPU time of commands.
#[cfg(all(not(unix), feature = "all-parts"))]
pub(crate) fn cpu_time_of_commands() -> Duration {
    cpu_time()
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

    /// Measures our time as a fraction of theirs.
    pub(crate) fn compare<A, B>(
        &mut self,
        name: &str,
        most: f64,
        rounds: usize,
        ours: impl FnMut() -> A,
        theirs: impl FnMut() -> B,
    ) {
        self.ratio(name, Pair::within(most, rounds, ours, theirs), most);
    }

    /// Measures how the cost per item grows when there are [`GROWTH`] times as many.
    pub(crate) fn growth<A, B>(
        &mut self,
        name: &str,
        rounds: usize,
        large: impl FnMut() -> A,
        small: impl FnMut() -> B,
    ) {
        let pair = Pair::within(MAX_GROWTH * GROWTH as f64, rounds, large, small);
        let detail = format!("({} : {} for {GROWTH} : 1)", shown(pair.ours), shown(pair.theirs));
        self.at_most(name, pair.ratio / GROWTH as f64, MAX_GROWTH, " ×", &detail);
    }
}

/// Formats a time with three digits.
pub(crate) fn shown(time: Duration) -> String {
    format!("{time:.1?}")
}
