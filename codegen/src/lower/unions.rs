//! Unions: `anyOf`, `oneOf`, and a list of types.

use serde_json::Value;

use super::draft::{Plan, UnionDraft, any, nullable};
use super::infer::kind;
use super::lowerer::Values;
use super::merge::merged;
use super::naming::Hint;
use crate::diagnostic::Code;
use crate::model::{Docs, Of, Shape, Takes};
use crate::schema::{Schema, TypeWord};

impl Values<'_> {
    /// A union. `own` is what stands beside its branches, and holds for each of them.
    pub(super) fn union(
        &mut self,
        own: &Schema,
        branches: &[Schema],
        takes: Takes,
        hint: &Hint,
        target: Option<&str>,
    ) -> (Of, Plan) {
        let own_takes_null = own.nullable
            || (own.types.is_empty()
                && own.choices.as_ref().is_none_or(|choices| choices.contains(&Value::Null)));
        let nulls = branches.iter().filter(|branch| is_null(branch)).count();
        // Of `oneOf`, null may fit one branch alone.
        let is_apart = takes != Takes::OneOf
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
                    let own = Schema { nullable, ..own.silent() };
                    let place = branch.place.clone();
                    let branch = self.whole(branch);
                    Schema { place, ..merged(&own, &branch, self.findings) }
                }
            };
            each.push(whole);
        }
        if let (true, Some(target)) = (takes_null, target) {
            self.null_targets.insert(target.to_owned());
        }
        let (of, plan) = match each.as_slice() {
            [] if !takes_null => {
                let message = "it is null by its union, and is not by what stands beside that";
                let help = "correct the one or the other, with a fixup";
                self.findings.push(Code::Unsatisfiable, &own.place, message, help);
                any()
            }
            [] => {
                let null = Schema { types: vec![TypeWord::Null], ..own.clone() };
                return self.single(&null, hint, None);
            }
            [only] if only.reference.is_some() || !only.all_of.is_empty() => {
                self.annotated(only, hint)
            }
            // It may be this union again, by what stands beside it.
            [only] if self.enter(only) => {
                let (mut of, plan) = self.resolved(only, hint, target);
                self.leave();
                self.annotate(only, &mut of);
                (of, plan)
            }
            [_] => any(),
            each => self.branches(each, &described, takes, hint, target),
        };
        if takes_null { nullable(of, plan) } else { (of, plan) }
    }

    /// Whether a schema certainly does not take null.
    fn refuses_null(&mut self, schema: &Schema, depth: usize) -> bool {
        /// References lead in circles; unions nest no deeper.
        const DEEPEST: usize = 8;
        if depth > DEEPEST || self.used.stopped {
            return false;
        }
        let whole = self.whole(schema);
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
        takes: Takes,
        hint: &Hint,
        target: Option<&str>,
    ) -> (Of, Plan) {
        self.count_type(&own.place);
        let index = self.unions.len();
        // One kind alone has the name to itself.
        let is_alone = matches!((takes, branches), (Takes::ByKind, [_]));
        let own_hint = match is_alone {
            true => hint.called(format!("{}_kinds", hint.own)),
            false => hint.clone(),
        };
        self.unions.push(UnionDraft {
            name: String::new(),
            docs: Docs::of(own),
            takes,
            branches: Vec::new(),
            plans: Vec::new(),
            hint: own_hint.at(own),
        });
        let of = Of { shape: Shape::Union(index), rules: Vec::new() };
        if let Some(target) = target {
            // One kind needs no enum, and within itself it is any value.
            let plan = if is_alone { Plan::Any } else { Plan::Union(index) };
            self.known(target, of.clone(), plan);
        }
        let mut plans: Vec<Plan> = Vec::new();
        for branch in branches {
            if !self.row(&branch.place) {
                break;
            }
            let hint = match is_alone {
                true => hint.clone(),
                false => hint.of_branch(branch, branches),
            };
            let (of, plan) = self.annotated(branch, &hint);
            self.unions[index].branches.push(of);
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
        // Where a branch leads here again, the enum is needed whatever it holds.
        if !self.reentered.contains(&index) {
            if plans.contains(&Plan::Text) {
                // A string that may be one of some words may be any string.
                plans.retain(|plan| !matches!(plan, Plan::Words(_)));
            }
            if plans.contains(&Plan::Number) {
                plans.retain(|plan| *plan != Plan::Integer);
            }
            if plans.contains(&Plan::Any) {
                plans = vec![Plan::Any];
            }
            if let [plan] = plans.as_slice() {
                return (of, plan.clone());
            }
        }
        self.unions[index].plans = plans;
        (of, Plan::Union(index))
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
        let own = match (kind(branch), object(branch).and_then(told)) {
            (_, Some(told)) if objects > 1 => format!("{}_{told}", self.own),
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
fn told(object: &Schema) -> Option<String> {
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
        let mut values = Values::new(Direction::Input, &document, Objects::Closed, &mut findings);
        let (of, _) = values.value(&document, &Hint::top("value"));
        assert!(matches!(of.shape, Shape::Nullable(of) if of.shape == Shape::Union(0)));
        let is_any = |of: &Of| of.shape == Shape::Any;
        assert!(values.unions[0].branches.iter().all(is_any), "the choices say it");
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
        let mut values = Values::new(Direction::Input, &document, Objects::Closed, &mut findings);
        for written in &refusing {
            assert!(values.refuses_null(&schema(written), 0), "{written}");
        }
        for written in &others {
            assert!(!values.refuses_null(&schema(written), 0), "{written}");
        }
        values.used.stopped = true;
        assert!(!values.refuses_null(&schema(&refusing[0]), 0), "nothing is certain of it");
    }
}
