//! The report of a preflight.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::escape::escape_control;
use crate::violation::{InputPath, Violations};

/// The findings about the media of an input.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "the findings of preflight are only in here"]
#[non_exhaustive]
pub struct PreflightReport {
    /// Every broken rule, with what was measured: the schema's own rules, `format` for media of
    /// a kind that its property does not take, `file` for a local file that cannot be used, and
    /// `request` for a request that is too large.
    pub violations: Violations,
    /// Everything that RunComfy's guidance advises against. It may work, or fail once it is paid
    /// for.
    pub warnings: Vec<Warning>,
    /// Every rule that could not be checked, with the reason.
    pub unchecked: Vec<Unchecked>,
    /// The work that preflight did.
    pub stats: PreflightStats,
}

/// Something that RunComfy advises against.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Warning {
    /// Path of the media in the input.
    pub path: InputPath,
    /// Kind of the warning. Compare this, not the message.
    pub kind: WarningKind,
    /// Description of the problem.
    pub message: String,
}

/// The kind of a [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum WarningKind {
    /// The URL does not begin with `https`.
    NotHttps,
    /// RunComfy cannot reach the URL: it is on this machine or a private network.
    OutOfReach,
    /// Its host did not answer an anonymous GET from here with the file.
    NotFetched,
    /// Its host answered with a web page, such as a login.
    WebPage,
    /// The declared content type does not match the content.
    ContentType,
    /// The property takes another kind of media, and may take this one.
    Kind,
    /// An image of more than 50 MB.
    LargeImage,
    /// A video of more than 100 MB.
    LargeVideo,
    /// The file is empty.
    Empty,
}

/// A rule that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Unchecked {
    /// Path of the media in the input.
    pub path: InputPath,
    /// The rule, verbatim.
    pub rule: Cow<'static, str>,
    /// Reason why it could not be checked.
    pub reason: String,
}

/// The work that a preflight did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PreflightStats {
    /// Number of requests to media hosts, without the redirects that followed them.
    pub requests: u64,
    /// Number of bytes that were fetched.
    pub bytes: u64,
    /// Time that it took.
    pub time: Duration,
}

impl PreflightReport {
    /// Returns `true` if no checked rule is broken. The unchecked ones are in
    /// [`PreflightReport::unchecked`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.violations.is_empty()
    }

    /// Returns `true` if every rule was checked and holds, and there are no warnings.
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
        // Rules that one reason leaves unchecked at one path share a line.
        for group in self.unchecked.chunk_by(|a, b| a.path == b.path && a.reason == b.reason) {
            let [Unchecked { path, reason, .. }, ..] = group else { continue };
            let rules: Vec<&str> = group.iter().map(|open| open.rule.as_ref()).collect();
            let (reason, rules) = (escape_control(reason), rules.join(", "));
            lines.push(format!("{path}: not checked: {reason} [{}]", escape_control(&rules)));
        }
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}", self.path, escape_control(&self.message))
    }
}

impl fmt::Display for PreflightStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, bytes, time } = self;
        let plural = if *requests == 1 { "" } else { "s" };
        write!(f, "{bytes} bytes in {requests} request{plural}, {} ms", time.as_millis())
    }
}
