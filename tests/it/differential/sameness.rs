//! Compares the violations of two validators, with one table of the rules that they name
//! differently.

use std::collections::BTreeSet;

use runcomfy_simulator::SchemaValidator;
use serde_json::Value;

use super::judged;
use crate::compiled_oracle::{Answer, CompiledOracle, Found, Subject};

/// A row of the mapping: turns the violations of both validators into one form.
pub(super) struct Row {
    pub name: &'static str,
    /// Maps a violation. `None` drops it.
    apply: fn(Found, &Places) -> Option<Found>,
}

/// The only row under which the verdicts may differ.
const DECIMALS: &str = "a multiple is one in decimals";

/// The paths of an input at which the validators name a rule differently.
#[derive(Default)]
struct Places {
    /// The outermost unions.
    unions: BTreeSet<String>,
    /// A value is in `enum`, but does not fit `type`.
    mistyped: BTreeSet<String>,
    /// A value is null, which `type` accepts and `enum` does not.
    unoffered: BTreeSet<String>,
    /// A number is too large for a float to hold exactly.
    huge: BTreeSet<String>,
    /// The schema has no `type`: the Rust type follows its keywords, and only JSON can hold values
    /// of other types.
    untyped: BTreeSet<String>,
}

/// Every allowed difference between the validators. Apart from these rows, paths and keywords
/// are equal.
pub(super) const MAPPING: [Row; 5] = [
    // We report `const` as an `enum` with one value.
    Row {
        name: "const is enum",
        apply: |(path, keyword), _| match keyword.as_str() {
            "const" => Some((path, "enum".to_owned())),
            _ => Some((path, keyword)),
        },
    },
    // An enum value that does not fit `type` breaks both.
    Row {
        name: "a choice is of the type",
        apply: |(path, keyword), places| {
            let mistyped = keyword == "enum" && places.mistyped.contains(&path);
            (!mistyped).then_some((path, keyword))
        },
    },
    // A `null` in `type` counts only where `enum` offers it too.
    Row {
        name: "a null that is offered",
        apply: |(path, keyword), places| {
            let unoffered = keyword == "type" && places.unoffered.contains(&path);
            (!unoffered).then_some((path, keyword))
        },
    },
    // We compute multiples in decimal; the validator uses floats, which are inexact for huge
    // numbers.
    Row {
        name: DECIMALS,
        apply: |(path, keyword), places| {
            let huge = keyword == "multipleOf" && places.huge.contains(&path);
            (!huge).then_some((path, keyword))
        },
    },
    // We report a broken union as one violation at its node. The validator looks into sibling
    // keywords, and reports a list of types as `type`. We look into a union with null.
    Row {
        name: "a union is one node",
        apply: |(path, keyword), places| match places.union_above(&path) {
            Some(union) => Some((union.clone(), "anyOf".to_owned())),
            None => Some((path, keyword)),
        },
    },
];

impl Places {
    fn union_above(&self, path: &str) -> Option<&String> {
        let is_within = |union: &&String| {
            let rest = path.strip_prefix(union.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.unions.iter().find(is_within)
    }
}

/// Counts of what was compared.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub right: usize,
    pub wrong: usize,
    /// Inputs that could be built as a type.
    pub typed: usize,
    /// The rows of the mapping that were needed.
    pub mapped: BTreeSet<&'static str>,
}

/// Compares the verdicts on an input. Returns the difference as the error.
pub(super) fn compared(
    oracle: &CompiledOracle,
    subject: &Subject,
    judge: &SchemaValidator,
    input: &Value,
    seen: &mut Seen,
) -> Result<(), String> {
    let theirs = judged(judge, input);
    let Answer { violations: ours, typed } = oracle.answer(subject, input);
    let at_run_time = subject.at_run_time(input);
    assert_eq!(set(&at_run_time), set(&ours), "at run time: {}: {input}", subject.folder);
    match ours.is_empty() {
        true => seen.right += 1,
        false => seen.wrong += 1,
    }
    let differ = |theirs: &dyn std::fmt::Debug| format!("  ours: {ours:?}\n  expected: {theirs:?}");
    let mut places = Places::default();
    find(&subject.schema, &subject.schema, input, "", 0, &mut places);
    let (mut a, mut b) = (theirs.clone(), ours.clone());
    let mut needed = "";
    for row in MAPPING {
        if set(&a) == set(&b) {
            break;
        }
        a = a.into_iter().filter_map(|found| (row.apply)(found, &places)).collect();
        b = b.into_iter().filter_map(|found| (row.apply)(found, &places)).collect();
        if set(&a) == set(&b) {
            needed = row.name;
            seen.mapped.insert(row.name);
        }
    }
    let one_verdict = theirs.is_empty() == ours.is_empty() || needed == DECIMALS;
    if set(&a) != set(&b) || !one_verdict {
        return Err(differ(&theirs));
    }
    match typed {
        Ok(typed) => {
            seen.typed += 1;
            if !is_kept(input, &typed.json) {
                return Err(format!("  the typed input is {}", typed.json));
            }
            // A null that was left out cannot break a rule.
            let expected = match typed.json == *input {
                true => ours,
                false => oracle.answer(subject, &typed.json).violations,
            };
            if set(&typed.violations) != set(&expected) {
                let typed = typed.violations;
                return Err(format!(
                    "  the typed input breaks {typed:?}\n  expected: {expected:?}"
                ));
            }
        }
        Err(misfits) if misfits.is_empty() => return Err("  it is not built, and why?".to_owned()),
        Err(misfits) => {
            for (path, rule) in &misfits {
                let is_known = ours.contains(&(path.clone(), rule.clone()));
                let in_union = places.union_above(path).is_some();
                let rounded = input.pointer(path).is_some_and(is_rounded);
                let of_another_kind = rule == "type" && places.untyped.contains(path);
                if !(is_known || in_union || rounded || of_another_kind) {
                    return Err(format!(
                        "  it is not built for {misfits:?}\n  but breaks {ours:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

fn set(found: &[Found]) -> BTreeSet<&Found> {
    found.iter().collect()
}

/// Returns `true` if no `i64`, or no `f64`, holds the number exactly.
fn is_rounded(value: &Value) -> bool {
    let beyond = |float: f64| float.fract() == 0.0 && float.abs() >= 9_007_199_254_740_992.0;
    value.as_f64().is_some_and(beyond)
}

/// Returns `true` if two JSON values are equal, except for nulls that were left out.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let kept = |(name, value): (&String, &Value)| match after.get(name) {
                Some(other) => is_kept(value, other),
                None => value.is_null(),
            };
            before.iter().all(kept) && after.keys().all(|name| before.contains_key(name))
        }
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(a, b)| is_kept(a, b))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() != b.is_f64() => {
            let whole = a.as_i128().or(b.as_i128());
            let float = if a.is_f64() { a.as_f64() } else { b.as_f64() };
            // The cast is exact for integers of this size.
            float.is_some_and(|float| float.fract() == 0.0 && Some(float as i128) == whole)
        }
        (before, after) => before == after,
    }
}

/// Walks an input together with its schema.
fn find(
    schema: &Value,
    document: &Value,
    input: &Value,
    path: &str,
    steps: usize,
    places: &mut Places,
) {
    let several = |words: &Value| {
        words
            .as_array()
            .is_some_and(|words| words.iter().filter(|word| **word != "null").count() > 1)
    };
    let is_union = schema.get("anyOf").is_some()
        || schema.get("oneOf").is_some()
        || schema.get("type").is_some_and(several)
        || (schema.get("nullable").is_some() && schema.get("type").is_none());
    if is_union {
        places.unions.insert(path.to_owned());
        return;
    }
    let is_choice = |choices: &Value| {
        choices.as_array().is_some_and(|all| all.iter().any(|one| is_kept(one, input)))
    };
    if schema.get("enum").is_some_and(is_choice) {
        places.mistyped.insert(path.to_owned());
    }
    if is_rounded(input) {
        places.huge.insert(path.to_owned());
    }
    if ["type", "$ref", "allOf", "enum", "const"].iter().all(|word| schema.get(word).is_none()) {
        places.untyped.insert(path.to_owned());
    }
    let takes_null = schema.get("type").and_then(Value::as_array);
    let takes_null = takes_null.is_some_and(|words| words.contains(&"null".into()));
    if takes_null && input.is_null() && schema.get("enum").is_some_and(|all| !is_choice(all)) {
        places.unoffered.insert(path.to_owned());
    }
    let target = schema.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| document.pointer(target.trim_start_matches('#')));
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten().chain(target);
    if steps < 32 {
        parts.for_each(|part| find(part, document, input, path, steps + 1, places));
    }
    match input {
        Value::Object(entries) => {
            for (name, value) in entries {
                let known = schema.get("properties").and_then(|properties| properties.get(name));
                let below = known.or(schema.get("additionalProperties"));
                let step = name.replace('~', "~0").replace('/', "~1");
                if let Some(below) = below {
                    find(below, document, value, &format!("{path}/{step}"), steps, places);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(below) = schema.get("items") {
                    find(below, document, item, &format!("{path}/{index}"), steps, places);
                }
            }
        }
        _ => {}
    }
}
