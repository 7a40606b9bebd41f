//! A program that is generated from all schemas and compiled. Tests ask it how generated code
//! checks an input, and compare the answers with the published schemas.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use runcomfy_codegen::import::Imported;
use runcomfy_codegen::runtime::RuntimeModel;
use runcomfy_codegen::{Objects, Source, fixup_path, generate, model_json};
use serde_json::{Value, json};
use xtask::collection;
use xtask::scratch::Scratch;

use crate::support::{Uses, compile, fixtures, libraries, library, root, settings};

/// Held while a program is compiled: tests of the same models share its folder.
static COMPILING: Mutex<()> = Mutex::new(());

/// One model, as published and corrected by its fixup.
pub(crate) struct Subject {
    /// Its folder, such as `minimax/hailuo-video-01-live`.
    pub folder: String,
    /// The schema of the input.
    pub schema: Value,
    /// The `required_inputs` of its catalog entry, for a schema without `required`.
    pub required_inputs: Vec<String>,
    texts: Texts,
    /// Its table that is made at run time.
    runtime: OnceCell<RuntimeModel>,
}

struct Texts {
    model: String,
    input: String,
    fixup: Option<String>,
}

/// The answer of generated code about an input.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    /// Violations found by the check of JSON.
    pub violations: Vec<Found>,
    /// The typed input, or the reasons why it cannot be built.
    pub typed: Result<Typed, Vec<Found>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Typed {
    /// Violations found by the typed check.
    pub violations: Vec<Found>,
    /// The JSON that would be sent.
    pub json: Value,
}

/// A violation: its JSON pointer and keyword.
pub(crate) type Found = (String, String);

/// The running program.
pub(crate) struct CompiledOracle {
    child: Child,
    replies: RefCell<BufReader<ChildStdout>>,
    /// Index of each folder among the models of the program.
    places: BTreeMap<String, usize>,
}

impl Subject {
    fn new(folder: String, texts: Texts) -> Self {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("a schema is JSON");
        let model = parsed(&texts.model);
        let listed = model["required_inputs"].as_array().cloned().unwrap_or_default();
        let required_inputs = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let runtime = OnceCell::new();
        Self { folder, schema: parsed(&texts.input), required_inputs, texts, runtime }
    }

    fn imported(model: &Imported) -> Self {
        let texts =
            Texts { model: model_json(model, None, None), input: model.input.clone(), fixup: None };
        Self::new(model.id.folder(), texts)
    }

    /// Returns the violations that its table finds that is made at run time.
    pub(crate) fn at_run_time(&self, input: &Value) -> Vec<Found> {
        let model = self.runtime.get_or_init(|| {
            RuntimeModel::from_source(&self.source(), Objects::Closed).expect("it is generated")
        });
        let violations = model.info().violations(input);
        let found = violations.iter();
        found.map(|found| (found.path.pointer(), found.rule.to_string())).collect()
    }

    fn source(&self) -> Source<'_> {
        Source {
            folder: &self.folder,
            model: &self.texts.model,
            input: &self.texts.input,
            output: None,
            fixup: self.texts.fixup.as_deref(),
        }
    }
}

/// Returns every model of `schemas/`, and every fixture.
pub(crate) fn subjects() -> Vec<Subject> {
    let schemas = root().join("schemas");
    let mut models = Vec::new();
    find_models(&schemas, &mut models);
    models.sort();
    let published = models.iter().map(|path| {
        let folder: Vec<String> = path
            .strip_prefix(&schemas)
            .expect("it is below")
            .iter()
            .map(|step| step.to_string_lossy().into_owned())
            .collect();
        let folder = folder.join("/");
        let read = |path: &Path| std::fs::read_to_string(path).expect("it can be read");
        let fixup = schemas.join(fixup_path(&folder));
        let texts = Texts {
            model: read(&path.join("model.json")),
            input: read(&path.join("input.json")),
            fixup: fixup.exists().then(|| read(&fixup)),
        };
        Subject::new(folder, texts)
    });
    published.chain(fixtures().iter().map(Subject::imported)).collect()
}

/// Returns the models of a collection outside this repository: a folder of files
/// `{"model_id", "input", "output"}`.
pub(crate) fn collected(folder: &Path) -> Vec<Subject> {
    let (models, unusable) = collection::read(folder).expect("the collection is there");
    println!("  {unusable} files are not models");
    models.iter().map(Subject::imported).collect()
}

fn find_models(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("model.json").exists() {
        found.push(folder.to_owned());
    }
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() && !path.ends_with("fixups") {
            find_models(&path, found);
        }
    }
}

impl CompiledOracle {
    /// Generates, compiles and starts the program. Removes the models that the generator refuses
    /// from `subjects`.
    pub(crate) fn of(name: &str, subjects: &mut Vec<Subject>) -> Self {
        let generated = {
            let sources: Vec<Source<'_>> = subjects.iter().map(Subject::source).collect();
            generate(&sources, &settings())
        };
        let mut modules = BTreeMap::new();
        for (path, text) in generated.files.iter().filter(|(path, _)| path.contains('/')) {
            let home = text.lines().take_while(|line| line.starts_with("//!")).find_map(|line| {
                let rest = line.split_once("`schemas/")?.1;
                Some(rest.split_once('`')?.0.to_owned())
            });
            let module = path.trim_end_matches(".rs").replace('/', "::");
            modules.insert(home.expect("the head says where it is from"), module);
        }
        for subject in subjects.iter_mut() {
            let path = format!("{}/input.json", subject.folder);
            if let Some(text) = generated.patched.get(&path) {
                subject.schema = serde_json::from_str(text).expect("it is JSON");
            }
        }
        subjects.retain(|subject| modules.contains_key(&subject.folder));

        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let arms: String = modules
            .values()
            .map(|module| format!("    answer::<generated::{module}::Input>,\n"))
            .collect();
        let program =
            include_str!("compiled_oracle/program.rs.txt").replace("    // MODELS\n", &arms);
        let scratch = Scratch::new(&folder, name, libraries(Uses::Runcomfy)).lasting();
        let mut sources = library(&generated.files);
        sources.remove("src/lib.rs");
        sources.insert("src/main.rs".to_owned(), program);
        let compiling = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
        scratch.write_sources(&sources).expect("a folder can be made");
        let (ok, printed) = compile(scratch.build("src/main.rs"));
        assert!(ok, "the generated code does not compile:\n{printed}");

        let mut child = Command::new(scratch.program("src/main.rs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(compiling);
        let replies = RefCell::new(BufReader::new(child.stdout.take().expect("it is piped")));
        let places = modules.into_keys().enumerate().map(|(place, folder)| (folder, place));
        Self { child, replies, places: places.collect() }
    }

    /// Returns the JSON Schema that a subject's `Input` exports.
    pub(crate) fn schema(&self, subject: &Subject) -> Value {
        self.ask(subject, json!({}))
    }

    /// Checks an input with a subject's `Input`.
    pub(crate) fn answer(&self, subject: &Subject, input: &Value) -> Answer {
        let reply = self.ask(subject, json!({"input": input}));
        let differs = &reply["differs"];
        assert!(differs.is_null(), "{}: {input}\n{differs:#}", subject.folder);
        let found = |list: &Value| -> Vec<Found> {
            serde_json::from_value(list.clone()).expect("pairs of texts")
        };
        let typed = match reply.get("misfits") {
            Some(misfits) => Err(found(misfits)),
            None => Ok(Typed { violations: found(&reply["typed"]), json: reply["json"].clone() }),
        };
        Answer { violations: found(&reply["violations"]), typed }
    }

    fn ask(&self, subject: &Subject, mut request: Value) -> Value {
        request["model"] = json!(self.places[&subject.folder]);
        let mut stdin = self.child.stdin.as_ref().expect("it is piped");
        writeln!(stdin, "{request}").expect("the program listens");
        let mut reply = String::new();
        self.replies.borrow_mut().read_line(&mut reply).expect("the program answers");
        serde_json::from_str(&reply).expect("it answers in JSON")
    }
}

impl Drop for CompiledOracle {
    fn drop(&mut self) {
        // The program ends when its stdin closes.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
