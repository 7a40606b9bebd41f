//! `http` and `https` URLs of media, parsed when that is first needed.

use std::hash::{Hash, Hasher};
#[cfg(feature = "client")]
use std::sync::OnceLock;

use url::Url;

use super::MediaError;

/// A URL as the caller wrote it.
pub(super) struct WebUrl {
    text: String,
    /// The parsed text. Most inputs are checked without it.
    #[cfg(feature = "client")]
    parsed: OnceLock<Option<Url>>,
}

impl WebUrl {
    /// Creates a URL from a text, if it is one.
    pub(super) fn new(text: String) -> Result<Self, MediaError> {
        if !is_plain(&text) {
            check(&text)?;
        }
        #[cfg(feature = "client")]
        let parsed = OnceLock::new();
        Ok(Self {
            text,
            #[cfg(feature = "client")]
            parsed,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the parsed URL. There is one, since the text was accepted.
    #[cfg(feature = "client")]
    pub(super) fn parsed(&self) -> Option<&Url> {
        self.parsed.get_or_init(|| Url::parse(&self.text).ok()).as_ref()
    }
}

/// Accepts a URL that begins with `http://` or `https://`, written out, and contains no white space.
fn check(text: &str) -> Result<(), MediaError> {
    let parsed = Url::parse(text).map_err(MediaError::NotAnAddress)?;
    let scheme = parsed.scheme();
    if !matches!(scheme, "http" | "https") {
        return Err(MediaError::Scheme(scheme.to_owned()));
    }
    // The parser corrects what the two checks below refuse, but RunComfy would receive the text
    // uncorrected.
    if let Some(found) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(MediaError::WhiteSpace(found));
    }
    let has_scheme = text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    if !has_scheme || !text.get(scheme.len()..).is_some_and(|rest| rest.starts_with("://")) {
        return Err(MediaError::Beginning(scheme.to_owned()));
    }
    Ok(())
}

/// Returns `true` for a URL that [`check`] certainly accepts, which takes a tenth of its time to see:
/// `https`, a host of letters, digits, dots and hyphens in lower case, no port, and printable ASCII.
/// Most are.
fn is_plain(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let is_host = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let end = rest.bytes().position(|byte| !is_host(byte)).unwrap_or(rest.len());
    let (host, after) = rest.split_at(end);
    // A last label that begins with a digit may be the end of an IPv4 address, and a label with two
    // hyphens may be Punycode, which need not be valid.
    let last = host.rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_lowercase())
        && !host.starts_with('.')
        && !host.as_bytes().windows(2).any(|pair| matches!(pair, b".." | b"--"))
        && matches!(after.as_bytes().first(), None | Some(b'/' | b'?' | b'#'))
        && text.len() <= usize::from(u16::MAX)
        && after.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

impl PartialEq for WebUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for WebUrl {}

impl Hash for WebUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each part of a URL, from usual to hostile.
    const SCHEMES: [&str; 6] = ["https://", "https://", "http://", "https:", "HTTPS://", ""];
    const HOSTS: [&str; 21] = [
        "example.com",
        "a",
        "cdn-1.example.co",
        "-a.b-",
        "x.0",
        "1.2.3.4",
        "256.256.256.256",
        "a.0x7f",
        "0x",
        "xn--a",
        "a.xn--zzzzzzz",
        "a--b.com",
        ".com",
        "a..b",
        "a.",
        "",
        "a:99999",
        "a:1",
        "u:p@a",
        "a_b%",
        "ähm.de",
    ];
    const RESTS: [&str; 12] = [
        "",
        "/",
        "/a.png?b=c&d=%zz#e",
        "?",
        "#",
        "\\a",
        "/ä",
        "/a b",
        "/\t",
        "/a\u{7f}",
        "/[",
        "/..//..",
    ];

    #[test]
    fn a_plain_url_is_one_to_the_parser_too() {
        let mut plain = 0;
        for scheme in SCHEMES {
            for host in HOSTS {
                for rest in RESTS {
                    let text = format!("{scheme}{host}{rest}");
                    if is_plain(&text) {
                        plain += 1;
                        let parsed = Url::parse(&text).expect("the parser accepts it");
                        assert_eq!((parsed.scheme(), parsed.host_str()), ("https", Some(host)));
                        assert_eq!(parsed.port(), None, "{text}");
                        assert_eq!(check(&text), Ok(()), "{text}");
                    }
                }
            }
        }
        // Four hosts, with seven endings, after a scheme that stands there twice.
        assert_eq!(plain, 4 * 7 * 2);
        assert!(is_plain("https://model-outputs.runcomfy.net/a/b.png?X-Signature=0a%2F"));
        assert!(!is_plain(&format!("https://a/{}", "a".repeat(1 << 16))));
    }

    #[test]
    fn two_urls_are_equal_by_their_text() {
        let url = |text: &str| WebUrl::new(text.to_owned()).expect("it is a URL");
        assert!(url("https://a/b") == url("https://a/b"));
        assert!(url("https://a/b") != url("https://a/b#"));
        assert!(url("https://a") != url("https://a/"));
    }

    #[test]
    #[cfg(feature = "client")]
    fn every_accepted_url_is_parsed_when_it_is_needed() {
        for (text, parsed) in [
            ("https://a.com/b c".replace(' ', "\\"), "https://a.com/b/c"),
            ("HTTP://a:80/".to_owned(), "http://a/"),
            ("https://a.com".to_owned(), "https://a.com/"),
        ] {
            let url = WebUrl::new(text).expect("it is a URL");
            assert_eq!(url.parsed().map(Url::as_str), Some(parsed));
        }
    }
}
