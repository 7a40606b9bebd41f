//! Decides which addresses may be fetched: by default only public ones. A URL from a stranger must
//! not make this machine send a request to its own network.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use url::{Host, Url};

use super::AddressScope;

/// An address outside the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotPublic {
    address: IpAddr,
    what: &'static str,
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "its host is at {}, {}, which RunComfy cannot reach and which is not asked from here",
            self.address, self.what
        )
    }
}

impl Error for NotPublic {}

/// IPv4 networks that are not public (the IANA special-purpose registry): first address, prefix
/// length and description.
const NOT_PUBLIC_V4: [([u8; 4], u32, &str); 15] = [
    ([0, 0, 0, 0], 8, "an unspecified address"),
    ([10, 0, 0, 0], 8, "a private address"),
    ([100, 64, 0, 0], 10, "an address inside a provider's network"),
    ([127, 0, 0, 0], 8, "this machine itself"),
    ([169, 254, 0, 0], 16, "a link-local address"),
    ([172, 16, 0, 0], 12, "a private address"),
    ([192, 0, 0, 0], 24, "a reserved address"),
    ([192, 0, 2, 0], 24, "an address for documentation"),
    ([192, 88, 99, 0], 24, "a reserved address"),
    ([192, 168, 0, 0], 16, "a private address"),
    ([198, 18, 0, 0], 15, "an address for benchmarks"),
    ([198, 51, 100, 0], 24, "an address for documentation"),
    ([203, 0, 113, 0], 24, "an address for documentation"),
    ([224, 0, 0, 0], 4, "a multicast address"),
    ([240, 0, 0, 0], 4, "a reserved address"),
];

/// IPv6 networks within the public 2000::/3 that are not public.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32, &str); 3] = [
    // Teredo, which is part of it, is checked first.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "a reserved address"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "an address for documentation"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "an address for documentation"),
];

/// Returns an error for an address outside the public internet, or one that leads there.
pub(super) fn check(address: IpAddr) -> Result<(), NotPublic> {
    let what = match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => not_public_v6(address),
    };
    what.map_or(Ok(()), |what| Err(NotPublic { address, what }))
}

/// Returns an error if the host of a URL is a literal address that is not public: the connector
/// asks no resolver about those. The URL parser has already read every spelling of a number,
/// such as `0x7f.1`.
pub(super) fn check_literal(url: &Url) -> Result<(), NotPublic> {
    match url.host() {
        Some(Host::Ipv4(address)) => check(address.into()),
        Some(Host::Ipv6(address)) => check(address.into()),
        Some(Host::Domain(_)) | None => Ok(()),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    NOT_PUBLIC_V4
        .iter()
        .find(|(network, length, _)| {
            bits >> (32 - length) == u32::from_be_bytes(*network) >> (32 - length)
        })
        .map(|row| row.2)
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = u128::from(address);
    if address == Ipv6Addr::LOCALHOST {
        return Some("this machine itself");
    }
    match address.segments() {
        // Compatible, which includes `::` and `::1`; mapped; translated (RFC 2765); NAT64.
        [0, 0, 0, 0, 0, 0, ..]
        | [0, 0, 0, 0, 0, 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded_v4(bits),
        // 6to4.
        [0x2002, ..] => embedded_v4(bits >> 80),
        // Teredo: its server, and its client with every bit inverted.
        [0x2001, 0, ..] => embedded_v4(bits >> 64).or_else(|| embedded_v4(!bits)),
        // ISATAP, with any prefix.
        [.., 0 | 0x200, 0x5efe, _, _] if embedded_v4(bits).is_some() => embedded_v4(bits),
        [0x2000..=0x3fff, ..] => {
            let found = NOT_PUBLIC_V6.iter().find(|(network, length, _)| {
                bits >> (128 - length) == u128::from(*network) >> (128 - length)
            });
            found.map(|row| row.2)
        }
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        _ => Some("a reserved address"),
    }
}

/// Returns the verdict on the IPv4 address in the low 32 bits.
fn embedded_v4(bits: u128) -> Option<&'static str> {
    not_public_v4(Ipv4Addr::from(bits as u32))
}

/// The error for a name that does not resolve.
#[derive(Debug, Clone)]
pub(super) struct NoSuchHost {
    name: String,
    /// The resolver answered that there is no such name, and did not just fail to answer.
    is_final: bool,
    words: String,
}

impl fmt::Display for NoSuchHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its host does not resolve from here: {}", self.words)
    }
}

impl Error for NoSuchHost {}

/// A resolver that returns only addresses of the allowed scope. The address that was checked is
/// therefore the one that is connected to.
pub(super) struct Resolver(pub AddressScope);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let scope = self.0;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| NoSuchHost::new(name.as_str(), error))?;
            let mut refused = None;
            let mut allowed: Vec<SocketAddr> = Vec::new();
            for address in found {
                match check(address.ip()) {
                    Err(not_public) if scope == AddressScope::Public => refused = Some(not_public),
                    Ok(()) | Err(_) => allowed.push(address),
                }
            }
            match refused {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

impl NoSuchHost {
    fn new(name: &str, error: std::io::Error) -> Self {
        // The code of Windows, and the words of everybody else's `EAI_AGAIN`.
        const TRY_AGAIN: i32 = 11002;
        let words = error.to_string();
        let lower = words.to_ascii_lowercase();
        let is_temporary = error.raw_os_error() == Some(TRY_AGAIN)
            || ["temporary", "try again"].iter().any(|word| lower.contains(word));
        Self { name: name.to_owned(), is_final: !is_temporary, words }
    }

    /// Returns the name if it certainly exists nowhere: if it is one of those that are reserved
    /// to never exist, or `control`, which does exist, resolves now.
    pub(super) async fn certain(&self, control: Option<&str>) -> Option<&str> {
        if !self.is_final {
            return None;
        }
        let resolves = match control {
            Some(control) => {
                lookup_host((control, 0)).await.is_ok_and(|mut all| all.next().is_some())
            }
            None => false,
        };
        (is_reserved(&self.name) || resolves).then_some(&self.name)
    }
}

/// Returns `true` for names that RFC 2606 and RFC 6761 promise to never resolve publicly.
fn is_reserved(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(last, "invalid" | "test" | "example")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_address_is_refused_in_every_spelling() {
        let local = [
            // Numbers, as the parser of URLs takes them.
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "0",
            "127.0.0.1.",
            "1\u{ff12}7.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[fc00::1]",
            "[fdff::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[2001:2::1]",
            "[2001:20::1]",
            "[64:ff9b:1::1]",
            "[4000::1]",
            // What embeds one of the above.
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[::ffff:0:10.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b::169.254.169.254]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[2001:0:7f00:1::]",
            "[2001:0:808:808::80ff:fffe]",
            "[2606:4700::5efe:10.0.0.1]",
            "[fe80::5efe:8.8.8.8]",
        ];
        for host in local {
            let url = Url::parse(&format!("http://{host}/a.png")).expect("it is an address");
            assert!(check_literal(&url).is_err(), "{host} is accepted");
        }
    }

    #[test]
    fn a_public_address_is_allowed_even_if_another_embeds_it() {
        let public = [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2606:4700:4700::1111]",
            "[2a00:1450::1]",
            "[::ffff:8.8.8.8]",
            "[::8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "[2002:808:808::1]",
            "[2001:0:808:808::f7f7:f7f7]",
            "[2606:4700::5efe:8.8.8.8]",
            "example.com",
            "localhost",
        ];
        for host in public {
            let url = Url::parse(&format!("https://{host}/a.png")).expect("it is an address");
            assert_eq!(check_literal(&url), Ok(()), "{host}");
        }
    }

    // Attack L17.
    #[test]
    fn this_machine_is_called_so_in_both_families() {
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let refused = check(address.parse().expect("it is an address"));
            let error = refused.expect_err("it is this machine").to_string();
            assert!(error.contains("this machine itself"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_for_what_it_resolves_to() {
        let name = "localhost".parse().expect("it is a name");
        let error =
            Resolver(AddressScope::Public).resolve(name).await.err().expect("it is this machine");
        assert!(error.downcast_ref::<NotPublic>().is_some(), "{error}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_certain_only_with_proof() {
        let error = |name: &str, is_final| NoSuchHost {
            name: name.to_owned(),
            is_final,
            words: "no such name".to_owned(),
        };
        let cases = [
            ("nosuch.invalid", true, None, true),
            ("NOSUCH.Invalid.", true, None, true),
            ("nosuch.invalid", false, None, false),
            ("cdn.example.com", true, None, false),
            ("cdn.example.com", true, Some("localhost"), true),
            ("cdn.example.com", false, Some("localhost"), false),
            ("cdn.example.com", true, Some("nosuch.invalid"), false),
        ];
        for (name, is_final, control, expected) in cases {
            let error = error(name, is_final);
            assert_eq!(error.certain(control).await.is_some(), expected, "{name} and {control:?}");
        }
        for (words, is_final) in [
            ("failed to lookup address information: Name or service not known", true),
            ("failed to lookup address information: Temporary failure in name resolution", false),
            ("nodename nor servname provided, or not known", true),
            ("Try again", false),
        ] {
            let error = NoSuchHost::new("a.b", std::io::Error::other(words));
            assert_eq!(error.is_final, is_final, "{words}");
        }
    }
}
