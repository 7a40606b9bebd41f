//! Sets up the HTTP library and its TLS, and reads what several requests need of URLs and headers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderMap};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use url::{Host, Url};

use super::trust_roots::TrustRoots;

/// Maximum time to connect to the API.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is not reused. A stale one would make the outcome of a
/// submit unknown.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// A year: no timeout in practice, and within the range of every clock. A request-level timeout
/// overrides the one of a client that was handed in.
pub(super) const NO_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Keepalive probes of a connection to the API, at least as often as middleboxes forget an idle
/// connection. So many may be lost that the system does not end a submit before its own timeout
/// does, which is 72 minutes for the largest input.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(40);
const KEEPALIVE_RETRIES: u32 = 127;
/// Time after which an HTTP/2 connection is asked for a sign of life (PING), if a request on it
/// waits for its response and nothing came meanwhile.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Bytes of one response, and of all on one connection, that an HTTP/2 server may send ahead: enough
/// for a download at full speed from far away.
const STREAM_WINDOW: u32 = 8 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Identifies this client, with a page for the operators of hosts that ask for a contact.
const USER_AGENT: &str =
    concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION"), " (+https://docs.rs/runcomfy)");

/// A `Content-Range` header: `bytes 0-99/1000`, `bytes 0-99/*` or `bytes */1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The first and the last byte of the range, both inclusive.
    pub range: Option<(u64, u64)>,
    /// The size of the whole file, if known.
    pub total: Option<u64>,
}

/// The versions of HTTP that a client offers in the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 if the server has it, and HTTP/1.1 otherwise.
    Http2,
}

/// The TLS of this crate's own HTTP clients. They share the trust roots of the system, since reading
/// these takes milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls(Arc<OnceLock<ClientConfig>>);

impl Tls {
    /// Creates a builder of an HTTP client.
    pub(super) fn builder(
        &self,
        versions: Versions,
    ) -> Result<reqwest::ClientBuilder, rustls::Error> {
        let mut config = self.config()?;
        config.alpn_protocols = match versions {
            Versions::Http1 => vec![b"http/1.1".to_vec()],
            Versions::Http2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        Ok(reqwest::Client::builder().tls_backend_preconfigured(config))
    }

    fn config(&self) -> Result<ClientConfig, rustls::Error> {
        if let Some(config) = self.0.get() {
            return Ok(config.clone());
        }
        let provider = provider();
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            // Not as dangerous as its name: these are the roots and the checks of the system.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustRoots::new(provider)))
            .with_no_client_auth();
        Ok(self.0.get_or_init(|| config).clone())
    }
}

/// Returns the program's own cryptography, or else the one of this crate's features.
fn provider() -> Arc<CryptoProvider> {
    if let Some(installed) = CryptoProvider::get_default() {
        return installed.clone();
    }
    #[cfg(feature = "aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

/// Installs the cryptography for the whole process unless the program did. A builder that was
/// handed in sets up its own TLS, and panics without it.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may install one meanwhile, which is as good.
        let _ = CryptoProvider::clone(&provider()).install_default();
    }
}

/// Applies the settings that every request of this crate relies on.
pub(super) fn harden(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
        .user_agent(USER_AGENT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .referer(false)
        // The library retries some errors of HTTP/2 by itself, without a delay and without regard
        // to the settings. `retry.rs` decides instead.
        .retry(reqwest::retry::never())
        // A verbose log of the connection would contain the token.
        .connection_verbose(false)
        // A decompressed body has no size limit, and its byte ranges are not those of the file.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
}

/// Keeps the system from ending a connection that is silent for a while, such as while the network is
/// away. The HTTP library would otherwise let it do so after 30 s. An HTTP/2 connection ends if the
/// answer to a PING takes longer than `ping_timeout`.
pub(super) fn tolerate_silence(
    builder: reqwest::ClientBuilder,
    ping_timeout: Duration,
) -> reqwest::ClientBuilder {
    let builder = builder
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(ping_timeout)
        .http2_keep_alive_while_idle(false)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .tcp_keepalive(KEEPALIVE_IDLE)
        .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
        .tcp_keepalive_retries(KEEPALIVE_RETRIES)
        // A read timeout that was handed in would end a submit.
        .read_timeout(NO_TIMEOUT);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(None);
    builder
}

/// Returns `true` if the host of the URL is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Returns the compression of a response, if it has one. Every request asks for none.
pub(super) fn content_encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let texts: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let codings = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let packed = codings.filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("identity"));
    let packed: Vec<&str> = packed.collect();
    (!packed.is_empty()).then(|| packed.join(", ").escape_default().to_string())
}

impl ContentRange {
    /// Reads the header. Returns `None` if it is missing or malformed.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
        let (range, total) = text.strip_prefix("bytes")?.trim_start().split_once('/')?;
        let range = match range.trim() {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
            }
        };
        Some(Self { range, total: total.trim().parse().ok() })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_compression_is_found_in_any_spelling() {
        let cases: [(&[&str], Option<&str>); 9] = [
            (&[], None),
            (&[""], None),
            (&["identity"], None),
            (&[" Identity , "], None),
            (&["gzip"], Some("gzip")),
            (&["BR"], Some("BR")),
            (&["gzip, identity,zstd"], Some("gzip, zstd")),
            (&["identity", "deflate"], Some("deflate")),
            (&["a\tb"], Some("a\\tb")),
        ];
        for (values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(content_encoding(&headers).as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_content_range_is_read_or_malformed() {
        let cases = [
            ("bytes 5-9/10", Some((Some((5, 9)), Some(10)))),
            ("bytes 5-9/*", Some((Some((5, 9)), None))),
            ("bytes  0-0/1", Some((Some((0, 0)), Some(1)))),
            ("bytes */10", Some((None, Some(10)))),
            ("5-9/10", None),
            ("bytes 5-9", None),
            ("bytes -1-9/10", None),
        ];
        for (text, expected) in cases {
            let headers = [(CONTENT_RANGE, HeaderValue::from_static(text))];
            let found = ContentRange::from_headers(&headers.into_iter().collect());
            assert_eq!(found.map(|found| (found.range, found.total)), expected, "{text}");
        }
    }
}
