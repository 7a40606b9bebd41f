//! Types as they are written in Rust.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Field, StringEnum, Struct, Type, Union};

/// What the types of one side of a module are called.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub structs: &'a [Struct],
    pub enums: &'a [StringEnum],
    pub unions: &'a [Union],
}

impl Names<'_> {
    /// A type as it is written.
    pub(super) fn ty(&self, ty: &Type) -> TokenStream {
        let named = |name: Option<&String>| {
            let name = format_ident!("{}", name.map_or("Value", String::as_str));
            quote! { #name }
        };
        match ty {
            Type::Any => quote! { Value },
            Type::Boolean => quote! { bool },
            Type::Integer => quote! { i64 },
            Type::Number => quote! { f64 },
            Type::Text => quote! { String },
            Type::Media => quote! { Media },
            Type::Url => quote! { Url },
            Type::Enum(index) => named(self.enums.get(*index).map(|words| &words.name)),
            Type::Struct(index) => named(self.structs.get(*index).map(|of| &of.name)),
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

    /// The type of a field, by whether `new` takes it. One that is not set and may be null
    /// is left out, not null.
    pub(super) fn field(&self, field: &Field, taken: bool) -> TokenStream {
        match taken {
            true => self.ty(&field.ty),
            false => {
                let ty = self.ty(not_null(&field.ty));
                quote! { Option<#ty> }
            }
        }
    }

    /// The type of an output's field.
    pub(super) fn answered(&self, field: &Field) -> TokenStream {
        let ty = self.ty(not_null(&field.ty));
        match not_null(&field.ty) {
            Type::List(_) => ty,
            _ => quote! { Option<#ty> },
        }
    }

    /// The type of an output that is no object.
    pub(super) fn plain(&self, root: &Type) -> TokenStream {
        let ty = self.ty(root);
        match root {
            Type::Any | Type::List(_) | Type::Map(_) | Type::Nullable(_) => ty,
            _ => quote! { Option<#ty> },
        }
    }

    /// A type as one would write it.
    pub(crate) fn text(&self, ty: &Type) -> String {
        text(self.ty(ty))
    }

    /// The type of an input's field, by whether `new` takes it.
    pub(crate) fn text_of(&self, field: &Field, taken: bool) -> String {
        text(self.field(field, taken))
    }

    /// The type of an argument of `new`.
    pub(crate) fn text_argument(&self, ty: &Type) -> String {
        text(self.parameter(ty))
    }

    /// The type of an output's field.
    pub(crate) fn text_answered(&self, field: &Field) -> String {
        text(self.answered(field))
    }

    /// The type of an output that is no object.
    pub(crate) fn text_plain(&self, root: &Type) -> String {
        text(self.plain(root))
    }

    /// The type of an argument.
    pub(super) fn parameter(&self, ty: &Type) -> TokenStream {
        let plain = self.ty(ty);
        if converts(ty) {
            quote! { impl Into<#plain> }
        } else {
            plain
        }
    }
}

/// A type without the spaces between its tokens.
fn text(ty: TokenStream) -> String {
    let spaced = ty.to_string();
    let (head, rest) = match spaced.strip_prefix("impl ") {
        Some(rest) => ("impl ", rest),
        None => ("", spaced.as_str()),
    };
    format!("{head}{}", rest.replace(' ', "").replace(',', ", "))
}

/// A type without null.
pub(super) fn not_null(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(inner) => inner,
        ty => ty,
    }
}

/// Whether an argument of this type is taken as `impl Into<…>`.
pub(super) fn converts(ty: &Type) -> bool {
    match ty {
        Type::Any
        | Type::Text
        | Type::Media
        | Type::Url
        | Type::List(_)
        | Type::Union(_)
        | Type::Nullable(_)
        | Type::Boxed(_) => true,
        Type::Boolean
        | Type::Integer
        | Type::Number
        | Type::Enum(_)
        | Type::Struct(_)
        | Type::Map(_) => false,
    }
}

/// What the struct is called by which `new` takes its arguments.
pub(crate) fn required_name(of: &Struct) -> String {
    format!("{}Required", if of.name == "Input" { "" } else { of.name.as_str() })
}

/// The field of an output that holds what no other does.
pub(crate) fn rest_name(of: &Struct) -> String {
    let mut name = "others".to_owned();
    while of.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    name
}
