//! The line that shows how a job is doing: redrawn on a terminal, and otherwise a line for each
//! change.

use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use runcomfy::client::{JobStatus, Progress, Status};
use runcomfy_ledger::{Job, Price};
use serde_json::json;

use crate::output::Output;
use crate::style::escaped;

/// Time between two drawings: the line shows the elapsed time, so it is never still.
const TICK: Duration = Duration::from_millis(100);

/// The line of one job.
pub(crate) struct Live {
    output: Output,
    bar: Option<ProgressBar>,
    start: Instant,
    /// The text that was shown last.
    shown: Mutex<String>,
}

impl Live {
    /// Starts a line.
    pub(crate) fn start(output: Output, text: &str) -> Self {
        let bar = output.can_redraw().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(Narrow(Term::stderr()))));
            // A template that cannot be read leaves the default one.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        let live = Self { output, bar, start: Instant::now(), shown: Mutex::default() };
        live.show(text);
        live
    }

    /// Shows a text, if it is not shown already.
    pub(crate) fn show(&self, text: &str) {
        let text = &*escaped(text);
        if let Ok(mut shown) = self.shown.lock() {
            if *shown == text {
                return;
            }
            text.clone_into(&mut shown);
        }
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => {
                let seconds = self.start.elapsed().as_secs();
                self.output.note(&format!("{text} ({seconds} s)"));
            }
        }
    }

    /// Shows the status of a job, and reports it as an event.
    pub(crate) fn status(&self, job: &Job, status: &JobStatus) {
        let position = status.queue_position.map(|position| format!(", position {position}"));
        let price = match (job.cost, job.price) {
            (Some(cost), _) => Some(format!(", ${cost}")),
            (None, Price::Known(price)) => Some(format!(", up to ${price}")),
            (None, _) => None,
        };
        let word = match &status.status {
            Status::InQueue => "in queue".to_owned(),
            Status::InProgress => "running".to_owned(),
            Status::Completed | Status::Succeeded => "finished, reading the result".to_owned(),
            Status::Other(word) => word.clone(),
            other => other.to_string(),
        };
        let request = job.request_id.as_ref().map(|id| format!(" · {id}")).unwrap_or_default();
        self.show(&format!(
            "{word}{}{}{request}",
            position.unwrap_or_default(),
            price.unwrap_or_default()
        ));
        self.output.event(
            "status",
            json!({
                "job": job.id.to_string(),
                "request_id": job.request_id.as_ref().map(ToString::to_string),
                "status": status.status.to_string(),
                "queue_position": status.queue_position,
            }),
        );
    }

    /// Shows the progress of a download.
    pub(crate) fn download(&self, progress: &Progress<'_>) {
        let got = mebibytes(progress.bytes);
        let of = progress.total.map(|total| format!(" of {}", mebibytes(total)));
        if self.bar.is_some() {
            self.show(&format!("saving {got}{} MiB", of.unwrap_or_default()));
        }
    }

    /// Prints a line that stays.
    pub(crate) fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(line)),
            None => self.output.note(line),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// The terminal, with room for the `^C` that it shows at the end of the line. The bar fills its
/// width, and the line would wrap.
#[derive(Debug)]
struct Narrow(Term);

/// Columns that are left free.
const MARGIN: u16 = 4;

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        TermLike::width(&self.0).saturating_sub(MARGIN)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
