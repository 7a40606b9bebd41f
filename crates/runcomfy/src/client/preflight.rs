//! Preflight: measuring the media of an input before it is submitted.

use std::error::Error;

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use crate::check::FoundMedia;
use crate::media::Media;
use crate::metric::{Facts, Limit, Metric};
use crate::violation::{Path, Violations};

/// As much of a file is read as its header may need.
const MOST_BYTES: usize = 256 * 1024;

/// What measuring found.
#[derive(Debug, Clone, Default)]
#[must_use = "what preflight finds is in here, and nowhere else"]
#[non_exhaustive]
pub struct Preflight {
    /// Every measured rule that is broken, with what was measured.
    pub violations: Violations,
    /// Every rule that could not be checked, and why.
    pub unchecked: Vec<Unchecked>,
}

/// A rule that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unchecked {
    /// Where.
    pub path: Path,
    /// The rule, verbatim.
    pub rule: String,
    /// Why it could not be checked.
    pub reason: String,
}

impl Preflight {
    /// Whether no rule is broken, as far as could be measured. What could not be is in
    /// [`Preflight::unchecked`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.violations.is_empty()
    }
}

pub(super) async fn preflight(http: &reqwest::Client, media: Vec<FoundMedia>) -> Preflight {
    let mut report = Preflight::default();
    for found in media.into_iter().filter(|found| !found.unchecked(&Facts::default()).is_empty()) {
        let (facts, unreached) = match measure(http, &found).await {
            Ok(facts) => (facts, None),
            Err(reason) => (Facts::default(), Some(reason)),
        };
        for violation in found.violations(&facts) {
            report.violations.push(violation);
        }
        report.unchecked.extend(found.unchecked(&facts).into_iter().map(|rule| Unchecked {
            path: found.path.clone(),
            reason: unreached.clone().unwrap_or_else(|| unmeasured(&rule).to_owned()),
            rule,
        }));
    }
    report
}

/// Why a rule is open although its media was fetched.
fn unmeasured(rule: &str) -> &'static str {
    let metric = Limit::split(rule, 0.0).and_then(|(name, _)| Metric::from_name(name));
    match metric {
        None => "this version does not know the rule",
        Some(Metric::FileSizeMb) => "its host does not say how large the file is",
        Some(Metric::WidthPixels | Metric::HeightPixels | Metric::WidthOverHeight) => {
            "it begins like no picture that is known here; videos are not measured"
        }
    }
}

async fn measure(http: &reqwest::Client, found: &FoundMedia) -> Result<Facts, String> {
    let Some(address) = found.media.as_url() else {
        return Err(no_address(found.media.wire()));
    };
    let range = format!("bytes=0-{}", MOST_BYTES - 1);
    let request = http.get(address).header(RANGE, range);
    let response = request.send().await.map_err(|error| unreachable(&error))?;
    if !response.status().is_success() {
        return Err(format!("its host answered HTTP {}", response.status().as_u16()));
    }
    let mut facts = Facts { bytes: file_size(&response), ..Facts::default() };
    let header = beginning(response).await.map_err(|error| unreachable(&error))?;
    if let Ok(size) = imagesize::blob_size(&header) {
        facts.width = u32::try_from(size.width).ok();
        facts.height = u32::try_from(size.height).ok();
    }
    Ok(facts)
}

/// What a string is that is sent as it is.
fn no_address(text: &str) -> String {
    let begins = |with: &str| {
        text.trim_start().get(..with.len()).is_some_and(|text| text.eq_ignore_ascii_case(with))
    };
    match Media::url(text) {
        _ if begins("data:") => "it is a `data:` URI, which is not measured here".to_owned(),
        Err(reason) if begins("http:") || begins("https:") => {
            format!("it cannot be fetched as it is written: {reason}")
        }
        Ok(_) => "it was given as a name, and is not fetched".to_owned(),
        Err(_) => "it is a bare name, not an address".to_owned(),
    }
}

/// The size of the whole file, as far as the host says.
fn file_size(response: &Response) -> Option<u64> {
    let header = |name| response.headers().get(name)?.to_str().ok();
    match response.status() {
        StatusCode::PARTIAL_CONTENT => header(CONTENT_RANGE)?.rsplit('/').next()?.parse().ok(),
        _ => header(CONTENT_LENGTH)?.parse().ok(),
    }
}

async fn beginning(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_BYTES {
        match response.chunk().await? {
            Some(chunk) => bytes.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(bytes)
}

/// The cause too: the HTTP library's own message says only that something failed.
fn unreachable(error: &reqwest::Error) -> String {
    let mut text = format!("it could not be fetched from here: {error}");
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_fetched_is_called_what_it_is() {
        let cases = [
            ("boat.png", "it is a bare name"),
            ("data:image/png;base64,AA==", "it is a `data:` URI"),
            ("DATA:,", "it is a `data:` URI"),
            ("https://x/a b.png", "it cannot be fetched as it is written: the address holds ' '"),
            ("https://x/a.png", "it was given as a name"),
        ];
        for (text, words) in cases {
            assert!(no_address(text).starts_with(words), "{text}: {}", no_address(text));
        }
    }

    #[test]
    fn a_rule_that_stays_open_says_which_fact_is_missing() {
        let cases = [
            ("width/height<", "no picture"),
            ("file_size_mb<", "how large"),
            ("frames>", "does not know the rule"),
        ];
        for (rule, words) in cases {
            assert!(unmeasured(rule).contains(words), "{rule}: {}", unmeasured(rule));
        }
    }
}
