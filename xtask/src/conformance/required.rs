//! How many exact cases each file has to reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use toml_edit::DocumentMut;

use super::Counts;
use crate::files;

/// What is to be said where a count is not the one that is written down. More asks for the
/// number to be raised, since nothing would notice its loss otherwise.
pub(crate) fn complaints(path: &Path, files: &BTreeMap<&str, Counts>) -> Result<Vec<String>> {
    let text = files::text(path)?.with_context(|| format!("there is no {}", path.display()))?;
    let written: DocumentMut =
        text.parse().with_context(|| format!("reading {}", path.display()))?;
    let mut required = BTreeMap::new();
    for (file, count) in written.iter() {
        let count = count.as_integer().and_then(|count| usize::try_from(count).ok());
        let count = count.with_context(|| format!("{}: `{file}` is no count", path.display()))?;
        required.insert(file, count);
    }
    let mut complaints = Vec::new();
    let all: BTreeSet<&str> = required.keys().chain(files.keys()).copied().collect();
    for file in all {
        let complaint = match (required.get(file), files.get(file).map(|of| of.of("exact"))) {
            (Some(required), Some(exact)) if exact < *required => {
                format!("{file}: {exact} exact, and {required} are required")
            }
            (Some(required), Some(exact)) if exact > *required => format!(
                "{file}: {exact} exact, which is more than the {required} required; raise it: \
                 \"{file}\" = {exact}"
            ),
            (Some(_), Some(_)) => continue,
            (Some(_), None) => format!("{file} is required, and not there"),
            (None, exact) => {
                let exact = exact.unwrap_or_default();
                format!("{file} has no required count; add it: \"{file}\" = {exact}")
            }
        };
        complaints.push(format!("{}: {complaint}", path.display()));
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_more_missing_and_unlisted_are_each_complained_of() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("required.toml");
        std::fs::write(&path, "\"a\" = 1\n\"b\" = 1\n\"c\" = 1\n\"d\" = 1\n").expect("it can");
        let exact = |count: usize| Counts([("exact", count)].into());
        let files = [("a", exact(1)), ("b", exact(0)), ("c", exact(2)), ("e", exact(1))];
        let complaints = complaints(&path, &files.into()).expect("it can be read");
        let of = |file: &str, what: &str| {
            complaints.iter().any(|said| said.contains(file) && said.contains(what))
        };
        assert_eq!(complaints.len(), 4, "{complaints:?}");
        assert!(of(": b", "are required") && of(": c", "raise it") && of(": d", "not there"));
        assert!(of(": e", "no required count"));
    }
}
