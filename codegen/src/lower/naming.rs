//! The names of a model's structs, unions and enums, which share one module.

use std::collections::HashMap;

use crate::names;
use crate::schema::Schema;

/// Whether a schema is of what goes in or of what comes out. Outputs are open: they
/// are read as far as they fit, so their rules and words are not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Input,
    Output,
}

/// Where a type stands, for its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Hint {
    /// The property that holds it, or the definition that it is; for what a list holds,
    /// its singular.
    pub own: String,
    /// What it stands in, from the top; nothing for a definition.
    above: Vec<String>,
    /// The property whose list it is in.
    list: Option<String>,
    /// The JSON pointer of its schema.
    pointer: String,
}

impl Hint {
    /// The hint of a root or a definition.
    pub(super) fn top(name: &str) -> Self {
        Self { own: name.to_owned(), ..Self::default() }
    }

    /// The hint of a property of this.
    pub(super) fn below(&self, wire: &str) -> Self {
        let above = self.above.iter().chain([&self.own]).cloned().collect();
        Self { own: wire.to_owned(), above, list: None, pointer: String::new() }
    }

    /// The hint of what this list holds.
    pub(super) fn of_items(&self) -> Self {
        let list = self.list.clone().or_else(|| Some(self.own.clone()));
        Self { own: names::singular(&self.own), list, ..self.clone() }
    }

    /// The same place under another name.
    pub(super) fn called(&self, own: String) -> Self {
        Self { own, ..self.clone() }
    }

    /// The same, with the place of its schema.
    pub(super) fn at(&self, schema: &Schema) -> Self {
        Self { pointer: schema.place.pointer.clone(), ..self.clone() }
    }
}

/// The names of types, each with the suffix that it takes when its name is taken. Those
/// that would share one are told apart step by step: by the list that they are in, by
/// what they stand in, by what they are, and if that is not enough, by their place.
pub(super) fn type_names(hints: &[(&Hint, &str)], direction: Direction) -> Vec<String> {
    let prefix = match direction {
        Direction::Input => "",
        // Inputs and outputs of one model share a module.
        Direction::Output => "output_",
    };
    let named = |words: &[&str], suffix: &str| {
        names::type_name(&format!("{prefix}{}", words.join("_")), suffix)
    };
    let short = |(hint, suffix): &(&Hint, &str)| named(&[&hint.own], suffix);
    let listed = |(hint, suffix): &(&Hint, &str)| match &hint.list {
        Some(list) => named(&[list, "item"], suffix),
        None => named(&[&hint.own], suffix),
    };
    let nested = |(hint, suffix): &(&Hint, &str)| {
        let parent = hint.above.last().map_or("", String::as_str);
        named(&[parent, &hint.own], suffix)
    };
    let whole = |(hint, suffix): &(&Hint, &str)| {
        let above = hint.above.iter().map(String::as_str);
        let all: Vec<&str> = above.chain([hint.own.as_str()]).collect();
        named(&all, suffix)
    };
    let kind = |hint: &(&Hint, &str)| format!("{}{}", nested(hint), hint.1);
    let place = |hint: &(&Hint, &str)| {
        format!("{}{}", nested(hint), names::variant_suffix(&hint.0.pointer))
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
    let steps: [Step<'_>; 5] = [&listed, &nested, &whole, &kind, &place];
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
