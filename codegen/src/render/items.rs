//! The structs, enums and methods of a module.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::docs;
use super::type_names::{Names, converts, not_null, required_name, rest_name};
use crate::constructor_args::Takes;
use crate::model::{Field, StringEnum, Struct, Type, Union};
use crate::text::code;

/// An input struct with its constructor and setters. `arguments` are the fields that
/// `new` takes, in its order.
pub(super) fn input(
    names: &Names<'_>,
    of: &Struct,
    docs: &[String],
    arguments: &[usize],
) -> Vec<TokenStream> {
    let name = format_ident!("{}", of.name);
    let attributes = doc(docs);
    let default = arguments.is_empty().then(|| quote! { Default, });
    let fields = of.fields.iter().enumerate().map(|(index, field)| {
        let mut docs = docs::field(field);
        let (name, ty) = (ident(&field.name), names.field(field, arguments.contains(&index)));
        if arguments.contains(&index) && field.required.is_none() {
            docs.extend([String::new(), NO_MORE_REQUIRED.to_owned()]);
        }
        let docs = doc(&docs);
        quote! { #docs pub #name: #ty, }
    });
    let mut items = vec![quote! {
        #attributes
        #[derive(Debug, Clone, #default PartialEq)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }
    }];
    let unset: Vec<&Field> = of
        .fields
        .iter()
        .enumerate()
        .filter(|(index, _)| !arguments.contains(index))
        .map(|(_, field)| field)
        .collect();
    let setters = unset.iter().map(|field| setter(names, field));
    let (new, named) = constructor(names, of, &Takes::of(of, arguments), &unset);
    items.extend(named);
    items.push(quote! { impl #name { #new #(#setters)* } });
    items
}

/// What the docs say of an argument that may be left out in JSON.
const NO_MORE_REQUIRED: &str =
    "RunComfy requires it no more; `new` takes it as before, so that older calls compile.";

/// `new`, and the struct that it takes where arguments in a row could be mixed up.
fn constructor(
    names: &Names<'_>,
    of: &Struct,
    takes: &Takes<'_>,
    unset: &[&Field],
) -> (TokenStream, Option<TokenStream>) {
    let unset = unset.iter().map(|field| {
        let name = ident(&field.name);
        quote! { #name: None }
    });
    let what = if of.name == "Input" { "A new input" } else { "A new one" };
    let with = if *takes == Takes::Nothing { "nothing set" } else { "what is required" };
    let docs = doc(&[format!("{what}, with {with}.")]);
    let required = match takes {
        Takes::Nothing => {
            let new = quote! {
                #docs
                pub fn new() -> Self { Self::default() }
            };
            return (new, None);
        }
        Takes::ByName(required) => {
            let name = format_ident!("{}", required_name(of));
            let takes = doc(&[format!("What [`{}::new`] takes.", of.name)]);
            let fields = required.iter().map(|field| {
                let docs = doc(&docs::field(field));
                let name = ident(&field.name);
                let ty = names.ty(&field.ty);
                quote! { #docs pub #name: #ty, }
            });
            let moves = required.iter().map(|field| {
                let name = ident(&field.name);
                quote! { #name: required.#name }
            });
            let named = quote! {
                #takes
                #[derive(Debug, Clone, PartialEq)]
                pub struct #name { #(#fields)* }
            };
            let new = quote! {
                #docs
                pub fn new(required: #name) -> Self {
                    Self { #(#moves,)* #(#unset,)* }
                }
            };
            return (new, Some(named));
        }
        Takes::InOrder(required) => required,
    };
    let parameters = required.iter().map(|field| {
        let name = ident(&field.name);
        let ty = names.parameter(&field.ty);
        quote! { #name: #ty }
    });
    let moves = required.iter().map(|field| {
        let name = ident(&field.name);
        match converts(&field.ty) {
            true => quote! { #name: #name.into() },
            false => quote! { #name },
        }
    });
    let new = quote! {
        #docs
        pub fn new(#(#parameters),*) -> Self {
            Self { #(#moves,)* #(#unset,)* }
        }
    };
    (new, None)
}

fn setter(names: &Names<'_>, field: &Field) -> TokenStream {
    let plain = field.name.trim_start_matches("r#");
    let setter = format_ident!("with_{plain}");
    let name = ident(&field.name);
    let docs = doc(&[format!("The same, with [`{plain}`](Self::{plain}) set.")]);
    let ty = names.parameter(not_null(&field.ty));
    let value = if converts(not_null(&field.ty)) {
        quote! { value.into() }
    } else {
        quote! { value }
    };
    quote! {
        #docs
        pub fn #setter(mut self, value: #ty) -> Self {
            self.#name = Some(#value);
            self
        }
    }
}

/// An enum of words, for the macro that declares one.
pub(super) fn words(words: &StringEnum) -> TokenStream {
    let name = format_ident!("{}", words.name);
    let attributes = doc(&docs::named(&words.docs, &words.wire));
    let variants = words.variants.iter().map(|variant| {
        let docs = doc(&[code(&variant.value)]);
        let (name, word) = (format_ident!("{}", variant.name), &variant.value);
        quote! { #docs #name = #word, }
    });
    quote! {
        #attributes
        pub enum #name { #(#variants)* }
    }
}

/// The enum of a union, for the macro that declares one.
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

/// An output that is no object.
pub(super) fn plain_output(docs: &str, root: &Type, names: &Names<'_>) -> TokenStream {
    let docs = doc(&[docs.to_owned()]);
    let ty = names.plain(root);
    quote! {
        #docs
        pub type Output = #ty;
    }
}

/// The output that the models share.
pub(super) fn usual_output(docs: &str) -> TokenStream {
    let docs = doc(&[docs.to_owned()]);
    quote! {
        #docs
        pub type Output = runcomfy::MediaOutput;
    }
}

/// An output struct and how it is read.
pub(super) fn output(of: &Struct, docs: &[String], names: &Names<'_>) -> Vec<TokenStream> {
    let name = format_ident!("{}", of.name);
    let attributes = doc(docs);
    let fields = of.fields.iter().map(|field| {
        let docs = doc(&docs::field(field));
        let name = ident(&field.name);
        let ty = names.answered(field);
        quote! { #docs pub #name: #ty, }
    });
    let rest = format_ident!("{}", rest_name(of));
    let reads = of.fields.iter().map(|field| {
        let (name, wire) = (ident(&field.name), &field.wire);
        match not_null(&field.ty) {
            Type::List(_) => quote! { #name: object.list(#wire) },
            _ => quote! { #name: object.optional(#wire) },
        }
    });
    vec![
        quote! {
            #attributes
            #[derive(Debug, Clone, Default, PartialEq)]
            #[non_exhaustive]
            pub struct #name {
                #(#fields)*
                /// Everything else that came, by name.
                pub #rest: Map<String, Value>,
            }
        },
        quote! {
            impl FromOutput for #name {
                fn from_output(value: &Value) -> Option<Self> {
                    let mut object = OutputReader::new(value)?;
                    Some(Self { #(#reads,)* #rest: object.others() })
                }
            }
        },
    ]
}

/// An identifier from a name of ours, which may be raw.
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
