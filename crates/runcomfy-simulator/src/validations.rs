//! The `validations` of a schema: RunComfy's custom rules about the media that a string points to.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::facts::{MeasureError, MeasuredInfo};
use crate::validator::Refusal;

/// References that lead on and on are followed so far.
const MAX_DEPTH: usize = 64;

/// A string of an input, and the rules about what it points to.
pub(crate) struct MediaString<'a> {
    path: Vec<Value>,
    pub(crate) text: &'a str,
    rules: Vec<&'a Value>,
}

/// Every string in an input about which the schema has such rules. An array's rules are about
/// each of its elements.
pub(crate) fn find<'a>(schema: &'a Value, input: &'a Value) -> Vec<MediaString<'a>> {
    let mut found = Vec::new();
    Walk { whole: schema, found: &mut found }.walk(schema, input, &[], 0);
    found
}

struct Walk<'a, 'b> {
    whole: &'a Value,
    found: &'b mut Vec<MediaString<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn walk(&mut self, schema: &'a Value, value: &'a Value, path: &[Value], depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let below = |step: Value| [path, &[step]].concat();
        if let Some(rules) = schema.get("validations").and_then(Value::as_array) {
            match value {
                Value::String(text) => self.add(path.to_vec(), text, rules),
                Value::Array(list) => {
                    for (index, element) in list.iter().enumerate() {
                        if let Value::String(text) = element {
                            self.add(below(json!(index)), text, rules);
                        }
                    }
                }
                _ => {}
            }
        }
        if let (Some(properties), Value::Object(members)) = (schema.get("properties"), value) {
            for (name, member) in members {
                if let Some(schema) = properties.get(name) {
                    self.walk(schema, member, &below(json!(name)), 0);
                }
            }
        }
        if let (Some(items), Value::Array(list)) = (schema.get("items"), value) {
            for (index, element) in list.iter().enumerate() {
                self.walk(items, element, &below(json!(index)), 0);
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get(keyword).and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                self.walk(part, value, path, depth + 1);
            }
        }
        let pointer = schema.get("$ref").and_then(Value::as_str);
        let target = pointer.and_then(|pointer| self.whole.pointer(pointer.strip_prefix('#')?));
        if let Some(target) = target {
            self.walk(target, value, path, depth + 1);
        }
    }

    fn add(&mut self, path: Vec<Value>, text: &'a str, rules: &'a [Value]) {
        self.found.push(MediaString { path, text, rules: rules.iter().collect() });
    }
}

impl MediaString<'_> {
    /// What the rules refuse: one refusal a broken rule, in the schema's own words; one alone
    /// where the file cannot be read.
    pub(crate) fn refusals(&self, facts: &Result<MeasuredInfo, MeasureError>) -> Vec<Refusal> {
        let refusal = |keyword: &str, message: String| Refusal {
            path: self.path.clone(),
            keyword: keyword.to_owned(),
            message,
        };
        let facts = match facts {
            Ok(facts) => facts,
            Err(MeasureError(why)) => return vec![refusal("media", why.clone())],
        };
        let broken = self.rules.iter().filter_map(|entry| {
            let rule = entry.get("validation_rule")?.as_str()?;
            let bound = Decimal::read(entry.get("validation_value")?)?;
            if keeps(rule, &bound, facts)? {
                return None;
            }
            let words = entry.get("validation_error").and_then(Value::as_str);
            let words = words.map_or_else(|| format!("`{rule}` does not hold"), str::to_owned);
            Some(refusal(rule, words))
        });
        broken.collect()
    }
}

/// Whether a rule holds; nothing where it is not known, or its fact is not.
fn keeps(rule: &str, bound: &Decimal, facts: &MeasuredInfo) -> Option<bool> {
    let (metric, strictly) = match rule.strip_suffix('>') {
        Some(metric) => (metric, Ordering::Greater),
        None => (rule.strip_suffix('<')?, Ordering::Less),
    };
    let whole = |number: u32| (u128::from(number), 1);
    let (numerator, denominator) = match metric {
        "width_pixels" => whole(facts.width?),
        "height_pixels" => whole(facts.height?),
        "width/height" => (facts.width?.into(), u128::from(facts.height?)),
        "file_size_mb" => (facts.bytes.into(), 1_000_000),
        _ => return None,
    };
    Some(bound.compared_with(numerator, denominator)? == strictly)
}

/// A number as it is written: digits, and how many of them stand behind the point.
#[derive(Debug)]
struct Decimal {
    digits: u128,
    behind_point: u32,
}

impl Decimal {
    /// A number of a schema, which may stand there as text. Bounds of sizes are not negative.
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

    /// How a fraction compares with it, without rounding.
    fn compared_with(&self, numerator: u128, denominator: u128) -> Option<Ordering> {
        let fraction = numerator.checked_mul(10_u128.checked_pow(self.behind_point)?)?;
        Some(fraction.cmp(&self.digits.checked_mul(denominator)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_strict_and_does_not_round() {
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
