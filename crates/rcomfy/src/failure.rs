//! The one error of every command: its exit code, its words, and what to do next.

use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use serde::Serialize;

/// The result of a command.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// The reason a command failed. Each has its own exit code and its own word in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A fault of `rcomfy` or of this machine.
    Internal,
    /// The command line is wrong.
    Usage,
    /// The input breaks rules of the model, or RunComfy refused it.
    InputRefused,
    /// The token is missing or refused.
    Authentication,
    /// The balance or a budget does not cover the job.
    Budget,
    /// The job ran and failed.
    JobFailed,
    /// The job was cancelled.
    Cancelled,
    /// The wait timed out; the job continues.
    Timeout,
    /// RunComfy cannot be reached.
    Network,
    /// A submit may have been accepted, and its id is not known.
    OutcomeUnknown,
    /// Some outputs were not saved.
    PartlySaved,
    /// The same input is running, or was paid for recently.
    WouldPayTwice,
    /// The command was interrupted.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of exit codes.
    pub(crate) const ALL: [Self; 13] = [
        Self::Internal,
        Self::Usage,
        Self::InputRefused,
        Self::Authentication,
        Self::Budget,
        Self::JobFailed,
        Self::Cancelled,
        Self::Timeout,
        Self::Network,
        Self::OutcomeUnknown,
        Self::PartlySaved,
        Self::WouldPayTwice,
        Self::Interrupted,
    ];

    /// Returns the exit code.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::InputRefused => 3,
            Self::Authentication => 4,
            Self::Budget => 5,
            Self::JobFailed => 6,
            Self::Cancelled => 7,
            Self::Timeout => 8,
            Self::Network => 9,
            Self::OutcomeUnknown => 10,
            Self::PartlySaved => 11,
            Self::WouldPayTwice => 12,
            Self::Interrupted => 130,
        }
    }

    /// Returns the `code` of the error in JSON.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::InputRefused => "input_refused",
            Self::Authentication => "authentication",
            Self::Budget => "budget",
            Self::JobFailed => "job_failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::PartlySaved => "partly_saved",
            Self::WouldPayTwice => "would_pay_twice",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the meaning of the exit code, for help and docs.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Internal => "internal error",
            Self::Usage => "wrong usage",
            Self::InputRefused => "input refused, nothing paid",
            Self::Authentication => "token missing or refused",
            Self::Budget => "no balance, or over a budget",
            Self::JobFailed => "the job failed",
            Self::Cancelled => "the job was cancelled",
            Self::Timeout => "timed out, the job continues",
            Self::Network => "network error",
            Self::OutcomeUnknown => "outcome of a submit unknown",
            Self::PartlySaved => "outputs only partly saved",
            Self::WouldPayTwice => "would pay twice for the same input",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A failed command. It is passed up through every function, so its facts are in a box.
#[derive(Debug)]
pub(crate) struct Failure(Box<Facts>);

/// The facts of a [`Failure`].
#[derive(Debug)]
pub(crate) struct Facts {
    pub kind: Kind,
    /// One line: what was wrong, and where.
    pub message: String,
    /// The next step: a sentence or an exact command.
    pub fix: Option<String>,
    /// `true` if the same command may succeed later.
    pub is_retryable: bool,
    /// The job in the ledger.
    pub job: Option<String>,
    /// RunComfy's id of the job.
    pub request_id: Option<String>,
    /// RunComfy's response, if it cannot be read.
    pub reply: Option<String>,
    /// Every problem of the input.
    pub problems: Vec<Problem>,
    /// The problems drawn at their places, for a person.
    pub drawing: Option<String>,
}

/// One problem of an input, as programs read it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    /// The line of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The place as people write it, such as `loras[1].scale`.
    pub path: String,
    /// The place as a JSON pointer, such as `/loras/1/scale`.
    pub pointer: String,
    /// The rule that is broken, such as `maxLength`.
    pub rule: String,
    /// The expectation.
    pub message: String,
    /// The observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl Deref for Failure {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl Failure {
    /// Creates a failure from its kind and its message.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            kind,
            message: message.into(),
            fix: None,
            is_retryable: false,
            job: None,
            request_id: None,
            reply: None,
            problems: Vec::new(),
            drawing: None,
        }))
    }

    /// Creates a failure of the command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Creates a failure of this machine: an action on a file or folder, and its error.
    pub(crate) fn io(action: &str, error: impl Display) -> Self {
        Self::new(Kind::Internal, format!("cannot {action}: {error}"))
    }

    /// Sets what to do next.
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Marks the failure as one that may pass.
    pub(crate) fn retryable(mut self) -> Self {
        self.is_retryable = true;
        self
    }

    /// Sets the job that the failure is about.
    pub(crate) fn job(mut self, job: impl Into<String>) -> Self {
        self.job = Some(job.into());
        self
    }

    /// Sets RunComfy's response, which cannot be read. It may hold what was paid for.
    pub(crate) fn reply(mut self, reply: impl Into<String>) -> Self {
        self.reply = Some(reply.into());
        self
    }

    /// Sets RunComfy's id of the job.
    pub(crate) fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}
