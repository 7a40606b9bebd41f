//! The clock of tests that compare amounts of work: it does not run while another program does.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Returns the time that this thread has worked. Other systems than Linux count the time that has
/// passed.
pub(super) fn cpu_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanos.map_or(passed, Duration::from_nanos)
}
