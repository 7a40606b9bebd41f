//! Every error of the ledger, and what to do about it.

use std::io;
use std::path::PathBuf;

use runcomfy::RequestId;
use runcomfy::ToJsonError;
use runcomfy::client::{DownloadError, JobError, SubmitError};

use crate::id::JobId;
use crate::intent::InputFileError;
use crate::job::Job;
use crate::limits::LimitName;
use crate::state::State;
use crate::usd::Usd;

/// An error of the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder for the ledger is known.
    #[error("there is no home folder to keep the ledger in; give its path")]
    NoHome,
    /// The ledger is on a network file system, on which locks and syncs are not to be relied on.
    #[error(
        "{} is on a network file system ({name}), where SQLite can lose what was paid for; keep the ledger on a local disk",
        .path.display()
    )]
    NetworkFileSystem {
        /// The folder.
        path: PathBuf,
        /// The name of the file system.
        name: String,
    },
    /// The folder or a file of the ledger cannot be used.
    #[error("{} cannot be used: {source}", .path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A newer version of this library wrote the ledger.
    #[error(
        "{ledger} was written by a newer version (schema {found}, this one knows {known}); update this program"
    )]
    NewerVersion {
        /// The ledger.
        ledger: String,
        /// Version of its schema.
        found: i64,
        /// Newest version that this library knows.
        known: i64,
    },
    /// The file or the schema belongs to another program.
    #[error("{0} is a database of another program; give another path or schema")]
    NotALedger(String),
    /// The address of a PostgreSQL server cannot be read. The reason does not repeat it, since it
    /// may have a password.
    #[error("the address of the ledger is wrong: {0}; write postgres://user@host:port/database")]
    Address(String),
    /// The PostgreSQL server cannot keep a ledger.
    #[error("{ledger} cannot be used: {reason}")]
    Unsuitable {
        /// The ledger.
        ledger: String,
        /// The reason, and what to do.
        reason: String,
    },
    /// The file is damaged, or is not a database.
    #[error(
        "{ledger} is damaged ({reason}); nothing was changed. Copy it and its -wal file away, and try `sqlite3 {ledger} .recover | sqlite3 new.db`; RunComfy's own list of requests has what was paid for"
    )]
    Damaged {
        /// The ledger.
        ledger: String,
        /// SQLite's words.
        reason: String,
    },
    /// The disk is full.
    #[error("{ledger}: the disk is full, so nothing was written; make room and try again")]
    Full {
        /// The ledger.
        ledger: String,
    },
    /// Another process held the ledger for too long.
    #[error("{ledger}: another process holds the ledger for too long; try again")]
    Busy {
        /// The ledger.
        ledger: String,
    },
    /// Two programs changed the same rows at once, again and again, and the server chose the other.
    #[error("{ledger}: another program changes the same rows again and again; try again")]
    Conflict {
        /// The ledger.
        ledger: String,
    },
    /// The server has left a question of a worker without an answer, since the network was cut.
    #[error(
        "{ledger}: the server gave no answer for seconds; start again once the network is back"
    )]
    Silent {
        /// The ledger.
        ledger: String,
    },
    /// The clock of this machine differs from that of the server, by which jobs that wait are due.
    #[error(
        "{ledger}: the clock of this machine is {} s {} the server's (at most {most} s); set it, or jobs that wait would wait for as long",
        ahead.abs(),
        if *ahead < 0 { "behind" } else { "ahead of" }
    )]
    Clock {
        /// The ledger.
        ledger: String,
        /// The seconds by which the clock is ahead, or negative if it is behind.
        ahead: i64,
        /// The most seconds that it may be ahead or behind.
        most: i64,
    },
    /// The database failed in another way.
    #[error("{ledger}: the database failed: {source}")]
    Database {
        /// The ledger.
        ledger: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The runtime is shutting down, so nothing was done.
    #[error("the program is ending, so nothing was done")]
    ShuttingDown,
    /// A row of the ledger cannot be read.
    #[error("job {id} cannot be read from the ledger: {reason}")]
    Unreadable {
        /// The job.
        id: String,
        /// The reason.
        reason: String,
    },

    /// The input cannot be written as JSON.
    #[error(transparent)]
    NotJson(#[from] ToJsonError),
    /// A local file of the input cannot be sent. Nothing was sent.
    #[error("{0}")]
    InputFile(#[from] InputFileError),
    /// There is no such job.
    #[error("there is no job {0} in the ledger")]
    NoSuchJob(String),
    /// The beginning of an id fits several jobs.
    #[error("{beginning} is the beginning of several jobs: {}", join(.jobs))]
    Ambiguous {
        /// The beginning.
        beginning: String,
        /// Some of the jobs.
        jobs: Vec<JobId>,
    },
    /// There is no such batch.
    #[error("there is no batch {0} in the ledger")]
    NoSuchBatch(String),
    /// There is a batch of this name.
    #[error("there is a batch named `{0}` already")]
    BatchExists(String),
    /// A batch cannot have this name.
    #[error("the name of a batch {0}; give it another")]
    BatchName(String),
    /// Another process adds lines to the batch right now.
    #[error("another process adds lines to batch `{0}` right now; wait for it")]
    BeingAdded(String),
    /// The batch was moved to another ledger. Nothing of it can be done in this one.
    #[error("batch {batch} was moved to {to}; work on it there")]
    Moved {
        /// The name of the batch.
        batch: String,
        /// The ledger that has it.
        to: String,
    },
    /// Another process moves the batch right now, or moved it when it was killed a moment ago.
    #[error("batch {0} is being moved to another ledger right now; wait for it")]
    BeingMoved(String),
    /// The batch is not completely in this ledger: moving it was interrupted, or goes on.
    #[error("batch {0} is not completely here; move it again, from the ledger that it comes from")]
    Arriving(String),
    /// A process works on the batch.
    #[error("batch {batch} is run by {process}; stop that first")]
    InUse {
        /// The name of the batch.
        batch: String,
        /// The process.
        process: String,
    },
    /// A batch was to be moved to the ledger that it is in.
    #[error("batch {0} is in that ledger already")]
    SameLedger(String),
    /// A line cannot be added to a batch, so no line was.
    #[error("line {line}: {source}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// The reason.
        #[source]
        source: Box<Error>,
    },
    /// An earlier line of the batch has the same input.
    #[error("the same input as line {0}; pay for both with NewBatch::again")]
    Repeated(u64),
    /// Jobs in this state cannot be paid for again.
    #[error("jobs that are {0} are not sent again: choose failed, cancelled or refused ones")]
    NotRequeued(State),
    /// The queue of the batches failed.
    #[error("the queue of the batches failed: {source}")]
    Queue {
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The state of the job does not allow this.
    #[error("job {id} is {state}, and so cannot become {to}")]
    Illegal {
        /// The job.
        id: JobId,
        /// Its state.
        state: State,
        /// The state that it was to get.
        to: State,
    },
    /// Another run of a step, here or in another process, is sending the job right now.
    #[error("job {0} is being sent right now, by another step; wait for it")]
    BeingSent(JobId),
    /// The job was resubmitted before.
    #[error("job {id} was sent again already, as job {newer}")]
    Resubmitted {
        /// The job.
        id: JobId,
        /// The job that repeats it.
        newer: JobId,
    },
    /// The request id belongs to another job.
    #[error("request {request_id} belongs to job {job} already")]
    RequestIdTaken {
        /// The request.
        request_id: RequestId,
        /// Its job.
        job: JobId,
    },
    /// The text is not a request id.
    #[error(transparent)]
    RequestId(#[from] runcomfy::client::InvalidRequestId),

    /// A limit with which no job would ever be sent.
    #[error("the limit {0} {1}; to send nothing for a while, pause the batches")]
    Limit(LimitName, String),
    /// The same input is running, has an unknown outcome, or was paid for in the last 24 hours.
    #[error(
        "the same input is job {}, which is {}; use its result, or pay again with Intent::again",
        .0.id, .0.state
    )]
    Twin(Box<Job>),
    /// The job was not sent in time.
    #[error("job {0} has expired, and was not sent; check the input again")]
    Expired(JobId),
    /// The price is above the job's own ceiling.
    #[error("job {id} would cost {price} dollars, which is above its ceiling of {ceiling}")]
    AboveCeiling {
        /// The job.
        id: JobId,
        /// Its price.
        price: Usd,
        /// Its ceiling.
        ceiling: Usd,
    },
    /// The price or the ceiling is above what one job may cost.
    #[error(
        "job {id} may cost {amount} dollars, and no job may cost more than {max}; raise max_cost_per_job"
    )]
    AboveMaxCost {
        /// The job.
        id: JobId,
        /// Its price, or its ceiling if there is no price.
        amount: Usd,
        /// The limit.
        max: Usd,
    },
    /// The job does not fit into today's budget.
    #[error(
        "job {id} may cost {amount} dollars, and {left} of today's budget of {budget} are left; raise budget_per_day or wait until midnight UTC"
    )]
    OverBudget {
        /// The job.
        id: JobId,
        /// Its price, or its ceiling if there is no price.
        amount: Usd,
        /// The rest of the budget.
        left: Usd,
        /// The budget.
        budget: Usd,
    },
    /// A limit on money is set, and the price is not known.
    #[error(
        "the price of job {0} is not known, and a limit on money is set; give the job a ceiling, or allow the unknown price"
    )]
    UnknownPrice(JobId),

    /// The job was certainly not accepted, is `intended` again, and can be sent again.
    #[error("job {id} was not accepted, and can be sent again: {source}")]
    NotSent {
        /// The job.
        id: JobId,
        /// The reason.
        #[source]
        source: Box<SubmitError>,
    },
    /// The outcome of sending the job could not be written down. The request id, if there is one,
    /// is only in here and in the file beside the ledger that the next start reads.
    #[error(
        "the outcome of sending job {id} is not in the ledger{}; it will be, once the ledger can be written and is opened again: {source}",
        shown(.request_id)
    )]
    NotWritten {
        /// The job.
        id: JobId,
        /// The request, if it was accepted.
        request_id: Option<RequestId>,
        /// The reason.
        #[source]
        source: Box<Error>,
    },
    /// The task that sent the job ended early, because the runtime is shutting down.
    #[error("sending job {0} was interrupted; its outcome is unknown once the program ends")]
    Interrupted(JobId),
    /// A call about an accepted job failed. The job continues at RunComfy.
    #[error("job {id}: {source}")]
    Call {
        /// The job.
        id: JobId,
        /// The reason.
        #[source]
        source: Box<JobError>,
    },
    /// Some outputs could not be saved. The result is in the ledger.
    #[error("job {id}: {source}")]
    Download {
        /// The job.
        id: JobId,
        /// The outputs.
        #[source]
        source: Box<DownloadError>,
    },

    /// The job was refused, and nothing was paid.
    #[error("job {} was refused{}", .0.id, because(.0))]
    Refused(Box<Job>),
    /// The job failed.
    #[error("job {} failed{}", .0.id, because(.0))]
    Failed(Box<Job>),
    /// The job was cancelled.
    #[error("job {} was cancelled", .0.id)]
    Cancelled(Box<Job>),
    /// Somebody gave the job up.
    #[error("job {} was given up", .0.id)]
    GivenUp(Box<Job>),
    /// The job may have been accepted and paid for, and nobody knows its id.
    #[error(
        "it is not known if job {} was accepted{}; look into your RunComfy account, then settle it: with its request id, by sending it again, or by giving it up",
        .0.id, because(.0)
    )]
    Unknown(Box<Job>),
    /// The job is not finished in time. It continues, and can be waited for again.
    #[error("job {} is still {}; nothing was cancelled: wait again", .0.id, .0.state)]
    NotFinished(Box<Job>),
}

impl Error {
    /// Returns `true` for an error of the database that may pass by itself.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. } | Self::Conflict { .. })
            || matches!(self, Self::Database { .. } | Self::Queue { .. })
    }
}

fn join(jobs: &[JobId]) -> String {
    jobs.iter().map(JobId::as_str).collect::<Vec<_>>().join(", ")
}

fn shown(id: &Option<RequestId>) -> String {
    id.as_ref().map_or(String::new(), |id| format!(", and its request id is {id}"))
}

fn because(job: &Job) -> String {
    job.problem.as_ref().map_or(String::new(), |problem| format!(": {}", problem.message))
}
