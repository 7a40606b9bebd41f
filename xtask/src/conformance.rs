//! `cargo xtask conformance`: runs a suite in the form of the official JSON Schema test suite
//! through generated code, and gives a verdict on every case.
//!
//! A case is one test of one schema. A schema that is refused, or that does not build, counts
//! with each of its tests.

mod line;
mod required;
mod suite;
mod verdict;
mod wrap;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Result, bail};
use runcomfy_codegen_cli::{MessageFormat, error};
use serde_json::json;

use crate::args::ConformanceArgs;
use line::Outcome;
use suite::{Suite, Tested};
use verdict::Verdict;

/// The number of cases by verdict.
#[derive(Debug, Default, Clone)]
struct Counts(BTreeMap<&'static str, usize>);

/// One case: a test of a schema.
struct Case<'a> {
    tested: &'a Tested,
    test: &'a suite::Test,
    verdict: Verdict,
}

pub(crate) fn run(args: &ConformanceArgs) -> Result<ExitCode> {
    let suite = Suite::read(&args.folder)?;
    for unread in &suite.unread {
        error(unread);
    }
    if suite.schemas.is_empty() {
        bail!("{} holds no file in the form of the official suite", args.folder.display());
    }
    let outcomes = line::run(&args.folder, &suite.schemas)?;
    let mut cases = Vec::new();
    for (tested, outcome) in suite.schemas.iter().zip(&outcomes) {
        for (index, test) in tested.tests.iter().enumerate() {
            let verdict = Verdict::of(tested, test, index, outcome);
            cases.push(Case { tested, test, verdict });
        }
    }
    let mut files: BTreeMap<&str, Counts> = BTreeMap::new();
    for case in &cases {
        files.entry(&case.tested.file).or_default().count(&case.verdict);
    }
    let complaints = match &args.required {
        Some(required) => required::complaints(required, &files)?,
        None => Vec::new(),
    };
    report(args.message_format, &cases, &files, &outcomes);
    for complaint in &complaints {
        error(complaint);
    }
    let totals = files.values().fold(Counts::default(), Counts::plus);
    let files = files.len();
    let summary = format!(
        "total: {} cases of {} schemas in {files} files: {totals}",
        cases.len(),
        suite.schemas.len()
    );
    match args.message_format {
        MessageFormat::Human => println!("{summary}"),
        MessageFormat::Json => eprintln!("{summary}"),
    }
    let mut counted = cases.iter().filter(|case| !args.except.contains(&case.tested.file));
    let failed = counted.any(|case| case.verdict.fails());
    let succeeded = !failed && complaints.is_empty() && suite.unread.is_empty();
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(
    format: MessageFormat,
    cases: &[Case<'_>],
    files: &BTreeMap<&str, Counts>,
    outcomes: &[Outcome],
) {
    if format == MessageFormat::Json {
        for case in cases {
            println!("{}", case.json());
        }
        return;
    }
    for case in cases.iter().filter(|case| case.verdict.fails()) {
        let Case { tested, test, verdict } = case;
        println!(
            "{}: {} | {} | {}\n  {}\n  schema: {}\n  data: {}",
            verdict.name(),
            tested.file,
            tested.description,
            test.description,
            verdict.detail().unwrap_or_default(),
            tested.schema,
            test.data,
        );
    }
    for (file, counts) in files {
        println!("{file}: {counts}");
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        if let Outcome::Refused { code, .. } = outcome {
            *codes.entry(code).or_default() += 1;
        }
    }
    for (code, count) in codes {
        println!("schemas refused by {code}: {count}");
    }
}

impl Case<'_> {
    fn json(&self) -> serde_json::Value {
        let Case { tested, test, verdict } = self;
        let mut line = json!({
            "file": tested.file,
            "schema": tested.description,
            "test": test.description,
            "valid": test.valid,
            "verdict": verdict.name(),
        });
        if let Verdict::Refused { code } = verdict {
            line["code"] = json!(code);
        }
        if let Verdict::Declared { keywords } = verdict {
            line["keywords"] = json!(keywords);
        }
        if let Some(detail) = verdict.detail() {
            line["detail"] = json!(detail);
        }
        line
    }
}

impl Counts {
    fn count(&mut self, verdict: &Verdict) {
        *self.0.entry(verdict.name()).or_default() += 1;
    }

    fn plus(mut self, other: &Self) -> Self {
        for (name, count) in &other.0 {
            *self.0.entry(name).or_default() += count;
        }
        self
    }

    fn of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// `12 exact, 0 declared, 3 refused, 0 too lax, 0 too strict, 0 broken build`
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = Verdict::NAMES.map(|name| format!("{} {name}", self.of(name)));
        f.write_str(&counts.join(", "))
    }
}
