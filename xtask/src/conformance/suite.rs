//! Files in the form of the official suite, read without changing a number in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use runcomfy_codegen_cli::files;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A folder of such files.
pub(crate) struct Suite {
    pub schemas: Vec<Tested>,
    /// The files that are not in this form, each with the reason.
    pub unread: Vec<String>,
}

/// A schema and its tests.
pub(crate) struct Tested {
    /// Its file, by its path in the folder, with `/`.
    pub file: String,
    pub description: String,
    pub schema: Box<RawValue>,
    pub tests: Vec<Test>,
}

/// An instance, and its validity by the suite.
#[derive(Deserialize)]
pub(crate) struct Test {
    #[serde(default)]
    pub description: String,
    pub data: Box<RawValue>,
    pub valid: bool,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    description: String,
    schema: Box<RawValue>,
    tests: Vec<Test>,
}

impl Suite {
    /// Reads every JSON file below a folder. A file that cannot be read is listed in `unread`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        let mut files = Vec::new();
        visit(folder, &mut files)?;
        files.sort();
        let mut suite = Self { schemas: Vec::new(), unread: Vec::new() };
        for path in files {
            let name = path.strip_prefix(folder).unwrap_or(&path).iter();
            let name: Vec<_> = name.map(|step| step.to_string_lossy()).collect();
            let file = name.join("/");
            match groups(&path) {
                Ok(groups) => suite.schemas.extend(groups.into_iter().map(|group| Tested {
                    file: file.clone(),
                    description: group.description,
                    schema: group.schema,
                    tests: group.tests,
                })),
                Err(error) => suite.unread.push(format!("{file}: {error:#}")),
            }
        }
        Ok(suite)
    }
}

fn groups(path: &Path) -> Result<Vec<Group>> {
    let text = files::text(path)?.context("there is no such file")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let form = "it is not in the form [{description, schema, tests: [{description, data, valid}]}]";
    serde_json::from_str(text).context(form)
}

fn visit(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        // A link to a folder could lead in a circle.
        if entry.file_type()?.is_dir() {
            visit(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "json") {
            files.push(path);
        }
    }
    Ok(())
}
