//! `check`: the only stage that refuses. A model goes on to `render` when nothing that
//! was said of it is an error.

mod defaults;

#[cfg(test)]
pub(crate) use defaults::takes;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

pub(crate) use defaults::fits;

use crate::Settings;
use crate::diagnostic::{Code, Findings, Place, Severity};
use crate::model::{Model, Output, Rule, Shape, Struct, ValueSchema};

/// Judges a lowered model.
pub(crate) fn check(
    model: Option<Model>,
    whole: &Place,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Model> {
    if let Some(model) = &model {
        let (outputs, output_unions) = match &model.output {
            Output::Usual => (&[][..], &[][..]),
            Output::Own { structs, unions } | Output::Plain { structs, unions, .. } => {
                (structs.as_slice(), unions.as_slice())
            }
        };
        for of in model.inputs.iter().chain(outputs) {
            fields(of, findings);
        }
        for of in &model.inputs {
            defaults(of, model, findings);
            for field in &of.fields {
                choices(&field.schema, &field.place, model, findings);
            }
        }
        let root = ValueSchema { shape: Shape::Any, rules: model.rules.clone() };
        bounds(&root, whole, findings);
        for union in &model.unions {
            for branch in &union.branches {
                bounds(branch, whole, findings);
            }
        }
        let unions = model.unions.iter().chain(output_unions);
        let names = model.inputs.iter().chain(outputs).map(|of| &of.name);
        let names = names.chain(unions.map(|union| &union.name));
        let names = names.chain(model.enums.iter().map(|words| &words.name));
        clashes(names, "two types", whole, findings);
        for words in &model.enums {
            let variants = words.variants.iter().map(|variant| &variant.name);
            clashes(variants, "two choices", whole, findings);
        }
        for union in model.unions.iter().chain(output_unions) {
            let variants = union.variants.iter().map(|(name, _)| name);
            clashes(variants, "two branches of a union", whole, findings);
        }
    }
    let is_error = |code: Code| settings.severity(code) == Severity::Error;
    let refused = findings.0.iter().any(|finding| is_error(finding.code));
    model.filter(|_| !refused)
}

fn fields(of: &Struct, findings: &mut Findings) {
    let mut names = HashMap::new();
    for field in &of.fields {
        if let Some(other) = names.insert(field.name.as_str(), &field.wire) {
            findings.push(
                Code::NameClash,
                &field.place,
                format!("`{other}` and `{}` would both be called `{}`", field.wire, field.name),
                "tell the maintainers; a fixup can take one of them out if you do not need it",
            );
        }
        bounds(&field.schema, &field.place, findings);
    }
}

/// Choices of which none keeps to the rules beside them.
fn choices(of: &ValueSchema, place: &Place, model: &Model, findings: &mut Findings) {
    for rule in &of.rules {
        let choices: Vec<Value> = match rule {
            Rule::Strings(index) => {
                let variants = model.enums.get(*index).map(|words| words.variants.as_slice());
                let words = variants.unwrap_or_default().iter();
                words.map(|variant| Value::from(variant.value.as_str())).collect()
            }
            Rule::Integers(choices) => choices.iter().map(|choice| Value::from(*choice)).collect(),
            Rule::Values(choices) => {
                choices.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
            }
            _ => continue,
        };
        if !choices.iter().any(|choice| fits(of, choice, model)) {
            findings.push(
                Code::Unsatisfiable,
                place,
                "none of its choices keeps to the rules beside them",
                "correct the one or the other, with a fixup",
            );
        }
    }
    if let Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) = &of.shape {
        choices(inner, place, model, findings);
    }
}

/// Defaults and examples that the schema itself would refuse.
fn defaults(of: &Struct, model: &Model, findings: &mut Findings) {
    for field in &of.fields {
        let default = field.default.iter().filter_map(|text| serde_json::from_str(text).ok());
        let default: Vec<Value> = default.collect();
        let all = default.iter().map(|value| ("default", value));
        for (what, value) in all.chain(field.examples.iter().map(|value| ("example", value))) {
            if !fits(&field.schema, value, model) {
                findings.push(
                    Code::DefaultBreaksSchema,
                    &field.place,
                    format!("the {what} of `{}` breaks its own schema", field.wire),
                    "nothing: it is shown and never sent; correct it with a fixup if it misleads",
                );
            }
        }
    }
}

/// Names that two of a kind would share.
fn clashes<'a>(
    names: impl Iterator<Item = &'a String>,
    what: &str,
    whole: &Place,
    findings: &mut Findings,
) {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let message = format!("{what} would both be called `{name}`");
            findings.push(
                Code::NameClash,
                whole,
                message,
                "tell the maintainers; a fixup can take one of them out if you do not need it",
            );
        }
    }
}

/// Bounds that leave no value between them.
fn bounds(of: &ValueSchema, place: &Place, findings: &mut Findings) {
    let (mut length, mut items) = ((0, u64::MAX), (0, u64::MAX));
    let mut count = (0, u64::MAX);
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut strict = false;
    for rule in &of.rules {
        match *rule {
            Rule::MinLength(bound) => length.0 = bound,
            Rule::MaxLength(bound) => length.1 = bound,
            Rule::MinItems(bound) => items.0 = bound,
            Rule::MaxItems(bound) => items.1 = bound,
            Rule::Minimum(bound) => least = least.max(bound),
            Rule::Maximum(bound) => most = most.min(bound),
            Rule::ExclusiveMinimum(bound) => {
                strict |= bound >= least;
                least = least.max(bound);
            }
            Rule::ExclusiveMaximum(bound) => {
                strict |= bound <= most;
                most = most.min(bound);
            }
            Rule::MinProperties(bound) => count.0 = bound,
            Rule::MaxProperties(bound) => count.1 = bound,
            Rule::MinimumInteger(bound) => least = least.max(bound as f64),
            Rule::MaximumInteger(bound) => most = most.min(bound as f64),
            Rule::MultipleOf(_)
            | Rule::UniqueItems
            | Rule::Strings(_)
            | Rule::Integers(_)
            | Rule::Values(_)
            | Rule::Measured(..)
            | Rule::Unchecked(..)
            | Rule::Annotation(..) => {}
        }
    }
    let no_number = least > most || (strict && least == most);
    if no_number || length.0 > length.1 || items.0 > items.1 || count.0 > count.1 {
        findings.push(
            Code::Unsatisfiable,
            place,
            "its bounds leave no value between them",
            "correct one of them with a fixup",
        );
    }
    match &of.shape {
        Shape::List(inner) | Shape::Map(inner) | Shape::Open(_, inner) | Shape::Nullable(inner) => {
            bounds(inner, place, findings);
        }
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::Object(_)
        | Shape::Union(_) => {}
    }
}
