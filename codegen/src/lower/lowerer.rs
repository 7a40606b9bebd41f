//! One walk over a schema: what each value may be, which structs, enums and unions there
//! are, and what each is called.

use std::collections::{HashMap, HashSet};

use runcomfy::media::MediaKind;
use serde_json::Value;

use super::annotations::annotations;
use super::budget::Used;
use super::draft::{Lowered, StructDraft, TypeRequest, UnionDraft, any, nullable};
use super::infer::{implied, kind, stated};
use super::naming::Direction;
use super::naming::{Hint, type_names};
use super::rules::{bounds, choices_of, known, values};
use crate::Objects;
use crate::diagnostic::{Code, Findings, Place};
use crate::model::{Docs, Rule, Shape, StringEnum, UnionKind, ValueSchema, Variant};
use crate::names;
use crate::schema::{Additional, Format, Schema, TypeWord};

/// What a `$ref` has led to: that it is being walked, or what it is.
#[derive(Clone)]
pub(super) enum Target {
    Open,
    Known(ValueSchema, TypeRequest),
}

pub(super) struct Lowerer<'f> {
    pub direction: Direction,
    pub objects: Objects,
    pub document: &'f Schema,
    pub findings: &'f mut Findings,
    pub structs: Vec<StructDraft>,
    pub unions: Vec<UnionDraft>,
    enums: Vec<(StringEnum, Hint)>,
    pub targets: HashMap<String, Target>,
    pub used: Used,
    /// The references that lead to something that may be null.
    pub null_targets: HashSet<String>,
    /// The rules of what a reference leads to, beside those of its parts.
    target_rules: HashMap<String, Vec<Rule>>,
    /// The unions that a reference has led to.
    pub reentered: HashSet<usize>,
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
            structs: Vec::new(),
            unions: Vec::new(),
            enums: Vec::new(),
            targets: HashMap::new(),
            null_targets: HashSet::new(),
            target_rules: HashMap::new(),
            reentered: HashSet::new(),
            used: Used::default(),
        }
    }

    /// Walks an input, which is an object and becomes the struct `Input`.
    pub(super) fn input(mut self, required_inputs: &[String]) -> Option<Lowered> {
        let mut schema = self.resolve(self.document);
        let is_object = matches!(schema.types.as_slice(), [TypeWord::Object] | []);
        if schema.any_of.is_some() || schema.one_of.is_some() {
            self.findings.push(
                Code::UnsupportedKeyword,
                &schema.place,
                "a union as the whole of an input is not carried by this version",
                "take the `anyOf` or `oneOf` out with a fixup, if the model works without it",
            );
            return None;
        }
        if !is_object {
            self.findings.push(
                Code::NotAnObject,
                &schema.place,
                "the whole of an input is one object",
                "give the schema of the object, with `properties`",
            );
            return None;
        }
        let is_open = matches!(schema.additional, Some(Additional::Open | Additional::Schema(_)));
        if is_open && self.objects == Objects::Closed {
            self.findings.push(
                Code::ClosedInput,
                &schema.place,
                "the input takes other properties too; they are refused all the same, as misspelt",
                "nothing, or describe them among the `properties` with a fixup",
            );
        }
        if schema.required.is_empty() {
            let place = &schema.place;
            let required = required_inputs.iter().map(|name| (name.clone(), place.clone()));
            schema.required = required.collect();
        }
        let root = self.object(&schema, Hint::top("Input"), None, None);
        let others = match self.objects {
            Objects::Open => self.others(&schema, &Hint::top("Other")),
            Objects::Closed => None,
        };
        let mut rules = bounds(&schema);
        rules.extend(schema.choices.as_deref().map(values));
        for validation in &schema.validations {
            rules.push(self.custom(validation, &Shape::Object(root)));
        }
        rules.extend(annotations(&schema));
        (!self.used.stopped).then(|| Lowered {
            rules,
            others,
            ..self.finish(TypeRequest::Object(root))
        })
    }

    /// Walks an output, which may be anything.
    pub(super) fn output(mut self) -> Option<Lowered> {
        let schema = self.resolve(self.document);
        let (_, request) = self.lower_value(&schema, &Hint::top("Item"));
        (!self.used.stopped).then(|| self.finish(request))
    }

    /// The structs, unions and enums under their names.
    fn finish(self, root: TypeRequest) -> Lowered {
        let Self { direction, mut structs, mut unions, enums, .. } = self;
        let is_root = |index: usize| root == TypeRequest::Object(index);
        let named = structs.iter().enumerate().filter(|(index, _)| !is_root(*index));
        let mut hints: Vec<(&Hint, &str)> =
            named.map(|(_, draft)| (&draft.hint, "Object")).collect();
        hints.extend(unions.iter().map(|draft| (&draft.hint, "Union")));
        hints.extend(enums.iter().map(|(_, hint)| (hint, "Choice")));
        let mut names = type_names(&hints, direction).into_iter();
        for (index, draft) in structs.iter_mut().enumerate() {
            draft.name = match is_root(index) {
                true => format!("{direction:?}"),
                false => names.next().unwrap_or_default(),
            };
        }
        for draft in &mut unions {
            draft.name = names.next().unwrap_or_default();
        }
        let named = |((found, _), name)| StringEnum { name, ..found };
        let enums = enums.into_iter().zip(names).map(named).collect();
        Lowered { root, others: None, rules: Vec::new(), structs, unions, enums }
    }

    /// Records what a `$ref` leads to while it is still being walked, since it may lead
    /// here again from within.
    pub(super) fn record_target(&mut self, target: &str, of: ValueSchema, request: TypeRequest) {
        let rules = self.target_rules.get(target).cloned().unwrap_or_default();
        let of = ValueSchema { rules: of.rules.into_iter().chain(rules).collect(), ..of };
        let (of, request) = match self.null_targets.contains(target) {
            true => nullable(of, request),
            false => (of, request),
        };
        self.targets.insert(target.to_owned(), Target::Known(of, request));
    }

    /// Reports a name that several would have had.
    pub(super) fn shared(&mut self, wire: &str, name: &str, place: &Place) {
        self.findings.push(
            Code::SharedName,
            place,
            format!("`{wire}` would share its Rust name with another; it is called `{name}`"),
            "nothing, or rename one of them with a fixup",
        );
    }

    /// How many types there are so far.
    pub(super) fn types(&self) -> usize {
        self.structs.len() + self.unions.len() + self.enums.len()
    }

    /// What a value may be, and how typify is asked for its type.
    pub(super) fn lower_value(
        &mut self,
        schema: &Schema,
        hint: &Hint,
    ) -> (ValueSchema, TypeRequest) {
        if !self.enter(schema) {
            return any();
        }
        let found = self.lower_reference(schema, hint);
        self.leave();
        found
    }

    /// The same, within the limits.
    fn lower_reference(&mut self, schema: &Schema, hint: &Hint) -> (ValueSchema, TypeRequest) {
        // `nullable` beside a reference is about what is referred to, whatever its type.
        let refers = schema.reference.is_some() || !schema.all_of.is_empty();
        if schema.nullable && refers && schema.types.is_empty() && schema.choices.is_none() {
            let (of, request) =
                self.lower_reference(&Schema { nullable: false, ..schema.clone() }, hint);
            return nullable(of, request);
        }
        let all = schema.all_of.first().filter(|_| schema.all_of.len() == 1);
        let bare = |schema: &Schema| schema.says_only_of_itself();
        let target = match (&schema.reference, all) {
            (Some((target, _)), None) if bare(schema) => Some(target.clone()),
            (None, Some(part)) if bare(schema) && bare(part) && part.all_of.is_empty() => {
                part.reference.as_ref().map(|(target, _)| target.clone())
            }
            _ => None,
        };
        let Some(target) = target.filter(|target| self.document.at(target).is_some()) else {
            let whole = self.resolve(schema);
            return self.lower_resolved(&whole, hint, None);
        };
        match self.targets.get(&target) {
            Some(Target::Known(of, request)) => {
                let found = (of.clone(), request.clone());
                let plain =
                    if let TypeRequest::Nullable(inner) = request { inner } else { request };
                if let TypeRequest::Union(index) = plain {
                    self.reentered.insert(*index);
                }
                self.spend(&schema.place, found.0.weight());
                found
            }
            Some(Target::Open) => {
                self.findings.push(
                    Code::UnsupportedKeyword,
                    &schema.place,
                    format!("`#{target}` leads back to itself with no object on the way"),
                    "put an object between, with a fixup",
                );
                any()
            }
            None => {
                self.targets.insert(target.clone(), Target::Open);
                let found = self.document.at(&target).cloned().unwrap_or_default();
                let whole = self.resolve(&found);
                let name = target.rsplit('/').next().unwrap_or_default();
                // A definition has a name of its own; any other place is named like
                // what is found there.
                let is_definition =
                    target.starts_with("/$defs/") || target.starts_with("/definitions/");
                let hint = match is_definition {
                    true => Hint::top(name),
                    false => hint.clone(),
                };
                let (of, request) = self.lower_resolved(&whole, &hint, Some(&target));
                self.targets.insert(target, Target::Known(of.clone(), request.clone()));
                (of, request)
            }
        }
    }

    /// A schema that has no reference left.
    pub(super) fn lower_resolved(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        target: Option<&str>,
    ) -> (ValueSchema, TypeRequest) {
        if schema.any_of.is_some() && schema.one_of.is_some() {
            self.findings.push(
                Code::UnsupportedKeyword,
                &schema.place,
                "`anyOf` and `oneOf` in one schema are not carried",
                "write them as one, with a fixup",
            );
        }
        if let Some(branches) = schema.any_of.as_ref().or(schema.one_of.as_ref()) {
            let takes = if schema.any_of.is_none() { UnionKind::OneOf } else { UnionKind::AnyOf };
            let own = Schema { any_of: None, one_of: None, ..schema.clone() };
            return self.union(&own, branches, takes, hint, target);
        }
        if schema.nullable && schema.types != [TypeWord::Null] {
            let mut choices = schema.choices.clone();
            if let Some(choices) = &mut choices {
                choices.retain(|choice| !choice.is_null());
            }
            if let Some(target) = target {
                self.null_targets.insert(target.to_owned());
            }
            let inner = Schema { nullable: false, choices, ..schema.clone() };
            let (of, request) = self.lower_resolved(&inner, hint, target);
            return nullable(of, request);
        }
        if let [_, _, ..] = schema.types.as_slice() {
            let bare = schema.without_annotations();
            let one = |word: &TypeWord| Schema { types: vec![*word], ..bare.clone() };
            let branches: Vec<Schema> = schema.types.iter().map(one).collect();
            let fits = |branch: &Schema| schema.choices.is_none() || !choices_of(branch).is_empty();
            let branches: Vec<Schema> = branches.into_iter().filter(fits).collect();
            let own = Schema { place: schema.place.clone(), ..Schema::default() };
            return self.union(&own, &branches, UnionKind::AnyOf, hint, target);
        }
        if self.direction == Direction::Input && matches!(stated(schema), TypeWord::Unknown) {
            let branches = implied(schema);
            if !branches.is_empty() {
                return self.lower_by_kind(schema, &branches, hint, target);
            }
        }
        self.lower_single(schema, hint, target)
    }

    /// A schema that names no type: each of its keywords is about values of one kind, and
    /// says nothing of others. Its Rust type is the kind that it describes.
    fn lower_by_kind(
        &mut self,
        schema: &Schema,
        branches: &[Schema],
        hint: &Hint,
        target: Option<&str>,
    ) -> (ValueSchema, TypeRequest) {
        let mut rules = bounds(schema);
        rules.extend(schema.choices.as_deref().map(values));
        if let Some(target) = target {
            self.target_rules.insert(target.to_owned(), rules.clone());
        }
        let (of, request) = self.branches(branches, schema, UnionKind::ByKind, hint, target);
        (ValueSchema { shape: of.shape, rules }, request)
    }

    /// A schema of one type.
    pub(super) fn lower_single(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        target: Option<&str>,
    ) -> (ValueSchema, TypeRequest) {
        if let (Some(target), TypeWord::Object) = (target, kind(schema)) {
            let choices = schema.choices.as_ref().map(|_| values(&choices_of(schema)));
            let rules = bounds(schema).into_iter().chain(choices).collect();
            self.target_rules.insert(target.to_owned(), rules);
        }
        let (shape, request) = match kind(schema) {
            TypeWord::Unknown => (Shape::Any, TypeRequest::Any),
            TypeWord::Null => (Shape::Null, TypeRequest::Any),
            TypeWord::Boolean => (Shape::Boolean, TypeRequest::Boolean),
            TypeWord::Integer => (Shape::Integer, TypeRequest::Integer),
            TypeWord::Number => (Shape::Number, TypeRequest::Number),
            TypeWord::String => self.string(schema),
            TypeWord::Array => return self.array(schema, hint),
            TypeWord::Object => self.properties(schema, hint, target),
        };
        let mut rules = bounds(schema);
        let words = self.choices(schema, hint, &mut rules);
        for validation in &schema.validations {
            rules.push(self.custom(validation, &shape));
        }
        (ValueSchema { shape, rules }, words.unwrap_or(request))
    }

    fn string(&self, schema: &Schema) -> (Shape, TypeRequest) {
        let measured = schema.validations.iter().any(|rule| known(rule).is_some());
        let media = match schema.format {
            Some(Format::Image) => Some(MediaKind::Image),
            Some(Format::Video) => Some(MediaKind::Video),
            Some(Format::Audio) => Some(MediaKind::Audio),
            Some(Format::Uri) | None => measured.then_some(MediaKind::Any),
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

    /// An array. Its `format` and `validations` are about each element.
    fn array(&mut self, schema: &Schema, hint: &Hint) -> (ValueSchema, TypeRequest) {
        let mut items = match &schema.items {
            Some(items) => (**items).clone(),
            None => Schema { place: schema.place.clone(), ..Schema::default() },
        };
        let about_media = schema.format.is_some() || !schema.validations.is_empty();
        if about_media && stated(&items) == TypeWord::Unknown && items.types.is_empty() {
            items.types = vec![TypeWord::String];
        }
        items.format = items.format.or(schema.format);
        items.validations.extend(schema.validations.iter().cloned());
        let hint = hint.of_items();
        let (of, request) = self.lower_annotated(&items, &hint);
        let mut rules = bounds(schema);
        if let Some(choices) = &schema.choices {
            rules.push(values(choices));
        }
        (
            ValueSchema { shape: Shape::List(Box::new(of)), rules },
            TypeRequest::List(Box::new(request)),
        )
    }

    /// The rule of an `enum`, and the enum type where it is one of words.
    fn choices(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        rules: &mut Vec<Rule>,
    ) -> Option<TypeRequest> {
        schema.choices.as_ref()?;
        let choices = choices_of(schema);
        if choices.is_empty() {
            self.findings.push(
                Code::Unsatisfiable,
                &schema.place,
                "no choice of its `enum` is of its `type`",
                "correct the one or the other, with a fixup",
            );
        }
        if self.direction == Direction::Output || choices.is_empty() {
            return None;
        }
        let words: Option<Vec<&str>> = choices.iter().map(Value::as_str).collect();
        let integers: Option<Vec<i64>> = choices.iter().map(Value::as_i64).collect();
        match (words, integers) {
            (Some(words), _) => {
                let named = words.iter().copied();
                let names = names::distinct(named, names::variant, names::variant_suffix);
                for (word, name) in words.iter().zip(&names) {
                    if *name != names::variant(word) {
                        self.shared(word, name, &schema.place);
                    }
                }
                let variant =
                    |(word, name): (&&str, String)| Variant { name, value: (*word).to_owned() };
                self.count_type(&schema.place);
                let index = self.enums.len();
                let words = StringEnum {
                    name: String::new(),
                    wire: hint.own.clone(),
                    docs: Docs::of(schema),
                    variants: words.iter().zip(names).map(variant).collect(),
                };
                self.enums.push((words, hint.at(schema)));
                rules.push(Rule::Strings(index));
                Some(TypeRequest::Enum(index))
            }
            (None, Some(integers)) => {
                rules.push(Rule::Integers(integers));
                None
            }
            (None, None) => {
                rules.push(values(&choices));
                None
            }
        }
    }
}
