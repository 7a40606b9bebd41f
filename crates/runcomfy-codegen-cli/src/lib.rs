#![doc = include_str!("../README.md")]
//!
//! This library holds the commands, for the program and for the tools of this crate's own
//! workspace. It may change with any release.

mod args;
mod diff;
pub mod files;
mod generate;
mod list;
mod ownership;
mod release;
mod report;
mod revision;
mod schemas;
mod schemas_dir;
mod sync;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

pub use args::{
    AddArgs, DiffArgs, GenerateArgs, ListArgs, MessageFormat, SchemasCommand, SyncArgs,
};
pub use generate::{Asset, Target};
pub use schemas_dir::Model;
pub use terminal::{error, exit_code};

/// A crate whose schemas the commands read and change, unless the command line names other folders.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of schemas, and what is generated from it.
    pub target: Target,
    /// The command that generates, such as `runcomfy-codegen generate`.
    pub generate_command: &'static str,
    /// The command before `add`, such as `runcomfy-codegen schemas`.
    pub schemas_command: &'static str,
}

impl Project {
    /// Returns the crate in the current folder: `schemas` and `src/generated`.
    pub fn here() -> Self {
        Self {
            target: Target::new(PathBuf::from("schemas"), PathBuf::from("src/generated")),
            generate_command: "runcomfy-codegen generate",
            schemas_command: "runcomfy-codegen schemas",
        }
    }

    /// Generates modules.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or written, or would be lost.
    pub fn generate(&self, args: &GenerateArgs) -> Result<ExitCode> {
        generate::run(args, self)
    }

    /// Runs a command about schemas.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or written, or the catalog cannot be read.
    pub fn schemas(&self, command: &SchemasCommand) -> Result<ExitCode> {
        match command {
            SchemasCommand::Add(args) => schemas::add(args, self),
            SchemasCommand::Sync(args) => sync::run(args, self),
            SchemasCommand::Diff(args) => diff::run(args, self),
            SchemasCommand::List(args) => list::run(args, self),
        }
    }

    /// Returns the schemas folder that was given, or the project's own.
    fn schemas_folder<'a>(&'a self, given: Option<&'a Path>) -> &'a Path {
        given.unwrap_or(&self.target.schemas)
    }
}
