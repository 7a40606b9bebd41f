//! Shows URLs as text in `Debug`, where `Url` itself takes ten lines.

use std::fmt;

use url::Url;

/// A URL that `Debug` shows as its text in quotes.
pub(crate) struct UrlText<'a>(pub &'a Url);

impl fmt::Debug for UrlText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().fmt(f)
    }
}

impl<'a> UrlText<'a> {
    pub(crate) fn list(urls: &'a [Url]) -> Vec<Self> {
        urls.iter().map(Self).collect()
    }
}
