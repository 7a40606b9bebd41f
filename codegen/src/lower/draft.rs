//! What the walk over a schema gathers, before typify has said what the Rust types are.

use serde_json::Value;

use super::naming::Hint;
use crate::diagnostic::Place;
use crate::model::{Docs, Of, Rule, Shape, Takes, Words};

/// A struct before its fields have Rust types.
pub(super) struct Draft {
    pub name: String,
    pub docs: Docs,
    pub fields: Vec<FieldDraft>,
    pub hint: Hint,
    /// Whether only its table is wanted, since its Rust type is a map.
    pub table_only: bool,
}

impl Draft {
    /// A struct of one field.
    pub(super) fn holding(plan: Plan) -> Self {
        let field = FieldDraft {
            wire: String::new(),
            name: String::new(),
            docs: Docs::default(),
            title: None,
            description: None,
            default: None,
            examples: Vec::new(),
            required: Some(0),
            of: any().0,
            plan,
            place: Place::default(),
        };
        Self {
            name: String::new(),
            docs: Docs::default(),
            fields: vec![field],
            hint: Hint::top("Root"),
            table_only: true,
        }
    }
}

/// A field before it has a Rust type.
pub(super) struct FieldDraft {
    pub wire: String,
    pub name: String,
    pub docs: Docs,
    pub title: Option<String>,
    pub description: Option<String>,
    pub default: Option<String>,
    pub examples: Vec<Value>,
    pub required: Option<usize>,
    pub of: Of,
    pub plan: Plan,
    pub place: Place,
}

/// A union before its variants have Rust types.
pub(super) struct UnionDraft {
    pub name: String,
    pub docs: Docs,
    pub takes: Takes,
    pub branches: Vec<Of>,
    /// One a variant; fewer than two where it needs no enum of its own.
    pub plans: Vec<Plan>,
    pub hint: Hint,
}

/// The grammar in which typify is asked for a type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    Any,
    Boolean,
    Integer,
    Number,
    Text,
    Media,
    Url,
    /// An enum of words, by its index.
    Words(usize),
    List(Box<Plan>),
    Map(Box<Plan>),
    Nullable(Box<Plan>),
    /// A struct, by its index.
    Object(usize),
    /// A union, by its index.
    Union(usize),
}

/// What the walk found.
pub(super) struct Found {
    pub root: Plan,
    /// What other properties the root takes.
    pub others: Option<Of>,
    /// The rules of the root itself.
    pub rules: Vec<Rule>,
    pub structs: Vec<Draft>,
    pub unions: Vec<UnionDraft>,
    pub words: Vec<Words>,
}

/// Any value.
pub(super) fn any() -> (Of, Plan) {
    (Of { shape: Shape::Any, rules: Vec::new() }, Plan::Any)
}

/// The same, or null. Null is among any values, and once is enough.
pub(super) fn nullable(of: Of, plan: Plan) -> (Of, Plan) {
    let of = match &of.shape {
        Shape::Nullable(_) | Shape::Null => of,
        Shape::Any if of.rules.iter().all(Rule::is_note) => of,
        _ => Of { shape: Shape::Nullable(Box::new(of)), rules: Vec::new() },
    };
    let plan = match plan {
        Plan::Any | Plan::Nullable(_) => plan,
        plan => Plan::Nullable(Box::new(plan)),
    };
    (of, plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_taken_once() {
        let of = |shape: Shape, rules: Vec<Rule>| Of { shape, rules };
        let or_null = |inner: Of| of(Shape::Nullable(Box::new(inner)), Vec::new());
        let note = || Rule::Annotation("x-note".to_owned(), "1".to_owned());
        let text = || of(Shape::Text, vec![Rule::MaxLength(7)]);
        let cases = [
            (text(), or_null(text())),
            (or_null(text()), or_null(text())),
            (of(Shape::Null, Vec::new()), of(Shape::Null, Vec::new())),
            (of(Shape::Any, vec![note()]), of(Shape::Any, vec![note()])),
            // A rule may be broken by null.
            (
                of(Shape::Any, vec![note(), Rule::Values(vec!["1".to_owned()])]),
                or_null(of(Shape::Any, vec![note(), Rule::Values(vec!["1".to_owned()])])),
            ),
        ];
        for (of, with_null) in cases {
            let (found, plan) = nullable(of, Plan::Text);
            assert_eq!(found, with_null);
            assert_eq!(plan, Plan::Nullable(Box::new(Plan::Text)));
            assert_eq!(nullable(found, plan.clone()), (with_null, plan));
        }
        assert_eq!(nullable(any().0, Plan::Any), any());
    }
}
