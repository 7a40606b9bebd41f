//! The arguments of `new` and their order: strings, then other scalars, then media. A recorded
//! order is kept, so a reordered schema does not break callers. An argument that the schema no
//! longer requires is kept too, so a schema that accepts more does not break callers either.
//!
//! A required field with one possible value is not an argument, unless it was recorded as one:
//! `new` fills it in.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::model::{Field, Model, Rule, StringEnum, Struct, Type};
use crate::nearest::nearest;

/// More arguments than this are named, as the fields of a struct.
const MAX_ARGUMENTS: usize = 6;

/// The one value that a field can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OnlyValue<'a> {
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Number(f64),
    /// JSON that is a boolean, of a schema without `type`.
    AnyBoolean(bool),
    /// JSON that is a number.
    AnyNumber(f64),
    /// JSON that is null.
    Null,
    /// The value of this enum.
    Variant(&'a StringEnum),
}

impl<'a> OnlyValue<'a> {
    /// Returns the value of a required field that can have no other.
    pub(crate) fn of(field: &Field, enums: &'a [StringEnum]) -> Option<Self> {
        field.required?;
        Self::of_value(field, enums)
    }

    /// Returns the value of a field that can have no other, if it is there.
    pub(crate) fn of_value(field: &Field, enums: &'a [StringEnum]) -> Option<Self> {
        if let Type::Enum(index) = field.ty {
            let of = enums.get(index).filter(|of| of.variants.len() == 1)?;
            return Some(Self::Variant(of));
        }
        let value = field.schema.rules.iter().find_map(|rule| match rule {
            Rule::Integers(values) => Some(values.iter().map(|value| (*value).into()).collect()),
            Rule::Values(values) => {
                values.iter().map(|json| serde_json::from_str(json).ok()).collect()
            }
            _ => None,
        });
        let value: Vec<Value> = value?;
        let [value] = value.as_slice() else { return None };
        match field.ty {
            Type::Boolean => value.as_bool().map(Self::Boolean),
            Type::Integer => value.as_i64().map(Self::Integer),
            Type::Unsigned => value.as_u64().map(Self::Unsigned),
            Type::Number => value.as_f64().map(Self::Number),
            Type::Any => match value {
                Value::Null => Some(Self::Null),
                Value::Bool(value) => Some(Self::AnyBoolean(*value)),
                Value::Number(number) => {
                    number.as_f64().filter(|_| number.is_f64()).map(Self::AnyNumber)
                }
                Value::String(_) | Value::Array(_) | Value::Object(_) => None,
            },
            Type::Wide
            | Type::Text
            | Type::Media
            | Type::Url
            | Type::Enum(_)
            | Type::List(_)
            | Type::Map(_)
            | Type::Struct(_)
            | Type::Union(_)
            | Type::Nullable(_)
            | Type::Boxed(_) => None,
        }
    }
}

/// The form in which `new` takes its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConstructorArgs<'a> {
    None,
    InOrder(Vec<&'a Field>),
    /// The fields of a struct, since arguments in a row could be mixed up.
    ByName(Vec<&'a Field>),
}

impl Model {
    /// Returns the arguments of `new` of a struct of the input, as indices of its fields.
    pub(crate) fn arguments_of(&self, index: usize) -> Vec<usize> {
        match self.inputs.get(index) {
            Some(_) if index == 0 => self.arguments.clone(),
            Some(of) => ordered(of, &self.enums, None),
            None => Vec::new(),
        }
    }

    /// Returns the optional fields of one value of a struct that is a branch of a union. They tell
    /// the branches apart, so `new` fills them in.
    pub(crate) fn tags_of(&self, index: usize) -> Vec<usize> {
        let of_branch = self
            .unions
            .iter()
            .filter(|union| union.variants.len() > 1)
            .any(|union| union.variants.iter().any(|(_, ty)| *ty == Type::Struct(index)));
        let fields = self.inputs.get(index).filter(|_| of_branch);
        let fields = fields.map(|of| of.fields.as_slice()).unwrap_or_default();
        let fields = fields.iter().enumerate().filter(|(_, field)| field.required.is_none());
        let tags = fields.filter(|(_, field)| OnlyValue::of_value(field, &self.enums).is_some());
        tags.map(|(index, _)| index).collect()
    }
}

impl<'a> ConstructorArgs<'a> {
    pub(crate) fn new(of: &'a Struct, arguments: &[usize]) -> Self {
        let fields: Vec<&Field> =
            arguments.iter().filter_map(|index| of.fields.get(*index)).collect();
        let mixable = fields.iter().enumerate().any(|(index, field)| {
            fields[..index].iter().any(|other| are_mixable(&other.ty, &field.ty))
        });
        match fields.len() {
            0 => Self::None,
            count if mixable || count > MAX_ARGUMENTS => Self::ByName(fields),
            _ => Self::InOrder(fields),
        }
    }
}

/// Returns the arguments of `new`: first those of the recorded order, then each group in the order
/// of the schema's `required`. A nested struct has no recorded order.
pub(crate) fn ordered(
    of: &Struct,
    enums: &[StringEnum],
    recorded: Option<&[String]>,
) -> Vec<usize> {
    let recorded = recorded.unwrap_or_default();
    let arguments = of.fields.iter().enumerate().filter_map(|(index, field)| {
        let kept = recorded.iter().position(|name| *name == field.wire);
        let required = field.required.or(kept)?;
        let is_filled_in = kept.is_none() && OnlyValue::of(field, enums).is_some();
        let order = (kept.unwrap_or(recorded.len()), group(field), required, index);
        (!is_filled_in).then_some(order)
    });
    let mut order: Vec<_> = arguments.collect();
    order.sort_unstable();
    order.into_iter().map(|(.., index)| index).collect()
}

/// Checks the recorded order: names with their places. Each has to be a property of the input.
pub(crate) fn check(recorded: &[(String, Place)], model: &Model, findings: &mut Findings) {
    let fields = model.inputs.first().map(|root| root.fields.as_slice()).unwrap_or_default();
    let names: Vec<&str> = fields.iter().map(|field| field.wire.as_str()).collect();
    for (index, (name, place)) in recorded.iter().enumerate() {
        if !names.contains(&name.as_str()) {
            let nearest = nearest(name, names.iter().copied());
            findings.push(Diagnostic::unknown_argument(place, name, nearest));
        } else if recorded[..index].iter().any(|(other, _)| other == name) {
            findings.push(Diagnostic::repeated_argument(place, name));
        }
    }
}

/// Returns `true` if a caller could pass one for the other unnoticed.
fn are_mixable(a: &Type, b: &Type) -> bool {
    a == b || *a == Type::Any || *b == Type::Any
}

fn group(field: &Field) -> u8 {
    match &field.ty {
        Type::Text => 0,
        Type::Any
        | Type::Boolean
        | Type::Integer
        | Type::Unsigned
        | Type::Wide
        | Type::Number
        | Type::Enum(_)
        | Type::Map(_)
        | Type::Struct(_)
        | Type::Union(_)
        | Type::Nullable(_)
        | Type::Boxed(_)
        | Type::Url => 1,
        Type::Media => 2,
        Type::List(item) => u8::from(**item == Type::Media) + 1,
    }
}
