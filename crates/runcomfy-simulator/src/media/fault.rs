//! Faults of a media URL.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderValue;

/// Fault of serving a media file. Several can be combined. Faults affect only fetching: the
/// simulator measures the file as it is, like RunComfy when a host refuses others.
///
/// In a URL, a fault has its [`Display`](fmt::Display) form, such as `fault=redirects:3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaFault {
    /// `no_ranges`: ignores `Range` and sends the whole file.
    NoRanges,
    /// `no_length`: no `Content-Length` and no total in `Content-Range`. The body ends where the
    /// connection closes, as in HTTP/1.0.
    NoLength,
    /// `chunked`: a chunked body without `Content-Length`.
    Chunked,
    /// `redirects:3`: this many redirects to the same host first.
    Redirects(u32),
    /// `redirect_loop`: a redirect to itself.
    RedirectLoop,
    /// `redirect_to:http://10.0.0.1/`: a redirect to any address.
    RedirectTo(String),
    /// `delay:250`: milliseconds before the reply.
    Delay(Duration),
    /// `drip:1000`: bytes per second.
    Drip(u32),
    /// `claim_bytes:99`: a false `Content-Length`, or a false total in the `Content-Range` of a
    /// range. A body that is shorter than claimed breaks off; a longer one is cut.
    ClaimBytes(u64),
    /// `login_page`: an HTML page that asks to log in, with HTTP 200.
    LoginPage,
    /// `content_type:text/plain`: another content type.
    ContentType(String),
    /// `status:403`: an HTTP status from 400 to 599 instead of the file.
    Status(u16),
    /// `cut:100`: closes the connection after this many bytes of the body.
    Cut(u64),
    /// `empty`: HTTP 200 with an empty body.
    Empty,
    /// `reset`: resets the connection instead of a reply.
    Reset,
}

impl fmt::Display for MediaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRanges => f.write_str("no_ranges"),
            Self::NoLength => f.write_str("no_length"),
            Self::Chunked => f.write_str("chunked"),
            Self::Redirects(count) => write!(f, "redirects:{count}"),
            Self::RedirectLoop => f.write_str("redirect_loop"),
            Self::RedirectTo(address) => write!(f, "redirect_to:{address}"),
            Self::Delay(time) => write!(f, "delay:{}", time.as_millis()),
            Self::Drip(bytes) => write!(f, "drip:{bytes}"),
            Self::ClaimBytes(bytes) => write!(f, "claim_bytes:{bytes}"),
            Self::LoginPage => f.write_str("login_page"),
            Self::ContentType(value) => write!(f, "content_type:{value}"),
            Self::Status(status) => write!(f, "status:{status}"),
            Self::Cut(bytes) => write!(f, "cut:{bytes}"),
            Self::Empty => f.write_str("empty"),
            Self::Reset => f.write_str("reset"),
        }
    }
}

impl FromStr for MediaFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let value = FaultValue { name, value };
        match name {
            "no_ranges" => value.none(Self::NoRanges),
            "no_length" => value.none(Self::NoLength),
            "chunked" => value.none(Self::Chunked),
            "redirects" => value.small("a number of redirects").map(Self::Redirects),
            "redirect_loop" => value.none(Self::RedirectLoop),
            "redirect_to" => value.header("https://example.com/").map(Self::RedirectTo),
            "delay" => value.number("milliseconds").map(Duration::from_millis).map(Self::Delay),
            "drip" => match value.small("bytes a second")? {
                0 => Err("`drip` takes at least one byte a second".to_owned()),
                bytes => Ok(Self::Drip(bytes)),
            },
            "claim_bytes" => value.number("a number of bytes").map(Self::ClaimBytes),
            "login_page" => value.none(Self::LoginPage),
            "content_type" => value.header("text/plain").map(Self::ContentType),
            "status" => match value.number("an HTTP status")? {
                status @ 400..=599 => Ok(Self::Status(status as u16)),
                _ => Err("`status` takes an HTTP status from 400 to 599".to_owned()),
            },
            "cut" => value.number("a number of bytes").map(Self::Cut),
            "empty" => value.none(Self::Empty),
            "reset" => value.none(Self::Reset),
            _ => Err(format!("`{name}` is not a fault; the simulator's README lists all faults")),
        }
    }
}

/// Value behind the colon of a written fault.
struct FaultValue<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

impl FaultValue<'_> {
    /// Returns the fault if there is no value.
    fn none(&self, fault: MediaFault) -> Result<MediaFault, String> {
        match self.value {
            None => Ok(fault),
            Some(_) => Err(format!("`{}` takes no value", self.name)),
        }
    }

    fn number(&self, noun: &str) -> Result<u64, String> {
        let number = self.value.and_then(|value| value.parse().ok());
        number.ok_or_else(|| format!("`{0}` takes {noun}, such as `{0}:400`", self.name))
    }

    fn small(&self, noun: &str) -> Result<u32, String> {
        let number = self.number(noun)?;
        u32::try_from(number).map_err(|_| format!("{number} is too many"))
    }

    fn header(&self, example: &str) -> Result<String, String> {
        let value = self.value.filter(|value| HeaderValue::from_str(value).is_ok());
        value.map(str::to_owned).ok_or_else(|| {
            format!("`{0}` takes what a header can hold, such as `{0}:{example}`", self.name)
        })
    }
}
