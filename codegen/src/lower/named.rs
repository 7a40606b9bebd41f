//! The names of a model's structs, unions and enums, which share one module.

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
    let steps: [Step<'_>; 3] = [&nested, &kind, &own];
    for step in steps {
        let shared = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let clashing: Vec<bool> = names.iter().map(shared).collect();
        for (index, hint) in hints.iter().enumerate() {
            let keeps = hint.0.above.is_empty() && !clashes_with_its_like(hints, index);
            if clashing[index] && !keeps {
                names[index] = step(hint);
            }
        }
    }
    names
}

/// A way to name a type.
type Step<'a> = &'a dyn Fn(&(&Hint, &str)) -> String;

/// Whether two definitions would share a name.
fn clashes_with_its_like(hints: &[(&Hint, &str)], index: usize) -> bool {
    let own = &hints[index].0.own;
    let like = |(hint, _): &&(&Hint, &str)| {
        hint.above.is_empty() && names::type_name(&hint.own, "") == names::type_name(own, "")
    };
    hints.iter().filter(like).count() > 1
}
