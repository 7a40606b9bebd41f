//! `schemas diff`: compares two states of the schemas for callers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use runcomfy_codegen::{Diff, Level, ModelDiff, Side, Step, escape_control};
use semver::Version;
use serde::Serialize;

use crate::args::{DiffArgs, MessageFormat};
use crate::files::{self, Change};
use crate::schemas_dir::{self, Model};
use crate::terminal::{coloured_level, error, json_line};
use crate::{Project, release, revision};

pub(crate) fn run(args: &DiffArgs, project: &Project) -> Result<ExitCode> {
    let old = read(&args.old, project)?;
    let new = match &args.new {
        Some(new) => read(new, project)?,
        None => schemas_dir::read(&project.target.schemas, project)?,
    };
    let given = args.new.as_deref().map(Path::new).filter(|new| new.is_dir());
    let release = release::of(given.unwrap_or(&project.target.schemas))?;
    let diff = of(&old, &new);
    match args.message_format {
        MessageFormat::Human if diff == Diff::default() => anstream::println!("nothing changed"),
        MessageFormat::Human => anstream::print!("{}", shown(&diff, release.as_ref())?),
        MessageFormat::Json => print!("{}", lines(&diff, release.as_ref())?),
    }
    let step = diff.level().map(Level::step);
    if let Some(limit) = &args.fail_on
        && step.is_some_and(|step| step >= parse_step(limit))
    {
        error(format_args!("the changes ask for a {limit} step or more"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(if diff.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Compares the models in these folders before and after changes of files, which are not
/// applied yet.
pub(crate) fn of_changes(
    schemas: &Path,
    folders: &BTreeSet<String>,
    changes: &[&Change],
) -> Result<Diff> {
    let changed: BTreeMap<&Path, Option<&str>> =
        changes.iter().map(|change| (change.path(), change.new_text())).collect();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for folder in folders {
        old.extend(Model::read(folder, |file| files::text(&schemas.join(file)))?);
        new.extend(Model::read(folder, |file| match changed.get(&*schemas.join(file)) {
            Some(text) => Ok(text.map(str::to_owned)),
            None => files::text(&schemas.join(file)),
        })?);
    }
    Ok(of(&old, &new))
}

/// Returns the report for people, in colour. It is empty if nothing changed. `release` is the
/// version of the crate around the schemas.
pub(crate) fn shown(diff: &Diff, release: Option<&Version>) -> Result<String> {
    let mut text = String::new();
    for model in &diff.models {
        write_model(model, &mut text)?;
    }
    for refused in &diff.refused {
        let side = side(refused.side);
        let folder = escape_control(&refused.folder);
        writeln!(text, "{folder}\n  not compared: its {side} schemas are refused")?;
        for error in &refused.errors {
            let place = escape_control(&format!("{}#{}", error.place.file, error.place.pointer));
            writeln!(text, "    {}: {place}: {}", error.code, error.message)?;
        }
    }
    let Some(level) = diff.level() else { return Ok(text) };
    let counts: Vec<String> =
        Level::ALL.into_iter().rev().map(|level| count(diff, level)).collect();
    writeln!(text, "\nmodels changed: {}; for callers: {}", diff.models.len(), counts.join(", "))?;
    let step = level.step();
    let versions = release.map(|version| format!(", {version} to {}", next(version, step)));
    writeln!(text, "step: {}{}", step.name(), versions.unwrap_or_default())?;
    writeln!(text, "for CHANGELOG.md:")?;
    for line in diff.changelog() {
        writeln!(text, "{line}")?;
    }
    Ok(text)
}

fn count(diff: &Diff, level: Level) -> String {
    let changes = diff.models.iter().flat_map(|model| &model.changes);
    format!("{} {}", level.name(), changes.filter(|change| change.kind.level() == level).count())
}

fn write_model(model: &ModelDiff, text: &mut String) -> Result<()> {
    writeln!(text, "{}", escape_control(&model.id))?;
    for change in &model.changes {
        let at = match change.at.as_str() {
            "" => String::new(),
            at => format!("{at}: "),
        };
        writeln!(text, "  {}{at}{}", coloured_level(change.kind.level()), change.message)?;
    }
    Ok(())
}

/// A change as a line of JSON, for programs.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    folder: &'a str,
    level: &'a str,
    kind: &'a str,
    at: &'a str,
    message: &'a str,
    /// The path and rule of the violation that an input may now have.
    #[serde(skip_serializing_if = "Option::is_none")]
    refuses: Option<[&'a str; 2]>,
}

/// A model that could not be compared.
#[derive(Serialize)]
struct RefusedLine<'a> {
    folder: &'a str,
    refused: &'a str,
    errors: Vec<String>,
}

/// The last line of JSON.
#[derive(Serialize)]
struct Summary {
    step: Option<&'static str>,
    /// The next version of the crate around the schemas, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    changelog: Vec<String>,
}

/// Returns the report for programs: one JSON object per line.
fn lines(diff: &Diff, release: Option<&Version>) -> Result<String> {
    let mut text = String::new();
    for model in &diff.models {
        for change in &model.changes {
            let refuses = change.refuses.as_ref();
            let line = Line {
                model: &model.id,
                folder: &model.folder,
                level: change.kind.level().name(),
                kind: change.kind.name(),
                at: &change.at,
                message: &change.message,
                refuses: refuses.map(|refusal| [refusal.at.as_str(), refusal.rule.as_str()]),
            };
            writeln!(text, "{}", json_line(&line)?)?;
        }
    }
    for refused in &diff.refused {
        let line = RefusedLine {
            folder: &refused.folder,
            refused: side(refused.side),
            errors: refused.errors.iter().map(ToString::to_string).collect(),
        };
        writeln!(text, "{}", json_line(&line)?)?;
    }
    let step = diff.level().map(Level::step);
    let summary = Summary {
        step: step.map(Step::name),
        version: release
            .map(|version| step.map_or(version.clone(), |step| next(version, step)).to_string()),
        changelog: diff.changelog(),
    };
    writeln!(text, "{}", json_line(&summary)?)?;
    Ok(text)
}

/// Reads the models of a schemas folder, or of a git revision.
fn read(state: &str, project: &Project) -> Result<Vec<Model>> {
    let path = Path::new(state);
    match path.is_dir() {
        true => schemas_dir::read(path, project),
        false => revision::read(state, project),
    }
}

fn of(old: &[Model], new: &[Model]) -> Diff {
    let old: Vec<_> = old.iter().map(Model::source).collect();
    let new: Vec<_> = new.iter().map(Model::source).collect();
    runcomfy_codegen::diff(&old, &new)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Old => "earlier",
        Side::New => "later",
    }
}

/// Parses a step of the command line, which has checked the name.
fn parse_step(name: &str) -> Step {
    match name {
        "major" => Step::Major,
        "minor" => Step::Minor,
        _ => Step::Patch,
    }
}

/// Returns the version after a step. While the first number is 0, each step is one lower.
fn next(version: &Version, step: Step) -> Version {
    let Version { major, minor, patch, .. } = *version;
    match (step, major, minor) {
        (Step::Major, 1.., _) => Version::new(major + 1, 0, 0),
        (Step::Major, 0, 1..) | (Step::Minor, 1.., _) => Version::new(major, minor + 1, 0),
        (Step::Major | Step::Minor, 0, _) | (Step::Patch, ..) => {
            Version::new(major, minor, patch + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_step_is_one_lower_before_1_0() {
        for (version, major, minor, patch) in [
            ("0.0.3", "0.0.4", "0.0.4", "0.0.4"),
            ("0.1.0", "0.2.0", "0.1.1", "0.1.1"),
            ("0.9.2", "0.10.0", "0.9.3", "0.9.3"),
            ("1.2.3", "2.0.0", "1.3.0", "1.2.4"),
        ] {
            let version = Version::parse(version).expect("it is one");
            let after = |step| next(&version, step).to_string();
            let found = [after(Step::Major), after(Step::Minor), after(Step::Patch)];
            assert_eq!(found, [major, minor, patch], "{version}");
        }
    }
}
