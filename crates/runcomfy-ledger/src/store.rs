//! Reads and changes the table `job`: the only place that changes the state of a job.

pub(crate) mod many;
pub(crate) mod place;

use std::time::Duration;

use runcomfy::RequestId;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use self::place::Found;
use crate::accounts;
use crate::again::again;
use crate::clock::{DAY, Moment, day, now, to_millis, to_time};
use crate::database::{Database, Row, Tx, query};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::{Again, Job, OutputFile, Problem};
use crate::limits::LimitName;
use crate::row;
use crate::state::State;
use crate::usd::Usd;

/// A change of a job to another state.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    to: State,
    /// The run that sends the job, if the job may be `sending`.
    run: Option<&'a str>,
    request_id: Option<&'a RequestId>,
    result: Option<&'a Value>,
    outputs: Option<&'a [OutputFile]>,
    cost: Option<Usd>,
    problem: NewProblem<'a>,
}

#[derive(Debug)]
enum NewProblem<'a> {
    Keep,
    Clear,
    Set(&'a Problem),
}

/// The outcome of asking to send a job.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The job is `sending` since this moment, and the disk has it.
    Sending(Moment),
    /// A limit has no room.
    Wait(LimitName, Duration),
    /// Its batch is paused or cancelled.
    Paused,
}

impl<'a> Change<'a> {
    /// A change without anything but the state.
    pub(crate) const fn to(to: State) -> Self {
        Self {
            to,
            run: None,
            request_id: None,
            result: None,
            outputs: None,
            cost: None,
            problem: NewProblem::Keep,
        }
    }

    /// The request id became known.
    pub(crate) const fn accepted(id: &'a RequestId) -> Self {
        Self { request_id: Some(id), problem: NewProblem::Clear, ..Self::to(State::Accepted) }
    }

    /// The job succeeded.
    pub(crate) const fn succeeded(result: &'a Value, cost: Option<Usd>) -> Self {
        let result = Some(result);
        Self { result, cost, problem: NewProblem::Clear, ..Self::to(State::Succeeded) }
    }

    /// The outputs were saved.
    pub(crate) const fn delivered(outputs: &'a [OutputFile]) -> Self {
        Self { outputs: Some(outputs), ..Self::to(State::Delivered) }
    }

    /// Sets what went wrong.
    pub(crate) const fn because(self, problem: &'a Problem) -> Self {
        Self { problem: NewProblem::Set(problem), ..self }
    }

    /// Allows the job to be `sending` by this run.
    pub(crate) const fn by(self, run: &'a str) -> Self {
        Self { run: Some(run), ..self }
    }
}

/// Returns the job.
pub(crate) async fn get(db: &Database, id: &JobId) -> Result<Job, Error> {
    let select = concat!("SELECT ", row::columns!(), " FROM job WHERE id = $1");
    let select = query(select).bind(id.as_str());
    let found = select.fetch_optional(db.readers()).await.map_err(|error| db.error(error))?;
    found.as_ref().map(row::job).ok_or_else(|| Error::NoSuchJob(id.to_string()))?
}

/// The condition of a job whose batch is here, and not on its way to or from another ledger.
macro_rules! is_here {
    () => {
        "NOT EXISTS (SELECT 1 FROM batch WHERE id = job.batch
            AND (moved_to IS NOT NULL OR arriving = 1 OR mover IS NOT NULL))"
    };
}

/// The condition of a job that makes another one with its input a twin. $1 is the time since which
/// it counts that it was paid for.
macro_rules! is_twin {
    () => {
        "(state IN ('sending', 'accepted', 'unknown')
            OR (state IN ('succeeded', 'delivered') AND ended_at > $1))"
    };
}
use is_twin;

/// Returns a job with the same input that is running, has an unknown outcome, or was paid for in
/// the last 24 hours.
pub(crate) async fn twin(
    tx: &mut Tx,
    fingerprint: &str,
    other_than: &JobId,
) -> Result<Option<Row>, sqlx::Error> {
    let select = concat!(
        "SELECT ",
        row::columns!(),
        " FROM job WHERE fingerprint = $2 AND id <> $3 AND ",
        is_twin!(),
        " ORDER BY created_at DESC LIMIT 1"
    );
    let select = query(select).bind(now() - DAY).bind(fingerprint).bind(other_than.as_str());
    select.fetch_optional(tx).await
}

/// Makes an intended job `sending`, if every limit allows it. When this returns, the disk has it.
pub(crate) async fn begin_sending(db: &Database, id: &JobId, run: &str) -> Result<Turn, Error> {
    again!(begin_sending_once(db, id, run))
}

async fn begin_sending_once(db: &Database, id: &JobId, run: &str) -> Result<Turn, Error> {
    let map = |error| db.error(error);
    let mut tx = db.begin().await?;
    let before = locked(db, &mut tx, id).await?;
    let now = tx.now_micros().await.map_err(map)? / 1000;
    let today = day(now);
    let update = sql(
        "UPDATE job SET state = 'sending', owner = $2, sent_at = $3, day = $4,
            attempts = attempts + 1, error = NULL",
        State::Sending,
    );
    let update = query(AssertSqlSafe(update)).bind(id.as_str()).bind(run).bind(now).bind(today);
    let Some(changed) = update.fetch_optional(&mut tx).await.map_err(map)? else {
        return Err(unchanged(db, &mut tx, &before, State::Sending).await);
    };
    let after = row::job(&changed)?;
    if after.expires_at.is_some_and(|time| to_millis(time) <= now) {
        return Err(Error::Expired(id.clone()));
    }
    tx.lock_fingerprint(&after.fingerprint).await.map_err(map)?;
    if after.again == Again::No
        && let Some(found) = twin(&mut tx, &after.fingerprint, id).await.map_err(map)?
    {
        return Err(Error::Twin(Box::new(row::job(&found)?)));
    }
    if let Some(batch) = &after.batch
        && is_stopped(&mut tx, batch).await.map_err(map)?
    {
        return Ok(Turn::Paused);
    }
    let limits = accounts::locked_limits(&mut tx).await.map_err(map)?;
    accounts::check_money(&mut tx, &limits, &after).await.map_err(map)??;
    if let Some((limit, after)) = accounts::take_turn(&mut tx, &limits).await.map_err(map)? {
        return Ok(Turn::Wait(limit, after));
    }
    accounts::carry(&mut tx, &before, &after).await.map_err(map)?;
    let begun = Moment::now();
    db.commit(tx).await?;
    Ok(Turn::Sending(begun))
}

/// Returns `true` if nothing of the batch is to be sent.
async fn is_stopped(tx: &mut Tx, batch: &BatchId) -> Result<bool, sqlx::Error> {
    let select = "SELECT state FROM batch WHERE id = $1";
    let found = query(select).bind(batch.as_str()).fetch_optional(tx).await?;
    Ok(found.is_some_and(|row| row.text("state").is_ok_and(|state| state != "ready")))
}

/// Changes the state of a job: one compare-and-swap, and the accounts in the same transaction.
pub(crate) async fn change(db: &Database, id: &JobId, change: Change<'_>) -> Result<Job, Error> {
    again!(change_once(db, id, &change))
}

async fn change_once(db: &Database, id: &JobId, change: &Change<'_>) -> Result<Job, Error> {
    let mut tx = db.begin().await?;
    let changed = change_in(db, &mut tx, id, change).await?;
    db.commit(tx).await?;
    Ok(changed)
}

async fn change_in(
    db: &Database,
    tx: &mut Tx,
    id: &JobId,
    change: &Change<'_>,
) -> Result<Job, Error> {
    let before = locked(db, tx, id).await?;
    let changed = match swap(tx, id, change).await {
        Ok(Some(changed)) => row::job(&changed)?,
        Ok(None) => return Err(unchanged(db, tx, &before, change.to).await),
        Err(error) => return Err(taken(db, error, change.request_id).await),
    };
    accounts::carry(tx, &before, &changed).await.map_err(|error| db.error(error))?;
    tracing::debug!(job = %id, from = %before.state, to = %changed.state, "changes");
    Ok(changed)
}

/// Gives an unknown job up, unless that was done, and writes down a new one with the same input.
pub(crate) async fn resubmit(db: &Database, id: &JobId) -> Result<Job, Error> {
    again!(resubmit_once(db, id))
}

async fn resubmit_once(db: &Database, id: &JobId) -> Result<Job, Error> {
    let mut tx = db.begin().await?;
    let mut old = locked(db, &mut tx, id).await?;
    match old.state {
        State::GivenUp => {}
        State::Unknown => {
            old = change_in(db, &mut tx, id, &Change::to(State::GivenUp)).await?;
        }
        _ => return Err(illegal(&old, State::GivenUp)),
    }
    let new = repeat(db, &mut tx, old).await?;
    db.commit(tx).await?;
    Ok(new)
}

/// Writes down a new job with the same input, which takes the place of the old one in its batch.
pub(crate) async fn repeat(db: &Database, tx: &mut Tx, old: Job) -> Result<Job, Error> {
    let map = |error| db.error(error);
    let select = query("SELECT id FROM job WHERE resubmits = $1").bind(old.id.as_str());
    let newer = select.fetch_optional(&mut *tx).await.map_err(map)?;
    if let Some(newer) = newer.as_ref().and_then(id_of) {
        return Err(Error::Resubmitted { id: old.id, newer });
    }
    let update = concat!("UPDATE job SET superseded = 1 WHERE id = $1 AND ", is_here!());
    let update = query(update).bind(old.id.as_str()).execute(&mut *tx);
    if update.await.map_err(map)? == 0 {
        return Err(unchanged(db, tx, &old, State::Intended).await);
    }
    let new = Job {
        id: JobId::random(),
        resubmits: Some(old.id),
        state: State::Intended,
        request_id: None,
        attempts: 0,
        cost: None,
        result: None,
        problem: None,
        outputs: Vec::new(),
        created_at: to_time(now()),
        sent_at: None,
        accepted_at: None,
        ended_at: None,
        day: None,
        ..old
    };
    many::insert(db, tx, std::slice::from_ref(&new)).await?;
    Ok(new)
}

/// Writes down a new job with the same input, if the old one is still in this state. The caller
/// commits.
pub(crate) async fn repeat_from(
    db: &Database,
    tx: &mut Tx,
    id: &JobId,
    state: State,
) -> Result<Option<Job>, Error> {
    let old = locked(db, tx, id).await?;
    if old.state != state {
        return Ok(None);
    }
    match repeat(db, tx, old).await {
        Err(Error::Resubmitted { .. }) => Ok(None),
        new => new.map(Some),
    }
}

/// Pays for a job again, if it still failed and its batch allows one more retry: writes down the
/// new job. The caller commits.
pub(crate) async fn retry(db: &Database, tx: &mut Tx, id: &JobId) -> Result<Option<Job>, Error> {
    let old = locked(db, tx, id).await?;
    let Some(batch) = old.batch.as_ref().filter(|_| old.state == State::Failed) else {
        return Ok(None);
    };
    let select = "SELECT max_retries FROM batch WHERE id = $1 AND state <> 'cancelled'";
    let map = |error| db.error(error);
    let select = query(select).bind(batch.as_str()).fetch_optional(&mut *tx);
    let max = select.await.map_err(map)?.map(|row| row.int("max_retries")).transpose();
    if i64::from(old.retries) >= max.map_err(map)?.unwrap_or_default() {
        return Ok(None);
    }
    let retries = old.retries + 1;
    match repeat(db, tx, Job { retries, ..old }).await {
        Err(Error::Resubmitted { .. }) => Ok(None),
        new => new.map(Some),
    }
}

/// Cancels every job of a batch that was not sent. It changes neither limits nor spend. Returns
/// the number of jobs.
pub(crate) async fn cancel_unsent(
    db: &Database,
    tx: &mut Tx,
    batch: &BatchId,
    problem: &Problem,
) -> Result<u64, Error> {
    let update = "UPDATE job SET state = 'cancelled', error = $2, ended_at = $3
        WHERE batch = $1 AND superseded = 0 AND state = 'intended'";
    let update = query(update).bind(batch.as_str()).bind(serde_json::json!(problem).to_string());
    update.bind(now()).execute(tx).await.map_err(|error| db.error(error))
}

/// Writes down the cost that RunComfy reports.
pub(crate) async fn set_cost(db: &Database, id: &JobId, cost: Usd) -> Result<Job, Error> {
    again!(set_cost_once(db, id, cost))
}

async fn set_cost_once(db: &Database, id: &JobId, cost: Usd) -> Result<Job, Error> {
    let map = |error| db.error(error);
    let mut tx = db.begin().await?;
    let before = locked(db, &mut tx, id).await?;
    let update = concat!(
        "UPDATE job SET cost = $2 WHERE id = $1 AND ",
        is_here!(),
        " RETURNING ",
        row::columns!()
    );
    let update = query(update).bind(id.as_str()).bind(cost.micros());
    let Some(after) = update.fetch_optional(&mut tx).await.map_err(map)? else {
        return Err(unchanged(db, &mut tx, &before, before.state).await);
    };
    let after = row::job(&after)?;
    accounts::carry(&mut tx, &before, &after).await.map_err(map)?;
    db.commit(tx).await?;
    Ok(after)
}

/// Reads a job in a transaction, in which nobody else changes it.
async fn locked(db: &Database, tx: &mut Tx, id: &JobId) -> Result<Job, Error> {
    let select = concat!("SELECT ", row::columns!(), " FROM job WHERE id = $1");
    let select = query(AssertSqlSafe(format!("{select}{}", tx.for_update()))).bind(id.as_str());
    let found = select.fetch_optional(tx).await.map_err(|error| db.error(error))?;
    found.as_ref().map(row::job).ok_or_else(|| Error::NoSuchJob(id.to_string()))?
}

async fn swap(tx: &mut Tx, id: &JobId, change: &Change<'_>) -> Result<Option<Row>, sqlx::Error> {
    let update = sql(
        "UPDATE job SET state = $3, owner = NULL,
            request_id = COALESCE($4, request_id), result = COALESCE($5, result),
            outputs = COALESCE($6, outputs), cost = COALESCE($7, cost),
            error = CASE WHEN $8 = 1 THEN error ELSE $9 END,
            day = CASE WHEN $10 = 1 THEN NULL ELSE COALESCE(day, $11) END,
            accepted_at = COALESCE(accepted_at, $12), ended_at = COALESCE(ended_at, $13),
            delivered_at = COALESCE(delivered_at, $14)",
        change.to,
    );
    let (to, now) = (change.to, now());
    let (keep, problem) = match change.problem {
        NewProblem::Keep => (true, None),
        NewProblem::Clear => (false, None),
        NewProblem::Set(problem) => (false, Some(serde_json::json!(problem).to_string())),
    };
    let is_free = matches!(to, State::Intended | State::Refused);
    let is_end = to.is_finished() && to != State::Delivered;
    query(AssertSqlSafe(update))
        .bind(id.as_str())
        .bind(change.run)
        .bind(to.as_str())
        .bind(change.request_id.map(RequestId::as_str))
        .bind(change.result.map(Value::to_string))
        .bind(change.outputs.map(|outputs| serde_json::json!(outputs).to_string()))
        .bind(change.cost.map(Usd::micros))
        .bind(i64::from(keep))
        .bind(problem)
        .bind(i64::from(is_free))
        .bind((to == State::Accepted).then(|| day(now)))
        .bind((to == State::Accepted).then_some(now))
        .bind(is_end.then_some(now))
        .bind((to == State::Delivered).then_some(now))
        .fetch_optional(tx)
        .await
}

/// Completes an update of a job with the condition of the compare-and-swap: the states that may
/// become this one. $1 is the job, and $2 the run that a job which is being sent belongs to.
fn sql(update: &str, to: State) -> String {
    let words: Vec<String> =
        to.sources().iter().map(|state| format!("'{}'", state.as_str())).collect();
    let mut condition = format!("id = $1 AND state IN ({})", words.join(", "));
    if to != State::Sending {
        condition.push_str(" AND (state <> 'sending' OR owner = $2)");
    }
    if to == State::Accepted {
        // A job never changes its request id.
        condition.push_str(" AND (request_id IS NULL OR (state = 'given_up' AND request_id = $4))");
    }
    format!(
        concat!("{} WHERE {} AND ", is_here!(), " RETURNING ", row::columns!()),
        update, condition
    )
}

/// Says why a job was not changed: because of its batch, or of its state.
async fn unchanged(db: &Database, tx: &mut Tx, job: &Job, to: State) -> Error {
    let Some(batch) = &job.batch else { return illegal(job, to) };
    match place::of(tx, batch).await {
        Ok(found) => found.and_then(Found::error).unwrap_or_else(|| illegal(job, to)),
        Err(error) => db.error(error),
    }
}

fn illegal(job: &Job, to: State) -> Error {
    match job.state {
        State::Sending => Error::BeingSent(job.id.clone()),
        state => Error::Illegal { id: job.id.clone(), state, to },
    }
}

/// Says which job has a request id that another one was to get. The transaction has failed, so
/// another connection looks.
async fn taken(db: &Database, error: sqlx::Error, request_id: Option<&RequestId>) -> Error {
    let is_taken = error.as_database_error().is_some_and(|error| error.is_unique_violation());
    let Some(request_id) = request_id.filter(|_| is_taken) else { return db.error(error) };
    let select = query("SELECT id FROM job WHERE request_id = $1").bind(request_id.as_str());
    let job = select.fetch_optional(db.readers()).await;
    match job.ok().flatten().as_ref().and_then(id_of) {
        Some(job) => Error::RequestIdTaken { request_id: request_id.clone(), job },
        None => db.error(error),
    }
}

fn id_of(row: &Row) -> Option<JobId> {
    row.text("id").ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
