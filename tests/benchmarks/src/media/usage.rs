//! CPU time and memory of a process, as Linux counts them.

use std::fmt;
use std::fs;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use nix::time::{ClockId, clock_gettime};

use crate::measure::cpu_time_of_commands;

/// The state of this process at one moment.
pub(super) struct Started {
    own: Duration,
    children: Duration,
    resident: f64,
}

/// The time and memory that a piece of work took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// CPU time in seconds.
    cpu: f64,
    /// Memory at the peak, beyond what there was before, in bytes.
    memory: f64,
}

impl Usage {
    pub(super) fn start() -> Result<Started> {
        // Forgets the peak so far.
        fs::write("/proc/self/clear_refs", "5")?;
        let resident = status("VmRSS:")?;
        Ok(Started { own: cpu()?, children: cpu_time_of_commands(), resident })
    }

    pub(super) fn milliseconds(&self) -> f64 {
        self.cpu * 1e3
    }

    pub(super) fn megabytes(&self) -> f64 {
        self.memory / 1e6
    }

    pub(super) fn cpu_over(&self, other: &Self) -> f64 {
        self.cpu / other.cpu
    }
}

impl Started {
    /// Returns the CPU time of one of so many equal pieces of work.
    pub(super) fn end(&self, count: u32) -> Result<Usage> {
        let cpu = cpu()?.saturating_sub(self.own).as_secs_f64() / f64::from(count);
        Ok(Usage { cpu, memory: status("VmHWM:")? - self.resident })
    }

    /// Same as [`Started::end`], for child processes that have ended.
    pub(super) fn end_of_children(&self, count: u32) -> Result<Usage> {
        let cpu = cpu_time_of_commands().saturating_sub(self.children).as_secs_f64();
        Ok(Usage { cpu: cpu / f64::from(count), memory: 0.0 })
    }
}

/// Returns the one of the least CPU time, since other work only adds to it.
pub(super) fn least(all: &[Usage]) -> Result<Usage> {
    all.iter().copied().min_by(|a, b| a.cpu.total_cmp(&b.cpu)).context("nothing was measured")
}

/// Returns the CPU time of this process.
fn cpu() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// Returns a size of memory, in bytes.
fn status(name: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

/// Writes what [`Usage::from_str`] reads: for people too.
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ms, {:.1} MB", self.milliseconds(), self.megabytes())
    }
}

impl FromStr for Usage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (cpu, memory) = text.trim().split_once(" ms, ").context("no CPU time")?;
        let memory = memory.strip_suffix(" MB").context("no memory")?;
        Ok(Self { cpu: cpu.parse::<f64>()? / 1e3, memory: memory.parse::<f64>()? * 1e6 })
    }
}
