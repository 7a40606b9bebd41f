//! One walk over a schema: what each value may be, which structs and enums there are,
//! and what each is called.

use runcomfy::table::MediaKind;
use runcomfy::{Limit, Metric};
use serde_json::Value;

use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Additional, Choices, Format, Schema, TypeWord, Validation};
use crate::model::{Docs, Of, Rule, Shape, Variant, Words};
use crate::names;

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
    /// A struct, by its index.
    Object(usize),
}

/// What the walk found.
pub(super) struct Found {
    pub structs: Vec<Draft>,
    pub words: Vec<Words>,
}

/// Where a struct or enum stands, for its name.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// The property that holds it.
    pub own: String,
    /// What it stands in.
    pub above: String,
}

pub(super) struct Values<'f> {
    direction: Direction,
    findings: &'f mut Findings,
    structs: Vec<Draft>,
    words: Vec<(Words, Hint)>,
}

impl<'f> Values<'f> {
    pub(super) fn new(direction: Direction, findings: &'f mut Findings) -> Self {
        Self { direction, findings, structs: Vec::new(), words: Vec::new() }
    }

    /// Walks the root, which becomes the struct of this name.
    pub(super) fn root(&mut self, name: &str, schema: &Schema, required_inputs: &[String]) {
        let is_object = matches!(schema.types, Some(TypeWord::Object) | None);
        if !is_object {
            self.findings.push(
                Code::NotAnObject,
                &schema.place,
                "the whole of an input or output is an object",
                "give the schema of the object, with `properties`",
            );
            return;
        }
        let mut schema = schema.clone();
        if schema.required.is_empty() {
            let place = &schema.place;
            schema.required =
                required_inputs.iter().map(|name| (name.clone(), place.clone())).collect();
        }
        let hint = Hint { own: name.to_owned(), above: String::new() };
        self.object(&schema, hint);
    }

    /// The structs and enums under their names; nothing where the root was refused.
    pub(super) fn finish(self) -> Option<Found> {
        let Self { direction, mut structs, words, .. } = self;
        let hints = structs.iter().skip(1).map(|draft| (&draft.hint, "Object"));
        let hints: Vec<_> = hints.chain(words.iter().map(|(_, hint)| (hint, "Choice"))).collect();
        let mut names = type_names(&hints, direction).into_iter();
        for draft in structs.iter_mut().skip(1) {
            draft.name = names.next().unwrap_or_default();
        }
        let named = |((words, _), name)| Words { name, ..words };
        let words: Vec<Words> = words.into_iter().zip(names).map(named).collect();
        (!structs.is_empty()).then_some(Found { structs, words })
    }

    /// A struct for an object with properties; its index.
    fn object(&mut self, schema: &Schema, hint: Hint) -> usize {
        let index = self.structs.len();
        let above = hint.own.clone();
        self.structs.push(Draft {
            name: names::type_name(&hint.own, ""),
            docs: Docs::of(schema),
            fields: Vec::new(),
            hint,
        });
        let properties = schema.properties.as_deref().unwrap_or_default();
        let mut fields: Vec<FieldDraft> = Vec::new();
        for (wire, property) in properties {
            let hint = Hint { own: wire.clone(), above: above.clone() };
            let (of, plan) = self.value(property, &hint);
            fields.push(FieldDraft {
                wire: wire.clone(),
                name: String::new(),
                docs: Docs::of(property),
                title: property.title.clone(),
                default: property.default.as_ref().map(Value::to_string),
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

    /// What a value may be, and how typify is asked for its type.
    fn value(&mut self, schema: &Schema, hint: &Hint) -> (Of, Plan) {
        let (shape, plan) = match self.kind(schema) {
            TypeWord::Unknown => (Shape::Any, Plan::Any),
            TypeWord::Boolean => (Shape::Boolean, Plan::Boolean),
            TypeWord::Integer => (Shape::Integer, Plan::Integer),
            TypeWord::Number => (Shape::Number, Plan::Number),
            TypeWord::String => self.string(schema),
            TypeWord::Array => return self.array(schema, hint),
            TypeWord::Object => self.properties(schema, hint),
        };
        let mut rules = bounds(schema);
        let words = self.choices(schema, hint, &mut rules);
        for validation in &schema.validations {
            rules.push(self.custom(validation, &shape));
        }
        (Of { shape, rules }, words.unwrap_or(plan))
    }

    /// The type that a schema names, or that its other keywords imply.
    fn kind(&self, schema: &Schema) -> TypeWord {
        let implied = || match &schema.choices {
            Some(Choices::Words(_)) => TypeWord::String,
            Some(Choices::Integers(_)) => TypeWord::Integer,
            None if schema.properties.is_some() => TypeWord::Object,
            None if schema.items.is_some() => TypeWord::Array,
            None if schema.format.is_some() || !schema.validations.is_empty() => TypeWord::String,
            None => TypeWord::Unknown,
        };
        schema.types.unwrap_or_else(implied)
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
            None => Schema { types: None, ..bare(schema) },
        };
        items.format = items.format.or(schema.format);
        items.validations.extend(schema.validations.iter().cloned());
        let hint = Hint { own: names::singular(&hint.own), above: hint.above.clone() };
        let (of, plan) = self.value(&items, &hint);
        let rules = bounds(schema);
        (Of { shape: Shape::List(Box::new(of)), rules }, Plan::List(Box::new(plan)))
    }

    fn properties(&mut self, schema: &Schema, hint: &Hint) -> (Shape, Plan) {
        let described = schema.properties.as_ref().is_some_and(|all| !all.is_empty());
        let described = described || !schema.required.is_empty();
        match &schema.additional {
            None | Some(Additional::Open) if !described => {
                let any = Of { shape: Shape::Any, rules: Vec::new() };
                (Shape::Map(Box::new(any)), Plan::Map(Box::new(Plan::Any)))
            }
            Some(Additional::Schema(values)) if !described => {
                let (of, plan) = self.value(values, hint);
                (Shape::Map(Box::new(of)), Plan::Map(Box::new(plan)))
            }
            Some(Additional::Open | Additional::Schema(_))
                if self.direction == Direction::Input =>
            {
                self.findings.push(
                    Code::UnsupportedKeyword,
                    &schema.place,
                    "an object with `properties` and open `additionalProperties` is not carried by this version",
                    "close it with a fixup",
                );
                (Shape::Any, Plan::Any)
            }
            None | Some(Additional::Closed | Additional::Open | Additional::Schema(_)) => {
                let index = self.object(schema, hint.clone());
                (Shape::Object(index), Plan::Object(index))
            }
        }
    }

    /// The rule of an `enum`, and the enum type where it is one of words.
    fn choices(&mut self, schema: &Schema, hint: &Hint, rules: &mut Vec<Rule>) -> Option<Plan> {
        if self.direction == Direction::Output {
            return None;
        }
        let kind = self.kind(schema);
        match (schema.choices.as_ref()?, kind) {
            (Choices::Words(all), TypeWord::String) => {
                let words = all.iter().map(String::as_str);
                let names = names::distinct(words, names::variant, names::variant_suffix);
                let variant =
                    |(word, name): (&String, String)| Variant { name, word: word.clone() };
                let index = self.words.len();
                let words = Words {
                    name: String::new(),
                    wire: hint.own.clone(),
                    docs: Docs::of(schema),
                    variants: all.iter().zip(names).map(variant).collect(),
                };
                self.words.push((words, hint.clone()));
                rules.push(Rule::Words(index));
                Some(Plan::Words(index))
            }
            (Choices::Integers(all), TypeWord::Integer | TypeWord::Number) => {
                rules.push(Rule::Integers(all.clone()));
                None
            }
            (Choices::Words(_) | Choices::Integers(_), _) => {
                self.findings.push(
                    Code::Unsatisfiable,
                    &schema.place,
                    "no choice of its `enum` is of its `type`",
                    "correct the one or the other, with a fixup",
                );
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
    [
        schema.min_length.map(Rule::MinLength),
        schema.max_length.map(Rule::MaxLength),
        schema.minimum.map(Rule::Minimum),
        schema.exclusive_minimum.map(Rule::ExclusiveMinimum),
        schema.maximum.map(Rule::Maximum),
        schema.exclusive_maximum.map(Rule::ExclusiveMaximum),
        schema.min_items.map(Rule::MinItems),
        schema.max_items.map(Rule::MaxItems),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A schema that says nothing, at the place of this one.
fn bare(schema: &Schema) -> Schema {
    Schema {
        title: None,
        description: None,
        default: None,
        choices: None,
        format: None,
        properties: None,
        required: Vec::new(),
        additional: None,
        items: None,
        min_length: None,
        max_length: None,
        min_items: None,
        max_items: None,
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        validations: Vec::new(),
        ..schema.clone()
    }
}

/// The names of structs and enums. Those that would share one are told apart by what
/// they stand in, and if that is not enough, by their own characters.
fn type_names(hints: &[(&Hint, &str)], direction: Direction) -> Vec<String> {
    let prefix = match direction {
        Direction::Input => "",
        // Inputs and outputs of one model share a module.
        Direction::Output => "output_",
    };
    let plain = |hint: &Hint, suffix| names::type_name(&format!("{prefix}{}", hint.own), suffix);
    let nested = |hint: &Hint, suffix| {
        names::type_name(&format!("{prefix}{}_{}", hint.above, hint.own), suffix)
    };
    let once = |names: &[String], index: usize| {
        names.iter().filter(|name| **name == names[index]).count() == 1
    };
    let short: Vec<String> = hints.iter().map(|(hint, suffix)| plain(hint, suffix)).collect();
    let long: Vec<String> = hints
        .iter()
        .enumerate()
        .map(
            |(index, (hint, suffix))| {
                if once(&short, index) { short[index].clone() } else { nested(hint, suffix) }
            },
        )
        .collect();
    let own = |(index, (hint, _)): (usize, &(&Hint, &str))| {
        if once(&long, index) {
            long[index].clone()
        } else {
            let wire = format!("{}/{}", hint.above, hint.own);
            format!("{}{}", long[index], names::variant_suffix(&wire))
        }
    };
    hints.iter().enumerate().map(own).collect()
}
