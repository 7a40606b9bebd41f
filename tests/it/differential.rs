//! Differential test: for every model of `schemas/` and every fixture, inputs are made from the
//! published schema, valid and invalid at every path. The check of JSON, the typed check (where
//! the input can be built) and the `jsonschema` crate must report the same violations.
//!
//! `RUNCOMFY_DIFFERENTIAL=1000` adds that many inputs per model to the single faults.

mod instances;
mod sameness;

use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use runcomfy_simulator::SchemaValidator;
use serde_json::{Map, Value, json};

use crate::compiled_oracle::{self, CompiledOracle, Found, Subject, subjects};
use crate::round_trip::{self, implied_type};
use crate::support::root;
use sameness::{Seen, compared};

/// Default number of inputs with several faults per model.
const INPUTS: u32 = 24;

/// Returns the validator of one model.
fn judge(subject: &Subject) -> Result<SchemaValidator, String> {
    let mut schema = subject.schema.clone();
    // An input is always closed, even if its schema allows other properties.
    schema["additionalProperties"] = json!(false);
    for name in schema["required"].as_array().cloned().unwrap_or_default() {
        let name = name.as_str().expect("a name");
        if schema["properties"].get(name).is_none() {
            schema["properties"][name] = json!(true);
        }
    }
    if schema.get("required").is_none_or(|names| *names == json!([])) {
        schema["required"] = json!(subject.required_inputs);
    }
    write_types(&mut schema);
    SchemaValidator::compile(schema).map_err(|flaw| format!("{}: {}", flaw.pointer, flaw.problem))
}

/// Adds implied types to a schema, at every depth: with an `enum` of strings, a value that is
/// not a string breaks both `enum` and `type`.
fn write_types(schema: &mut Value) {
    let Value::Object(node) = schema else { return };
    if !["type", "$ref", "anyOf", "oneOf", "allOf"].iter().any(|word| node.contains_key(*word))
        && let (choices, offers_null) = with_choices(node)
        && let Some(word) = implied_type(&choices)
    {
        let word = if offers_null { json!([word, "null"]) } else { word.into() };
        node.insert("type".to_owned(), word);
    }
    for (keyword, below) in node {
        match (keyword.as_str(), below) {
            ("items" | "additionalProperties", below) => write_types(below),
            ("properties" | "$defs" | "definitions", Value::Object(all)) => {
                all.values_mut().for_each(write_types);
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(all)) => {
                all.iter_mut().for_each(write_types);
            }
            _ => {}
        }
    }
}

/// Turns `const` into an `enum` with one value, and takes null out of an `enum` of several. Returns
/// `true` beside it if there was null.
fn with_choices(node: &Map<String, Value>) -> (Map<String, Value>, bool) {
    let mut node = node.clone();
    if let Some(value) = node.remove("const") {
        node.insert("enum".to_owned(), json!([value]));
    }
    let mut offers_null = false;
    if let Some(Value::Array(choices)) = node.get_mut("enum")
        && choices.len() > 1
    {
        offers_null = choices.contains(&Value::Null);
        choices.retain(|choice| !choice.is_null());
    }
    (node, offers_null)
}

/// Returns the validator's violations of an input.
fn judged(judge: &SchemaValidator, input: &Value) -> Vec<Found> {
    let step = |step: &Value| match step {
        Value::String(name) => name.replace('~', "~0").replace('/', "~1"),
        index => index.to_string(),
    };
    let pointer =
        |path: &[Value]| path.iter().fold(String::new(), |path, next| path + "/" + &step(next));
    let refusals = judge.validate(input);
    refusals.iter().map(|refusal| (pointer(&refusal.path), refusal.keyword.clone())).collect()
}

#[test]
fn single_faults_get_the_same_verdict() {
    let mut subjects = subjects();
    let oracle = CompiledOracle::of("compiled-oracle", &mut subjects);
    let mut seen = Seen::default();
    let mut differing = Vec::new();
    for subject in &subjects {
        let judge = judge(subject).expect("it is a schema");
        let good = instances::sample(&subject.schema, &subject.schema);
        for fault in instances::faults(&subject.schema) {
            let input = fault.in_(good.clone());
            if let Err(why) = compared(&oracle, subject, &judge, &input, &mut seen) {
                differing.push(format!("{}: {input}\n{why}", subject.folder));
            }
        }
    }
    println!("{seen:?}");
    let first = differing.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} inputs get different verdicts:\n{first}", differing.len());
    assert!(seen.right > 2000 && seen.wrong > 2000 && seen.typed > 2000, "{seen:?}");
}

#[test]
fn inputs_with_several_faults_get_the_same_verdict() {
    let inputs = std::env::var("RUNCOMFY_DIFFERENTIAL").ok();
    let inputs =
        inputs.map_or(INPUTS, |text| text.parse().expect("RUNCOMFY_DIFFERENTIAL is a number"));
    let mut subjects = subjects();
    let oracle = CompiledOracle::of("compiled-oracle", &mut subjects);
    let mut seen = Seen::default();
    let mut differing = String::new();
    for (number, subject) in subjects.iter().enumerate() {
        let judge = judge(subject).expect("it is a schema");
        let config = Config { cases: inputs, failure_persistence: None, ..Config::default() };
        let seed = [number as u8; 32];
        let mut runner =
            TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let cell = std::cell::RefCell::new(&mut seen);
        let found = runner.run(&instances::inputs(&subject.schema), |input| {
            compared(&oracle, subject, &judge, &input, &mut cell.borrow_mut())
                .map_err(TestCaseError::fail)
        });
        match found {
            Ok(()) => {}
            Err(TestError::Fail(why, smallest)) => {
                differing.push_str(&format!("{}: {smallest}\n{why}\n", subject.folder));
            }
            Err(TestError::Abort(why)) => panic!("{}: {why}", subject.folder),
        }
    }
    println!("{seen:?}");
    assert!(differing.is_empty(), "inputs with different verdicts:\n{differing}");
    let least = subjects.len() * inputs as usize / 20;
    assert!(seen.right > least && seen.wrong > least && seen.typed > least, "{seen:?}");
}

/// Compares a collection in the format of other platforms: our own small one, or the folder or catalog
/// reply `RUNCOMFY_COLLECTION`. `RUNCOMFY_DIFFERING` models may differ.
#[test]
fn a_collection_exports_and_gets_the_same_verdict() {
    let own = root().join("tests/fixtures/collection");
    let folder = std::env::var_os("RUNCOMFY_COLLECTION").map_or(own, std::path::PathBuf::from);
    let may = std::env::var("RUNCOMFY_DIFFERING").map_or(0, |text| text.parse().expect("a number"));
    let mut subjects = compiled_oracle::collected(&folder);
    let all = subjects.len();
    let name = folder.file_name().expect("it has a name").to_string_lossy().into_owned();
    let oracle = CompiledOracle::of(&format!("oracle-{name}"), &mut subjects);
    let mut seen = Seen::default();
    let (mut exported, mut alike, mut inputs) = (0, 0, 0);
    for subject in &subjects {
        match round_trip::differs(&oracle, subject) {
            Some(why) => println!("{}: exported: {why:.600}", subject.folder),
            None => exported += 1,
        }
        let judge = match judge(subject) {
            Ok(judge) => judge,
            Err(flaw) => {
                println!("{}: no validator: {flaw}", subject.folder);
                continue;
            }
        };
        let good = instances::sample(&subject.schema, &subject.schema);
        let mut differing = 0;
        for fault in instances::faults(&subject.schema) {
            inputs += 1;
            let input = fault.in_(good.clone());
            if let Err(why) = compared(&oracle, subject, &judge, &input, &mut seen) {
                differing += 1;
                if differing == 1 {
                    println!("{}: {input:.600}\n{why:.900}", subject.folder);
                }
            }
        }
        if differing == 0 {
            alike += 1;
        }
    }
    let taken = subjects.len();
    println!("{name}: {taken} of {all} models accepted; {exported} exported as published;");
    println!("  {alike} with the same verdict, of {inputs} inputs in all");
    assert!(taken > 0 && inputs > 20, "{} has too few inputs", folder.display());
    let differing = 2 * taken - exported - alike;
    assert!(differing <= may, "{differing} differ, {may} are allowed");
}

/// Inputs that once got different verdicts, and one input per row of the mapping, each with its
/// expected violations.
#[test]
fn every_past_difference_stays_fixed() {
    let text = std::fs::read_to_string(root().join("tests/it/differential/regressions.json"))
        .expect("it exists");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    let mut subjects = subjects();
    let oracle = CompiledOracle::of("compiled-oracle", &mut subjects);
    let by_folder: BTreeMap<&str, &Subject> =
        subjects.iter().map(|subject| (subject.folder.as_str(), subject)).collect();
    let mut seen = Seen::default();
    for case in &cases {
        let folder = case["model"].as_str().expect("a case names its model");
        let subject = by_folder[folder];
        let input = &case["input"];
        if let Err(why) =
            compared(&oracle, subject, &judge(subject).expect("it is a schema"), input, &mut seen)
        {
            panic!("{case}\n{why}");
        }
        let wrong: Vec<Found> =
            serde_json::from_value(case["wrong"].clone()).expect("pairs of path and keyword");
        let mut found = oracle.answer(subject, input).violations;
        found.sort();
        assert_eq!(found, wrong, "{case}");
    }
    assert!(!cases.is_empty());
    let idle: Vec<&str> = sameness::MAPPING
        .iter()
        .map(|row| row.name)
        .filter(|name| !seen.mapped.contains(name))
        .collect();
    assert_eq!(idle, [""; 0], "no case needs these rows of the mapping");
}
