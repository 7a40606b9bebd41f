//! The cached live catalog: prices, and models that this version was not built with.
//!
//! The file begins with one line of JSON that says everything a list of models shows. The entries
//! follow, each with its schema, and only the one that a command uses is read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use runcomfy::client::Price;
use runcomfy::{ContentKind, ModelInfo};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::config::Config;

/// Version of the file. A file of another version is as good as absent.
const VERSION: u32 = 1;
/// The most bytes of the first line: 10,000 models of a kilobyte each.
const MAX_HEADER: u64 = 10 << 20;
/// The most bytes of one entry.
const MAX_ENTRY: u64 = 4 << 20;

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    version: u32,
    /// Time of the synchronization, in seconds since 1970.
    synced_at: u64,
    /// The models, in the order of ids.
    models: Vec<LiveModel>,
}

/// A model of the live catalog.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LiveModel {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<ContentKind>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gives: Vec<ContentKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The names of the required properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The places of the schema that its table lacks, which a validator checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loose: Option<String>,
    /// The reason why inputs of it cannot be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Place of the entry after the first line, and its length, unless the model is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<(u64, u64)>,
}

/// The cached catalog, as far as it is read.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// Time of the synchronization, if there is a catalog.
    pub synced_at: Option<SystemTime>,
    /// The reason why the file cannot be read.
    pub problem: Option<String>,
    /// Every model, in the order of ids, each without the table of its input.
    pub models: Vec<(ModelInfo, &'static LiveModel)>,
    /// Position of the first entry in the file.
    entries_at: u64,
}

impl LiveModel {
    /// Returns the price as people write it, such as `$0.25/output`.
    pub(crate) fn price_text(&self) -> String {
        self.price.as_ref().map(price_text).unwrap_or_default()
    }
}

/// Returns a price as people write it, such as `$0.25/output`.
pub(crate) fn price_text(price: &Price) -> String {
    match &price.unit {
        Some(unit) => format!("${}/{unit}", price.usd),
        None => format!("${}", price.usd),
    }
}

/// Returns `true` if this program was built with the model of an id.
pub(crate) fn is_built_in(id: &str) -> bool {
    runcomfy_models::models().any(|info| info.id == id)
}

/// Returns the cached catalog of the API. It is read once, and is empty without a file.
pub(crate) fn cached() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        // A configuration that cannot be read is reported by what needs it.
        let Ok(config) = Config::read() else { return Catalog::default() };
        let path = config.catalog_path();
        read(&path).unwrap_or_else(|error| Catalog {
            problem: Some(format!("{}: {error}", path.display())),
            ..Catalog::default()
        })
    })
}

fn read(path: &Path) -> io::Result<Catalog> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Catalog::default()),
        opened => opened?,
    };
    let mut line = String::new();
    BufReader::new(file).take(MAX_HEADER).read_line(&mut line)?;
    let header: Header = serde_json::from_str(&line)?;
    if header.version != VERSION {
        return Ok(Catalog::default());
    }
    // A command reads it once, and the tables of models never end.
    let models: &'static [LiveModel] = Vec::leak(header.models);
    Ok(Catalog {
        synced_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(header.synced_at)),
        problem: None,
        models: models.iter().map(|model| (head(model), model)).collect(),
        entries_at: line.len() as u64,
    })
}

/// Returns the facts by which a model is found. Its table is read when it is used.
fn head(model: &'static LiveModel) -> ModelInfo {
    let mut info = ModelInfo::from_table(&model.id, &[], None, &[]);
    if let Some(title) = &model.title {
        info = info.titled(title);
    }
    if let Some(category) = &model.category {
        info = info.categorized(category);
    }
    if let Some(page) = &model.page {
        info = info.at_page(page);
    }
    info.taking(&model.takes).giving(&model.gives)
}

impl Catalog {
    /// Returns a model by its id.
    pub(crate) fn find(&self, id: &str) -> Option<&'static LiveModel> {
        let found = self.models.binary_search_by(|(_, model)| model.id.as_str().cmp(id)).ok()?;
        self.models.get(found).map(|(_, model)| *model)
    }

    /// Reads the entry of a model that is not built in, with its schema.
    pub(crate) fn entry(&self, model: &LiveModel) -> Result<String, String> {
        let Some((offset, length)) = model.entry else { return Err("it has no entry".to_owned()) };
        let path = Config::read().map_err(|failure| failure.message.clone())?.catalog_path();
        read_at(&path, self.entries_at.saturating_add(offset), length.min(MAX_ENTRY))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

fn read_at(path: &Path, offset: u64, length: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut text = String::new();
    file.take(length).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a catalog in one step: each model, and the text of its entry unless it is built in.
pub(crate) fn write(path: &Path, mut models: Vec<(LiveModel, Option<String>)>) -> io::Result<()> {
    models.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let mut entries = String::new();
    let mut listed = Vec::with_capacity(models.len());
    for (mut model, text) in models {
        model.entry = text.map(|text| {
            let place = (entries.len() as u64, text.len() as u64);
            entries.push_str(&text);
            place
        });
        listed.push(model);
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let header = Header { version: VERSION, synced_at: now.as_secs(), models: listed };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", serde_json::to_string(&header)?)?;
    file.write_all(entries.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
