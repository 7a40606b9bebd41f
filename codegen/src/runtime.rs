//! Models at run time: a table in memory from a schema, with no Rust generated.
//!
//! A model that a program was not built with, from the live catalog or from a file, is checked by the
//! same rules as a generated one: its schema goes through the same stages (fixup → parse → lower →
//! check), and the last one makes the table of its input instead of a module. The checker of
//! `runcomfy`, its preflight and its client then treat both alike.
//!
//! ```
//! use runcomfy::AnyInput;
//! use runcomfy_codegen::runtime::RuntimeModel;
//! use serde_json::json;
//!
//! let schema = r#"{
//!     "type": "object",
//!     "properties": {
//!         "prompt": {"type": "string", "maxLength": 20},
//!         "mood": {"type": "string", "shimmer": 4}
//!     },
//!     "required": ["prompt"]
//! }"#;
//! let model = RuntimeModel::from_schema("acme/boats", schema).expect("the schema is supported");
//!
//! let input = AnyInput::new(model.info(), json!({"prompt": "a paper boat drifts downstream"}));
//! assert_eq!(
//!     input.violations().to_string(),
//!     "prompt: must be at most 20 characters (found 30) [maxLength]"
//! );
//!
//! // A keyword that cannot be enforced is listed.
//! let unchecked: Vec<&str> = model.unchecked().map(|found| found.place.pointer.as_str()).collect();
//! assert_eq!(unchecked, ["/properties/mood/shimmer"]);
//! ```
//!
//! # Memory
//!
//! A table lives as long as the program, because violations and media refer to it. It is kept in a
//! cache, so the same model with the same schema takes memory once, however often it is read; it
//! takes about as much as its schema's text several times over. A program that reads ever new schemas
//! from strangers grows by each of them.

mod table;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use runcomfy::ModelInfo;

use crate::check;
use crate::diagnostic::{Code, Diagnostic, Findings, Severity};
use crate::fixup::PatchedSchemas;
use crate::import::{self, ImportError, Imported, Skipped};
use crate::model::Module;
use crate::pipeline::{lower_source, model_json};
use crate::settings::{Objects, Settings, Source};

/// A model whose table was made at run time.
#[derive(Debug, Clone)]
pub struct RuntimeModel {
    info: &'static ModelInfo,
    diagnostics: Vec<Diagnostic>,
}

/// The models of a text, with those that have no table.
#[derive(Debug, Clone)]
pub struct RuntimeModels {
    /// The models, in the order of the text.
    pub models: Vec<RuntimeModel>,
    /// The models whose schemas cannot be enforced.
    pub refused: Vec<RefusedModel>,
    /// The entries of a catalog that are not usable.
    pub skipped: Vec<Skipped>,
}

/// A model whose schema cannot be enforced.
#[derive(Debug, Clone)]
pub struct RefusedModel {
    /// The model's id.
    pub id: String,
    /// The reason.
    pub error: RuntimeError,
}

/// The reason why a model has no table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The text is not a schema, or the id is not a model id.
    Import(ImportError),
    /// The schema cannot be enforced: what is wrong, the errors first.
    Refused(Vec<Diagnostic>),
}

impl RuntimeModel {
    /// Makes the table of a model from its id and the text of its input schema.
    ///
    /// # Errors
    ///
    /// Fails if `id` is not a model id, or the text is not a schema that can be enforced.
    pub fn from_schema(id: &str, input: &str) -> Result<Self, RuntimeError> {
        Self::from_imported(&import::from_files(id, input, None).map_err(RuntimeError::Import)?)
    }

    /// Makes the tables of the models in a text: a reply of the live catalog, one entry of it with
    /// its `input_schema`, or an API page. A model that has no table stops no other.
    ///
    /// # Errors
    ///
    /// Fails if the text is something else, or has no usable model.
    ///
    /// ```
    /// use runcomfy_codegen::runtime::RuntimeModel;
    ///
    /// let entry = r#"{
    ///     "model_id": "acme/boats/text-to-video",
    ///     "input_schema": {"properties": {"prompt": {"type": "string"}}}
    /// }"#;
    /// let models = RuntimeModel::from_catalog(entry).expect("it is an entry");
    /// let info = models.models[0].info();
    /// assert_eq!(info.title, Some("Boats Text to Video"));
    /// assert_eq!(info.category, Some("text-to-video"));
    /// ```
    pub fn from_catalog(text: &str) -> Result<RuntimeModels, RuntimeError> {
        let import = import::import(text).map_err(RuntimeError::Import)?;
        let (mut models, mut refused) = (Vec::new(), Vec::new());
        for imported in &import.models {
            match Self::from_imported(imported) {
                Ok(model) => models.push(model),
                Err(error) => {
                    refused.push(RefusedModel { id: imported.id.as_str().to_owned(), error });
                }
            }
        }
        Ok(RuntimeModels { models, refused, skipped: import.skipped })
    }

    /// Makes the table of an imported model.
    ///
    /// # Errors
    ///
    /// Fails if the schema cannot be enforced.
    pub fn from_imported(model: &Imported) -> Result<Self, RuntimeError> {
        let (folder, manifest) = (model.id.folder(), model_json(model, None, None));
        let source = Source {
            folder: &folder,
            model: &manifest,
            input: &model.input,
            output: model.output.as_deref(),
            fixup: None,
        };
        Self::from_source(&source, Objects::Closed)
    }

    /// Makes the table of a model from its files in a schemas folder. `objects` is the treatment of
    /// unknown properties.
    ///
    /// # Errors
    ///
    /// Fails if the schema cannot be enforced.
    pub fn from_source(source: &Source<'_>, objects: Objects) -> Result<Self, RuntimeError> {
        let settings = Settings { objects, ..Settings::default() };
        let mut findings = Findings::default();
        let patched = PatchedSchemas::new(source, &mut findings);
        let module = Module { provider: String::new(), name: String::new() };
        let model = lower_source(source, &patched, &module, objects, &mut findings);
        let Some(model) = check::check_values(model, &settings, &mut findings) else {
            let mut diagnostics = findings.0;
            diagnostics.sort_by_key(|found| std::cmp::Reverse(found.code.severity()));
            return Err(RuntimeError::Refused(diagnostics));
        };
        let info = interned(Key::new(source, objects), || table::build(&model));
        Ok(Self { info, diagnostics: findings.0 })
    }

    /// Returns the model, as [`AnyInput::new`](runcomfy::AnyInput::new) takes it.
    pub fn info(&self) -> &'static ModelInfo {
        self.info
    }

    /// Returns the parts of the schema that cannot be enforced: unknown keywords, formats, types and
    /// rules. An input may break one of them unnoticed.
    pub fn unchecked(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|found| is_unchecked(found.code))
    }

    /// Returns every warning about the schemas, in the order in which it was found.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Returns `true` if a warning is about a constraint that is not enforced.
fn is_unchecked(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownKeyword | Code::UnknownFormat | Code::UnknownType | Code::UnknownRule
    )
}

/// The texts from which a table was made.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    texts: [Option<String>; 4],
    is_open: bool,
}

impl Key {
    fn new(source: &Source<'_>, objects: Objects) -> Self {
        let texts = [Some(source.model), Some(source.input), source.output, source.fixup];
        let texts = texts.map(|text| text.map(str::to_owned));
        Self { texts, is_open: objects == Objects::Open }
    }
}

/// Returns the table of a key, which is made the first time.
fn interned(key: Key, make: impl FnOnce() -> ModelInfo) -> &'static ModelInfo {
    static TABLES: OnceLock<Mutex<HashMap<Key, &'static ModelInfo>>> = OnceLock::new();
    let tables = TABLES.get_or_init(Mutex::default);
    // The map is whole even if a thread panicked while it held the lock.
    let mut tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
    tables.entry(key).or_insert_with(|| Box::leak(Box::new(make())))
}

impl std::error::Error for RuntimeError {}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(error) => error.fmt(f),
            Self::Refused(diagnostics) => {
                f.write_str("the schema cannot be enforced")?;
                let mut errors = diagnostics.iter();
                errors.try_for_each(|found| match found.code.severity() {
                    Severity::Error => write!(f, "\n{found}"),
                    Severity::Warning => Ok(()),
                })
            }
        }
    }
}
