//! References: `$ref` and `allOf` taken out of a schema, so that all that they say stands
//! in one.

use super::merge::merged;
use super::values::Values;
use crate::diagnostic::{Code, Findings};
use crate::document::{Additional, Schema};

/// References that lead to references are followed this far: further is a circle.
const MOST_REFERENCES: usize = 64;

impl Values<'_> {
    /// What a property says of itself, or the one schema that it refers to.
    pub(super) fn said(&mut self, schema: &Schema) -> Schema {
        let mut findings = Findings::default();
        let all = schema.all_of.first().filter(|_| schema.all_of.len() == 1);
        let pointer = |schema: &Schema| schema.reference.as_ref().map(|(to, _)| to.clone());
        let target = pointer(schema).or_else(|| all.and_then(pointer));
        match target.and_then(|target| self.document.at(&target)) {
            // What the target says of itself stands on its own type.
            Some(target) => Schema {
                title: schema.title.clone(),
                description: schema.description.clone(),
                ..merged(schema, target, &mut findings)
            },
            None => schema.clone(),
        }
    }

    /// A schema without `$ref` and `allOf`: all that they say, in one.
    pub(super) fn whole(&mut self, schema: &Schema) -> Schema {
        let mut whole = schema.clone();
        for _ in 0..MOST_REFERENCES {
            if let Some((target, place)) = whole.reference.take() {
                match self.document.at(&target) {
                    Some(found) => whole = merged_with(&whole, found, self.findings),
                    None => {
                        self.findings.push(
                            Code::UnresolvableReference,
                            &place,
                            format!("there is no `#{target}` in this document"),
                            "correct the `$ref`, with a fixup",
                        );
                    }
                }
            } else if whole.all_of.is_empty() {
                return whole;
            } else {
                let part = whole.all_of.remove(0);
                whole = merged_with(&whole, &part, self.findings);
            }
        }
        self.findings.push(
            Code::UnresolvableReference,
            &schema.place,
            "its references lead in a circle",
            "correct the `$ref`, with a fixup",
        );
        Schema { reference: None, all_of: Vec::new(), ..whole }
    }
}

impl Schema {
    /// The schema at a JSON pointer below this one.
    pub(super) fn at(&self, pointer: &str) -> Option<&Schema> {
        if pointer.is_empty() {
            return Some(self);
        }
        let below = |schema: &'_ Schema, prefix: &str| -> Option<String> {
            let rest = pointer.strip_prefix(prefix)?;
            let _ = schema;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        for (prefix, schema) in self.children() {
            if let Some(rest) = below(schema, &prefix)
                && let Some(found) = schema.at(&rest)
            {
                return Some(found);
            }
        }
        None
    }

    /// The schemas right below this one, each under its pointer.
    fn children(&self) -> Vec<(String, &Schema)> {
        let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
        let mut children: Vec<(String, &Schema)> =
            self.definitions.iter().map(|(pointer, schema)| (pointer.clone(), schema)).collect();
        for (name, schema) in self.properties.iter().flatten() {
            children.push((format!("/properties/{}", escaped(name)), schema));
        }
        children.extend(self.items.as_deref().map(|items| ("/items".to_owned(), items)));
        let unions = [("anyOf", self.any_of.as_deref()), ("oneOf", self.one_of.as_deref())];
        for (keyword, branches) in
            unions.into_iter().chain([("allOf", Some(self.all_of.as_slice()))])
        {
            for (index, branch) in branches.unwrap_or_default().iter().enumerate() {
                children.push((format!("/{keyword}/{index}"), branch));
            }
        }
        if let Some(Additional::Schema(schema)) = &self.additional {
            children.push(("/additionalProperties".to_owned(), schema));
        }
        children
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
            reference: self.reference.clone(),
            definitions: self.definitions.clone(),
            all_of: self.all_of.clone(),
            ..Schema::default()
        };
        silent == *self
    }
}

/// Two schemas in one, where the inner one may have references of its own.
fn merged_with(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Schema {
    let mut whole = merged(outer, inner, findings);
    whole.reference = outer.reference.clone();
    if let Some(reference) = &inner.reference {
        match &whole.reference {
            None => whole.reference = Some(reference.clone()),
            Some(_) => {
                let part = Schema { reference: Some(reference.clone()), ..Schema::default() };
                whole.all_of.push(part);
            }
        }
    }
    whole.definitions = outer.definitions.clone();
    whole
}
