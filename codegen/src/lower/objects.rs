//! Objects: described ones become structs, others maps, and what is required is there.

use serde_json::Value;

use super::annotations::{apply_annotations, is_of_field};
use super::draft::{FieldDraft, StructDraft, TypeRequest, any};
use super::lowerer::Lowerer;
use super::naming::Direction;
use super::naming::Hint;
use crate::Objects;
use crate::diagnostic::Code;
use crate::model::{Docs, Shape, ValueSchema};
use crate::names;
use crate::schema::{Additional, Schema};

impl Lowerer<'_> {
    /// An object by its properties.
    pub(super) fn properties(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        target: Option<&str>,
    ) -> (Shape, TypeRequest) {
        let described = schema.properties.as_ref().is_some_and(|all| !all.is_empty())
            || !schema.required.is_empty();
        if !described && !matches!(schema.additional, Some(Additional::Closed)) {
            let (of, request) = match &schema.additional {
                Some(Additional::Schema(values)) => self.lower_annotated(values, hint),
                Some(Additional::Open | Additional::Closed) | None => any(),
            };
            return (Shape::Map(Box::new(of)), TypeRequest::Map(Box::new(request)));
        }
        let others = match self.direction {
            Direction::Input => self.others(schema, hint),
            Direction::Output => None,
        };
        let index = self.object(schema, hint.clone(), target, others.as_ref());
        shaped(index, others.as_ref())
    }

    /// What an object takes under names that it does not describe; nothing where it is
    /// closed.
    pub(super) fn others(&mut self, schema: &Schema, hint: &Hint) -> Option<ValueSchema> {
        match (&schema.additional, self.objects) {
            (Some(Additional::Schema(values)), _) => Some(self.lower_annotated(values, hint).0),
            (Some(Additional::Open), _) | (None, Objects::Open) => Some(any().0),
            (Some(Additional::Closed), _) | (None, Objects::Closed) => None,
        }
    }

    /// A struct for an object with properties; its index. `target` is the `$ref` that
    /// leads here, which may lead here again from within; `others` is what other
    /// properties may be.
    pub(super) fn object(
        &mut self,
        schema: &Schema,
        hint: Hint,
        target: Option<&str>,
        others: Option<&ValueSchema>,
    ) -> usize {
        let index = self.structs.len();
        if let Some(target) = target {
            let (shape, request) = shaped(index, others);
            self.record_target(target, ValueSchema { shape, rules: Vec::new() }, request);
        }
        self.count_type(&schema.place);
        let hint = hint.at(schema);
        let docs = Docs::of(schema);
        self.structs.push(StructDraft {
            name: String::new(),
            docs,
            fields: Vec::new(),
            hint: hint.clone(),
            table_only: others.is_some(),
        });
        let mut fields: Vec<FieldDraft> = Vec::new();
        for (wire, property) in schema.properties.as_deref().unwrap_or_default() {
            if !self.row(&property.place) {
                break;
            }
            let hint = hint.below(wire);
            let (mut of, request) = self.lower_value(property, &hint);
            let said = self.annotations_of(property);
            let filled = |text: &String| !text.is_empty();
            apply_annotations(&said, &mut of);
            of.rules.retain(|rule| !is_of_field(rule));
            fields.push(FieldDraft {
                wire: wire.clone(),
                name: String::new(),
                // What the target of a reference says of itself stands on its own type.
                docs: Docs {
                    title: property.title.clone(),
                    description: property.description.clone(),
                    unchecked: said.unchecked,
                },
                title: said.title.filter(filled),
                description: said.description.filter(filled),
                default: said.default.as_ref().map(Value::to_string),
                examples: said.examples,
                required: schema.required.iter().position(|(name, _)| name == wire),
                schema: of,
                request,
                place: property.place.clone(),
            });
        }
        self.required_only(schema, &hint, &mut fields);
        let wires = fields.iter().map(|field| field.wire.as_str());
        let names = names::distinct(wires, names::snake, names::snake_suffix);
        for (field, name) in fields.iter_mut().zip(names) {
            if name != names::snake(&field.wire) {
                self.shared(&field.wire, &name, &field.place);
            }
            field.name = name;
        }
        self.structs[index].fields = fields;
        index
    }

    /// Adds the names that are required and not described: what the schema says of other
    /// properties holds of them, and where it says nothing, any value is taken.
    fn required_only(&mut self, schema: &Schema, hint: &Hint, fields: &mut Vec<FieldDraft>) {
        for (position, (wire, place)) in schema.required.iter().enumerate() {
            if fields.iter().any(|field| field.wire == *wire) {
                continue;
            }
            if !self.row(place) {
                break;
            }
            let (of, request) = match (&schema.additional, self.direction) {
                (Some(Additional::Schema(values)), Direction::Input) => {
                    self.lower_value(values, &hint.below(wire))
                }
                (Some(Additional::Closed), Direction::Input) => {
                    self.findings.push(
                        Code::Unsatisfiable,
                        place,
                        format!("`{wire}` is required, and no property of that name is taken"),
                        "describe it, or take it out of `required`, with a fixup",
                    );
                    any()
                }
                (None | Some(Additional::Open), _) | (_, Direction::Output) => {
                    let message = format!(
                        "`{wire}` is required and not among the `properties`; any value is taken"
                    );
                    let help = "describe it with a fixup, if you know what is meant";
                    self.findings.push(Code::RequiredWithoutProperty, place, message, help);
                    any()
                }
            };
            fields.push(FieldDraft {
                wire: wire.clone(),
                name: String::new(),
                docs: Docs::default(),
                title: None,
                description: None,
                default: None,
                examples: Vec::new(),
                required: Some(position),
                schema: of,
                request,
                place: place.clone(),
            });
        }
    }
}

/// An object with properties, and with others where it takes them: then its Rust type is
/// a map, which the table checks by name.
fn shaped(index: usize, others: Option<&ValueSchema>) -> (Shape, TypeRequest) {
    match others {
        Some(of) => {
            (Shape::Open(index, Box::new(of.clone())), TypeRequest::Map(Box::new(TypeRequest::Any)))
        }
        None => (Shape::Object(index), TypeRequest::Object(index)),
    }
}
