//! `check`: the only stage that refuses. A model goes on to `render` when nothing that
//! was said of it is an error.

mod defaults;

#[cfg(test)]
pub(crate) use defaults::takes;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

pub(crate) use defaults::fits;

use crate::Settings;
use crate::diagnostic::{Code, Diagnostic, Findings, Place, Severity};
use crate::model::{Edge, End, Model, Output, Quantity, Rule, Shape, Struct, ValueSchema};

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
            let things = format!("`{other}` and `{}`", field.wire);
            findings.push(Diagnostic::name_clash(&field.place, &things, &field.name));
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
            findings.push(Diagnostic::no_choice_within_rules(place));
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
                findings.push(Diagnostic::default_breaks_schema(&field.place, what, &field.wire));
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
            findings.push(Diagnostic::name_clash(whole, what, name));
        }
    }
}

/// Bounds that leave no value between them.
fn bounds(of: &ValueSchema, place: &Place, findings: &mut Findings) {
    if Quantity::ALL.into_iter().any(|quantity| is_empty(&of.rules, quantity)) {
        findings.push(Diagnostic::contradicting_bounds(place));
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

/// Returns `true` if no amount of a quantity keeps to its bounds.
fn is_empty(rules: &[Rule], quantity: Quantity) -> bool {
    let edges: Vec<Edge> =
        rules.iter().filter_map(Rule::edge).filter(|edge| edge.quantity == quantity).collect();
    let most = edges.iter().filter(|edge| edge.end == End::Most);
    edges.iter().filter(|edge| edge.end == End::Least).any(|least| {
        most.clone().any(|most| {
            least.value > most.value
                || ((least.is_strict || most.is_strict) && least.value == most.value)
        })
    })
}
