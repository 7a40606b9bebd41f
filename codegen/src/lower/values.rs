//! One walk over a schema: what each value may be, which structs, enums and unions there
//! are, and what each is called.

use std::collections::HashMap;

use runcomfy::table::MediaKind;
use runcomfy::{Limit, Metric};
use serde_json::Value;

use super::merge::merged;
use super::named::{Hint, type_names};
use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Additional, Bound, Format, Schema, TypeWord, Validation};
use crate::model::{Docs, Of, Rule, Shape, Variant, Words};
use crate::names;

/// References that lead to references are followed this far: further is a circle.
const MOST_REFERENCES: usize = 64;

/// Whether a schema is of what goes in or of what comes out. Outputs are open: they
/// are read as far as they fit, so their rules and words are not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Input,
    Output,
}

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
            default: None,
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
    pub default: Option<String>,
    pub required: Option<usize>,
    pub of: Of,
    pub plan: Plan,
    pub place: Place,
}

/// A union before its variants have Rust types.
pub(super) struct UnionDraft {
    pub name: String,
    pub docs: Docs,
    pub exactly_one: bool,
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
    pub structs: Vec<Draft>,
    pub unions: Vec<UnionDraft>,
    pub words: Vec<Words>,
}

/// What a `$ref` has led to: that it is being walked, or what it is.
#[derive(Clone)]
enum Target {
    Open,
    Known(Of, Plan),
}

pub(super) struct Values<'f> {
    direction: Direction,
    document: &'f Schema,
    findings: &'f mut Findings,
    structs: Vec<Draft>,
    unions: Vec<UnionDraft>,
    words: Vec<(Words, Hint)>,
    targets: HashMap<String, Target>,
}

impl<'f> Values<'f> {
    pub(super) fn new(
        direction: Direction,
        document: &'f Schema,
        findings: &'f mut Findings,
    ) -> Self {
        Self {
            direction,
            document,
            findings,
            structs: Vec::new(),
            unions: Vec::new(),
            words: Vec::new(),
            targets: HashMap::new(),
        }
    }

    /// Walks an input, which is an object and becomes the struct `Input`.
    pub(super) fn input(mut self, required_inputs: &[String]) -> Option<Found> {
        let mut schema = self.whole(self.document);
        let is_object = matches!(schema.types.as_slice(), [TypeWord::Object] | []);
        if !is_object || schema.any_of.is_some() || schema.one_of.is_some() {
            self.findings.push(
                Code::NotAnObject,
                &schema.place,
                "the whole of an input is one object",
                "give the schema of the object, with `properties`",
            );
            return None;
        }
        if matches!(schema.additional, Some(Additional::Open | Additional::Schema(_))) {
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
        let root = self.object(&schema, Hint::top("Input"), None);
        Some(self.finish(Plan::Object(root)))
    }

    /// Walks an output, which may be anything.
    pub(super) fn output(mut self) -> Found {
        let schema = self.whole(self.document);
        let (_, plan) = self.value(&schema, &Hint::top("Item"));
        self.finish(plan)
    }

    /// The structs, unions and enums under their names.
    fn finish(self, root: Plan) -> Found {
        let Self { direction, mut structs, mut unions, words, .. } = self;
        let is_root = |index: usize| root == Plan::Object(index);
        let named = structs.iter().enumerate().filter(|(index, _)| !is_root(*index));
        let mut hints: Vec<(&Hint, &str)> =
            named.map(|(_, draft)| (&draft.hint, "Object")).collect();
        hints.extend(unions.iter().map(|draft| (&draft.hint, "Union")));
        hints.extend(words.iter().map(|(_, hint)| (hint, "Choice")));
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
        let named = |((words, _), name)| Words { name, ..words };
        let words = words.into_iter().zip(names).map(named).collect();
        Found { root, structs, unions, words }
    }

    /// A struct for an object with properties; its index. `target` is the `$ref` that
    /// leads here, which may lead here again from within.
    fn object(&mut self, schema: &Schema, hint: Hint, target: Option<&str>) -> usize {
        let index = self.structs.len();
        if let Some(target) = target {
            let of = Of { shape: Shape::Object(index), rules: Vec::new() };
            self.targets.insert(target.to_owned(), Target::Known(of, Plan::Object(index)));
        }
        let above = hint.own.clone();
        let docs = Docs::of(schema);
        self.structs.push(Draft {
            name: String::new(),
            docs,
            fields: Vec::new(),
            hint,
            table_only: false,
        });
        let mut fields: Vec<FieldDraft> = Vec::new();
        for (wire, property) in schema.properties.as_deref().unwrap_or_default() {
            let hint = Hint { own: wire.clone(), above: above.clone() };
            let (of, plan) = self.value(property, &hint);
            let said = self.said(property);
            fields.push(FieldDraft {
                wire: wire.clone(),
                name: String::new(),
                docs: Docs::of(&said),
                title: said.title,
                default: said.default.as_ref().map(Value::to_string),
                required: schema.required.iter().position(|(name, _)| name == wire),
                of,
                plan,
                place: property.place.clone(),
            });
        }
        self.required_only(schema, &mut fields);
        let wires = fields.iter().map(|field| field.wire.as_str());
        let names = names::distinct(wires, names::snake, names::snake_suffix);
        for (field, name) in fields.iter_mut().zip(names) {
            field.name = name;
        }
        self.structs[index].fields = fields;
        index
    }

    /// Adds the names that are required and not described: any value is taken.
    fn required_only(&mut self, schema: &Schema, fields: &mut Vec<FieldDraft>) {
        for (position, (wire, place)) in schema.required.iter().enumerate() {
            if fields.iter().any(|field| field.wire == *wire) {
                continue;
            }
            self.findings.push(
                Code::RequiredWithoutProperty,
                place,
                format!("`{wire}` is required and not among the `properties`; any value is taken"),
                "describe it with a fixup, if you know what is meant",
            );
            fields.push(FieldDraft {
                wire: wire.clone(),
                name: String::new(),
                docs: Docs::default(),
                title: None,
                default: None,
                required: Some(position),
                of: Of { shape: Shape::Any, rules: Vec::new() },
                plan: Plan::Any,
                place: place.clone(),
            });
        }
    }

    /// What a property says of itself, or the one schema that it refers to.
    fn said(&mut self, schema: &Schema) -> Schema {
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
    fn whole(&mut self, schema: &Schema) -> Schema {
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

    /// What a value may be, and how typify is asked for its type.
    fn value(&mut self, schema: &Schema, hint: &Hint) -> (Of, Plan) {
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
            let whole = self.whole(schema);
            return self.resolved(&whole, hint, None);
        };
        match self.targets.get(&target) {
            Some(Target::Known(of, plan)) => (of.clone(), plan.clone()),
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
                let whole = self.whole(&found);
                let name = target.rsplit('/').next().unwrap_or_default();
                // A definition has a name of its own; any other place is named like
                // what is found there.
                let is_definition =
                    target.starts_with("/$defs/") || target.starts_with("/definitions/");
                let hint = match is_definition {
                    true => Hint { own: name.to_owned(), above: String::new() },
                    false => hint.clone(),
                };
                let (of, plan) = self.resolved(&whole, &hint, Some(&target));
                self.targets.insert(target, Target::Known(of.clone(), plan.clone()));
                (of, plan)
            }
        }
    }

    /// A schema that has no reference left.
    fn resolved(&mut self, schema: &Schema, hint: &Hint, target: Option<&str>) -> (Of, Plan) {
        if let Some(branches) = schema.any_of.as_ref().or(schema.one_of.as_ref()) {
            let exactly_one = schema.any_of.is_none();
            let own = Schema { any_of: None, one_of: None, ..schema.clone() };
            return self.union(&own, branches, exactly_one, hint, target);
        }
        if schema.nullable && schema.types != [TypeWord::Null] {
            let mut choices = schema.choices.clone();
            if let Some(choices) = &mut choices {
                choices.retain(|choice| !choice.is_null());
            }
            let inner = Schema { nullable: false, choices, ..schema.clone() };
            let (of, plan) = self.resolved(&inner, hint, target);
            return nullable(of, plan);
        }
        if let [_, _, ..] = schema.types.as_slice() {
            let one = |word: &TypeWord| Schema { types: vec![*word], ..schema.clone() };
            let branches: Vec<Schema> = schema.types.iter().map(one).collect();
            let fits =
                |branch: &Schema| schema.choices.is_none() || !self.choices_of(branch).is_empty();
            let branches: Vec<Schema> = branches.into_iter().filter(fits).collect();
            let own = Schema { place: schema.place.clone(), ..Schema::default() };
            return self.union(&own, &branches, false, hint, target);
        }
        self.single(schema, hint, target)
    }

    /// A schema of one type.
    fn single(&mut self, schema: &Schema, hint: &Hint, target: Option<&str>) -> (Of, Plan) {
        let (shape, plan) = match kind(schema) {
            TypeWord::Unknown => (Shape::Any, Plan::Any),
            TypeWord::Null => {
                let rules = vec![Rule::Values(vec!["null".to_owned()])];
                return (Of { shape: Shape::Any, rules }, Plan::Any);
            }
            TypeWord::Boolean => (Shape::Boolean, Plan::Boolean),
            TypeWord::Integer => (Shape::Integer, Plan::Integer),
            TypeWord::Number => (Shape::Number, Plan::Number),
            TypeWord::String => self.string(schema),
            TypeWord::Array => return self.array(schema, hint),
            TypeWord::Object => self.properties(schema, hint, target),
        };
        let mut rules = bounds(schema);
        let words = self.choices(schema, hint, &mut rules);
        for validation in &schema.validations {
            rules.push(self.custom(validation, &shape));
        }
        (Of { shape, rules }, words.unwrap_or(plan))
    }

    /// A union. `own` is what stands beside its branches, and holds for each of them.
    fn union(
        &mut self,
        own: &Schema,
        branches: &[Schema],
        exactly_one: bool,
        hint: &Hint,
        target: Option<&str>,
    ) -> (Of, Plan) {
        let is_null = |schema: &Schema| {
            schema.types == [TypeWord::Null]
                || schema.choices.as_deref().is_some_and(|choices| choices == [Value::Null])
        };
        let takes_null = branches.iter().any(is_null) || own.nullable;
        let rest: Vec<&Schema> = branches.iter().filter(|branch| !is_null(branch)).collect();
        let says_nothing = own.says_only_of_itself();
        let described = Schema {
            title: own.title.clone(),
            description: own.description.clone(),
            ..Schema::default()
        };
        let mut each = Vec::new();
        for branch in &rest {
            let whole = match says_nothing {
                true => (*branch).clone(),
                false => {
                    let own = Schema {
                        title: None,
                        description: None,
                        default: None,
                        nullable: false,
                        ..own.clone()
                    };
                    let branch = self.whole(branch);
                    merged(&own, &branch, self.findings)
                }
            };
            each.push(whole);
        }
        let (of, plan) = match each.as_slice() {
            [] => self.single(&Schema { types: vec![TypeWord::Null], ..own.clone() }, hint, None),
            [only] => self.value(only, hint),
            each => self.branches(each, &described, exactly_one, hint, target),
        };
        if takes_null { nullable(of, plan) } else { (of, plan) }
    }

    /// A union of at least two branches, none of them null.
    fn branches(
        &mut self,
        branches: &[Schema],
        own: &Schema,
        exactly_one: bool,
        hint: &Hint,
        target: Option<&str>,
    ) -> (Of, Plan) {
        let index = self.unions.len();
        self.unions.push(UnionDraft {
            name: String::new(),
            docs: Docs::of(own),
            exactly_one,
            branches: Vec::new(),
            plans: Vec::new(),
            hint: hint.clone(),
        });
        let of = Of { shape: Shape::Union(index), rules: Vec::new() };
        if let Some(target) = target {
            self.targets.insert(target.to_owned(), Target::Known(of.clone(), Plan::Union(index)));
        }
        let mut plans: Vec<Plan> = Vec::new();
        for branch in branches {
            let (of, plan) = self.value(branch, &hint.of_branch(branch, branches));
            self.unions[index].branches.push(of);
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
        // Where a definition may lead here again, the enum is needed whatever it holds.
        if target.is_none() {
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

    fn string(&self, schema: &Schema) -> (Shape, Plan) {
        let measured = schema.validations.iter().any(|rule| known(rule).is_some());
        let media = match schema.format {
            Some(Format::Image) => Some(MediaKind::Image),
            Some(Format::Video) => Some(MediaKind::Video),
            Some(Format::Audio) => Some(MediaKind::Audio),
            Some(Format::Uri) | None => measured.then_some(MediaKind::Any),
        };
        match (self.direction, media) {
            (Direction::Input, Some(kind)) => (Shape::Media(kind), Plan::Media),
            (Direction::Input, None) => (Shape::Text, Plan::Text),
            (Direction::Output, None) if schema.format.is_none() => (Shape::Text, Plan::Text),
            (Direction::Output, _) => (Shape::Text, Plan::Url),
        }
    }

    /// An array. Its `format` and `validations` are about each element.
    fn array(&mut self, schema: &Schema, hint: &Hint) -> (Of, Plan) {
        let mut items = match &schema.items {
            Some(items) => (**items).clone(),
            None => Schema { place: schema.place.clone(), ..Schema::default() },
        };
        items.format = items.format.or(schema.format);
        items.validations.extend(schema.validations.iter().cloned());
        let hint = Hint { own: names::singular(&hint.own), above: hint.above.clone() };
        let (of, plan) = self.value(&items, &hint);
        let mut rules = bounds(schema);
        if let Some(choices) = &schema.choices {
            rules.push(values(choices));
        }
        (Of { shape: Shape::List(Box::new(of)), rules }, Plan::List(Box::new(plan)))
    }

    fn properties(&mut self, schema: &Schema, hint: &Hint, target: Option<&str>) -> (Shape, Plan) {
        let described = schema.properties.as_ref().is_some_and(|all| !all.is_empty())
            || !schema.required.is_empty();
        match &schema.additional {
            None | Some(Additional::Open) if !described => {
                let (of, plan) = any();
                (Shape::Map(Box::new(of)), Plan::Map(Box::new(plan)))
            }
            Some(Additional::Schema(values)) if !described => {
                let (of, plan) = self.value(values, hint);
                (Shape::Map(Box::new(of)), Plan::Map(Box::new(plan)))
            }
            Some(Additional::Open | Additional::Schema(_))
                if self.direction == Direction::Input =>
            {
                // Its Rust type is a map, which the table checks by name.
                let (of, _) = match &schema.additional {
                    Some(Additional::Schema(values)) => self.value(values, hint),
                    _ => any(),
                };
                let index = self.object(schema, hint.clone(), None);
                self.structs[index].table_only = true;
                (Shape::Open(index, Box::new(of)), Plan::Map(Box::new(Plan::Any)))
            }
            None | Some(Additional::Closed | Additional::Open | Additional::Schema(_)) => {
                let index = self.object(schema, hint.clone(), target);
                (Shape::Object(index), Plan::Object(index))
            }
        }
    }

    /// The choices of a schema that are of its type.
    fn choices_of(&self, schema: &Schema) -> Vec<Value> {
        let of_kind = |choice: &&Value| match kind(schema) {
            TypeWord::String => choice.is_string(),
            TypeWord::Boolean => choice.is_boolean(),
            TypeWord::Integer => choice.as_f64().is_some_and(|float| float.fract() == 0.0),
            TypeWord::Number => choice.is_number(),
            TypeWord::Array => choice.is_array(),
            TypeWord::Object => choice.is_object(),
            TypeWord::Null => choice.is_null(),
            TypeWord::Unknown => true,
        };
        schema.choices.iter().flatten().filter(of_kind).cloned().collect()
    }

    /// The rule of an `enum`, and the enum type where it is one of words.
    fn choices(&mut self, schema: &Schema, hint: &Hint, rules: &mut Vec<Rule>) -> Option<Plan> {
        schema.choices.as_ref()?;
        let choices = self.choices_of(schema);
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
                let variant =
                    |(word, name): (&&str, String)| Variant { name, word: (*word).to_owned() };
                let index = self.words.len();
                let words = Words {
                    name: String::new(),
                    wire: hint.own.clone(),
                    docs: Docs::of(schema),
                    variants: words.iter().zip(names).map(variant).collect(),
                };
                self.words.push((words, hint.clone()));
                rules.push(Rule::Words(index));
                Some(Plan::Words(index))
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

    /// The rule of an entry of `validations`.
    fn custom(&mut self, validation: &Validation, shape: &Shape) -> Rule {
        let message = validation.message.trim().to_owned();
        match (known(validation), shape) {
            (Some((metric, limit)), Shape::Media(_)) => Rule::Measured(metric, limit, message),
            _ => {
                if self.direction == Direction::Input {
                    self.findings.push(
                        Code::UnknownRule,
                        &validation.place,
                        format!("`{}` is no rule that this version checks here", validation.rule),
                        "nothing: it is carried, and shown as unchecked",
                    );
                }
                Rule::Unchecked(validation.rule.clone(), message)
            }
        }
    }
}

impl Hint {
    /// The hint of a type that is one branch of a union.
    fn of_branch(&self, branch: &Schema, branches: &[Schema]) -> Self {
        let is_object = |branch: &&Schema| kind(branch) == TypeWord::Object;
        let objects = branches.iter().filter(is_object).count();
        let properties = || branch.properties.iter().flatten();
        // A property of one choice is there to tell the branches apart.
        let only = |(_, schema): &(String, Schema)| match schema.choices.as_deref() {
            Some([Value::String(word)]) => Some(word.clone()),
            _ => None,
        };
        let first = || properties().next().map(|(name, _)| format!("with_{name}"));
        let own = match (kind(branch), properties().find_map(only).or_else(first)) {
            (TypeWord::Object, Some(told)) if objects > 1 => format!("{}_{told}", self.own),
            (TypeWord::Object, _) => format!("{}_object", self.own),
            (TypeWord::String, _) => format!("{}_choice", self.own),
            _ => self.own.clone(),
        };
        Self { own, above: self.above.clone() }
    }
}

impl Schema {
    /// The schema at a JSON pointer below this one.
    fn at(&self, pointer: &str) -> Option<&Schema> {
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
    fn says_only_of_itself(&self) -> bool {
        let silent = Schema {
            place: self.place.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            default: self.default.clone(),
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

/// The type that a schema names, or that its other keywords imply.
fn kind(schema: &Schema) -> TypeWord {
    if let [word, ..] = schema.types.as_slice() {
        return *word;
    }
    let all = |test: fn(&Value) -> bool| {
        schema.choices.as_ref().is_some_and(|choices| choices.iter().all(test))
    };
    if all(Value::is_string) {
        TypeWord::String
    } else if all(|value| value.as_i64().is_some()) {
        TypeWord::Integer
    } else if schema.choices.is_some() {
        TypeWord::Unknown
    } else if schema.properties.is_some() {
        TypeWord::Object
    } else if schema.items.is_some() {
        TypeWord::Array
    } else if schema.format.is_some() || !schema.validations.is_empty() {
        TypeWord::String
    } else {
        TypeWord::Unknown
    }
}

fn any() -> (Of, Plan) {
    (Of { shape: Shape::Any, rules: Vec::new() }, Plan::Any)
}

fn nullable(of: Of, plan: Plan) -> (Of, Plan) {
    match (&of.shape, &plan) {
        // Null is among any values, and once is enough.
        (Shape::Any | Shape::Nullable(_), _) | (_, Plan::Any | Plan::Nullable(_)) => (of, plan),
        _ => {
            let shape = Shape::Nullable(Box::new(of));
            (Of { shape, rules: Vec::new() }, Plan::Nullable(Box::new(plan)))
        }
    }
}

fn values(choices: &[Value]) -> Rule {
    Rule::Values(choices.iter().map(Value::to_string).collect())
}

/// The metric and limit of a custom rule, where both are known.
fn known(validation: &Validation) -> Option<(Metric, Limit)> {
    let number = match &validation.value {
        // Numbers are also written as strings.
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    let (name, limit) = Limit::split(&validation.rule, number)?;
    Some((Metric::from_name(name.trim())?, limit)).filter(|_| number.is_finite())
}

/// The rules that are one number each.
fn bounds(schema: &Schema) -> Vec<Rule> {
    let least = schema.minimum.map(|bound| match bound {
        Bound::Float(float) => Rule::Minimum(float),
        Bound::Integer(whole) => Rule::MinimumInteger(whole),
    });
    let most = schema.maximum.map(|bound| match bound {
        Bound::Float(float) => Rule::Maximum(float),
        Bound::Integer(whole) => Rule::MaximumInteger(whole),
    });
    [
        schema.min_length.map(Rule::MinLength),
        schema.max_length.map(Rule::MaxLength),
        least,
        schema.exclusive_minimum.map(Rule::ExclusiveMinimum),
        most,
        schema.exclusive_maximum.map(Rule::ExclusiveMaximum),
        schema.multiple_of.map(Rule::MultipleOf),
        schema.min_items.map(Rule::MinItems),
        schema.max_items.map(Rule::MaxItems),
        schema.unique_items.then_some(Rule::UniqueItems),
        schema.min_properties.map(Rule::MinProperties),
        schema.max_properties.map(Rule::MaxProperties),
    ]
    .into_iter()
    .flatten()
    .collect()
}
