//! The arguments of `new` and their order: strings, then other scalars, then media. A recorded
//! order is kept, so a reordered schema does not break callers. An argument that the schema no
//! longer requires is kept too, so a schema that accepts more does not break callers either.

use crate::model::{Field, Model, Struct, Type};

/// More arguments than this are named, as the fields of a struct.
const MAX_ARGUMENTS: usize = 6;

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
            Some(of) => ordered(of, None),
            None => Vec::new(),
        }
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
pub(crate) fn ordered(of: &Struct, fixed: Option<&[String]>) -> Vec<usize> {
    let fixed = fixed.unwrap_or_default();
    let arguments = of.fields.iter().enumerate().filter_map(|(index, field)| {
        let kept = fixed.iter().position(|name| *name == field.wire);
        let required = field.required.or(kept)?;
        Some((kept.unwrap_or(fixed.len()), group(field), required, index))
    });
    let mut order: Vec<_> = arguments.collect();
    order.sort_unstable();
    order.into_iter().map(|(.., index)| index).collect()
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
