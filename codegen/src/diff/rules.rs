//! Compares rules: each bound is narrower, wider, or the same.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::{Bound, Metric};

use super::Kind;
use super::describe::shown;
use crate::model::{Edge, End, Quantity, Rule};
use crate::number::Number;

/// A change of one rule.
pub(super) struct RuleChange {
    pub kind: Kind,
    /// The rule that an input may break now.
    pub rule: Option<String>,
    pub message: String,
}

/// The values that are bounded. Among integers, `exclusiveMinimum` 1 is the same as `minimum` 2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Domain {
    Numbers,
    Integers,
}

/// A property of a value, or of its media, that rules bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Value(Quantity),
    Media(Metric),
}

/// A bound at one end of a target.
struct TargetEdge {
    target: Target,
    end: End,
    value: Number,
    is_strict: bool,
    keyword: Cow<'static, str>,
    /// The bound as the schema has it.
    text: String,
}

/// Compares two lists of rules, except for `enum`.
pub(super) fn compare(old: &[Rule], new: &[Rule], domain: Domain) -> Vec<RuleChange> {
    let mut changes = Vec::new();
    let quantities = Quantity::ALL.into_iter().map(Target::Value);
    for target in quantities.chain(Metric::ALL.into_iter().map(Target::Media)) {
        for end in [End::Least, End::Most] {
            let was = TargetEdge::tightest(old, target, end, domain);
            changes.extend(compare_edges(was, TargetEdge::tightest(new, target, end, domain)));
        }
    }
    changes.extend(compare_steps(old, new, domain));
    let unique = Rule::Plain(Plain::UniqueItems);
    match (old.contains(&unique), new.contains(&unique)) {
        (false, true) => changes.push(RuleChange::narrower("uniqueItems", "items must be unique")),
        (true, false) => changes.push(RuleChange::wider("items need not be unique")),
        (true, true) | (false, false) => {}
    }
    changes.extend(compare_patterns(old, new));
    changes.extend(compare_unchecked(old, new));
    changes.extend(compare_annotations(old, new));
    changes
}

/// Compares the patterns. Another pattern may refuse what the old one allowed.
fn compare_patterns(old: &[Rule], new: &[Rule]) -> Vec<RuleChange> {
    let (was, is) = (patterns(old), patterns(new));
    let narrower: Vec<RuleChange> = is
        .difference(&was)
        .map(|new| RuleChange::narrower("pattern", format!("must match {}", shown(new))))
        .collect();
    if narrower.is_empty() && was != is {
        return vec![RuleChange::wider("need not match the pattern that it had")];
    }
    narrower
}

fn patterns(rules: &[Rule]) -> BTreeSet<&str> {
    let patterns = rules.iter().filter_map(|rule| match rule {
        Rule::Pattern(pattern) => Some(pattern.written.as_str()),
        _ => None,
    });
    patterns.collect()
}

/// Returns the keyword of a rule that a value by itself can break.
pub(super) fn keyword(rule: &Rule) -> Option<Cow<'static, str>> {
    match rule {
        Rule::Plain(rule) => Some(rule.name()),
        Rule::Pattern(_) => Some("pattern".into()),
        Rule::Strings(_) | Rule::Integers(_) | Rule::Values(_) => Some("enum".into()),
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => None,
    }
}

impl RuleChange {
    fn narrower(rule: &str, message: impl Into<String>) -> Self {
        let rule = Some(rule.to_owned());
        Self { kind: Kind::NarrowerBound, rule, message: message.into() }
    }

    fn wider(message: impl Into<String>) -> Self {
        Self { kind: Kind::WiderBound, rule: None, message: message.into() }
    }

    fn docs(message: impl Into<String>) -> Self {
        Self { kind: Kind::Docs, rule: None, message: message.into() }
    }
}

impl TargetEdge {
    /// Returns the tightest bound at one end.
    fn tightest(rules: &[Rule], target: Target, end: End, domain: Domain) -> Option<Self> {
        let edges = rules.iter().filter_map(Self::read);
        let edges = edges.filter(|edge| edge.target == target && edge.end == end);
        let edges = edges.map(|edge| match domain {
            Domain::Integers => edge.round_inward(),
            Domain::Numbers => edge,
        });
        edges.max_by(Self::cmp_tightness)
    }

    fn read(rule: &Rule) -> Option<Self> {
        if let Rule::Measured(metric, bound, _) = rule {
            let (end, sign, value) = match *bound {
                Bound::Over(value) => (End::Least, '>', value),
                Bound::Under(value) => (End::Most, '<', value),
            };
            return Some(Self {
                target: Target::Media(*metric),
                end,
                value: Number::Float(value),
                is_strict: false,
                keyword: format!("{}{sign}", metric.name()).into(),
                text: value.to_string(),
            });
        }
        let Edge { quantity, end, value, is_strict } = rule.edge()?;
        // A count of at least zero is not a bound.
        if quantity != Quantity::Number && end == End::Least && value == Number::Integer(0) {
            return None;
        }
        let (target, text) = (Target::Value(quantity), value.to_string());
        Some(Self { target, end, value, is_strict, keyword: keyword(rule)?, text })
    }

    /// Returns the same bound as the nearest allowed integer.
    fn round_inward(self) -> Self {
        let Number::Float(bound) = self.value else { return self };
        // Beyond this, a float is not exact for single integers, and an i128 may not hold it.
        if !bound.is_finite() || bound.abs() > 1e30 {
            return self;
        }
        let (round, inward) = match self.end {
            End::Least => (bound.ceil(), 1),
            End::Most => (bound.floor(), -1),
        };
        let inward = if self.is_strict && round == bound { inward } else { 0 };
        Self { value: Number::Integer(round as i128 + inward), is_strict: false, ..self }
    }

    /// Compares two bounds at the same end of a target.
    fn cmp_tightness(&self, other: &Self) -> Ordering {
        let by_value = match self.end {
            End::Least => self.value.partial_cmp(&other.value),
            End::Most => other.value.partial_cmp(&self.value),
        };
        by_value.unwrap_or(Ordering::Equal).then(self.is_strict.cmp(&other.is_strict))
    }

    fn describe(&self) -> String {
        format!("`{}` {}", self.keyword, self.text)
    }

    /// Describes the bound next to another, without the keyword if it is the same.
    fn describe_beside(&self, other: &Self) -> String {
        if self.keyword == other.keyword { self.text.clone() } else { self.describe() }
    }
}

fn compare_edges(old: Option<TargetEdge>, new: Option<TargetEdge>) -> Option<RuleChange> {
    match (old, new) {
        (None, None) => None,
        (None, Some(new)) => {
            let message = format!("{}, was unbounded", new.describe());
            Some(RuleChange::narrower(&new.keyword, message))
        }
        (Some(old), None) => Some(RuleChange::wider(format!("unbounded, was {}", old.describe()))),
        (Some(old), Some(new)) => {
            let message = format!("{}, was {}", new.describe(), old.describe_beside(&new));
            match new.cmp_tightness(&old) {
                Ordering::Greater => Some(RuleChange::narrower(&new.keyword, message)),
                Ordering::Less => Some(RuleChange::wider(message)),
                Ordering::Equal => None,
            }
        }
    }
}

/// Compares `multipleOf`. A multiple of 6 is a multiple of 3.
fn compare_steps(old: &[Rule], new: &[Rule], domain: Domain) -> Vec<RuleChange> {
    let (old, new) = (steps(old, domain), steps(new, domain));
    let narrower = new
        .iter()
        .filter(|step| !is_implied(**step, &old))
        .map(|step| RuleChange::narrower("multipleOf", format!("`multipleOf` {step} is new")));
    let wider = old.iter().filter(|step| !is_implied(**step, &new));
    let wider = wider.map(|step| RuleChange::wider(format!("`multipleOf` {step} is removed")));
    narrower.chain(wider).collect()
}

fn steps(rules: &[Rule], domain: Domain) -> Vec<f64> {
    let steps = rules.iter().filter_map(|rule| match rule {
        Rule::Plain(Plain::MultipleOf(step)) => Some(*step),
        _ => None,
    });
    steps.chain((domain == Domain::Integers).then_some(1.0)).collect()
}

/// Returns `true` if one of the other steps is a multiple of `step`.
fn is_implied(step: f64, others: &[f64]) -> bool {
    others.iter().any(|other| {
        let times = other / step;
        (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0) && times.round() >= 1.0
    })
}

/// Compares the annotations of a value that is not a field.
fn compare_annotations(old: &[Rule], new: &[Rule]) -> Vec<RuleChange> {
    let (was, is) = (annotations(old), annotations(new));
    let keywords: BTreeSet<&str> =
        was.symmetric_difference(&is).map(|(keyword, _)| *keyword).collect();
    let changes = keywords.into_iter();
    changes.map(|keyword| RuleChange::docs(format!("another `{keyword}`"))).collect()
}

fn annotations(rules: &[Rule]) -> BTreeSet<(&str, &str)> {
    let annotations = rules.iter().filter_map(|rule| match rule {
        Rule::Annotation(keyword, json) => Some((keyword.as_str(), json.as_str())),
        _ => None,
    });
    annotations.collect()
}

/// Compares the rules that are not checked, and the messages of rules.
fn compare_unchecked(old: &[Rule], new: &[Rule]) -> Vec<RuleChange> {
    let (was, is) = (unchecked(old), unchecked(new));
    let added = is.difference(&was).map(|name| format!("{} is new, not checked", shown(name)));
    let removed = was
        .difference(&is)
        .map(|name| format!("{}, which was not checked, is removed", shown(name)));
    let mut changes: Vec<RuleChange> = added.chain(removed).map(RuleChange::docs).collect();
    let (was, is) = (messages(old), messages(new));
    let is_reworded = is.iter().any(|(rule, messages)| {
        was.get(rule).is_some_and(|old| messages.iter().any(|new| !old.contains(new)))
    });
    if is_reworded {
        changes.push(RuleChange::docs("another message of a rule"));
    }
    changes
}

fn unchecked(rules: &[Rule]) -> BTreeSet<&str> {
    let names = rules.iter().filter_map(|rule| match rule {
        Rule::Unchecked(rule, ..) => Some(rule.as_str()),
        _ => None,
    });
    names.collect()
}

/// Returns the messages of rules that have their own, by rule.
fn messages(rules: &[Rule]) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in rules {
        let (rule, message) = match rule {
            Rule::Unchecked(rule, value, message) => (rule.clone(), format!("{value} {message}")),
            Rule::Measured(metric, bound, message) => {
                (format!("{}{bound:?}", metric.name()), message.clone())
            }
            _ => continue,
        };
        messages.entry(rule).or_default().insert(message);
    }
    messages
}
