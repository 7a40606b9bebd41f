//! The version of the crate around a schemas folder.

use std::path::Path;

use anyhow::{Context, Result};
use semver::Version;
use toml_edit::DocumentMut;

use crate::files;

/// Returns the version in the nearest `Cargo.toml` above a folder that has one, for a package or
/// for the packages of a workspace. Returns `None` if no manifest has one.
pub(crate) fn of(schemas: &Path) -> Result<Option<Version>> {
    let folder = std::path::absolute(schemas).context("finding the schemas folder")?;
    for folder in folder.ancestors().skip(1) {
        let manifest = folder.join("Cargo.toml");
        let reading = || format!("reading {}", manifest.display());
        let Some(text) = files::text(&manifest)? else { continue };
        let text: DocumentMut = text.parse().with_context(reading)?;
        let version = |table: &toml_edit::Item| table.get("version")?.as_str().map(str::to_owned);
        let package = text.get("package").and_then(version);
        let shared = || text.get("workspace")?.get("package").and_then(version);
        if let Some(version) = package.or_else(shared) {
            return Ok(Some(Version::parse(&version).with_context(reading)?));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_manifest_with_a_version_counts() {
        let place = tempfile::tempdir().expect("a folder can be made");
        let schemas = place.path().join("own/schemas");
        std::fs::create_dir_all(&schemas).expect("a folder can be made");
        let write = |name: &str, text: &str| {
            std::fs::write(place.path().join(name), text).expect("it can be written");
        };
        write("Cargo.toml", "[workspace.package]\nversion = \"1.2.3\"\n");
        write("own/Cargo.toml", "[package]\nname = \"own\"\nversion.workspace = true\n");
        assert_eq!(of(&schemas).expect("it can be read"), Some(Version::new(1, 2, 3)));
        write("own/Cargo.toml", "[package]\nversion = \"0.4.0\"\n");
        assert_eq!(of(&schemas).expect("it can be read"), Some(Version::new(0, 4, 0)));
        write("own/Cargo.toml", "[package]\nversion = \"x\"\n");
        assert!(of(&schemas).is_err());
    }
}
