//! The settings of a client, and the client made of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use url::Url;

use super::download::Hosts;
use super::http::{CONNECT_TIMEOUT, FOREVER, IDLE_TIMEOUT, is_loopback, rustls};
use super::preflight::{AddressScope, Checker};
use super::throttle::{self, Throttle};
use super::token::{Secret, Token};
use super::{
    API_BASE_VARIABLE, Client, ConfigError, DEFAULT_API_BASE, DEFAULT_BALANCE_URL, Inner,
    MediaLimits, Polling, Preflight, Retry, TOKEN_VARIABLE, polling,
};

/// Settings of a [`Client`].
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    token: Option<Secret>,
    base: Option<Address>,
    balance: Option<Address>,
    outputs: Option<Vec<String>>,
    polling: Polling,
    retry: Retry,
    deadline: Option<Duration>,
    max_concurrent_requests: Option<usize>,
    max_requests_per_second: Option<f64>,
    max_jobs_in_flight: Option<usize>,
    http: Option<reqwest::ClientBuilder>,
    preflight: Preflight,
    media_limits: MediaLimits,
    reach: AddressScope,
}

/// An address as it was given. It may hold a password, so it is not shown.
struct Address(String);

impl ClientBuilder {
    /// Settings with the token and the API base of the environment, as
    /// [`Client::from_env`] takes them, for a program that overrides one of them.
    ///
    /// # Errors
    ///
    /// When a variable is not text.
    pub fn from_env() -> Result<Self, ConfigError> {
        let token = variable(TOKEN_VARIABLE)?.map(Secret);
        Ok(Self { token, base: variable(API_BASE_VARIABLE)?.map(Address), ..Self::default() })
    }

    /// The token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Secret(token.into()));
        self
    }

    /// The API base, with the version in it. [`DEFAULT_API_BASE`] unless told
    /// otherwise.
    pub fn api_base(mut self, base: impl Into<String>) -> Self {
        self.base = Some(Address(base.into()));
        self
    }

    /// Where the balance is asked for. The token goes there too.
    ///
    /// Unless told otherwise this is [`DEFAULT_BALANCE_URL`] where the API is RunComfy's own.
    /// Any other API is asked at its own origin, at `/prod/v2/balance`, so that its token does
    /// not go to RunComfy.
    pub fn balance_url(mut self, url: impl Into<String>) -> Self {
        self.balance = Some(Address(url.into()));
        self
    }

    /// The hosts that outputs are downloaded from, instead of `*.runcomfy.net` and
    /// `*.runcomfy.com`: `example.com` for one, `*.example.com` for all below it. They are
    /// asked over HTTPS. This machine is one of them only where the API is on it too.
    pub fn output_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.outputs = Some(hosts.into_iter().map(Into::into).collect());
        self
    }

    /// How often a call that went wrong is made again, where that is safe.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How many calls to the API are made at once, by this client and its clones: 100 unless
    /// told otherwise. Over HTTP/1 each needs a connection, so no more are open.
    pub fn max_concurrent_requests(mut self, count: usize) -> Self {
        self.max_concurrent_requests = Some(count);
        self
    }

    /// How many calls to the API are begun in a second at most, by this client and its
    /// clones, at a steady pace. Looks at jobs that are waited for stand behind all other calls.
    /// No limit unless told otherwise.
    pub fn max_requests_per_second(mut self, count: f64) -> Self {
        self.max_requests_per_second = Some(count);
        self
    }

    /// How many jobs that this client and its clones submitted are in flight at most: a
    /// submit waits until one was seen to end, or its last [`Job`] was dropped. Jobs that were
    /// taken up from an id do not count. No limit unless told otherwise.
    pub fn max_jobs_in_flight(mut self, count: usize) -> Self {
        self.max_jobs_in_flight = Some(count);
        self
    }

    /// A builder of the HTTP client: for proxies, certificates, a resolver. It is finished with
    /// what the guarantees here need: no redirects, no retries of its own, no limit to a
    /// submit's time as a whole, no log of what goes over the wire, no
    /// compression, and no proxy before an API on this machine.
    ///
    /// Default headers that it has go to every host, those of outputs too: leave the token
    /// out of them.
    pub fn http_client_builder(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = Some(builder);
        self
    }

    /// How often a job that is waited for is asked for its status.
    pub fn polling(mut self, polling: Polling) -> Self {
        self.polling = polling;
        self
    }

    /// How long [`Job::wait`] waits: 30 minutes unless told otherwise.
    pub fn wait_timeout(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How much is checked before an input is submitted: [`Preflight::Warn`] unless told
    /// otherwise.
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.preflight = preflight;
        self
    }

    /// What bounds the work on media.
    pub fn media_limits(mut self, limits: MediaLimits) -> Self {
        self.media_limits = limits;
        self
    }

    /// Lets preflight fetch media from this machine and private networks too, as tests and
    /// local work with a simulator need. Not for addresses from strangers.
    pub fn allow_local_media(mut self) -> Self {
        self.reach = AddressScope::Local;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// When there is no token, or a setting cannot be used.
    pub fn build(self) -> Result<Client, ConfigError> {
        let token = Token::new(&self.token.ok_or(ConfigError::NoToken)?)?;
        let base = match &self.base {
            Some(Address(base)) => address("API base", base)?,
            None => address("API base", DEFAULT_API_BASE)?,
        };
        let balance = match &self.balance {
            Some(Address(url)) => address("balance URL", url)?,
            None => balance_of(&base)?,
        };
        let outputs = Hosts::new(self.outputs.as_deref(), &base)?;
        let max_concurrent_requests =
            self.max_concurrent_requests.unwrap_or(throttle::DEFAULT_MAX_CONCURRENT_REQUESTS);
        let limits = Throttle::new(
            max_concurrent_requests,
            self.max_requests_per_second,
            self.max_jobs_in_flight,
        )
        .map_err(ConfigError::Limit)?;
        let finished = |builder: reqwest::ClientBuilder| {
            let builder = builder
                .user_agent(concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(max_concurrent_requests)
                .referer(false)
                // What goes over the wire has the token in it.
                .connection_verbose(false)
                .no_gzip()
                .no_brotli()
                .no_deflate()
                .no_zstd();
            // A proxy would read the token of plain HTTP, and reaches another machine's
            // loopback.
            let here = is_loopback(&base) || is_loopback(&balance);
            if here { builder.no_proxy() } else { builder }
        };
        // A redirect would carry the token away, or repeat a paid POST; and so would the
        // retries that the HTTP library has for a protocol that another crate switches on.
        let http = match self.http {
            // A limit of its own to what is heard would end a submit.
            Some(builder) => finished(builder).read_timeout(FOREVER),
            None => finished(rustls()),
        };
        let http = http.redirect(redirect::Policy::none()).retry(reqwest::retry::never());
        let media = Checker::new(self.media_limits, self.reach);
        Ok(Client {
            inner: Arc::new(Inner {
                http: http.build().map_err(ConfigError::Http)?,
                media: media.map_err(ConfigError::Http)?,
                token,
                base,
                balance,
                outputs,
                preflight: self.preflight,
                polling: self.polling,
                retry: self.retry,
                deadline: self.deadline.unwrap_or(polling::DEFAULT_DEADLINE),
                limits,
            }),
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(hidden)")
    }
}

fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::Variable(name)),
    }
}

/// Reads an address that the token goes to, so that plain HTTP is refused anywhere but on
/// this machine.
fn address(what: &'static str, text: &str) -> Result<Url, ConfigError> {
    let refuse = |reason: &str| ConfigError::Address { what, reason: reason.to_owned() };
    let url = Url::parse(text).map_err(|reason| {
        refuse(&format!("it is no absolute URL that begins with https:// ({reason})"))
    })?;
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(refuse("it holds a user name or password; give the token apart from it"))
        }
        "https" | "http" if url.query().is_some() || url.fragment().is_some() => {
            Err(refuse("it holds a `?` or `#`; give the address without what follows"))
        }
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refuse(&format!(
            "plain http to `{}` would show the token to the network; use https://",
            url.host_str().unwrap_or_default()
        ))),
        _ => Err(refuse("it must begin with https://")),
    }
}

/// Where the balance of an API is asked for: RunComfy's own stands on another host than its
/// API, and no other API's token goes there.
fn balance_of(base: &Url) -> Result<Url, ConfigError> {
    let official = address("balance URL", DEFAULT_BALANCE_URL)?;
    if address("API base", DEFAULT_API_BASE)?.origin() == base.origin() {
        return Ok(official);
    }
    let mut url = base.clone();
    url.set_path(official.path());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Result<Client, ConfigError> {
        Client::builder().token("hush-hush").api_base(base).build()
    }

    #[test]
    fn plain_http_is_taken_on_loopback_only() {
        for base in [
            "https://example.com/v1",
            "http://127.0.0.1:1/v1",
            "http://[::1]:1/v1",
            "http://localhost/v1",
        ] {
            assert!(client(base).is_ok(), "{base} is refused");
        }
        for base in [
            "http://example.com/v1",
            "http://127.0.0.1.example.com/v1",
            "ftp://127.0.0.1/",
            "model-api",
            "https://u:p@example.com/v1",
        ] {
            assert!(client(base).is_err(), "{base} is taken");
        }
    }

    #[test]
    fn a_base_that_is_refused_is_not_shown() {
        let cases = [
            ("https://u:hush@example.com:port/v1", "no absolute URL"),
            ("//u:hush@example.com/v1", "no absolute URL"),
            ("u:hush@example.com/v1", "must begin with https://"),
            ("https://u:hush@example.com/v1", "user name or password"),
            ("http://example.com/v1", "plain http to `example.com`"),
            ("https://example.com/v1?key=hush", "holds a `?`"),
        ];
        for (base, words) in cases {
            let error = client(base).expect_err("it is refused").to_string();
            assert!(error.contains(words) && !error.contains("hush"), "{base}: {error}");
        }
    }

    #[test]
    fn each_segment_of_a_model_id_is_encoded_and_slashes_stay() {
        for base in ["https://example.com/v1", "https://example.com/v1/"] {
            let client = client(base).expect("the base is right");
            let url = client.url("models/minimax/Hailuo Video 01 Live".split('/'));
            assert_eq!(
                url.as_str(),
                "https://example.com/v1/models/minimax/Hailuo%20Video%2001%20Live"
            );
        }
    }

    #[test]
    fn the_balance_of_an_api_is_asked_at_its_own_origin() {
        let cases = [
            (DEFAULT_API_BASE, DEFAULT_BALANCE_URL),
            ("https://model-api.runcomfy.net/v2", DEFAULT_BALANCE_URL),
            ("https://example.com/a/v1", "https://example.com/prod/v2/balance"),
            ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/prod/v2/balance"),
            (
                "https://model-api.runcomfy.net:9/v1",
                "https://model-api.runcomfy.net:9/prod/v2/balance",
            ),
        ];
        for (base, expected) in cases {
            let client = client(base).expect("the base is right");
            assert_eq!(client.inner.balance.as_str(), expected);
        }
        let told = |url| Client::builder().token("hush-hush").balance_url(url).build();
        assert!(told("https://example.com/balance").is_ok());
        assert!(told("http://example.com/balance").is_err());
    }

    #[test]
    fn the_token_is_in_no_debug_output() {
        let client = client("https://example.com/v1").expect("the base is right");
        let builder = Client::builder().token("hush-hush").api_base("https://a:hush@b/");
        for shown in [format!("{client:?}"), format!("{builder:#?}")] {
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
