//! The order in which `new` takes the required properties.

use crate::model::{Field, Struct, Type};

/// The indices of a struct's required fields in the order of `new`: strings, then
/// other scalars, then media, each in the order of the schema's `required`. An
/// order that was fixed before goes first, so that a reordering
/// upstream changes nothing; what it does not name follows.
pub(crate) fn ordered(of: &Struct, fixed: Option<&[String]>) -> Vec<usize> {
    let fixed = fixed.unwrap_or_default();
    let required = of.fields.iter().enumerate().filter_map(|(index, field)| {
        let kept = fixed.iter().position(|name| *name == field.wire);
        Some((kept.unwrap_or(fixed.len()), group(field), field.required?, index))
    });
    let mut order: Vec<_> = required.collect();
    order.sort_unstable();
    order.into_iter().map(|(.., index)| index).collect()
}

fn group(field: &Field) -> u8 {
    match &field.ty {
        Type::Text => 0,
        Type::Any
        | Type::Boolean
        | Type::Integer
        | Type::Number
        | Type::Words(_)
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
