//! References: `$ref` and `allOf` taken out of a schema, so that all that they say stands
//! in one.

use super::merge::merged;
use super::values::Values;
use crate::diagnostic::Code;
use crate::document::{Additional, Schema};

/// So many references and parts of `allOf` are taken into one schema: real ones have
/// some three, and references that lead in a circle would never end.
const MOST_STEPS: usize = 64;

impl Values<'_> {
    /// A schema without `$ref` and `allOf`: all that they say, in one.
    pub(super) fn whole(&mut self, schema: &Schema) -> Schema {
        let mut whole = schema.clone();
        let mut followed: Vec<String> = Vec::new();
        for _ in 0..MOST_STEPS {
            if let Some((target, place)) = whole.reference.take() {
                let Some(found) = self.document.at(&target) else {
                    self.findings.push(
                        Code::UnresolvableReference,
                        &place,
                        format!("there is no `#{target}` in this document"),
                        "correct the `$ref`, with a fixup",
                    );
                    continue;
                };
                followed.push(target);
                if !self.spend(&schema.place, whole.weight() + found.weight()) {
                    return Schema { all_of: Vec::new(), ..whole };
                }
                whole = merged(&whole, found, self.findings);
            } else if whole.all_of.is_empty() {
                return whole;
            } else {
                let part = whole.all_of.remove(0);
                if !self.spend(&schema.place, whole.weight() + part.weight()) {
                    return Schema { all_of: Vec::new(), ..whole };
                }
                whole = merged(&whole, &part, self.findings);
            }
        }
        let again = |(at, target)| followed[..at].contains(target);
        let (code, message, help) = match followed.iter().enumerate().any(again) {
            true => (
                Code::UnresolvableReference,
                "its references lead in a circle".to_owned(),
                "correct the `$ref`, with a fixup",
            ),
            false => (
                Code::LimitPassed,
                format!("over {MOST_STEPS} references and parts of `allOf` say what it is"),
                "write it as one schema, with a fixup",
            ),
        };
        self.findings.push(code, &schema.place, message, help);
        Schema { reference: None, all_of: Vec::new(), ..whole }
    }
}

impl Schema {
    /// The schema at a JSON pointer below this one.
    pub(super) fn at(&self, pointer: &str) -> Option<&Schema> {
        if pointer.is_empty() {
            return Some(self);
        }
        let (keyword, rest) = first_step(pointer)?;
        let (within, rest) = match keyword {
            "items" => return self.items.as_deref()?.at(rest),
            "additionalProperties" => match &self.additional {
                Some(Additional::Schema(schema)) => return schema.at(rest),
                Some(Additional::Open | Additional::Closed) | None => return None,
            },
            _ => first_step(rest)?,
        };
        let found = match keyword {
            "properties" => {
                let name = within.replace("~1", "/").replace("~0", "~");
                let mut properties = self.properties.iter().flatten();
                &properties.find(|(known, _)| *known == name)?.1
            }
            "anyOf" => indexed(self.any_of.as_deref()?, within)?,
            "oneOf" => indexed(self.one_of.as_deref()?, within)?,
            "allOf" => indexed(&self.all_of, within)?,
            // A definition is kept under its pointer.
            _ => {
                let end = pointer.len() - rest.len();
                &self.definitions.iter().find(|(known, _)| *known == pointer[..end])?.1
            }
        };
        found.at(rest)
    }

    /// Whether this schema says nothing of values, beside what a `$ref`, an `allOf` or
    /// a union in it says.
    pub(super) fn says_only_of_itself(&self) -> bool {
        let silent = Schema {
            place: self.place.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            default: self.default.clone(),
            examples: self.examples.clone(),
            unchecked: self.unchecked.clone(),
            notes: self.notes.clone(),
            reference: self.reference.clone(),
            definitions: self.definitions.clone(),
            all_of: self.all_of.clone(),
            ..Schema::default()
        };
        silent == *self
    }
}

/// The first step of a JSON pointer, and the pointer from there.
fn first_step(pointer: &str) -> Option<(&str, &str)> {
    let steps = pointer.strip_prefix('/')?;
    Some(steps.split_at(steps.find('/').unwrap_or(steps.len())))
}

fn indexed<'a>(branches: &'a [Schema], step: &str) -> Option<&'a Schema> {
    branches.get(step.parse::<usize>().ok().filter(|index| index.to_string() == step)?)
}
