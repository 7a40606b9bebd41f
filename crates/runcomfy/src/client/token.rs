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
/// Replaces the token in a reply that repeats it.
const MARK: &[u8] = b"[token]";

/// The token as the header that carries it. The HTTP library shows a header that is
/// marked sensitive as `Sensitive`.
#[derive(Clone)]
pub(super) struct Token(HeaderValue);

impl Token {
    pub(super) fn new(Secret(token): &Secret) -> Result<Self, ConfigError> {
        let token = token.trim();
        if token.is_empty() {
            return Err(ConfigError::NoToken);
        }
        let mut header = HeaderValue::from_str(&format!("{SCHEME}{token}"))
            .map_err(|_| ConfigError::UnusableToken)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Replaces the token in a reply, to keep it out of errors.
    pub(super) fn redact(&self, body: &mut Vec<u8>) {
        let token = &self.0.as_bytes()[SCHEME.len()..];
        if token.len() < MIN_SECRET {
            return;
        }
        let mut from = 0;
        while let Some(at) = body.get(from..).and_then(|rest| find(rest, token)) {
            let at = from + at;
            body.splice(at..at + token.len(), MARK.iter().copied());
            from = at + MARK.len();
        }
    }
}

fn find(bytes: &[u8], token: &[u8]) -> Option<usize> {
    let first = token.first()?;
    let mut from = 0;
    // Every reply is searched, so one byte rules out most places.
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        let at = from + at;
        if bytes[at..].starts_with(token) {
            return Some(at);
        }
        from = at + 1;
    }
    None
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
}
