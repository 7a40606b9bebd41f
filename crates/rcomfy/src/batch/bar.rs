//! The one bar of a batch: redrawn on a terminal, and otherwise a line now and then.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use runcomfy_ledger::BatchStatus;
use serde_json::json;

use crate::output::Output;

/// Time between two lines where no bar can be drawn.
const PAUSE: Duration = Duration::from_secs(10);

/// The progress of a batch.
pub(crate) struct Bar {
    output: Output,
    bar: Option<ProgressBar>,
    start: Instant,
    /// Number of settled lines at the start.
    settled: u64,
    written: Option<Instant>,
}

impl Bar {
    /// Starts a bar.
    pub(crate) fn start(output: Output, status: &BatchStatus) -> Self {
        let bar = output.can_redraw().then(|| {
            let bar = ProgressBar::new(status.lines);
            bar.set_draw_target(ProgressDrawTarget::stderr());
            // A template that cannot be read leaves the default one.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let settled = settled(status);
        Self { output, bar, start: Instant::now(), settled, written: None }
    }

    /// Shows the state of the batch.
    pub(crate) fn show(&mut self, status: &BatchStatus) {
        let (settled, elapsed) = (settled(status), self.start.elapsed().as_secs_f64());
        let rate = settled.saturating_sub(self.settled) as f64 / elapsed.max(0.1);
        let text = words(status, rate);
        self.output.event(
            "progress",
            json!({
                "lines": status.lines,
                "waiting": status.waiting(),
                "running": status.running(),
                "succeeded": status.succeeded(),
                "failed": status.failed(),
                "unknown": status.unknown(),
                "spent_usd": status.spent.to_string(),
                "per_second": rate,
            }),
        );
        match &self.bar {
            Some(bar) => {
                bar.set_length(status.lines);
                bar.set_position(settled);
                bar.set_message(text);
            }
            None if self.written.is_none_or(|time| time.elapsed() >= PAUSE) => {
                self.written = Some(Instant::now());
                self.output.note(&format!("{settled}/{} {text}", status.lines));
            }
            None => {}
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns the number of lines that have ended or wait for a person.
fn settled(status: &BatchStatus) -> u64 {
    status.lines.saturating_sub(status.waiting() + status.running())
}

/// Returns the state of a batch in one line.
fn words(status: &BatchStatus, rate: f64) -> String {
    let mut parts = vec![format!("{} done", status.succeeded())];
    if status.is_paused {
        parts.push("paused".to_owned());
    }
    for (count, word) in
        [(status.running(), "running"), (status.failed(), "failed"), (status.unknown(), "unknown")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.push(format!("${}", status.spent));
    if rate > 0.0 {
        parts.push(format!("{rate:.1}/s"));
        let left = (status.waiting() + status.running()) as f64 / rate;
        let left = Duration::from_secs(left.min(1e9) as u64);
        parts.push(format!("{} left", humantime::format_duration(left)));
    }
    parts.join(" · ")
}
