//! Reads `validations`: RunComfy's own rules, each with a name, a value and a message.

use serde_json::Value;

use super::node::{Node, malformed};
use crate::diagnostic::{Diagnostic, Findings};
use crate::schema::Validation;

/// Reads a list of rules. A rule that cannot be read is reported and left out.
pub(super) fn validations(node: &Node<'_>, findings: &mut Findings) -> Vec<Validation> {
    match node.elements() {
        Some(elements) => elements.iter().filter_map(|node| validation(node, findings)).collect(),
        None => {
            malformed(node, "a list of rules", findings);
            Vec::new()
        }
    }
}

fn validation(node: &Node<'_>, findings: &mut Findings) -> Option<Validation> {
    let mut rule = None;
    let mut value = Value::Null;
    let mut value_place = node.place.clone();
    let mut message = String::new();
    for (key, node) in node.entries().unwrap_or_default() {
        match (key, node.to_value()) {
            ("validation_rule", Value::String(name)) => rule = Some(name.trim().to_owned()),
            ("validation_value", any) => (value, value_place) = (any, node.place.clone()),
            ("validation_error", Value::String(text)) => message = text,
            ("validation_error", Value::Null) => {}
            ("validation_rule" | "validation_error", _) => malformed(&node, "a string", findings),
            (key, _) => findings.push(Diagnostic::unknown_rule_member(&node.place, key)),
        }
    }
    let rule = rule.filter(|rule| !rule.is_empty());
    if rule.is_none() {
        malformed(node, "a list of rules, each with a `validation_rule`", findings);
    }
    Some(Validation { place: node.place.clone(), rule: rule?, value, value_place, message })
}
