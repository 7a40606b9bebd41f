//! Prices of models, in the terms of RunComfy's catalog.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Seconds that are charged if neither the input nor its schema says a duration.
const UNKNOWN_DURATION: f64 = 5.0;

/// Properties that say how many results are made.
const COUNTS: [&str; 5] = ["num_images", "num_outputs", "number_of_images", "image_count", "n"];

/// Price of a model: US dollars per unit.
///
/// ```
/// use runcomfy_simulator::{Price, PriceUnit};
///
/// let price: Price = "0.05/second".parse().unwrap();
/// assert_eq!((price.usd, price.unit), (0.05, PriceUnit::Second));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// US dollars per unit.
    pub usd: f64,
    /// The unit.
    pub unit: PriceUnit,
}

/// Unit of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriceUnit {
    /// One result.
    #[default]
    Output,
    /// One second of the result.
    Second,
    /// One picture.
    Image,
}

impl Price {
    pub(crate) const FREE: Self = Self { usd: 0.0, unit: PriceUnit::Output };

    /// Returns the cost of a job: the price times the seconds, or the number of results, that the
    /// input or a default of its schema says.
    pub(crate) fn cost(self, schema: &Value, input: &Value) -> f64 {
        let units = match self.unit {
            PriceUnit::Output | PriceUnit::Image => {
                COUNTS.iter().find_map(|name| number(schema, input, name)).unwrap_or(1.0)
            }
            PriceUnit::Second => number(schema, input, "duration").unwrap_or(UNKNOWN_DURATION),
        };
        // Rounded to microdollars, in which RunComfy counts.
        (self.usd * units.max(0.0) * 1e6).round() / 1e6
    }
}

impl FromStr for Price {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (usd, unit) = text.split_once('/').unwrap_or((text, "output"));
        let usd = usd.parse().ok().filter(|usd: &f64| (0.0..1e6).contains(usd));
        let unit = [PriceUnit::Output, PriceUnit::Second, PriceUnit::Image]
            .into_iter()
            .find(|known| known.to_string() == unit);
        match (usd, unit) {
            (Some(usd), Some(unit)) => Ok(Self { usd, unit }),
            _ => Err(format!(
                "must be dollars per `output`, `second` or `image`, such as `0.05/second` \
                 (found `{text}`)"
            )),
        }
    }
}

impl fmt::Display for PriceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "output",
            Self::Second => "second",
            Self::Image => "image",
        })
    }
}

/// Returns a number that the input or a default of its schema gives, which may be a string.
fn number(schema: &Value, input: &Value, name: &str) -> Option<f64> {
    let property = schema.get("properties")?.get(name)?;
    [input.get(name), property.get("default")].into_iter().flatten().find_map(|value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim_end_matches('s').parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cost_follows_from_price_and_input() {
        let schema = json!({"properties": {
            "duration": {"default": 6}, "num_images": {"type": "integer"},
        }});
        let bare = json!({"properties": {"duration": {"enum": ["auto", "5"]}}});
        let cases = [
            ("0.25", &schema, json!({}), 0.25),
            ("0.25/output", &schema, json!({"duration": 10}), 0.25),
            ("0.1/second", &schema, json!({}), 0.6),
            ("0.1/second", &schema, json!({"duration": 10}), 1.0),
            ("0.1/second", &schema, json!({"duration": "8"}), 0.8),
            ("0.1/second", &schema, json!({"duration": "8s"}), 0.8),
            ("0.1/second", &bare, json!({"duration": "auto"}), 0.5),
            ("0.1/second", &json!({}), json!({"duration": 9}), 0.5),
            ("0.04/image", &schema, json!({}), 0.04),
            ("0.04/image", &schema, json!({"num_images": 3}), 0.12),
            ("0.04/image", &schema, json!({"num_images": -3}), 0.0),
        ];
        for (price, schema, input, expected) in cases {
            let price: Price = price.parse().expect("a price");
            assert_eq!(price.cost(schema, &input), expected, "{price:?} {input}");
        }
        for text in ["", "a", "-1", "1/", "1/minute", "NaN", "1e9/output", "1/second/image"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }
}
