//! Derives a caller from the text of a generated module. It uses every constructor, setter,
//! field, enum value, variant and alias with its exact type.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{
    Fields, FnArg, Ident, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Token, Type, Visibility,
};

/// Returns the program that calls a module of `acme` in the crate `scratch`.
pub(super) fn of(module: &str, text: &str) -> String {
    let mut lines = Vec::new();
    let file = syn::parse_file(text).expect("generated code is Rust");
    let impls: Vec<&ItemImpl> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(item) if item.trait_.is_none() => Some(item),
            _ => None,
        })
        .collect();
    for item in &file.items {
        match item {
            Item::Struct(item) if is_public(&item.vis) => lines.extend(structure(item, &impls)),
            Item::Type(item) if is_public(&item.vis) => {
                let (name, ty) = (&item.ident, text_of(&item.ty));
                lines.push(format!("let _: fn(&m::{name}) -> &{ty} = |value| value;"));
                lines.extend(usual(&ty));
            }
            Item::Macro(item) => {
                let kind = text_of(&item.mac.path);
                match kind.strip_prefix("runcomfy :: codegen_support :: ") {
                    Some("string_enum") => {
                        lines.extend(words(&item.mac.parse_body().expect("it is an enum")));
                    }
                    Some("union") => {
                        let union_of = item.mac.parse_body_with(direction_and_enum);
                        lines.extend(union_of.map(union).expect("it is an enum"));
                    }
                    // They add traits that nobody calls.
                    Some("object" | "input_traits" | "output") => {}
                    _ => unreachable!("`{kind}!` is unknown"),
                }
            }
            Item::Impl(item) if is_model(item) => {
                lines.push("fn is_model<M: runcomfy::Model<Output = Output>>() {}".to_owned());
                lines.push("is_model::<Input>();".to_owned());
            }
            _ => {}
        }
    }
    assert!(lines.len() > 2, "{module} has nothing to call");
    format!(
        "{HEAD}use scratch::acme::{module} as m;\nuse m::*;\n\npub fn main() {{\n    {}\n}}\n",
        lines.join("\n    ")
    )
}

const HEAD: &str = "//! A caller.\n\
    use std::collections::BTreeMap;\n\
    use runcomfy::codegen_support::{Map, Value};\n\
    use runcomfy::{Media, Url};\n\
    fn any<T>() -> T { std::process::exit(0) }\n";

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_model(item: &ItemImpl) -> bool {
    item.trait_.as_ref().is_some_and(|(path, _)| text_of(path).ends_with("Model"))
}

fn text_of(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

fn structure(item: &ItemStruct, impls: &[&ItemImpl]) -> Vec<String> {
    let name = &item.ident;
    let mut lines = Vec::new();
    let attributes: String = item.attrs.iter().map(text_of).collect();
    let fields: Vec<(String, String)> = item
        .fields
        .iter()
        .filter(|field| is_public(&field.vis))
        .filter_map(|field| Some((field.ident.as_ref()?.to_string(), text_of(&field.ty))))
        .collect();
    if !attributes.contains("non_exhaustive") {
        let all: Vec<String> =
            fields.iter().map(|(name, ty)| format!("{name}: any::<{ty}>()")).collect();
        lines.push(format!("let _ = m::{name} {{ {} }};", all.join(", ")));
    }
    if attributes.contains("Default") {
        lines.push(format!("let _ = <m::{name} as Default>::default();"));
    }
    for (field, ty) in &fields {
        lines.push(format!("let _: fn(&m::{name}) -> &{ty} = |value| &value.{field};"));
        lines.push(format!("let _: fn(&mut m::{name}, {ty}) = |value, new| value.{field} = new;"));
    }
    let own = |item: &&&ItemImpl| *name == text_of(&item.self_ty);
    for method in impls.iter().filter(own).flat_map(|item| &item.items) {
        let ImplItem::Fn(method) = method else { continue };
        let mut arguments = Vec::new();
        for argument in &method.sig.inputs {
            match argument {
                FnArg::Receiver(_) => arguments.push(format!("any::<m::{name}>()")),
                FnArg::Typed(argument) => arguments.push(value_for(&argument.ty)),
            }
        }
        let method = &method.sig.ident;
        lines.push(format!("let _: m::{name} = m::{name}::{method}({});", arguments.join(", ")));
    }
    lines
}

/// Returns an argument of a type, or of a type that converts into it.
fn value_for(ty: &Type) -> String {
    let ty = text_of(ty);
    if ty == "impl IntoMedia" {
        return "any::<Media>()".to_owned();
    }
    match ty.strip_prefix("impl Into < ").and_then(|ty| ty.strip_suffix('>')) {
        Some(ty) => format!("any::<{ty}>()"),
        None => format!("any::<{ty}>()"),
    }
}

fn words(item: &ItemEnum) -> Vec<String> {
    let name = &item.ident;
    let arms: Vec<String> =
        item.variants.iter().map(|variant| format!("m::{name}::{} => 1", variant.ident)).collect();
    vec![
        format!(
            "let _: fn(m::{name}) -> u8 = |word| match word {{ {}, _ => 0 }};",
            arms.join(", ")
        ),
        format!("let _: &[m::{name}] = m::{name}::ALL;"),
        format!("let _: &[&str] = m::{name}::VALUES;"),
        format!("let _: &str = any::<m::{name}>().as_str();"),
        format!(
            "let _ = \"\".parse::<m::{name}>().map_err(|error: runcomfy::UnknownVariant| error);"
        ),
    ]
}

/// Parses `input: pub enum …`.
fn direction_and_enum(tokens: ParseStream<'_>) -> syn::Result<(Ident, ItemEnum)> {
    let direction = tokens.parse()?;
    tokens.parse::<Token![:]>()?;
    Ok((direction, tokens.parse()?))
}

fn union((direction, item): (Ident, ItemEnum)) -> Vec<String> {
    let name = &item.ident;
    let mut lines = Vec::new();
    for variant in &item.variants {
        let Fields::Unnamed(fields) = &variant.fields else { continue };
        let (path, ty) = (format!("m::{name}::{}", variant.ident), text_of(&fields.unnamed));
        let ty = ty.trim_end_matches([',', ' ']);
        lines.push(format!("let _: m::{name} = {path}(any::<{ty}>());"));
        lines.push(format!(
            "let _: fn(m::{name}) -> {ty} = |value| match value {{ {path}(inner) => inner, _ => any() }};"
        ));
        if direction == "input" {
            lines.push(format!("let _ = m::{name}::from(any::<{ty}>());"));
        }
    }
    lines
}

/// Returns the lines that read the output that models share.
fn usual(ty: &str) -> Vec<String> {
    if ty != "runcomfy :: MediaOutput" {
        return Vec::new();
    }
    ["image: Option<Url>", "videos: Vec<Url>", "others: Map<String, Value>"]
        .iter()
        .filter_map(|field| field.split_once(": "))
        .map(|(field, ty)| format!("let _: fn(&m::Output) -> &{ty} = |value| &value.{field};"))
        .collect()
}
