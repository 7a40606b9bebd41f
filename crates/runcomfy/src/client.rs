//! The client: submit an input, follow its job, read its result.

mod catalog;
mod error;
mod job;
mod polling;
mod preflight;
mod reply;
mod request_id;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, redirect, retry};
use url::{Host, Url};

pub use catalog::{CatalogError, CatalogPage};
pub use error::{
    ApiError, ApiErrorKind, ConfigError, JobError, JobErrorReason, RunError, SubmitError,
};
pub use job::{CancelOutcome, Job, Status, Success, Update, Updates};
pub use polling::Polling;
pub use preflight::{Advice, Cost, MediaLimits, Preflight, Prepared, Report, Unchecked, Warning};
use preflight::{Checker, Reach};
pub use request_id::{RequestId, RequestIdError};
use token::{Secret, Token};

use crate::model::{Model, Payload};
use crate::valid::Valid;

/// Where RunComfy's API is. The version is part of it.
pub const DEFAULT_API_BASE: &str = "https://model-api.runcomfy.net/v1";
/// The environment variable that holds the token.
pub const TOKEN_VARIABLE: &str = "RUNCOMFY_TOKEN";
/// The environment variable that points a program at another API base, such as a
/// simulator's. It has the version in it.
pub const API_BASE_VARIABLE: &str = "RUNCOMFY_MODEL_API_BASE";

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call that only reads may take. A submit has no such limit: cutting it
/// off would leave its outcome unknown.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may be idle and still be used. A stale one would make the
/// outcome of a submit unknown.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A client of RunComfy's queue API. Clones share connections and settings.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    /// For media hosts: no token, and by default only public addresses.
    media: Checker,
    preflight: Preflight,
    token: Token,
    base: Url,
    polling: Polling,
    deadline: Duration,
}

/// Settings of a [`Client`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    token: Option<Secret>,
    base: Option<String>,
    polling: Polling,
    deadline: Option<Duration>,
    preflight: Preflight,
    media_limits: MediaLimits,
    reach: Reach,
}

impl Client {
    /// A client with the token in `RUNCOMFY_TOKEN`, and the API base in
    /// `RUNCOMFY_MODEL_API_BASE` where that is set.
    ///
    /// # Errors
    ///
    /// When there is no token, or one of the two cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build()
    }

    /// Settings to begin from.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Submits an input and hands over its job, whose id is known before any
    /// waiting. This costs money, and is never repeated by itself.
    ///
    /// First its media is checked, as [`ClientBuilder::preflight`] says, and local files are
    /// read. This is [`Client::prepare`] and then [`Client::submit_prepared`].
    ///
    /// Dropping the future, as a timeout around it does, leaves the outcome unknown
    /// with no error to read: the request may have left, and be taken and paid for.
    /// So this has no timeout of its own past connecting: a client that stops listening
    /// stops no job, and loses its id. Where there has to be a limit, spawn this as a
    /// task and put the limit around waiting for the task.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] tells apart what was certainly not taken and what may have
    /// been.
    pub async fn submit<P: Payload>(&self, input: &Valid<P>) -> Result<Job<P::Model>, SubmitError> {
        let prepared = self.prepare(input).await.map_err(SubmitError::Refused)?;
        self.submit_prepared(&prepared).await
    }

    /// Submits what was prepared: the same bytes.
    ///
    /// # Errors
    ///
    /// As for [`Client::submit`], but for [`SubmitError::Refused`].
    pub async fn submit_prepared<M: Model>(
        &self,
        prepared: &Prepared<M>,
    ) -> Result<Job<M>, SubmitError> {
        let url = self.url(["models"].into_iter().chain(M::ID.split('/')));
        let request = self.request(Method::POST, url);
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json");
        match request.body(prepared.shared_body()).send().await {
            Ok(response) => {
                let reply = reply::read(response).await;
                Ok(self.job(reply::submitted(reply, M::ID)?))
            }
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(SubmitError::NotSent(error))
            }
            Err(error) => Err(SubmitError::OutcomeUnknown {
                model: M::ID.to_owned(),
                reason: "the connection broke before an answer came".to_owned(),
                body: None,
                id: None,
                source: Some(error),
            }),
        }
    }

    /// Submits an input and waits for its result: [`Client::submit`], then [`Job::wait`].
    ///
    /// # Errors
    ///
    /// Those of the two. An error of the wait has the request's id, from which the job can
    /// be taken up again; but a program that is ended meanwhile has none, so one that must
    /// not lose a paid job calls the two itself and keeps the id in between.
    pub async fn run<P: Payload>(
        &self,
        input: &Valid<P>,
    ) -> Result<Success<<P::Model as Model>::Output>, RunError> {
        Ok(self.submit(input).await?.wait().await?)
    }

    /// Makes the body of a request: local files are read, and media is checked, as
    /// [`ClientBuilder::preflight`] says. Nothing is submitted.
    ///
    /// # Errors
    ///
    /// The report, where there is something in it that is reason enough to refuse.
    pub async fn prepare<P: Payload>(
        &self,
        input: &Valid<P>,
    ) -> Result<Prepared<P::Model>, Box<Report>> {
        let preflight = self.inner.preflight;
        self.inner.media.prepare(&**input, preflight).await.unless_refused(preflight)
    }

    /// Takes up a job again from its id, in this process or another.
    pub fn job<M: Model>(&self, id: RequestId) -> Job<M> {
        Job::new(self.clone(), id)
    }

    /// Checks the media of an input, as [`Preflight::Warn`] does and whatever the client is
    /// set to, and reports all that is found. Nothing is submitted.
    ///
    /// Media at an address is measured from this machine. Only public addresses are asked,
    /// also behind names and redirects, so that input from strangers reaches nothing of this
    /// machine's own networks ([`ClientBuilder::allow_local_media`] changes that). A local
    /// file is read, so do not make [`Media::file`](crate::Media::file) of a stranger's path;
    /// a string in [`Json`](crate::Json) never becomes one.
    pub async fn preflight<P: Payload>(&self, input: &Valid<P>) -> Report {
        self.inner.media.prepare(&**input, Preflight::Warn).await.into_report()
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner
            .http
            .request(method, url)
            .header(reqwest::header::AUTHORIZATION, self.inner.token.header())
    }

    /// The API base with these path segments, each percent-encoded.
    fn url<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.inner.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl ClientBuilder {
    /// Settings with the token and the API base of the environment, as
    /// [`Client::from_env`] takes them, for a program that overrides one of them.
    ///
    /// # Errors
    ///
    /// When a variable is not text.
    pub fn from_env() -> Result<Self, ConfigError> {
        let token = variable(TOKEN_VARIABLE)?.map(Secret);
        Ok(Self { token, base: variable(API_BASE_VARIABLE)?, ..Self::default() })
    }

    /// The token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Secret(token.into()));
        self
    }

    /// The API base, with the version in it. [`DEFAULT_API_BASE`] unless told
    /// otherwise.
    pub fn api_base(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into());
        self
    }

    /// How often a job that is waited for is asked for its status.
    pub fn polling(mut self, polling: Polling) -> Self {
        self.polling = polling;
        self
    }

    /// How long [`Job::wait`] waits: 30 minutes unless told otherwise.
    pub fn deadline(mut self, deadline: Duration) -> Self {
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
        self.reach = Reach::Local;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// When there is no token, or a setting cannot be used.
    pub fn build(self) -> Result<Client, ConfigError> {
        let token = Token::new(&self.token.ok_or(ConfigError::NoToken)?)?;
        let base = api_base(self.base.as_deref().unwrap_or(DEFAULT_API_BASE))?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("runcomfy-rs/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT);
        // A proxy would read the token of plain HTTP, and reaches another machine's loopback.
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        // A redirect would carry the token away, or repeat a paid POST; and so would the
        // retries that the HTTP library has for a protocol that another crate switches on.
        let http = builder.redirect(redirect::Policy::none()).retry(retry::never()).build();
        let media = Checker::new(self.media_limits, self.reach);
        Ok(Client {
            inner: Arc::new(Inner {
                http: http.map_err(ConfigError::Http)?,
                media: media.map_err(ConfigError::Http)?,
                token,
                base,
                preflight: self.preflight,
                polling: self.polling,
                deadline: self.deadline.unwrap_or(polling::DEFAULT_DEADLINE),
            }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api_base", &self.inner.base.as_str())
            .field("token", &self.inner.token)
            .finish_non_exhaustive()
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

/// Reads an API base. The token goes there, so plain HTTP is refused anywhere but
/// on this machine.
fn api_base(text: &str) -> Result<Url, ConfigError> {
    let refuse = |reason| ConfigError::ApiBase { reason };
    let url = Url::parse(text).map_err(|reason| {
        refuse(format!("it is no absolute URL that begins with https:// ({reason})"))
    })?;
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(ConfigError::ApiBaseWithPassword)
        }
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refuse(format!(
            "plain http to `{}` would show the token to the network; use https://",
            url.host_str().unwrap_or_default()
        ))),
        _ => Err(refuse("it must begin with https://".to_owned())),
    }
}

/// Whether an address is on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
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
            ("http://example.com/v1?key=hush", "plain http to `example.com`"),
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
    fn the_token_is_in_no_debug_output() {
        let client = client("https://example.com/v1").expect("the base is right");
        let builder = Client::builder().token("hush-hush");
        for shown in [format!("{client:?}"), format!("{builder:#?}")] {
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
