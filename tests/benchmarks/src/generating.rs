//! Benchmarks of the generator: real models by the hundred, and schemas that grow in one
//! dimension each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use runcomfy_codegen::runtime::RuntimeModel;
use runcomfy_codegen::{Features, Generated, Objects, Settings, Source, generate};
use serde_json::{Value, json};

use crate::measure::{GROWTH, Pair, Report};
use crate::{rival, root};

/// Number of models, made by repeating the real ones.
pub(crate) const MODELS: usize = 400;

/// A model's files, under a unique name.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub folder: String,
    pub model: String,
    pub input: String,
    pub output: Option<String>,
}

impl Model {
    fn source(&self) -> Source<'_> {
        Source {
            folder: &self.folder,
            model: &self.model,
            input: &self.input,
            output: self.output.as_deref(),
            fixup: None,
        }
    }
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    report.part("Generating, against typify with prettyplease on the same schemas");
    let models = repeated(MODELS)?;
    let taken: Vec<Model> =
        models.iter().filter(|model| rival::module(&model.input).is_some()).cloned().collect();
    report.note("models that typify accepts", &format!("{} of {MODELS}", taken.len()));
    let ours = generated(&models);
    ensure!(ours.models == MODELS, "only {} of {MODELS} models were generated", ours.models);
    let theirs = || taken.iter().filter_map(|model| rival::module(&model.input)).count();
    report.compare("those, ours : typify's", 1.5, 7, || generated(&taken), theirs);
    let alone = Pair::within(f64::INFINITY, 7, || generated(&models), || ());
    report.at_most("all, formatted", alone.ours.as_secs_f64(), 1.0, " s", "");
    let (lines, properties) = (lines(&ours), properties(&models)?);
    let each = lines as f64 / properties as f64;
    let detail = format!("({lines} lines, {properties} properties)");
    report.at_most("lines per property", each, 25.0, "", &detail);
    at_run_time(report, &models)?;
    growth(report)
}

/// Measures tables that are made at run time. Each round has other models: a table is made once.
fn at_run_time(report: &mut Report, models: &[Model]) -> Result<()> {
    for model in models {
        RuntimeModel::from_source(&model.source(), Objects::Closed)
            .map_err(|error| anyhow!("{}: {error}", model.folder))?;
    }
    let mut round = 0;
    let tables = || {
        round += 1;
        let made = models.iter().filter(|model| {
            let manifest = model.model.replacen('{', &format!("{{\"round\": {round}, "), 1);
            let source = Source { model: &manifest, ..model.source() };
            RuntimeModel::from_source(&source, Objects::Closed).is_ok()
        });
        made.count()
    };
    report
        .compare("a table at run time : its generated code", 0.6, 7, tables, || generated(models));
    Ok(())
}

/// Returns a schema of a given size.
type Schema = fn(usize) -> Value;

/// Measures schemas that are small and large in one dimension.
fn growth(report: &mut Report) -> Result<()> {
    report.part(&format!("How generating grows: cost per item with {GROWTH} times"));
    let prose =
        |count| json!({"type": "string", "description": "It is a sentence. ".repeat(count)});
    let cases: [(&str, usize, Schema); 5] = [
        ("properties of an object", 50, |count| object(count, &json!({"type": "string"}))),
        ("properties with enum values", 20, |count| object(count, &json!({"enum": ["a", "b"]}))),
        ("values of an enum", 200, |count| {
            let words: Vec<String> = (0..count).map(|index| format!("word {index}")).collect();
            object(1, &json!({"enum": words}))
        }),
        ("objects in objects", 3, |depth| {
            let leaf = json!({"type": "string"});
            (0..depth).fold(object(1, &leaf), |inner, _| object(1, &inner))
        }),
        ("objects side by side", 20, |count| {
            object(count, &object(2, &json!({"type": "integer"})))
        }),
    ];
    for (name, small, schema) in cases {
        grows(report, name, &schema(small), &schema(small * GROWTH))?;
    }
    let (small, large) = (object(1, &prose(200)), object(1, &prose(200 * GROWTH)));
    grows(report, "length of a description", &small, &large)?;
    let few = real()?;
    let all = repeated(few.len() * GROWTH)?;
    report.growth("models", 5, || generated(&all), || generated(&few));
    Ok(())
}

fn grows(report: &mut Report, name: &str, small: &Value, large: &Value) -> Result<()> {
    let model = |schema: &Value| Model {
        folder: "acme/grown".to_owned(),
        model: json!({"id": "acme/grown"}).to_string(),
        input: schema.to_string(),
        output: None,
    };
    let (small, large) = ([model(small)], [model(large)]);
    for size in [&small, &large] {
        let generated = generated(size);
        let refusal = generated.diagnostics.first();
        ensure!(generated.models == 1, "{name}: refused: {refusal:?}");
    }
    report.growth(name, 15, || generated(&large), || generated(&small));
    Ok(())
}

fn object(count: usize, property: &Value) -> Value {
    let properties: serde_json::Map<String, Value> =
        (0..count).map(|index| (format!("p{index}"), property.clone())).collect();
    json!({"type": "object", "properties": properties})
}

/// Generates code from models.
pub(crate) fn generated(models: &[Model]) -> Generated {
    let sources: Vec<Source<'_>> = models.iter().map(Model::source).collect();
    let settings = Settings {
        origin: "schemas".to_owned(),
        features: Features::PerProvider,
        present: Default::default(),
        objects: Objects::Closed,
        deny: Default::default(),
    };
    generate(&sources, &settings)
}

/// Returns `count` models: the real ones, repeated under other providers' names.
pub(crate) fn repeated(count: usize) -> Result<Vec<Model>> {
    let real = real()?;
    let mut models = Vec::new();
    for index in 0..count {
        let (round, model) = (index / real.len(), &real[index % real.len()]);
        let again = |text: &str| text.replacen('/', &format!("-{round}/"), 1);
        let mut renamed = model.clone();
        if round > 0 {
            let mut entry: Value = serde_json::from_str(&model.model)?;
            let id = entry.get("id").and_then(Value::as_str).context("a model without an id")?;
            entry["id"] = Value::from(again(id));
            renamed.folder = again(&model.folder);
            renamed.model = entry.to_string();
        }
        models.push(renamed);
    }
    Ok(models)
}

/// Returns the models of this workspace.
fn real() -> Result<Vec<Model>> {
    let schemas = root().join("schemas");
    let mut real = Vec::new();
    visit(&schemas, &schemas, &mut real)?;
    ensure!(!real.is_empty(), "there are no models in {}", schemas.display());
    real.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(real)
}

fn visit(schemas: &Path, folder: &Path, models: &mut Vec<Model>) -> Result<()> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    if let (Some(model), Some(input)) = (read("model.json"), read("input.json")) {
        let path = folder.strip_prefix(schemas)?.to_str().context("a name that is not Unicode")?;
        let folder = path.replace(std::path::MAIN_SEPARATOR, "/");
        models.push(Model { folder, model, input, output: read("output.json") });
    }
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            visit(schemas, &path, models)?;
        }
    }
    Ok(())
}

/// Returns the number of lines of the models' modules.
pub(crate) fn lines(generated: &Generated) -> usize {
    let modules = generated.files.iter().filter(|(name, _)| name.contains('/'));
    modules.map(|(_, text)| text.lines().count()).sum()
}

/// Returns the number of properties in the schemas, including nested objects and outputs.
fn properties(models: &[Model]) -> Result<usize> {
    fn count(schema: &Value) -> usize {
        let own = schema.get("properties").and_then(Value::as_object).map_or(0, |own| own.len());
        own + match schema {
            Value::Object(entries) => entries.values().map(count).sum(),
            Value::Array(elements) => elements.iter().map(count).sum(),
            _ => 0,
        }
    }
    let texts = models.iter().flat_map(|model| [Some(&model.input), model.output.as_ref()]);
    let counts = texts.flatten().map(|text| Ok(count(&serde_json::from_str(text)?)));
    counts.sum()
}
