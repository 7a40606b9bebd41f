//! The schema, one version after the other, for both databases.

use crate::error::Error;

/// Each migration is applied once, in this order, and is never changed after a release.
pub(crate) const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/1.sql"),
    include_str!("../migrations/2.sql"),
    include_str!("../migrations/3.sql"),
];
/// The table of the versions that a ledger has.
pub(crate) const CREATE_VERSIONS: &str =
    "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)";
/// Writes down that a version is applied: $1 is the version, and $2 the time.
pub(crate) const INSERT_VERSION: &str =
    "INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)";
/// The newest version that a ledger has.
pub(crate) const SELECT_VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_version";

/// Returns the migrations that a ledger of this version lacks, each with its version.
///
/// # Errors
///
/// [`Error::NewerVersion`] if a newer version of this library has changed it.
pub(crate) fn missing(
    ledger: &str,
    found: i64,
) -> Result<impl Iterator<Item = (i64, &'static str)>, Error> {
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Error::NewerVersion { ledger: ledger.to_owned(), found, known });
    }
    Ok((1..).zip(MIGRATIONS).skip_while(move |(version, _)| *version <= found))
}
