//! What `new` takes, and in which order: strings, then other scalars, then media. An
//! order that was fixed before is kept as far as it goes, so that a reordering upstream
//! changes nothing; and so is an argument that the schema requires no more, so that no
//! call that was right is wrong because a schema takes more than it did.

use crate::model::{Field, Model, Struct, Type};

/// More arguments than this are taken by name.
const MOST_ARGUMENTS: usize = 6;

/// How `new` takes its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Takes<'a> {
    Nothing,
    InOrder(Vec<&'a Field>),
    /// As the fields of a struct, where arguments in a row could be mixed up.
    ByName(Vec<&'a Field>),
}

impl Model {
    /// The arguments of `new` of one of the input's structs, as indices of its fields.
    pub(crate) fn arguments_of(&self, index: usize) -> Vec<usize> {
        match self.inputs.get(index) {
            Some(_) if index == 0 => self.arguments.clone(),
            Some(of) => ordered_by_name(of),
            None => Vec::new(),
        }
    }
}

impl<'a> Takes<'a> {
    pub(crate) fn of(of: &'a Struct, arguments: &[usize]) -> Self {
        let fields: Vec<&Field> =
            arguments.iter().filter_map(|index| of.fields.get(*index)).collect();
        // Anything at all can be taken for anything else.
        let alike = |a: &Type, b: &Type| a == b || *a == Type::Any || *b == Type::Any;
        let mixable = fields
            .iter()
            .enumerate()
            .any(|(index, field)| fields[..index].iter().any(|other| alike(&other.ty, &field.ty)));
        match fields.len() {
            0 => Self::Nothing,
            count if mixable || count > MOST_ARGUMENTS => Self::ByName(fields),
            _ => Self::InOrder(fields),
        }
    }
}

/// The order of a nested struct, which nothing fixes: within each group by name.
fn ordered_by_name(of: &Struct) -> Vec<usize> {
    let required = of.fields.iter().enumerate().filter(|(_, field)| field.required.is_some());
    let mut order: Vec<_> =
        required.map(|(index, field)| (group(field), field.wire.as_str(), index)).collect();
    order.sort_unstable();
    order.into_iter().map(|(.., index)| index).collect()
}

/// The indices of the input's fields that `new` takes, in its order: first those that are
/// fixed, then each group in the order of the schema's `required`.
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

fn group(field: &Field) -> u8 {
    match &field.ty {
        Type::Text => 0,
        Type::Any
        | Type::Boolean
        | Type::Integer
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
