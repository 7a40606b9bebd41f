//! The names of a model's structs, unions and enums, which share one module.

use std::collections::HashMap;

use super::plan::Direction;
use crate::names;

/// Where a type stands, for its name.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// The property that holds it, or the definition that it is.
    pub own: String,
    /// What it stands in; nothing for a definition, which keeps its own name.
    pub above: String,
}

impl Hint {
    /// The hint of a root.
    pub(super) fn top(name: &str) -> Self {
        Self { own: name.to_owned(), above: String::new() }
    }
}

/// The names of types, each with the suffix that it takes when its name is taken. Those
/// that would share one are told apart by what they stand in, then by what they are,
/// and if that is not enough, by their own characters.
pub(super) fn type_names(hints: &[(&Hint, &str)], direction: Direction) -> Vec<String> {
    let prefix = match direction {
        Direction::Input => "",
        // Inputs and outputs of one model share a module.
        Direction::Output => "output_",
    };
    let short =
        |(hint, suffix): &(&Hint, &str)| names::type_name(&format!("{prefix}{}", hint.own), suffix);
    let nested = |(hint, suffix): &(&Hint, &str)| {
        names::type_name(&format!("{prefix}{}_{}", hint.above, hint.own), suffix)
    };
    let kind = |named: &(&Hint, &str)| format!("{}{}", nested(named), named.1);
    let own = |named: &(&Hint, &str)| {
        let wire = format!("{}/{}", named.0.above, named.0.own);
        format!("{}{}", kind(named), names::variant_suffix(&wire))
    };
    let mut names: Vec<String> = hints.iter().map(short).collect();
    let mut definitions: HashMap<String, usize> = HashMap::new();
    let plain = |hint: &Hint| names::type_name(&hint.own, "");
    for (hint, _) in hints.iter().filter(|(hint, _)| hint.above.is_empty()) {
        *definitions.entry(plain(hint)).or_default() += 1;
    }
    // A definition keeps its name, unless it shares it with another one.
    let keeps = |hint: &Hint| {
        hint.above.is_empty() && definitions.get(&plain(hint)).is_none_or(|count| *count < 2)
    };
    let keeps: Vec<bool> = hints.iter().map(|(hint, _)| keeps(hint)).collect();
    let steps: [Step<'_>; 3] = [&nested, &kind, &own];
    for step in steps {
        let mut count: HashMap<&str, usize> = HashMap::new();
        for name in &names {
            *count.entry(name).or_default() += 1;
        }
        let shared = |name: &String| count.get(name.as_str()).is_some_and(|count| *count > 1);
        let clashing: Vec<bool> = names.iter().map(shared).collect();
        for (index, hint) in hints.iter().enumerate() {
            if clashing[index] && !keeps[index] {
                names[index] = step(hint);
            }
        }
    }
    names
}

/// A way to name a type.
type Step<'a> = &'a dyn Fn(&(&Hint, &str)) -> String;
