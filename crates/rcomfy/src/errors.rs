//! Every error of the client and the ledger as a failure of a command: its exit code and the next
//! command.

use runcomfy::client::{
    ApiError, ApiErrorKind, CallError, DownloadError, DownloadErrorReason, JobError,
    JobErrorReason, SubmitError, TransportError,
};
use runcomfy_ledger::{Error as LedgerError, Job, ProblemKind, State};

use crate::failure::{Failure, Kind};

/// The next step of a job that the budget of the day has no room for.
const OVER_BUDGET: &str =
    "`rcomfy spend` shows the budget, and `rcomfy spend set --budget-per-day <USD>` changes it";
/// The next step of a job whose price nobody knows.
const UNKNOWN_PRICE: &str = "`--max-cost <USD>` says what it may cost, and counts as its price";

/// The next step without an answer of the API.
const UNREACHABLE: &str = "check the connection; `rcomfy config` shows the address of the API";
/// The next step after an answer that may be another one soon.
const LATER: &str = "try again in a minute";

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let message = error.to_string();
        let of = |kind| Self::new(kind, message.clone());
        match error {
            LedgerError::Twin(job) => twin(&job),
            LedgerError::NotSent { id, source } => {
                submit(&source).job(id.to_string()).fix(resume(&id.to_string()))
            }
            LedgerError::NotWritten { id, .. } | LedgerError::Interrupted(id) => {
                of(Kind::OutcomeUnknown).job(id.to_string()).fix(look_up(&id.to_string()))
            }
            LedgerError::Call { id, source } => call(&source).job(id.to_string()),
            LedgerError::Download { id, source } => download(&source).job(id.to_string()),
            LedgerError::Refused(job) => refused(&job),
            LedgerError::Failed(job) => ended(Kind::JobFailed, &job)
                .fix(format!("`rcomfy jobs show {}` has the whole reason", job.id)),
            LedgerError::Cancelled(job) => ended(Kind::Cancelled, &job),
            LedgerError::GivenUp(job) => ended(Kind::OutcomeUnknown, &job),
            LedgerError::Unknown(job) => unknown(&job),
            LedgerError::NotFinished(job) => not_finished(&job),
            LedgerError::AboveCeiling { .. }
            | LedgerError::AboveMaxCost { .. }
            | LedgerError::OverBudget { .. }
            | LedgerError::UnknownPrice(_) => over_limit(message, &error),
            LedgerError::Moved { .. }
            | LedgerError::InUse { .. }
            | LedgerError::BeingMoved(_)
            | LedgerError::BatchName(_)
            | LedgerError::NoSuchBatch(_)
            | LedgerError::BatchExists(_)
            | LedgerError::BeingAdded(_)
            | LedgerError::Arriving(_)
            | LedgerError::SameLedger(_) => of_batch(message, &error),
            LedgerError::InputFile(_) => of(Kind::InputRefused),
            LedgerError::Limit(..) => of(Kind::Usage).fix("`none` lifts the limit"),
            LedgerError::NotJson(_)
            | LedgerError::NoSuchJob(_)
            | LedgerError::Ambiguous { .. }
            | LedgerError::Line { .. }
            | LedgerError::Repeated(_)
            | LedgerError::NotRequeued(_)
            | LedgerError::Illegal { .. }
            | LedgerError::BeingSent(_)
            | LedgerError::Resubmitted { .. }
            | LedgerError::RequestIdTaken { .. }
            | LedgerError::RequestId(_)
            | LedgerError::Expired(_) => {
                of(Kind::Usage).fix("`rcomfy jobs` lists the jobs of the ledger")
            }
            LedgerError::Address(_) | LedgerError::Unsuitable { .. } => {
                of(Kind::Usage).fix("`rcomfy config` shows where the ledger is from")
            }
            LedgerError::Silent { .. } => of(Kind::Network).retryable(),
            LedgerError::Clock { .. } => of(Kind::Usage).fix("`timedatectl` shows the clock"),
            LedgerError::Busy { .. } | LedgerError::Full { .. } | LedgerError::Conflict { .. } => {
                of(Kind::Internal).retryable()
            }
            _ => of(Kind::Internal),
        }
    }
}

/// Returns the failure of a batch that cannot be used now, or not by this name.
fn of_batch(message: String, error: &LedgerError) -> Failure {
    match error {
        LedgerError::Moved { batch, to } => Failure::usage(message)
            .fix(format!("`rcomfy batch status {batch} --ledger {to}` shows it there")),
        LedgerError::InUse { .. } => Failure::usage(message)
            .fix("press Ctrl-C in its terminal, or wait; its jobs continue at RunComfy"),
        LedgerError::BeingMoved(_) => Failure::new(Kind::Internal, message).retryable(),
        LedgerError::BatchName(_) => {
            Failure::usage(message).fix("`--name` gives it, such as `--name boats`")
        }
        _ => Failure::usage(message).fix("`rcomfy batch status` lists the batches of the ledger"),
    }
}

/// Returns the failure of a job that a limit on money did not let go.
fn over_limit(message: String, error: &LedgerError) -> Failure {
    let (id, fix) = match error {
        LedgerError::AboveCeiling { id, price, .. } => {
            (id, format!("`--max-cost {price}` allows it"))
        }
        LedgerError::AboveMaxCost { id, amount, .. } => {
            (id, format!("`rcomfy spend set --max-cost-per-job {amount}` allows it"))
        }
        LedgerError::OverBudget { id, .. } => (id, OVER_BUDGET.to_owned()),
        LedgerError::UnknownPrice(id) => (id, UNKNOWN_PRICE.to_owned()),
        _ => return Failure::new(Kind::Budget, message),
    };
    Failure::new(Kind::Budget, message).job(id.to_string()).fix(format!("nothing was sent; {fix}"))
}

/// Returns the command that continues a job.
fn resume(job: &str) -> String {
    format!("nothing was paid; `rcomfy jobs resume {job}` sends it again")
}

fn look_up(job: &str) -> String {
    format!("`rcomfy jobs show {job}` shows the job once the ledger can be written")
}

/// Returns the failure of an input that is running or was paid for.
fn twin(job: &Job) -> Failure {
    let id = &job.id;
    let message = format!("the same input is job {id}, which is {}; nothing was sent", job.state);
    with_request(Failure::new(Kind::WouldPayTwice, message), job)
        .fix(format!("`rcomfy jobs show {id}` shows it; `--again` pays again"))
}

/// Returns the failure of a job whose outcome only a person can tell.
fn unknown(job: &Job) -> Failure {
    let id = &job.id;
    ended(Kind::OutcomeUnknown, job).fix(format!(
        "look for the request in your account at RunComfy; then `rcomfy jobs settle {id} \
         --request-id <id>` if it is there, or `--resubmit` or `--give-up` if it is not"
    ))
}

/// Returns the failure of a job that is still running, or was not sent, when the time to wait is over.
fn not_finished(job: &Job) -> Failure {
    let (id, model) = (&job.id, &job.model);
    if job.state == State::Intended {
        let message = format!("job {id} of {model} was not sent in the time to wait");
        let failure = Failure::new(Kind::Timeout, message).job(id.to_string()).retryable();
        return failure.fix(resume(id.as_str()));
    }
    let message = format!("job {id} of {model} is not finished in the time to wait");
    let failure = with_request(Failure::new(Kind::Timeout, message), job).retryable();
    failure.fix(format!("the job continues: `rcomfy wait {id}`"))
}

fn refused(job: &Job) -> Failure {
    let code = job.problem.as_ref().and_then(|problem| problem.detail.get("code")).cloned();
    let kind = match code.as_ref().and_then(serde_json::Value::as_i64) {
        Some(400_002) => Kind::Budget,
        Some(400_004) => Kind::Authentication,
        _ => Kind::InputRefused,
    };
    ended(kind, job).fix("nothing was paid; correct the input and run it again")
}

/// Returns the failure of a job that ended without a result.
fn ended(kind: Kind, job: &Job) -> Failure {
    let (id, model, state) = (&job.id, &job.model, job.state);
    let message = match &job.problem {
        // The reason says that it failed.
        Some(problem) if problem.kind == ProblemKind::Failed => {
            format!("job {id} of {model}: {}", problem.message)
        }
        Some(problem) => format!("job {id} of {model} is {state}: {}", problem.message),
        None => format!("job {id} of {model} is {state}"),
    };
    with_request(Failure::new(kind, message), job)
}

fn with_request(failure: Failure, job: &Job) -> Failure {
    let failure = failure.job(job.id.to_string());
    match &job.request_id {
        Some(id) => failure.request_id(id.to_string()),
        None => failure,
    }
}

/// Returns the failure of a submit.
pub(crate) fn submit(error: &SubmitError) -> Failure {
    let message = error.to_string();
    match error {
        SubmitError::Rejected(api) => of_api(api, message),
        SubmitError::NotSent(cause) => {
            Failure::new(Kind::Network, format!("{message}: {}", innermost(cause))).retryable()
        }
        SubmitError::OutcomeUnknown { .. } => Failure::new(Kind::OutcomeUnknown, message),
        SubmitError::Refused(_) | SubmitError::Unwritable(_) => {
            Failure::new(Kind::InputRefused, message)
        }
        _ => Failure::usage(message),
    }
}

/// Returns the last cause of an error, such as `Connection refused`: the others name the same call.
fn innermost(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}

/// Returns the failure of a call about a job.
pub(crate) fn call(error: &JobError) -> Failure {
    let message = error.to_string();
    let failure = match &error.reason {
        JobErrorReason::Failed(_) => Failure::new(Kind::JobFailed, message),
        JobErrorReason::Cancelled => Failure::new(Kind::Cancelled, message),
        JobErrorReason::Deadline { .. } => Failure::new(Kind::Timeout, message).retryable(),
        JobErrorReason::Api(api) => of_api(api, message),
        JobErrorReason::Transport(TransportError::NoRuntime) => {
            Failure::new(Kind::Internal, message)
        }
        JobErrorReason::Unreadable { body, .. } => {
            let show = format!("`rcomfy result {} --json` has all of it in `reply`", error.id);
            let failure = Failure::new(Kind::Network, message).retryable().reply(body);
            return failure.request_id(error.id.to_string()).fix(show);
        }
        _ => Failure::new(Kind::Network, message).retryable(),
    };
    let failure = failure.request_id(error.id.to_string());
    match failure.kind {
        Kind::Network | Kind::Timeout => {
            failure.fix(format!("the job continues at RunComfy: `rcomfy wait {}`", error.id))
        }
        _ => failure,
    }
}

/// Returns the failure of outputs that were not saved.
pub(crate) fn download(error: &DownloadError) -> Failure {
    let id = &error.id;
    let failure = Failure::new(Kind::PartlySaved, error.to_string()).request_id(id.to_string());
    match error.failed.first().map(|file| &file.reason) {
        Some(DownloadErrorReason::NothingToSave) => {
            failure.fix(format!("`rcomfy result {id}` shows the output"))
        }
        Some(DownloadErrorReason::Exists(_)) => {
            failure.fix(format!("`rcomfy download {id}` replaces the file"))
        }
        _ => failure
            .fix(format!("the result is kept: `rcomfy download {id}` tries again"))
            .retryable(),
    }
}

/// Returns the failure of a call about no job.
pub(crate) fn other(error: &CallError) -> Failure {
    let message = error.to_string();
    match error {
        CallError::Api(api) => of_api(api, message),
        CallError::Transport(_) | CallError::Unreadable { .. } => {
            let cause = innermost(error);
            let message = if cause == message { message } else { format!("{message}: {cause}") };
            Failure::new(Kind::Network, message).retryable().fix(UNREACHABLE)
        }
        _ => Failure::usage(message),
    }
}

fn of_api(api: &ApiError, message: String) -> Failure {
    match api.kind {
        ApiErrorKind::Token | ApiErrorKind::Forbidden => {
            Failure::new(Kind::Authentication, message)
                .fix("`rcomfy config` shows where the token is from; `rcomfy login` saves another")
        }
        ApiErrorKind::Balance => Failure::new(Kind::Budget, message)
            .fix("add money to your account at RunComfy; `rcomfy spend` shows the balance"),
        ApiErrorKind::Input | ApiErrorKind::MalformedId => {
            Failure::new(Kind::InputRefused, message)
        }
        ApiErrorKind::NotFound => Failure::usage(message)
            .fix("the id is wrong, or the record has expired, or it is of another account"),
        ApiErrorKind::RateLimit | ApiErrorKind::Server | ApiErrorKind::NotReady => {
            Failure::new(Kind::Network, message).retryable().fix(LATER)
        }
        _ => Failure::new(Kind::Network, message),
    }
}
