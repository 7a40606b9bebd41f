//! The token: a secret that goes into one header and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

use super::error::ConfigError;

/// A token as it was given.
#[derive(Clone)]
pub(super) struct Secret(pub String);

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
        let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| ConfigError::UnusableToken)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
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
