//! Limits and spend: rows that change in the same transaction as the state of a job, and that can
//! be computed again from the jobs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::database::{Row, Target, Tx, query};
use crate::error::Error;
use crate::job::{Job, Price};
use crate::limits::{LimitName, Limits};
use crate::state::State;
use crate::usd::Usd;

/// Microseconds in 1,000 seconds.
const MICROS: i64 = 1_000_000_000;

/// The part of a job in a row of the table `spend`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Share<'a> {
    day: i64,
    model: &'a str,
    batch: &'a str,
    jobs: i64,
    spent: i64,
    reserved: i64,
    unpriced: i64,
}

impl<'a> Share<'a> {
    /// Returns the share of a job that was, or may have been, accepted.
    fn of(job: &'a Job) -> Option<Self> {
        let is_free = matches!(job.state, State::Intended | State::Refused);
        let day = job.day.filter(|_| !is_free)?;
        let batch = job.batch.as_ref().map_or("", |batch| batch.as_str());
        let (spent, reserved, unpriced) = match job.cost {
            Some(cost) => (cost.micros(), 0, 0),
            None => (0, job.reserve().micros(), i64::from(job.is_unpriced())),
        };
        Some(Self { day, model: &job.model, batch, jobs: 1, spent, reserved, unpriced })
    }

    /// Returns the key of its row.
    fn row(&self) -> (i64, &'a str, &'a str) {
        (self.day, self.model, self.batch)
    }

    /// Adds another share of the same row, or takes it away if `sign` is -1.
    fn join(&mut self, other: &Self, sign: i64) {
        self.jobs += sign * other.jobs;
        self.spent += sign * other.spent;
        self.reserved += sign * other.reserved;
        self.unpriced += sign * other.unpriced;
    }
}

/// Carries a change of a job into the limits and the spend.
pub(crate) async fn carry(tx: &mut Tx, before: &Job, after: &Job) -> Result<(), sqlx::Error> {
    let flights = i64::from(after.state.is_in_flight()) - i64::from(before.state.is_in_flight());
    add_flights(tx, flights).await?;
    let (old, new) = (Share::of(before), Share::of(after));
    if old == new {
        return Ok(());
    }
    match (old, new) {
        (Some(old), Some(mut new)) if old.row() == new.row() => {
            new.join(&old, -1);
            add(tx, &new, 1).await?;
        }
        (old, new) => {
            if let Some(share) = old {
                add(tx, &share, -1).await?;
            }
            if let Some(share) = new {
                add(tx, &share, 1).await?;
            }
        }
    }
    Ok(())
}

/// Adds a share to its row, or takes it away if `sign` is -1.
async fn add(tx: &mut Tx, share: &Share<'_>, sign: i64) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO spend (day, model, batch, jobs, spent, reserved, unpriced)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (day, model, batch) DO UPDATE SET
            jobs = spend.jobs + $4, spent = spend.spent + $5,
            reserved = spend.reserved + $6, unpriced = spend.unpriced + $7";
    let insert = query(insert).bind(share.day).bind(share.model).bind(share.batch);
    let insert =
        insert.bind(sign * share.jobs).bind(sign * share.spent).bind(sign * share.reserved);
    insert.bind(sign * share.unpriced).execute(tx).await?;
    Ok(())
}

/// Carries jobs into the limits and the spend that come from another ledger, or takes them away if
/// `sign` is -1.
pub(crate) async fn carry_all(tx: &mut Tx, jobs: &[Job], sign: i64) -> Result<(), sqlx::Error> {
    let flights = jobs.iter().filter(|job| job.state.is_in_flight()).count();
    add_flights(tx, sign * i64::try_from(flights).unwrap_or_default()).await?;
    let mut shares = BTreeMap::new();
    for share in jobs.iter().filter_map(Share::of) {
        match shares.entry(share.row()) {
            Entry::Vacant(entry) => drop(entry.insert(share)),
            Entry::Occupied(mut entry) => entry.get_mut().join(&share, 1),
        }
    }
    for share in shares.values() {
        add(tx, share, sign).await?;
    }
    Ok(())
}

async fn add_flights(tx: &mut Tx, flights: i64) -> Result<(), sqlx::Error> {
    if flights != 0 {
        let update = "UPDATE \"limit\" SET used = used + $1 WHERE name = 'jobs_in_flight'";
        query(update).bind(flights).execute(tx).await?;
    }
    Ok(())
}

/// Moves the share of a job that is deleted to the columns that are kept.
pub(crate) async fn prune(tx: &mut Tx, job: &Job) -> Result<(), sqlx::Error> {
    let Some(share) = Share::of(job) else { return Ok(()) };
    add(tx, &share, -1).await?;
    let update = "UPDATE spend SET pruned_jobs = pruned_jobs + 1, pruned_spent = pruned_spent + $4
        WHERE day = $1 AND model = $2 AND batch = $3";
    let update = query(update).bind(share.day).bind(share.model).bind(share.batch);
    update.bind(share.spent + share.reserved).execute(tx).await?;
    Ok(())
}

/// Reads the limits.
pub(crate) async fn limits<'c>(on: impl Into<Target<'c>>) -> Result<Limits, sqlx::Error> {
    read(query("SELECT name, setting FROM \"limit\"").fetch_all(on).await?)
}

/// Reads the limits in a transaction, in which nobody else changes or uses them if there are any.
pub(crate) async fn locked_limits(tx: &mut Tx) -> Result<Limits, sqlx::Error> {
    let found = limits(&mut *tx).await?;
    if tx.for_update().is_empty() || found == Limits::default() {
        return Ok(found);
    }
    // Every transaction locks them in this order.
    let select = format!("SELECT name, setting FROM \"limit\" ORDER BY name{}", tx.for_update());
    read(query(AssertSqlSafe(select)).fetch_all(tx).await?)
}

fn read(rows: Vec<Row>) -> Result<Limits, sqlx::Error> {
    let mut limits = Limits::default();
    for row in rows {
        let setting = row.optional_int("setting")?;
        match LimitName::of(row.text("name")?) {
            Some(LimitName::JobsInFlight) => {
                limits.jobs_in_flight = setting.map(|max| u32::try_from(max).unwrap_or(u32::MAX));
            }
            Some(LimitName::SubmitsPerSecond) => {
                limits.submits_per_second = setting.map(|rate| rate as f64 / 1000.0);
            }
            Some(LimitName::BudgetPerDay) => limits.budget_per_day = setting.map(Usd::from_micros),
            Some(LimitName::MaxCostPerJob) => {
                limits.max_cost_per_job = setting.map(Usd::from_micros);
            }
            Some(LimitName::RetryAfter) | None => {}
        }
    }
    Ok(limits)
}

/// Takes a place among the jobs in flight and a moment to submit, if there is one. Otherwise the
/// limit that has none, and the time after which to ask again. The caller carries the job.
pub(crate) async fn take_turn(
    tx: &mut Tx,
    limits: &Limits,
) -> Result<Option<(LimitName, Duration)>, sqlx::Error> {
    if let Some(after) = asked_delay(tx).await? {
        return Ok(Some((LimitName::RetryAfter, after)));
    }
    let used = "SELECT used FROM \"limit\" WHERE name = $1";
    if let Some(max) = limits.jobs_in_flight {
        let used = query(used).bind("jobs_in_flight").fetch_one(&mut *tx).await?;
        if used.int("used")? >= i64::from(max) {
            return Ok(Some((LimitName::JobsInFlight, Duration::from_secs(1))));
        }
    }
    if let Some(interval) = limits.submit_interval(MICROS) {
        let next = query(used).bind("submits_per_second").fetch_one(&mut *tx).await?;
        let (next, now) = (next.int("used")?, tx.now_micros().await?);
        // A clock that was set back would otherwise stop all submits.
        if next > now && next - now <= interval {
            let after = Duration::from_micros(u64::try_from(next - now).unwrap_or_default());
            return Ok(Some((LimitName::SubmitsPerSecond, after)));
        }
        let update = "UPDATE \"limit\" SET used = $1 WHERE name = 'submits_per_second'";
        query(update).bind(now + interval).execute(&mut *tx).await?;
    }
    Ok(None)
}

/// Returns the rest of the delay that RunComfy asked for.
async fn asked_delay(tx: &mut Tx) -> Result<Option<Duration>, sqlx::Error> {
    let select = "SELECT setting, used FROM \"limit\" WHERE name = 'retry_after'";
    let row = query(select).fetch_one(&mut *tx).await?;
    let asked = row.optional_int("setting")?;
    let (until, now) = (row.int("used")?, tx.now_micros().await?);
    // A clock that was set back would otherwise stop all submits.
    let is_asked = asked.is_some_and(|asked| (asked..until).contains(&now));
    Ok(is_asked.then(|| Duration::from_micros(u64::try_from(until - now).unwrap_or_default())))
}

/// Lets nobody submit for this time, because RunComfy asked for it.
pub(crate) async fn delay_submits(tx: &mut Tx, time: Duration) -> Result<(), sqlx::Error> {
    let now = tx.now_micros().await?;
    let until = now.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
    let update = "UPDATE \"limit\" SET setting = $1,
            used = CASE WHEN used > $2 AND setting <= $1 THEN used ELSE $2 END
        WHERE name = 'retry_after'";
    query(update).bind(now).bind(until).execute(tx).await?;
    Ok(())
}

/// Refuses a job that costs more than is allowed. The job is not carried yet.
pub(crate) async fn check_money(
    tx: &mut Tx,
    limits: &Limits,
    job: &Job,
) -> Result<Result<(), Error>, sqlx::Error> {
    let id = job.id.clone();
    if let (Price::Known(price), Some(ceiling)) = (job.price, job.ceiling)
        && price > ceiling
    {
        return Ok(Err(Error::AboveCeiling { id, price, ceiling }));
    }
    if limits.budget_per_day.is_none() && limits.max_cost_per_job.is_none() {
        return Ok(Ok(()));
    }
    if job.is_unpriced() && job.price == Price::Unknown {
        return Ok(Err(Error::UnknownPrice(id)));
    }
    let amount = job.reserve();
    if let Some(max) = limits.max_cost_per_job.filter(|max| amount > *max) {
        return Ok(Err(Error::AboveMaxCost { id, amount, max }));
    }
    let Some(budget) = limits.budget_per_day else { return Ok(Ok(())) };
    let used = used_on(tx, job.day.unwrap_or_default()).await?;
    if used + amount > budget {
        let left = Usd::from_micros(budget.micros() - used.micros());
        return Ok(Err(Error::OverBudget { id, amount, left, budget }));
    }
    Ok(Ok(()))
}

/// Returns what was spent and is reserved on a day.
pub(crate) async fn used_on<'c>(on: impl Into<Target<'c>>, day: i64) -> Result<Usd, sqlx::Error> {
    let sum = "SELECT CAST(COALESCE(SUM(spent + reserved + pruned_spent), 0) AS BIGINT) AS used
        FROM spend WHERE day = $1";
    let used = query(sum).bind(day).fetch_one(on).await?;
    Ok(Usd::from_micros(used.int("used")?))
}
