//! Lowers objects: those with properties become structs, others maps.

use super::annotations::{apply_annotations, is_of_field};
use super::draft::{FieldDraft, StructDraft, TypeRequest, any};
use super::lowerer::{Context, Lowerer};
use super::naming::{Direction, Hint};
use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Docs, Shape, ValueSchema};
use crate::names::{self, Style};
use crate::schema::{Additional, Schema};
use crate::settings::Objects;

impl Lowerer<'_> {
    /// Lowers an object.
    pub(super) fn lower_object(
        &mut self,
        schema: &Schema,
        context: Context<'_>,
    ) -> (Shape, TypeRequest) {
        let hint = context.hint;
        let is_described = schema.properties.as_ref().is_some_and(|all| !all.is_empty())
            || !schema.required.is_empty();
        if !is_described && !matches!(schema.additional, Some(Additional::Closed)) {
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
        let index = self.lower_struct(schema, hint.clone(), context.target, others.as_ref());
        struct_value(index, others.as_ref())
    }

    /// Returns what an object's other properties may be. Returns `None` if it is closed.
    pub(super) fn others(&mut self, schema: &Schema, hint: &Hint) -> Option<ValueSchema> {
        match (&schema.additional, self.objects) {
            (Some(Additional::Schema(values)), _) => Some(self.lower_annotated(values, hint).0),
            (Some(Additional::Open), _) | (None, Objects::Open) => Some(any().0),
            (Some(Additional::Closed), _) | (None, Objects::Closed) => None,
        }
    }

    /// Adds a struct for an object. Returns its index. `target` is the `$ref` that leads here,
    /// which may lead here again from within.
    pub(super) fn lower_struct(
        &mut self,
        schema: &Schema,
        hint: Hint,
        target: Option<&str>,
        others: Option<&ValueSchema>,
    ) -> usize {
        let index = self.structs.len();
        if let Some(target) = target {
            let (shape, request) = struct_value(index, others);
            self.record_target(target, ValueSchema { shape, rules: Vec::new() }, request);
        }
        self.budget.add_type(&schema.place, self.findings);
        let hint = hint.at(schema);
        self.structs.push(StructDraft {
            name: String::new(),
            docs: Docs::new(schema),
            fields: Vec::new(),
            hint: hint.clone(),
            table_only: others.is_some(),
        });
        let mut fields = Vec::new();
        for (wire, property) in schema.properties.as_deref().unwrap_or_default() {
            if !self.budget.add_row(&property.place, self.findings) {
                break;
            }
            let position = schema.required.iter().position(|(name, _)| name == wire);
            if property.is_never && position.is_none() {
                // A closed object refuses a name that it does not describe.
                if others.is_some() || self.objects == Objects::Open {
                    fields.push(FieldDraft::never(wire, &property.place));
                }
            } else {
                fields.push(self.lower_field(wire, property, position, &hint));
            }
        }
        self.add_undescribed_fields(schema, &hint, &mut fields);
        self.name_fields(&mut fields);
        self.structs[index].fields = fields;
        index
    }

    fn lower_field(
        &mut self,
        wire: &str,
        property: &Schema,
        required: Option<usize>,
        above: &Hint,
    ) -> FieldDraft {
        let before = std::mem::take(&mut self.unchecked_formats);
        let (mut of, request) = self.lower_value(property, &above.below(wire));
        let unchecked_formats = std::mem::replace(&mut self.unchecked_formats, before);
        let annotations = self.annotations_of(property);
        apply_annotations(&annotations, &mut of);
        of.rules.retain(|rule| !is_of_field(rule));
        FieldDraft {
            // The annotations of a reference's target are docs of the target's type.
            docs: Docs {
                title: property.title.clone(),
                description: property.description.clone(),
                unchecked: annotations.unchecked.into_iter().chain(unchecked_formats).collect(),
            },
            title: annotations.title.filter(|text| !text.is_empty()),
            description: annotations.description.filter(|text| !text.is_empty()),
            default: annotations.default,
            examples: annotations.examples,
            required,
            ..FieldDraft::new(wire, (of, request), &property.place)
        }
    }

    /// Adds a field for each required name that is not described. What the schema says of other
    /// properties applies to it; otherwise it allows any value.
    fn add_undescribed_fields(
        &mut self,
        schema: &Schema,
        hint: &Hint,
        fields: &mut Vec<FieldDraft>,
    ) {
        for (position, (wire, place)) in schema.required.iter().enumerate() {
            if fields.iter().any(|field| field.wire == *wire) {
                continue;
            }
            if !self.budget.add_row(place, self.findings) {
                break;
            }
            let value = self.lower_undescribed(schema, wire, place, hint);
            fields.push(FieldDraft {
                required: Some(position),
                ..FieldDraft::new(wire, value, place)
            });
        }
    }

    fn lower_undescribed(
        &mut self,
        schema: &Schema,
        wire: &str,
        place: &Place,
        hint: &Hint,
    ) -> (ValueSchema, TypeRequest) {
        match (&schema.additional, self.direction) {
            (Some(Additional::Schema(values)), Direction::Input) => {
                self.lower_value(values, &hint.below(wire))
            }
            (Some(Additional::Closed), Direction::Input) => {
                self.findings.push(Diagnostic::required_but_not_allowed(place, wire));
                any()
            }
            (None | Some(Additional::Open), _) | (_, Direction::Output) => {
                self.findings.push(Diagnostic::required_without_property(place, wire));
                any()
            }
        }
    }

    fn name_fields(&mut self, fields: &mut [FieldDraft]) {
        let wires = fields.iter().map(|field| field.wire.as_str());
        let names = names::distinct(wires, names::snake, Style::Snake);
        for (field, name) in fields.iter_mut().zip(names) {
            if name != names::snake(&field.wire) {
                self.report_shared_name(&field.wire, &name, &field.place);
            }
            field.name = name;
        }
    }
}

/// Returns an object with properties. If it allows others too, its Rust type is a map, which the
/// table checks by name.
fn struct_value(index: usize, others: Option<&ValueSchema>) -> (Shape, TypeRequest) {
    match others {
        Some(of) => {
            let request = TypeRequest::Map(Box::new(TypeRequest::Any));
            (Shape::Open(index, Box::new(of.clone())), request)
        }
        None => (Shape::Object(index), TypeRequest::Object(index)),
    }
}
