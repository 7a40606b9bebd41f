//! Makes the table of a lowered model, as the generated code would have it.

use std::collections::HashMap;

use runcomfy::ModelInfo;
use runcomfy::codegen_support::schema as table;
use table::RecursiveShape;

use crate::model::{Field, Model, Rule, Shape, UnionKind, ValueSchema};
use crate::schema::Pattern;

/// Returns a model with its table. The table lives as long as the program.
pub(super) fn build(model: &Model) -> ModelInfo {
    let mut tables = Tables::new(model);
    let fields = tables.fields(0);
    let others = model.others.as_ref().map(|of| tables.value(of));
    let rules = tables.rules(&model.rules);
    let discovery = &model.discovery;
    let info = ModelInfo::from_table(leaked(&model.id), fields, others, rules)
        .titled(leaked(&discovery.title))
        .taking(discovery.takes.clone().leak())
        .giving(discovery.gives.clone().leak());
    let info = match &discovery.category {
        Some(category) => info.categorized(leaked(category)),
        None => info,
    };
    match &model.page {
        Some(page) => info.at_page(leaked(page)),
        None => info,
    }
}

fn leaked(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// A table that is made, or that is being made: then it contains itself.
#[derive(Clone, Copy)]
enum Part<T: 'static> {
    Open,
    Made(&'static [T]),
}

/// The tables of a model's structs and unions.
struct Tables<'m> {
    model: &'m Model,
    structs: HashMap<usize, Part<table::Field>>,
    unions: HashMap<usize, Part<table::ValueSchema>>,
    /// The values of string enums.
    words: HashMap<usize, &'static [&'static str]>,
    /// The shapes to set once a struct is made, with the schema of its other properties.
    open_structs: Vec<(usize, &'static RecursiveShape, Option<&'static table::ValueSchema>)>,
    /// The shapes to set once a union is made.
    open_unions: Vec<(usize, &'static RecursiveShape)>,
}

impl<'m> Tables<'m> {
    fn new(model: &'m Model) -> Self {
        Self {
            model,
            structs: HashMap::new(),
            unions: HashMap::new(),
            words: HashMap::new(),
            open_structs: Vec::new(),
            open_unions: Vec::new(),
        }
    }

    /// Returns the table of a struct, made if it is not.
    fn fields(&mut self, index: usize) -> &'static [table::Field] {
        if let Some(Part::Made(fields)) = self.structs.get(&index) {
            return fields;
        }
        self.structs.insert(index, Part::Open);
        let fields = self.model.inputs.get(index).map_or(&[][..], |of| &of.fields);
        let rows: Vec<table::Field> = fields.iter().map(|field| self.field(field)).collect();
        let rows: &'static [table::Field] = rows.leak();
        self.structs.insert(index, Part::Made(rows));
        for (of, shape, others) in &self.open_structs {
            if *of == index {
                shape.set(object(rows, *others));
            }
        }
        rows
    }

    fn field(&mut self, field: &Field) -> table::Field {
        let name = leaked(&field.wire);
        let shape = self.shape(&field.schema.shape);
        let rules = self.rules(&field.schema.rules);
        let mut row = match field.required {
            Some(_) => table::Field::required(name, shape, rules),
            None => table::Field::optional(name, shape, rules),
        };
        row.title = field.title.as_deref().map(leaked);
        row.description = field.description.as_deref().map(leaked);
        row.default = field.default.as_deref().map(leaked);
        row
    }

    fn value(&mut self, of: &ValueSchema) -> &'static table::ValueSchema {
        Box::leak(Box::new(self.value_schema(of)))
    }

    fn value_schema(&mut self, of: &ValueSchema) -> table::ValueSchema {
        table::ValueSchema::new(self.shape(&of.shape), self.rules(&of.rules))
    }

    fn shape(&mut self, shape: &Shape) -> table::Shape {
        match shape {
            Shape::Any => table::Shape::Any,
            Shape::Null => table::Shape::Null,
            Shape::Boolean => table::Shape::Boolean,
            Shape::Integer => table::Shape::Integer,
            Shape::Number => table::Shape::Number,
            Shape::Text => table::Shape::Text,
            Shape::Media(kind) => table::Shape::Media(*kind),
            Shape::List(item) => table::Shape::List(self.value(item)),
            Shape::Map(value) => table::Shape::Map(self.value(value)),
            Shape::Nullable(inner) => table::Shape::Nullable(self.value(inner)),
            Shape::Object(index) => self.object(*index, None),
            Shape::Open(index, others) => {
                let others = self.value(others);
                self.object(*index, Some(others))
            }
            Shape::Union(index) => self.union(*index),
        }
    }

    fn object(
        &mut self,
        index: usize,
        others: Option<&'static table::ValueSchema>,
    ) -> table::Shape {
        if let Some(Part::Open) = self.structs.get(&index) {
            let shape = recursive();
            self.open_structs.push((index, shape, others));
            return table::Shape::Recursive(shape);
        }
        object(self.fields(index), others)
    }

    fn union(&mut self, index: usize) -> table::Shape {
        let kind = self.model.unions.get(index).map_or(UnionKind::AnyOf, |union| union.kind);
        match self.unions.get(&index) {
            Some(Part::Made(branches)) => return union(kind, branches),
            Some(Part::Open) => {
                let shape = recursive();
                self.open_unions.push((index, shape));
                return table::Shape::Recursive(shape);
            }
            None => {}
        }
        self.unions.insert(index, Part::Open);
        let branches = self.model.unions.get(index).map_or(&[][..], |union| &union.branches);
        let branches: Vec<table::ValueSchema> =
            branches.iter().map(|branch| self.value_schema(branch)).collect();
        let branches: &'static [table::ValueSchema] = branches.leak();
        self.unions.insert(index, Part::Made(branches));
        for (of, shape) in &self.open_unions {
            if *of == index {
                shape.set(union(kind, branches));
            }
        }
        union(kind, branches)
    }

    fn rules(&mut self, rules: &[Rule]) -> &'static [table::Rule] {
        let rules: Vec<table::Rule> = rules.iter().map(|rule| self.rule(rule)).collect();
        rules.leak()
    }

    fn rule(&mut self, rule: &Rule) -> table::Rule {
        match rule {
            Rule::Plain(rule) => *rule,
            Rule::Pattern(Pattern { written, translated }) => {
                table::Rule::Pattern(leaked(written), leaked(translated))
            }
            Rule::Strings(index) => table::Rule::Strings(self.words(*index)),
            Rule::Integers(choices) => table::Rule::Integers(choices.clone().leak()),
            Rule::Values(choices) => {
                let choices: Vec<&'static str> = choices.iter().map(|text| leaked(text)).collect();
                table::Rule::Values(choices.leak())
            }
            Rule::Measured(metric, bound, message) => {
                table::Rule::Measured(*metric, *bound, leaked(message))
            }
            Rule::Unchecked(name, value, message) => {
                table::Rule::Unchecked(leaked(name), leaked(value), leaked(message))
            }
            Rule::Annotation(name, value) => table::Rule::Annotation(leaked(name), leaked(value)),
        }
    }

    fn words(&mut self, index: usize) -> &'static [&'static str] {
        let model = self.model;
        self.words.entry(index).or_insert_with(|| {
            let variants = model.enums.get(index).map_or(&[][..], |of| &of.variants);
            let words: Vec<&'static str> =
                variants.iter().map(|variant| leaked(&variant.value)).collect();
            words.leak()
        })
    }
}

fn recursive() -> &'static RecursiveShape {
    Box::leak(Box::default())
}

fn object(
    fields: &'static [table::Field],
    others: Option<&'static table::ValueSchema>,
) -> table::Shape {
    match others {
        Some(others) => table::Shape::Open(fields, others),
        None => table::Shape::Object(fields),
    }
}

fn union(kind: UnionKind, branches: &'static [table::ValueSchema]) -> table::Shape {
    match kind {
        UnionKind::AnyOf => table::Shape::AnyOf(branches),
        UnionKind::OneOf => table::Shape::OneOf(branches),
        UnionKind::ByKind => table::Shape::ByKind(branches),
    }
}
