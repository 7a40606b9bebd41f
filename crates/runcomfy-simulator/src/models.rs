//! Models of a `schemas/` folder.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::catalog::CatalogEntry;
use crate::error::SimulatorError;
use crate::output::Output;
use crate::validator::SchemaValidator;

/// Top-level folder of corrections to published schemas. It holds no models.
const FIXUPS: &str = "fixups";

/// All models by id.
pub(crate) struct Models {
    by_id: BTreeMap<String, Arc<Model>>,
}

/// One model.
pub(crate) struct Model {
    pub(crate) validator: SchemaValidator,
    /// The published input schema, for the `validations` that the validator ignores.
    pub(crate) schema: Value,
    pub(crate) output: Output,
    pub(crate) output_schema: Option<Value>,
    /// Cost of a finished job.
    pub(crate) price_usd: f64,
    pub(crate) entry: CatalogEntry,
}

/// Members of `model.json` that the simulator uses.
#[derive(Deserialize)]
struct Manifest {
    id: String,
    base_price_usd: Option<f64>,
}

/// Content of `output.json`.
#[derive(Deserialize)]
struct OutputFile {
    output: Map<String, Value>,
}

impl Models {
    /// Reads every model under `folder`. Returns an error for the first invalid file.
    pub(crate) fn read(folder: &Path) -> Result<Self, SimulatorError> {
        let mut manifests = Vec::new();
        find_manifests(folder, &mut manifests, &|name| name != FIXUPS)?;

        let mut by_id = BTreeMap::new();
        let mut read_from: HashMap<String, PathBuf> = HashMap::new();
        for path in manifests {
            let (id, model) = Model::read(&path)?;
            if let Some(first) = read_from.insert(id.clone(), path.clone()) {
                return Err(SimulatorError::Duplicate { id, first, second: path });
            }
            by_id.insert(id, Arc::new(model));
        }
        if by_id.is_empty() {
            return Err(SimulatorError::NoModels { folder: folder.to_owned() });
        }
        Ok(Self { by_id })
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Model>> {
        self.by_id.get(id).cloned()
    }

    /// Returns all models, sorted by id.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Model> {
        self.by_id.values().map(|model| &**model)
    }

    /// Returns the models in the catalog, sorted by id.
    pub(crate) fn catalog(&self) -> impl Iterator<Item = &CatalogEntry> {
        self.by_id.values().map(|model| &model.entry).filter(|entry| entry.is_listed())
    }
}

impl Model {
    fn read(manifest: &Path) -> Result<(String, Self), SimulatorError> {
        let advice =
            "it takes at least an `id`, such as {\"id\": \"minimax/Hailuo Video 01 Live\"}";
        let Manifest { id, base_price_usd } = read_json(manifest, advice)?;
        if id.split('/').any(str::is_empty) {
            return Err(SimulatorError::Content {
                path: manifest.to_owned(),
                problem: format!("the id {id:?} has an empty segment"),
                advice: "write it as RunComfy does, with single slashes between its parts",
            });
        }

        let input_path = manifest.with_file_name("input.json");
        let advice_on_input = "the model's input schema belongs there";
        let input: Value = read_json(&input_path, advice_on_input)?;
        let entry = CatalogEntry::new(
            id.clone(),
            read_json(manifest, advice)?,
            read_json(&input_path, advice_on_input)?,
        );
        let output_path = manifest.with_file_name("output.json");
        let output_schema = if output_path.exists() {
            let file: OutputFile =
                read_json(&output_path, "expected the output schema under the key `output`")?;
            Some(Value::Object(file.output))
        } else {
            None
        };

        let output = Output::from_schema(&id, &input, output_schema.clone());
        let validator =
            SchemaValidator::compile(input.clone()).map_err(|flaw| SimulatorError::Schema {
                path: input_path,
                pointer: flaw.pointer,
                problem: flaw.problem,
            })?;
        let price_usd = base_price_usd.unwrap_or(0.0);
        Ok((id, Self { validator, schema: input, output, output_schema, price_usd, entry }))
    }
}

/// Collects every `model.json` under `folder`, sorted by path. Subfolders whose name `enter`
/// rejects are skipped at the top level. Links are not followed, so a link to a parent cannot make
/// the search endless.
fn find_manifests(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    enter: &dyn Fn(&str) -> bool,
) -> Result<(), SimulatorError> {
    let entries = list_folder(folder).map_err(|cause| SimulatorError::Read {
        path: folder.to_owned(),
        cause,
        advice: "give the folder that holds the models' schemas",
    })?;
    for (path, file_type) in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if file_type.is_dir() {
            if enter(&name) {
                find_manifests(&path, found, &|_| true)?;
            }
        } else if name == "model.json" {
            found.push(path);
        }
    }
    Ok(())
}

/// Lists a folder, sorted by path.
fn list_folder(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

fn read_json<T: DeserializeOwned>(path: &Path, advice: &'static str) -> Result<T, SimulatorError> {
    let bytes = fs::read(path).map_err(|cause| SimulatorError::Read {
        path: path.to_owned(),
        cause,
        advice,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| SimulatorError::Content {
        path: path.to_owned(),
        problem: error.to_string(),
        advice,
    })
}
