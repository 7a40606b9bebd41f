//! The order in which `new` takes the required properties: strings, then other scalars,
//! then media. An order that was fixed before is kept as far as it goes, so that a
//! reordering upstream changes nothing.

use crate::model::{Field, Struct, Type};

/// The order of a nested struct, which nothing fixes: within each group by name.
pub(crate) fn ordered_by_name(of: &Struct) -> Vec<usize> {
    let mut names: Vec<String> = of.fields.iter().map(|field| field.wire.clone()).collect();
    names.sort_unstable_by_key(|name| {
        let field = of.fields.iter().find(|field| field.wire == *name);
        (field.map_or(0, group), name.clone())
    });
    ordered(of, Some(&names))
}

/// The indices of the input's required fields in the order of `new`: first those that
/// are fixed, then each group in the order of the schema's `required`.
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
