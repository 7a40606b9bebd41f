//! The settings of a client, and the client built from them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::connections::{HttpSource, PoolSettings};
use super::download::Hosts;
use super::durations::Durations;
use super::http::{Tls, is_loopback};
use super::preflight::{AddressScope, Checker};
use super::throttle::{self, Throttle};
use super::token::{Secret, Token};
use super::token_source;
use super::{
    API_BASE_VARIABLE, Client, ConfigError, DEFAULT_API_BASE, DEFAULT_BALANCE_URL, Inner,
    MediaLimits, Polling, Preflight, Retry, polling,
};

/// Settings of a [`Client`]. Each setter returns the settings, and [`build`](Self::build) checks them
/// all.
///
/// In the examples below, `simulator` is a running
/// [`runcomfy_simulator::Simulator`](https://docs.rs/runcomfy-simulator).
///
/// ```
/// use std::time::Duration;
///
/// use runcomfy::Client;
/// use runcomfy::client::{Polling, Retry};
///
/// let client = Client::builder()
///     .token("my-token")
///     .max_jobs_in_flight(10)
///     .polling(Polling::every(Duration::from_secs(5)))
///     .retry(Retry::default().with_max_retries(8))
///     .wait_timeout(Duration::from_secs(3600))
///     .build()?;
/// # Ok::<(), runcomfy::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    token: Option<Result<Secret, ConfigError>>,
    api_base: Option<Address>,
    balance_url: Option<Address>,
    output_hosts: Option<Vec<String>>,
    polling: Polling,
    retry: Retry,
    wait_timeout: Option<Duration>,
    max_concurrent_requests: Option<usize>,
    max_requests_per_second: Option<f64>,
    max_jobs_in_flight: Option<usize>,
    http: HttpSource,
    preflight: Preflight,
    media_limits: MediaLimits,
    reach: AddressScope,
}

/// A URL as it was given. It may hold a password, so `Debug` hides it.
struct Address(String);

impl Client {
    /// Creates a client with the token in `RUNCOMFY_TOKEN`, `RUNCOMFY_API_TOKEN` or
    /// `RUNCOMFY_API_KEY`, the first that is set, or else the one that RunComfy's own command line
    /// keeps in `~/.config/runcomfy/token.json`. The API base is `RUNCOMFY_MODEL_API_BASE` if that is
    /// set.
    ///
    /// # Errors
    ///
    /// If there is no token, or the token or the API base cannot be used.
    ///
    /// ```no_run
    /// let client = runcomfy::Client::from_env()?;
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build()
    }

    /// Returns the default settings.
    ///
    /// ```
    /// let client = runcomfy::Client::builder()
    ///     .api_base("http://127.0.0.1:8787/v1") // a simulator
    ///     .token("any")
    ///     .build()?;
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Returns settings with the token and the API base of the environment, as
    /// [`Client::from_env`] reads them, for a program that overrides one of them.
    ///
    /// # Errors
    ///
    /// If `RUNCOMFY_MODEL_API_BASE` is not valid Unicode.
    ///
    /// ```no_run
    /// use runcomfy::ClientBuilder;
    ///
    /// let client = ClientBuilder::from_env()?.max_requests_per_second(20.0).build()?;
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        let api_base = variable(API_BASE_VARIABLE)?.map(Address);
        // A token that is set instead makes an error here irrelevant.
        let token = token_source::find(variable, token_source::config_folder()).transpose();
        Ok(Self { token, api_base, ..Self::default() })
    }

    /// Sets the token.
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// let client = Client::builder().token("my-secret-token").build()?;
    /// assert!(!format!("{client:?}").contains("my-secret"), "it is never shown");
    ///
    /// let error = Client::builder().token("my secret token").build().unwrap_err();
    /// assert_eq!(error.to_string(), "the token must not hold white space");
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Ok(Secret(token.into())));
        self
    }

    /// Sets the API base, including the version. Defaults to [`DEFAULT_API_BASE`].
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// let client =
    ///     Client::builder().api_base("http://127.0.0.1:8787/v1").token("any").build()?;
    ///
    /// // Plain HTTP is for this machine only, since it shows the token to the network.
    /// let far = Client::builder().api_base("http://api.example.com/v1").token("any");
    /// assert!(far.build().unwrap_err().to_string().contains("must begin with https://"));
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn api_base(mut self, base: impl Into<String>) -> Self {
        self.api_base = Some(Address(base.into()));
        self
    }

    /// Sets the timeout of [`Job::wait`](super::Job::wait). Defaults to 30 minutes.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use runcomfy::Client;
    /// use runcomfy::client::JobErrorReason;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # simulator.set_pace(runcomfy_doctest::ENDLESS);
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .wait_timeout(Duration::from_millis(100))
    ///     .build()?;
    /// let error = client.submit(&input).await?.wait().await.unwrap_err();
    /// assert!(matches!(error.reason, JobErrorReason::Deadline { .. }));
    /// # Ok(()) });
    /// ```
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = Some(timeout);
        self
    }

    /// Sets how often a job that is waited for is polled.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use runcomfy::Client;
    /// use runcomfy::client::Polling;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let polling = Polling::default()
    ///     .with_initial_interval(Duration::from_millis(50))
    ///     .with_max_interval(Duration::from_secs(1));
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .polling(polling)
    ///     .build()?;
    /// let completed = client.run(&input).await?;
    /// assert!(completed.output.video.is_some());
    /// # Ok(()) });
    /// ```
    pub fn polling(mut self, polling: Polling) -> Self {
        self.polling = polling;
        self
    }

    /// Sets how often a failed call is retried where that is safe.
    ///
    /// ```
    /// use runcomfy::Client;
    /// use runcomfy::client::{ApiErrorKind, CallError, Retry};
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # use runcomfy_doctest::simulator::{Call, Fault, Processed};
    /// # let fault = Fault::Error { status: 503, code: None, processed: Processed::No };
    /// # simulator.script(Call::Balance, [fault]);
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .retry(Retry::never())
    ///     .build()?;
    ///
    /// // The simulator answers HTTP 503 once.
    /// match client.balance().await {
    ///     Err(CallError::Api(error)) => assert_eq!(error.kind, ApiErrorKind::Server),
    ///     other => panic!("it was retried: {other:?}"),
    /// }
    /// assert!(client.balance().await.is_ok());
    /// # Ok(()) });
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the maximum number of jobs in flight that this client and its clones submitted. A
    /// submit waits until a job was seen to end, or its last [`Job`](super::Job) was dropped. Jobs
    /// that were resumed from an id do not count. Defaults to no limit.
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .max_jobs_in_flight(1)
    ///     .build()?;
    ///
    /// // The second submit waits until the first job has ended.
    /// let first = client.submit(&input).await?;
    /// let (completed, second) = tokio::join!(first.wait(), client.submit(&input));
    /// assert!(completed.is_ok() && second.is_ok());
    /// # Ok(()) });
    /// ```
    pub fn max_jobs_in_flight(mut self, count: usize) -> Self {
        self.max_jobs_in_flight = Some(count);
        self
    }

    /// Sets the maximum number of requests to the API that are started in a second, for this client
    /// and its clones together. They start at a steady rate; beyond 50 a second, those of 20 ms start
    /// together. Polls of jobs wait behind all other requests. Defaults to no limit.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use runcomfy::Client;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .max_requests_per_second(20.0)
    ///     .build()?;
    ///
    /// let start = Instant::now();
    /// for _ in 0..3 {
    ///     client.balance().await?;
    /// }
    /// assert!(start.elapsed() >= Duration::from_millis(90)); // two pauses of 50 ms
    /// # Ok(()) });
    /// ```
    pub fn max_requests_per_second(mut self, count: f64) -> Self {
        self.max_requests_per_second = Some(count);
        self
    }

    /// Sets the maximum number of concurrent requests to the API, for this client and its clones
    /// together. Defaults to 100. Over HTTP/1.1 each needs a connection, and submits have others than
    /// the rest; over HTTP/2 they share two.
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// let client = Client::builder().token("my-token").max_concurrent_requests(8).build()?;
    ///
    /// let none = Client::builder().token("my-token").max_concurrent_requests(0);
    /// let error = none.build().unwrap_err();
    /// assert_eq!(error.to_string(), "`max_concurrent_requests` must be more than zero");
    /// # Ok::<(), runcomfy::Error>(())
    /// ```
    pub fn max_concurrent_requests(mut self, count: usize) -> Self {
        self.max_concurrent_requests = Some(count);
        self
    }

    /// Sets how much is checked before an input is submitted. Defaults to [`Preflight::Warn`].
    ///
    /// ```
    /// use runcomfy::client::{Preflight, SubmitError};
    /// use runcomfy::{Client, Media, Model};
    /// use runcomfy_models::bytedance::seedance_2_5_image_to_video_480p as seedance;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .preflight(Preflight::Strict)
    ///     .build()?;
    ///
    /// // An image on a private network cannot be measured, which only `Strict` refuses.
    /// let image = Media::url("https://192.168.1.10/boat.png")?;
    /// let input = seedance::Input::new("the boat drifts away", image).validate()?;
    /// assert!(matches!(client.submit(&input).await, Err(SubmitError::Refused(_))));
    /// # Ok(()) });
    /// ```
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.preflight = preflight;
        self
    }

    /// Sets the limits of the work on media.
    ///
    /// ```
    /// use runcomfy::client::MediaLimits;
    /// use runcomfy::{Client, Media, Model};
    /// use runcomfy_models::bytedance::seedance_2_5_image_to_video_480p as seedance;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("boat.png");
    /// # std::fs::write(&path, [0; 2000]).unwrap();
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .media_limits(MediaLimits::default().with_max_file_bytes(1000))
    ///     .build()?;
    ///
    /// let input = seedance::Input::new("the boat drifts away", Media::file(path)).validate()?;
    /// let report = client.preflight(&input).await;
    /// assert!(report.violations[0].message.starts_with("must be at most 1000 bytes"));
    /// # Ok(()) });
    /// ```
    pub fn media_limits(mut self, limits: MediaLimits) -> Self {
        self.media_limits = limits;
        self
    }

    /// Lets preflight fetch media from this machine and private networks too, as tests and local
    /// work with a simulator need. Do not use it with URLs from strangers.
    ///
    /// ```
    /// use runcomfy::{Client, Media, Model};
    /// use runcomfy_models::bytedance::seedance_2_5_image_to_video_480p as seedance;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .allow_local_media()
    ///     .build()?;
    ///
    /// let image = Media::url(simulator.picture_url(640, 480))?;
    /// let input = seedance::Input::new("the boat drifts away", image).validate()?;
    /// assert!(client.preflight(&input).await.is_spotless());
    /// # Ok(()) });
    /// ```
    pub fn allow_local_media(mut self) -> Self {
        self.reach = AddressScope::Local;
        self
    }

    /// Sets the hosts that outputs are downloaded from: `example.com` for one host,
    /// `*.example.com` for all below it. Defaults to `*.runcomfy.net` and `*.runcomfy.com`. Only
    /// HTTPS is used. This machine is allowed only if the API is on it too.
    ///
    /// ```
    /// let builder = runcomfy::Client::builder()
    ///     .output_hosts(["*.runcomfy.net", "*.runcomfy.com", "cdn.example.com"]);
    /// ```
    pub fn output_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.output_hosts = Some(hosts.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the URL of the balance. The token is sent there too.
    ///
    /// Defaults to [`DEFAULT_BALANCE_URL`] if the API is RunComfy's own. Any other API is asked
    /// at its own origin, at `/prod/v2/balance`, to keep its token from RunComfy.
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .balance_url(simulator.balance_url())
    ///     .token("any")
    ///     .build()?;
    /// assert_eq!(client.balance().await?.balance_usd, Some(1_000_000.0));
    /// # Ok(()) });
    /// ```
    pub fn balance_url(mut self, url: impl Into<String>) -> Self {
        self.balance_url = Some(Address(url.into()));
        self
    }

    /// Sets a builder of the HTTP client, for proxies, certificates or a resolver. The settings
    /// that [the guarantees] need are applied on top: no redirects, no retries, no total timeout
    /// of a submit, no log of the connection, no compression, and no proxy in front of an API on
    /// this machine.
    ///
    /// It negotiates HTTP/2, over which all calls share one connection. If the network fails, that
    /// connection ends after 170 s, and calls may wait for that long. A client without this setting
    /// notices it sooner, since it has connections of their own for submits. `http1_only` in the
    /// builder is another way out.
    ///
    /// The builder sets up its own TLS. If the program has not installed a `CryptoProvider` of
    /// rustls by then, [`build`](Self::build) installs one for the process.
    ///
    /// Its default headers are sent to every host, also to those of outputs: leave the token out
    /// of them.
    ///
    /// [the guarantees]: https://docs.rs/runcomfy
    ///
    /// ```
    /// let proxy = runcomfy::reqwest::Proxy::all("http://proxy.example.com:3128").unwrap();
    /// let http = runcomfy::reqwest::Client::builder().proxy(proxy);
    /// let builder = runcomfy::Client::builder().http_client_builder(http);
    /// ```
    pub fn http_client_builder(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = HttpSource::Builder(Box::new(builder));
        self
    }

    /// Sets a finished HTTP client, for a program that shares one with other APIs.
    ///
    /// Nothing can be changed in it, so these are up to you: that it retries nothing, has no
    /// `read_timeout` and no `tcp_user_timeout` below two minutes (either ends a submit with an
    /// unknown outcome), uses no proxy that you do not trust with the token, and logs no
    /// connections. If it follows redirects, a submit that was redirected has an unknown outcome,
    /// any other call fails, and outputs may come from hosts that are not in
    /// [`output_hosts`](Self::output_hosts). Prefer
    /// [`http_client_builder`](Self::http_client_builder).
    ///
    /// ```
    /// use runcomfy::{Client, reqwest};
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let http = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .build()
    ///     .unwrap();
    /// let client = Client::builder()
    ///     .api_base(simulator.api_base())
    ///     .token("any")
    ///     .http_client(http.clone()) // `http` makes the program's other calls
    ///     .build()?;
    /// assert!(client.run(&input).await?.output.video.is_some());
    /// # Ok(()) });
    /// ```
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = HttpSource::Client(client);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// If there is no token, or a setting cannot be used.
    ///
    /// ```
    /// use runcomfy::Client;
    /// use runcomfy::client::ConfigError;
    ///
    /// assert!(matches!(Client::builder().build(), Err(ConfigError::NoToken)));
    /// ```
    pub fn build(self) -> Result<Client, ConfigError> {
        let token = Token::new(&self.token.ok_or(ConfigError::NoToken)??)?;
        let base = match &self.api_base {
            Some(Address(base)) => parse_api_base(base)?,
            None => parse_api_base(DEFAULT_API_BASE)?,
        };
        let balance = match &self.balance_url {
            Some(Address(url)) => parse_address("balance URL", url)?,
            None => default_balance_url(&base)?,
        };
        let outputs = Hosts::new(self.output_hosts.as_deref(), &base)?;
        let max_requests =
            self.max_concurrent_requests.unwrap_or(throttle::DEFAULT_MAX_CONCURRENT_REQUESTS);
        let throttle =
            Throttle::new(max_requests, self.max_requests_per_second, self.max_jobs_in_flight)
                .map_err(ConfigError::Limit)?;
        let is_local = is_loopback(&base) || is_loopback(&balance);
        let tls = Tls::default();
        let pool = PoolSettings { max_requests, is_local, has_tls: base.scheme() == "https" };
        let (http, submits) = self.http.connect(&tls, pool)?;
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                submits,
                media: Checker::new(self.media_limits, self.reach, &base, tls),
                token,
                base,
                balance,
                outputs,
                preflight: self.preflight,
                polling: self.polling,
                durations: Durations::default(),
                retry: self.retry,
                wait_timeout: self.wait_timeout.unwrap_or(polling::DEFAULT_WAIT_TIMEOUT),
                throttle,
            }),
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(hidden)")
    }
}

/// Reads an environment variable. A blank one counts as unset.
fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::Variable(name)),
    }
}

/// Parses a URL that the token is sent to. Plain HTTP is refused except on this machine.
fn parse_address(what: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|reason| ConfigError::Address {
        what,
        reason: format!("must be an absolute URL that begins with https:// ({reason})"),
    })?;
    let reason = match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            "must not hold a user name or password; pass the token separately".to_owned()
        }
        "https" | "http" if url.query().is_some() || url.fragment().is_some() => {
            "must not hold a `?` or `#`".to_owned()
        }
        "https" => return Ok(url),
        "http" if is_loopback(&url) => return Ok(url),
        "http" => format!(
            "must begin with https://: plain http to `{}` would show the token to the network",
            url.host_str().unwrap_or_default()
        ),
        _ => "must begin with https://".to_owned(),
    };
    Err(ConfigError::Address { what, reason })
}

/// Parses an API base, which ends with the version: without it, every call would be a 404.
fn parse_api_base(text: &str) -> Result<Url, ConfigError> {
    const WHAT: &str = "API base";
    let mut url = parse_address(WHAT, text)?;
    let path = url.path().trim_end_matches('/').to_owned();
    let version = path.rsplit('/').next().and_then(|segment| segment.strip_prefix('v'));
    if !version.is_some_and(|v| !v.is_empty() && v.bytes().all(|byte| byte.is_ascii_digit())) {
        let reason = "must end with the version, such as `/v1`".to_owned();
        return Err(ConfigError::Address { what: WHAT, reason });
    }
    url.set_path(&path);
    Ok(url)
}

/// Returns the balance URL of an API. RunComfy's own is on another host than its API; the token
/// of any other API must not go there.
fn default_balance_url(base: &Url) -> Result<Url, ConfigError> {
    let official = parse_address("balance URL", DEFAULT_BALANCE_URL)?;
    if parse_address("API base", DEFAULT_API_BASE)?.origin() == base.origin() {
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
    fn plain_http_is_allowed_on_loopback_only() {
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
            assert!(client(base).is_err(), "{base} is accepted");
        }
    }

    #[test]
    fn a_refused_api_base_is_not_printed() {
        let cases = [
            ("https://u:hush@example.com:port/v1", "must be an absolute URL"),
            ("//u:hush@example.com/v1", "must be an absolute URL"),
            ("u:hush@example.com/v1", "must begin with https://"),
            ("https://u:hush@example.com/v1", "must not hold a user name"),
            ("http://example.com/v1", "plain http to `example.com`"),
            ("https://example.com/v1?key=hush", "must not hold a `?`"),
        ];
        for (base, words) in cases {
            let error = client(base).expect_err("it is refused").to_string();
            assert!(error.contains(words) && !error.contains("hush"), "{base}: {error}");
        }
    }

    #[test]
    fn model_id_segments_are_percent_encoded() {
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
    fn the_balance_is_requested_from_the_apis_origin() {
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

    /// Field cases F24 and L8.
    #[test]
    fn an_api_base_has_its_version() {
        for base in
            ["https://example.com/v1//", "https://example.com/v1/", "https://example.com/v1"]
        {
            let client = client(base).expect("it is valid");
            assert_eq!(client.url(["models"]).as_str(), "https://example.com/v1/models");
        }
        for base in
            ["https://example.com", "https://example.com/api", "https://example.com/v1/models"]
        {
            let error = client(base).expect_err("it is refused").to_string();
            assert!(error.contains("/v1"), "{base}: {error}");
        }
    }

    #[test]
    fn a_handed_in_builder_needs_no_installed_cryptography() {
        let builder = reqwest::Client::builder().timeout(Duration::from_secs(1));
        let settings = Client::builder().token("hush-hush").http_client_builder(builder);
        assert!(settings.build().is_ok());
    }

    #[test]
    fn the_defaults_are_those_of_the_docs() {
        let client = client("https://example.com/v1").expect("it is valid");
        assert_eq!(client.inner.wait_timeout, Duration::from_secs(30 * 60));
        let polling = client.inner.polling;
        assert_eq!(polling.max_consecutive_failures, 5);
        assert_eq!(polling.initial_interval, Duration::from_millis(500));
        assert_eq!((polling.multiplier, polling.jitter), (1.09, 0.2));
        assert_eq!(polling.max_interval, Duration::from_secs(5));
        assert!(
            polling.is_adaptive && !polling.with_max_interval(polling.max_interval).is_adaptive
        );
        assert_eq!(client.inner.throttle.free_requests(), 100);
        let retry = client.inner.retry;
        assert_eq!((retry.max_retries, retry.initial_delay.as_millis()), (3, 500));
        assert_eq!(retry.max_retry_after, Duration::from_secs(60));
        assert_eq!(client.inner.preflight, Preflight::Warn);
    }
}
