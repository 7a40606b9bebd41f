//! Names files after URLs from a server. A name stays in its folder, and every system allows
//! it.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::super::RequestId;
use super::outputs::{Output, Source};
use crate::violation::{InputPath, PathSegment};

/// Maximum length of the part of a name that comes from a URL, and of the one that comes from the
/// model's id. With the longest id of a request, a name without a pattern still fits the 255 bytes
/// that file systems allow.
const MAX_STEM_CHARS: usize = 80;
/// Maximum length of an extension; anything longer belongs to the stem.
const MAX_EXTENSION_CHARS: usize = 16;

/// A pattern of file names: `{model}-{job}-{index}.{ext}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamePattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Model,
    Job,
    Index,
    Name,
    Extension,
}

/// A pattern that gives no file names.
///
/// ```
/// use runcomfy::client::{DownloadOptions, InvalidNamePattern};
///
/// let out = DownloadOptions::into_folder("out");
/// let error = out.clone().named("{id}.{ext}").unwrap_err();
/// assert_eq!(error, InvalidNamePattern::Placeholder("{id}".to_owned()));
///
/// let error = out.named("{model}/{job}.{ext}").unwrap_err();
/// assert_eq!(error, InvalidNamePattern::Character('/'));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNamePattern {
    /// It is empty.
    #[error("a pattern of file names must not be empty; one reads like {{job}}-{{index}}.{{ext}}")]
    Empty,
    /// It has a placeholder that does not exist, or one that is not closed.
    #[error(
        "a pattern of file names has {{model}}, {{job}}, {{index}}, {{name}} and {{ext}} (found `{0}`)"
    )]
    Placeholder(String),
    /// It has a character that is not allowed in file names on every system.
    #[error("a pattern of file names must not contain {0:?}, which some system does not allow")]
    Character(char),
}

impl NamePattern {
    pub(super) fn parse(pattern: &str) -> Result<Self, InvalidNamePattern> {
        if let Some(found) = pattern.chars().find(|c| c.is_control() || r#"<>:"/\|?*"#.contains(*c))
        {
            return Err(InvalidNamePattern::Character(found));
        }
        let (mut pieces, mut rest) = (Vec::new(), pattern);
        while let Some(start) = rest.find(['{', '}']) {
            let (text, placeholder) = rest.split_at(start);
            let end = placeholder.find('}').map_or(placeholder.len(), |end| end + 1);
            let (placeholder, behind) = placeholder.split_at(end);
            pieces.extend((!text.is_empty()).then(|| Piece::Text(text.to_owned())));
            pieces.push(match placeholder {
                "{model}" => Piece::Model,
                "{job}" => Piece::Job,
                "{index}" => Piece::Index,
                "{name}" => Piece::Name,
                "{ext}" => Piece::Extension,
                other => return Err(InvalidNamePattern::Placeholder(other.to_owned())),
            });
            rest = behind;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        if pieces.is_empty() { Err(InvalidNamePattern::Empty) } else { Ok(Self(pieces)) }
    }

    /// Returns a name, without its extension if it ends with that.
    fn stem(&self, job: &Named<'_>, index: usize, stem: &str, extension: &str) -> (String, String) {
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Model => name.push_str(&model_name(job.model)),
                Piece::Job => name.push_str(job.id.as_str()),
                Piece::Index => name.push_str(&index.to_string()),
                Piece::Name => name.push_str(stem),
                Piece::Extension => name.push_str(extension.trim_start_matches('.')),
            }
        }
        let (stem, extension) = match name.strip_suffix(extension) {
            Some(stem) => (stem, extension),
            None => (name.as_str(), ""),
        };
        // Windows drops dots and blanks at the end.
        let stem = stem.trim_end_matches(['.', ' ']);
        let is_unusable = stem.is_empty() || is_reserved(stem);
        let start = if is_unusable { "_" } else { "" };
        (format!("{start}{stem}"), extension.to_owned())
    }
}

/// The job whose files are named.
pub(super) struct Named<'a> {
    pub id: &'a RequestId,
    /// The id of its model, if it is known.
    pub model: Option<&'a str>,
}

/// Returns the id of a model with a hyphen for everything but letters, digits, dots and
/// underscores, or `model` if the id is not known.
fn model_name(id: Option<&str>) -> String {
    let id = id.unwrap_or("model").chars().take(MAX_STEM_CHARS);
    id.map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' }).collect()
}

/// Returns `true` for the name of a device of Windows, whatever its extension.
fn is_reserved(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let port = name.strip_prefix("COM").or_else(|| name.strip_prefix("LPT"));
    matches!(&*name, "CON" | "PRN" | "AUX" | "NUL")
        || port.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
}

/// Returns a name for each output, with a number if two are equal. Data is named after its
/// property. Without a pattern, a name is the request's id and the last part of the URL, or that
/// part alone if it begins with the id. The id prevents names that Windows reserves.
pub(super) fn names(
    job: &Named<'_>,
    pattern: Option<&NamePattern>,
    outputs: &[Output<'_>],
) -> Vec<String> {
    let id = job.id;
    let mut used = Used::default();
    let outputs = outputs.iter().zip(1..).map(|(output, index)| {
        let (stem, extension) = match &output.source {
            Source::Url(url) | Source::OtherScheme(url) => parts(url),
            Source::DataUri(_) | Source::Base64(_) | Source::BrokenDataUri => {
                (property(&output.path), extension(&output.source))
            }
        };
        let (stem, extension) = match pattern {
            Some(pattern) => pattern.stem(job, index, &stem, &extension),
            None if begins_with_id(&stem, id) => (stem, extension),
            None => (format!("{id}-{stem}"), extension),
        };
        used.unique(&stem, &extension)
    });
    outputs.collect()
}

/// Returns `true` if a name is the request's id, alone or followed by more.
fn begins_with_id(stem: &str, id: &RequestId) -> bool {
    let rest = stem.strip_prefix(id.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// The names so far. Many systems treat `A` and `a` as one name.
#[derive(Default)]
struct Used {
    names: HashSet<String>,
    /// The last number of each name that was given more than once.
    numbers: HashMap<String, u64>,
}

impl Used {
    fn unique(&mut self, stem: &str, extension: &str) -> String {
        let first = format!("{stem}{extension}");
        if self.names.insert(first.to_ascii_lowercase()) {
            return first;
        }
        let number = self.numbers.entry(first.to_ascii_lowercase()).or_insert(1);
        loop {
            *number += 1;
            let name = format!("{stem}-{number}{extension}");
            if self.names.insert(name.to_ascii_lowercase()) {
                return name;
            }
        }
    }
}

/// Returns the name of the property that holds data.
fn property(path: &InputPath) -> String {
    let name = path.segments().iter().rev().find_map(|segment| match segment {
        PathSegment::Name(name) => Some(safe(name)),
        PathSegment::Index(_) => None,
    });
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "output".to_owned())
}

/// Returns the extension for data, by its content or else its declared type.
fn extension(source: &Source<'_>) -> String {
    let content_type = source.content_type();
    let subtype = content_type.split('/').next_back().unwrap_or_default();
    let name = match subtype {
        "jpeg" => "jpg",
        "svg+xml" => "svg",
        "quicktime" => "mov",
        "matroska" | "x-matroska" => "mkv",
        "mpeg" if content_type.starts_with("audio/") => "mp3",
        "plain" => "txt",
        "octet-stream" => "bin",
        subtype => subtype.strip_prefix("x-").unwrap_or(subtype),
    };
    if is_extension(name) { format!(".{name}") } else { ".bin".to_owned() }
}

/// Splits the last part of a URL into a stem and an extension, in letters, digits, `-` and `_`.
fn parts(url: &Url) -> (String, String) {
    let last = url.path_segments().and_then(|mut segments| segments.next_back());
    let last = percent_encoding::percent_decode_str(last.unwrap_or_default()).decode_utf8_lossy();
    let (stem, extension) = match last.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_extension(end) => (stem, format!(".{end}")),
        _ => (&*last, String::new()),
    };
    match safe(stem) {
        stem if stem.is_empty() => ("output".to_owned(), extension),
        stem => (stem, extension),
    }
}

fn is_extension(text: &str) -> bool {
    (1..=MAX_EXTENSION_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Replaces everything other than ASCII letters, digits, `-` and `_` by `_`.
fn safe(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .take(MAX_STEM_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::cpu_time::cpu_time;
    use super::*;

    fn named(urls: &[&str]) -> Vec<String> {
        let id = "r-1".parse().expect("it is an id");
        let outputs: Vec<Output<'_>> = urls.iter().map(|url| output(url)).collect();
        names(&job(&id), None, &outputs)
    }

    fn job(id: &RequestId) -> Named<'_> {
        Named { id, model: Some("acme/Boats 2.5") }
    }

    fn output(url: &str) -> Output<'static> {
        let source = Source::Url(Url::parse(url).expect("it is a URL"));
        Output { path: InputPath::default(), source }
    }

    #[test]
    fn a_file_name_is_portable_and_stays_in_its_folder() {
        let long = format!("https://h/{}.{}", "x".repeat(5000), "y".repeat(300));
        let cases = [
            ("https://h/a/boat.mp4?sig=1#x", "r-1-boat.mp4"),
            ("https://h/", "r-1-output"),
            ("https://h/a/", "r-1-output"),
            ("https://h", "r-1-output"),
            ("https://h/..%2f..%2fetc%2fpasswd", "r-1-______etc_passwd"),
            ("https://h/%2e%2e", "r-1-output"),
            ("https://h/a%00b%0a%1f.png", "r-1-a_b__.png"),
            ("https://h/a\\b:c*.png", "r-1-b_c_.png"),
            ("https://h/CON", "r-1-CON"),
            ("https://h/nul.txt", "r-1-nul.txt"),
            ("https://h/a.", "r-1-a_"),
            ("https://h/.bashrc", "r-1-_bashrc"),
            ("https://h/a.tar.gz", "r-1-a_tar.gz"),
            ("https://h/%E8%88%B9.png", "r-1-_.png"),
            ("https://h/a b.png", "r-1-a_b.png"),
            ("https://h/%zz.png", "r-1-_zz.png"),
        ];
        for (url, expected) in cases {
            assert_eq!(named(&[url]), [expected], "{url}");
        }
        let long = named(&[&long]);
        assert!(long[0].len() + 128 < 240, "{}", long[0].len());
    }

    #[test]
    fn an_id_is_not_in_a_name_twice() {
        let cases = [
            ("https://h/r-1.mp4", "r-1.mp4"),
            ("https://h/r-1_0.mp4", "r-1_0.mp4"),
            ("https://h/r-1-0.mp4", "r-1-0.mp4"),
            ("https://h/r-10.mp4", "r-1-r-10.mp4"),
            ("https://h/x-r-1.mp4", "r-1-x-r-1.mp4"),
            ("https://h/R-1.mp4", "r-1-R-1.mp4"),
        ];
        for (url, expected) in cases {
            assert_eq!(named(&[url]), [expected], "{url}");
        }
    }

    #[test]
    fn a_pattern_names_files() {
        let id = "r-1".parse().expect("it is an id");
        let urls =
            ["https://h/boat.mp4?a=1", "https://h/boat.png", "https://h/nul", "https://h/.%2f"];
        let outputs: Vec<Output<'_>> = urls.iter().map(|url| output(url)).collect();
        let cases = [
            ("{job}-{index}.{ext}", ["r-1-1.mp4", "r-1-2.png", "r-1-3", "r-1-4"]),
            ("{name}.{ext}", ["boat.mp4", "boat.png", "_nul", "__"]),
            ("{name}{index}", ["boat1", "boat2", "nul3", "__4"]),
            ("clip.{ext}", ["clip.mp4", "clip.png", "clip", "clip-2"]),
            ("{name}", ["boat", "boat-2", "_nul", "__"]),
            ("con.{job}.{ext}", ["_con.r-1.mp4", "_con.r-1.png", "_con.r-1", "_con.r-1-2"]),
            (
                " kling 1.6 é {job}.{ext}",
                [
                    " kling 1.6 é r-1.mp4",
                    " kling 1.6 é r-1.png",
                    " kling 1.6 é r-1",
                    " kling 1.6 é r-1-2",
                ],
            ),
            ("{ext}", ["mp4", "png", "_", "_-2"]),
            (
                "{model}_{index}.{ext}",
                [
                    "acme-Boats-2.5_1.mp4",
                    "acme-Boats-2.5_2.png",
                    "acme-Boats-2.5_3",
                    "acme-Boats-2.5_4",
                ],
            ),
        ];
        for (pattern, expected) in cases {
            let parsed = NamePattern::parse(pattern).expect("it is a pattern");
            assert_eq!(names(&job(&id), Some(&parsed), &outputs), expected, "{pattern}");
        }
        for (pattern, words) in [
            ("", "must not be empty"),
            ("{modle}.mp4", "{model}, {job}, {index}, {name} and {ext} (found `{modle}`)"),
            ("{job", "(found `{job`)"),
            ("job}", "(found `}`)"),
            ("{}", "(found `{}`)"),
            ("out/{job}.mp4", "must not contain '/'"),
            ("..\\{job}", "must not contain '\\\\'"),
            ("C:{job}", "must not contain ':'"),
            ("{job}\n", "must not contain '\\n'"),
        ] {
            let error = NamePattern::parse(pattern).expect_err(pattern).to_string();
            assert!(error.contains(words), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_id_of_a_model_cannot_leave_the_folder() {
        for (id, expected) in [
            (None, "model.mp4"),
            (Some("../..\\x/é\n"), "..-..-x---.mp4"),
            (Some("nul"), "_nul.mp4"),
        ] {
            assert_eq!(named_by_model(id), expected, "{id:?}");
        }
        let long = "a/".repeat(2000);
        assert_eq!(named_by_model(Some(&long)).len(), MAX_STEM_CHARS + ".mp4".len());
    }

    fn named_by_model(model: Option<&str>) -> String {
        let id = "r-1".parse().expect("it is an id");
        let pattern = NamePattern::parse("{model}.{ext}").expect("it is a pattern");
        names(&Named { id: &id, model }, Some(&pattern), &[output("https://h/a.mp4")]).remove(0)
    }

    #[test]
    fn names_that_some_system_treats_as_equal_differ() {
        let urls = ["https://a/x.png", "https://b/X.png", "https://c/x.png", "https://d/x-2.png"];
        assert_eq!(named(&urls), ["r-1-x.png", "r-1-X-2.png", "r-1-x-3.png", "r-1-x-2-2.png"]);
    }

    #[test]
    fn data_is_named_after_its_property_and_format() {
        let png = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAC6s0uzAAAAAAAAAAAAAAAAAAAAAAAA";
        let value = serde_json::json!({
            "images": [{"b64_json": png}, {"b64_json": png}],
            "cover/..": "data:image/jpeg;base64,R0lGODlhAA==",
            "icon": "data:image/svg+xml,<svg/>",
            "text": "data:,x",
            "odd": "data:a/b.c;base64,AAAA",
        });
        let id = "r-1".parse().expect("it is an id");
        let mut names = names(&job(&id), None, &super::super::outputs::outputs(&value));
        names.sort();
        let expected = [
            "r-1-b64_json-2.png",
            "r-1-b64_json.png",
            "r-1-cover___.gif",
            "r-1-icon.svg",
            "r-1-odd.bin",
            "r-1-text.txt",
        ];
        assert_eq!(names, expected);
        let alone = serde_json::json!("data:image/png;base64,iVBORw0KGgo=");
        let alone = super::super::outputs::outputs(&alone);
        assert_eq!(super::names(&job(&id), None, &alone), ["r-1-output.png"]);
    }

    // Attack M6.
    #[test]
    fn many_equal_names_are_numbered_in_linear_time() {
        let id = "r-1".parse().expect("it is an id");
        // The same number of names, in lists of one length or another.
        let time = |count: usize| {
            let start = cpu_time();
            for _ in 0..64_000 / count {
                let outputs: Vec<Output<'_>> =
                    (0..count).map(|index| output(&format!("https://a.b/{index}/c.png"))).collect();
                let names = names(&job(&id), None, &outputs);
                assert_eq!(names.last(), Some(&format!("r-1-c-{count}.png")));
            }
            cpu_time() - start
        };
        let (few, many) = (time(1000), time(64_000));
        // Quadratic work would take 64 times as long.
        assert!(many < few * 8 + Duration::from_millis(50), "{few:?}, {many:?}");
    }
}
