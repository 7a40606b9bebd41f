//! `cargo xtask corpus`: generates a whole collection of schemas into a scratch crate, compiles
//! it with warnings denied, and reports the number of models refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::import::{self, Imported, ModelId};
use runcomfy_codegen::{Features, Generated, Objects, Settings, Severity, generate_imported};
use runcomfy_codegen_cli::{error, files};
use serde_json::Value;

use crate::args::CorpusArgs;
use crate::scratch::{LIBRARY, Scratch, library};

pub(crate) fn run(args: &CorpusArgs) -> Result<ExitCode> {
    let (mut models, unusable) = read(&args.collection)?;
    if let Some(every) = args.every {
        models = models.into_iter().step_by(every.max(1)).collect();
    }
    let start = Instant::now();
    let generated = generated(&models);
    let seconds = start.elapsed().as_secs_f64();
    let refused = report(&models, &generated, seconds) + unusable;
    let name = args.collection.file_stem().context("the collection has no name")?;
    let name = name.to_string_lossy();
    let scratch = Scratch::in_target("corpus", &format!("corpus/{name}"))?;
    let start = Instant::now();
    compile(&scratch, &generated)?;
    println!("compiled with warnings denied in {:.1} s", start.elapsed().as_secs_f64());
    if refused > args.allow_refused {
        error(format_args!("{refused} models refused, where {} are allowed", args.allow_refused));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the models of a catalog reply, or of a folder of files `{model_id, input, output}`.
/// Also returns how many entries could not be used.
pub fn read(collection: &Path) -> Result<(Vec<Imported>, usize)> {
    if collection.is_file() {
        let text = files::text(collection)?.context("there is no such file")?;
        let import = import::import(&text)?;
        for skipped in &import.skipped {
            println!("skipped: {skipped}");
        }
        return Ok((import.models, import.skipped.len()));
    }
    let entries =
        fs::read_dir(collection).with_context(|| format!("reading {}", collection.display()))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    if files.is_empty() {
        bail!("{} holds no JSON files", collection.display());
    }
    let mut models = Vec::new();
    for file in &files {
        match one(file) {
            Ok(model) => models.push(model),
            Err(error) => println!("skipped: {}: {error:#}", file.display()),
        }
    }
    let unusable = files.len() - models.len();
    Ok((models, unusable))
}

/// Reads one file of a collection. Its names and wrapper are the collection's own: it gets an id,
/// and `output` is put around its output.
fn one(file: &Path) -> Result<Imported> {
    let text = files::text(file)?.context("there is no such file")?;
    let entry: Value = serde_json::from_str(&text)?;
    let input = part(&entry, "input").context("it has no `input`")?;
    let name = file.file_stem().and_then(|name| name.to_str()).context("its name is not UTF-8")?;
    let name = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let output = part(&entry, "output").map(|output| format!("{{\"output\": {output}}}"));
    Ok(Imported {
        id: ModelId::parse(&format!("corpus/{}", name.trim_matches('-')))?,
        input: import::layout(&input.to_string()),
        output: output.map(|output| import::layout(&output)),
        facts: serde_json::Map::new(),
        listed: false,
    })
}

fn part<'a>(entry: &'a Value, key: &str) -> Option<&'a Value> {
    entry.get(key).filter(|value| !value.is_null())
}

fn generated(models: &[Imported]) -> Generated {
    let settings = Settings {
        origin: "corpus".to_owned(),
        features: Features::None,
        objects: Objects::Closed,
        present: Default::default(),
        deny: Default::default(),
    };
    generate_imported(models, &settings)
}

/// Prints the refusals and counts. Returns the number of models refused.
fn report(models: &[Imported], generated: &Generated, seconds: f64) -> usize {
    let mut refused: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut warned: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in &generated.diagnostics {
        let code = diagnostic.code.name();
        match diagnostic.code.severity() {
            Severity::Error => refused.entry(code).or_default().push(&diagnostic.place.file),
            Severity::Warning => *warned.entry(code).or_default() += 1,
        }
    }
    for diagnostic in &generated.diagnostics {
        if diagnostic.code.severity() == Severity::Error {
            println!("{diagnostic}");
        }
    }
    for (code, files) in &refused {
        println!("refused by {code}: {}", files.len());
    }
    for (code, count) in &warned {
        println!("warned by {code}: {count}");
    }
    let lines: usize = generated.files.values().map(|text| text.lines().count()).sum();
    let refused = models.len() - generated.models;
    println!(
        "models: {}; taken: {}; refused: {refused}; generated in {seconds:.2} s; {} lines a model",
        models.len(),
        generated.models,
        lines / generated.models.max(1),
    );
    refused
}

fn compile(scratch: &Scratch, generated: &Generated) -> Result<()> {
    scratch.write_sources(&library(&generated.files))?;
    let status = scratch.check(LIBRARY).status().context("starting rustc")?;
    if !status.success() {
        bail!("the generated code does not compile; it is in {}", scratch.folder().display());
    }
    Ok(())
}
