//! The structs, enums and methods of a module.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::docs;
use crate::model::{Field, Struct, Type, Union, Words};

/// More arguments than this are taken by name.
const MOST_ARGUMENTS: usize = 6;

/// An input struct with its constructor and setters. `arguments` are its required
/// fields in the order of `new`.
pub(super) fn input(
    names: &Names<'_>,
    of: &Struct,
    docs: &[String],
    arguments: &[usize],
) -> Vec<TokenStream> {
    let required: Vec<&Field> =
        arguments.iter().filter_map(|index| of.fields.get(*index)).collect();
    let name = format_ident!("{}", of.name);
    let attributes = doc(docs);
    let default = required.is_empty().then(|| quote! { Default, });
    let fields = of.fields.iter().map(|field| {
        let docs = doc(&docs::field(field));
        let name = ident(&field.name);
        let ty = names.field(field);
        quote! { #docs pub #name: #ty, }
    });
    let mut items = vec![quote! {
        #attributes
        #[derive(Debug, Clone, #default PartialEq)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }
    }];
    let setters = of.fields.iter().filter(|field| field.required.is_none());
    let setters = setters.map(|field| setter(names, field));
    let (new, named) = constructor(names, of, &required);
    items.extend(named);
    items.push(quote! { impl #name { #new #(#setters)* } });
    items
}

/// `new`, and the struct that it takes where arguments in a row could be mixed up.
fn constructor(
    names: &Names<'_>,
    of: &Struct,
    required: &[&Field],
) -> (TokenStream, Option<TokenStream>) {
    let unset = of.fields.iter().filter(|field| field.required.is_none()).map(|field| {
        let name = ident(&field.name);
        quote! { #name: None }
    });
    let what = if of.name == "Input" { "A new input" } else { "A new one" };
    let with = if required.is_empty() { "nothing set" } else { "what is required" };
    let docs = doc(&[format!("{what}, with {with}.")]);
    if required.is_empty() {
        let new = quote! {
            #docs
            pub fn new() -> Self { Self::default() }
        };
        return (new, None);
    }
    // Anything at all can be taken for anything else.
    let alike = |a: &Type, b: &Type| a == b || *a == Type::Any || *b == Type::Any;
    let mixable = required
        .iter()
        .enumerate()
        .any(|(index, field)| required[..index].iter().any(|other| alike(&other.ty, &field.ty)));
    if mixable || required.len() > MOST_ARGUMENTS {
        let prefix = if of.name == "Input" { "" } else { of.name.as_str() };
        let name = format_ident!("{prefix}Required");
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
pub(super) fn words(words: &Words) -> TokenStream {
    let name = format_ident!("{}", words.name);
    let attributes = doc(&docs::named(&words.docs, &words.wire));
    let variants = words.variants.iter().map(|variant| {
        let docs = doc(&[docs::code(&variant.word)]);
        let (name, word) = (format_ident!("{}", variant.name), &variant.word);
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
    let ty = names.ty(root);
    let ty = match root {
        Type::Any | Type::List(_) | Type::Map(_) | Type::Nullable(_) => ty,
        _ => quote! { Option<#ty> },
    };
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
        let ty = names.ty(not_null(&field.ty));
        match not_null(&field.ty) {
            Type::List(_) => quote! { #docs pub #name: #ty, },
            _ => quote! { #docs pub #name: Option<#ty>, },
        }
    });
    let rest = rest_name(of);
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
            impl Read for #name {
                fn read(value: &Value) -> Option<Self> {
                    let mut object = Reader::new(value)?;
                    Some(Self { #(#reads,)* #rest: object.others() })
                }
            }
        },
    ]
}

/// The field of an output that holds what no other does.
fn rest_name(of: &Struct) -> Ident {
    let mut name = "others".to_owned();
    while of.fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    format_ident!("{name}")
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

/// What the types of one side of a module are called.
pub(super) struct Names<'a> {
    pub structs: &'a [Struct],
    pub words: &'a [Words],
    pub unions: &'a [Union],
}

impl Names<'_> {
    /// A type as it is written.
    fn ty(&self, ty: &Type) -> TokenStream {
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
            Type::Words(index) => named(self.words.get(*index).map(|words| &words.name)),
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

    /// The type of a field. An optional one that may be null is left out, not null.
    fn field(&self, field: &Field) -> TokenStream {
        match field.required {
            Some(_) => self.ty(&field.ty),
            None => {
                let ty = self.ty(not_null(&field.ty));
                quote! { Option<#ty> }
            }
        }
    }

    /// The type of an argument.
    fn parameter(&self, ty: &Type) -> TokenStream {
        let plain = self.ty(ty);
        if converts(ty) {
            quote! { impl Into<#plain> }
        } else {
            plain
        }
    }
}

/// A type without null.
fn not_null(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(inner) => inner,
        ty => ty,
    }
}

/// Whether an argument of this type is taken as `impl Into<…>`.
fn converts(ty: &Type) -> bool {
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
        | Type::Words(_)
        | Type::Struct(_)
        | Type::Map(_) => false,
    }
}
