//! The findings about one piece of media.

use super::{Preflight, PreflightReport, Unchecked, Warning, WarningKind};
use crate::check::{Fit, FoundMedia};
use crate::measure::Probe;
use crate::media::{BytesSource, DataUri, Media, MediaInfo, MediaKind, MissingInfo};
use crate::violation::{Violation, message};

/// The sizes that RunComfy's API pages recommend as maxima.
const LARGE_IMAGE: u64 = 50_000_000;
const LARGE_VIDEO: u64 = 100_000_000;

/// The findings about one piece of media, before they are assigned to places in the input.
#[derive(Debug, Default)]
pub(super) struct MediaReport {
    pub(super) info: MediaInfo,
    /// The reason why its header does not give what it should.
    pub(super) problem: Option<&'static str>,
    /// The reason why it was not read.
    pub(super) unread: Option<String>,
    /// A violation that is not one of the schema's rules: a rule and its message.
    pub(super) fault: Option<(&'static str, String)>,
    pub(super) warnings: Vec<(WarningKind, String)>,
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

impl MediaReport {
    pub(super) fn unread(reason: String) -> Self {
        Self { unread: Some(reason), ..Self::default() }
    }

    fn fault(rule: &'static str, message: String) -> Self {
        Self { fault: Some((rule, message)), ..Self::default() }
    }

    /// Reads and measures a file or a data URI.
    pub(super) fn of_bytes(media: &Media, max_bytes: u64) -> Self {
        if let Err(error) = media.read(max_bytes) {
            return Self::fault("file", error.to_string());
        }
        let BytesSource::DataUri(uri) = media.source() else { return Self::default() };
        let Some(uri) = DataUri::parse(uri) else { return Self::default() };
        let bytes = match uri.decode() {
            Ok(bytes) if bytes.is_empty() => {
                return Self::fault("file", message::NOT_EMPTY.to_owned());
            }
            Ok(bytes) => bytes,
            Err(error) => return Self::fault("format", message::not_base64(error)),
        };
        let result = Probe::whole(&bytes).partial();
        let mut report = Self { info: result.info, problem: result.problem, ..Self::default() };
        report.compare_content_type(uri.content_type, "its data URI says");
        report
    }

    /// Warns if a declared content type does not match the content.
    pub(super) fn compare_content_type(&mut self, content_type: &str, who: &str) {
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let Some(kind) = self.info.kind else { return };
        if !content_type_matches(content_type, kind) {
            let found = self.info.format.map_or("", |format| format.content_type());
            self.warnings.push((
                WarningKind::ContentType,
                format!("{who} `{}`, and it is {found}", content_type.escape_default()),
            ));
        }
    }

    /// Adds the findings to a report, for one place in the input.
    pub(super) fn add_to(
        &self,
        found: &FoundMedia,
        preflight: Preflight,
        report: &mut PreflightReport,
    ) {
        if let Some((rule, message)) = &self.fault {
            report.violations.push(Violation {
                path: found.path.clone(),
                rule: (*rule).into(),
                message: message.clone(),
                found: found.media.is_file().then(|| found.media.to_string()),
            });
        } else if found.media.is_file() {
            for violation in found.violations_as_text() {
                report.violations.push(violation);
            }
        }
        if preflight == Preflight::Off {
            return;
        }
        for violation in found.violations(&self.info) {
            report.violations.push(violation);
        }
        for (kind, message) in self.warnings.iter().cloned().chain(self.guidance(found)) {
            report.warnings.push(Warning { path: found.path.clone(), kind, message });
        }
        for (rule, missing) in found.unchecked(&self.info) {
            let reason = self.unchecked_reason(missing);
            report.unchecked.push(Unchecked { path: found.path.clone(), rule, reason });
        }
    }

    fn unchecked_reason(&self, missing: MissingInfo) -> String {
        match (missing, &self.fault, &self.unread, self.problem) {
            (MissingInfo::Rule, ..) => missing.to_string(),
            (MissingInfo::Header | MissingInfo::FileSize, Some(_), ..) => {
                "it could not be read".to_owned()
            }
            (MissingInfo::Header | MissingInfo::FileSize, None, Some(reason), _) => reason.clone(),
            (MissingInfo::Header, None, None, Some(problem)) => {
                format!("it cannot be measured: {problem}")
            }
            (MissingInfo::Header | MissingInfo::FileSize, None, None, _) => missing.to_string(),
        }
    }

    /// Returns the warnings of RunComfy's guidance about what was measured.
    fn guidance(&self, found: &FoundMedia) -> Vec<(WarningKind, String)> {
        let mut warnings = Vec::new();
        if found.kind.fit(&self.info) == Fit::Doubtful {
            let format = self.info.format.map_or("", |format| format.content_type());
            let noun = message::media_noun(found.kind);
            warnings.push((WarningKind::Kind, format!("it takes {noun}, and this is {format}")));
        }
        let bytes = self.info.bytes.unwrap_or(0);
        let megabytes = bytes as f64 / 1e6;
        match self.info.kind {
            Some(MediaKind::Image) if bytes > LARGE_IMAGE => warnings.push((
                WarningKind::LargeImage,
                format!("RunComfy recommends images of at most 50 MB (found {megabytes} MB)"),
            )),
            Some(MediaKind::Video) if bytes > LARGE_VIDEO => warnings.push((
                WarningKind::LargeVideo,
                format!("RunComfy recommends videos of at most 100 MB (found {megabytes} MB)"),
            )),
            _ => {}
        }
        warnings
    }
}

/// Returns `true` if a declared content type fits the kind of a file. A type that only says
/// "bytes" fits anything, and so do those of containers.
fn content_type_matches(content_type: &str, kind: MediaKind) -> bool {
    const ANYTHING: [&str; 6] = [
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/mp4",
        "application/ogg",
        "application/x-matroska",
    ];
    let prefix = match kind {
        MediaKind::Image => "image/",
        MediaKind::Video => "video/",
        MediaKind::Audio => "audio/",
        MediaKind::Any => "",
    };
    let content_type = content_type.to_ascii_lowercase();
    content_type.starts_with(prefix) || ANYTHING.contains(&content_type.as_str())
}

/// Describes a string that is sent verbatim because it is not a URL.
pub(super) fn verbatim_reason(text: &str) -> String {
    let start = text.trim_start();
    if has_scheme(start, "data:") {
        return "it is a data URI, but not one in base64 that can be measured here".to_owned();
    }
    match Media::url(text) {
        Err(reason) if has_scheme(start, "http:") || has_scheme(start, "https:") => {
            format!("it cannot be fetched as it is written: {reason}")
        }
        Ok(_) => "it was given as a name, and is not fetched".to_owned(),
        Err(_) => "it is a bare name, not a URL".to_owned(),
    }
}

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_what_the_string_is() {
        let cases = [
            ("boat.png", "it is a bare name"),
            ("data:image/png,AA==", "it is a data URI"),
            ("DATA:,", "it is a data URI"),
            (
                "https://x/a b.png",
                "it cannot be fetched as it is written: a URL must not contain white space",
            ),
            ("https://x/a.png", "it was given as a name"),
        ];
        for (text, words) in cases {
            assert!(verbatim_reason(text).starts_with(words), "{text}: {}", verbatim_reason(text));
        }
    }

    #[test]
    fn a_content_type_matches_by_its_kind() {
        let cases = [
            ("image/jpeg", MediaKind::Image, true),
            ("IMAGE/PNG", MediaKind::Image, true),
            ("application/octet-stream", MediaKind::Image, true),
            ("application/mp4", MediaKind::Video, true),
            ("", MediaKind::Audio, true),
            ("text/html", MediaKind::Image, false),
            ("application/json", MediaKind::Video, false),
            ("video/mp4", MediaKind::Image, false),
        ];
        for (content_type, kind, matches) in cases {
            assert_eq!(
                content_type_matches(content_type, kind),
                matches,
                "{content_type} for {kind:?}"
            );
        }
    }
}
