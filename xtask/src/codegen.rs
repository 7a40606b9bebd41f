//! `cargo xtask codegen`: load, generate, then write or compare.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::{Code, Features, Generated, Objects, Settings, Severity, orphaned_fixup};
use toml_edit::{Array, DocumentMut, Item, Value};

use crate::args::{ALL_WARNINGS, CodegenArgs, MessageFormat};
use crate::files::{self, Change};
use crate::report::Report;
use crate::schemas_dir::Model;
use crate::{cargo, schemas_dir};

/// The crate that is generated, and its modules within it.
const CRATE: &str = "crates/runcomfy-models";
const MODULES: &str = "src/generated";

/// Where schemas come from and modules go.
struct Target {
    schemas: PathBuf,
    /// What the schemas folder is called in messages.
    schemas_name: PathBuf,
    out: PathBuf,
    /// What the output folder is called in messages.
    name: String,
    /// The manifest that has a feature for each provider.
    manifest: Option<PathBuf>,
    /// The command that brings it up to date.
    command: String,
}

pub(crate) fn run(args: &CodegenArgs) -> Result<ExitCode> {
    let target = target(args)?;
    let models = schemas_dir::read(&target.schemas)?;
    let orphans = schemas_dir::orphans(&target.schemas, &models)?;
    let settings = settings(&target, args)?;
    let (changes, mut generated) = plan(&target, &models, &settings)?;
    let orphaned = orphans.iter().map(|orphan| orphaned_fixup(&orphan.file, &orphan.text));
    generated.diagnostics.extend(orphaned);
    let report = Report {
        diagnostics: &generated.diagnostics,
        models: &models,
        orphans: &orphans,
        patched: &generated.patched,
        origin: &target.schemas_name,
        settings: &settings,
    };
    report.print(args.message_format)?;
    let mut code = if report.refuses() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    // The diagnostics as JSON have stdout to themselves.
    let say = |text: &str| match args.message_format {
        MessageFormat::Human => print!("{text}"),
        MessageFormat::Json => eprint!("{text}"),
    };
    if args.check {
        changes.iter().for_each(|change| say(&change.diff()));
        if !changes.is_empty() {
            eprintln!(
                "error: {} of the generated files are not up to date; run `{}`",
                changes.len(),
                target.command
            );
            code = ExitCode::FAILURE;
        }
    } else if !args.dry_run {
        changes.iter().try_for_each(Change::apply)?;
    }
    changes.iter().for_each(|change| say(&format!("{}\n", change.summary())));
    say(&format!(
        "models: {}; files: {}, of which {} {}\n",
        generated.models,
        generated.files.len() + usize::from(target.manifest.is_some()),
        changes.len(),
        if args.check || args.dry_run { "to change" } else { "changed" },
    ));
    Ok(code)
}

fn target(args: &CodegenArgs) -> Result<Target> {
    if let (Some(schemas), Some(out)) = (&args.schemas, &args.out) {
        let (from, to) = (schemas.display(), out.display());
        return Ok(Target {
            command: format!("cargo xtask codegen --schemas {from} --out {to}"),
            schemas_name: schemas.clone(),
            name: to.to_string(),
            schemas: schemas.clone(),
            out: out.clone(),
            manifest: None,
        });
    }
    let root = cargo::workspace()?;
    let home = root.join(CRATE);
    Ok(Target {
        schemas: root.join("schemas"),
        schemas_name: PathBuf::from("schemas"),
        out: home.join(MODULES),
        name: format!("{CRATE}/{MODULES}"),
        manifest: Some(home.join("Cargo.toml")),
        command: "cargo xtask codegen".to_owned(),
    })
}

/// What the generated files call the schemas folder: its name, never its whole path.
fn origin(schemas: &Path) -> String {
    schemas.file_name().map_or("schemas".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn settings(target: &Target, args: &CodegenArgs) -> Result<Settings> {
    let denies = |code: &Code| {
        let is_warning = code.severity() == Severity::Warning;
        args.deny.iter().any(|name| name == code.name() || (is_warning && name == ALL_WARNINGS))
    };
    Ok(Settings {
        origin: origin(&target.schemas),
        features: if target.manifest.is_some() { Features::PerProvider } else { Features::None },
        present: present(&target.out)?,
        deny: Code::ALL.iter().copied().filter(denies).collect(),
        objects: Objects::Closed,
    })
}

fn plan(
    target: &Target,
    models: &[Model],
    settings: &Settings,
) -> Result<(Vec<Change>, Generated)> {
    let sources: Vec<_> = models.iter().map(Model::source).collect();
    let generated = runcomfy_codegen::generate(&sources, settings);
    let file = |name: &str, text: Option<String>| {
        Change::of(target.out.join(name), format!("{}/{name}", target.name), text)
    };
    let mut changes = Vec::new();
    for name in generated.files.keys() {
        let path = target.out.join(name);
        if files::text(&path)?.is_some_and(|text| !runcomfy_codegen::is_generated(&text)) {
            bail!(
                "{} was written by hand and would be overwritten: give --out a folder of its own",
                path.display()
            );
        }
    }
    for (name, text) in &generated.files {
        changes.extend(file(name, Some(text.clone()))?);
    }
    let expected = |name: &str| generated.files.contains_key(name) || generated.kept.contains(name);
    for name in settings.present.iter().filter(|name| !expected(name)) {
        changes.extend(file(name, None)?);
    }
    if let Some(manifest) = &target.manifest {
        let text = files::text(manifest)?.context("the crate has no Cargo.toml")?;
        let text = with_features(&text, &generated.features)?;
        changes.extend(Change::of(manifest.clone(), format!("{CRATE}/Cargo.toml"), Some(text))?);
    }
    Ok((changes, generated))
}

/// The generated files in a folder, by their path in it. Anything else there is
/// somebody's own, and left alone.
fn present(out: &Path) -> Result<BTreeSet<String>> {
    let mut present = BTreeSet::new();
    let mut folders = vec![(out.to_path_buf(), String::new())];
    while let Some((path, prefix)) = folders.pop() {
        if !path.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&path).with_context(|| format!("reading {}", path.display()))? {
            let entry = entry.with_context(|| format!("reading {}", path.display()))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else if name.ends_with(".rs") {
                let text = files::text(&entry.path())?;
                if text.is_some_and(|text| runcomfy_codegen::is_generated(&text)) {
                    present.insert(name);
                }
            }
        }
    }
    Ok(present)
}

/// A manifest with one feature a provider, `full` for all of them, and whatever other
/// features it has.
fn with_features(manifest: &str, providers: &BTreeSet<String>) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse().context("reading the crate's Cargo.toml")?;
    let features = manifest["features"].or_insert(toml_edit::table());
    let features = features.as_table_mut().context("`features` is no table in Cargo.toml")?;
    let own = ["default", "full"];
    if let Some(taken) = own.iter().find(|name| providers.contains(**name)) {
        bail!("a provider called `{taken}` would clash with the feature of that name");
    }
    let full = features.get("full").and_then(Item::as_array).cloned().unwrap_or_default();
    let before: Vec<&str> = full.iter().filter_map(Value::as_str).collect();
    let stale = before.iter().filter(|name| !providers.contains(**name));
    let stale: Vec<String> = stale.map(|name| (*name).to_owned()).collect();
    for name in stale {
        features.remove(&name);
    }
    let mut full: Array = providers.iter().map(String::as_str).collect();
    if full.len() > 4 {
        full.iter_mut().for_each(|item| item.decor_mut().set_prefix("\n    "));
        full.set_trailing("\n");
        full.set_trailing_comma(true);
    }
    features["full"] = Item::Value(Value::Array(full));
    for name in providers {
        if !features.contains_key(name) {
            features.insert(name, Item::Value(Value::Array(Array::new())));
        }
    }
    let rank = |name: &str| {
        (own.iter().position(|own| *own == name).unwrap_or(own.len()), name.to_owned())
    };
    features.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
    Ok(manifest.to_string())
}
