//! How the HTTP library is set up.

use std::time::Duration;

use url::{Host, Url};

/// How long connecting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be idle and still be used. A stale one would make the
/// outcome of a submit unknown.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A year: as good as no limit, and within what every clock holds.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The HTTP client to begin from. Another crate may have switched on another TLS.
pub(super) fn rustls() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_rustls()
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
