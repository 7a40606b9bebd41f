//! Names a model's structs, unions and enums, which share one module.

use std::collections::{HashMap, HashSet};

use crate::names::{self, Style};
use crate::schema::Schema;

/// Direction of a schema. Outputs are read leniently, so their rules and enum values are
/// dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Input,
    Output,
}

/// The place of a type, for its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Hint {
    /// The property or definition that it belongs to. For the items of a list, its singular.
    pub own: String,
    /// The properties around it, from the top. Empty for a definition.
    above: Vec<String>,
    /// The property whose list it is in.
    list: Option<String>,
    /// The JSON pointer of its schema.
    pointer: String,
}

impl Hint {
    /// Returns the hint of a root or a definition.
    pub(super) fn top(name: &str) -> Self {
        Self { own: name.to_owned(), ..Self::default() }
    }

    /// Returns the hint of a property of this.
    pub(super) fn below(&self, wire: &str) -> Self {
        let above = self.above.iter().chain([&self.own]).cloned().collect();
        Self { own: wire.to_owned(), above, list: None, pointer: String::new() }
    }

    /// Returns the hint of the items of this list.
    pub(super) fn of_items(&self) -> Self {
        let list = self.list.clone().or_else(|| Some(self.own.clone()));
        Self { own: names::singular(&self.own), list, ..self.clone() }
    }

    /// Returns the same place under another name.
    pub(super) fn called(&self, own: String) -> Self {
        Self { own, ..self.clone() }
    }

    /// Returns the same hint with the place of its schema.
    pub(super) fn at(&self, schema: &Schema) -> Self {
        Self { pointer: schema.place.pointer.clone(), ..self.clone() }
    }
}

/// A type to name, and the suffix that it gets if its name is in use.
pub(super) struct Named<'a> {
    pub hint: &'a Hint,
    pub suffix: &'static str,
}

impl Named<'_> {
    /// Returns a name, more exact with each step.
    fn name(&self, step: Step, direction: Direction) -> String {
        let own = self.hint.own.as_str();
        let nested = [self.hint.above.last().map_or("", String::as_str), own];
        match (step, &self.hint.list) {
            (Step::Short, _) | (Step::Listed, None) => self.joined(&[own], direction),
            (Step::Listed, Some(list)) => self.joined(&[list, "item"], direction),
            (Step::Nested, _) => self.joined(&nested, direction),
            (Step::Whole, _) => {
                let above = self.hint.above.iter().map(String::as_str);
                self.joined(&above.chain([own]).collect::<Vec<_>>(), direction)
            }
            (Step::Kind, _) => self.joined(&nested, direction) + self.suffix,
        }
    }

    fn joined(&self, words: &[&str], direction: Direction) -> String {
        let prefix = match direction {
            Direction::Input => "",
            // Inputs and outputs of one model share a module.
            Direction::Output => "output_",
        };
        names::type_name(&format!("{prefix}{}", words.join("_")), self.suffix)
    }
}

/// A way to name a type.
#[derive(Clone, Copy)]
enum Step {
    Short,
    /// By the list that it is in.
    Listed,
    /// By the property around it.
    Nested,
    /// By all properties around it.
    Whole,
    /// By its kind.
    Kind,
}

impl Step {
    /// The steps after the first, in the order in which they are tried.
    const NEXT: [Self; 4] = [Self::Listed, Self::Nested, Self::Whole, Self::Kind];
}

/// Returns the names of types. Types with the same name try the next step. Types that no step
/// distinguishes, and types with a name in `taken`, get a number.
pub(super) fn type_names(
    types: &[Named<'_>],
    direction: Direction,
    taken: &HashSet<String>,
) -> Vec<String> {
    let short = types.iter().map(|named| named.name(Step::Short, direction));
    let short: Vec<String> = short.collect();
    let mut names = short.clone();
    let mut definitions: HashMap<String, usize> = HashMap::new();
    for Named { hint, .. } in types.iter().filter(|named| named.hint.above.is_empty()) {
        *definitions.entry(names::type_name(&hint.own, "")).or_default() += 1;
    }
    for step in Step::NEXT {
        let shared = shared(&names, taken);
        for ((name, named), is_shared) in names.iter_mut().zip(types).zip(shared) {
            if is_shared && !keeps_its_name(named.hint, &definitions) {
                *name = named.name(step, direction);
            }
        }
    }
    let shared = shared(&names, taken);
    for ((name, short), is_shared) in names.iter_mut().zip(short).zip(shared) {
        if is_shared {
            *name = short;
        }
    }
    let keys = types.iter().map(|Named { hint, .. }| (!names::is_snake(&hint.own), &hint.pointer));
    names::numbered(&keys.zip(names).collect::<Vec<_>>(), taken, Style::Camel)
}

/// Returns `true` for each name that occurs twice or is in `taken`.
fn shared(names: &[String], taken: &HashSet<String>) -> Vec<bool> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for name in names {
        *count.entry(name).or_default() += 1;
    }
    names.iter().map(|name| count[name.as_str()] > 1 || taken.contains(name)).collect()
}

/// Returns `true` if a hint is a definition that shares its name with no other definition.
fn keeps_its_name(hint: &Hint, definitions: &HashMap<String, usize>) -> bool {
    let name = names::type_name(&hint.own, "");
    hint.above.is_empty() && definitions.get(&name).is_none_or(|count| *count < 2)
}
