//! Estimates what a job will cost, from the catalog's price and the input.

use std::fmt;

use super::Client;
use super::catalog::CatalogEntry;
use super::error::{ApiErrorKind, CallError};
use crate::codegen_support::value_ref::ValueRef;
use crate::escape::escape_control;
use crate::input::{Payload, Validated};
use crate::number::Number;
use crate::schema::{Field, Rule, Shape, ValueSchema};

/// Properties that say how many results are made.
const COUNTS: [&str; 7] = [
    "num_images",
    "num_outputs",
    "number_of_images",
    "image_count",
    "num_samples",
    "num_results",
    "n",
];
/// Properties that say how many results are made at most.
const MAX_COUNTS: [&str; 1] = ["max_images"];
/// Properties that say how long a result is, and their unit in seconds.
const DURATIONS: [(&str, f64); 6] = [
    ("duration", 1.0),
    ("duration_seconds", 1.0),
    ("seconds", 1.0),
    ("seconds_total", 1.0),
    ("duration_ms", 0.001),
    ("music_length_ms", 0.001),
];

/// The price of a model in RunComfy's catalog.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Price {
    /// US dollars per unit: the lowest, if it depends on more than the unit.
    pub usd: f64,
    /// The unit. `None` if the catalog does not say it.
    pub unit: Option<PriceUnit>,
    /// RunComfy's note on the price, such as what costs more.
    pub note: Option<String>,
}

/// The unit of a [`Price`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
#[non_exhaustive]
pub enum PriceUnit {
    /// One result.
    Output,
    /// One second of the result.
    Second,
    /// One image.
    Image,
    /// A unit that this version does not know.
    Other(String),
}

/// The cost of a job as far as the input tells it. Created by [`Client::estimate`] and
/// [`Price::estimate`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "an estimate does nothing by itself"]
#[non_exhaustive]
pub struct Estimate {
    /// The lowest cost in US dollars.
    pub min_usd: f64,
    /// The highest cost in US dollars. `None` if nothing bounds it.
    pub max_usd: Option<f64>,
    /// Everything that is not known, a sentence each. Empty if the input tells it all.
    pub notes: Vec<String>,
    /// The price that it follows from.
    pub price: Price,
}

impl Client {
    /// Estimates what an input will cost, with the price in RunComfy's catalog. Submits nothing.
    /// Returns `None` if the catalog has no price for the model.
    ///
    /// To estimate many inputs of one model, ask for [`Client::model`] once, and use
    /// [`Price::estimate`]. [`Job::cost`](super::Job::cost) is the cost itself, after the job.
    ///
    /// # Errors
    ///
    /// If no response comes, or it is an error other than that there is no such model.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// match client.estimate(&input).await? {
    ///     Some(estimate) => println!("{estimate}"), // such as: 0.25 USD
    ///     None => println!("no price is known"),
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn estimate<V: Validated>(&self, input: &V) -> Result<Option<Estimate>, CallError> {
        let input = &**input.as_valid();
        match self.model(input.model_id()).await {
            Ok(entry) => Ok(entry.price().map(|price| price.estimate(input))),
            Err(CallError::Api(error)) if error.kind == ApiErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl CatalogEntry {
    /// Returns the price, or `None` if the entry has none.
    ///
    /// ```
    /// use runcomfy::client::PriceUnit;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let model = client.model("bytedance/seedance-2.5/text-to-video/480p").await?;
    /// let price = model.price().expect("the simulator has prices");
    /// assert_eq!((price.usd, price.unit), (0.05, Some(PriceUnit::Second)));
    /// # Ok(()) });
    /// ```
    pub fn price(&self) -> Option<Price> {
        let usd = self.base_price_usd.filter(|usd| usd.is_finite() && *usd >= 0.0)?;
        let unit = self.price_unit.clone().map(PriceUnit::from);
        let note = self.pricing_note.clone().filter(|note| !note.trim().is_empty());
        Some(Price { usd, unit, note })
    }
}

impl Price {
    /// Estimates what an input costs at this price: the price for each result, image or second that
    /// the input says, or its schema's default. If neither says it, the bounds of the schema make a
    /// range.
    ///
    /// ```
    /// # use runcomfy::codegen_support::schema::{Field, INTEGER, Rule};
    /// # use runcomfy::{AnyInput, ModelInfo};
    /// # use serde_json::json;
    /// # static FIELDS: [Field; 1] =
    /// #     [Field::optional("duration", INTEGER, &[Rule::Minimum(2.0), Rule::Maximum(10.0)])];
    /// # static MODEL: ModelInfo = ModelInfo::from_table("acme/boats", &FIELDS, None, &[]);
    /// use runcomfy::client::Price;
    ///
    /// let price = Price::per_second(0.05);
    /// let estimate = price.estimate(&AnyInput::new(&MODEL, json!({"duration": 6})));
    /// assert_eq!(estimate.to_string(), "0.3 USD");
    ///
    /// let estimate = price.estimate(&AnyInput::new(&MODEL, json!({})));
    /// assert_eq!((estimate.min_usd, estimate.max_usd), (0.1, Some(0.5)));
    /// assert_eq!(estimate.notes, ["the input does not say its `duration`"]);
    /// ```
    pub fn estimate<P: Payload>(&self, input: &P) -> Estimate {
        let (fields, value) = (fields(input.schema().shape), input.value_ref());
        let mut notes = Vec::new();
        let count = count(fields, value, &mut notes);
        let units = match &self.unit {
            Some(PriceUnit::Second) => count.times(duration(fields, value, &mut notes)),
            Some(PriceUnit::Output | PriceUnit::Image) => count,
            None => {
                notes.push("the catalog does not say the unit: it may not be an output".to_owned());
                count
            }
            Some(PriceUnit::Other(unit)) => {
                let unit = escape_control(unit);
                notes.push(format!("this version does not know how many `{unit}` a job takes"));
                Range { min: 0.0, max: None }
            }
        };
        if let Some(note) = &self.note {
            notes.push(format!("RunComfy's note on the price: {}", escape_control(note)));
        }
        Estimate {
            min_usd: microdollars(self.usd * units.min),
            max_usd: units.max.map(|max| microdollars(self.usd * max)),
            notes,
            price: self.clone(),
        }
    }

    /// Creates a price per result, in US dollars.
    pub fn per_output(usd: f64) -> Self {
        Self { usd, unit: Some(PriceUnit::Output), note: None }
    }

    /// Creates a price per second of the result, in US dollars.
    pub fn per_second(usd: f64) -> Self {
        Self { usd, unit: Some(PriceUnit::Second), note: None }
    }

    /// Creates a price per image, in US dollars.
    pub fn per_image(usd: f64) -> Self {
        Self { usd, unit: Some(PriceUnit::Image), note: None }
    }
}

/// A number of units.
#[derive(Debug, Clone, Copy)]
struct Range {
    min: f64,
    max: Option<f64>,
}

impl Range {
    const ONE: Self = Self { min: 1.0, max: Some(1.0) };

    fn exactly(number: f64) -> Self {
        Self { min: number, max: Some(number) }
    }

    fn times(self, other: Self) -> Self {
        let max = self.max.zip(other.max).map(|(one, other)| one * other);
        Self { min: self.min * other.min, max }
    }
}

/// Returns the number of results.
fn count(fields: &[Field], value: ValueRef<'_>, notes: &mut Vec<String>) -> Range {
    if let Some(field) = first(fields, &COUNTS) {
        return said(field, value).map_or_else(|| unsaid(field, 1.0, notes), Range::exactly);
    }
    let Some(field) = first(fields, &MAX_COUNTS) else { return Range::ONE };
    let most = said(field, value).map_or_else(|| unsaid(field, 1.0, notes), Range::exactly);
    if most.max != Some(1.0) {
        notes.push(format!("`{}` is the most that may be made", field.name));
    }
    Range { min: 1.0, max: most.max }
}

/// Returns the seconds of one result.
fn duration(fields: &[Field], value: ValueRef<'_>, notes: &mut Vec<String>) -> Range {
    for (name, unit) in DURATIONS {
        if let Some(field) = first(fields, &[name]) {
            let range =
                said(field, value).map_or_else(|| unsaid(field, 0.0, notes), Range::exactly);
            return range.times(Range::exactly(unit));
        }
    }
    notes.push("the input does not say how many seconds are made".to_owned());
    Range { min: 0.0, max: None }
}

fn first<'f>(fields: &'f [Field], names: &[&str]) -> Option<&'f Field> {
    names.iter().find_map(|name| fields.iter().find(|field| field.name == *name))
}

/// Returns the number that an input says, or the default of its schema. A number that is not over 0
/// means that the model chooses.
fn said(field: &Field, input: ValueRef<'_>) -> Option<f64> {
    let number = match member(input, field.name) {
        ValueRef::Absent | ValueRef::Null => {
            let default = field.default.filter(|_| !field.required)?;
            serde_json::from_str(default).ok().as_ref().and_then(json_number)
        }
        value => number(value),
    };
    number.filter(|number| *number > 0.0)
}

/// Returns the range that a schema allows, and notes that the input does not say more.
fn unsaid(field: &Field, least: f64, notes: &mut Vec<String>) -> Range {
    notes.push(format!("the input does not say its `{}`", field.name));
    let (mut min, mut max) = (least, None);
    for rule in rules(&field.schema) {
        match rule {
            Rule::Minimum(bound) | Rule::ExclusiveMinimum(bound) => min = bound.max(min),
            Rule::Maximum(bound) | Rule::ExclusiveMaximum(bound) => max = Some(*bound),
            Rule::Integers(choices) => {
                (min, max) = ends(choices.iter().map(|choice| *choice as f64), least);
            }
            Rule::Strings(choices) => {
                (min, max) = ends(choices.iter().filter_map(|text| text_number(text)), least);
            }
            // The others do not bound a number that a price counts.
            _ => {}
        }
    }
    Range { min, max: max.filter(|max| *max >= min) }
}

/// Returns the smallest and largest of some choices.
fn ends(choices: impl Iterator<Item = f64>, least: f64) -> (f64, Option<f64>) {
    let choices: Vec<f64> = choices.filter(|choice| *choice > 0.0).collect();
    let min = choices.iter().copied().reduce(f64::min);
    (min.unwrap_or(least), choices.into_iter().reduce(f64::max))
}

fn rules(schema: &ValueSchema) -> &'static [Rule] {
    match schema.shape.resolved() {
        Shape::Nullable(inner) => inner.rules,
        _ => schema.rules,
    }
}

fn fields(shape: Shape) -> &'static [Field] {
    match shape.resolved() {
        Shape::Object(fields) | Shape::Open(fields, _) => fields,
        _ => &[],
    }
}

fn member<'a>(input: ValueRef<'a>, name: &str) -> ValueRef<'a> {
    match input {
        ValueRef::Map(entries) => entries.get(name),
        ValueRef::Struct(members) => {
            let index = members.fields().iter().position(|field| field.name == name);
            index.map_or(ValueRef::Absent, |index| members.get(index))
        }
        _ => ValueRef::Absent,
    }
}

fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Number(Number::Integer(whole)) => Some(whole as f64),
        ValueRef::Number(Number::Float(float)) => Some(float),
        ValueRef::Text(text) => text_number(text),
        _ => None,
    }
}

fn json_number(value: &serde_json::Value) -> Option<f64> {
    value.as_f64().or_else(|| text_number(value.as_str()?))
}

/// Returns the number in a text such as `8` or `8s`.
fn text_number(text: &str) -> Option<f64> {
    text.trim().trim_end_matches('s').parse().ok().filter(|number: &f64| number.is_finite())
}

/// Rounds to microdollars, in which RunComfy counts.
fn microdollars(usd: f64) -> f64 {
    (usd * 1e6).round() / 1e6
}

impl From<String> for PriceUnit {
    fn from(unit: String) -> Self {
        match unit.trim().to_lowercase().as_str() {
            "output" => Self::Output,
            "second" => Self::Second,
            "image" => Self::Image,
            _ => Self::Other(unit),
        }
    }
}

impl From<PriceUnit> for String {
    fn from(unit: PriceUnit) -> Self {
        match unit {
            PriceUnit::Other(unit) => unit,
            known => known.to_string(),
        }
    }
}

impl fmt::Display for PriceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "output",
            Self::Second => "second",
            Self::Image => "image",
            Self::Other(unit) => return f.write_str(&escape_control(unit)),
        })
    }
}

/// Shows the price, such as `0.05 USD per second`.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Some(unit) => write!(f, "{} USD per {unit}", self.usd),
            None => write!(f, "{} USD", self.usd),
        }
    }
}

/// Shows the cost or its range, and the notes.
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max_usd {
            Some(max) if max == self.min_usd => write!(f, "{max} USD")?,
            Some(max) => write!(f, "{} to {max} USD", self.min_usd)?,
            None if self.min_usd > 0.0 => {
                write!(f, "at least {} USD ({})", self.min_usd, self.price)?;
            }
            None => write!(f, "{}", self.price)?,
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::any_input::AnyInput;
    use crate::info::ModelInfo;
    use crate::schema::{INTEGER, TEXT};

    static SECONDS: [Field; 2] = [
        Field::optional("duration", INTEGER, &[Rule::Integers(&[-1, 5, 10])]).default("5"),
        Field::optional("num_outputs", INTEGER, &[Rule::Maximum(4.0)]),
    ];
    static WORDS: [Field; 2] = [
        Field::required("duration", TEXT, &[Rule::Strings(&["auto", "4", "8s"])]).default("\"8s\""),
        Field::optional("max_images", INTEGER, &[Rule::Minimum(1.0), Rule::Maximum(5.0)]),
    ];
    static NOTHING: [Field; 1] = [Field::optional("prompt", TEXT, &[])];

    static MODELS: [ModelInfo; 3] = [
        ModelInfo::from_table("a/seconds", &SECONDS, None, &[]),
        ModelInfo::from_table("a/words", &WORDS, None, &[]),
        ModelInfo::from_table("a/nothing", &NOTHING, None, &[]),
    ];

    fn price(usd: f64, unit: &str) -> Price {
        let entry = CatalogEntry {
            base_price_usd: Some(usd),
            price_unit: Some(unit.to_owned()),
            ..CatalogEntry::default()
        };
        entry.price().expect("it has a price")
    }

    #[test]
    fn an_estimate_follows_from_price_and_input() {
        let outputs = "the input does not say its `num_outputs`";
        let duration = "the input does not say its `duration`";
        let most = "`max_images` is the most that may be made";
        let cases = [
            (0, "output", json!({"num_outputs": 3}), "0.3 USD"),
            (0, "output", json!({}), &format!("0.1 to 0.4 USD; {outputs}")),
            (0, "second", json!({"num_outputs": 2}), "1 USD"),
            (0, "second", json!({"num_outputs": 1, "duration": 10.0}), "1 USD"),
            (
                0,
                "second",
                json!({"num_outputs": 1, "duration": -1}),
                &format!("0.5 to 1 USD; {duration}"),
            ),
            (1, "Second", json!({"duration": "8s", "max_images": 1}), "0.8 USD"),
            (
                1,
                "image",
                json!({"duration": "4"}),
                &format!(
                    "0.1 to 0.5 USD; \
              the input does not say its `max_images`; {most}"
                ),
            ),
            (1, "image", json!({"max_images": 2}), &format!("0.1 to 0.2 USD; {most}")),
            (
                1,
                "second",
                json!({"duration": "auto", "max_images": 1}),
                &format!("0.4 to 0.8 USD; {duration}"),
            ),
            (2, "output", json!({}), "0.1 USD"),
            (
                2,
                "second",
                json!({}),
                "0.1 USD per second; the input does not say how many seconds are made",
            ),
            (
                2,
                "megapixel",
                json!({}),
                "0.1 USD per megapixel; \
                 this version does not know how many `megapixel` a job takes",
            ),
        ];
        for (model, unit, input, expected) in cases {
            let estimate = price(0.1, unit).estimate(&AnyInput::new(&MODELS[model], input.clone()));
            assert_eq!(estimate.to_string(), expected, "{unit} {input}");
        }
    }

    #[test]
    fn a_price_that_is_not_one_is_not_known() {
        for usd in [None, Some(-1.0), Some(f64::NAN), Some(f64::INFINITY)] {
            let entry = CatalogEntry { base_price_usd: usd, ..CatalogEntry::default() };
            assert_eq!(entry.price(), None, "{usd:?}");
        }
        let entry = CatalogEntry {
            base_price_usd: Some(2.0),
            pricing_note: Some("1080p costs twice".to_owned()),
            ..CatalogEntry::default()
        };
        let price = entry.price().expect("it has a price");
        let estimate = price.estimate(&AnyInput::new(&MODELS[2], json!({})));
        assert_eq!(
            estimate.to_string(),
            "2 USD; the catalog does not say the unit: it may not be an output; \
             RunComfy's note on the price: 1080p costs twice"
        );
    }
}
