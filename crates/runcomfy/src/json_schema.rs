//! Exports the JSON Schema of an input (feature `schemars`), built from its table on demand: for
//! tools of language models, for forms, and for validators in other languages.
//!
//! It is the schema that RunComfy published, `validations` included, with objects closed
//! explicitly. `schemas/README.md` lists the differences that are allowed.

use std::collections::HashMap;

use serde_json::{Map, Number, Value, json};

use crate::input::{JsonInput, Model, input};
use crate::media::{Bound, MediaKind};
use crate::schema::{Field, Rule, Shape, ValueSchema};
use crate::schemars::{JsonSchema, Schema, SchemaGenerator};

/// Returns the JSON Schema of a model's input. Types that occur more than once are under `$defs`.
///
/// Within a schema of your own, use its `JsonSchema`, or that of [`JsonInput`].
pub fn json_schema<M: Model>() -> Schema {
    standalone(input::<M>())
}

pub(crate) fn standalone(root: ValueSchema) -> Schema {
    let mut generator = SchemaGenerator::default();
    let mut schema = part(root, &mut generator);
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

/// Returns the JSON Schema as part of a larger schema.
#[doc(hidden)]
pub fn part_of<M: Model>(generator: &mut SchemaGenerator) -> Schema {
    part(input::<M>(), generator)
}

fn part(root: ValueSchema, generator: &mut SchemaGenerator) -> Schema {
    let mut export = Export { generator, uses: HashMap::new(), names: HashMap::new() };
    export.count(&root);
    let mut schema = export.describe(root.shape, "input");
    add_rules(&mut schema, root.rules);
    schema.into()
}

impl<M: Model> JsonSchema for JsonInput<M> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        M::ID.into()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        std::any::type_name::<M>().into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        part_of::<M>(generator)
    }
}

/// A table that may occur in several places, identified by its address and length.
type Table = (usize, usize);

struct Export<'g> {
    generator: &'g mut SchemaGenerator,
    /// The number of uses of each table.
    uses: HashMap<Table, usize>,
    /// The definitions of tables with several uses.
    names: HashMap<Table, String>,
}

impl Export<'_> {
    /// Counts the uses of every table below. Enters each table once.
    fn count(&mut self, ValueSchema { shape, .. }: &ValueSchema) {
        let shape = shape.resolved();
        if let Some(table) = table(shape) {
            let uses = self.uses.entry(table).or_default();
            *uses += 1;
            if *uses > 1 {
                return;
            }
        }
        match shape {
            Shape::List(of) | Shape::Map(of) | Shape::Nullable(of) => self.count(of),
            Shape::Object(fields) => fields.iter().for_each(|field| self.count(&field.schema)),
            Shape::Open(fields, others) => {
                fields.iter().for_each(|field| self.count(&field.schema));
                self.count(others);
            }
            Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches) => {
                branches.iter().for_each(|branch| self.count(branch));
            }
            Shape::Any
            | Shape::Null
            | Shape::Boolean
            | Shape::Integer
            | Shape::Number
            | Shape::Text
            | Shape::Media(_)
            | Shape::Recursive(_) => {}
        }
    }

    /// Describes a value. `name` is its name if a definition needs one.
    fn value(
        &mut self,
        ValueSchema { shape, rules }: &ValueSchema,
        name: &str,
    ) -> Map<String, Value> {
        let shape = shape.resolved();
        let mut schema = match table(shape) {
            Some(table) if self.uses.get(&table).is_some_and(|uses| *uses > 1) => {
                self.reference(table, shape, name)
            }
            _ => self.describe(shape, name),
        };
        add_rules(&mut schema, rules);
        schema
    }

    /// Returns a reference to a shape, and describes the shape among the definitions.
    fn reference(&mut self, table: Table, shape: Shape, name: &str) -> Map<String, Value> {
        let known = self.names.get(&table).cloned();
        let name = known.unwrap_or_else(|| {
            let plain = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            let mut name = plain.clone();
            let mut count = 1;
            while self.generator.definitions().contains_key(&name) {
                count += 1;
                name = format!("{plain}{count}");
            }
            self.names.insert(table, name.clone());
            // Reserve the name before describing the shape, since it may be recursive.
            self.generator.definitions_mut().insert(name.clone(), Value::Null);
            let described = self.describe(shape, &name);
            self.generator.definitions_mut().insert(name.clone(), Value::Object(described));
            name
        });
        let path = self.generator.settings().definitions_path.trim_matches(['#', '/']).to_owned();
        object([("$ref", format!("#/{path}/{name}").into())])
    }

    fn describe(&mut self, shape: Shape, name: &str) -> Map<String, Value> {
        match shape.resolved() {
            Shape::Any | Shape::Recursive(_) => Map::new(),
            Shape::Null => typed("null"),
            Shape::Boolean => typed("boolean"),
            Shape::Integer => typed("integer"),
            Shape::Number => typed("number"),
            Shape::Text => typed("string"),
            Shape::Media(kind) => {
                let mut schema = typed("string");
                let format = match kind {
                    MediaKind::Any => return schema,
                    MediaKind::Image => "image_uri",
                    MediaKind::Video => "video_uri",
                    MediaKind::Audio => "audio_uri",
                };
                schema.insert("format".to_owned(), format.into());
                schema
            }
            Shape::List(of) => self.container("array", "items", of, name),
            Shape::Map(of) => self.container("object", "additionalProperties", of, name),
            Shape::Object(fields) => {
                let mut schema = self.properties(fields);
                schema.insert("additionalProperties".to_owned(), false.into());
                schema
            }
            Shape::Open(fields, others) => {
                let mut schema = self.properties(fields);
                let others = Value::Object(self.value(others, name));
                schema.insert("additionalProperties".to_owned(), others);
                schema
            }
            Shape::Nullable(of) => or_null(self.value(of, name)),
            Shape::AnyOf(branches) => self.union("anyOf", branches, name),
            Shape::OneOf(branches) => self.union("oneOf", branches, name),
            Shape::ByKind(branches) => self.by_kind(branches, name),
        }
    }

    /// Describes a list or a map, and its values unless any value is allowed.
    fn container(
        &mut self,
        word: &str,
        keyword: &str,
        of: &ValueSchema,
        name: &str,
    ) -> Map<String, Value> {
        let held = self.value(of, name);
        let mut schema = object([("type", word.into())]);
        if !held.is_empty() {
            schema.insert(keyword.to_owned(), held.into());
        }
        schema
    }

    fn union(&mut self, keyword: &str, branches: &[ValueSchema], name: &str) -> Map<String, Value> {
        let branches = branches.iter().map(|of| Value::Object(self.value(of, name)));
        let branches: Vec<Value> = branches.collect();
        object([(keyword, branches.into())])
    }

    /// Describes the constraints of each kind of value, in one schema without `type`.
    fn by_kind(&mut self, branches: &[ValueSchema], name: &str) -> Map<String, Value> {
        let mut schema = Map::new();
        for ValueSchema { shape, rules } in branches {
            let mut of_kind = self.describe(*shape, name);
            of_kind.remove("type");
            // `additionalProperties: false` alone is enough if there are no properties.
            if of_kind.get("properties") == Some(&json!({})) {
                of_kind.remove("properties");
            }
            add_rules(&mut of_kind, rules);
            schema.extend(of_kind);
        }
        schema
    }

    fn properties(&mut self, fields: &[Field]) -> Map<String, Value> {
        let mut properties = Map::new();
        for field in fields {
            let mut schema = self.value(&field.schema, field.name);
            let texts = [("title", field.title), ("description", field.description)];
            for (keyword, text) in texts {
                schema.extend(text.map(|text| (keyword.to_owned(), text.into())));
            }
            schema.extend(field.default.map(|json| ("default".to_owned(), parsed(json))));
            properties.insert(field.name.to_owned(), schema.into());
        }
        let required = fields.iter().filter(|field| field.required).map(|field| field.name);
        let required: Vec<&str> = required.collect();
        let mut schema = object([("type", "object".into()), ("properties", properties.into())]);
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    }
}

/// Returns the table that a shape refers to.
fn table(shape: Shape) -> Option<Table> {
    match shape {
        Shape::Object(fields) | Shape::Open(fields, _) => {
            Some((fields.as_ptr().addr(), fields.len()))
        }
        Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches) => {
            Some((branches.as_ptr().addr(), branches.len()))
        }
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::List(_)
        | Shape::Map(_)
        | Shape::Nullable(_)
        | Shape::Recursive(_) => None,
    }
}

/// Returns a schema that also allows null.
fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::String(word)) = schema.get("type") {
        let words = json!([word, "null"]);
        schema.insert("type".to_owned(), words);
        if let Some(Value::Array(choices)) = schema.get_mut("enum") {
            choices.push(Value::Null);
        }
        // The descriptions of an enum's values.
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = schema.get_mut(keyword) {
                branches.push(json!({"type": "null"}));
            }
        }
    } else if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.push(json!({"type": "null"}));
    } else {
        schema = object([("anyOf", json!([schema, {"type": "null"}]))]);
    }
    schema
}

/// Writes rules into a schema, one keyword each.
fn add_rules(schema: &mut Map<String, Value>, rules: &[Rule]) {
    let mut validations = Vec::new();
    for rule in rules {
        let value = match rule {
            Rule::MinLength(count)
            | Rule::MaxLength(count)
            | Rule::MinItems(count)
            | Rule::MaxItems(count)
            | Rule::MinProperties(count)
            | Rule::MaxProperties(count) => json!(count),
            Rule::Minimum(bound)
            | Rule::Maximum(bound)
            | Rule::ExclusiveMinimum(bound)
            | Rule::ExclusiveMaximum(bound)
            | Rule::MultipleOf(bound) => number(*bound),
            Rule::MinimumInteger(bound) | Rule::MaximumInteger(bound) => {
                Number::from_i128(*bound).map_or(Value::Null, Value::Number)
            }
            Rule::UniqueItems => true.into(),
            #[cfg(feature = "pattern")]
            Rule::Pattern(pattern, _) => json!(pattern),
            Rule::Strings(words) => json!(words),
            Rule::Integers(choices) => json!(choices),
            Rule::Values(choices) => choices.iter().map(|choice| parsed(choice)).collect(),
            Rule::Annotation(_, json) => parsed(json),
            Rule::Measured(metric, limit, message) => {
                let (Bound::Over(bound) | Bound::Under(bound)) = limit;
                let name = format!("{}{}", metric.name(), limit.operator());
                validations.push(validation(&name, number(*bound), message));
                continue;
            }
            Rule::Unchecked(name, value, message) => {
                validations.push(validation(name, parsed(value), message));
                continue;
            }
        };
        let keyword = rule.name().into_owned();
        // Each pattern must match, and a schema has room for one.
        if keyword == "pattern" && schema.contains_key("pattern") {
            let all = schema.entry("allOf").or_insert_with(|| json!([]));
            all.as_array_mut().into_iter().for_each(|all| all.push(json!({"pattern": value})));
            continue;
        }
        schema.insert(keyword, value);
    }
    if !validations.is_empty() {
        schema.insert("validations".to_owned(), validations.into());
    }
}

fn validation(name: &str, value: Value, message: &str) -> Value {
    let mut validation = object([("validation_rule", name.into())]);
    if !value.is_null() {
        validation.insert("validation_value".to_owned(), value);
    }
    if !message.is_empty() {
        validation.insert("validation_error".to_owned(), message.into());
    }
    validation.into()
}

/// Returns a number as people write it: `300`, not `300.0`.
fn number(float: f64) -> Value {
    // The bound keeps the cast exact.
    if float.fract() == 0.0 && float.abs() < 9e15 { json!(float as i64) } else { json!(float) }
}

fn typed(word: &str) -> Map<String, Value> {
    object([("type", word.into())])
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)).collect()
}

/// Parses the JSON text of a table, which the generator wrote.
fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
