//! Checks every line before the first is paid for: its shape, and its media, each once.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use futures_util::StreamExt;
use runcomfy::client::{PreflightReport, Price as CatalogPrice};
use runcomfy::{AnyInput, Payload, Valid, Violation};
use runcomfy_ledger::{Intent, Price, Usd};
use serde_json::Value;

use super::price::TotalPrice;
use super::source::Source;
use crate::failure::{Problem, Result};
use crate::input::json::Document;
use crate::input::problems::problem;
use crate::input::{Input, local};
use crate::model::KnownModel;
use crate::session::Session;

/// Number of different media that are measured at once.
const AT_ONCE: usize = 16;

/// The lines that can be paid for, and the problems of the others.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub good: Vec<Good>,
    pub problems: Vec<LineProblem>,
    /// Reasons why something could not be checked, each with its number of lines.
    pub unchecked: BTreeMap<String, usize>,
}

/// A line that can be paid for.
#[derive(Debug)]
pub(crate) struct Good {
    pub number: u64,
    value: Value,
    files: BTreeMap<String, PathBuf>,
    price: Price,
    /// The media of the line, to measure those of equal lines once.
    media: String,
}

/// A problem of a line.
#[derive(Debug)]
pub(crate) struct LineProblem {
    pub line: u64,
    pub problem: Problem,
}

impl Checked {
    /// Returns the price of the lines that can be paid for.
    pub(crate) fn price(&self) -> TotalPrice {
        let prices = self.good.iter().filter_map(Good::most);
        let most = prices.clone().fold(Usd::ZERO, |sum, one| sum + one);
        TotalPrice { most, unpriced: (self.good.len() - prices.count()) as u64 }
    }
}

impl Good {
    /// Returns the line as the ledger takes it.
    pub(crate) fn intent(&self, model: KnownModel) -> Intent {
        let intent = Intent::new(model.info.id, self.value.clone()).price(self.price);
        self.files.iter().fold(intent, |intent, (at, path)| intent.file(at, path))
    }

    /// Returns a text that is equal for lines with the same input.
    pub(crate) fn key(&self) -> String {
        format!("{}{:?}", self.value, self.files)
    }

    /// Returns the highest price.
    fn most(&self) -> Option<Usd> {
        match self.price {
            Price::Known(price) => Some(price),
            _ => None,
        }
    }

    fn input(&self, model: KnownModel) -> Input {
        Input {
            model,
            value: self.value.clone(),
            document: None,
            flags: BTreeMap::new(),
            files: self.files.clone(),
        }
    }
}

impl LineProblem {
    /// Creates a problem of a whole line.
    pub(crate) fn whole(line: u64, rule: &str, message: impl Into<String>) -> Self {
        let (path, pointer) = (String::new(), String::new());
        let (rule, message) = (rule.to_owned(), message.into());
        let line_number = Some(line);
        Self {
            line,
            problem: Problem { line: line_number, path, pointer, rule, message, found: None },
        }
    }

    fn of(line: u64, violation: &Violation) -> Self {
        Self { line, problem: Problem { line: Some(line), ..problem(violation) } }
    }
}

/// Checks the shapes and bounds of all lines, without a network.
pub(crate) fn shapes(
    source: Source,
    model: KnownModel,
    price: Option<&CatalogPrice>,
) -> Result<Checked> {
    let mut checked = Checked::default();
    let validator = model.validator()?;
    let document = Document { name: source.name, text: String::new(), folder: source.folder };
    for line in source.lines {
        let value = match line.value {
            Ok(value) => value,
            Err(reason) => {
                checked.problems.push(LineProblem::whole(line.number, "syntax", reason));
                continue;
            }
        };
        let mut input = Input {
            model,
            value,
            document: Some(document.clone()),
            flags: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        input.files = local::files(&input)?;
        match input.validate(validator.as_ref())? {
            Ok(valid) => checked.good.push(good(line.number, input, &valid, price)),
            Err(violations) => {
                let found = violations.iter();
                let found = found.map(|violation| LineProblem::of(line.number, violation));
                checked.problems.extend(found);
            }
        }
    }
    Ok(checked)
}

fn good(number: u64, input: Input, valid: &Valid<AnyInput>, price: Option<&CatalogPrice>) -> Good {
    let estimate = price.and_then(|price| price.estimate(&**valid).max_usd);
    let most = estimate.and_then(|dollars| Usd::from_dollars(dollars).ok());
    let media = valid.media().into_iter();
    let media = media.map(|found| format!("{}={}\n", found.path.pointer(), found.media));
    Good {
        number,
        media: media.collect(),
        value: input.value,
        files: input.files,
        price: most.map_or(Price::Unknown, Price::Known),
    }
}

/// Measures the media of all lines, side by side. Lines with the same media share a measurement.
pub(crate) async fn media(
    session: &Session,
    model: KnownModel,
    checked: &mut Checked,
) -> Result<()> {
    let mut distinct = HashMap::new();
    for good in checked.good.iter().filter(|good| !good.media.is_empty()) {
        if !distinct.contains_key(&good.media) {
            distinct.insert(good.media.clone(), good.input(model).any()?);
        }
    }
    let reports: HashMap<String, PreflightReport> = futures_util::stream::iter(distinct)
        .map(|(media, input)| async move {
            // Its shape was checked.
            (media, session.client.preflight(&Valid::assume(input)).await)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut kept = Vec::with_capacity(checked.good.len());
    for good in std::mem::take(&mut checked.good) {
        let Some(report) = reports.get(&good.media) else {
            kept.push(good);
            continue;
        };
        for unchecked in &report.unchecked {
            let reason = format!(
                "{}: {} was not checked: {}",
                unchecked.path, unchecked.rule, unchecked.reason
            );
            *checked.unchecked.entry(reason).or_default() += 1;
        }
        for warning in &report.warnings {
            let reason = format!("{}: {}", warning.path, warning.message);
            *checked.unchecked.entry(reason).or_default() += 1;
        }
        if report.violations.is_empty() {
            kept.push(good);
        } else {
            let found = report.violations.iter();
            checked.problems.extend(found.map(|violation| LineProblem::of(good.number, violation)));
        }
    }
    checked.good = kept;
    checked.problems.sort_by_key(|problem| problem.line);
    Ok(())
}
