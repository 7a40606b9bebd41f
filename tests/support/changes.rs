//! Cases of schema changes, each with two states of a schema. A crate is generated from each
//! state. A caller that uses everything of the earlier crate is derived from its text, and
//! inputs that the earlier crate accepts are checked by the later one.

mod caller;
mod cases;

pub use cases::{Case, State, cases};

use runcomfy_codegen::{Diff, Features, Generated, Objects, Settings, Source, diff, generate};

/// The generated code of one state of all cases, with its sources.
#[derive(Debug)]
pub struct Side {
    models: Vec<(String, State)>,
    records: Vec<String>,
    /// The generated modules.
    pub generated: Generated,
}

/// Both states of all cases.
#[derive(Debug)]
pub struct Sides {
    /// The earlier states.
    pub old: Side,
    /// The later states.
    pub new: Side,
}

impl Sides {
    /// Generates both states of the cases.
    pub fn of(cases: &[Case]) -> Self {
        let old = cases.iter().filter_map(|case| Some((case.folder(), case.old.clone()?)));
        let new = cases.iter().filter_map(|case| Some((case.folder(), case.new.clone()?)));
        let beside =
            cases.iter().filter_map(|case| Some((case.beside?.to_owned(), case.new.clone()?)));
        Self { old: Side::of(old.collect()), new: Side::of(new.chain(beside).collect()) }
    }

    /// Returns the reported changes.
    pub fn diff(&self) -> Diff {
        diff(&self.old.sources(), &self.new.sources())
    }
}

impl Side {
    fn of(models: Vec<(String, State)>) -> Self {
        let record = |(folder, state): &(String, State)| {
            format!(r#"{{"id": "{}"{}}}"#, state.id.unwrap_or(folder), state.facts)
        };
        let records = models.iter().map(record).collect();
        let mut side = Self { models, records, generated: Generated::default() };
        let settings = Settings {
            origin: "schemas".to_owned(),
            features: Features::None,
            present: Default::default(),
            deny: Default::default(),
            objects: Objects::Closed,
        };
        side.generated = generate(&side.sources(), &settings);
        side
    }

    fn sources(&self) -> Vec<Source<'_>> {
        self.models
            .iter()
            .zip(&self.records)
            .map(|((folder, state), record)| Source {
                folder,
                model: record,
                input: &state.input,
                output: state.output.as_deref(),
                fixup: None,
            })
            .collect()
    }

    /// Returns the library of this state, as files of a crate.
    pub fn library(&self) -> Vec<(String, String)> {
        let lib = "//! Cases.\nmod generated;\npub use generated::*;\n";
        let file =
            |(path, text): (&String, &String)| (format!("src/generated/{path}"), text.clone());
        let files = self.generated.files.iter().filter(|(path, _)| path.ends_with(".rs")).map(file);
        files.chain([("src/lib.rs".to_owned(), lib.to_owned())]).collect()
    }

    /// Returns a program that uses everything of one case that a caller can use.
    pub fn caller(&self, case: &Case) -> String {
        caller::of(&case.module(), self.text(case))
    }

    /// Returns a program that checks the inputs of all cases against this state. It prints a line
    /// per violation: the case, the path and the rule.
    pub fn judge(&self, cases: &[Case]) -> String {
        let mut body = String::new();
        for case in cases.iter().filter(|case| case.old.is_some() && case.new.is_some()) {
            // Skip the model that only forces another module to be renamed.
            for input in case.inputs.iter().filter(|_| case.beside.is_none()) {
                let (name, module) = (case.name, case.module());
                body +=
                    &format!("    show::<scratch::acme::{module}::Input>({name:?}, {input:?});\n");
            }
        }
        format!("{JUDGE}\nfn main() {{\n{body}}}\n")
    }

    fn text(&self, case: &Case) -> &str {
        let path = format!("acme/{}.rs", case.module());
        self.generated.files.get(&path).map_or("", String::as_str)
    }
}

impl Case {
    /// Returns the folder of its model.
    pub fn folder(&self) -> String {
        format!("acme/{}", self.name)
    }

    /// Returns the module of its model in the earlier state.
    pub fn module(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Checks inputs with the checker, and media as an image of 350 × 350 pixels and 5 MB.
const JUDGE: &str = r#"//! Shows inputs.

use runcomfy::media::MediaInfo;
use runcomfy::{JsonInput, Model, Payload};

fn show<M: Model>(case: &str, input: &str) {
    let json = JsonInput::<M>::parse(input).expect("it is JSON");
    let mut facts = MediaInfo::default();
    facts.width = Some(350);
    facts.height = Some(350);
    facts.bytes = Some(5_000_000);
    let measured = json.media().into_iter().flat_map(|found| found.violations(&facts));
    for violation in json.violations().into_iter().chain(measured) {
        println!("{case}\t{}\t{}", violation.path, violation.rule);
    }
}
"#;
