//! The client for programs without a runtime: the same calls, each of which blocks the thread
//! until it has its answer. It brings a thread and a runtime of its own, and can be used from
//! asynchronous code too, where it blocks the worker that calls it.
//!
//! ```no_run
//! use runcomfy::{Model, Valid, blocking::Client};
//!
//! # fn example<M: Model>(input: Valid<M>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let job = client.submit(&input)?;
//! println!("request {}", job.id());
//! let success = job.wait()?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::client::{
    self, Balance, CallError, CancelOutcome, Catalog, CatalogEntry, CatalogQuery, ClientBuilder,
    CompletedJob, ConfigError, DownloadError, DownloadOptions, DownloadedFile, JobError, JobStatus,
    Operation, Raw, RequestId, RunError, SubmitError,
};
use crate::input::{Model, Payload, Valid};

/// A client whose calls block. Clones share the runtime, connections and settings.
#[derive(Debug, Clone)]
pub struct Client {
    client: client::Client,
    runtime: Arc<Background>,
}

/// One submitted request of model `M`, whose calls block.
#[must_use = "a job goes on at RunComfy, and is paid for: keep its id"]
pub struct Job<M: Operation> {
    job: client::Job<M>,
    runtime: Arc<Background>,
}

/// A runtime on a thread of its own.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Client {
    /// A client with the settings of the environment, as
    /// [`Client::from_env`](client::Client::from_env) takes them.
    ///
    /// # Errors
    ///
    /// When there is no token, or a setting cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::build(ClientBuilder::from_env()?)
    }

    /// A client with these settings.
    ///
    /// # Errors
    ///
    /// When there is no token, a setting cannot be used, or the system gives no thread.
    pub fn build(builder: ClientBuilder) -> Result<Self, ConfigError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("runcomfy")
            .enable_all()
            .build()
            .map_err(ConfigError::Runtime)?;
        let runtime = Arc::new(Background(Some(runtime)));
        Ok(Self { client: builder.build()?, runtime })
    }

    /// See [`Client::submit`](client::Client::submit).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn submit<P: Payload>(&self, input: &Valid<P>) -> Result<Job<P::Model>, SubmitError> {
        let (client, input) = (self.client.clone(), input.clone());
        let job = self.runtime.run(async move { client.submit(&input).await })?;
        Ok(self.of(job))
    }

    /// Submits an input, hands over its job, and waits for it.
    ///
    /// # Errors
    ///
    /// As for [`Client::submit`] and [`Job::wait`].
    pub fn run<P: Payload>(
        &self,
        input: &Valid<P>,
        taken: impl FnOnce(&Job<P::Model>),
    ) -> Result<CompletedJob<<P::Model as Model>::Output>, RunError> {
        let job = self.submit(input)?;
        taken(&job);
        Ok(job.wait()?)
    }

    /// See [`Client::job`](client::Client::job).
    pub fn job<M: Model>(&self, id: RequestId) -> Job<M> {
        self.of(self.client.job(id))
    }

    /// See [`RawClient::submit`](client::RawClient::submit).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn submit_raw(&self, model: &str, input: &Value) -> Result<Job<Raw>, SubmitError> {
        let (client, model, input) = (self.client.raw(), model.to_owned(), input.clone());
        let job = self.runtime.run(async move { client.submit(&model, &input).await })?;
        Ok(self.of(job))
    }

    /// See [`RawClient::job`](client::RawClient::job).
    pub fn raw_job(&self, id: RequestId) -> Job<Raw> {
        self.of(self.client.raw().job(id))
    }

    /// See [`Client::download`](client::Client::download).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn download<O: Clone + Send + Sync + 'static>(
        &self,
        success: &CompletedJob<O>,
        to: &DownloadOptions,
    ) -> Result<Vec<DownloadedFile>, DownloadError> {
        let (client, success, to) = (self.client.clone(), success.clone(), to.clone());
        self.runtime.run(async move { client.download(&success, &to).await })
    }

    /// See [`Client::catalog`](client::Client::catalog).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn catalog(&self, query: &CatalogQuery) -> Result<Catalog, CallError> {
        let (client, query) = (self.client.clone(), query.clone());
        self.runtime.run(async move { client.catalog(&query).await })
    }

    /// See [`Client::model`](client::Client::model).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn model(&self, model: &str) -> Result<CatalogEntry, CallError> {
        let (client, model) = (self.client.clone(), model.to_owned());
        self.runtime.run(async move { client.model(&model).await })
    }

    /// See [`Client::balance`](client::Client::balance).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn balance(&self) -> Result<Balance, CallError> {
        let client = self.client.clone();
        self.runtime.run(async move { client.balance().await })
    }

    fn of<M: Operation>(&self, job: client::Job<M>) -> Job<M> {
        Job { job, runtime: self.runtime.clone() }
    }
}

impl<M: Operation> Job<M> {
    /// The request's id. Keep it to take the job up again with [`Client::job`].
    pub fn id(&self) -> &RequestId {
        self.job.id()
    }

    /// See [`Job::status`](client::Job::status).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn status(&self) -> Result<JobStatus, JobError> {
        self.run(|job| async move { job.status().await })
    }

    /// See [`Job::result`](client::Job::result).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn result(&self) -> Result<Option<CompletedJob<M::Output>>, JobError> {
        self.run(|job| async move { job.result().await })
    }

    /// See [`Job::cost`](client::Job::cost).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn cost(&self) -> Result<Option<f64>, JobError> {
        self.run(|job| async move { job.cost().await })
    }

    /// See [`Job::cancel`](client::Job::cancel).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn cancel(&self) -> Result<CancelOutcome, JobError> {
        self.run(|job| async move { job.cancel().await })
    }

    /// See [`Job::wait`](client::Job::wait).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn wait(&self) -> Result<CompletedJob<M::Output>, JobError> {
        self.run(|job| async move { job.wait().await })
    }

    /// See [`Job::wait_for`](client::Job::wait_for).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn wait_for(&self, deadline: Duration) -> Result<CompletedJob<M::Output>, JobError> {
        self.run(|job| async move { job.wait_for(deadline).await })
    }

    fn run<T, F>(&self, call: impl FnOnce(client::Job<M>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.run(call(self.job.clone()))
    }
}

impl Background {
    /// Runs a call there, and blocks this thread until it ends.
    fn run<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> T {
        let (send, answer) = sync_channel(1);
        if let Some(runtime) = &self.0 {
            runtime.spawn(async move { send.send(call.await) });
        }
        // Only a call that panics sends nothing, and its panic goes on here.
        answer.recv().unwrap_or_else(|_| resume_unwind(Box::new("a call to RunComfy panicked")))
    }
}

impl Drop for Background {
    /// A runtime that is dropped in asynchronous code would panic; this one is left to end.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl<M: Operation> Clone for Job<M> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), runtime: self.runtime.clone() }
    }
}

impl<M: Operation> fmt::Debug for Job<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}
