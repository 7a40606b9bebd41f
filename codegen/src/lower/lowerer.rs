//! Walks a schema: finds the shape and rules of each value, and the structs, enums and unions
//! that it needs.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use runcomfy::media::MediaKind;
use serde_json::Value;

use super::annotations::{annotations, apply_annotations};
use super::budget::Budget;
use super::draft::{Lowered, StructDraft, TypeRequest, UnionDraft, any, nullable};
use super::infer::{implied_kinds, keep_format_on_strings, kind, noun, says_no_type, stated_kind};
use super::naming::{Direction, Hint, Named, type_names};
use super::rules::{bounds, choices_of, choices_rule, media_rule, validation_rule};
use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::model::{Docs, Rule, Shape, StringEnum, UnionKind, ValueSchema, Variant};
use crate::names::{self, Style};
use crate::number::Number;
use crate::schema::{
    Additional, Format, MergedBranches, Schema, StatedFormat, TypeWord, Unchecked,
};
use crate::settings::Objects;

/// State of a `$ref` target: being lowered, or done.
#[derive(Clone)]
enum Target {
    Open,
    Done(ValueSchema, TypeRequest),
}

/// The context of a value: its naming hint, and the target of the `$ref` that led to it.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub hint: &'a Hint,
    pub target: Option<&'a str>,
}

/// One walk over a schema.
pub(super) struct Lowerer<'f> {
    pub direction: Direction,
    pub objects: Objects,
    pub document: &'f Schema,
    pub findings: &'f mut Findings,
    pub budget: Budget,
    pub structs: Vec<StructDraft>,
    pub unions: Vec<UnionDraft>,
    enums: Vec<(StringEnum, Hint)>,
    targets: HashMap<String, Target>,
    /// The `$ref` targets that allow null.
    null_targets: HashSet<String>,
    /// The rules of a `$ref` target itself, beside those of its parts.
    target_rules: HashMap<String, Vec<Rule>>,
    /// The unions that a `$ref` has led to.
    pub reentered: HashSet<usize>,
    /// The formats within the current field that have no meaning for their values.
    pub unchecked_formats: Vec<Unchecked>,
}

impl<'f> Lowerer<'f> {
    pub(super) fn new(
        direction: Direction,
        document: &'f Schema,
        objects: Objects,
        findings: &'f mut Findings,
    ) -> Self {
        Self {
            direction,
            objects,
            document,
            findings,
            budget: Budget::default(),
            structs: Vec::new(),
            unions: Vec::new(),
            enums: Vec::new(),
            targets: HashMap::new(),
            null_targets: HashSet::new(),
            target_rules: HashMap::new(),
            reentered: HashSet::new(),
            unchecked_formats: Vec::new(),
        }
    }

    /// Lowers an input, which is an object and becomes the struct `Input`.
    pub(super) fn input(mut self, required_inputs: &[String]) -> Option<Lowered> {
        let mut schema = self.resolve(self.document);
        if schema.any_of.is_some() || schema.one_of.is_some() {
            self.findings.push(Diagnostic::unsupported_root_union(&schema.place));
            return None;
        }
        if !matches!(schema.types.as_slice(), [TypeWord::Object] | []) {
            self.findings.push(Diagnostic::input_not_an_object(&schema.place));
            return None;
        }
        let is_open = matches!(schema.additional, Some(Additional::Open | Additional::Schema(_)));
        if is_open && self.objects == Objects::Closed {
            self.findings.push(Diagnostic::closed_input(&schema.place));
        }
        if schema.required.is_empty() {
            let place = &schema.place;
            let required = required_inputs.iter().map(|name| (name.clone(), place.clone()));
            schema.required = required.collect();
        }
        let root = self.lower_struct(&schema, Hint::top("Input"), None, None);
        let others = match self.objects {
            Objects::Open => self.others(&schema, &Hint::top("Other")),
            Objects::Closed => None,
        };
        let mut rules = bounds(&schema);
        rules.extend(schema.choices.as_deref().map(choices_rule));
        rules.extend(self.validation_rules(&schema, &Shape::Object(root), TypeWord::Object));
        rules.extend(annotations(&schema));
        if self.budget.is_exceeded() {
            return None;
        }
        Some(Lowered { rules, others, ..self.finish(TypeRequest::Object(root), &HashSet::new()) })
    }

    /// Lowers an output, which may be any value. `taken` holds the names of the input's types, which
    /// are in the same module.
    pub(super) fn output(mut self, taken: &HashSet<String>) -> Option<Lowered> {
        let schema = self.resolve(self.document);
        let (_, request) = self.lower_value(&schema, &Hint::top("Item"));
        (!self.budget.is_exceeded()).then(|| self.finish(request, taken))
    }

    /// Names the structs, unions and enums.
    fn finish(self, root: TypeRequest, taken: &HashSet<String>) -> Lowered {
        let Self { direction, mut structs, mut unions, enums, .. } = self;
        let root_index = match root {
            TypeRequest::Object(index) => Some(index),
            _ => None,
        };
        let mut hints = Vec::new();
        for (index, draft) in structs.iter().enumerate() {
            if root_index != Some(index) {
                hints.push(Named { hint: &draft.hint, suffix: "Object" });
            }
        }
        hints.extend(unions.iter().map(|draft| Named { hint: &draft.hint, suffix: "Union" }));
        hints.extend(enums.iter().map(|(_, hint)| Named { hint, suffix: "Choice" }));
        let mut names = type_names(&hints, direction, taken).into_iter();
        for (index, draft) in structs.iter_mut().enumerate() {
            draft.name = if root_index == Some(index) {
                format!("{direction:?}")
            } else {
                names.next().unwrap_or_default()
            };
        }
        for draft in &mut unions {
            draft.name = names.next().unwrap_or_default();
        }
        let enums = enums.into_iter().zip(names);
        let enums = enums.map(|((unnamed, _), name)| StringEnum { name, ..unnamed }).collect();
        Lowered { root, others: None, rules: Vec::new(), structs, unions, enums }
    }

    /// Records what a `$ref` target is while it is still being lowered, since it may lead here
    /// again from within.
    pub(super) fn record_target(&mut self, target: &str, of: ValueSchema, request: TypeRequest) {
        let rules = self.target_rules.get(target).cloned().unwrap_or_default();
        let of = ValueSchema { rules: of.rules.into_iter().chain(rules).collect(), ..of };
        let (of, request) =
            if self.null_targets.contains(target) { nullable(of, request) } else { (of, request) };
        self.targets.insert(target.to_owned(), Target::Done(of, request));
    }

    /// Records that a `$ref` target allows null.
    pub(super) fn record_null_target(&mut self, target: Option<&str>) {
        if let Some(target) = target {
            self.null_targets.insert(target.to_owned());
        }
    }

    /// Reports the name that a property or choice gets because it shares its own.
    pub(super) fn report_shared_name(&mut self, wire: &str, name: &str, place: &Place) {
        self.findings.push(Diagnostic::shared_name(place, wire, name));
    }

    /// Lowers a value: what it may be, and the request for its Rust type.
    pub(super) fn lower_value(
        &mut self,
        schema: &Schema,
        hint: &Hint,
    ) -> (ValueSchema, TypeRequest) {
        if !self.budget.enter(schema, self.findings) {
            return any();
        }
        let lowered = self.lower_reference(schema, hint);
        self.budget.leave();
        lowered
    }

    /// Same as [`lower_value`](Self::lower_value), with the schema's annotations among the rules:
    /// for a value that is not a field, which keeps them itself.
    pub(super) fn lower_annotated(
        &mut self,
        schema: &Schema,
        hint: &Hint,
    ) -> (ValueSchema, TypeRequest) {
        let (mut of, request) = self.lower_value(schema, hint);
        self.annotate(schema, &mut of);
        (of, request)
    }

    /// Adds a schema's annotations to the rules of its value.
    pub(super) fn annotate(&mut self, schema: &Schema, of: &mut ValueSchema) {
        if self.direction == Direction::Input {
            apply_annotations(&self.annotations_of(schema), of);
        }
    }

    /// Returns a schema of only the annotations of `schema`, and of what it refers to.
    pub(super) fn annotations_of(&mut self, schema: &Schema) -> Schema {
        if schema.reference.is_none() && schema.all_of.is_empty() {
            return schema.only_annotations();
        }
        self.resolve_silently(schema).only_annotations()
    }

    /// Resolves `$ref` and `allOf` without reporting diagnostics, which were already reported
    /// when the value was lowered.
    pub(super) fn resolve_silently(&mut self, schema: &Schema) -> Schema {
        self.silently(|lowerer| lowerer.resolve(schema))
    }

    /// Runs `work` without reporting its diagnostics. An exceeded budget is still reported.
    pub(super) fn silently<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let was_exceeded = self.budget.is_exceeded();
        let findings = std::mem::take(self.findings);
        let result = work(self);
        let new = std::mem::replace(self.findings, findings);
        if self.budget.is_exceeded() && !was_exceeded {
            self.findings.0.extend(new.0);
        }
        result
    }

    /// Lowers a value that may be nothing but a reference, which is lowered once.
    fn lower_reference(&mut self, schema: &Schema, hint: &Hint) -> (ValueSchema, TypeRequest) {
        // `nullable` beside a reference applies to its target, of any type.
        let refers = schema.reference.is_some() || !schema.all_of.is_empty();
        if schema.nullable && refers && schema.types.is_empty() && schema.choices.is_none() {
            let inner = Schema { nullable: false, ..schema.clone() };
            let (of, request) = self.lower_reference(&inner, hint);
            return nullable(of, request);
        }
        let target = schema.bare_reference().map(str::to_owned);
        let Some(target) = target.filter(|target| self.document.at(target).is_some()) else {
            let whole = self.resolve(schema);
            return self.lower_resolved(&whole, Context { hint, target: None });
        };
        match self.targets.get(&target) {
            Some(Target::Done(of, request)) => {
                let lowered = (of.clone(), request.clone());
                let inner =
                    if let TypeRequest::Nullable(inner) = request { inner } else { request };
                if let TypeRequest::Union(index) = inner {
                    self.reentered.insert(*index);
                }
                self.budget.spend(&schema.place, lowered.0.weight(), self.findings);
                lowered
            }
            Some(Target::Open) => {
                self.findings.push(Diagnostic::unsupported_recursion(&schema.place, &target));
                any()
            }
            None => self.lower_target(target, hint),
        }
    }

    /// Lowers the target of a `$ref` that is met for the first time.
    fn lower_target(&mut self, target: String, hint: &Hint) -> (ValueSchema, TypeRequest) {
        self.targets.insert(target.clone(), Target::Open);
        let found = self.document.at(&target).cloned().unwrap_or_default();
        let whole = self.resolve(&found);
        // A definition has its own name; any other target is named like its first user.
        let is_definition = target.starts_with("/$defs/") || target.starts_with("/definitions/");
        let hint = if is_definition {
            Hint::top(target.rsplit('/').next().unwrap_or_default())
        } else {
            hint.clone()
        };
        let context = Context { hint: &hint, target: Some(&target) };
        let (of, request) = self.lower_resolved(&whole, context);
        self.targets.insert(target, Target::Done(of.clone(), request.clone()));
        (of, request)
    }

    /// Lowers a schema that has no reference left.
    pub(super) fn lower_resolved(
        &mut self,
        schema: &Schema,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        if schema.is_never {
            self.findings.push(Diagnostic::false_schema(&schema.place));
            return any();
        }
        if schema.any_of.is_some() && schema.one_of.is_some() {
            self.findings.push(Diagnostic::unsupported_any_of_with_one_of(&schema.place));
            return any();
        }
        if let Some(branches) = schema.any_of.as_ref().or(schema.one_of.as_ref()) {
            let kind = if schema.any_of.is_none() { UnionKind::OneOf } else { UnionKind::AnyOf };
            let own = Schema { any_of: None, one_of: None, ..schema.clone() };
            return self.lower_union(&own, branches, kind, context);
        }
        if schema.nullable && schema.types != [TypeWord::Null] {
            return self.lower_nullable(schema, context);
        }
        if let Some(apart) = schema.with_null_apart() {
            return self.lower_nullable(&apart, context);
        }
        if schema.types.len() > 1 {
            let own = Schema { place: schema.place.clone(), ..Schema::default() };
            return self.lower_union(&own, &branch_per_type(schema), UnionKind::AnyOf, context);
        }
        if self.direction == Direction::Input && stated_kind(schema) == TypeWord::Unknown {
            let branches = implied_kinds(schema);
            if !branches.is_empty() {
                return self.lower_by_kind(schema, &branches, context);
            }
        }
        self.lower_single(schema, context)
    }

    fn lower_nullable(
        &mut self,
        schema: &Schema,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        let mut choices = schema.choices.clone();
        if let Some(choices) = &mut choices {
            choices.retain(|choice| !choice.is_null());
        }
        self.record_null_target(context.target);
        let inner = Schema { nullable: false, choices, ..schema.clone() };
        let (of, request) = self.lower_resolved(&inner, context);
        nullable(of, request)
    }

    /// Lowers a schema without `type`. Each of its keywords is about values of one kind, and
    /// ignores others. Its Rust type is the kind that it describes.
    fn lower_by_kind(
        &mut self,
        schema: &Schema,
        branches: &[Schema],
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        let mut rules = bounds(schema);
        rules.extend(schema.choices.as_deref().map(choices_rule));
        if let Some(target) = context.target {
            self.target_rules.insert(target.to_owned(), rules.clone());
        }
        let (of, request) = self.lower_branches(branches, schema, UnionKind::ByKind, context);
        (ValueSchema { shape: of.shape, rules }, request)
    }

    /// Lowers a schema of one type.
    pub(super) fn lower_single(
        &mut self,
        schema: &Schema,
        context: Context<'_>,
    ) -> (ValueSchema, TypeRequest) {
        if let (Some(target), TypeWord::Object) = (context.target, kind(schema)) {
            let choices = schema.choices.as_ref().map(|_| choices_rule(&choices_of(schema)));
            let rules = bounds(schema).into_iter().chain(choices).collect();
            self.target_rules.insert(target.to_owned(), rules);
        }
        let (shape, request) = match kind(schema) {
            TypeWord::Unknown => (Shape::Any, TypeRequest::Any),
            TypeWord::Null => (Shape::Null, TypeRequest::Any),
            TypeWord::Boolean => (Shape::Boolean, TypeRequest::Boolean),
            TypeWord::Integer => (Shape::Integer, integer(schema)),
            TypeWord::Number => (Shape::Number, TypeRequest::Number),
            TypeWord::String => self.lower_string(schema),
            TypeWord::Array => return self.lower_array(schema, context.hint),
            TypeWord::Object => self.lower_object(schema, context),
        };
        let mut rules = bounds(schema);
        rules.extend(self.check_format(schema));
        let string_enum = self.lower_choices(schema, context.hint, &mut rules);
        rules.extend(self.validation_rules(schema, &shape, kind(schema)));
        (ValueSchema { shape, rules }, string_enum.unwrap_or(request))
    }

    /// Reports a media format of values that are not strings. Returns it as an annotation.
    fn check_format(&mut self, schema: &Schema) -> Option<Rule> {
        let StatedFormat { word, place, .. } = schema.format.as_ref()?;
        if self.direction == Direction::Output || kind(schema) == TypeWord::String {
            return None;
        }
        self.findings.push(Diagnostic::format_of_no_string(place, word, noun(kind(schema))));
        self.unchecked_formats.push(Unchecked { name: format!("format: {word}"), value: None });
        Some(Rule::Annotation("format".to_owned(), Value::from(word.as_str()).to_string()))
    }

    fn lower_string(&self, schema: &Schema) -> (Shape, TypeRequest) {
        let is_measured = schema.validations.iter().any(|rule| media_rule(rule).is_ok());
        let media = match schema.format.as_ref().map(|stated| stated.format) {
            Some(Format::Image) => Some(MediaKind::Image),
            Some(Format::Video) => Some(MediaKind::Video),
            Some(Format::Audio) => Some(MediaKind::Audio),
            Some(Format::Uri) | None => is_measured.then_some(MediaKind::Any),
        };
        match (self.direction, media) {
            (Direction::Input, Some(kind)) => (Shape::Media(kind), TypeRequest::Media),
            (Direction::Input, None) => (Shape::Text, TypeRequest::Text),
            (Direction::Output, None) if schema.format.is_none() => {
                (Shape::Text, TypeRequest::Text)
            }
            (Direction::Output, _) => (Shape::Text, TypeRequest::Url),
        }
    }

    /// Lowers an array, whose `format` and `validations` are about each element.
    fn lower_array(&mut self, schema: &Schema, hint: &Hint) -> (ValueSchema, TypeRequest) {
        let mut items = match &schema.items {
            Some(items) => (**items).clone(),
            None => Schema { place: schema.place.clone(), ..Schema::default() },
        };
        let mut schema = Cow::Borrowed(schema);
        if items.is_never {
            // A list without items is left.
            schema.to_mut().max_items = Some(0);
            items.is_never = false;
        }
        if schema.format.is_some() || !schema.validations.is_empty() {
            items = self.resolve(&items);
            if says_no_type(&items) {
                items.types = vec![TypeWord::String];
            }
        }
        items.format = items.format.or_else(|| schema.format.clone());
        items.validations.extend(schema.validations.iter().cloned());
        let (of, request) = self.lower_annotated(&items, &hint.of_items());
        let mut rules = bounds(&schema);
        rules.extend(schema.choices.as_deref().map(choices_rule));
        let list = ValueSchema { shape: Shape::List(Box::new(of)), rules };
        (list, TypeRequest::List(Box::new(request)))
    }

    /// Adds the rule of an `enum`. Returns the request for its type if it is one of strings.
    fn lower_choices(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        rules: &mut Vec<Rule>,
    ) -> Option<TypeRequest> {
        schema.choices.as_ref()?;
        let choices = choices_of(schema);
        if choices.is_empty() {
            self.findings.push(Diagnostic::no_choice_of_type(&schema.place));
        }
        if self.direction == Direction::Output || choices.is_empty() {
            return None;
        }
        let strings: Option<Vec<&str>> = choices.iter().map(Value::as_str).collect();
        if let Some(strings) = strings {
            let index = self.add_enum(&strings, schema, hint);
            rules.push(Rule::Strings(index));
            return Some(TypeRequest::Enum(index));
        }
        let integers: Option<Vec<i64>> = choices.iter().map(Value::as_i64).collect();
        rules.push(integers.map_or_else(|| choices_rule(&choices), Rule::Integers));
        None
    }

    /// Adds an enum of strings. Returns its index.
    fn add_enum(&mut self, values: &[&str], schema: &Schema, hint: &Hint) -> usize {
        let names = names::distinct(values.iter().copied(), names::variant, Style::Camel);
        for (value, name) in values.iter().zip(&names) {
            if *name != names::variant(value) {
                self.report_shared_name(value, name, &schema.place);
            }
        }
        self.budget.add_type(&schema.place, self.findings);
        let merged = schema.merged_branches.as_ref().map(MergedBranches::by_value);
        let merged = merged.unwrap_or_default();
        let variants = values.iter().zip(names);
        let string_enum = StringEnum {
            name: String::new(),
            wire: hint.own.clone(),
            docs: Docs::new(schema),
            variants: variants
                .map(|(value, name)| Variant {
                    name,
                    value: (*value).to_owned(),
                    docs: merged.get(*value).map(|branch| Docs::new(branch)).unwrap_or_default(),
                })
                .collect(),
        };
        self.enums.push((string_enum, hint.at(schema)));
        self.enums.len() - 1
    }

    fn validation_rules(&mut self, schema: &Schema, shape: &Shape, word: TypeWord) -> Vec<Rule> {
        let validations = schema.validations.iter();
        validations
            .map(|it| validation_rule(it, (shape, word), self.direction, self.findings))
            .collect()
    }
}

/// Returns the type of an integer: `i64`, unless it may be past its range.
fn integer(schema: &Schema) -> TypeRequest {
    let beyond = Number::Integer(i128::from(i64::MAX));
    let (is_past, is_from_zero) = match &schema.choices {
        Some(choices) => (!choices.iter().all(Value::is_i64), choices.iter().all(Value::is_u64)),
        None => {
            let exclusive = schema.exclusive_maximum.map(Number::Float);
            let mut maximums = [schema.maximum, exclusive].into_iter().flatten();
            let is_from_zero = schema.minimum.is_some_and(|bound| bound >= Number::Float(0.0))
                || schema.exclusive_minimum.is_some_and(|bound| bound >= -1.0);
            (maximums.any(|bound| bound > beyond), is_from_zero)
        }
    };
    match (is_past, is_from_zero) {
        (false, _) => TypeRequest::Integer,
        (true, true) => TypeRequest::Unsigned,
        (true, false) => TypeRequest::Wide,
    }
}

/// Returns a branch for each type of a list of types.
fn branch_per_type(schema: &Schema) -> Vec<Schema> {
    let bare = schema.without_annotations();
    let mut branches: Vec<Schema> =
        schema.types.iter().map(|word| Schema { types: vec![*word], ..bare.clone() }).collect();
    branches.retain(|branch| schema.choices.is_none() || !choices_of(branch).is_empty());
    keep_format_on_strings(&mut branches);
    branches
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;
    use crate::parse::schema;

    #[test]
    fn items_without_a_schema_are_reported_at_their_list() {
        let mut findings = Findings::default();
        let document = schema(&json!({"properties": {"list": {"type": "array"}}}));
        let list = document.at("/properties/list").expect("it is there");
        let mut lowerer = Lowerer::new(Direction::Input, &document, Objects::Closed, &mut findings);
        for _ in 0..63 {
            assert!(lowerer.budget.enter(&document, lowerer.findings));
        }
        lowerer.lower_value(list, &Hint::top("list"));
        let places: Vec<Place> = findings.0.into_iter().map(|found| found.place).collect();
        assert_eq!(places, from_ref(&list.place));
    }
}
