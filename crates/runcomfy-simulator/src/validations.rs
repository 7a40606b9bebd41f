//! The `validations` of a schema: RunComfy's custom rules about media in a string.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::facts::{MeasureError, MeasuredInfo};
use crate::validator::Refusal;

/// Maximum depth of references and combined schemas.
const MAX_DEPTH: usize = 64;

/// A string of an input that points to media, and the rules about that media.
pub(crate) struct MediaString {
    path: Vec<Value>,
    pub(crate) text: String,
    rules: Vec<Value>,
}

/// Finds every string in an input whose schema has `validations`. Those of an array apply to each
/// of its elements.
pub(crate) fn find(schema: &Value, input: &Value) -> Vec<MediaString> {
    let mut walk = Walk { document: schema, path: Vec::new(), found: Vec::new() };
    walk.walk(schema, input, 0);
    walk.found
}

struct Walk<'a> {
    document: &'a Value,
    /// Path of the value being walked.
    path: Vec<Value>,
    found: Vec<MediaString>,
}

impl<'a> Walk<'a> {
    fn walk(&mut self, schema: &'a Value, value: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(rules) = schema.get("validations").and_then(Value::as_array) {
            self.collect(rules, value);
        }
        if let (Some(properties), Value::Object(members)) = (schema.get("properties"), value) {
            for (name, member) in members {
                if let Some(schema) = properties.get(name) {
                    self.within(json!(name), |walk| walk.walk(schema, member, 0));
                }
            }
        }
        if let (Some(items), Value::Array(list)) = (schema.get("items"), value) {
            for (index, element) in list.iter().enumerate() {
                self.within(json!(index), |walk| walk.walk(items, element, 0));
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get(keyword).and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                self.walk(part, value, depth + 1);
            }
        }
        let pointer = schema.get("$ref").and_then(Value::as_str);
        let target = pointer.and_then(|pointer| self.document.pointer(pointer.strip_prefix('#')?));
        if let Some(target) = target {
            self.walk(target, value, depth + 1);
        }
    }

    /// Collects a string, or each string of a list, with these rules.
    fn collect(&mut self, rules: &[Value], value: &Value) {
        match value {
            Value::String(text) => self.found.push(MediaString {
                path: self.path.clone(),
                text: text.clone(),
                rules: rules.to_vec(),
            }),
            Value::Array(list) => {
                for (index, element) in list.iter().enumerate().filter(|(_, item)| item.is_string())
                {
                    self.within(json!(index), |walk| walk.collect(rules, element));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }

    fn within(&mut self, step: Value, act: impl FnOnce(&mut Self)) {
        self.path.push(step);
        act(self);
        self.path.pop();
    }
}

impl MediaString {
    /// Returns a refusal for each broken rule, in the schema's own words, or one refusal if the
    /// file cannot be read.
    pub(crate) fn refusals(&self, info: &Result<MeasuredInfo, MeasureError>) -> Vec<Refusal> {
        match info {
            Ok(info) => self.rules.iter().filter_map(|rule| self.broken(rule, info)).collect(),
            Err(MeasureError(why)) => vec![self.refusal("media", why.clone())],
        }
    }

    /// Returns the refusal by one rule, if the rule is known and broken.
    fn broken(&self, entry: &Value, info: &MeasuredInfo) -> Option<Refusal> {
        let rule = entry.get("validation_rule")?.as_str()?;
        let bound = Decimal::read(entry.get("validation_value")?)?;
        if keeps(rule, &bound, info)? {
            return None;
        }
        let message = entry.get("validation_error").and_then(Value::as_str);
        let message = message.map_or_else(|| format!("`{rule}` does not hold"), str::to_owned);
        Some(self.refusal(rule, message))
    }

    fn refusal(&self, keyword: &str, message: String) -> Refusal {
        Refusal { path: self.path.clone(), keyword: keyword.to_owned(), message }
    }
}

/// Returns `true` if a rule holds, or `None` if the rule or the size is unknown.
fn keeps(rule: &str, bound: &Decimal, facts: &MeasuredInfo) -> Option<bool> {
    let (metric, strictly) = match rule.strip_suffix('>') {
        Some(metric) => (metric, Ordering::Greater),
        None => (rule.strip_suffix('<')?, Ordering::Less),
    };
    let (numerator, denominator) = match metric {
        "width_pixels" => (facts.width?.into(), 1),
        "height_pixels" => (facts.height?.into(), 1),
        "width/height" => (facts.width?.into(), u128::from(facts.height?)),
        "file_size_mb" => (facts.bytes.into(), 1_000_000),
        _ => return None,
    };
    Some(bound.compared_with(numerator, denominator)? == strictly)
}

/// A decimal number: its digits, and the count of those behind the point.
#[derive(Debug)]
struct Decimal {
    digits: u128,
    behind_point: u32,
}

impl Decimal {
    /// Parses a number of a schema, which may be a string. Bounds of sizes are not negative.
    fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{part}").parse().ok()?;
        Some(Self { digits, behind_point: part.len().try_into().ok()? })
    }

    /// Compares a fraction with the number, without rounding.
    fn compared_with(&self, numerator: u128, denominator: u128) -> Option<Ordering> {
        let fraction = numerator.checked_mul(10_u128.checked_pow(self.behind_point)?)?;
        Some(fraction.cmp(&self.digits.checked_mul(denominator)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_strict_and_exact() {
        let size =
            |width, height| MeasuredInfo { width: Some(width), height: Some(height), bytes: 0 };
        let weight = |bytes| MeasuredInfo { width: None, height: None, bytes };
        let cases = [
            ("width_pixels>", json!(300), size(300, 1), Some(false)),
            ("width_pixels>", json!(300), size(301, 1), Some(true)),
            ("width_pixels>", json!("300"), size(300, 1), Some(false)),
            ("height_pixels<", json!(300.0), size(1, 300), Some(false)),
            ("height_pixels<", json!(300.0), size(1, 299), Some(true)),
            ("width/height>", json!(0.4), size(2, 5), Some(false)),
            ("width/height>", json!(0.4), size(4_000_001, 10_000_000), Some(true)),
            ("width/height<", json!(2.5), size(1000, 400), Some(false)),
            ("width/height<", json!(2.5), size(999, 400), Some(true)),
            ("width/height>", json!(0.1), size(429_496_729, 4_294_967_290), Some(false)),
            ("file_size_mb<", json!(30), weight(30_000_000), Some(false)),
            ("file_size_mb<", json!(30), weight(29_999_999), Some(true)),
            ("file_size_mb>", json!(0.5), weight(500_001), Some(true)),
            ("file_size_mb>", json!(0.5), weight(500_000), Some(false)),
            ("width_pixels>", json!(1), weight(1), None),
            ("frames>", json!(1), size(1, 1), None),
            ("width_pixels", json!(1), size(1, 1), None),
        ];
        for (rule, bound, facts, expected) in cases {
            let decimal = Decimal::read(&bound).expect("a number");
            assert_eq!(keeps(rule, &decimal, &facts), expected, "{rule} {bound} {facts:?}");
        }
        for bound in [json!(-1), json!("many"), json!(null), json!(1e300)] {
            assert!(Decimal::read(&bound).is_none(), "{bound}");
        }
    }
}
