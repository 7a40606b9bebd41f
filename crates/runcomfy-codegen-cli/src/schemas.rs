//! `schemas add`: imports a page, a catalog or files into the schemas folder.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::import::{self, Import, Imported};
use runcomfy_codegen::{fixup_path, model_json};

use crate::args::AddArgs;
use crate::files::{self, Change};
use crate::terminal::warn;
use crate::{Project, diff, release};

pub(crate) fn add(args: &AddArgs, project: &Project) -> Result<ExitCode> {
    let import =
        read(args).with_context(|| format!("nothing was added from {}", args.file.display()))?;
    let schemas = project.schemas_folder(args.schemas.as_deref());
    for skipped in &import.skipped {
        warn(format_args!("skipped: {skipped}"));
    }
    let mut all = Vec::new();
    for model in &import.models {
        match refuse_another(model, schemas) {
            Ok(()) => all.push((&model.id, changes(model, schemas)?)),
            // One model of a catalog stops no other.
            Err(error) if import.models.len() > 1 => {
                warn(format_args!("skipped: {error:#}"));
            }
            Err(error) => return Err(error),
        }
    }
    if all.is_empty() {
        bail!("nothing was added from {}", args.file.display());
    }
    let folders = all.iter().map(|(id, _)| id.folder()).collect();
    let changes: Vec<&Change> = all.iter().flat_map(|(_, changes)| changes).collect();
    let diff = diff::of_changes(schemas, &folders, &changes)?;
    files::remove_leftovers(&files::leftovers(schemas)?)?;
    changes.into_iter().try_for_each(Change::apply)?;
    for (id, changes) in &all {
        match changes.as_slice() {
            [] => anstream::println!("{id}: nothing changed"),
            changes => {
                anstream::println!("{id}:");
                for change in changes {
                    anstream::println!("{}", change.summary());
                    if change.is_edit() {
                        anstream::print!("{}", change.diff());
                    }
                }
            }
        }
    }
    anstream::print!("{}", diff::shown(&diff, release::of(schemas)?.as_ref())?);
    if all.iter().any(|(_, changes)| !changes.is_empty()) && args.schemas.is_none() {
        anstream::println!("now run `{}`", project.generate_command);
    }
    Ok(ExitCode::SUCCESS)
}

fn read(args: &AddArgs) -> Result<Import> {
    let text = given(&args.file)?;
    let Some(id) = &args.id else {
        return Ok(import::import(&text)?);
    };
    let output = args.output.as_deref().map(given).transpose()?;
    let model = import::from_files(id, &text, output.as_deref())?;
    Ok(Import { models: vec![model], skipped: Vec::new() })
}

/// Reads a file that the command line names, byte by byte as it is.
fn given(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    String::from_utf8(bytes)
        .map_err(|error| anyhow::anyhow!("{} is not UTF-8 text: {error}", path.display()))
}

/// Refuses a folder that holds another model, or a `model.json` that cannot be read: it would
/// be lost.
fn refuse_another(model: &Imported, schemas: &Path) -> Result<()> {
    let name = model.id.folder();
    let previous = files::text(&schemas.join(&name).join("model.json"))?;
    let recorded = runcomfy_codegen::recorded_id(previous.as_deref())
        .with_context(|| format!("{name}/model.json cannot be read: correct it, or remove it"))?;
    match recorded.filter(|recorded| recorded != model.id.as_str()) {
        None => Ok(()),
        Some(other) => bail!(
            "`{}` belongs in the folder {name}, where `{other}` is already: it was not added",
            model.id
        ),
    }
}

/// Returns the changes that bring a model's folder up to date. An output schema is kept if the
/// import has none.
///
/// `model.json` comes last: a new folder is a model only once it is complete, and the run after
/// an interruption finds the difference again.
pub(crate) fn changes(model: &Imported, schemas: &Path) -> Result<Vec<Change>> {
    let name = model.id.folder();
    let previous = files::text(&schemas.join(&name).join("model.json"))?;
    let fixup = files::text(&schemas.join(fixup_path(&name)))?;
    let texts = [
        ("input.json", Some(model.input.clone())),
        ("output.json", model.output.clone()),
        ("model.json", Some(model_json(model, previous.as_deref(), fixup.as_deref()))),
    ];
    let mut changes = Vec::new();
    for (file, text) in texts {
        if text.is_some() {
            changes.extend(change(schemas, &name, file, text)?);
        }
    }
    Ok(changes)
}

/// Returns the change that gives one file of a model's folder this text, or removes it.
pub(crate) fn change(
    schemas: &Path,
    folder: &str,
    file: &str,
    text: Option<String>,
) -> Result<Option<Change>> {
    let name = schemas.file_name().map_or("schemas".into(), |name| name.to_string_lossy());
    let shown = format!("{name}/{folder}/{file}");
    Change::of(schemas.join(folder).join(file), shown, text)
}
