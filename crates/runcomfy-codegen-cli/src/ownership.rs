//! The schemas folder that an output folder belongs to.
//!
//! Generated files name that folder without its path, so they are the same on every machine. Two
//! folders of one name would delete each other's files. An output folder therefore belongs to the
//! nearest folder of that name beside it or above it, or to the one that its file `.schemas` names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::files::{self, Change};

/// The file that names the schemas folder, as a path from the output folder.
const MARKER: &str = ".schemas";

/// Returns the change of the marker with which the output folder belongs to this schemas folder.
///
/// # Errors
///
/// Returns an error if it belongs to another. `present` are its files that were generated from a
/// folder of that name.
pub(crate) fn claim(
    out: &Path,
    schemas: &Path,
    present: &BTreeSet<String>,
) -> Result<Option<Change>> {
    let out = canonical(out)?;
    let schemas = canonical(schemas)?;
    let marker = out.join(MARKER);
    let nearest = nearest(&out, &schemas);
    let owner = match files::text(&marker)? {
        // A folder that has moved owns nothing.
        Some(path) => fs::canonicalize(out.join(path.trim())).ok(),
        None => nearest.clone().filter(|_| !present.is_empty()),
    };
    if let Some(owner) = owner.filter(|owner| *owner != schemas) {
        bail!(
            "{} has files that were generated from {}, and would lose them: give --out another \
             folder, or remove them",
            out.display(),
            owner.display()
        );
    }
    let text = (nearest.as_ref() != Some(&schemas)).then(|| relative(&out, &schemas) + "\n");
    Change::of(marker.clone(), marker.display().to_string(), text)
}

/// Returns the nearest folder of the same name as the schemas folder, beside the output folder or
/// further up.
fn nearest(out: &Path, schemas: &Path) -> Option<PathBuf> {
    let name = schemas.file_name()?;
    out.ancestors().skip(1).map(|folder| folder.join(name)).find(|folder| folder.is_dir())
}

/// Resolves the links of a path whose end may not exist yet.
fn canonical(path: &Path) -> Result<PathBuf> {
    let whole = std::path::absolute(path).with_context(|| format!("reading {}", path.display()))?;
    let known = whole.ancestors().find_map(|known| {
        let rest = whole.strip_prefix(known).ok()?;
        Some(fs::canonicalize(known).ok()?.join(rest))
    });
    Ok(known.unwrap_or(whole))
}

/// Returns the path from one folder to another, with `/`.
fn relative(from: &Path, to: &Path) -> String {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".into());
    let down =
        to.components().skip(shared).map(Component::as_os_str).map(|it| it.to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}
