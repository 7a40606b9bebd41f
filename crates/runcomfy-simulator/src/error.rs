//! Why a simulator could not start.

use std::io;
use std::path::PathBuf;

/// Why a simulator could not start: what was wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// A file or folder could not be read.
    #[error("cannot read `{}`: {cause}; {advice}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
        /// What to do about it.
        advice: &'static str,
    },

    /// A file does not hold the JSON that belongs there.
    #[error("`{}` is not as it should be: {problem}; {advice}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What belongs there.
        advice: &'static str,
    },

    /// An input schema cannot be compiled, so no input could be judged by it.
    #[error(
        "`{}` cannot be compiled as a JSON Schema: {problem} (at `{pointer}` in the schema); \
         mend the file or take the model out of the folder", path.display()
    )]
    Schema {
        /// The schema file.
        path: PathBuf,
        /// Where in the schema, as a JSON pointer; empty for the whole schema.
        pointer: String,
        /// What is wrong there.
        problem: String,
    },

    /// Two folders claim the same model.
    #[error(
        "`{}` and `{}` both hold the model `{id}`; keep one of them",
        first.display(), second.display()
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
        folder.display()
    )]
    NoModels {
        /// The folder that was searched.
        folder: PathBuf,
    },

    /// The port could not be opened.
    #[error(
        "cannot listen on 127.0.0.1:{port}: {cause}; choose another port, or 0 for any free one"
    )]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        cause: io::Error,
    },
}
