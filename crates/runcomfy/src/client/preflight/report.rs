//! What preflight finds.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::violation::{InputPath, Violations};

/// What checking the media of an input found.
#[derive(Debug, Clone, Default)]
#[must_use = "what preflight finds is in here, and nowhere else"]
#[non_exhaustive]
pub struct PreflightReport {
    /// Every rule that is broken, with what was measured: the schema's own rules, `format`
    /// where media is of a kind that its property does not take, `file` where a local file
    /// cannot be used, and `request` where the whole is too large to be sent.
    pub violations: Violations,
    /// What RunComfy's guidance advises against: it may work, or fail once it is paid for.
    pub warnings: Vec<Warning>,
    /// Every rule that could not be checked, and why.
    pub unchecked: Vec<Unchecked>,
    /// What it cost to find out.
    pub stats: PreflightStats,
}

/// Something that RunComfy advises against.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Where.
    pub path: InputPath,
    /// What about. Compare this, not the message.
    pub kind: WarningKind,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What a [`Warning`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The address does not begin with `https`.
    NotHttps,
    /// RunComfy cannot reach the address: it is on this machine or a private network.
    OutOfReach,
    /// Its host did not give it to an anonymous GET from here.
    NotFetched,
    /// A web page came instead, as a login does.
    WebPage,
    /// The content type is not one of what was found, or of what the property takes.
    ContentType,
    /// The property takes another kind, and may take this.
    Kind,
    /// An image of more than 50 MB.
    LargeImage,
    /// A video of more than 100 MB.
    LargeVideo,
    /// There is nothing in it.
    Empty,
}

/// A rule that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unchecked {
    /// Where.
    pub path: InputPath,
    /// The rule, verbatim.
    pub rule: Cow<'static, str>,
    /// Why it could not be checked.
    pub reason: String,
}

/// What preflight cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreflightStats {
    /// Requests to media hosts, without the redirects that they led to.
    pub requests: u64,
    /// Bytes of files that were fetched.
    pub bytes: u64,
    /// How long it took.
    pub time: Duration,
}

impl PreflightReport {
    /// Whether no rule is broken, as far as could be measured. What could not be is in
    /// [`PreflightReport::unchecked`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.violations.is_empty()
    }

    /// Whether every rule was checked and holds, and there is nothing to warn of.
    #[must_use]
    pub fn is_spotless(&self) -> bool {
        self.is_ok() && self.warnings.is_empty() && self.unchecked.is_empty()
    }
}

impl std::error::Error for PreflightReport {}

impl fmt::Display for PreflightReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if !self.violations.is_empty() {
            lines.push(self.violations.to_string());
        }
        lines.extend(self.warnings.iter().map(ToString::to_string));
        // What one reason leaves open at one place shares a line.
        for group in self.unchecked.chunk_by(|a, b| a.path == b.path && a.reason == b.reason) {
            let [Unchecked { path, reason, .. }, ..] = group else { continue };
            let rules: Vec<&str> = group.iter().map(|open| open.rule.as_ref()).collect();
            lines.push(format!("{path}: not checked: {reason} [{}]", rules.join(", ")));
        }
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}", self.path, self.message)
    }
}

impl fmt::Display for PreflightStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, bytes, time } = self;
        let plural = if *requests == 1 { "" } else { "s" };
        write!(f, "{bytes} bytes in {requests} request{plural}, {} ms", time.as_millis())
    }
}
