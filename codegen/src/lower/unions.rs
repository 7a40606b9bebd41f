//! Lowers unions: `anyOf`, `oneOf`, and a list of types.

use serde_json::Value;

use super::draft::{TypeRequest, UnionDraft, any, nullable};
use super::infer::{keep_format_on_strings, kind};
use super::lowerer::{Context, Lowerer};
use super::merge::merged;
use super::naming::Hint;
use super::rules::choices_of;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::model::{Docs, Shape, UnionKind, ValueSchema};
use crate::schema::{Schema, TypeWord};

/// The maximum depth to which a union is searched: references lead in circles, and unions nest no
/// deeper.
const MAX_DEPTH: usize = 8;

/// The treatment of null by a union.
struct UnionNull {
    /// The union allows null, beside what its branches do.
    is_allowed: bool,
    /// Null is allowed by `nullable` alone, not by a branch.
    is_offered: bool,
    /// The branches that are only null are not branches of the Rust enum.
    is_apart: bool,
}

impl Lowerer<'_> {
    /// Lowers a union. The keywords of `own`, beside the union, apply to each branch.
    pub(super) fn lower_union(
        &mut self,
        own: &Schema,
        branches: &[Schema],
        kind: UnionKind,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        let (rest, null) = self.branches_and_null(own, branches, kind);
        let each = self.merge_into_branches(own, &rest, &null, 0);
        let each = self.merge_enums(own, each, kind);
        if null.is_allowed {
            self.record_null_target(context.target);
        }
        let (of, request) = match each.as_slice() {
            [] if !null.is_allowed => {
                self.findings.push(if rest.is_empty() && branches.iter().any(is_null) {
                    Diagnostic::null_union_beside_no_null(&own.place)
                } else {
                    Diagnostic::no_branch_left(&own.place)
                });
                any()
            }
            [] => {
                let null = Schema { types: vec![TypeWord::Null], ..own.clone() };
                return self.lower_single(&null, Context { target: None, ..context });
            }
            [only] => self.lower_only_branch(only, context),
            each => {
                let described = Schema {
                    place: own.place.clone(),
                    title: own.title.clone(),
                    description: own.description.clone(),
                    ..Schema::default()
                };
                self.lower_branches(each, &described, kind, context)
            }
        };
        if null.is_allowed { nullable(of, request) } else { (of, request) }
    }

    /// Returns the branches that become branches of the Rust enum, and the treatment of null.
    fn branches_and_null<'b>(
        &mut self,
        own: &Schema,
        branches: &'b [Schema],
        kind: UnionKind,
    ) -> (Vec<&'b Schema>, UnionNull) {
        let null = self.union_null(own, branches, kind);
        let is_branch = |branch: &&Schema| !branch.is_never && (!null.is_apart || !is_null(branch));
        (branches.iter().filter(is_branch).collect(), null)
    }

    fn union_null(&mut self, own: &Schema, branches: &[Schema], kind: UnionKind) -> UnionNull {
        let own_allows_null = own.nullable
            || (own.types.is_empty()
                && own.choices.as_ref().is_none_or(|choices| choices.contains(&Value::Null)));
        let nulls = branches.iter().filter(|branch| is_null(branch)).count();
        // In `oneOf`, only one branch may allow null.
        let is_apart = kind != UnionKind::OneOf
            || (nulls == 1
                && branches.iter().all(|branch| is_null(branch) || self.refuses_null(branch, 0)));
        // A `type` with null leaves null to the branches; `nullable` alone allows it.
        let is_offered = own.nullable && own.types.is_empty();
        let is_allowed = is_offered || (nulls > 0 && is_apart && own_allows_null);
        UnionNull { is_allowed, is_offered, is_apart }
    }

    /// Merges the keywords beside a union into each of its branches.
    fn merge_into_branches(
        &mut self,
        own: &Schema,
        branches: &[&Schema],
        null: &UnionNull,
        depth: usize,
    ) -> Vec<Schema> {
        let has_no_constraints = own.has_no_constraints();
        let nullable = own.nullable && !null.is_offered;
        let bare = Schema { nullable, ..own.without_annotations() };
        let mut each = Vec::new();
        for branch in branches {
            if !self.budget.spend(&own.place, own.weight() + branch.weight(), self.findings) {
                break;
            }
            if has_no_constraints {
                each.push((*branch).clone());
                continue;
            }
            let whole = self.resolve(branch);
            let mut found = Findings::default();
            let merged = merged(&bare, &whole, &mut found);
            // A branch that contradicts the keywords beside the union holds for no value.
            if !is_contradiction(&merged, &found) && !self.leaves_no_branch(&merged, depth) {
                found.0.into_iter().for_each(|found| self.findings.push(found));
                each.push(Schema { place: branch.place.clone(), ..merged });
            }
        }
        if own.format.is_some() || !own.validations.is_empty() {
            keep_format_on_strings(&mut each);
        }
        each
    }

    /// Returns `true` if a merged branch is a union of which no branch holds with the keywords beside
    /// it.
    fn leaves_no_branch(&mut self, merged: &Schema, depth: usize) -> bool {
        let (branches, kind) = match (&merged.any_of, &merged.one_of) {
            (Some(branches), None) => (branches, UnionKind::AnyOf),
            (None, Some(branches)) => (branches, UnionKind::OneOf),
            _ => return false,
        };
        let own = Schema { any_of: None, one_of: None, ..merged.clone() };
        if depth > MAX_DEPTH || branches.is_empty() || own.has_no_constraints() {
            return false;
        }
        self.silently(|lowerer| {
            let (rest, null) = lowerer.branches_and_null(&own, branches, kind);
            let each = lowerer.merge_into_branches(&own, &rest, &null, depth + 1);
            each.is_empty() && !null.is_allowed && !lowerer.budget.is_exceeded()
        })
    }

    /// Lowers the one branch of a union that is left.
    fn lower_only_branch(
        &mut self,
        only: &Schema,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        if only.reference.is_some() || !only.all_of.is_empty() {
            return self.lower_annotated(only, context.hint);
        }
        // The keywords beside the union may lead back to it.
        if !self.budget.enter(only, self.findings) {
            return any();
        }
        let (mut of, request) = self.lower_resolved(only, context);
        self.budget.leave();
        self.annotate(only, &mut of);
        (of, request)
    }

    /// Returns `true` if a schema certainly refuses null.
    fn refuses_null(&mut self, schema: &Schema, depth: usize) -> bool {
        if depth > MAX_DEPTH || self.budget.is_exceeded() {
            return false;
        }
        let whole = self.resolve(schema);
        let has_types = !whole.types.is_empty() && whole.types != [TypeWord::Null];
        if has_types && !whole.nullable && !whole.types.contains(&TypeWord::Unknown) {
            return true;
        }
        let choices = whole.choices.as_ref();
        if choices.is_some_and(|choices| !choices.contains(&Value::Null)) && !whole.nullable {
            return true;
        }
        let mut unions = [&whole.any_of, &whole.one_of].into_iter().flatten();
        unions.any(|branches| branches.iter().all(|branch| self.refuses_null(branch, depth + 1)))
    }

    /// Lowers the branches of a union. Each becomes a row.
    pub(super) fn lower_branches(
        &mut self,
        branches: &[Schema],
        own: &Schema,
        kind: UnionKind,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        self.budget.add_type(&own.place, self.findings);
        let index = self.unions.len();
        // A single kind has the name to itself.
        let is_alone = matches!((kind, branches), (UnionKind::ByKind, [_]));
        let hint = context.hint;
        let own_hint =
            if is_alone { hint.called(format!("{}_kinds", hint.own)) } else { hint.clone() };
        self.unions.push(UnionDraft {
            name: String::new(),
            docs: Docs::new(own),
            kind,
            branches: Vec::new(),
            places: Vec::new(),
            requests: Vec::new(),
            hint: own_hint.at(own),
        });
        let of = ValueSchema { shape: Shape::Union(index), rules: Vec::new() };
        if let Some(target) = context.target {
            // A single kind needs no enum, and within itself it is any value.
            let request = if is_alone { TypeRequest::Any } else { TypeRequest::Union(index) };
            self.record_target(target, of.clone(), request);
        }
        let mut requests: Vec<TypeRequest> = Vec::new();
        for branch in branches {
            if !self.budget.add_row(&branch.place, self.findings) {
                break;
            }
            let hint = if is_alone { hint.clone() } else { hint.of_branch(branch, branches) };
            let (of, request) = self.lower_annotated(branch, &hint);
            self.unions[index].branches.push(of);
            self.unions[index].places.push(branch.place.clone());
            if !requests.contains(&request) {
                requests.push(request);
            }
        }
        // If a branch is recursive, the enum is needed in any case.
        if !self.reentered.contains(&index) {
            drop_covered(&mut requests);
            if let [request] = requests.as_slice() {
                return (of, request.clone());
            }
        }
        self.unions[index].requests = requests;
        (of, TypeRequest::Union(index))
    }
}

/// Returns `true` if a merged branch allows no value.
fn is_contradiction(branch: &Schema, found: &Findings) -> bool {
    let is_union = branch.any_of.is_some() || branch.one_of.is_some();
    let allows_null = branch.nullable
        && branch.choices.as_ref().is_none_or(|choices| choices.contains(&Value::Null));
    let has_no_choice = branch.choices.is_some()
        && branch.types.len() < 2
        && choices_of(branch).is_empty()
        && !allows_null
        && !is_union;
    branch.is_never
        || has_no_choice
        || found.0.iter().any(|found| found.code == Code::Unsatisfiable)
}

/// Drops the types whose values another of the types holds too.
fn drop_covered(requests: &mut Vec<TypeRequest>) {
    if requests.contains(&TypeRequest::Text) {
        requests.retain(|request| !matches!(request, TypeRequest::Enum(_)));
    }
    if requests.contains(&TypeRequest::Number) {
        requests.retain(|request| {
            !matches!(request, TypeRequest::Integer | TypeRequest::Unsigned | TypeRequest::Wide)
        });
    }
    if requests.contains(&TypeRequest::Wide) {
        requests.retain(|request| !matches!(request, TypeRequest::Integer | TypeRequest::Unsigned));
    }
    if requests.contains(&TypeRequest::Any) {
        *requests = vec![TypeRequest::Any];
    }
}

/// Returns `true` if a schema allows only null.
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

impl Hint {
    /// Returns the hint of a type that is one branch of a union.
    fn of_branch(&self, branch: &Schema, branches: &[Schema]) -> Self {
        let objects = branches.iter().filter(|branch| object(branch).is_some()).count();
        let enums = branches.iter().filter(|branch| !first_string(branch).is_empty()).count();
        let own = match (kind(branch), object(branch).and_then(branch_name_hint)) {
            (_, Some(name)) if objects > 1 => format!("{}_{name}", self.own),
            (TypeWord::Object, _) => format!("{}_object", self.own),
            (TypeWord::String, _) if enums > 1 => format!("{}_{}", self.own, first_string(branch)),
            (TypeWord::String, _) => format!("{}_choice", self.own),
            _ => self.own.clone(),
        };
        self.called(own)
    }
}

/// Returns the first string of an `enum`, which distinguishes it from another.
fn first_string(branch: &Schema) -> &str {
    branch.choices.iter().flatten().find_map(Value::as_str).unwrap_or_default()
}

/// Returns the object that a branch is, or that it is a list of.
fn object(branch: &Schema) -> Option<&Schema> {
    match kind(branch) {
        TypeWord::Object => Some(branch),
        TypeWord::Array => branch.items.as_deref().filter(|items| kind(items) == TypeWord::Object),
        _ => None,
    }
}

/// Returns what distinguishes an object from the others of its union: the value of a property
/// that has only one, or else the required properties, or else the first property.
fn branch_name_hint(object: &Schema) -> Option<String> {
    let mut properties = object.properties.iter().flatten();
    let first = properties.clone().next().map(|(name, _)| format!("with_{name}"));
    let discriminator = properties.find_map(|(_, schema)| match schema.choices.as_deref() {
        Some([Value::String(value)]) => Some(value.clone()),
        _ => None,
    });
    let required: Vec<&str> = object.required.iter().map(|(name, _)| name.as_str()).collect();
    let required = (!required.is_empty()).then(|| format!("with_{}", required.join("_")));
    discriminator.or(required).or(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lower::naming::Direction;
    use crate::parse::schema;
    use crate::settings::Objects;

    #[test]
    fn a_null_schema_itself_allows_only_null() {
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
    fn null_of_a_whole_union_is_in_no_branch() {
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
    fn null_is_refused_by_types_enums_and_unions() {
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
        lowerer.budget.spend(&document.place, usize::MAX, lowerer.findings);
        assert!(!lowerer.refuses_null(&schema(&refusing[0]), 0), "nothing is certain of it");
    }
}
