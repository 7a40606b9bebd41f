//! `schemas list`: the models of a schemas folder.

use std::process::ExitCode;

use anyhow::Result;
use runcomfy_codegen::recorded_id;
use serde::Serialize;

use crate::args::{ListArgs, MessageFormat};
use crate::terminal::json_line;
use crate::{Project, schemas_dir};

/// A model as a line of JSON, for programs.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    folder: &'a str,
    module: &'a str,
    fixup: bool,
}

pub(crate) fn run(args: &ListArgs, project: &Project) -> Result<ExitCode> {
    let schemas = project.schemas_folder(args.schemas.as_deref());
    let models = schemas_dir::read(schemas, project)?;
    let folders: Vec<&str> = models.iter().map(|model| model.source().folder).collect();
    let modules = runcomfy_codegen::module_paths(&folders);
    let width = models.iter().map(|model| name(model).chars().count()).max().unwrap_or_default();
    for model in &models {
        let source = model.source();
        let module = modules.get(source.folder).map_or("", String::as_str);
        let (model, folder, fixup) = (name(model), source.folder, source.fixup.is_some());
        match args.message_format {
            MessageFormat::Human => {
                let corrected = if fixup { "  corrected by a fixup" } else { "" };
                anstream::println!("{model:width$}  {module}{corrected}");
            }
            MessageFormat::Json => {
                let line = Line { model: &model, folder, module, fixup };
                println!("{}", json_line(&line)?);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of a model, or its folder if its `model.json` cannot be read.
fn name(model: &schemas_dir::Model) -> String {
    let source = model.source();
    let id = recorded_id(Some(source.model)).ok().flatten();
    runcomfy_codegen::escape_control(id.as_deref().unwrap_or(source.folder))
}
