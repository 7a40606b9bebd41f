//! Names files after URLs from a server. A name stays in its folder, and every system allows
//! it.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::super::RequestId;
use super::outputs::{Output, Source};
use crate::violation::{InputPath, PathSegment};

/// Maximum length of the part of a name that comes from a URL. With the longest id, a name
/// still fits the 255 bytes that file systems allow.
const MAX_STEM_CHARS: usize = 80;
/// Maximum length of an extension; anything longer belongs to the stem.
const MAX_EXTENSION_CHARS: usize = 16;

/// Returns a name for each output: the request's id and the last part of the URL, with a number
/// if two are equal. Data is named after its property. The id prevents names that Windows
/// reserves.
pub(super) fn names(id: &RequestId, outputs: &[Output<'_>]) -> Vec<String> {
    let mut used = Used::default();
    outputs
        .iter()
        .map(|output| {
            let (stem, extension) = match &output.source {
                Source::Url(url) | Source::OtherScheme(url) => parts(url),
                Source::DataUri(_) | Source::Base64(_) | Source::BrokenDataUri => {
                    (property(&output.path), extension(&output.source))
                }
            };
            used.unique(&format!("{id}-{stem}"), &extension)
        })
        .collect()
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
    use std::time::{Duration, Instant};

    use super::*;

    fn named(urls: &[&str]) -> Vec<String> {
        let id = "r-1".parse().expect("it is an id");
        let outputs: Vec<Output<'_>> = urls.iter().map(|url| output(url)).collect();
        names(&id, &outputs)
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
        let mut names = names(&id, &super::super::outputs::outputs(&value));
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
        assert_eq!(super::names(&id, &super::super::outputs::outputs(&alone)), ["r-1-output.png"]);
    }

    // Attack M6.
    #[test]
    fn many_equal_names_are_numbered_in_linear_time() {
        let id = "r-1".parse().expect("it is an id");
        let time = |count: usize| {
            let outputs: Vec<Output<'_>> =
                (0..count).map(|index| output(&format!("https://a.b/{index}/c.png"))).collect();
            let start = Instant::now();
            let names = names(&id, &outputs);
            assert_eq!(names.last(), Some(&format!("r-1-c-{count}.png")));
            start.elapsed()
        };
        let few = (0..5).map(|_| time(1000)).min().unwrap_or_default();
        let many = (0..3).map(|_| time(64_000)).min().unwrap_or_default();
        // Quadratic work would take 4,096 times as long.
        assert!(many < few * 500 + Duration::from_millis(50), "{few:?}, {many:?}");
    }
}
