//! Generates code for every schema of a suite, compiles it as one crate, and checks every
//! instance with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use runcomfy::Violations;
use runcomfy_codegen::import::{self, Imported, ModelId};
use runcomfy_codegen::runtime::{RuntimeError, RuntimeModel};
use runcomfy_codegen::{
    Diagnostic, Features, Generated, Objects, Settings, Severity, Source, generate_imported,
};
use serde::Deserialize;

use super::suite::Tested;
use super::wrap::Wrapped;
use crate::scratch::{LIBRARY, Scratch, library};

/// Outcome of a schema.
pub(crate) enum Outcome {
    Refused {
        code: &'static str,
    },
    /// The generated code does not compile, or the generator panicked.
    Broken {
        detail: String,
    },
    /// The answers to its instances.
    Answered {
        input: Wrapped,
        diagnostics: Vec<Diagnostic>,
        answers: Vec<Answer>,
    },
}

/// Answer of the check to an instance.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Fits,
    /// It is refused, with these violations.
    Breaks(String),
    /// The check did not end, or a table that was made at run time gives another answer.
    Panicked(String),
}

/// The source file of the program.
const MAIN: &str = "src/main.rs";

/// The program around the generated modules. A line of input is a schema's number and an
/// instance; a line of output begins with the kind of answer.
const PROGRAM: &str = "//! Checks instances.
use std::io::BufRead;

use runcomfy::{JsonInput, Model};

fn check<M: Model>(text: &str) -> String {
    let check = || JsonInput::<M>::parse(text).map(|json| json.violations());
    match std::panic::catch_unwind(check) {
        Ok(Ok(violations)) if violations.is_empty() => \"fits\".to_owned(),
        Ok(Ok(violations)) => {
            let mut each: Vec<String> = violations.iter().map(|violation| {
                format!(\"{} {}: {}\", violation.path, violation.rule, violation.message)
            }).collect();
            each.sort();
            format!(\"breaks {:?}\", each.join(\"; \"))
        }
        Ok(Err(error)) => format!(\"breaks {:?}\", error.to_string()),
        Err(_) => \"panicked\".to_owned(),
    }
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect(\"it is text\");
        let (schema, text) = line.split_once('\\t').expect(\"it has two parts\");
        println!(\"{}\", match schema {
            // CHECKS
            _ => \"unknown\".to_owned(),
        });
    }
}
";

/// Runs every schema of a suite. The folder only names the scratch crate.
pub(crate) fn run(folder: &Path, schemas: &[Tested]) -> Result<Vec<Outcome>> {
    let mut outcomes = schemas.iter().enumerate().map(generated).collect::<Result<Vec<_>>>()?;
    let mut modules: BTreeMap<usize, String> = BTreeMap::new();
    for (index, (_, text)) in outcomes.iter_mut().enumerate() {
        if let Some(text) = text.take() {
            modules.insert(index, text);
        }
    }
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|(outcome, _)| outcome).collect();
    // A crate for each folder: two commands may run side by side.
    let mut hasher = DefaultHasher::new();
    fs::canonicalize(folder)?.hash(&mut hasher);
    let crate_name = format!("conformance_{:016x}", hasher.finish());
    let scratch = Scratch::in_target(&crate_name, &format!("conformance/{crate_name}"))?;
    for (index, detail) in build(&scratch, &crate_name, &mut modules)? {
        outcomes[index] = Outcome::Broken { detail };
    }
    let mut lines = Vec::new();
    for (index, (tested, outcome)) in schemas.iter().zip(&outcomes).enumerate() {
        if let Outcome::Answered { input, .. } = outcome {
            lines.extend(tested.tests.iter().map(|test| (index, input.instance(&test.data))));
        }
    }
    let mut runtime_models = BTreeMap::new();
    for ((index, instance), answer) in lines.iter().zip(answers(&scratch, &lines)?) {
        if let Outcome::Answered { input, answers, .. } = &mut outcomes[*index] {
            let model = runtime_models.entry(*index).or_insert_with(|| runtime_model(input));
            answers.push(agreed(model, instance, answer));
        }
    }
    Ok(outcomes)
}

/// Makes the table of a schema at run time.
fn runtime_model(input: &Wrapped) -> Result<RuntimeModel, RuntimeError> {
    let source = Source {
        folder: "conformance/runtime",
        model: r#"{"id": "conformance/runtime"}"#,
        input: &input.text,
        output: None,
        fixup: None,
    };
    RuntimeModel::from_source(&source, Objects::Open)
}

/// Returns the answer of generated code, if the table that was made at run time gives the same one.
fn agreed(model: &Result<RuntimeModel, RuntimeError>, instance: &str, answer: Answer) -> Answer {
    let model = match model {
        Ok(model) => model.info(),
        Err(error) => return Answer::Panicked(format!("refused at run time: {error}")),
    };
    let found = match serde_json::from_str(instance) {
        Ok(instance) => violations(&model.violations(&instance)),
        // Generated code says the same.
        Err(_) => return answer,
    };
    match &answer {
        Answer::Fits if found.is_empty() => answer,
        Answer::Breaks(detail) if *detail == format!("{found:?}") => answer,
        Answer::Fits => Answer::Panicked(format!("at run time it breaks {found:?}")),
        Answer::Breaks(detail) => {
            Answer::Panicked(format!("it breaks {detail}, and at run time {found:?}"))
        }
        Answer::Panicked(_) => answer,
    }
}

/// Returns violations as the program writes them.
fn violations(violations: &Violations) -> String {
    let each = violations
        .iter()
        .map(|violation| format!("{} {}: {}", violation.path, violation.rule, violation.message));
    let mut each: Vec<String> = each.collect();
    each.sort();
    each.join("; ")
}

fn name(index: usize) -> String {
    format!("s{index}")
}

/// Generates from one schema. Returns its outcome so far, and its module.
fn generated((index, tested): (usize, &Tested)) -> Result<(Outcome, Option<String>)> {
    let input = Wrapped::new(&tested.schema);
    let model = Imported {
        id: ModelId::parse(&format!("conformance/{}", name(index)))?,
        input: import::layout(&input.text),
        output: None,
        facts: serde_json::Map::new(),
        listed: false,
    };
    let settings = Settings {
        origin: "conformance".to_owned(),
        features: Features::None,
        present: BTreeSet::new(),
        deny: BTreeSet::new(),
        objects: Objects::Open,
    };
    let Ok(generated) = catch_unwind(AssertUnwindSafe(|| {
        generate_imported(std::slice::from_ref(&model), &settings)
    })) else {
        let detail = "the generator panicked".to_owned();
        return Ok((Outcome::Broken { detail }, None));
    };
    let Generated { mut files, diagnostics, .. } = generated;
    let module = files.remove(&format!("conformance/{}.rs", name(index)));
    let error = diagnostics.iter().find(|found| found.code.severity() == Severity::Error);
    let outcome = match (&module, error) {
        (None, Some(error)) => Outcome::Refused { code: error.code.name() },
        (None, None) => Outcome::Broken { detail: "it is refused without a diagnostic".to_owned() },
        (Some(_), _) => Outcome::Answered { input, diagnostics, answers: Vec::new() },
    };
    Ok((outcome, module))
}

/// Compiles the modules. Removes those that do not compile until the rest does, and returns
/// them with the compiler's message.
fn build(
    scratch: &Scratch,
    crate_name: &str,
    modules: &mut BTreeMap<usize, String>,
) -> Result<Vec<(usize, String)>> {
    let mut broken = Vec::new();
    loop {
        let listed: String =
            modules.keys().map(|index| format!("pub mod {};\n", name(*index))).collect();
        let mut generated: BTreeMap<String, String> = modules
            .iter()
            .map(|(index, text)| (format!("{}.rs", name(*index)), text.clone()))
            .collect();
        generated.insert("mod.rs".to_owned(), listed);
        let arms: String = modules
            .keys()
            .map(|index| {
                let name = name(*index);
                format!("{name:?} => check::<{crate_name}::generated::{name}::Input>(text),\n")
            })
            .collect();
        let mut sources = library(&generated);
        sources.insert(MAIN.to_owned(), PROGRAM.replace("// CHECKS", &arms));
        scratch.write_sources(&sources)?;
        let mut compiler = scratch.build(LIBRARY);
        let output =
            compiler.args(["--error-format", "json"]).output().context("starting rustc")?;
        if output.status.success() {
            let mut compiler = scratch.build(MAIN);
            let output = compiler.output().context("starting rustc")?;
            match output.status.success() {
                true => return Ok(broken),
                false => bail!("{}", String::from_utf8_lossy(&output.stderr)),
            }
        }
        let faults = faults(&String::from_utf8_lossy(&output.stderr), modules);
        if faults.is_empty() {
            bail!(
                "the scratch crate in {} does not build, and no schema is to blame:\n{}",
                scratch.folder().display(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        for (index, detail) in faults {
            modules.remove(&index);
            broken.push((index, detail));
        }
    }
}

/// Returns the compiler's first error in each module.
fn faults(messages: &str, modules: &BTreeMap<usize, String>) -> BTreeMap<usize, String> {
    #[derive(Deserialize)]
    struct Message {
        level: String,
        message: String,
        spans: Vec<Span>,
        rendered: Option<String>,
    }
    #[derive(Deserialize)]
    struct Span {
        file_name: String,
        expansion: Option<Box<Expansion>>,
    }
    #[derive(Deserialize)]
    struct Expansion {
        span: Span,
    }
    fn files<'a>(span: &'a Span, all: &mut Vec<&'a str>) {
        all.push(&span.file_name);
        if let Some(expansion) = &span.expansion {
            files(&expansion.span, all);
        }
    }
    let mut faults = BTreeMap::new();
    // The other lines are not about the code.
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()) {
        let Message { level, message, spans, rendered } = message;
        if !level.starts_with("error") {
            continue;
        }
        let mut named = Vec::new();
        spans.iter().for_each(|span| files(span, &mut named));
        for index in named.into_iter().filter_map(module_index) {
            if modules.contains_key(&index) {
                faults.entry(index).or_insert_with(|| rendered.clone().unwrap_or(message.clone()));
            }
        }
    }
    faults
}

/// The number of the schema from which a file was generated.
fn module_index(file: &str) -> Option<usize> {
    file.strip_prefix("src/generated/s")?.strip_suffix(".rs")?.parse().ok()
}

/// Returns the program's answer to every instance. If it stops at one, that is the answer to
/// this instance, and the program is started again behind it.
fn answers(scratch: &Scratch, lines: &[(usize, String)]) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    while answers.len() < lines.len() {
        let rest = lines[answers.len()..].iter();
        let text: String =
            rest.map(|(index, instance)| format!("{}\t{instance}\n", name(*index))).collect();
        scratch.write("instances.txt", &text)?;
        let instances = fs::File::open(scratch.folder().join("instances.txt"))?;
        let output = Command::new(scratch.program(MAIN))
            .stdin(instances)
            .stderr(Stdio::null())
            .output()
            .context("starting the program")?;
        let lines = String::from_utf8_lossy(&output.stdout);
        answers.extend(lines.lines().map(|line| match line.split_once(' ') {
            Some(("breaks", detail)) => Answer::Breaks(detail.to_owned()),
            _ if line == "fits" => Answer::Fits,
            _ => Answer::Panicked(format!("the check {line}")),
        }));
        if !output.status.success() {
            answers.push(Answer::Panicked(format!("the program stopped: {}", output.status)));
        }
    }
    Ok(answers)
}
