//! Preflight: measuring the media of an input before it is submitted.

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use crate::check::FoundMedia;
use crate::metric::Facts;
use crate::violation::{Path, Violations};

/// As much of a file is read as its header may need.
const MOST_BYTES: usize = 256 * 1024;

/// What measuring found.
#[derive(Debug, Clone, Default)]
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

pub(super) async fn preflight(http: &reqwest::Client, media: Vec<FoundMedia>) -> Preflight {
    let mut report = Preflight::default();
    for found in media.into_iter().filter(|found| !found.unchecked(&Facts::default()).is_empty()) {
        let (facts, reason) = match measure(http, &found).await {
            Ok(facts) => (facts, "this version does not measure it here".to_owned()),
            Err(reason) => (Facts::default(), reason),
        };
        for violation in found.violations(&facts) {
            report.violations.push(violation);
        }
        report.unchecked.extend(found.unchecked(&facts).into_iter().map(|rule| Unchecked {
            path: found.path.clone(),
            rule,
            reason: reason.clone(),
        }));
    }
    report
}

async fn measure(http: &reqwest::Client, found: &FoundMedia) -> Result<Facts, String> {
    let Some(address) = found.media.as_url() else {
        return Err("it is a bare name, not an address".to_owned());
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

fn unreachable(error: &reqwest::Error) -> String {
    format!("it could not be fetched from here: {error}")
}
