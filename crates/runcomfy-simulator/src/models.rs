//! Models that the simulator serves, from a `schemas/` folder or built in.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::catalog::CatalogEntry;
use crate::error::SimulatorError;
use crate::output::Output;
use crate::pricing::{Price, PriceUnit};
use crate::validator::SchemaValidator;

/// Schemas of the project this crate belongs to. `cargo xtask codegen` writes the file.
const BUILT_IN: &str = include_str!("../assets/schemas.json");

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
    pub(crate) price: Price,
    pub(crate) entry: CatalogEntry,
}

/// Files of one model.
struct ModelFiles {
    /// Folder of the files, for messages.
    folder: PathBuf,
    model: String,
    /// A missing input schema is only reported if `model.json` is valid.
    input: Result<String, SimulatorError>,
    output: Option<String>,
}

/// Entry of the built-in schemas.
#[derive(Deserialize)]
struct BuiltIn<'a> {
    folder: PathBuf,
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(borrow)]
    input: &'a RawValue,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// Members of `model.json` that the simulator uses.
#[derive(Deserialize)]
struct Manifest {
    id: String,
    base_price_usd: Option<f64>,
    price_unit: Option<String>,
}

/// Content of `output.json`.
#[derive(Deserialize)]
struct OutputFile {
    output: Map<String, Value>,
}

impl Models {
    /// Reads every model under `folder`. Returns an error for the first invalid file.
    pub(crate) fn read(folder: &Path) -> Result<Self, SimulatorError> {
        let mut folders = Vec::new();
        find_models(folder, &mut folders, &|name| name != FIXUPS)?;
        if folders.is_empty() {
            return Err(SimulatorError::NoModels { folder: folder.to_owned() });
        }
        Self::new(folders.into_iter().map(ModelFiles::read))
    }

    /// Reads the models that are built in.
    pub(crate) fn built_in() -> Result<Self, SimulatorError> {
        let models: Vec<BuiltIn<'_>> =
            serde_json::from_str(BUILT_IN).map_err(|error| SimulatorError::Content {
                path: PathBuf::from("assets/schemas.json"),
                problem: error.to_string(),
                advice: "write it with `cargo xtask codegen`",
            })?;
        Self::new(models.into_iter().map(|model| {
            Ok(ModelFiles {
                folder: model.folder,
                model: model.model.get().to_owned(),
                input: Ok(model.input.get().to_owned()),
                output: model.output.map(|output| output.get().to_owned()),
            })
        }))
    }

    fn new(
        all: impl Iterator<Item = Result<ModelFiles, SimulatorError>>,
    ) -> Result<Self, SimulatorError> {
        let mut by_id = BTreeMap::new();
        let mut read_from: HashMap<String, PathBuf> = HashMap::new();
        for files in all {
            let files = files?;
            let path = files.folder.join("model.json");
            let model = Model::new(files)?;
            let id = model.entry.id().to_owned();
            if let Some(first) = read_from.insert(id.clone(), path.clone()) {
                return Err(SimulatorError::Duplicate { id, first, second: path });
            }
            by_id.insert(id, Arc::new(model));
        }
        Ok(Self { by_id })
    }

    /// Sets the prices of these models, and of all others without a price to `default`.
    pub(crate) fn with_prices(
        mut self,
        default: Option<Price>,
        prices: &HashMap<String, Price>,
    ) -> Result<Self, SimulatorError> {
        self.check_ids(prices.keys())?;
        for (id, model) in &mut self.by_id {
            let default = default.filter(|_| !model.entry.has_price());
            // Nothing shares the models before they are served.
            if let (Some(price), Some(model)) =
                (prices.get(id).copied().or(default), Arc::get_mut(model))
            {
                model.price = price;
                model.entry.set_price(price);
            }
        }
        Ok(self)
    }

    /// Returns an error for the first id that is not a model's.
    pub(crate) fn check_ids<'a>(
        &self,
        mut ids: impl Iterator<Item = &'a String>,
    ) -> Result<(), SimulatorError> {
        match ids.find(|id| !self.by_id.contains_key(*id)) {
            Some(id) => Err(SimulatorError::UnknownModel { id: id.clone() }),
            None => Ok(()),
        }
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
    fn new(files: ModelFiles) -> Result<Self, SimulatorError> {
        let advice =
            "it takes at least an `id`, such as {\"id\": \"minimax/Hailuo Video 01 Live\"}";
        let ModelFiles { folder, model, input, output } = files;
        let manifest: Manifest = parse(&folder, "model.json", &model, advice)?;
        let id = manifest.id;
        if id.split('/').any(str::is_empty) {
            return Err(SimulatorError::Content {
                path: folder.join("model.json"),
                problem: format!("the id {id:?} has an empty segment"),
                advice: "write it as RunComfy does, with single slashes between its parts",
            });
        }
        let advice_on_input = "the model's input schema belongs there";
        let input_text = input?;
        let input: Value = parse(&folder, "input.json", &input_text, advice_on_input)?;
        let entry = CatalogEntry::new(
            id.clone(),
            parse(&folder, "model.json", &model, advice)?,
            parse(&folder, "input.json", &input_text, advice_on_input)?,
        );
        let output_schema = match &output {
            Some(text) => {
                let advice = "expected the output schema under the key `output`";
                let file: OutputFile = parse(&folder, "output.json", text, advice)?;
                Some(Value::Object(file.output))
            }
            None => None,
        };
        let output = Output::from_schema(&id, &input, output_schema.clone());
        let validator =
            SchemaValidator::compile(input.clone()).map_err(|flaw| SimulatorError::Schema {
                path: folder.join("input.json"),
                pointer: flaw.pointer,
                problem: flaw.problem,
            })?;
        let unit = match manifest.price_unit.as_deref() {
            Some("second") => PriceUnit::Second,
            Some("image") => PriceUnit::Image,
            Some(_) | None => PriceUnit::Output,
        };
        let price = manifest.base_price_usd.map_or(Price::FREE, |usd| Price { usd, unit });
        Ok(Self { validator, schema: input, output, output_schema, price, entry })
    }
}

impl ModelFiles {
    fn read(folder: PathBuf) -> Result<Self, SimulatorError> {
        let output = folder.join("output.json");
        Ok(Self {
            model: read_file(&folder.join("model.json"), "the model's id belongs there")?,
            input: read_file(&folder.join("input.json"), "the model's input schema belongs there"),
            output: if output.exists() {
                Some(read_file(&output, "the model's output schema belongs there")?)
            } else {
                None
            },
            folder,
        })
    }
}

fn parse<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
    text: &str,
    advice: &'static str,
) -> Result<T, SimulatorError> {
    serde_json::from_str(text).map_err(|error| SimulatorError::Content {
        path: folder.join(name),
        problem: error.to_string(),
        advice,
    })
}

/// Collects every folder under `folder` with a `model.json`, sorted by path. Subfolders whose name
/// `enter` rejects are skipped at the top level. Links are not followed, so a link to a parent
/// cannot make the search endless.
fn find_models(
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
                find_models(&path, found, &|_| true)?;
            }
        } else if name == "model.json" {
            found.push(folder.to_owned());
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

fn read_file(path: &Path, advice: &'static str) -> Result<String, SimulatorError> {
    fs::read_to_string(path).map_err(|cause| SimulatorError::Read {
        path: path.to_owned(),
        cause,
        advice,
    })
}
