//! Rules compared: which bound more than they did, and which bound less.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use runcomfy::Metric;
use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::Bound as MediaBound;

use super::describe::shown;
use crate::model::{End, Quantity, Rule};
use crate::number::Number;

/// What became of one bound.
pub(super) enum Bound {
    Narrower {
        rule: String,
        message: String,
    },
    Wider {
        message: String,
    },
    /// Nothing that is checked.
    Words {
        message: String,
    },
}

/// Compares the bounds of two lists of rules. `whole` says that values are integers, of
/// which over 1 and at least 2 are the same. An `enum` is not compared here.
pub(super) fn compare(old: &[Rule], new: &[Rule], whole: bool) -> Vec<Bound> {
    let mut bounds = Vec::new();
    for quantity in Quantity::ALL {
        for end in [End::Least, End::Most] {
            let edge = |rules| Edge::of(rules, quantity, end, whole);
            bounds.extend(ends(edge(old), edge(new), end));
        }
    }
    bounds.extend(steps(old, new, whole));
    let unique = |rules: &[Rule]| rules.contains(&Rule::Plain(Plain::UniqueItems));
    match (unique(old), unique(new)) {
        (false, true) => bounds.push(Bound::Narrower {
            rule: "uniqueItems".to_owned(),
            message: "each item once, was as often as one likes".to_owned(),
        }),
        (true, false) => bounds
            .push(Bound::Wider { message: "an item as often as one likes, was once".to_owned() }),
        (true, true) | (false, false) => {}
    }
    bounds.extend(measured(old, new));
    bounds.extend(unchecked(old, new));
    bounds.extend(annotations(old, new));
    bounds
}

/// One end of what a quantity may be.
#[derive(Clone)]
struct Edge {
    value: Number,
    strict: bool,
    keyword: String,
    /// As the schema has it.
    text: String,
}

impl Edge {
    /// The tightest bound at one end, where there is one.
    fn of(rules: &[Rule], quantity: Quantity, end: End, whole: bool) -> Option<Self> {
        let edges = rules.iter().filter_map(|rule| Self::read(rule, quantity, end));
        let edges = edges.map(|edge| if whole { edge.of_integers(end) } else { edge });
        edges.max_by(|a, b| a.tightness(b, end))
    }

    fn read(rule: &Rule, quantity: Quantity, end: End) -> Option<Self> {
        let (Rule::Plain(plain), Some(edge)) = (rule, rule.edge()) else { return None };
        // No count is below zero, so a least count of zero bounds nothing.
        let is_vacuous = edge.quantity != Quantity::Number
            && edge.end == End::Least
            && edge.value == Number::Integer(0);
        let is_asked = edge.quantity == quantity && edge.end == end && !is_vacuous;
        is_asked.then(|| Self {
            value: edge.value,
            strict: edge.is_strict,
            keyword: plain.name().into_owned(),
            text: edge.value.to_string(),
        })
    }

    /// The same of integers, which have a nearest one that is allowed.
    fn of_integers(self, end: End) -> Self {
        let Number::Float(bound) = self.value else { return self };
        // Beyond this a float says nothing of single integers, and an i128 may not hold it.
        if !bound.is_finite() || bound.abs() > 1e30 {
            return self;
        }
        let (round, inward) = match end {
            End::Least => (bound.ceil(), 1),
            End::Most => (bound.floor(), -1),
        };
        let inward = if self.strict && round == bound { inward } else { 0 };
        Self { value: Number::Integer(round as i128 + inward), strict: false, ..self }
    }

    fn tightness(&self, other: &Self, end: End) -> Ordering {
        let by_value = match end {
            End::Least => self.value.partial_cmp(&other.value),
            End::Most => other.value.partial_cmp(&self.value),
        };
        by_value.unwrap_or(Ordering::Equal).then(self.strict.cmp(&other.strict))
    }

    fn said(&self) -> String {
        format!("`{}` {}", self.keyword, self.text)
    }

    /// The same after another of the same keyword, which need not be said again.
    fn said_after(&self, other: &Self) -> String {
        if self.keyword == other.keyword { self.text.clone() } else { self.said() }
    }
}

fn ends(old: Option<Edge>, new: Option<Edge>, end: End) -> Option<Bound> {
    let narrower = |new: &Edge, was: &str| Bound::Narrower {
        rule: new.keyword.clone(),
        message: format!("{}, was {was}", new.said()),
    };
    match (old, new) {
        (None, None) => None,
        (None, Some(new)) => Some(narrower(&new, "without such a bound")),
        (Some(old), None) => {
            Some(Bound::Wider { message: format!("no bound, was {}", old.said()) })
        }
        (Some(old), Some(new)) => match new.tightness(&old, end) {
            Ordering::Greater => Some(narrower(&new, &old.said_after(&new))),
            Ordering::Less => {
                let was = old.said_after(&new);
                Some(Bound::Wider { message: format!("{}, was {was}", new.said()) })
            }
            Ordering::Equal => None,
        },
    }
}

/// `multipleOf`: whatever is a multiple of 6 is one of 3.
fn steps(old: &[Rule], new: &[Rule], whole: bool) -> Vec<Bound> {
    let steps = |rules: &[Rule]| -> Vec<f64> {
        let step = |rule: &Rule| match rule {
            Rule::Plain(Plain::MultipleOf(step)) => Some(*step),
            _ => None,
        };
        rules.iter().filter_map(step).chain(whole.then_some(1.0)).collect()
    };
    let (old, new) = (steps(old), steps(new));
    let implied = |step: f64, by: &[f64]| {
        by.iter().any(|by| {
            let times = by / step;
            (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0) && times.round() >= 1.0
        })
    };
    let narrower = new.iter().filter(|step| !implied(**step, &old)).map(|step| Bound::Narrower {
        rule: "multipleOf".to_owned(),
        message: format!("`multipleOf` {step} bounds it"),
    });
    let wider = old.iter().filter(|step| !implied(**step, &new));
    let wider = wider
        .map(|step| Bound::Wider { message: format!("`multipleOf` {step} bounds it no more") });
    narrower.chain(wider).collect()
}

/// Rules about the media itself, each metric at each of its ends.
fn measured(old: &[Rule], new: &[Rule]) -> Vec<Bound> {
    let mut bounds = Vec::new();
    for metric in Metric::ALL {
        for (end, sign) in [(End::Least, '>'), (End::Most, '<')] {
            let edge = |rules: &[Rule]| {
                let all = rules.iter().filter_map(|rule| match rule {
                    Rule::Measured(of, MediaBound::Over(bound), _)
                        if *of == metric && end == End::Least =>
                    {
                        Some(*bound)
                    }
                    Rule::Measured(of, MediaBound::Under(bound), _)
                        if *of == metric && end == End::Most =>
                    {
                        Some(*bound)
                    }
                    _ => None,
                });
                match end {
                    End::Least => all.reduce(f64::max),
                    End::Most => all.reduce(f64::min),
                }
            };
            let said = |bound: f64| format!("`{}{sign}` {bound}", metric.name());
            let (was, is) = (edge(old), edge(new));
            let narrower = match (was, is, end) {
                (None, Some(_), _) => true,
                (Some(was), Some(is), End::Least) => is > was,
                (Some(was), Some(is), End::Most) => is < was,
                (_, None, _) => false,
            };
            let was_said = was.map_or("without such a bound".to_owned(), |was| was.to_string());
            match is {
                _ if was == is => {}
                Some(is) if narrower => bounds.push(Bound::Narrower {
                    rule: format!("{}{sign}", metric.name()),
                    message: format!("{}, was {was_said}", said(is)),
                }),
                Some(is) => {
                    bounds.push(Bound::Wider { message: format!("{}, was {was_said}", said(is)) });
                }
                None => {
                    let was = was.map(said).unwrap_or_default();
                    bounds.push(Bound::Wider { message: format!("no bound, was {was}") });
                }
            }
        }
    }
    bounds
}

/// What a value says of itself, where it is no field.
fn annotations(old: &[Rule], new: &[Rule]) -> Vec<Bound> {
    let said = |rules: &[Rule]| -> BTreeSet<(String, String)> {
        let said = |rule: &Rule| match rule {
            Rule::Annotation(keyword, json) => Some((keyword.clone(), json.clone())),
            _ => None,
        };
        rules.iter().filter_map(said).collect()
    };
    let (was, is) = (said(old), said(new));
    let keywords: BTreeSet<&str> =
        was.symmetric_difference(&is).map(|(keyword, _)| keyword.as_str()).collect();
    let words = |keyword: &str| Bound::Words { message: format!("another `{keyword}`") };
    keywords.into_iter().map(words).collect()
}

/// What is not checked, and what a rule says of itself.
fn unchecked(old: &[Rule], new: &[Rule]) -> Vec<Bound> {
    let said = |rules: &[Rule]| -> BTreeSet<(String, String)> {
        let said = |rule: &Rule| match rule {
            Rule::Unchecked(rule, value, message) => {
                Some((rule.clone(), format!("{value} {message}")))
            }
            Rule::Measured(metric, limit, message) => {
                Some((format!("{}{limit:?}", metric.name()), message.clone()))
            }
            _ => None,
        };
        rules.iter().filter_map(said).collect()
    };
    let names = |rules: &[Rule]| -> BTreeSet<String> {
        let name = |rule: &Rule| match rule {
            Rule::Unchecked(rule, ..) => Some(rule.clone()),
            _ => None,
        };
        rules.iter().filter_map(name).collect()
    };
    let (was, is) = (names(old), names(new));
    let mut bounds = Vec::new();
    for name in is.difference(&was) {
        let message = format!("{} is a rule that is not checked", shown(name));
        bounds.push(Bound::Words { message });
    }
    for name in was.difference(&is) {
        let message = format!("{}, which was not checked, is no rule any more", shown(name));
        bounds.push(Bound::Words { message });
    }
    let (was, is) = (said(old), said(new));
    let reworded = is.iter().any(|(rule, message)| {
        let same = was.iter().filter(|(of, _)| of == rule);
        let mut same = same.peekable();
        same.peek().is_some() && same.all(|(_, words)| words != message)
    });
    if reworded {
        bounds.push(Bound::Words { message: "what its rules say when broken".to_owned() });
    }
    bounds
}
