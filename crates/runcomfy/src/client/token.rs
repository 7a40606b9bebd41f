//! The token: a secret that is sent in one header and nowhere else.
//!
//! This is not `secrecy::SecretString`, which hides a secret in `Debug` but cannot remove it from a
//! server's reply.

use std::fmt;

use reqwest::header::HeaderValue;

use super::error::ConfigError;

/// A token as it was given.
#[derive(Clone)]
pub(super) struct Secret(pub String);

/// Prefix of the token in its header.
const SCHEME: &str = "Bearer ";
/// A shorter token is not a secret, and is not removed from replies, which may contain such words
/// by chance.
const MIN_SECRET: usize = 8;
/// Pairs of quotes around a token that was copied.
const QUOTES: [(char, char); 5] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
/// Maximum number of backslashes before one character, such as in JSON within JSON.
const MAX_ESCAPES: usize = 16;
/// Replaces the token in a reply that repeats it.
const MARK: &[u8] = b"[token]";

/// The token as the header that carries it. The HTTP library shows a header that is
/// marked sensitive as `Sensitive`.
#[derive(Clone)]
pub(super) struct Token(HeaderValue);

impl Token {
    /// Removes the characters that copying adds to a token, and refuses a token that cannot be used.
    pub(super) fn new(Secret(token): &Secret) -> Result<Self, ConfigError> {
        let token = cleaned(token);
        if token.is_empty() {
            return Err(ConfigError::NoToken);
        }
        if let Some(reason) = fault(token) {
            return Err(ConfigError::UnusableToken(reason));
        }
        let mut header = HeaderValue::from_str(&format!("{SCHEME}{token}"))
            .map_err(|_| ConfigError::UnusableToken("must consist of visible ASCII characters"))?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Replaces the token in a reply, to keep it out of errors: as it is, and with the escapes of
    /// JSON or URLs. Takes time in proportion to the reply.
    pub(super) fn redact(&self, body: &mut Vec<u8>) {
        let token = &self.0.as_bytes()[SCHEME.len()..];
        if token.len() < MIN_SECRET {
            return;
        }
        let mut redacted = Vec::new();
        let (mut at, mut copied) = (0, 0);
        while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(length) = match_at(rest, token) else {
                at += 1;
                continue;
            };
            redacted.extend_from_slice(&body[copied..at]);
            redacted.extend_from_slice(MARK);
            at += length;
            copied = at;
        }
        if copied > 0 {
            redacted.extend_from_slice(&body[copied..]);
            *body = redacted;
        }
    }
}

/// Returns the length of the token at the beginning of the text, if it is there.
fn match_at(text: &[u8], token: &[u8]) -> Option<usize> {
    // Every reply is searched, so one byte rules out most places.
    let first = *text.first()?;
    if first != token[0] && !matches!(first, b'\\' | b'%') {
        return None;
    }
    let mut at = 0;
    for expected in token {
        at += character(&text[at..], *expected)?;
    }
    Some(at)
}

/// Returns the length of one character at the beginning of the text: itself, with backslashes before
/// it, as `\u0041` or as `%41`.
fn character(text: &[u8], expected: u8) -> Option<usize> {
    let escapes = text.iter().take(MAX_ESCAPES).take_while(|byte| **byte == b'\\').count();
    match text.get(escapes..)? {
        [byte, ..] if *byte == expected => Some(escapes + 1),
        [b'u', digits @ ..] if escapes > 0 && hex(digits.get(..4)?) == Some(expected) => {
            Some(escapes + 5)
        }
        [b'%', digits @ ..] if hex(digits.get(..2)?) == Some(expected) => Some(escapes + 3),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()
}

/// Removes what surrounds a token that was copied: white space, a byte order mark, invisible
/// characters, quotes, and `Bearer`.
fn cleaned(token: &str) -> &str {
    let mut token = token;
    loop {
        let before = token;
        token = token.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        for (open, close) in QUOTES {
            let inner = token.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
            token = inner.unwrap_or(token);
        }
        let (scheme, rest) = token.split_at_checked(SCHEME.len()).unwrap_or_default();
        if scheme.eq_ignore_ascii_case(SCHEME) {
            token = rest;
        } else if token.eq_ignore_ascii_case(SCHEME.trim_end()) {
            token = "";
        }
        if token == before {
            return token;
        }
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Returns the rule that a token breaks.
fn fault(token: &str) -> Option<&'static str> {
    if token.contains(['"', '\'', '`', '\\']) {
        return Some("must not hold a quote or a backslash");
    }
    if token.contains(char::is_whitespace) {
        return Some("must not hold white space");
    }
    let is_visible = token.chars().all(|c| c.is_ascii_graphic());
    (!is_visible).then_some("must consist of visible ASCII characters")
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_reply_is_redacted() {
        let cases = [
            ("hush-hush", "Bearer hush-hush, hush-hush", "Bearer [token], [token]"),
            ("hush-hush", "hush-hus", "hush-hus"),
            ("hush-hush", "hush-hush-hush", "[token]-hush"),
            (" hush-hush\n", "a hush-hush", "a [token]"),
            ("any", "any company", "any company"),
        ];
        for (token, body, expected) in cases {
            let token = Token::new(&Secret(token.to_owned())).expect("it is a token");
            let mut body = body.as_bytes().to_vec();
            token.redact(&mut body);
            assert_eq!(String::from_utf8_lossy(&body), expected);
        }
    }

    /// Field case M5.
    #[test]
    fn a_token_with_escapes_is_removed() {
        let token = Token::new(&Secret("abc/def+ghi/jkl==".to_owned())).expect("it is a token");
        for body in [
            r"abc\/def+ghi\/jkl==",
            r"abc\\\/def+ghi\/jkl==",
            r"\u0061bc\/def\u002Bghi/jkl==",
            r"abc%2Fdef%2bghi%2Fjkl%3D%3D",
        ] {
            let mut body = format!("<{body}>{body}").into_bytes();
            token.redact(&mut body);
            assert_eq!(String::from_utf8_lossy(&body), "<[token]>[token]");
        }
        let mut other = br"\u0061bc\/def\u002Bghi/jkl=".to_vec();
        token.redact(&mut other);
        assert!(other.starts_with(br"\u0061bc"));
    }

    /// Field case M6.
    #[test]
    fn removing_a_token_takes_time_in_proportion_to_the_reply() {
        let token = Token::new(&Secret("hush-hush".to_owned())).expect("it is a token");
        for text in ["hush-hush", "hush-hus", "\\", "h\\"] {
            let mut body = text.repeat(2 * 1024 * 1024 / text.len()).into_bytes();
            let start = std::time::Instant::now();
            token.redact(&mut body);
            assert!(start.elapsed().as_secs() < 5, "{text}: {:?}", start.elapsed());
            assert!(!body.windows(9).any(|bytes| bytes == b"hush-hush"));
        }
    }

    /// Field case F19.
    #[test]
    fn a_copied_token_is_cleaned_or_refused() {
        for copied in [
            "\u{feff}hush-hush",
            "\u{200b}hush-hush\u{a0}",
            "\"hush-hush\"",
            "'hush-hush'\n",
            "\u{201c}hush-hush\u{201d}",
            "Bearer hush-hush",
            "\"bearer  hush-hush\"",
        ] {
            let token = Token::new(&Secret(copied.to_owned()));
            let header = token.unwrap_or_else(|error| panic!("{copied:?}: {error}")).header();
            assert_eq!(header.as_bytes(), b"Bearer hush-hush", "{copied:?}");
        }
        for (wrong, words) in [
            ("hush\"hush", "quote"),
            ("\"hush-hush", "quote"),
            ("hush hush", "white space"),
            ("hush\u{200b}hush", "visible ASCII"),
            ("h\u{fc}sh-hush", "visible ASCII"),
            ("hush\u{7}hush", "visible ASCII"),
        ] {
            let error =
                Token::new(&Secret(wrong.to_owned())).expect_err("it is refused").to_string();
            assert!(error.contains(words) && !error.contains("hush"), "{wrong:?}: {error}");
        }
        for blank in ["", " ", "\"\"", "Bearer ", "\u{feff}"] {
            let error = Token::new(&Secret(blank.to_owned())).expect_err("it is blank");
            assert!(matches!(error, ConfigError::NoToken), "{blank:?}: {error}");
        }
    }

    #[test]
    fn the_header_is_marked_sensitive() {
        let token = Token::new(&Secret("hush-hush".to_owned())).expect("it is a token");
        assert!(token.header().is_sensitive());
        assert!(!format!("{:?}", token.header()).contains("hush"));
    }
}
