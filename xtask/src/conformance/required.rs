//! The number of exact cases that each file has to reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use runcomfy_codegen_cli::files;
use toml_edit::DocumentMut;

use super::Counts;

/// Returns a complaint for each count that differs from the required one. More exact cases
/// than required are a complaint too: otherwise nothing would notice their loss.
pub(crate) fn complaints(path: &Path, files: &BTreeMap<&str, Counts>) -> Result<Vec<String>> {
    let text = files::text(path)?.with_context(|| format!("there is no {}", path.display()))?;
    let written: DocumentMut =
        text.parse().with_context(|| format!("reading {}", path.display()))?;
    let mut required = BTreeMap::new();
    for (file, count) in written.iter() {
        let count = count.as_integer().and_then(|count| usize::try_from(count).ok());
        let count =
            count.with_context(|| format!("{}: `{file}` is not a count", path.display()))?;
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
            (Some(_), None) => format!("{file} is required and missing"),
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
    fn each_difference_from_the_required_counts_is_reported() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("required.toml");
        std::fs::write(&path, "\"a\" = 1\n\"b\" = 1\n\"c\" = 1\n\"d\" = 1\n").expect("it can");
        let files = [("a", 1), ("b", 0), ("c", 2), ("e", 1)];
        let files = files.map(|(file, exact)| (file, Counts([("exact", exact)].into())));
        let complaints = complaints(&path, &files.into()).expect("it can be read");
        assert_eq!(complaints.len(), 4, "{complaints:?}");
        let expected = [
            (": b", "are required"),
            (": c", "raise it"),
            (": d", "missing"),
            (": e", "no required"),
        ];
        for (file, text) in expected {
            let found = complaints.iter().any(|one| one.contains(file) && one.contains(text));
            assert!(found, "{file}: {complaints:?}");
        }
    }
}
