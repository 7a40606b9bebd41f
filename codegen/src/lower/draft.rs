//! The result of walking a schema, before typify decides the Rust types.

use std::collections::HashSet;

use super::naming::Hint;
use crate::diagnostic::Place;
use crate::model::{Docs, Rule, Shape, StringEnum, UnionKind, ValueSchema};
use crate::schema::Located;

/// A struct before its fields have Rust types.
pub(super) struct StructDraft {
    pub name: String,
    pub docs: Docs,
    pub fields: Vec<FieldDraft>,
    pub hint: Hint,
    /// Only its table is needed, since its Rust type is a map.
    pub table_only: bool,
}

impl StructDraft {
    /// Returns a struct of one field.
    pub(super) fn holding(request: TypeRequest) -> Self {
        let field = FieldDraft::new("", (any().0, request), &Place::default());
        Self {
            name: String::new(),
            docs: Docs::default(),
            fields: vec![FieldDraft { required: Some(0), ..field }],
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
    pub default: Option<Located>,
    pub examples: Vec<Located>,
    /// The position in `required`.
    pub required: Option<usize>,
    pub schema: ValueSchema,
    pub request: TypeRequest,
    pub place: Place,
}

impl FieldDraft {
    /// Returns a field that allows no value, so it must be missing.
    pub(super) fn never(wire: &str, place: &Place) -> Self {
        let (any, request) = any();
        let never = ValueSchema { rules: vec![Rule::Values(Vec::new())], ..any };
        Self::new(wire, (never, request), place)
    }

    /// Returns an optional field without a name or docs.
    pub(super) fn new(wire: &str, value: (ValueSchema, TypeRequest), place: &Place) -> Self {
        let (schema, request) = value;
        Self {
            wire: wire.to_owned(),
            name: String::new(),
            docs: Docs::default(),
            title: None,
            description: None,
            default: None,
            examples: Vec::new(),
            required: None,
            schema,
            request,
            place: place.clone(),
        }
    }
}

/// A union before its variants have Rust types.
pub(super) struct UnionDraft {
    pub name: String,
    pub docs: Docs,
    pub kind: UnionKind,
    pub branches: Vec<ValueSchema>,
    /// The places of the branches.
    pub places: Vec<Place>,
    /// The type of each variant. Empty if the union needs no Rust enum.
    pub requests: Vec<TypeRequest>,
    pub hint: Hint,
}

/// The grammar in which typify is asked for a type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TypeRequest {
    Any,
    Boolean,
    Integer,
    /// An integer from 0, which may be past `i64`.
    Unsigned,
    /// An integer that may be negative, and past `i64`.
    Wide,
    Number,
    Text,
    Media,
    Url,
    /// A string enum, by its index.
    Enum(usize),
    List(Box<TypeRequest>),
    Map(Box<TypeRequest>),
    Nullable(Box<TypeRequest>),
    /// A struct, by its index.
    Object(usize),
    /// A union, by its index.
    Union(usize),
}

/// The result of walking a schema.
pub(super) struct Lowered {
    pub root: TypeRequest,
    /// The schema of other properties of the root, if it allows any.
    pub others: Option<ValueSchema>,
    /// The rules of the root itself.
    pub rules: Vec<Rule>,
    pub structs: Vec<StructDraft>,
    pub unions: Vec<UnionDraft>,
    pub enums: Vec<StringEnum>,
}

impl Lowered {
    /// Returns the names of the types.
    pub(super) fn type_names(&self) -> HashSet<String> {
        let structs = self.structs.iter().map(|draft| &draft.name);
        let unions = self.unions.iter().map(|draft| &draft.name);
        structs.chain(unions).chain(self.enums.iter().map(|of| &of.name)).cloned().collect()
    }
}

/// Returns a value that may be anything.
pub(super) fn any() -> (ValueSchema, TypeRequest) {
    (ValueSchema { shape: Shape::Any, rules: Vec::new() }, TypeRequest::Any)
}

/// Returns a value that may also be null, which is among any values already.
pub(super) fn nullable(of: ValueSchema, request: TypeRequest) -> (ValueSchema, TypeRequest) {
    let of = match &of.shape {
        Shape::Nullable(_) | Shape::Null => of,
        Shape::Any if of.rules.iter().all(Rule::is_note) => of,
        _ => ValueSchema { shape: Shape::Nullable(Box::new(of)), rules: Vec::new() },
    };
    let request = match request {
        TypeRequest::Any | TypeRequest::Nullable(_) => request,
        request => TypeRequest::Nullable(Box::new(request)),
    };
    (of, request)
}

#[cfg(test)]
mod tests {
    use runcomfy::codegen_support::schema::Rule as Plain;

    use super::*;

    #[test]
    fn null_is_added_once() {
        let of = |shape: Shape, rules: Vec<Rule>| ValueSchema { shape, rules };
        let or_null = |inner: ValueSchema| of(Shape::Nullable(Box::new(inner)), Vec::new());
        let note = || Rule::Annotation("x-note".to_owned(), "1".to_owned());
        let text = || of(Shape::Text, vec![Rule::Plain(Plain::MaxLength(7))]);
        let cases = [
            (text(), or_null(text())),
            (or_null(text()), or_null(text())),
            (of(Shape::Null, Vec::new()), of(Shape::Null, Vec::new())),
            (of(Shape::Any, vec![note()]), of(Shape::Any, vec![note()])),
            // Null may break a rule.
            (
                of(Shape::Any, vec![note(), Rule::Values(vec!["1".to_owned()])]),
                or_null(of(Shape::Any, vec![note(), Rule::Values(vec!["1".to_owned()])])),
            ),
        ];
        for (of, with_null) in cases {
            let (found, request) = nullable(of, TypeRequest::Text);
            assert_eq!(found, with_null);
            assert_eq!(request, TypeRequest::Nullable(Box::new(TypeRequest::Text)));
            assert_eq!(nullable(found, request.clone()), (with_null, request));
        }
        assert_eq!(nullable(any().0, TypeRequest::Any), any());
    }
}
