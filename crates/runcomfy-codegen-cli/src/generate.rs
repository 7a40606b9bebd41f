//! `generate`: read the schemas, generate, then write or compare.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use runcomfy_codegen::{Code, Features, Generated, Objects, Settings, Severity, orphaned_fixup};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::args::{ALL_WARNINGS, GenerateArgs, MessageFormat};
use crate::files::{self, Change};
use crate::report::Report;
use crate::schemas_dir::Model;
use crate::terminal::{count, error};
use crate::{Project, ownership, schemas_dir};

/// The features that the crate has beside those of its providers, in their order.
const OWN_FEATURES: [&str; 2] = ["default", "full"];

/// The feature of `runcomfy` that checks `pattern`.
const PATTERN_FEATURE: &str = "runcomfy/pattern";

/// Treatment of files that are not up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bring them up to date.
    Write,
    /// Show the differences, and fail.
    Check,
    /// List them.
    DryRun,
}

/// The folder that schemas come from, and the one that modules go to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The schemas folder.
    pub schemas: PathBuf,
    /// The schemas folder as messages name it.
    pub schemas_name: PathBuf,
    /// The folder of the modules.
    pub out: PathBuf,
    /// The folder of the modules as messages name it, with `/`.
    pub out_name: String,
    /// The manifest that has a feature for each provider, and its name in messages.
    pub manifest: Option<(PathBuf, String)>,
    /// A file that is written from all schemas too.
    pub asset: Option<Asset>,
}

/// A file that is written from all schemas.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The file.
    pub path: PathBuf,
    /// The file as messages name it, with `/`.
    pub name: String,
    /// Returns its text.
    pub text: fn(&[Model]) -> String,
}

pub(crate) fn run(args: &GenerateArgs, project: &Project) -> Result<ExitCode> {
    let mode = Mode::new(args);
    let (target, command) = project.target_of(args);
    let models = schemas_dir::read(&target.schemas, project)?;
    let orphans = schemas_dir::orphans(&target.schemas, &models)?;
    let settings = settings(&target, args)?;
    let sources: Vec<_> = models.iter().map(Model::source).collect();
    let mut generated = runcomfy_codegen::generate(&sources, &settings);
    let mut changes = target.changes(&generated, &settings)?;
    changes.extend(ownership::claim(&target.out, &target.schemas, &settings.present)?);
    if let Some(asset) = &target.asset {
        let text = (asset.text)(&models);
        changes.extend(Change::of(asset.path.clone(), asset.name.clone(), Some(text))?);
    }
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
    // A file that is being edited is no reason to change what is there.
    let is_json = !generated.diagnostics.iter().any(|found| found.code == Code::InvalidJson);
    match mode {
        Mode::Write if !is_json => {
            error("nothing was written: correct the JSON first");
            return Ok(ExitCode::FAILURE);
        }
        Mode::Write => {
            files::remove_leftovers(&leftovers(&target.out)?)?;
            changes.iter().try_for_each(Change::apply)?;
        }
        Mode::Check => {
            changes.iter().for_each(|change| print(args.message_format, &change.diff()));
        }
        Mode::DryRun => {}
    }
    let is_stale = mode == Mode::Check && !changes.is_empty();
    if is_stale {
        let verb = if changes.len() == 1 { "is" } else { "are" };
        let files = count(changes.len(), "generated file");
        error(format_args!("{files} {verb} not up to date; run `{command}`"));
    }
    print(args.message_format, &summary(&generated, &changes, &target, mode));
    let is_first = changes.iter().any(|change| change.is_new_file(&target.out.join("mod.rs")));
    if mode == Mode::Write && is_first && target.manifest.is_none() {
        target.print_first_steps(&generated);
    }
    Ok(if is_stale || report.refuses() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Mode {
    fn new(args: &GenerateArgs) -> Self {
        match (args.check, args.dry_run) {
            (true, _) => Self::Check,
            (false, true) => Self::DryRun,
            (false, false) => Self::Write,
        }
    }
}

impl Project {
    /// Returns the target that the command line names, and the command that brings it up to date.
    fn target_of(&self, args: &GenerateArgs) -> (Cow<'_, Target>, String) {
        let mut command = self.generate_command.to_owned();
        for (flag, folder) in [("--schemas", &args.schemas), ("--out", &args.out)] {
            if let Some(folder) = folder {
                command.push_str(&format!(" {flag} {}", folder.display()));
            }
        }
        if args.schemas.is_none() && args.out.is_none() {
            return (Cow::Borrowed(&self.target), command);
        }
        let schemas = args.schemas.as_ref().unwrap_or(&self.target.schemas).clone();
        let out = args.out.as_ref().unwrap_or(&self.target.out).clone();
        (Cow::Owned(Target::new(schemas, out)), command)
    }
}

impl Target {
    /// Returns the target of these folders, without features.
    pub fn new(schemas: PathBuf, out: PathBuf) -> Self {
        let (schemas_name, out_name) = (schemas.clone(), out.display().to_string());
        Self { schemas, schemas_name, out, out_name, manifest: None, asset: None }
    }

    /// Prints what a crate needs beside its first generated files.
    fn print_first_steps(&self, generated: &Generated) {
        let module = self.out.file_name().map_or("generated".into(), |name| name.to_string_lossy());
        let features =
            if generated.pattern_features.is_empty() { "" } else { " --features pattern" };
        anstream::eprintln!(
            "now declare `mod {module};` in your crate, and add the one dependency that it has:\n    \
             cargo add runcomfy{features}"
        );
    }

    /// Compares what was generated with the files that are there.
    fn changes(&self, generated: &Generated, settings: &Settings) -> Result<Vec<Change>> {
        for name in generated.files.keys() {
            self.refuse_another(name, &settings.origin)?;
        }
        let mut changes = Vec::new();
        for (name, text) in &generated.files {
            changes.extend(self.change(name, Some(text.clone()))?);
        }
        for name in &settings.present {
            if !generated.files.contains_key(name) && !generated.kept.contains(name) {
                changes.extend(self.change(name, None)?);
            }
        }
        if let Some((manifest, name)) = &self.manifest {
            let text = files::text(manifest)?.context("the crate has no Cargo.toml")?;
            let text = with_features(&text, &generated.features, &generated.pattern_features)?;
            changes.extend(Change::of(manifest.clone(), name.clone(), Some(text))?);
        }
        Ok(changes)
    }

    /// Refuses to overwrite a file that was not generated from these schemas, and to write
    /// through a link.
    fn refuse_another(&self, name: &str, origin: &str) -> Result<()> {
        let path = self.out.join(name);
        let linked = path.ancestors().take_while(|path| *path != self.out).find(|path| {
            fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink())
        });
        if let Some(link) = linked {
            bail!("{} is a link, and would be written through: remove it", link.display());
        }
        let Some(text) = files::text(&path)? else { return Ok(()) };
        match runcomfy_codegen::generated_from(&text) {
            None => bail!(
                "{} was written by hand and would be overwritten: give --out another folder",
                path.display()
            ),
            Some(from) if !is_within(&from, origin) => bail!(
                "{} was generated from `{from}`, not from `{origin}`, and would be overwritten: \
                 remove it, or give --out another folder",
                path.display()
            ),
            Some(_) => Ok(()),
        }
    }

    fn change(&self, name: &str, text: Option<String>) -> Result<Option<Change>> {
        Change::of(self.out.join(name), format!("{}/{name}", self.out_name), text)
    }
}

fn settings(target: &Target, args: &GenerateArgs) -> Result<Settings> {
    // Generated files name the schemas folder, never its whole path.
    let origin = target.schemas.file_name().map(|name| name.to_string_lossy().into_owned());
    let origin = origin.unwrap_or_else(|| "schemas".to_owned());
    Ok(Settings {
        features: if target.manifest.is_some() { Features::PerProvider } else { Features::None },
        present: present(&target.out, &origin)?,
        deny: Code::ALL.iter().copied().filter(|code| is_denied(*code, &args.deny)).collect(),
        objects: Objects::Closed,
        origin,
    })
}

fn is_denied(code: Code, deny: &[String]) -> bool {
    let is_warning = code.severity() == Severity::Warning;
    deny.iter().any(|name| name == code.name() || (is_warning && name == ALL_WARNINGS))
}

/// Returns the files in a folder that were generated from these schemas, by their path in it.
/// Anything else there belongs to somebody else: links, files of other schemas, and folders with
/// a generated `mod.rs`, which are the output folder of another run.
fn present(out: &Path, origin: &str) -> Result<BTreeSet<String>> {
    let mut present = BTreeSet::new();
    for entry in files::entries(out)? {
        if entry.kind.is_file() && is_own(&entry.path, origin)? {
            present.insert(entry.name);
        }
    }
    for folder in own_folders(out)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        for entry in files::entries(&folder)? {
            if entry.kind.is_file() && is_own(&entry.path, origin)? {
                present.insert(format!("{name}/{}", entry.name));
            }
        }
    }
    Ok(present)
}

/// Returns the folders in an output folder that hold modules of models: a model's module is one
/// folder down, and none is further down.
fn own_folders(out: &Path) -> Result<Vec<PathBuf>> {
    let mut own = Vec::new();
    for folder in files::folders_in(out)? {
        if generated_from(&folder.join("mod.rs"))?.is_none() {
            own.push(folder);
        }
    }
    Ok(own)
}

/// Returns the files that interrupted runs have left behind where this command writes.
fn leftovers(out: &Path) -> Result<Vec<PathBuf>> {
    let mut leftovers = files::leftovers_of(out)?;
    for folder in own_folders(out)? {
        leftovers.extend(files::leftovers_of(&folder)?);
    }
    Ok(leftovers)
}

fn is_own(path: &Path, origin: &str) -> Result<bool> {
    Ok(generated_from(path)?.is_some_and(|from| is_within(&from, origin)))
}

/// The schemas from which a Rust file was generated. A file that is not text is not ours.
fn generated_from(path: &Path) -> Result<Option<String>> {
    if !path.is_file() || path.extension().is_none_or(|end| end != "rs") {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(str::from_utf8(&bytes).ok().and_then(runcomfy_codegen::generated_from))
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns a manifest with one feature for each provider, `full` for all of them, and its
/// other features unchanged. A provider whose models have a `pattern` turns on that feature of
/// `runcomfy`. It is never turned off: a refused model may keep a module that needs it.
fn with_features(
    manifest: &str,
    providers: &BTreeSet<String>,
    with_pattern: &BTreeSet<String>,
) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse().context("reading the crate's Cargo.toml")?;
    let features = manifest["features"].or_insert(toml_edit::table());
    let features = features.as_table_mut().context("`features` is not a table in Cargo.toml")?;
    if let Some(name) = OWN_FEATURES.iter().find(|name| providers.contains(**name)) {
        bail!("a provider called `{name}` would clash with the feature of that name");
    }
    for name in stale_features(features, providers) {
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
        let enabled = features.get_mut(name).and_then(Item::as_array_mut);
        if let Some(enabled) = enabled.filter(|_| with_pattern.contains(name))
            && !enabled.iter().any(|feature| feature.as_str() == Some(PATTERN_FEATURE))
        {
            enabled.push(PATTERN_FEATURE);
        }
    }
    features.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
    Ok(manifest.to_string())
}

/// The features of providers that are there no longer. `full` lists those that once were.
fn stale_features(features: &Table, providers: &BTreeSet<String>) -> Vec<String> {
    let full = features.get("full").and_then(Item::as_array);
    full.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !providers.contains(*name))
        .map(str::to_owned)
        .collect()
}

/// The place of a feature: this crate's own come first, the others by name.
fn rank(name: &str) -> (usize, &str) {
    let own = OWN_FEATURES.iter().position(|own| *own == name);
    (own.unwrap_or(OWN_FEATURES.len()), name)
}

fn summary(generated: &Generated, changes: &[Change], target: &Target, mode: Mode) -> String {
    let mut lines: String = changes.iter().map(|change| change.summary() + "\n").collect();
    let beside = [target.manifest.is_some(), target.asset.is_some()];
    let files = generated.files.len() + beside.iter().filter(|is_there| **is_there).count();
    let changed = if mode == Mode::Write { "changed" } else { "to change" };
    let (models, count) = (generated.models, changes.len());
    lines.push_str(&format!("models: {models}; files: {files}, {count} of them {changed}\n"));
    lines
}

/// Prints for people. Diagnostics as JSON have stdout to themselves.
fn print(format: MessageFormat, text: &str) {
    match format {
        MessageFormat::Human => anstream::print!("{text}"),
        MessageFormat::Json => anstream::eprint!("{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_providers_with_a_pattern_turn_it_on() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (providers, with_pattern) = (set(&["acme", "other"]), set(&["acme"]));
        let written = with_features("[features]\n", &providers, &with_pattern).expect("it is TOML");
        assert!(written.contains("acme = [\"runcomfy/pattern\"]\n"), "{written}");
        assert!(written.contains("other = []\n"), "{written}");
        let again = with_features(&written, &providers, &with_pattern).expect("it is TOML");
        assert_eq!(again, written);
        // A refused model may keep a module that needs it.
        let kept = with_features(&written, &providers, &BTreeSet::new()).expect("it is TOML");
        assert_eq!(kept, written);
    }
}
