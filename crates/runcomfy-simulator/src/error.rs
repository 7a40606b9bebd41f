//! Errors that keep a simulator from starting.

use std::io;
use std::path::PathBuf;

use crate::escape::{escape_control, shown};

/// Error that keeps a simulator from starting: what is wrong, where, and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// A file or folder could not be read.
    #[error("cannot read `{}`: {cause}; {advice}", shown(path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Error of the operating system.
        cause: io::Error,
        /// Advice to fix it.
        advice: &'static str,
    },

    /// A file does not hold the JSON that belongs there.
    #[error("invalid content in `{}`: {}; {advice}", shown(path), escape_control(problem))]
    Content {
        /// The file.
        path: PathBuf,
        /// Fault of the content.
        problem: String,
        /// Expected content.
        advice: &'static str,
    },

    /// An input schema cannot be compiled, so no input could be validated.
    #[error(
        "`{}` cannot be compiled as a JSON Schema: {} (at `{}` in the schema); mend the file or take \
         the model out of the folder",
        shown(path),
        escape_control(problem),
        escape_control(pointer)
    )]
    Schema {
        /// The schema file.
        path: PathBuf,
        /// JSON pointer into the schema, empty for the root.
        pointer: String,
        /// Fault of the schema.
        problem: String,
    },

    /// Two folders claim the same model.
    #[error(
        "`{}` and `{}` both hold the model `{}`; keep one of them",
        shown(first),
        shown(second),
        escape_control(id)
    )]
    Duplicate {
        /// The model id.
        id: String,
        /// The `model.json` that was read first.
        first: PathBuf,
        /// The `model.json` that claims the id again.
        second: PathBuf,
    },

    /// The folder holds no model.
    #[error(
        "`{}` holds no model; give a folder with at least one subfolder that holds `model.json`",
        shown(folder)
    )]
    NoModels {
        /// The folder that was searched.
        folder: PathBuf,
    },

    /// A setting names a model that is not served.
    #[error("unknown model `{}`; give the id as its `model.json` writes it", escape_control(id))]
    UnknownModel {
        /// The unknown id.
        id: String,
    },

    /// The port could not be opened.
    #[error(
        "cannot listen on 127.0.0.1:{port}: {cause}; choose another port, or 0 for any free one"
    )]
    Listen {
        /// The requested port.
        port: u16,
        /// Error of the operating system.
        cause: io::Error,
    },
}
