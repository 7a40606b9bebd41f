//! Benchmarks of compiling the generated code, against typify's, and of the commands, in CPU time.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use runcomfy_codegen::Generated;

use crate::generating::{MODELS, Model, generated, lines, repeated};
use crate::measure::{Pair, Report, cpu_time_of_commands};
use crate::{rival, root};

/// Number of compilations of each crate.
const ROUNDS: usize = 5;

/// Number of runs of each command.
const REPEATS: usize = 9;

/// The provider that is compiled alone.
const PROVIDER: &str = "minimax";

/// The model that is edited.
const EDITED: &str = "generated/minimax/hailuo_video_01_live.rs";
const MAX_RATIO_OF_AN_EDIT: f64 = 0.7;
/// The aim is 0.3.
const MAX_RATIO_TO_TYPIFY: f64 = 0.4;

/// The first and the last line of an enum in generated code.
const ENUM: &str = "runcomfy::codegen_support::string_enum! {\n";
const END: &str = "\n}\n";

pub(crate) fn run(report: &mut Report) -> Result<()> {
    commands(report)?;
    let models = repeated(MODELS)?;
    let (taken, theirs): (Vec<Model>, Vec<String>) = models
        .iter()
        .filter_map(|model| Some((model.clone(), rival::module(&model.input)?)))
        .unzip();
    report.part(&format!(
        "`cargo check`, dependencies warm, incremental off, {} of {MODELS} models",
        taken.len()
    ));
    let (ours, theirs) = (ours("ours", &taken)?, theirs_of("typify-alone", &theirs)?);
    let checked = |scratch: &Scratch| scratch.check(&[]);
    report.ratio(
        "those that typify accepts, ours : typify's",
        turns(|| checked(&ours), || checked(&theirs))?,
        MAX_RATIO_TO_TYPIFY,
    );
    let few = self::ours("few", &models[..MODELS / 4])?;
    let all = self::ours("all", &models)?;
    let pair = turns(|| checked(&all), || checked(&few))?;
    let growth = pair.ratio / (all.lines as f64 / few.lines as f64);
    let detail = format!(
        "({:.1?} : {:.1?} for {} : {} lines)",
        pair.ours, pair.theirs, all.lines, few.lines
    );
    report.at_most("per line, in four times the models", growth, 1.3, " ×", &detail);
    let one = ["--no-default-features", "--features", PROVIDER];
    let pair = turns(|| all.check(&one), || checked(&all))?;
    report.ratio(&format!("the feature `{PROVIDER}` alone : all"), pair, 0.2);
    let edits = Cell::new(0);
    let edited = || {
        edits.set(edits.get() + 1);
        all.edit(edits.get())
    };
    let pair = turns(edited, || checked(&all))?;
    let name = "an edit of one model, incremental : all";
    report.ratio(name, pair, MAX_RATIO_OF_AN_EDIT);
    enums(report, &models, &all)
}

/// Measures how much of the time goes to enums that have the values of another one: a crate in which they
/// share it, beside the one in which they do not.
fn enums(report: &mut Report, models: &[Model], all: &Scratch) -> Result<()> {
    let mut shared = generated(models);
    let mut first = HashMap::new();
    let mut count = 0;
    for (path, text) in &mut shared.files {
        let module = path.trim_end_matches(".rs").replace('/', "::");
        let mut rest = std::mem::take(text);
        while let Some((before, item)) = rest.split_once(ENUM) {
            let (item, after) = item.split_once(END).context("an enum has no end")?;
            let name = item.lines().find_map(|line| line.trim().strip_prefix("pub enum "));
            let name = name.context("an enum has no name")?.trim_end_matches(" {");
            let here = format!("crate::generated::{module}::{name}");
            let values: Vec<&str> = item.lines().filter(|line| line.contains(" = ")).collect();
            let there = first.entry(values.join("\n")).or_insert_with(|| here.clone());
            let kept = if *there == here {
                format!("{ENUM}{item}{END}")
            } else {
                format!("pub use {there} as {name};\n")
            };
            count += 1;
            *text += &format!("{before}{kept}");
            rest = after.to_owned();
        }
        *text += &rest;
    }
    let shared = ours_of("shared", shared)?;
    let pair = turns(|| shared.check(&[]), || all.check(&[]))?;
    let figure = format!("{:6.2} × ({:.1?} : {:.1?})", pair.ratio, pair.ours, pair.theirs);
    report.note(&format!("{} distinct of {count} enums : all", first.len()), &figure);
    Ok(())
}

/// Measures the commands.
fn commands(report: &mut Report) -> Result<()> {
    report.part("Commands, by the release binary");
    let root = root();
    cargo(&root, &["build", "--release", "--package", "xtask"])?;
    let schemas = root.join("target/bench/schemas");
    let out = root.join("target/bench/generated");
    empty(&schemas)?;
    for model in repeated(MODELS)? {
        let folder = schemas.join(&model.folder);
        write(&folder.join("model.json"), &model.model)?;
        write(&folder.join("input.json"), &model.input)?;
        if let Some(output) = &model.output {
            write(&folder.join("output.json"), output)?;
        }
    }
    let binary = root.join("target/release/xtask");
    let xtask = |args: &[&str]| started(Command::new(&binary).args(args).current_dir(&root));
    let (from, to) = (schemas.display().to_string(), out.display().to_string());
    let generate = || {
        empty(&out)?;
        xtask(&["codegen", "--schemas", &from, "--out", &to])
    };
    let seconds = repeat(generate)?;
    report.at_most(&format!("codegen of {MODELS} models"), seconds, 1.0, " s", "");
    let check = repeat(|| xtask(&["codegen", "--check"]))?;
    report.at_most("codegen --check of the models here", check, 0.3, " s", "");
    // Cargo first checks that xtask is up to date, and runs the debug build.
    cargo(&root, &["xtask", "--help"])?;
    let whole = repeat(|| cargo(&root, &["xtask", "codegen", "--check"]))?;
    report.note("the same as `cargo xtask`", &format!("{whole:6.2} s"));
    Ok(())
}

/// A crate to compile.
struct Scratch {
    folder: PathBuf,
    lines: usize,
}

/// Creates a crate of our generated code.
fn ours(name: &str, models: &[Model]) -> Result<Scratch> {
    let generated = generated(models);
    ensure!(generated.models == models.len(), "a model was refused");
    ours_of(name, generated)
}

fn ours_of(name: &str, generated: Generated) -> Result<Scratch> {
    let files = generated.files.iter();
    let files = files.map(|(path, text)| (format!("generated/{path}"), text.as_str()));
    let features = generated.features.iter();
    let features: String = features.map(|feature| format!("{feature:?} = []\n")).collect();
    let default: Vec<&String> = generated.features.iter().collect();
    let runcomfy = root().join("crates/runcomfy").display().to_string();
    let manifest = format!(
        "[features]\ndefault = {default:?}\n{features}\n\
         [dependencies]\nruncomfy = {{ path = {runcomfy:?}, default-features = false }}\n"
    );
    let library = "pub mod generated;\n";
    let folder = scratch(name, &manifest, library, files)?;
    Ok(Scratch { folder, lines: lines(&generated) })
}

/// Creates a crate of typify's code for the same schemas.
fn theirs_of(name: &str, modules: &[String]) -> Result<Scratch> {
    let names = (0..modules.len()).map(|index| format!("m{index}"));
    let library: String = names.clone().map(|name| format!("pub mod {name};\n")).collect();
    let files = names.map(|name| format!("{name}.rs")).zip(modules.iter().map(String::as_str));
    let manifest = "[dependencies]\nregress = \"*\"\nserde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n";
    let folder = scratch(name, manifest, &library, files)?;
    Ok(Scratch { folder, lines: modules.iter().map(|text| text.lines().count()).sum() })
}

fn scratch<'a>(
    name: &str,
    manifest: &str,
    library: &str,
    files: impl Iterator<Item = (String, &'a str)>,
) -> Result<PathBuf> {
    let folder = root().join("target/bench").join(name);
    empty(&folder)?;
    let package = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n"
    );
    write(&folder.join("Cargo.toml"), &format!("{package}{manifest}"))?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    write(&folder.join("src/lib.rs"), library)?;
    for (path, text) in files {
        write(&folder.join("src").join(path), text)?;
    }
    Ok(folder)
}

impl Scratch {
    /// Returns the seconds of a `cargo check` of this crate, without its dependencies.
    fn check(&self, features: &[&str]) -> Result<f64> {
        let library = File::options().append(true).open(self.folder.join("src/lib.rs"))?;
        library.set_modified(SystemTime::now())?;
        let mut args = vec!["check", "--quiet", "--offline"];
        args.extend(features);
        cargo(&self.folder, &args)
    }

    /// Edits one model, and returns the seconds of an incremental `cargo check`.
    fn edit(&self, number: usize) -> Result<f64> {
        let file = self.folder.join("src").join(EDITED);
        let text = fs::read_to_string(&file)?;
        let edited = text.replacen("Magic Prompt", &format!("Magic Prompt {number}"), 2);
        ensure!(edited != text, "{} has nothing to edit", file.display());
        fs::write(&file, edited)?;
        let mut command = cargo_command(&self.folder, &["check", "--quiet", "--offline"]);
        started(command.env("CARGO_INCREMENTAL", "1"))
    }
}

/// Measures two crates in turns, after one turn that compiles the dependencies. The minimum of
/// each side counts, since other load only adds time.
fn turns(ours: impl Fn() -> Result<f64>, theirs: impl Fn() -> Result<f64>) -> Result<Pair> {
    let (mut our_least, mut their_least) = (f64::INFINITY, f64::INFINITY);
    for round in 0..=ROUNDS {
        let (our, their) = (ours()?, theirs()?);
        if round > 0 {
            (our_least, their_least) = (our_least.min(our), their_least.min(their));
        }
    }
    Ok(Pair::from_seconds(our_least, their_least))
}

/// Returns the minimum of several runs, in seconds, since other load only adds time.
pub(crate) fn repeat(run: impl Fn() -> Result<f64>) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..REPEATS {
        least = least.min(run()?);
    }
    Ok(least)
}

/// Returns the seconds of CPU time of a cargo command.
pub(crate) fn cargo(folder: &Path, args: &[&str]) -> Result<f64> {
    started(cargo_command(folder, args).env("CARGO_INCREMENTAL", "0"))
}

fn cargo_command(folder: &Path, args: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target =
        if folder == root() { root().join("target") } else { root().join("target/bench/target") };
    let mut command = Command::new(cargo);
    command.args(args).current_dir(folder).env("CARGO_TARGET_DIR", target);
    command
}

/// Returns the seconds of CPU time of a command, which must succeed.
pub(crate) fn started(command: &mut Command) -> Result<f64> {
    let name = command.get_program().to_string_lossy().into_owned();
    // xtask finds the workspace from its manifest.
    command
        .env("CARGO_MANIFEST_DIR", root().join("xtask"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let start = cpu_time_of_commands();
    let output = command.output().with_context(|| format!("starting {name}"))?;
    let seconds = cpu_time_of_commands().saturating_sub(start).as_secs_f64();
    ensure!(output.status.success(), "{name} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(seconds)
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    Ok(fs::create_dir_all(folder)?)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("it has a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
