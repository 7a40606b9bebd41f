//! Writes types in Rust. This is the only file of `render` that `diff` uses to describe types.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Field, Model, StringEnum, Struct, Type, Union};

/// The names of the types of one side of a module: the input or the output.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub structs: &'a [Struct],
    pub enums: &'a [StringEnum],
    pub unions: &'a [Union],
}

impl<'a> Names<'a> {
    /// Returns the names of the input's types.
    pub(crate) fn of_input(model: &'a Model) -> Self {
        Self { structs: &model.inputs, enums: &model.enums, unions: &model.unions }
    }

    /// Writes a type.
    pub(super) fn ty(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Any => quote! { Value },
            Type::Boolean => quote! { bool },
            Type::Integer => quote! { i64 },
            Type::Unsigned => quote! { u64 },
            Type::Wide => quote! { i128 },
            Type::Number => quote! { f64 },
            Type::Text => quote! { String },
            Type::Media => quote! { Media },
            Type::Url => quote! { Url },
            Type::Enum(index) => named(self.enums.get(*index).map(|named| &named.name)),
            Type::Struct(index) => named(self.structs.get(*index).map(|named| &named.name)),
            Type::Union(index) => named(self.unions.get(*index).map(|union| &union.name)),
            Type::List(item) => {
                let item = self.ty(item);
                quote! { Vec<#item> }
            }
            Type::Map(value) => {
                let value = self.ty(value);
                quote! { BTreeMap<String, #value> }
            }
            Type::Nullable(inner) => {
                let inner = self.ty(inner);
                quote! { Option<#inner> }
            }
            Type::Boxed(boxed) => {
                let boxed = self.ty(boxed);
                quote! { Box<#boxed> }
            }
        }
    }

    /// Writes the type of a field that a setter sets. `None` leaves the property out; it is not
    /// sent as null.
    pub(super) fn optional(&self, field: &Field) -> TokenStream {
        let ty = self.ty(not_null(&field.ty));
        quote! { Option<#ty> }
    }

    /// Writes the type of an output's field.
    pub(super) fn output(&self, field: &Field) -> TokenStream {
        let ty = self.ty(not_null(&field.ty));
        match not_null(&field.ty) {
            Type::List(_) => ty,
            _ => quote! { Option<#ty> },
        }
    }

    /// Writes the type of an output that is not an object.
    pub(super) fn plain(&self, root: &Type) -> TokenStream {
        let ty = self.ty(root);
        match root {
            Type::Any | Type::List(_) | Type::Map(_) | Type::Nullable(_) => ty,
            _ => quote! { Option<#ty> },
        }
    }

    /// Returns a type as text.
    pub(crate) fn text(&self, ty: &Type) -> String {
        text(self.ty(ty))
    }

    /// Returns the type of a field that a setter sets.
    pub(crate) fn text_optional(&self, field: &Field) -> String {
        text(self.optional(field))
    }

    /// Returns the type of an argument of `new`.
    pub(crate) fn text_argument(&self, ty: &Type) -> String {
        text(self.parameter(ty))
    }

    /// Returns the type of an output's field.
    pub(crate) fn text_output(&self, field: &Field) -> String {
        text(self.output(field))
    }

    /// Returns the type of an output that is not an object.
    pub(crate) fn text_plain(&self, root: &Type) -> String {
        text(self.plain(root))
    }

    /// Writes the type of an argument.
    pub(super) fn parameter(&self, ty: &Type) -> TokenStream {
        let plain = self.ty(ty);
        match conversion(ty) {
            Conversion::None => plain,
            Conversion::Into => quote! { impl Into<#plain> },
            Conversion::IntoMedia => quote! { impl IntoMedia },
        }
    }
}

fn named(name: Option<&String>) -> TokenStream {
    let name = format_ident!("{}", name.map_or("Value", String::as_str));
    quote! { #name }
}

/// Returns a type without the spaces between its tokens.
fn text(ty: TokenStream) -> String {
    let spaced = ty.to_string();
    let (head, rest) = match spaced.strip_prefix("impl ") {
        Some(rest) => ("impl ", rest),
        None => ("", spaced.as_str()),
    };
    format!("{head}{}", rest.replace(' ', "").replace(',', ", "))
}

/// Returns the type without null.
pub(super) fn not_null(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(inner) => inner,
        ty => ty,
    }
}

/// The conversion of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    None,
    /// The argument is `impl Into<…>`.
    Into,
    /// The argument is `impl IntoMedia`, whose error for a string says what to write.
    IntoMedia,
}

impl Conversion {
    /// Writes the conversion of a value.
    pub(super) fn apply(self, value: TokenStream) -> TokenStream {
        match self {
            Self::None => value,
            Self::Into => quote! { #value.into() },
            Self::IntoMedia => quote! { #value.into_media() },
        }
    }
}

/// Returns the conversion of an argument of this type.
pub(super) fn conversion(ty: &Type) -> Conversion {
    match ty {
        Type::Media => Conversion::IntoMedia,
        Type::Any
        | Type::Text
        | Type::Url
        | Type::List(_)
        | Type::Union(_)
        | Type::Nullable(_)
        | Type::Boxed(_) => Conversion::Into,
        Type::Boolean
        | Type::Integer
        | Type::Unsigned
        | Type::Wide
        | Type::Number
        | Type::Enum(_)
        | Type::Struct(_)
        | Type::Map(_) => Conversion::None,
    }
}

/// Returns the name of the struct that names the arguments of `new`.
pub(crate) fn required_name(of: &Struct) -> String {
    format!("{}Required", if of.name == "Input" { "" } else { of.name.as_str() })
}

/// Returns the name of the field for the undescribed properties of an output.
pub(crate) fn rest_name(of: &Struct) -> String {
    let mut name = "others".to_owned();
    while of.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    name
}
