//! Writes the structs, enums and methods of a module.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::type_names::{Conversion, Names, conversion, not_null, required_name, rest_name};
use super::{docs, table};
use crate::constructor_args::{ConstructorArgs, OnlyValue};
use crate::model::{Field, StringEnum, Struct, Type, Union};

/// Doc of an argument that is optional in JSON.
const NO_LONGER_REQUIRED: &str =
    "RunComfy no longer requires it; it stays an argument of `new`, so older calls compile.";

/// Doc of a field that `new` fills in.
const FILLED_IN: &str = "`new` fills in its only value.";

/// A field that `new` does not take.
struct Other<'a> {
    field: &'a Field,
    /// Its value, unless that is `None`.
    initial: Option<TokenStream>,
}

/// Writes an input struct with its constructor and setters. `arguments` are the fields that `new`
/// takes, in its order, and `tags` the optional ones that it fills in.
pub(super) fn input(
    names: &Names<'_>,
    of: &Struct,
    docs: &[String],
    arguments: &[usize],
    tags: &[usize],
) -> Vec<TokenStream> {
    let name = format_ident!("{}", of.name);
    let attributes = doc(docs);
    let values = (0..).zip(&of.fields).map(|(index, field)| {
        OnlyValue::of(field, names.enums).filter(|_| !arguments.contains(&index))
    });
    let values: Vec<Option<OnlyValue<'_>>> = values.collect();
    let is_empty = tags.is_empty() && values.iter().all(Option::is_none);
    let default = (arguments.is_empty() && is_empty).then(|| quote! { Default, });
    let fields = of.fields.iter().enumerate().map(|(index, field)| {
        let mut docs = docs::field(field);
        let is_argument = arguments.contains(&index);
        if values[index].is_some() || tags.contains(&index) {
            docs.extend([String::new(), FILLED_IN.to_owned()]);
        } else if is_argument && field.required.is_none() {
            docs.extend([String::new(), NO_LONGER_REQUIRED.to_owned()]);
        }
        let is_set = is_argument || values[index].is_some();
        let ty = if is_set { names.ty(&field.ty) } else { names.optional(field) };
        let (docs, name) = (doc(&docs), ident(&field.name));
        quote! { #docs pub #name: #ty, }
    });
    let mut items = vec![quote! {
        #attributes
        #[derive(Debug, Clone, #default PartialEq)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }
    }];
    let others = of.fields.iter().enumerate().filter(|(index, _)| !arguments.contains(index));
    let others = others.map(|(index, field)| {
        let tag = OnlyValue::of_value(field, names.enums).filter(|_| tags.contains(&index));
        let tag = tag.map(|value| only_value(&value)).map(|value| quote! { Some(#value) });
        Other { field, initial: values[index].as_ref().map(only_value).or(tag) }
    });
    let others: Vec<Other<'_>> = others.collect();
    let args = ConstructorArgs::new(of, arguments);
    items.extend(required_struct(names, of, &args));
    let new = constructor(names, of, &args, &others);
    let unset = of.fields.iter().enumerate().zip(&values);
    let unset = unset.filter(|((index, _), value)| value.is_none() && !arguments.contains(index));
    let setters = unset.map(|((_, field), _)| setter(names, field));
    items.push(quote! { impl #name { #new #(#setters)* } });
    if arguments.is_empty() && !is_empty {
        items.push(quote! {
            impl Default for #name {
                fn default() -> Self { Self::new() }
            }
        });
    }
    items
}

/// Writes the value that a field has without an argument of `new`.
fn initial_value(other: &Other<'_>) -> TokenStream {
    let name = ident(&other.field.name);
    let value = other.initial.clone().unwrap_or_else(|| quote! { None });
    quote! { #name: #value }
}

/// Writes the only value of a field.
fn only_value(value: &OnlyValue<'_>) -> TokenStream {
    match value {
        OnlyValue::Boolean(value) => quote! { #value },
        OnlyValue::Integer(value) => table::integer(*value),
        OnlyValue::Unsigned(value) => {
            let value = Literal::u64_unsuffixed(*value);
            quote! { #value }
        }
        OnlyValue::Number(value) => table::number(*value),
        OnlyValue::AnyBoolean(value) => quote! { Value::from(#value) },
        OnlyValue::AnyNumber(value) => {
            let value = table::number(*value);
            quote! { Value::from(#value) }
        }
        OnlyValue::Null => quote! { Value::Null },
        OnlyValue::Variant(of) => {
            let name = format_ident!("{}", of.name);
            let variant = of.variants.first().map(|of| format_ident!("{}", of.name));
            quote! { #name::#variant }
        }
    }
}

/// Writes the struct that names the arguments of `new`, if `new` takes one.
fn required_struct(
    names: &Names<'_>,
    of: &Struct,
    args: &ConstructorArgs<'_>,
) -> Option<TokenStream> {
    let ConstructorArgs::ByName(required) = args else { return None };
    let name = format_ident!("{}", required_name(of));
    let docs = doc(&[format!("Arguments of [`{}::new`].", of.name)]);
    let fields = required.iter().map(|field| {
        let (docs, name, ty) = (doc(&docs::field(field)), ident(&field.name), names.ty(&field.ty));
        quote! { #docs pub #name: #ty, }
    });
    Some(quote! {
        #docs
        #[derive(Debug, Clone, PartialEq)]
        pub struct #name { #(#fields)* }
    })
}

/// Writes `new`.
fn constructor(
    names: &Names<'_>,
    of: &Struct,
    args: &ConstructorArgs<'_>,
    others: &[Other<'_>],
) -> TokenStream {
    let noun = match of.name.as_str() {
        "Input" => "an input",
        _ => "an instance",
    };
    let is_empty = others.iter().all(|other| other.initial.is_none());
    let others = others.iter().map(initial_value);
    let (parameters, moves): (TokenStream, Vec<TokenStream>) = match args {
        ConstructorArgs::None => {
            let docs = doc(&[format!("Creates {noun} with nothing set.")]);
            let value = match is_empty {
                true => quote! { Self::default() },
                false => quote! { Self { #(#others,)* } },
            };
            return quote! {
                #docs
                pub fn new() -> Self { #value }
            };
        }
        ConstructorArgs::ByName(required) => {
            let ty = format_ident!("{}", required_name(of));
            let moves = required.iter().map(|field| {
                let name = ident(&field.name);
                quote! { #name: required.#name }
            });
            (quote! { required: #ty }, moves.collect())
        }
        ConstructorArgs::InOrder(required) => {
            let parameters = required.iter().map(|field| {
                let (name, ty) = (parameter(field), names.parameter(&field.ty));
                quote! { #name: #ty }
            });
            let moves = required.iter().map(|field| {
                let (name, parameter) = (ident(&field.name), parameter(field));
                match conversion(&field.ty) {
                    Conversion::None if name == parameter => quote! { #name },
                    conversion => {
                        let value = conversion.apply(quote! { #parameter });
                        quote! { #name: #value }
                    }
                }
            });
            (quote! { #(#parameters),* }, moves.collect())
        }
    };
    let docs = doc(&[format!("Creates {noun} from its required fields.")]);
    quote! {
        #docs
        pub fn new(#parameters) -> Self {
            Self { #(#moves,)* #(#others,)* }
        }
    }
}

/// Returns the name of an argument of `new`. In a script without lower case, rustc denies a name that
/// a variant of its type has too.
fn parameter(field: &Field) -> Ident {
    let is_enum = matches!(field.ty, Type::Enum(_) | Type::Union(_));
    let is_cased = field.name.starts_with(|c: char| c.is_lowercase() || c == '_');
    match is_enum && !is_cased {
        true => format_ident!("{}_", field.name),
        false => ident(&field.name),
    }
}

/// Writes the setter of an optional field.
fn setter(names: &Names<'_>, field: &Field) -> TokenStream {
    let plain = field.name.trim_start_matches("r#");
    let setter = format_ident!("with_{plain}");
    let name = ident(&field.name);
    let docs = doc(&docs::setter(plain, field));
    let ty = names.parameter(not_null(&field.ty));
    let value = conversion(not_null(&field.ty)).apply(quote! { value });
    quote! {
        #docs
        pub fn #setter(mut self, value: #ty) -> Self {
            self.#name = Some(#value);
            self
        }
    }
}

/// Writes an enum of strings, for the macro that declares one.
pub(super) fn string_enum(of: &StringEnum) -> TokenStream {
    let name = format_ident!("{}", of.name);
    let attributes = doc(&docs::named(&of.docs, &of.wire));
    let variants = of.variants.iter().map(|variant| {
        let docs = doc(&docs::choice(variant));
        let (name, word) = (format_ident!("{}", variant.name), &variant.value);
        quote! { #docs #name = #word, }
    });
    quote! {
        #attributes
        pub enum #name { #(#variants)* }
    }
}

/// Writes the enum of a union, for the macro that declares one.
pub(super) fn union(union: &Union, names: &Names<'_>) -> TokenStream {
    let name = format_ident!("{}", union.name);
    let attributes = doc(&docs::named(&union.docs, &union.wire));
    let variants = union.variants.iter().map(|(name, ty)| {
        let docs = doc(&[docs::variant(ty)]);
        let name = format_ident!("{name}");
        let ty = names.ty(ty);
        quote! { #docs #name(#ty), }
    });
    quote! {
        #attributes
        pub enum #name { #(#variants)* }
    }
}

/// Writes an output that is not an object.
pub(super) fn plain_output(docs: &[String], root: &Type, names: &Names<'_>) -> TokenStream {
    let docs = doc(docs);
    let ty = names.plain(root);
    quote! {
        #docs
        pub type Output = #ty;
    }
}

/// Writes the output that most models share.
pub(super) fn usual_output(docs: &[String]) -> TokenStream {
    let docs = doc(docs);
    quote! {
        #docs
        pub type Output = runcomfy::MediaOutput;
    }
}

/// Writes an output struct.
pub(super) fn output(of: &Struct, docs: &[String], names: &Names<'_>) -> TokenStream {
    let name = format_ident!("{}", of.name);
    let attributes = doc(docs);
    let fields = of.fields.iter().map(|field| {
        let docs = doc(&docs::field(field));
        let name = ident(&field.name);
        let ty = names.output(field);
        quote! { #docs pub #name: #ty, }
    });
    let rest = format_ident!("{}", rest_name(of));
    quote! {
        #attributes
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields)*
            /// The properties that the schema does not describe, by name.
            pub #rest: Map<String, Value>,
        }
    }
}

/// Returns the identifier of a name, which may be raw.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

fn doc(lines: &[String]) -> TokenStream {
    let lines =
        lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote! { #(#[doc = #lines])* }
}
