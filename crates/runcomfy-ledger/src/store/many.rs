//! Many jobs in one statement: writing them down, looking for their twins, and carrying them from
//! one ledger to another.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::is_twin;
use crate::accounts;
use crate::clock::{DAY, now, to_millis};
use crate::database::{Database, Query, Row, Target, Tx, Value, query};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::{Again, Job};
use crate::row;
use crate::state::State;
use crate::usd::Usd;

/// Number of jobs that one statement reads, and that one transaction moves.
pub(crate) const CHUNK: usize = 500;
/// Number of jobs that one statement writes. SQLite looks for each value among all of the statement,
/// so a larger number makes it slower.
const WRITTEN: usize = 50;

/// The columns of a job that is not there yet. The others are NULL, or have a default.
const NEW: &str = "id, batch, resubmits, model, input, files, fingerprint, state, attempts, again, \
                   price, estimate, ceiling, expires_at, created_at, line, retries";

/// Gives the jobs that have the id of another one a new id. Among a hundred million ids, some are
/// drawn twice.
pub(crate) async fn choose_ids(tx: &mut Tx, jobs: &mut [Job]) -> Result<(), sqlx::Error> {
    for chunk in jobs.chunks_mut(CHUNK) {
        let ids: Vec<JobId> = chunk.iter().map(|job| job.id.clone()).collect();
        let taken = about("SELECT id FROM job WHERE id IN ({ids})", &ids).fetch_all(&mut *tx);
        for row in taken.await? {
            let taken = row.text("id")?;
            for job in chunk.iter_mut().filter(|job| job.id.as_str() == taken) {
                job.id = JobId::random();
            }
        }
    }
    Ok(())
}

/// Writes down jobs that are not there yet.
pub(crate) async fn insert(db: &Database, tx: &mut Tx, jobs: &[Job]) -> Result<(), Error> {
    let rows = jobs.iter().map(new_row).collect();
    write(tx, NEW, rows).await.map_err(|error| db.error(error))
}

/// Returns the values of a new job.
fn new_row(job: &Job) -> Vec<Value> {
    let (price, estimate) = row::price_columns(job.price);
    vec![
        job.id.as_str().into(),
        job.batch.as_ref().map(BatchId::as_str).into(),
        job.resubmits.as_ref().map(JobId::as_str).into(),
        job.model.as_str().into(),
        job.input.to_string().into(),
        serde_json::json!(job.files).to_string().into(),
        job.fingerprint.as_str().into(),
        State::Intended.as_str().into(),
        0.into(),
        i64::from(job.again == Again::Yes).into(),
        price.into(),
        estimate.into(),
        job.ceiling.map(Usd::micros).into(),
        job.expires_at.map(to_millis).into(),
        to_millis(job.created_at).into(),
        job.line.map(|line| i64::try_from(line).unwrap_or(i64::MAX)).into(),
        i64::from(job.retries).into(),
    ]
}

async fn write(tx: &mut Tx, columns: &str, rows: Vec<Vec<Value>>) -> Result<(), sqlx::Error> {
    let width = columns.split(',').count();
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(WRITTEN).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let each = (0..chunk.len()).map(|row| format!("({})", places(row * width + 1, width)));
        let each: Vec<String> = each.collect();
        let insert = format!("INSERT INTO job ({columns}) VALUES {}", each.join(", "));
        let insert = query(AssertSqlSafe(insert));
        chunk.into_iter().flatten().fold(insert, Query::bind).execute(&mut *tx).await?;
    }
}

/// Returns the places of this many values, such as `$3, $4`.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Returns a statement about jobs. `{ids}` in it stands for their ids, which are the first values.
fn about(statement: &str, ids: &[JobId]) -> Query {
    let statement = statement.replace("{ids}", &places(1, ids.len()));
    ids.iter().fold(query(AssertSqlSafe(statement)), |query, id| query.bind(id.as_str()))
}

/// Returns a twin for each of these fingerprints that has one: see [`super::twin`].
pub(crate) async fn twins(
    db: &Database,
    fingerprints: &[&str],
) -> Result<HashMap<String, Job>, Error> {
    let mut found = HashMap::new();
    for chunk in fingerprints.chunks(CHUNK) {
        let select = format!(
            concat!(
                "SELECT ",
                row::columns!(),
                " FROM job WHERE fingerprint IN ({}) AND ",
                is_twin!(),
                " ORDER BY created_at"
            ),
            places(2, chunk.len())
        );
        let select = query(AssertSqlSafe(select)).bind(now() - DAY);
        let select = chunk.iter().fold(select, |query, fingerprint| query.bind(*fingerprint));
        for row in select.fetch_all(db.readers()).await.map_err(|error| db.error(error))? {
            let job = row::job(&row)?;
            found.insert(job.fingerprint.clone(), job);
        }
    }
    Ok(found)
}

/// Returns the ids of every job of a batch, also of those that others have replaced.
pub(crate) async fn ids<'c>(
    on: impl Into<Target<'c>>,
    batch: &BatchId,
) -> Result<Vec<JobId>, sqlx::Error> {
    let select = query("SELECT id FROM job WHERE batch = $1").bind(batch.as_str());
    let rows = select.fetch_all(on).await?;
    Ok(rows.iter().filter_map(|row| row.text("id").ok()?.parse().ok()).collect())
}

/// Reads jobs, with all of their columns. On PostgreSQL, nobody changes them until the transaction
/// ends.
pub(crate) async fn read(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<Row>, sqlx::Error> {
    let select = concat!("SELECT ", row::columns!(), ", superseded FROM job WHERE id IN ({ids})");
    about(&format!("{select}{}", tx.for_update()), ids).fetch_all(tx).await
}

/// Writes down jobs of another ledger as they are there. [`link`] says later which job each
/// resubmits, since that one may not be there yet.
pub(crate) async fn receive(db: &Database, tx: &mut Tx, rows: &[Row]) -> Result<Vec<Job>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let jobs = rows.iter().map(row::job).collect::<Result<Vec<_>, _>>()?;
    let columns = concat!(row::columns!(), ", superseded");
    let values = rows.iter().map(|row| values_of(row, columns)).collect::<Result<_, _>>();
    let values = values.map_err(|error| db.error(error))?;
    write(tx, columns, values).await.map_err(|error| db.error(error))?;
    accounts::carry_all(tx, &jobs, 1).await.map_err(|error| db.error(error))?;
    Ok(jobs)
}

/// Returns the values of a row, without the job that it resubmits.
fn values_of(row: &Row, columns: &str) -> Result<Vec<Value>, sqlx::Error> {
    let columns = columns.split(',').map(str::trim);
    columns
        .map(|column| match column {
            "resubmits" => Ok(Value::Text(None)),
            column => row::value(row, column),
        })
        .collect()
}

/// Says which job each of these resubmits.
pub(crate) async fn link(tx: &mut Tx, links: &[(JobId, JobId)]) -> Result<(), sqlx::Error> {
    for (id, old) in links {
        let update = query("UPDATE job SET resubmits = $2 WHERE id = $1").bind(id.as_str());
        update.bind(old.as_str()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Lets no job of a batch resubmit another, so that they can be removed in any order.
pub(crate) async fn unlink(tx: &mut Tx, batch: &BatchId) -> Result<(), sqlx::Error> {
    let update = "UPDATE job SET resubmits = NULL WHERE batch = $1 AND resubmits IS NOT NULL";
    query(update).bind(batch.as_str()).execute(tx).await?;
    Ok(())
}

/// Removes jobs that another ledger has, and what they count for here.
pub(crate) async fn remove(db: &Database, tx: &mut Tx, ids: &[JobId]) -> Result<(), Error> {
    let rows = read(tx, ids).await.map_err(|error| db.error(error))?;
    let jobs = rows.iter().map(row::job).collect::<Result<Vec<_>, _>>()?;
    let delete = about("DELETE FROM job WHERE id IN ({ids})", ids);
    delete.execute(&mut *tx).await.map_err(|error| db.error(error))?;
    accounts::carry_all(tx, &jobs, -1).await.map_err(|error| db.error(error))
}
