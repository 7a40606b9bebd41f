//! Limits and spend, and the proof that they agree with the jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use sqlx::AssertSqlSafe;

use crate::accounts;
use crate::again::again;
use crate::clock::{day, now, to_millis, to_time};
use crate::database::{Row, Target, Tx, query};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::ledger::Ledger;
use crate::limits::{LimitName, Limits};
use crate::row;
use crate::state::State;
use crate::usd::Usd;

/// The submits per second that a ledger can keep.
const RATES: RangeInclusive<f64> = 0.001..=1_000_000.0;
/// The states whose jobs are in flight.
const IN_FLIGHT: &str = "SELECT COUNT(*) AS jobs FROM job WHERE state IN ('sending', 'accepted')";
/// The spend by day, model and batch, from the jobs alone.
const SHARES: &str = "SELECT day, model, COALESCE(batch, '') AS batch, COUNT(*) AS jobs,
        CAST(SUM(COALESCE(cost, 0)) AS BIGINT) AS spent,
        CAST(SUM(CASE WHEN cost IS NULL THEN COALESCE(estimate, ceiling, 0) ELSE 0 END) AS BIGINT)
            AS reserved,
        CAST(SUM(CASE WHEN cost IS NULL AND estimate IS NULL AND ceiling IS NULL THEN 1 ELSE 0 END)
            AS BIGINT) AS unpriced
    FROM job WHERE day IS NOT NULL AND state NOT IN ('intended', 'refused')
    GROUP BY day, model, COALESCE(batch, '')";

/// Money of the jobs of one day, model and batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spend {
    /// Midnight UTC at which the day began. A job counts on the day on which it was sent.
    pub day: SystemTime,
    /// The model's id.
    pub model: String,
    /// The batch, if the jobs belong to one.
    pub batch: Option<BatchId>,
    /// Number of jobs that were, or may have been, accepted.
    pub jobs: u64,
    /// Costs that RunComfy reported.
    pub spent: Usd,
    /// Prices of jobs whose cost is not known.
    pub reserved: Usd,
    /// Number of jobs with neither a cost nor a price.
    pub unpriced: u64,
}

/// The use of the limits right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Number of jobs that are being sent or are accepted and not finished.
    pub jobs_in_flight: u64,
    /// Part of today's budget that is spent or reserved.
    pub used_today: Usd,
}

/// A number that does not agree with the jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discrepancy {
    /// The number.
    pub name: String,
    /// The value in the ledger.
    pub found: String,
    /// The value by the jobs.
    pub expected: String,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, found, expected } = self;
        write!(f, "{name} must be {expected}, by the jobs (found {found})")
    }
}

impl Ledger {
    /// Returns the limits.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn limits(&self) -> Result<Limits, Error> {
        let db = &self.inner.db;
        accounts::limits(db.readers()).await.map_err(|error| db.error(error))
    }

    /// Sets the limits, for every process that uses the ledger.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a limit with which no job would ever be sent, or if the ledger cannot be
    /// written.
    pub async fn set_limits(&self, limits: &Limits) -> Result<(), Error> {
        refuse_zero(limits)?;
        again!(self.set_limits_once(limits))
    }

    async fn set_limits_once(&self, limits: &Limits) -> Result<(), Error> {
        let db = &self.inner.db;
        let mut tx = db.begin().await?;
        tx.lock_accounts().await.map_err(|error| db.error(error))?;
        for name in LimitName::ALL {
            let update = query("UPDATE \"limit\" SET setting = $2 WHERE name = $1");
            let update = update.bind(name.as_str()).bind(limits.setting(name));
            update.execute(&mut tx).await.map_err(|error| db.error(error))?;
        }
        db.commit(tx).await
    }

    /// Returns the use of the limits.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn usage(&self) -> Result<Usage, Error> {
        let db = &self.inner.db;
        let map = |error| db.error(error);
        let used = accounts::used_on(db.readers(), day(now())).await.map_err(map)?;
        let jobs = in_flight(db.readers()).await.map_err(map)?;
        Ok(Usage { jobs_in_flight: count(jobs), used_today: used })
    }

    /// Returns the number of jobs in each state, also of those that another one resubmits. A state
    /// without jobs is left out.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn count_by_state(&self) -> Result<BTreeMap<State, u64>, Error> {
        let db = &self.inner.db;
        let map = |error| db.error(error);
        let select = query("SELECT state, COUNT(*) AS jobs FROM job GROUP BY state");
        let mut counts = BTreeMap::new();
        for row in select.fetch_all(db.readers()).await.map_err(map)? {
            // A state of a newer version is not known here.
            if let Ok(state) = row.text("state").map_err(map)?.parse() {
                counts.insert(state, count(row.int("jobs").map_err(map)?));
            }
        }
        Ok(counts)
    }

    /// Returns what was spent since a time, by day, model and batch, the newest day first.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn spend(&self, since: SystemTime) -> Result<Vec<Spend>, Error> {
        let db = &self.inner.db;
        let select = "SELECT day, model, batch, jobs + pruned_jobs AS jobs,
                spent + pruned_spent AS spent, reserved, unpriced
            FROM spend WHERE day >= $1 AND jobs + pruned_jobs > 0
            ORDER BY day DESC, model, batch";
        let select = query(select).bind(day(to_millis(since))).fetch_all(db.readers());
        let rows = select.await.map_err(|error| db.error(error))?;
        rows.iter().map(spend).collect::<Result<_, _>>().map_err(|error| db.error(error))
    }

    /// Checks the file, and that the limits and the spend agree with the jobs. Returns every
    /// number that does not.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], or if the ledger cannot be read.
    pub async fn check(&self) -> Result<Vec<Discrepancy>, Error> {
        again!(self.check_once())
    }

    async fn check_once(&self) -> Result<Vec<Discrepancy>, Error> {
        let db = &self.inner.db;
        let mut tx = db.begin().await?;
        if let Some(reason) = tx.damage().await.map_err(|error| db.error(error))? {
            return Err(Error::Damaged { ledger: db.name().to_owned(), reason });
        }
        tx.lock_accounts().await.map_err(|error| db.error(error))?;
        discrepancies(&mut tx).await.map_err(|error| db.error(error))
    }

    /// Computes the limits and the spend again from the jobs. Returns what [`Ledger::check`] would
    /// have returned.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be written.
    pub async fn recompute(&self) -> Result<Vec<Discrepancy>, Error> {
        again!(self.recompute_once())
    }

    async fn recompute_once(&self) -> Result<Vec<Discrepancy>, Error> {
        let db = &self.inner.db;
        let mut tx = db.begin().await?;
        tx.lock_accounts().await.map_err(|error| db.error(error))?;
        let found = discrepancies(&mut tx).await.map_err(|error| db.error(error))?;
        let flights =
            format!("UPDATE \"limit\" SET used = ({IN_FLIGHT}) WHERE name = 'jobs_in_flight'");
        let insert = format!(
            "INSERT INTO spend (day, model, batch, jobs, spent, reserved, unpriced) {SHARES}
                ON CONFLICT (day, model, batch) DO UPDATE SET jobs = excluded.jobs,
                    spent = excluded.spent, reserved = excluded.reserved,
                    unpriced = excluded.unpriced"
        );
        let zero = "UPDATE spend SET jobs = 0, spent = 0, reserved = 0, unpriced = 0".to_owned();
        for statement in [flights, zero, insert] {
            let statement = query(AssertSqlSafe(statement));
            statement.execute(&mut tx).await.map_err(|error| db.error(error))?;
        }
        db.commit(tx).await?;
        Ok(found)
    }

    /// Deletes finished jobs that ended at least this long ago, and intended ones that expired as
    /// long ago. Returns how many. What they cost stays in the spend.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be written.
    pub async fn prune(&self, age: Duration) -> Result<u64, Error> {
        again!(self.prune_once(age))
    }

    async fn prune_once(&self, age: Duration) -> Result<u64, Error> {
        let db = &self.inner.db;
        let map = |error| db.error(error);
        let limit = now().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let mut tx = db.begin().await?;
        // A job that another one resubmits stays until that one goes.
        let select = concat!(
            "SELECT ",
            row::columns!(),
            " FROM job WHERE id NOT IN (SELECT resubmits FROM job WHERE resubmits IS NOT NULL)
                AND ((state IN
                        ('succeeded', 'failed', 'cancelled', 'refused', 'given_up', 'delivered')
                    AND ended_at <= $1)
                OR (state = 'intended' AND expires_at <= $1)) ORDER BY id"
        );
        let select = format!("{select}{}", tx.for_update());
        let rows =
            query(AssertSqlSafe(select)).bind(limit).fetch_all(&mut tx).await.map_err(map)?;
        for row in &rows {
            let job = row::job(row)?;
            accounts::prune(&mut tx, &job).await.map_err(map)?;
            delete(&mut tx, &job.id).await.map_err(map)?;
        }
        db.commit(tx).await?;
        Ok(rows.len() as u64)
    }
}

/// Refuses limits with which no job would ever be sent.
fn refuse_zero(limits: &Limits) -> Result<(), Error> {
    if limits.jobs_in_flight == Some(0) {
        let reason = "must be at least 1 (found 0)".to_owned();
        return Err(Error::Limit(LimitName::JobsInFlight, reason));
    }
    if let Some(rate) = limits.submits_per_second.filter(|rate| !RATES.contains(rate)) {
        let (least, most) = (RATES.start(), RATES.end());
        let reason = format!("must be from {least} to {most} (found {rate})");
        return Err(Error::Limit(LimitName::SubmitsPerSecond, reason));
    }
    Ok(())
}

async fn delete(tx: &mut Tx, id: &JobId) -> Result<(), sqlx::Error> {
    query("DELETE FROM job WHERE id = $1").bind(id.as_str()).execute(tx).await?;
    Ok(())
}

async fn in_flight<'c>(on: impl Into<Target<'c>>) -> Result<i64, sqlx::Error> {
    query(IN_FLIGHT).fetch_one(on).await?.int("jobs")
}

/// Returns every number that does not agree with the jobs.
async fn discrepancies(tx: &mut Tx) -> Result<Vec<Discrepancy>, sqlx::Error> {
    let mut all = Vec::new();
    let used = "SELECT used FROM \"limit\" WHERE name = 'jobs_in_flight'";
    let used = query(used).fetch_one(&mut *tx).await?.int("used")?;
    let expected = in_flight(&mut *tx).await?;
    if used != expected {
        let (found, expected) = (used.to_string(), expected.to_string());
        all.push(Discrepancy { name: "jobs_in_flight".to_owned(), found, expected });
    }
    let kept = "SELECT day, model, batch, jobs, spent, reserved, unpriced FROM spend
        WHERE jobs <> 0 OR spent <> 0 OR reserved <> 0 OR unpriced <> 0";
    let kept = shares(query(kept).fetch_all(&mut *tx).await?)?;
    let computed = shares(query(SHARES).fetch_all(&mut *tx).await?)?;
    let keys: BTreeSet<&Key> = kept.keys().chain(computed.keys()).collect();
    for key in keys {
        let (found, expected) = (kept.get(key), computed.get(key));
        if found != expected {
            let (day, model, batch) = key;
            all.push(Discrepancy {
                name: format!("spend of `{model}` on day {day} in batch `{batch}`"),
                found: format!("{:?}", found.unwrap_or(&[0; 4])),
                expected: format!("{:?}", expected.unwrap_or(&[0; 4])),
            });
        }
    }
    Ok(all)
}

/// A day, a model and a batch.
type Key = (i64, String, String);

/// Returns the jobs, and what is spent, reserved and unpriced, of each row.
fn shares(rows: Vec<Row>) -> Result<BTreeMap<Key, [i64; 4]>, sqlx::Error> {
    rows.iter()
        .map(|row| {
            let key =
                (row.int("day")?, row.text("model")?.to_owned(), row.text("batch")?.to_owned());
            let (jobs, spent) = (row.int("jobs")?, row.int("spent")?);
            Ok((key, [jobs, spent, row.int("reserved")?, row.int("unpriced")?]))
        })
        .collect()
}

fn spend(row: &Row) -> Result<Spend, sqlx::Error> {
    Ok(Spend {
        day: to_time(row.int("day")?.saturating_mul(crate::clock::DAY)),
        model: row.text("model")?.to_owned(),
        batch: row.text("batch")?.parse().ok(),
        jobs: count(row.int("jobs")?),
        spent: Usd::from_micros(row.int("spent")?),
        reserved: Usd::from_micros(row.int("reserved")?),
        unpriced: count(row.int("unpriced")?),
    })
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
