//! The client for programs without a runtime: the calls of [`client`], which block the thread
//! until the response arrives.
//!
//! It starts a runtime on another thread. It works inside asynchronous code too, where it blocks
//! the worker that calls it.
//!
//! ```no_run
//! use runcomfy::{Model, Valid, blocking::Client};
//!
//! # fn example<M: Model>(input: Valid<M>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let completed = client.run(&input).on_submitted(|job| println!("request {}", job.id())).wait()?;
//! println!("cost {:?}", completed.cost);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::client::{
    self, Balance, CallError, CancelOutcome, Catalog, CatalogEntry, CatalogPage, CatalogQuery,
    ClientBuilder, CompletedJob, ConfigError, DownloadError, DownloadOptions, DownloadedFile,
    Estimate, JobError, JobStatus, Operation, PreflightReport, Prepared, Raw, RequestId, RunError,
    StatusStream, SubmitError,
};
use crate::input::{Model, Validated};

/// A client whose calls block. Clones share the runtime, connections and settings.
#[derive(Debug, Clone)]
pub struct Client {
    client: client::Client,
    runtime: Arc<Background>,
}

/// A blocking client of any model, by its id. Created by [`Client::raw`].
#[derive(Debug, Clone)]
pub struct RawClient {
    client: Client,
}

/// One submitted request of model `M`, whose calls block.
#[must_use = "a job continues at RunComfy, and is paid for: keep its id"]
pub struct Job<M> {
    job: client::Job<M>,
    runtime: Arc<Background>,
}

/// Defines methods that block on the method of the same name of the asynchronous type.
macro_rules! blocking {
    ($inner:ident: $type:literal {
        $($name:ident($($argument:ident: $argument_type:ty),*) -> $output:ty;)*
    }) => {$(
        #[doc = concat!("Blocking form of [`", $type, "::", stringify!($name), "`](client::", $type, "::", stringify!($name), ").")]
        ///
        /// # Errors
        ///
        /// The errors of that method.
        pub fn $name(&self, $($argument: $argument_type),*) -> $output {
            self.runtime.block_on(self.$inner.$name($($argument),*))
        }
    )*};
}

impl ClientBuilder {
    /// Builds a [`blocking::Client`](Client).
    ///
    /// # Errors
    ///
    /// If there is no token, a setting cannot be used, or the system gives no thread.
    ///
    /// ```
    /// use runcomfy::Client;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// let client =
    ///     Client::builder().api_base(simulator.api_base()).token("any").build_blocking()?;
    /// let job = client.submit(&input)?;
    /// assert!(job.wait()?.output.video.is_some());
    /// # Ok(()) });
    /// ```
    pub fn build_blocking(self) -> Result<Client, ConfigError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("runcomfy")
            .enable_all()
            .build()
            .map_err(ConfigError::Runtime)?;
        let handle = runtime.handle().clone();
        let runtime = Arc::new(Background { handle, runtime: Some(runtime) });
        Ok(Client { client: self.build()?, runtime })
    }
}

impl Client {
    /// Creates a client with the settings of the environment, as
    /// [`Client::from_env`](client::Client::from_env) reads them.
    ///
    /// # Errors
    ///
    /// If there is no token, or a setting cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build_blocking()
    }

    /// Returns the default settings. Finish them with [`ClientBuilder::build_blocking`].
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Blocking form of [`Client::submit`](client::Client::submit).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn submit<V: Validated>(&self, input: &V) -> Result<Job<V::Model>, SubmitError> {
        Ok(self.wrap(self.runtime.block_on(self.client.submit(input))?))
    }

    /// Blocking form of [`Client::submit_prepared`](client::Client::submit_prepared).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn submit_prepared<M: Operation>(
        &self,
        prepared: &Prepared<M>,
    ) -> Result<Job<M>, SubmitError> {
        Ok(self.wrap(self.runtime.block_on(self.client.submit_prepared(prepared))?))
    }

    /// Submits an input and waits for its job once [`Run::wait`] is called.
    pub fn run<'a, V: Validated>(&'a self, input: &'a V) -> Run<'a, V::Model> {
        Run::new(|| self.submit(input))
    }

    /// Resumes a job from its id, in this process or another.
    pub fn job<M: Model>(&self, id: RequestId) -> Job<M> {
        self.wrap(self.client.job(id))
    }

    /// Blocking form of [`Client::download`](client::Client::download).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn download<O: Sync>(
        &self,
        completed: &CompletedJob<O>,
        to: &DownloadOptions,
    ) -> Result<Vec<DownloadedFile>, DownloadError> {
        self.runtime.block_on(self.client.download(completed, to))
    }

    /// Blocking form of [`Client::preflight`](client::Client::preflight).
    pub fn preflight<V: Validated>(&self, input: &V) -> PreflightReport {
        self.runtime.block_on(self.client.preflight(input))
    }

    /// Blocking form of [`Client::prepare`](client::Client::prepare).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn prepare<V: Validated>(
        &self,
        input: &V,
    ) -> Result<Prepared<V::Model>, Box<PreflightReport>> {
        self.runtime.block_on(self.client.prepare(input))
    }

    /// Blocking form of [`Client::estimate`](client::Client::estimate).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn estimate<V: Validated>(&self, input: &V) -> Result<Option<Estimate>, CallError> {
        self.runtime.block_on(self.client.estimate(input))
    }

    blocking! { client: "Client" {
        catalog(query: &CatalogQuery) -> Result<Catalog, CallError>;
        catalog_page(offset: usize, limit: usize) -> Result<CatalogPage, CallError>;
        model(model: &str) -> Result<CatalogEntry, CallError>;
        categories() -> Result<Vec<String>, CallError>;
        balance() -> Result<Balance, CallError>;
    }}

    /// Returns a client for models that are known by their id only: see
    /// [`Client::raw`](client::Client::raw).
    pub fn raw(&self) -> RawClient {
        RawClient { client: self.clone() }
    }

    fn wrap<M: Operation>(&self, job: client::Job<M>) -> Job<M> {
        Job { job, runtime: self.runtime.clone() }
    }
}

impl RawClient {
    /// Blocking form of [`RawClient::submit`](client::RawClient::submit).
    ///
    /// # Errors
    ///
    /// The errors of that method.
    pub fn submit(&self, model: &str, input: &Value) -> Result<Job<Raw>, SubmitError> {
        let Client { client, runtime } = &self.client;
        Ok(self.client.wrap(runtime.block_on(client.raw().submit(model, input))?))
    }

    /// Submits JSON to a model and waits for its output once [`Run::wait`] is called.
    pub fn run<'a>(&'a self, model: &'a str, input: &'a Value) -> Run<'a, Raw> {
        Run::new(|| self.submit(model, input))
    }

    /// Resumes a job from its id, without its type.
    pub fn job(&self, id: RequestId) -> Job<Raw> {
        self.client.wrap(self.client.client.raw().job(id))
    }
}

impl<M: Operation> Job<M> {
    /// Returns the request's id. Keep it to resume the job with [`Client::job`].
    pub fn id(&self) -> &RequestId {
        self.job.id()
    }

    blocking! { job: "Job" {
        wait() -> Result<CompletedJob<M::Output>, JobError>;
        wait_for(timeout: Duration) -> Result<CompletedJob<M::Output>, JobError>;
    }}

    /// Returns an iterator over the statuses that [`Job::wait`] polls. Each call of `next` blocks.
    /// The iterator ends after the status of a finished job, or after an error.
    pub fn updates(&self) -> StatusIter<'_, M> {
        StatusIter { stream: self.job.updates(), runtime: &self.runtime, has_failed: false }
    }

    blocking! { job: "Job" {
        status() -> Result<JobStatus, JobError>;
        result() -> Result<Option<CompletedJob<M::Output>>, JobError>;
        cost() -> Result<Option<f64>, JobError>;
        cost_within(time: Duration) -> Result<Option<f64>, JobError>;
        cancel() -> Result<CancelOutcome, JobError>;
    }}

    /// Returns the job with a guard that cancels it if this is dropped before the job was seen to
    /// end. The drop blocks until RunComfy has answered.
    pub fn cancel_on_drop(self) -> CancelOnDrop<M> {
        CancelOnDrop { job: self, is_kept: false }
    }

    /// Same as [`Job::preflight_report`](client::Job::preflight_report).
    pub fn preflight_report(&self) -> Option<&PreflightReport> {
        self.job.preflight_report()
    }
}

impl<M> Clone for Job<M> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), runtime: self.runtime.clone() }
    }
}

impl<M: Operation> fmt::Debug for Job<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}

/// Submits an input and waits for its job. Created by [`Client::run`] and [`RawClient::run`].
#[must_use = "a run does nothing until `wait` is called"]
pub struct Run<'a, M: Operation> {
    submit: Box<dyn FnOnce() -> Result<Job<M>, SubmitError> + 'a>,
    on_submitted: Option<OnSubmitted<'a, M>>,
    cancel_on_drop: bool,
}

type OnSubmitted<'a, M> = Box<dyn FnOnce(&Job<M>) + 'a>;

impl<'a, M: Operation> Run<'a, M> {
    fn new(submit: impl FnOnce() -> Result<Job<M>, SubmitError> + 'a) -> Self {
        Self { submit: Box::new(submit), on_submitted: None, cancel_on_drop: false }
    }

    /// Sets a function that is called with the job once it is accepted, before any waiting: the
    /// place to store its id.
    pub fn on_submitted(mut self, call: impl FnOnce(&Job<M>) + 'a) -> Self {
        self.on_submitted = Some(Box::new(call));
        self
    }

    /// Cancels the job if waiting fails: see [`Job::cancel_on_drop`].
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }

    /// Submits the input, and waits for its job.
    ///
    /// # Errors
    ///
    /// The errors of [`Client::submit`] and [`Job::wait`].
    pub fn wait(self) -> Result<CompletedJob<M::Output>, RunError> {
        let job = (self.submit)()?;
        if let Some(call) = self.on_submitted {
            call(&job);
        }
        Ok(if self.cancel_on_drop { job.cancel_on_drop().wait()? } else { job.wait()? })
    }
}

impl<M: Operation> fmt::Debug for Run<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("cancel_on_drop", &self.cancel_on_drop).finish_non_exhaustive()
    }
}

/// The statuses of a job until it is finished. Created by [`Job::updates`].
#[must_use = "a job is polled only when the next status is asked for"]
pub struct StatusIter<'a, M> {
    stream: StatusStream<'a, M>,
    runtime: &'a Background,
    has_failed: bool,
}

impl<M: Operation> Iterator for StatusIter<'_, M> {
    type Item = Result<JobStatus, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let next = self.runtime.block_on(self.stream.next());
        self.has_failed = next.is_err();
        next.transpose()
    }
}

impl<M: Operation> fmt::Debug for StatusIter<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusIter").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// A job that is cancelled if this is dropped before the job was seen to end. Created by
/// [`Job::cancel_on_drop`].
#[must_use = "dropping this cancels the job"]
#[derive(Debug)]
pub struct CancelOnDrop<M: Operation> {
    job: Job<M>,
    is_kept: bool,
}

impl<M: Operation> CancelOnDrop<M> {
    /// Returns the job, which is no longer cancelled on drop.
    pub fn keep(mut self) -> Job<M> {
        self.is_kept = true;
        self.job.clone()
    }
}

impl<M: Operation> Deref for CancelOnDrop<M> {
    type Target = Job<M>;

    fn deref(&self) -> &Job<M> {
        &self.job
    }
}

impl<M: Operation> Drop for CancelOnDrop<M> {
    fn drop(&mut self) {
        if !self.is_kept && !self.job.job.has_ended() {
            self.job.runtime.block_on(self.job.job.cancel_and_log());
        }
    }
}

/// A runtime on another thread.
#[derive(Debug)]
struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    /// Runs a call, and blocks this thread until it ends. The call runs on this thread, so its
    /// callbacks may make further calls. A thread inside a runtime must not run another runtime; a
    /// second thread runs the call there.
    fn block_on<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        if Handle::try_current().is_err() {
            return self.handle.block_on(call);
        }
        let ended = std::thread::scope(|scope| scope.spawn(|| self.handle.block_on(call)).join());
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl Drop for Background {
    /// Dropping a runtime inside asynchronous code panics, so this one ends in the background.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
