//! Writes the text of a module from its model. It decides nothing and cannot fail.

mod docs;
mod imports;
mod items;
mod listing;
mod page;
mod table;
pub(crate) mod type_names;

use proc_macro2::TokenStream;

use crate::model::{Model, Output};
use crate::text::{code, is_address};
use type_names::Names;

pub(crate) use listing::{ModelListing, Provider, Providers, parent_modules};

/// Text in the head of every generated file, before the path of its source.
pub(crate) const HEADER: &str = "`runcomfy-codegen` from";
/// Text after the path of the source.
pub(crate) const FOOTER: &str = "do not edit by hand.";

/// Returns the module of one model. `origin` is the name of the schemas folder.
pub(crate) fn model(model: &Model, origin: &str) -> String {
    let mut all: Vec<String> = imports::write(model).into_iter().map(formatted).collect();
    let names = Names::of_input(model);
    for (index, of) in model.inputs.iter().enumerate().filter(|(_, of)| !of.table_only) {
        let docs = match index {
            0 => vec![format!("Input of {}.", link(model))],
            _ => docs::named(&of.docs, &of.wire),
        };
        let (arguments, tags) = (model.arguments_of(index), model.tags_of(index));
        all.extend(items::input(&names, of, &docs, &arguments, &tags).into_iter().map(formatted));
    }
    all.extend(
        model.enums.iter().map(|of| {
            macro_call("runcomfy::codegen_support::string_enum! {", items::string_enum(of))
        }),
    );
    all.extend(unions("input", &names));
    all.extend(output(model));
    all.extend(table::all(model).into_iter().map(formatted));
    all.extend(model.inputs.iter().filter(|of| !of.table_only).map(table::object));
    all.extend(table::model_impl(model).into_iter().map(formatted));
    file(&page::lines(model, origin), all)
}

/// Returns the items of the output.
fn output(model: &Model) -> Vec<String> {
    let docs = vec![format!("Output of {}.", link(model))];
    let (structs, unions, plain) = match &model.output {
        Output::Usual => return vec![formatted(items::usual_output(&docs))],
        Output::Own { structs, unions } => (structs, unions, None),
        Output::Plain { structs, unions, root } => (structs, unions, Some(root)),
    };
    let names = Names { structs, enums: &[], unions };
    let mut all = Vec::new();
    all.extend(plain.map(|root| formatted(items::plain_output(&docs, root, &names))));
    for (index, of) in structs.iter().enumerate() {
        let docs = match (index, plain) {
            (0, None) => docs.clone(),
            _ => docs::named(&of.docs, &of.wire),
        };
        all.push(formatted(items::output(of, &docs, &names)));
    }
    all.extend(self::unions("output", &names));
    all.extend(structs.iter().map(table::output));
    all
}

/// Returns the enums of the unions of one side.
fn unions(side: &str, names: &Names<'_>) -> Vec<String> {
    let name = format!("runcomfy::codegen_support::union! {{\n    {side}:");
    let unions = names.unions.iter().filter(|union| !union.variants.is_empty());
    unions.map(|union| macro_call(&name, items::union(union, names))).collect()
}

/// Returns the model's id, linked to its page.
fn link(model: &Model) -> String {
    let id = code(&model.id);
    match model.page.as_deref().filter(|page| is_address(page)) {
        Some(page) => format!("[{id}]({page})"),
        None => id,
    }
}

/// Returns a file: its head as inner docs, then its items with empty lines between them.
fn file(head: &[String], items: impl IntoIterator<Item = String>) -> String {
    let mut text = String::new();
    for line in head {
        text.push_str(format!("//! {line}").trim_end());
        text.push('\n');
    }
    for item in items {
        text.push('\n');
        text.push_str(&item);
    }
    text
}

/// Renders a macro call that holds an item, which is formatted like any other. `head` is
/// what comes before the item.
fn macro_call(head: &str, item: TokenStream) -> String {
    let mut text = format!("{head}\n");
    for line in formatted(item).lines() {
        if !line.is_empty() {
            text.push_str("    ");
            text.push_str(line);
        }
        text.push('\n');
    }
    text + "}\n"
}

/// Formats an item, or a group of items, like rustfmt, with empty lines between methods.
fn formatted(item: TokenStream) -> String {
    // The tokens always parse: they are our own, and literals.
    let text = match syn::parse2::<syn::File>(item) {
        Ok(parsed) => prettyplease::unparse(&parsed),
        Err(error) => error.into_compile_error().to_string() + "\n",
    };
    let mut spaced = String::with_capacity(text.len() + text.len() / 16);
    let mut after_method = false;
    for line in chains_unindented(&text) {
        if after_method && line != "}" {
            spaced.push('\n');
        }
        after_method = line == "    }";
        spaced.push_str(line);
        spaced.push('\n');
    }
    spaced
}

/// Returns the lines of a text with chains of methods indented like rustfmt: prettyplease indents
/// the arguments of a call that continues as a chain twice, rustfmt once.
fn chains_unindented(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    for start in 0..lines.len().saturating_sub(1) {
        if !lines[start].ends_with('(') {
            continue;
        }
        let home = indent(lines[start]);
        if indent(lines[start + 1]) != home + 8 {
            continue;
        }
        for line in &mut lines[start + 1..] {
            let in_chain = indent(line) > home
                && (indent(line) > home + 4 || line.trim_start().starts_with([')', '.']));
            if !in_chain {
                break;
            }
            *line = &line[4..];
        }
    }
    lines
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
