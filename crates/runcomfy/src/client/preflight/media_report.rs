//! The findings about one piece of media.

use std::sync::Arc;

use url::Url;

use super::fetch_error::FetchError;
use super::{Group, Preflight, PreflightReport, Unchecked, Warning, WarningKind};
use crate::check::{Fit, FoundMedia};
use crate::measure::Probe;
use crate::media::{
    BytesSource, DataUri, Media, MediaInfo, MediaKind, MissingInfo, OpenedFile, OpenedFor,
};
use crate::violation::{Violation, message};

/// The sizes that RunComfy's API pages recommend as maxima.
const LARGE_IMAGE: u64 = 50_000_000;
const LARGE_VIDEO: u64 = 100_000_000;

/// Why media can never work for RunComfy: a violation without a path.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) found: Option<String>,
}

/// The findings about one piece of media, before they are assigned to places in the input.
#[derive(Debug, Clone, Default)]
pub(super) struct MediaReport {
    pub(super) info: MediaInfo,
    /// The reason why its header does not give what it should.
    pub(super) problem: Option<&'static str>,
    /// The reason why it was not read.
    pub(super) unread: Option<String>,
    /// A violation that is not one of the schema's rules.
    pub(super) fault: Option<Fault>,
    pub(super) warnings: Vec<(WarningKind, String)>,
    /// `true` if its bytes are what is sent.
    is_data: bool,
    /// The local file, unless its bytes are in memory.
    pub(super) file: Option<Arc<OpenedFile>>,
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

impl Fault {
    pub(super) fn url(message: &str, found: String) -> Self {
        Self { rule: "url", message: message.to_owned(), found: Some(found) }
    }
}

impl MediaReport {
    /// Adds why a file was not fetched: as a violation if that is certain to stop RunComfy too.
    pub(super) fn add_error(&mut self, error: &FetchError, fault: Option<Fault>) {
        let reason = error.to_string();
        match fault {
            Some(fault) => self.fault = Some(fault),
            None => self.warnings.extend(error.warning().map(|kind| (kind, reason.clone()))),
        }
        self.unread = Some(reason);
    }

    pub(super) fn unread(reason: String) -> Self {
        Self { unread: Some(reason), ..Self::default() }
    }

    fn fault(rule: &'static str, message: String) -> Self {
        Self { fault: Some(Fault { rule, message, found: None }), ..Self::default() }
    }

    /// Examines a string that is sent verbatim because it is not a URL or a data URI.
    pub(super) fn of_name(text: &str) -> Self {
        let start = text.trim_start();
        match (Media::url(text), Url::parse(text)) {
            (Ok(_), _) => Self::unread("it was given as a name, and is not fetched".to_owned()),
            // The URL standard corrects it, and so may RunComfy.
            (Err(error), Ok(url)) if matches!(url.scheme(), "http" | "https") => {
                let reason = format!("it cannot be fetched as it is written: {error}");
                let warnings = vec![(WarningKind::NotFetched, reason.clone())];
                Self { unread: Some(reason), warnings, ..Self::default() }
            }
            (Err(_), _) if DataUri::parse(start).is_some() => {
                Self::unread("it was given as a name, and is not decoded".to_owned())
            }
            (Err(_), _) => Self {
                fault: Some(Fault {
                    rule: "format",
                    message: message::not_a_url(hint(start)),
                    found: Some(message::quoted(text)),
                }),
                ..Self::default()
            },
        }
    }

    /// Measures a file, a data URI or a name.
    pub(super) fn of_local(group: &Group, max_bytes: u64, wanted: OpenedFor) -> Self {
        let Some(media) = group.first().map(|found| &found.media) else { return Self::default() };
        let opened = match media.source() {
            BytesSource::Name(name) => return Self::of_name(name),
            BytesSource::DataUri(uri) => return Self::of_data_uri(uri),
            BytesSource::Url(_) => return Self::default(),
            // Every clone of this media has the bytes then.
            BytesSource::File(_) if group.iter().any(FoundMedia::reads_data_uri) => {
                group.iter().try_for_each(|found| found.media.read(max_bytes)).map(|()| None)
            }
            BytesSource::File(path) => OpenedFile::open(path, max_bytes, wanted).map(Some),
        };
        match (opened, media.source()) {
            (Ok(Some(file)), _) => Self::of_file(file),
            (Ok(None), BytesSource::DataUri(uri)) => Self::of_data_uri(uri),
            (Ok(None), _) => Self::default(),
            (Err(error), _) => Self::fault("file", error.to_string()),
        }
    }

    fn of_file(file: OpenedFile) -> Self {
        let result = file.result();
        let (info, problem, content_type) = (result.info, result.problem, file.content_type());
        let mut report =
            Self { info, problem, is_data: true, file: Some(Arc::new(file)), ..Self::default() };
        report.compare_content_type(content_type, "its data URI says");
        report
    }

    fn of_data_uri(uri: &str) -> Self {
        let Some(uri) = DataUri::parse(uri) else { return Self::default() };
        let bytes = match uri.decode() {
            Ok(bytes) if bytes.is_empty() => {
                return Self::fault("file", message::NOT_EMPTY.to_owned());
            }
            Ok(bytes) => bytes,
            Err(error) => return Self::fault("format", message::not_base64(error)),
        };
        let result = Probe::whole(&bytes).partial();
        let (info, problem) = (result.info, result.problem);
        let mut report = Self { info, problem, is_data: true, ..Self::default() };
        report.compare_content_type(uri.content_type, "its data URI says");
        report
    }

    /// Returns `true` if the header gave everything that a file of its format has, and it is media.
    pub(super) fn is_measured(&self) -> bool {
        self.info.kind.is_some() && self.problem.is_none() && self.unread.is_none()
    }

    /// Returns `true` if nothing is to be said of media at a place, except for its URL.
    pub(super) fn is_spotless_for(&self, found: &FoundMedia) -> bool {
        let mut warnings = self.warnings.iter();
        let mut unchecked = found.unchecked(&self.info).into_iter();
        warnings.all(|(kind, _)| *kind == WarningKind::NotHttps)
            && unchecked.all(|(_, missing)| missing == MissingInfo::Rule)
            && found.violations(&self.info).is_empty()
            && self.guidance(found).is_empty()
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
        if let Some(fault) = &self.fault {
            report.violations.push(Violation {
                path: found.path.clone(),
                rule: fault.rule.into(),
                message: fault.message.clone(),
                found: match &fault.found {
                    Some(found) => Some(found.clone()),
                    None => found.media.is_file().then(|| found.media.to_string()),
                },
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
        if self.is_unknown_data() {
            report.violations.push(Violation {
                path: found.path.clone(),
                rule: "format".into(),
                message: message::of_media_kind(found.kind),
                found: Some("an unknown format".to_owned()),
            });
        }
        for (kind, message) in self.warnings.iter().cloned().chain(self.guidance(found)) {
            report.warnings.push(Warning { path: found.path.clone(), kind, message });
        }
        let is_kind_open = found.kind != MediaKind::Any
            && self.info.format.is_none()
            && self.fault.is_none()
            && !self.is_unknown_data();
        let kind = is_kind_open.then_some(("format".into(), MissingInfo::Header));
        for (rule, missing) in kind.into_iter().chain(found.unchecked(&self.info)) {
            let reason = self.unchecked_reason(missing);
            report.unchecked.push(Unchecked { path: found.path.clone(), rule, reason });
        }
    }

    /// Returns `true` if all of the file was read and is of no known format.
    fn is_unknown_data(&self) -> bool {
        self.is_data && self.info.format.is_none()
    }

    fn unchecked_reason(&self, missing: MissingInfo) -> String {
        match (missing, &self.fault, &self.unread, self.problem) {
            (MissingInfo::Rule, ..) => missing.to_string(),
            (MissingInfo::Header | MissingInfo::FileSize, _, Some(reason), _) => reason.clone(),
            (MissingInfo::Header | MissingInfo::FileSize, Some(_), None, _) => {
                "it could not be read".to_owned()
            }
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

/// Returns what to write instead of a string that is not a URL.
fn hint(text: &str) -> &'static str {
    const BASE64: usize = 64;
    let mut bytes = text.bytes();
    let is_base64 = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte));
    if text.len() >= BASE64 && is_base64 {
        "; write `data:image/png;base64,` and the like before base64"
    } else if text.is_empty() || has_other_scheme(text) {
        ""
    } else {
        "; send a local file with Media::file"
    }
}

/// Returns `true` for `s3:` and the like, but not for `file:` and a drive such as `C:`.
fn has_other_scheme(text: &str) -> bool {
    let scheme = text.split(':').next().filter(|scheme| scheme.len() < text.len());
    scheme.is_some_and(|scheme| {
        scheme.len() > 1
            && !scheme.eq_ignore_ascii_case("file")
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Field case F12: hermes-agent#53905, fal-mcp-server#64.
    #[test]
    fn a_string_that_is_not_a_url_is_refused_with_a_hint() {
        let base64 = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAC6s0uzAAAGNUlEQVR4nO3VMQ0AMAzA";
        let file = "; send a local file with Media::file";
        let cases = [
            ("", ""),
            (" ", ""),
            ("boat.png", file),
            ("/home/me/boat.png", file),
            ("./boat.png", file),
            ("~/boat.png", file),
            (r"C:\boat.png", file),
            ("C:/boat.png", file),
            (r"\\server\boat.png", file),
            ("file:///boat.png", file),
            ("//example.com/boat.png", file),
            ("www.example.com/boat.png", file),
            ("s3://bucket/boat.png", ""),
            ("gs://bucket/boat.png", ""),
            ("ftp://example.com/boat.png", ""),
            ("blob:https://example.com/0", ""),
            ("data:image/png", ""),
            ("https://", ""),
            ("http:", ""),
            (base64, "; write `data:image/png;base64,` and the like before base64"),
        ];
        for (text, hint) in cases {
            let report = MediaReport::of_name(text);
            let fault = report.fault.unwrap_or_else(|| panic!("{text:?} is not refused"));
            let expected = message::not_a_url(hint);
            assert_eq!((fault.rule, fault.message), ("format", expected), "{text:?}");
            assert_eq!(fault.found, Some(message::quoted(text)));
            assert_eq!(report.warnings, []);
        }
    }

    #[test]
    fn a_string_that_may_work_is_not_refused() {
        let cases = [
            ("https://x/a b.png", "it cannot be fetched as it is written: a URL must not", 1),
            (" https://x/a.png", "it cannot be fetched as it is written: a URL must not", 1),
            ("https:/x/a.png", "it cannot be fetched as it is written: the URL must begin", 1),
            ("https://x/a.png", "it was given as a name, and is not fetched", 0),
            ("data:,", "it was given as a name, and is not decoded", 0),
        ];
        for (text, reason, warnings) in cases {
            let report = MediaReport::of_name(text);
            assert!(report.fault.is_none(), "{text:?}");
            let unread = report.unread.unwrap_or_default();
            assert!(unread.starts_with(reason), "{text:?}: {unread}");
            assert_eq!(report.warnings.len(), warnings, "{text:?}");
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
