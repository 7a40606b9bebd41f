//! Names for files, from addresses that a server gave: they stay in their folder, and every
//! system takes them.

use std::collections::HashSet;

use url::Url;

use super::super::RequestId;

/// No part of a name that comes from an address is longer; with the longest id it is still
/// within the 255 bytes that file systems take, a temporary name's ends included.
const MAX_STEM_CHARS: usize = 80;
/// What is longer is no extension.
const MAX_EXTENSION_CHARS: usize = 16;

/// A name for each address: the request's id and the last part of the address, told apart by
/// a number where two are the same. The id keeps it from being a name that Windows reserves.
pub(super) fn names<'a>(id: &RequestId, urls: impl Iterator<Item = &'a Url>) -> Vec<String> {
    // Many systems take `A` and `a` for one name.
    let mut taken = HashSet::new();
    let name = |url: &Url| {
        let (stem, extension) = parts(url);
        let numbered = (2..).map(|number| format!("{id}-{stem}-{number}{extension}"));
        let mut names = std::iter::once(format!("{id}-{stem}{extension}")).chain(numbered);
        names.find(|name| taken.insert(name.to_ascii_lowercase())).unwrap_or_default()
    };
    urls.map(name).collect()
}

/// The last part of an address as a stem and an extension, in letters, digits, `-` and `_`.
fn parts(url: &Url) -> (String, String) {
    let last = url.path_segments().and_then(|mut segments| segments.next_back());
    let last = percent_encoding::percent_decode_str(last.unwrap_or_default()).decode_utf8_lossy();
    let is_extension = |text: &str| {
        let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        letters && (1..=MAX_EXTENSION_CHARS).contains(&text.len())
    };
    let (stem, extension) = match last.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_extension(end) => (stem, format!(".{end}")),
        _ => (&*last, String::new()),
    };
    match safe(stem) {
        stem if stem.is_empty() => ("output".to_owned(), extension),
        stem => (stem, extension),
    }
}

/// What is not a letter of ASCII, a digit, `-` or `_` is `_`.
fn safe(text: &str) -> String {
    let safe = text.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '_',
    });
    safe.take(MAX_STEM_CHARS).collect()
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
    fn a_name_stays_in_its_folder_and_every_system_takes_it() {
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
    fn names_that_are_the_same_to_some_system_are_told_apart() {
        let urls = ["https://a/x.png", "https://b/X.png", "https://c/x.png", "https://d/x-2.png"];
        assert_eq!(named(&urls), ["r-1-x.png", "r-1-X-2.png", "r-1-x-3.png", "r-1-x-2-2.png"]);
    }
}
