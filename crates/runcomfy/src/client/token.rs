//! The token: a secret that goes into one header and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

use super::error::ConfigError;

/// A token as it was given.
#[derive(Clone)]
pub(super) struct Secret(pub String);

/// What stands before the token in its header.
const SCHEME: &str = "Bearer ";
/// A token that is shorter is no secret, and is looked for in no reply: replies have such
/// words of their own.
const SHORTEST: usize = 8;
/// What stands for the token in a reply that repeats it.
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

    /// Takes the token out of a reply, so that no error shows what a server repeats.
    pub(super) fn take_out_of(&self, body: &mut Vec<u8>) {
        let token = &self.0.as_bytes()[SCHEME.len()..];
        if token.len() < SHORTEST {
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
    // Every reply is searched: most places are ruled out by one byte.
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
    fn a_token_that_a_server_repeats_is_taken_out() {
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
            token.take_out_of(&mut body);
            assert_eq!(String::from_utf8_lossy(&body), expected);
        }
    }
}
