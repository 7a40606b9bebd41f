//! When two judges say the same: the one table of what they call differently, and the
//! comparison.

use std::collections::BTreeSet;

use runcomfy_simulator::Judge;
use serde_json::Value;

use super::judged;
use crate::twin::{Answer, Found, Subject, Twin};

/// How what the judges find is put into one form.
pub(super) struct Row {
    pub name: &'static str,
    /// What becomes of what one of them found.
    apply: fn(&mut Found, &BTreeSet<String>),
}

/// Every difference between the judges that is none. Beyond these rows, paths and keywords
/// are the same.
pub(super) const MAPPING: [Row; 2] = [
    // `const` is an `enum` of one, and so it is called.
    Row {
        name: "const is enum",
        apply: |(_, keyword), _| {
            if keyword == "const" {
                *keyword = "enum".to_owned();
            }
        },
    },
    // A broken union is one violation at its node. The judge goes into what stands beside
    // it, and knows a list of types as `type`; a union with null, and one of branches that
    // are alike but for their bounds, we look into.
    Row {
        name: "a union is one node",
        apply: |(path, keyword), unions| {
            let is_within = |union: &&String| {
                path.strip_prefix(*union)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if let Some(union) = unions.iter().find(is_within).cloned() {
                *path = union;
                *keyword = "anyOf".to_owned();
            }
        },
    },
];

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub right: usize,
    pub wrong: usize,
    /// How many could be built.
    pub typed: usize,
    /// The rows of the mapping without which something had differed.
    pub mapped: BTreeSet<&'static str>,
}

/// Whether all judges say the same of an input; else how they differ.
pub(super) fn compared(
    twin: &Twin,
    subject: &Subject,
    judge: &Judge,
    input: &Value,
    seen: &mut Seen,
) -> Result<(), String> {
    let theirs = judged(judge, input);
    let Answer { violations: ours, typed } = twin.answer(subject, input);
    match ours.is_empty() {
        true => seen.right += 1,
        false => seen.wrong += 1,
    }
    let differ = |theirs: &dyn std::fmt::Debug| format!("  we find {ours:?}\n  and not {theirs:?}");
    if theirs.is_empty() != ours.is_empty() {
        return Err(differ(&theirs));
    }
    let unions = unions(&subject.schema, input);
    let (mut a, mut b) = (theirs.clone(), ours.clone());
    for row in MAPPING {
        if set(&a) == set(&b) {
            break;
        }
        a.iter_mut().chain(&mut b).for_each(|found| (row.apply)(found, &unions));
        if set(&a) == set(&b) {
            seen.mapped.insert(row.name);
        }
    }
    if set(&a) != set(&b) {
        return Err(differ(&theirs));
    }
    match typed {
        Ok(typed) => {
            seen.typed += 1;
            if !is_kept(input, &typed.json) {
                return Err(format!("  built, it is {}", typed.json));
            }
            // A null that was left out is no null to be found fault with.
            let expected = match typed.json == *input {
                true => ours,
                false => twin.answer(subject, &typed.json).violations,
            };
            if set(&typed.violations) != set(&expected) {
                let typed = typed.violations;
                return Err(format!("  built, it breaks {typed:?}\n  and not {expected:?}"));
            }
        }
        Err(misfits) if misfits.is_empty() => return Err("  it is not built, and why?".to_owned()),
        Err(misfits) => {
            for (path, rule) in &misfits {
                let is_known = ours.contains(&(path.clone(), rule.clone()));
                let in_union = unions.iter().any(|union| path.starts_with(union));
                let rounded = input.pointer(path).is_some_and(is_rounded);
                if !(is_known || in_union || rounded) {
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

/// Whether a number is one that no `i64`, or no `f64`, holds exactly.
fn is_rounded(value: &Value) -> bool {
    let beyond = |float: f64| float.fract() == 0.0 && float.abs() >= 9_007_199_254_740_992.0;
    value.as_f64().is_some_and(beyond)
}

/// Whether JSON is what it was, but for nulls that were left out.
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
            a.as_f64() == b.as_f64()
        }
        (before, after) => before == after,
    }
}

/// Where in an input the schema has a union, from the top down as far as the first.
fn unions(schema: &Value, input: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    find_unions(schema, schema, input, "", 0, &mut found);
    found
}

fn find_unions(
    schema: &Value,
    document: &Value,
    input: &Value,
    path: &str,
    steps: usize,
    found: &mut BTreeSet<String>,
) {
    let several = |words: &Value| {
        words
            .as_array()
            .is_some_and(|words| words.iter().filter(|word| **word != "null").count() > 1)
    };
    let is_union = schema.get("anyOf").is_some()
        || schema.get("oneOf").is_some()
        || schema.get("type").is_some_and(several);
    if is_union {
        found.insert(path.to_owned());
        return;
    }
    let target = schema.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| document.pointer(target.trim_start_matches('#')));
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten().chain(target);
    if steps < 32 {
        parts.for_each(|part| find_unions(part, document, input, path, steps + 1, found));
    }
    match input {
        Value::Object(entries) => {
            for (name, value) in entries {
                let known = schema.get("properties").and_then(|properties| properties.get(name));
                let below = known.or(schema.get("additionalProperties"));
                let step = name.replace('~', "~0").replace('/', "~1");
                if let Some(below) = below {
                    find_unions(below, document, value, &format!("{path}/{step}"), steps, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(below) = schema.get("items") {
                    find_unions(below, document, item, &format!("{path}/{index}"), steps, found);
                }
            }
        }
        _ => {}
    }
}
