//! Writes the static tables, and the items that connect a struct to its table.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use runcomfy::media::{Bound, MediaKind};

use super::type_names::{not_null, rest_name};
use crate::model::{Field, Model, Rule, Shape, Struct, Type, Union, UnionKind, ValueSchema};
use crate::schema::Pattern;

/// Returns the tables of all input structs and unions.
pub(super) fn all(model: &Model) -> Vec<TokenStream> {
    let mut items: Vec<TokenStream> =
        model.inputs.iter().flat_map(|of| fields(model, of)).collect();
    items.extend(model.unions.iter().flat_map(|union| branches(model, union)));
    items
}

/// Returns the items that make the first struct a model.
pub(super) fn model_impl(model: &Model) -> Vec<TokenStream> {
    let id = &model.id;
    let own = model.rules.iter().map(|rule| self::rule(model, rule));
    let rules = (!model.rules.is_empty()).then(|| {
        quote! { const RULES: &'static [Rule] = &[#(#own),*]; }
    });
    let mut items = Vec::new();
    let others = model.others.as_ref().map(|of| {
        let mut row = RowWriter::new(model, format_ident!("OTHERS_RULES"));
        let of = row.value_schema(of);
        items.extend(row.rules_item);
        quote! { const OTHERS: Option<&'static ValueSchema> = Some(#of); }
    });
    items.push(quote! {
        impl runcomfy::Model for Input {
            const ID: &'static str = #id;
            const FIELDS: &'static [Field] = &FIELDS;
            #others
            #rules
            type Output = Output;
        }
    });
    items.push(quote! { runcomfy::codegen_support::input_traits!(Input); });
    items
}

/// The maximum length of a macro call on one line.
const MAX_WIDTH: usize = 100;

/// Returns the macro call that connects a struct to its table, with its fields in the order of
/// the table's rows.
pub(super) fn object(of: &Struct) -> String {
    let fields: Vec<String> = of.fields.iter().map(|field| field.name.clone()).collect();
    let head = format!("object!({}, {}, [", of.name, table_name(&of.name));
    list_call(&head, &fields, "]")
}

/// Returns the macro call that says how an output struct is read: each field with its name on
/// the wire, and the field that holds the rest.
pub(super) fn output(of: &Struct) -> String {
    let fields = of.fields.iter().map(|field| {
        let wire = Literal::string(&field.wire);
        match not_null(&field.ty) {
            Type::List(_) => format!("{}: list({wire})", field.name),
            _ => format!("{}: optional({wire})", field.name),
        }
    });
    let fields: Vec<String> = fields.collect();
    list_call(&format!("output!({}, [", of.name), &fields, &format!("], {}", rest_name(of)))
}

/// Returns a macro call with a list in it, on one line if it fits.
fn list_call(head: &str, items: &[String], tail: &str) -> String {
    let head = format!("runcomfy::codegen_support::{head}");
    let one_line = format!("{head}{}{tail});\n", items.join(", "));
    if one_line.len() <= MAX_WIDTH {
        return one_line;
    }
    let lines: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!("{head}\n{lines}{tail});\n")
}

/// Returns the constant of a shape without parts.
pub(super) fn scalar(shape: &Shape) -> Option<&'static str> {
    match shape {
        Shape::Any => Some("ANY"),
        Shape::Null => Some("NULL"),
        Shape::Boolean => Some("BOOLEAN"),
        Shape::Integer => Some("INTEGER"),
        Shape::Number => Some("NUMBER"),
        Shape::Text => Some("TEXT"),
        Shape::Media(MediaKind::Image) => Some("IMAGE"),
        Shape::Media(MediaKind::Video) => Some("VIDEO"),
        Shape::Media(MediaKind::Audio) => Some("AUDIO"),
        Shape::Media(_) => Some("MEDIA"),
        Shape::List(_)
        | Shape::Map(_)
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::Nullable(_)
        | Shape::Union(_) => None,
    }
}

/// Returns the name of a rule in `runcomfy::codegen_support::schema::Rule`.
pub(super) fn rule_name(rule: &Rule) -> String {
    let text = match rule {
        Rule::Plain(rule) => format!("{rule:?}"),
        rule => format!("{rule:?}"),
    };
    text.split('(').next().unwrap_or_default().to_owned()
}

/// Returns the name of a bound in `runcomfy::codegen_support::schema::Bound`.
pub(super) fn bound_name(limit: Bound) -> &'static str {
    match limit {
        Bound::Over(_) => "Over",
        Bound::Under(_) => "Under",
    }
}

/// Returns the table of a struct, after the lists of rules with messages, which would make its rows
/// too long to read.
fn fields(model: &Model, of: &Struct) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut rows = Vec::new();
    for field in &of.fields {
        let prefix = match of.name.as_str() {
            "Input" => String::new(),
            // Two underscores: no name of a field or type has them.
            name => screaming(name) + "__",
        };
        let name = screaming(field.name.trim_start_matches("r#"));
        let mut row = RowWriter::new(model, format_ident!("{prefix}{name}_RULES"));
        rows.push(row.field(field));
        items.extend(row.rules_item);
    }
    let name = table_name(&of.name);
    let count = Literal::usize_unsuffixed(rows.len());
    items.push(quote! { static #name: [Field; #count] = [#(#rows),*]; });
    items
}

/// Returns the branches of a union, after the lists of rules with messages.
fn branches(model: &Model, union: &Union) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut rows = Vec::new();
    for (index, branch) in union.branches.iter().enumerate() {
        let name = format_ident!("{}_RULES_{index}", screaming(&union.name));
        let mut row = RowWriter::new(model, name);
        let shape = row.shape(&branch.shape);
        let rules = row.rules(&branch.rules);
        rows.push(quote! { ValueSchema::new(#shape, #rules) });
        items.extend(row.rules_item);
    }
    let name = branches_name(&union.name);
    let count = Literal::usize_unsuffixed(rows.len());
    items.push(quote! { static #name: [ValueSchema; #count] = [#(#rows),*]; });
    items
}

/// Writes one row of a table.
struct RowWriter<'a> {
    model: &'a Model,
    /// The name of the list of rules with messages.
    name: Ident,
    /// The item of that list, if there is one.
    rules_item: Option<TokenStream>,
}

impl<'a> RowWriter<'a> {
    fn new(model: &'a Model, name: Ident) -> Self {
        Self { model, name, rules_item: None }
    }

    fn field(&mut self, field: &Field) -> TokenStream {
        let kind = match field.required {
            Some(_) => format_ident!("required"),
            None => format_ident!("optional"),
        };
        let wire = &field.wire;
        let shape = self.shape(&field.schema.shape);
        let rules = self.rules(&field.schema.rules);
        let title = field.title.as_ref().map(|title| quote! { .titled(#title) });
        let described = field.description.as_ref().map(|text| quote! { .described(#text) });
        let default = field.default.as_ref().map(|default| quote! { .default(#default) });
        quote! { Field::#kind(#wire, #shape, #rules) #title #described #default }
    }

    fn shape(&mut self, shape: &Shape) -> TokenStream {
        match (shape, scalar(shape)) {
            (Shape::List(item), _) => {
                let of = self.value_schema(item);
                quote! { Shape::List(#of) }
            }
            (Shape::Map(value), _) => {
                let of = self.value_schema(value);
                quote! { Shape::Map(#of) }
            }
            (Shape::Nullable(inner), _) => {
                let of = self.value_schema(inner);
                quote! { Shape::Nullable(#of) }
            }
            (Shape::Union(index), _) => {
                let union = self.model.unions.get(*index);
                let name = branches_name(union.map_or("", |union| union.name.as_str()));
                match union.map(|union| union.kind) {
                    Some(UnionKind::OneOf) => quote! { Shape::OneOf(&#name) },
                    Some(UnionKind::ByKind) => quote! { Shape::ByKind(&#name) },
                    Some(UnionKind::AnyOf) | None => quote! { Shape::AnyOf(&#name) },
                }
            }
            (Shape::Open(index, others), _) => {
                let name = self.model.inputs.get(*index).map_or("", |of| of.name.as_str());
                let table = table_name(name);
                let others = self.value_schema(others);
                quote! { Shape::Open(&#table, #others) }
            }
            (Shape::Object(index), _) => {
                let name = self.model.inputs.get(*index).map_or("", |of| of.name.as_str());
                let table = table_name(name);
                quote! { Shape::Object(&#table) }
            }
            (_, name) => {
                let name = format_ident!("{}", name.unwrap_or("ANY"));
                quote! { #name }
            }
        }
    }

    fn value_schema(&mut self, schema: &ValueSchema) -> TokenStream {
        let shape = self.shape(&schema.shape);
        let rules = self.rules(&schema.rules);
        quote! { &ValueSchema::new(#shape, #rules) }
    }

    fn rules(&mut self, rules: &[Rule]) -> TokenStream {
        let has_message = rules.iter().any(has_message);
        let rules: Vec<TokenStream> =
            rules.iter().map(|rule| self::rule(self.model, rule)).collect();
        if !has_message || self.rules_item.is_some() {
            return quote! { &[#(#rules),*] };
        }
        let name = &self.name;
        let count = Literal::usize_unsuffixed(rules.len());
        self.rules_item = Some(quote! { static #name: [Rule; #count] = [#(#rules),*]; });
        quote! { &#name }
    }
}

/// Returns `true` if a rule has a message.
pub(super) fn has_message(rule: &Rule) -> bool {
    matches!(rule, Rule::Measured(..) | Rule::Unchecked(..))
}

fn rule(model: &Model, rule: &Rule) -> TokenStream {
    let name = format_ident!("{}", rule_name(rule));
    match rule {
        // The `Debug` form of a plain rule is valid Rust.
        Rule::Plain(rule) => format!("{rule:?}").parse().unwrap_or_default(),
        Rule::Pattern(Pattern { written, translated }) => quote! { #name(#written, #translated) },
        Rule::Strings(index) => {
            let words = model.enums.get(*index).map_or("", |words| words.name.as_str());
            let words = format_ident!("{words}");
            quote! { #name(#words::VALUES) }
        }
        Rule::Integers(choices) => {
            let choices = choices.iter().map(|choice| integer(*choice));
            quote! { #name(&[#(#choices),*]) }
        }
        Rule::Values(choices) => quote! { #name(&[#(#choices),*]) },
        Rule::Measured(metric, limit, message) => {
            let metric = format_ident!("{metric:?}");
            let side = format_ident!("{}", bound_name(*limit));
            let (Bound::Over(bound) | Bound::Under(bound)) = limit;
            let bound = number(*bound);
            quote! { #name(#metric, #side(#bound), #message) }
        }
        Rule::Unchecked(rule, value, message) => quote! { #name(#rule, #value, #message) },
        Rule::Annotation(keyword, value) => quote! { #name(#keyword, #value) },
    }
}

/// Returns an integer; a literal cannot be negative.
pub(super) fn integer(value: i64) -> TokenStream {
    let digits = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 {
        quote! { -#digits }
    } else {
        quote! { #digits }
    }
}

/// Returns a float; a literal cannot be negative.
pub(super) fn number(value: f64) -> TokenStream {
    let digits = Literal::f64_unsuffixed(value.abs());
    if value.is_sign_negative() && value != 0.0 {
        quote! { -#digits }
    } else {
        quote! { #digits }
    }
}

/// Returns the name of a struct's table: `FIELDS` for the input, `VOICE_SETTING_FIELDS` for a nested
/// `VoiceSetting`.
fn table_name(name: &str) -> Ident {
    match name {
        "Input" => format_ident!("FIELDS"),
        name => format_ident!("{}_FIELDS", screaming(name)),
    }
}

fn branches_name(name: &str) -> Ident {
    format_ident!("{}_BRANCHES", screaming(name))
}

/// Returns a name in capitals: `VoiceSetting` and `voice_setting` are `VOICE_SETTING`.
fn screaming(name: &str) -> String {
    let mut screaming = String::new();
    for (position, c) in name.chars().enumerate() {
        if position > 0 && c.is_uppercase() {
            screaming.push('_');
        }
        screaming.extend(c.to_uppercase());
    }
    screaming
}
