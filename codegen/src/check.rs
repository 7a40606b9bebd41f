//! Decides whether a lowered model is generated: the only stage that refuses.

mod defaults;

use std::collections::{HashMap, HashSet};

use runcomfy::media::{Bound, Metric};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings, Place, Severity};
use crate::model::{Edge, End, Model, Output, Quantity, Rule, Shape, Struct, ValueSchema};
use crate::settings::Settings;

pub(crate) use defaults::{fit, fits};

/// Checks a lowered model. Returns it unless a diagnostic about it is an error.
pub(crate) fn check(
    model: Option<Model>,
    place: &Place,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Model> {
    // Names may clash only because a part was refused.
    let model = check_values(model, settings, findings)?;
    check_names(&model, place, findings);
    Some(model).filter(|_| !is_refused(findings, settings))
}

/// Checks the values that a lowered model allows. Same as [`check`], without the names of Rust
/// items.
pub(crate) fn check_values(
    model: Option<Model>,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Model> {
    if let Some(model) = &model {
        check_input(model, findings);
    }
    model.filter(|_| !is_refused(findings, settings))
}

fn is_refused(findings: &Findings, settings: &Settings) -> bool {
    let mut found = findings.0.iter();
    found.any(|found| settings.severity(found.code) == Severity::Error)
}

/// Reports bounds, defaults and enums that contradict each other.
fn check_input(model: &Model, findings: &mut Findings) {
    for of in &model.inputs {
        for field in &of.fields {
            check_bounds(&field.schema, &field.place, findings);
            check_choices(&field.schema, &field.place, model, findings);
        }
        check_defaults(of, model, findings);
    }
    let root = ValueSchema { shape: Shape::Any, rules: model.rules.clone() };
    check_bounds(&root, &model.place, findings);
    for union in &model.unions {
        for (branch, place) in union.branches.iter().zip(&union.places) {
            check_bounds(branch, place, findings);
        }
    }
}

/// Reports names that two things would share.
fn check_names(model: &Model, place: &Place, findings: &mut Findings) {
    let (outputs, output_unions) = match &model.output {
        Output::Usual => (&[][..], &[][..]),
        Output::Own { structs, unions } | Output::Plain { structs, unions, .. } => {
            (structs.as_slice(), unions.as_slice())
        }
    };
    for of in model.inputs.iter().chain(outputs) {
        check_field_names(of, findings);
    }
    let structs = model.inputs.iter().chain(outputs).map(|of| &of.name);
    let unions = model.unions.iter().chain(output_unions);
    let types = structs.chain(unions.clone().map(|union| &union.name));
    let types = types.chain(model.enums.iter().map(|string_enum| &string_enum.name));
    report_clashes(types, "two types", place, findings);
    for string_enum in &model.enums {
        let variants = string_enum.variants.iter().map(|variant| &variant.name);
        report_clashes(variants, "two values of an `enum`", place, findings);
    }
    for union in unions {
        let variants = union.variants.iter().map(|(name, _)| name);
        report_clashes(variants, "two branches of a union", place, findings);
    }
}

fn check_field_names(of: &Struct, findings: &mut Findings) {
    let mut names = HashMap::new();
    for field in &of.fields {
        if let Some(other) = names.insert(field.name.as_str(), &field.wire) {
            let things = format!("`{other}` and `{}`", field.wire);
            findings.push(Diagnostic::name_clash(&field.place, &things, &field.name));
        }
    }
}

fn report_clashes<'a>(
    names: impl Iterator<Item = &'a String>,
    things: &str,
    place: &Place,
    findings: &mut Findings,
) {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            findings.push(Diagnostic::name_clash(place, things, name));
        }
    }
}

/// Reports an `enum` if none of its values fits the rules beside it.
fn check_choices(of: &ValueSchema, place: &Place, model: &Model, findings: &mut Findings) {
    for choices in of.rules.iter().filter_map(|rule| choices_of(rule, model)) {
        // A property of `false` has none.
        if !choices.is_empty() && !choices.iter().any(|choice| fits(of, choice, model)) {
            findings.push(Diagnostic::no_choice_within_rules(place));
        }
    }
    if let Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) = &of.shape {
        check_choices(inner, place, model, findings);
    }
}

fn choices_of(rule: &Rule, model: &Model) -> Option<Vec<Value>> {
    match rule {
        Rule::Strings(index) => {
            let variants = model.enums.get(*index)?.variants.iter();
            Some(variants.map(|variant| Value::from(variant.value.as_str())).collect())
        }
        Rule::Integers(choices) => Some(choices.iter().copied().map(Value::from).collect()),
        Rule::Values(choices) => {
            Some(choices.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
        }
        Rule::Plain(_)
        | Rule::Pattern(_)
        | Rule::Measured(..)
        | Rule::Unchecked(..)
        | Rule::Annotation(..) => None,
    }
}

/// Reports defaults and examples that the schema itself refuses.
fn check_defaults(of: &Struct, model: &Model, findings: &mut Findings) {
    for field in &of.fields {
        let default: Option<Value> =
            field.default.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let default = default.iter().map(|value| ("default", value, &field.default_place));
        let examples = field.examples.iter().map(|it| ("example", &it.value, &it.place));
        for (what, value, place) in default.chain(examples) {
            if let Err(misfit) = fit(&field.schema, value, model) {
                findings.push(Diagnostic::default_breaks_schema(place, what, misfit));
            }
        }
    }
}

/// Reports bounds that allow no value.
fn check_bounds(of: &ValueSchema, place: &Place, findings: &mut Findings) {
    let mut quantities = Quantity::ALL.into_iter().filter(|quantity| has(&of.shape, *quantity));
    if quantities.any(|quantity| is_empty(&of.rules, quantity)) {
        findings.push(Diagnostic::contradicting_bounds(place));
    }
    for metric in Metric::ALL.into_iter().filter(|metric| allows_no_media(&of.rules, *metric)) {
        findings.push(Diagnostic::contradicting_media_rules(place, metric.noun()));
    }
    match &of.shape {
        Shape::List(inner) | Shape::Map(inner) | Shape::Open(_, inner) | Shape::Nullable(inner) => {
            check_bounds(inner, place, findings);
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

/// Returns `true` if values of a shape may have a quantity. The bounds of another are ignored.
fn has(shape: &Shape, quantity: Quantity) -> bool {
    match shape {
        Shape::Null | Shape::Boolean => false,
        Shape::Integer | Shape::Number => quantity == Quantity::Number,
        Shape::Text | Shape::Media(_) => quantity == Quantity::Length,
        Shape::List(_) => quantity == Quantity::Items,
        Shape::Object(_) | Shape::Map(_) | Shape::Open(..) => quantity == Quantity::Properties,
        Shape::Any | Shape::Nullable(_) | Shape::Union(_) => true,
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

/// Returns `true` if no media keeps to the rules about a metric. Pixels are whole numbers from 1;
/// any other quantity is over 0.
fn allows_no_media(rules: &[Rule], metric: Metric) -> bool {
    let is_whole = metric.unit() == " px";
    let (mut over, mut under) = (0.0_f64, f64::INFINITY);
    for rule in rules {
        match rule {
            Rule::Measured(of, Bound::Over(bound), _) if *of == metric => over = over.max(*bound),
            Rule::Measured(of, Bound::Under(bound), _) if *of == metric => {
                under = under.min(*bound);
            }
            _ => {}
        }
    }
    let least = if is_whole { over.floor() + 1.0 } else { over };
    least >= under
}
