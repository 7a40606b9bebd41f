//! Names files after URLs from a server. A name stays in its folder, and every system allows
//! it.

use std::collections::HashSet;

use url::Url;

use super::super::RequestId;

/// Maximum length of the part of a name that comes from a URL. With the longest id, a name
/// still fits the 255 bytes that file systems allow.
const MAX_STEM_CHARS: usize = 80;
/// Maximum length of an extension; anything longer belongs to the stem.
const MAX_EXTENSION_CHARS: usize = 16;

/// Returns a name for each URL: the request's id and the last part of the URL, with a number if
/// two are equal. The id prevents names that Windows reserves.
pub(super) fn names<'a>(id: &RequestId, urls: impl Iterator<Item = &'a Url>) -> Vec<String> {
    // Many systems treat `A` and `a` as one name.
    let mut used = HashSet::new();
    urls.map(|url| {
        let (stem, extension) = parts(url);
        let numbered = (2..).map(|number| format!("{id}-{stem}-{number}{extension}"));
        let mut names = std::iter::once(format!("{id}-{stem}{extension}")).chain(numbered);
        names.find(|name| used.insert(name.to_ascii_lowercase())).unwrap_or_default()
    })
    .collect()
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
    use super::*;

    fn named(urls: &[&str]) -> Vec<String> {
        let id = "r-1".parse().expect("it is an id");
        let urls: Vec<Url> = urls.iter().map(|url| Url::parse(url).expect("an address")).collect();
        names(&id, urls.iter())
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
}
