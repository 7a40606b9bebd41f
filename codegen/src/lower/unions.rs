//! Unions: `anyOf`, `oneOf`, and a list of types.

use serde_json::Value;

use super::draft::{TypeRequest, UnionDraft, any, nullable};
use super::infer::kind;
use super::lowerer::Lowerer;
use super::merge::merged;
use super::naming::Hint;
use crate::diagnostic::Code;
use crate::model::{Docs, Shape, UnionKind, ValueSchema};
use crate::schema::{Schema, TypeWord};

impl Lowerer<'_> {
    /// A union. `own` is what stands beside its branches, and holds for each of them.
    pub(super) fn union(
        &mut self,
        own: &Schema,
        branches: &[Schema],
        kind: UnionKind,
        hint: &Hint,
        target: Option<&str>,
    ) -> (ValueSchema, TypeRequest) {
        let own_takes_null = own.nullable
            || (own.types.is_empty()
                && own.choices.as_ref().is_none_or(|choices| choices.contains(&Value::Null)));
        let nulls = branches.iter().filter(|branch| is_null(branch)).count();
        // ValueSchema `oneOf`, null may fit one branch alone.
        let is_apart = kind != UnionKind::OneOf
            || (nulls == 1
                && branches.iter().all(|branch| is_null(branch) || self.refuses_null(branch, 0)));
        // A `type` with null in it asks what the branches say of null; `nullable` alone
        // offers it whatever they say.
        let offers_null = own.nullable && own.types.is_empty();
        let takes_null = offers_null || (nulls > 0 && is_apart && own_takes_null);
        let rest: Vec<&Schema> =
            branches.iter().filter(|branch| !is_apart || !is_null(branch)).collect();
        let says_nothing = own.says_only_of_itself();
        let described = Schema {
            place: own.place.clone(),
            title: own.title.clone(),
            description: own.description.clone(),
            ..Schema::default()
        };
        let mut each = Vec::new();
        for branch in &rest {
            if !self.merging(&own.place, own, branch) {
                break;
            }
            let whole = match says_nothing {
                true => (*branch).clone(),
                false => {
                    let nullable = own.nullable && !offers_null;
                    let own = Schema { nullable, ..own.without_annotations() };
                    let place = branch.place.clone();
                    let branch = self.resolve(branch);
                    Schema { place, ..merged(&own, &branch, self.findings) }
                }
            };
            each.push(whole);
        }
        if let (true, Some(target)) = (takes_null, target) {
            self.null_targets.insert(target.to_owned());
        }
        let (of, request) = match each.as_slice() {
            [] if !takes_null => {
                let message = "it is null by its union, and is not by what stands beside that";
                let help = "correct the one or the other, with a fixup";
                self.findings.push(Code::Unsatisfiable, &own.place, message, help);
                any()
            }
            [] => {
                let null = Schema { types: vec![TypeWord::Null], ..own.clone() };
                return self.lower_single(&null, hint, None);
            }
            [only] if only.reference.is_some() || !only.all_of.is_empty() => {
                self.lower_annotated(only, hint)
            }
            // It may be this union again, by what stands beside it.
            [only] if self.enter(only) => {
                let (mut of, request) = self.lower_resolved(only, hint, target);
                self.leave();
                self.apply_annotations(only, &mut of);
                (of, request)
            }
            [_] => any(),
            each => self.branches(each, &described, kind, hint, target),
        };
        if takes_null { nullable(of, request) } else { (of, request) }
    }

    /// Whether a schema certainly does not take null.
    fn refuses_null(&mut self, schema: &Schema, depth: usize) -> bool {
        /// References lead in circles; unions nest no deeper.
        const DEEPEST: usize = 8;
        if depth > DEEPEST || self.used.stopped {
            return false;
        }
        let whole = self.resolve(schema);
        let unions = [&whole.any_of, &whole.one_of].into_iter().flatten();
        let no_null = |choices: &Vec<Value>| !choices.contains(&Value::Null);
        let own = !whole.types.is_empty() && whole.types != [TypeWord::Null];
        (own && !whole.nullable && !whole.types.contains(&TypeWord::Unknown))
            || (whole.choices.as_ref().is_some_and(no_null) && !whole.nullable)
            || unions
                .clone()
                .any(|branches| branches.iter().all(|branch| self.refuses_null(branch, depth + 1)))
    }

    /// A union of its branches, each of which becomes a row.
    pub(super) fn branches(
        &mut self,
        branches: &[Schema],
        own: &Schema,
        kind: UnionKind,
        hint: &Hint,
        target: Option<&str>,
    ) -> (ValueSchema, TypeRequest) {
        self.count_type(&own.place);
        let index = self.unions.len();
        // One kind alone has the name to itself.
        let is_alone = matches!((kind, branches), (UnionKind::ByKind, [_]));
        let own_hint = match is_alone {
            true => hint.called(format!("{}_kinds", hint.own)),
            false => hint.clone(),
        };
        self.unions.push(UnionDraft {
            name: String::new(),
            docs: Docs::of(own),
            kind,
            branches: Vec::new(),
            requests: Vec::new(),
            hint: own_hint.at(own),
        });
        let of = ValueSchema { shape: Shape::Union(index), rules: Vec::new() };
        if let Some(target) = target {
            // One kind needs no enum, and within itself it is any value.
            let request = if is_alone { TypeRequest::Any } else { TypeRequest::Union(index) };
            self.record_target(target, of.clone(), request);
        }
        let mut requests: Vec<TypeRequest> = Vec::new();
        for branch in branches {
            if !self.row(&branch.place) {
                break;
            }
            let hint = match is_alone {
                true => hint.clone(),
                false => hint.of_branch(branch, branches),
            };
            let (of, request) = self.lower_annotated(branch, &hint);
            self.unions[index].branches.push(of);
            if !requests.contains(&request) {
                requests.push(request);
            }
        }
        // Where a branch leads here again, the enum is needed whatever it holds.
        if !self.reentered.contains(&index) {
            if requests.contains(&TypeRequest::Text) {
                // A string that may be one of some words may be any string.
                requests.retain(|request| !matches!(request, TypeRequest::Enum(_)));
            }
            if requests.contains(&TypeRequest::Number) {
                requests.retain(|request| *request != TypeRequest::Integer);
            }
            if requests.contains(&TypeRequest::Any) {
                requests = vec![TypeRequest::Any];
            }
            if let [request] = requests.as_slice() {
                return (of, request.clone());
            }
        }
        self.unions[index].requests = requests;
        (of, TypeRequest::Union(index))
    }
}

/// Whether a schema takes null and nothing else.
fn is_null(schema: &Schema) -> bool {
    let is_plain = schema.any_of.is_none()
        && schema.one_of.is_none()
        && schema.all_of.is_empty()
        && schema.reference.is_none();
    match schema.choices.as_deref() {
        Some([Value::Null]) => is_plain && (schema.types.is_empty() || schema.nullable),
        Some(_) => false,
        None => is_plain && schema.types == [TypeWord::Null],
    }
}

/// The first choice of a string, which tells its `enum` from another.
fn word(branch: &Schema) -> &str {
    branch.choices.iter().flatten().find_map(Value::as_str).unwrap_or_default()
}

impl Hint {
    /// The hint of a type that is one branch of a union.
    fn of_branch(&self, branch: &Schema, branches: &[Schema]) -> Self {
        let objects = branches.iter().filter(|branch| object(branch).is_some()).count();
        let enums = branches.iter().filter(|branch| !word(branch).is_empty()).count();
        let own = match (kind(branch), object(branch).and_then(branch_name_hint)) {
            (_, Some(name)) if objects > 1 => format!("{}_{name}", self.own),
            (TypeWord::Object, _) => format!("{}_object", self.own),
            (TypeWord::String, _) if enums > 1 => format!("{}_{}", self.own, word(branch)),
            (TypeWord::String, _) => format!("{}_choice", self.own),
            _ => self.own.clone(),
        };
        self.called(own)
    }
}

/// The object that a branch is, or that it is a list of.
fn object(branch: &Schema) -> Option<&Schema> {
    match kind(branch) {
        TypeWord::Object => Some(branch),
        TypeWord::Array => branch.items.as_deref().filter(|items| kind(items) == TypeWord::Object),
        _ => None,
    }
}

/// What tells an object from the others of its union: a property of one choice, which is
/// there for that; or what it requires; or what it has first.
fn branch_name_hint(object: &Schema) -> Option<String> {
    let only = |(_, schema): &(String, Schema)| match schema.choices.as_deref() {
        Some([Value::String(word)]) => Some(word.clone()),
        _ => None,
    };
    let properties = || object.properties.iter().flatten();
    let required: Vec<&str> = object.required.iter().map(|(name, _)| name.as_str()).collect();
    let required = (!required.is_empty()).then(|| format!("with_{}", required.join("_")));
    let first = || properties().next().map(|(name, _)| format!("with_{name}"));
    properties().find_map(only).or(required).or_else(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Objects;
    use crate::diagnostic::Findings;
    use crate::lower::naming::Direction;
    use crate::parse::schema;

    #[test]
    fn a_schema_is_null_where_it_takes_nothing_else_and_says_so_itself() {
        let null = [
            json!({"type": "null"}),
            json!({"const": null}),
            json!({"enum": [null]}),
            json!({"type": ["string", "null"], "enum": [null]}),
            json!({"type": "null", "title": "Nothing", "maxLength": 1}),
        ];
        for written in null {
            assert!(is_null(&schema(&written)), "{written}");
        }
        let others = [
            json!({}),
            json!({"type": ["string", "null"]}),
            json!({"type": "string", "enum": [null]}),
            json!({"enum": [null, 1]}),
            json!({"type": "null", "anyOf": [{}]}),
            json!({"type": "null", "oneOf": [{}]}),
            json!({"type": "null", "allOf": [{}]}),
            json!({"const": null, "$ref": "#/$defs/a"}),
        ];
        for written in others {
            assert!(!is_null(&schema(&written)), "{written}");
        }
    }

    #[test]
    fn null_that_a_whole_union_takes_is_said_of_no_branch() {
        let document = schema(&json!({
            "nullable": true,
            "enum": [1, "bc", null],
            "anyOf": [{"minLength": 2, "nullable": true}, {"maximum": 1}],
        }));
        let mut findings = Findings::default();
        let mut lowerer = Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
        let (of, _) = lowerer.lower_value(&document, &Hint::top("value"));
        assert!(matches!(of.shape, Shape::Nullable(of) if of.shape == Shape::Union(0)));
        let is_any = |of: &ValueSchema| of.shape == Shape::Any;
        assert!(lowerer.unions[0].branches.iter().all(is_any), "the choices say it");
    }

    #[test]
    fn null_is_refused_for_certain_where_a_type_the_choices_or_a_whole_union_refuse_it() {
        let nested = |depth: usize| {
            (0..depth).fold(json!({"type": "string"}), |inner, _| json!({"anyOf": [inner]}))
        };
        let refusing = [
            json!({"type": "string"}),
            json!({"enum": ["a", 1]}),
            json!({"anyOf": [{"type": "string"}, {"enum": [1]}]}),
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"anyOf": [{}], "oneOf": [{"type": "string"}]}),
            json!({"type": "string", "anyOf": [{}]}),
            json!({"$ref": "#/$defs/text"}),
            nested(8),
        ];
        let others = [
            json!({}),
            json!({"type": "null"}),
            json!({"type": ["string", "null"]}),
            json!({"type": "tensor"}),
            json!({"enum": ["a", null]}),
            json!({"enum": ["a"], "nullable": true}),
            json!({"anyOf": [{"type": "string"}, {}]}),
            json!({"$ref": "#/$defs/none"}),
            nested(9),
        ];
        let document = schema(&json!({
            "$defs": {"text": {"type": "string"}, "none": {"type": "null"}},
        }));
        let mut findings = Findings::default();
        let mut lowerer = Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
        for written in &refusing {
            assert!(lowerer.refuses_null(&schema(written), 0), "{written}");
        }
        for written in &others {
            assert!(!lowerer.refuses_null(&schema(written), 0), "{written}");
        }
        lowerer.used.stopped = true;
        assert!(!lowerer.refuses_null(&schema(&refusing[0]), 0), "nothing is certain of it");
    }
}
