//! Merging: the schema that takes what two schemas both take, for `allOf`, for the
//! keywords beside a `$ref`, and for those beside a union.

use serde_json::Value;

use crate::diagnostic::{Code, Findings};
use crate::document::{Additional, Bound, Schema, TypeWord};

/// Both schemas in one. What `outer` says of itself, such as its title, goes first.
pub(super) fn merged(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Schema {
    let mut refuse = |what: &str| {
        findings.push(
            Code::UnsupportedKeyword,
            &outer.place,
            format!("two schemas that are to hold together {what}, which is not carried"),
            "write them as one, with a fixup",
        );
    };
    if (outer.any_of.is_some() || outer.one_of.is_some())
        && (inner.any_of.is_some() || inner.one_of.is_some())
    {
        refuse("are both unions");
    }
    if let (Some(a), Some(b)) = (outer.format, inner.format)
        && a != b
    {
        refuse("have different `format`s");
    }
    let closes = |schema: &Schema| {
        matches!(schema.additional, Some(Additional::Closed | Additional::Schema(_)))
    };
    if (closes(outer) && inner.properties.is_some())
        || (closes(inner) && outer.properties.is_some())
    {
        refuse("say something of each other's properties");
    }
    let types = types(outer, inner);
    if types.is_empty() && !(outer.types.is_empty() && inner.types.is_empty()) {
        let help = "correct one of them, with a fixup";
        let message = "two schemas that are to hold together have no `type` in common";
        findings.push(Code::Unsatisfiable, &outer.place, message, help);
    }
    let properties = properties(outer, inner, findings);
    let items = match (&outer.items, &inner.items) {
        (Some(a), Some(b)) => Some(Box::new(merged(a, b, findings))),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    let mut required = outer.required.clone();
    for entry in &inner.required {
        if !required.iter().any(|(name, _)| *name == entry.0) {
            required.push(entry.clone());
        }
    }
    // One `$ref` fits beside the other keywords; a second one becomes a part.
    let second = outer.reference.as_ref().and(inner.reference.as_ref());
    let second =
        second.map(|reference| Schema { reference: Some(reference.clone()), ..Schema::default() });
    let says_nothing = |schema: &Schema| schema.types.is_empty() && schema.choices.is_none();
    Schema {
        place: outer.place.clone(),
        nullable: match (says_nothing(outer), says_nothing(inner)) {
            (true, true) => outer.nullable || inner.nullable,
            (false, true) => outer.nullable,
            (true, false) => inner.nullable,
            (false, false) => outer.nullable && inner.nullable,
        },
        types,
        title: outer.title.clone().or_else(|| inner.title.clone()),
        description: outer.description.clone().or_else(|| inner.description.clone()),
        default: outer.default.clone().or_else(|| inner.default.clone()),
        examples: outer.examples.iter().chain(&inner.examples).cloned().collect(),
        choices: match (&outer.choices, &inner.choices) {
            (Some(a), Some(b)) => {
                Some(a.iter().filter(|value| b.contains(value)).cloned().collect())
            }
            (a, b) => a.clone().or_else(|| b.clone()),
        },
        format: outer.format.or(inner.format),
        reference: outer.reference.clone().or_else(|| inner.reference.clone()),
        definitions: outer.definitions.clone(),
        any_of: outer.any_of.clone().or_else(|| inner.any_of.clone()),
        one_of: outer.one_of.clone().or_else(|| inner.one_of.clone()),
        all_of: outer.all_of.iter().chain(&inner.all_of).cloned().chain(second).collect(),
        properties,
        required,
        additional: additional(outer, inner, findings),
        min_properties: outer.min_properties.max(inner.min_properties),
        max_properties: least(outer.max_properties, inner.max_properties),
        items,
        min_items: outer.min_items.max(inner.min_items),
        max_items: least(outer.max_items, inner.max_items),
        unique_items: outer.unique_items || inner.unique_items,
        min_length: outer.min_length.max(inner.min_length),
        max_length: least(outer.max_length, inner.max_length),
        minimum: tighter(outer.minimum, inner.minimum, |a, b| a > b),
        maximum: tighter(outer.maximum, inner.maximum, |a, b| a < b),
        exclusive_minimum: tighter(outer.exclusive_minimum, inner.exclusive_minimum, |a, b| a > b),
        exclusive_maximum: tighter(outer.exclusive_maximum, inner.exclusive_maximum, |a, b| a < b),
        multiple_of: match (outer.multiple_of, inner.multiple_of) {
            (Some(a), Some(b)) if a % b != 0.0 && b % a != 0.0 => {
                let help = "write the common multiple as one, with a fixup";
                let message = "two `multipleOf` that are to hold together are not carried";
                findings.push(Code::UnsupportedKeyword, &outer.place, message, help);
                Some(a)
            }
            (a, b) => tighter(a, b, |a, b| a > b),
        },
        notes: notes(outer, inner),
        unchecked: outer.unchecked.iter().chain(&inner.unchecked).cloned().collect(),
        validations: outer.validations.iter().chain(&inner.validations).cloned().collect(),
    }
}

/// The notes of both. Where both have one of a keyword, the outer one stands.
fn notes(outer: &Schema, inner: &Schema) -> Vec<(String, Value)> {
    let is_new =
        |(keyword, _): &&(String, Value)| outer.notes.iter().all(|(known, _)| known != keyword);
    outer.notes.iter().chain(inner.notes.iter().filter(is_new)).cloned().collect()
}

/// The types that both take. A whole number is a number.
fn types(outer: &Schema, inner: &Schema) -> Vec<TypeWord> {
    match (outer.types.as_slice(), inner.types.as_slice()) {
        ([], types) | (types, []) => types.to_vec(),
        (of_outer, of_inner) => {
            let whole = |a: &[TypeWord], b: &[TypeWord]| {
                a.contains(&TypeWord::Integer) && b.contains(&TypeWord::Number)
            };
            let both = of_outer.iter().filter(|word| of_inner.contains(word)).copied();
            let mut both: Vec<TypeWord> = both.collect();
            let is_whole = whole(of_outer, of_inner) || whole(of_inner, of_outer);
            if is_whole && !both.contains(&TypeWord::Integer) {
                both.push(TypeWord::Integer);
            }
            // Null is no word here, and is in common where both have it.
            if both.is_empty() && outer.nullable && inner.nullable {
                both.push(TypeWord::Null);
            }
            both
        }
    }
}

/// What both say of other properties: closed goes before described, described before open.
fn additional(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Option<Additional> {
    match (&outer.additional, &inner.additional) {
        (Some(Additional::Closed), _) | (_, Some(Additional::Closed)) => Some(Additional::Closed),
        (Some(Additional::Schema(a)), Some(Additional::Schema(b))) => {
            Some(Additional::Schema(Box::new(merged(a, b, findings))))
        }
        (Some(Additional::Schema(one)), _) | (_, Some(Additional::Schema(one))) => {
            Some(Additional::Schema(one.clone()))
        }
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

fn properties(
    outer: &Schema,
    inner: &Schema,
    findings: &mut Findings,
) -> Option<Vec<(String, Schema)>> {
    let (Some(a), Some(b)) = (&outer.properties, &inner.properties) else {
        return outer.properties.clone().or_else(|| inner.properties.clone());
    };
    let mut properties = a.clone();
    for (name, schema) in b {
        match properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = merged(known, schema, findings),
            None => properties.push((name.clone(), schema.clone())),
        }
    }
    Some(properties)
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    tighter(a, b, |a, b| a < b)
}

fn tighter<T: Copy>(a: Option<T>, b: Option<T>, is_tighter: impl Fn(T, T) -> bool) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if is_tighter(a, b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.nearest().partial_cmp(&other.nearest())
    }
}

impl Bound {
    /// The nearest float.
    pub(crate) fn nearest(self) -> f64 {
        match self {
            Self::Float(float) => float,
            Self::Integer(whole) => whole as f64,
        }
    }
}
