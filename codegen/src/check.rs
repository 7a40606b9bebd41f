//! `check`: the only stage that refuses. A model goes on to `render` when nothing that
//! was said of it is an error.

use std::collections::HashMap;

use crate::Settings;
use crate::diagnostic::{Code, Findings, Place, Severity};
use crate::model::{Model, Of, Output, Rule, Shape, Struct};

/// Judges a lowered model.
pub(crate) fn check(
    model: Option<Model>,
    whole: &Place,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Model> {
    if let Some(model) = &model {
        let outputs = match &model.output {
            Output::Usual => &[][..],
            Output::Own(structs) => structs,
        };
        for of in model.inputs.iter().chain(outputs) {
            fields(of, findings);
        }
        types(model, outputs, whole, findings);
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
                "rename one with a fixup",
            );
        }
        bounds(&field.of, &field.place, findings);
    }
}

fn types(model: &Model, outputs: &[Struct], whole: &Place, findings: &mut Findings) {
    let structs = model.inputs.iter().chain(outputs).map(|of| &of.name);
    let mut names = HashMap::new();
    for name in structs.chain(model.words.iter().map(|words| &words.name)) {
        if names.insert(name, ()).is_some() {
            let message = format!("two types would both be called `{name}`");
            findings.push(Code::NameClash, whole, message, "rename a property with a fixup");
        }
    }
    for words in &model.words {
        let mut names = HashMap::new();
        for variant in &words.variants {
            if let Some(other) = names.insert(&variant.name, &variant.word) {
                let message =
                    format!("the choices `{other}` and `{}` would have one name", variant.word);
                findings.push(Code::NameClash, whole, message, "take one out with a fixup");
            }
        }
    }
}

/// Bounds that leave no value between them.
fn bounds(of: &Of, place: &Place, findings: &mut Findings) {
    let (mut length, mut items) = ((0, u64::MAX), (0, u64::MAX));
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
            Rule::Words(_) | Rule::Integers(_) | Rule::Measured(..) | Rule::Unchecked(..) => {}
        }
    }
    let no_number = least > most || (strict && least == most);
    if no_number || length.0 > length.1 || items.0 > items.1 {
        findings.push(
            Code::Unsatisfiable,
            place,
            "its bounds leave no value between them",
            "correct one of them with a fixup",
        );
    }
    match &of.shape {
        Shape::List(inner) | Shape::Map(inner) => bounds(inner, place, findings),
        Shape::Any
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::Object(_) => {}
    }
}
