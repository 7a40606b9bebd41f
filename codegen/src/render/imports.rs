//! Writes the imports of a module: exactly the names that its items use.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::table;
use super::type_names::{Conversion, conversion, not_null};
use crate::constructor_args::ConstructorArgs;
use crate::model::{Model, Output, Rule, Shape, Struct, Type, Union, ValueSchema};

/// Returns the `use` items of a model's module.
pub(super) fn write(model: &Model) -> Vec<TokenStream> {
    used(model).tokens()
}

/// Returns `true` if a model's module needs the feature `pattern` of `runcomfy`.
pub(super) fn needs_pattern(model: &Model) -> bool {
    used(model).rules.contains("Pattern")
}

/// Returns the names that the items of a model's module use.
fn used(model: &Model) -> Used {
    let mut used = Used::default();
    used.table.insert("Field");
    for (index, of) in model.inputs.iter().enumerate() {
        for field in &of.fields {
            used.of(&field.schema);
            if !of.table_only {
                used.ty(&field.ty);
            }
        }
        if !of.table_only && has_media_argument(of, &model.arguments_of(index)) {
            used.runcomfy.insert("IntoMedia");
        }
    }
    if let Some(of) = &model.others {
        used.table.insert("ValueSchema");
        used.of(of);
    }
    if !model.rules.is_empty() {
        used.table.insert("Rule");
        used.rules.extend(model.rules.iter().map(table::rule_name));
    }
    for union in &model.unions {
        used.table.insert("ValueSchema");
        union.branches.iter().for_each(|of| used.of(of));
        union.variants.iter().for_each(|(_, ty)| used.ty(ty));
    }
    match &model.output {
        Output::Usual => {}
        Output::Own { structs, unions } => used.output(structs, unions),
        Output::Plain { structs, unions, root } => {
            used.output(structs, unions);
            used.ty(root);
        }
    }
    used
}

/// Returns `true` if `new` or a setter of a struct converts an argument into media.
fn has_media_argument(of: &Struct, arguments: &[usize]) -> bool {
    let converted = match ConstructorArgs::new(of, arguments) {
        ConstructorArgs::InOrder(fields) => fields,
        ConstructorArgs::None | ConstructorArgs::ByName(_) => Vec::new(),
    };
    let mut set = of.fields.iter().enumerate().filter(|(index, _)| !arguments.contains(index));
    converted.iter().any(|field| conversion(&field.ty) == Conversion::IntoMedia)
        || set.any(|(_, field)| conversion(not_null(&field.ty)) == Conversion::IntoMedia)
}

#[derive(Default)]
struct Used {
    runcomfy: BTreeSet<&'static str>,
    limits: BTreeSet<&'static str>,
    metrics: BTreeSet<String>,
    rules: BTreeSet<String>,
    table: BTreeSet<&'static str>,
    support: BTreeSet<&'static str>,
    std: BTreeSet<&'static str>,
}

impl Used {
    fn output(&mut self, structs: &[Struct], unions: &[Union]) {
        if !structs.is_empty() {
            self.support.extend(["Map", "Value"]);
        }
        for field in structs.iter().flat_map(|of| &of.fields) {
            self.ty(&field.ty);
        }
        unions.iter().flat_map(|union| &union.variants).for_each(|(_, ty)| self.ty(ty));
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Any => _ = self.support.insert("Value"),
            Type::Media => _ = self.runcomfy.insert("Media"),
            Type::Url => _ = self.runcomfy.insert("Url"),
            Type::Map(value) => {
                self.std.insert("BTreeMap");
                self.ty(value);
            }
            Type::List(inner) | Type::Boxed(inner) | Type::Nullable(inner) => self.ty(inner),
            Type::Boolean
            | Type::Integer
            | Type::Unsigned
            | Type::Wide
            | Type::Number
            | Type::Text
            | Type::Enum(_)
            | Type::Struct(_)
            | Type::Union(_) => {}
        }
    }

    fn of(&mut self, of: &ValueSchema) {
        match &of.shape {
            Shape::List(inner)
            | Shape::Map(inner)
            | Shape::Nullable(inner)
            | Shape::Open(_, inner) => {
                self.table.extend(["ValueSchema", "Shape"]);
                self.of(inner);
            }
            Shape::Object(_) | Shape::Union(_) => _ = self.table.insert("Shape"),
            shape => self.table.extend(table::scalar(shape)),
        }
        if of.rules.iter().any(table::has_message) {
            self.table.insert("Rule");
        }
        for rule in &of.rules {
            self.rules.insert(table::rule_name(rule));
            if let Rule::Measured(metric, limit, _) = rule {
                self.metrics.insert(format!("{metric:?}"));
                self.limits.insert(table::bound_name(*limit));
            }
        }
    }

    /// Returns the items in rustfmt's order, those of the standard library first.
    fn tokens(self) -> Vec<TokenStream> {
        let metrics = self.metrics.iter().map(String::as_str).collect();
        let rules = self.rules.iter().map(String::as_str).collect();
        let std = group([("std::collections", self.std)]);
        let runcomfy = group([
            ("runcomfy::codegen_support::schema::Bound", self.limits),
            ("runcomfy::codegen_support::schema::Metric", metrics),
            ("runcomfy::codegen_support::schema::Rule", rules),
            ("runcomfy::codegen_support::schema", self.table),
            ("runcomfy::codegen_support", self.support),
            ("runcomfy", self.runcomfy),
        ]);
        [std, runcomfy].into_iter().filter(|group| !group.is_empty()).collect()
    }
}

fn group<const N: usize>(imports: [(&str, BTreeSet<&str>); N]) -> TokenStream {
    let mut items: Vec<(String, TokenStream)> = Vec::new();
    for (path, names) in imports {
        let steps = path.split("::").map(|step| format_ident!("{step}"));
        let path_tokens = quote! { #(#steps)::* };
        let idents: Vec<_> = names.iter().map(|name| format_ident!("{name}")).collect();
        match (idents.as_slice(), names.first()) {
            ([], _) | (_, None) => {}
            ([ident], Some(name)) => {
                items.push((format!("{path}::{name}"), quote! { use #path_tokens::#ident; }));
            }
            (idents, Some(_)) => {
                items.push((format!("{path}::{{"), quote! { use #path_tokens::{#(#idents),*}; }));
            }
        }
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items.into_iter().map(|(_, item)| item).collect()
}
