//! The hosts that outputs may be downloaded from.

use url::{Host, Url};

use super::super::error::ConfigError;
use super::super::http::is_loopback;

/// The hosts of RunComfy's outputs.
const RUNCOMFY: [&str; 2] = ["*.runcomfy.net", "*.runcomfy.com"];

/// The hosts that outputs may be downloaded from.
#[derive(Debug, Clone)]
pub(in super::super) struct Hosts {
    patterns: Vec<Pattern>,
    /// `true` if this machine is allowed, over plain HTTP too: only if the API is on it.
    loopback: bool,
}

#[derive(Debug, Clone)]
enum Pattern {
    Host(String),
    /// Every host whose name ends with this text, which begins with a dot.
    Below(String),
}

impl Hosts {
    /// Creates the hosts of these patterns, or RunComfy's own.
    pub(in super::super) fn new(
        patterns: Option<&[String]>,
        api_base: &Url,
    ) -> Result<Self, ConfigError> {
        let patterns: Result<Vec<Pattern>, ConfigError> = match patterns {
            Some(patterns) => patterns.iter().map(|text| Pattern::parse(text)).collect(),
            None => RUNCOMFY.into_iter().map(Pattern::parse).collect(),
        };
        Ok(Self { patterns: patterns?, loopback: is_loopback(api_base) })
    }

    pub(super) fn allow(&self, url: &Url) -> bool {
        if is_loopback(url) {
            return self.loopback;
        }
        let Some(host) = url.host_str() else { return false };
        let host = host.strip_suffix('.').unwrap_or(host);
        url.scheme() == "https" && self.patterns.iter().any(|pattern| pattern.matches(host))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, ConfigError> {
        let (below, host) = match text.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, text),
        };
        // The parser normalises a host to the form that it has in a URL.
        let parsed = Host::parse(host).ok().filter(|_| !host.contains('*'));
        match (below, parsed) {
            (true, Some(Host::Domain(host))) => Ok(Self::Below(format!(".{host}"))),
            (false, Some(host)) => Ok(Self::Host(host.to_string())),
            (true, Some(Host::Ipv4(_) | Host::Ipv6(_))) | (_, None) => {
                Err(ConfigError::OutputHost(text.to_owned()))
            }
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Host(name) => host == name,
            Self::Below(end) => host.len() > end.len() && host.ends_with(end.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: Option<&[&str]>, base: &str) -> Result<Hosts, ConfigError> {
        let patterns: Option<Vec<String>> =
            patterns.map(|all| all.iter().map(|text| (*text).to_owned()).collect());
        Hosts::new(patterns.as_deref(), &Url::parse(base).expect("it is an address"))
    }

    #[test]
    fn outputs_come_from_allowed_hosts_only() {
        const API: &str = "https://model-api.runcomfy.net/v1";
        const LOCAL: &str = "http://127.0.0.1:1/v1";
        let named: Option<&[&str]> = Some(&["cdn.example.com", "*.Example.ORG", "[2001:db8::1]"]);
        let cases = [
            (None, API, "https://a.runcomfy.net/x", true),
            (None, API, "https://A.B.RunComfy.com./x", true),
            (None, API, "http://a.runcomfy.net/x", false),
            (None, API, "https://runcomfy.net/x", false),
            (None, API, "https://a.runcomfy.net.example.com/x", false),
            (None, API, "https://evil-runcomfy.net/x", false),
            (None, API, "https://a.runcomfy.net@example.com/x", false),
            (None, API, "https://example.com/a.runcomfy.net", false),
            (None, API, "http://127.0.0.1/x", false),
            (None, API, "https://localhost/x", false),
            (None, API, "https://[::1]/x", false),
            (None, LOCAL, "http://127.0.0.1:9/x", true),
            (None, LOCAL, "http://localhost:9/x", true),
            (None, LOCAL, "http://10.0.0.1/x", false),
            (None, LOCAL, "https://a.runcomfy.com/x", true),
            (named, API, "https://cdn.example.com/x", true),
            (named, API, "https://a.b.example.org/x", true),
            (named, API, "https://[2001:db8::1]/x", true),
            (named, API, "https://a.cdn.example.com/x", false),
            (named, API, "https://a.runcomfy.net/x", false),
            (Some(&["127.0.0.1"]), API, "https://127.0.0.1/x", false),
        ];
        for (patterns, base, url, expected) in cases {
            let hosts = hosts(patterns, base).expect("they are hosts");
            let url = Url::parse(url).expect("it is an address");
            assert_eq!(hosts.allow(&url), expected, "{url} of {patterns:?}");
        }
    }

    #[test]
    fn a_host_pattern_that_matches_too_much_is_refused() {
        for wrong in ["*", "*.", "a.*.com", "*.127.0.0.1", "https://a.com", "a b", "", "*.*.com"] {
            let error = hosts(Some(&[wrong]), "https://a/").expect_err("it is not a host");
            assert!(error.to_string().contains("an output host must be"), "{wrong}: {error}");
        }
    }
}
