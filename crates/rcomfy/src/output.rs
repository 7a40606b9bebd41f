//! Writes results to stdout and everything else to stderr: for a person, as JSON, or as events.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::style::{BOLD, DIM, ERROR, HINT, escaped, escaped_json, is_plain, is_unattended};

/// Version of the JSON envelope.
const ENVELOPE: u64 = 1;
/// The form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text for people.
    Human,
    /// One JSON envelope on stdout.
    Json,
    /// One JSON object per line on stdout; the last is `finished` with the envelope.
    Events,
}

/// The result of a command: as data, and as text for a person.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The `data` of the envelope.
    pub data: Value,
    /// The text on stdout, without the last line break. Empty for none.
    pub text: String,
}

impl Reply {
    /// Creates a reply.
    pub(crate) fn new(data: Value, text: impl Into<String>) -> Self {
        Self { data, text: text.into() }
    }
}

/// The streams of this process, and the manners of a command on them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub format: Format,
    /// Print nothing but results and errors.
    pub is_quiet: bool,
}

impl Output {
    /// Decides once about colours: none without a terminal, under `NO_COLOR`, for an agent or in CI.
    pub(crate) fn choose_colors() {
        if is_unattended() && std::env::var_os("CLICOLOR_FORCE").is_none() {
            anstream::ColorChoice::Never.write_global();
        }
    }

    /// Returns `true` if a person can be asked: both sides are a terminal, and nobody wants data.
    pub(crate) fn can_ask(self) -> bool {
        self.format == Format::Human
            && !is_plain()
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
    }

    /// Returns `true` if a line on stderr can be redrawn.
    pub(crate) fn can_redraw(self) -> bool {
        self.format == Format::Human
            && !self.is_quiet
            && !is_plain()
            && io::stderr().is_terminal()
            && std::env::var("TERM").map_or(true, |term| term != "dumb")
    }

    /// Prints a line about the work to stderr.
    pub(crate) fn note(self, line: &str) {
        if !self.is_quiet && self.format == Format::Human {
            // A closed stderr stops no paid job.
            let _ = writeln!(anstream::stderr(), "{}", escaped(line));
        }
    }

    /// Prints a warning, even if quiet: to stderr, or as an event.
    pub(crate) fn warn(self, line: &str) {
        match self.format {
            Format::Events => self.event("warning", json!({"message": line})),
            Format::Human | Format::Json => {
                let line = escaped(line);
                let _ = writeln!(anstream::stderr(), "{HINT}warning{HINT:#}: {line}");
            }
        }
    }

    /// Prints an event as one line of JSON.
    pub(crate) fn event(self, name: &str, mut event: Value) {
        if self.format == Format::Events {
            if let Some(fields) = event.as_object_mut() {
                fields.insert("event".to_owned(), name.into());
            }
            let _ = print_line(&escaped_json(&event.to_string()));
        }
    }

    /// Prints the result of a command, and returns the exit code.
    pub(crate) fn finish(self, outcome: Result<Reply, Failure>) -> ExitCode {
        let written = match &outcome {
            Ok(reply) => self.succeed(reply),
            Err(failure) => self.fail(failure),
        };
        match (outcome, written) {
            (Err(failure), _) => ExitCode::from(failure.kind.exit_code()),
            (Ok(_), Ok(())) => ExitCode::SUCCESS,
            // The reader has what it wanted.
            (Ok(_), Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            (Ok(_), Err(error)) => {
                let _ = writeln!(io::stderr(), "error: cannot write the result: {error}");
                ExitCode::from(Kind::Internal.exit_code())
            }
        }
    }

    fn succeed(self, reply: &Reply) -> io::Result<()> {
        let envelope = json!({"rcomfy": ENVELOPE, "ok": true, "data": reply.data});
        match self.format {
            Format::Human if reply.text.is_empty() => Ok(()),
            Format::Human => print_line(&reply.text),
            Format::Json | Format::Events => self.print_envelope(&envelope),
        }
    }

    fn print_envelope(self, envelope: &Value) -> io::Result<()> {
        print_line(&escaped_json(&match self.format {
            Format::Events => finished(envelope),
            Format::Human | Format::Json => envelope.to_string(),
        }))
    }

    fn fail(self, failure: &Failure) -> io::Result<()> {
        let envelope = json!({"rcomfy": ENVELOPE, "ok": false, "error": error(failure)});
        match self.format {
            Format::Human => draw(failure),
            Format::Json | Format::Events => self.print_envelope(&envelope),
        }
    }
}

fn print_line(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

fn finished(envelope: &Value) -> String {
    json!({"event": "finished", "result": envelope}).to_string()
}

fn error(failure: &Failure) -> Value {
    let mut error = json!({
        "code": failure.kind.code(),
        "message": failure.message,
        "fix": failure.fix,
        "retryable": failure.is_retryable,
        "job": failure.job,
        "request_id": failure.request_id,
    });
    if let Some(fields) = error.as_object_mut() {
        if !failure.problems.is_empty() {
            fields.insert("problems".to_owned(), json!(failure.problems));
        }
        if let Some(reply) = &failure.reply {
            fields.insert("reply".to_owned(), json!(reply));
        }
    }
    error
}

/// Draws a failure for a person.
fn draw(failure: &Failure) -> io::Result<()> {
    let mut stderr = anstream::stderr().lock();
    // A text of a server or of the ledger must not begin a line of its own.
    let message = escaped(&failure.message);
    writeln!(stderr, "{ERROR}error{ERROR:#}{BOLD}: {message}{BOLD:#}")?;
    if let Some(drawing) = &failure.drawing {
        writeln!(stderr, "{}", drawing.trim_end())?;
    }
    if let Some(id) = &failure.request_id {
        writeln!(stderr, "  {DIM}request{DIM:#} {}", escaped(id))?;
    }
    if let Some(fix) = &failure.fix {
        writeln!(stderr, "  {HINT}next{HINT:#}    {}", escaped(fix))?;
    }
    Ok(())
}
