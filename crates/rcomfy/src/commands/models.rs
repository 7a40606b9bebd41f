//! `rcomfy models`: the built-in and the cached catalog, without a network.

use std::time::SystemTime;

use runcomfy::ContentKind;
use runcomfy::codegen_support::schema::Field;
use serde_json::{Value, json};

use super::{sync, wait_for};
use crate::args::{Global, ModelsArgs, ModelsCommand};
use crate::failure::{Failure, Result};
use crate::input::flags;
use crate::model::catalog::{self, LiveModel};
use crate::model::find::{KnownModel, Origin, choices, search};
use crate::model::{bounds, find};
use crate::output::{Output, Reply};
use crate::style::{Align, BOLD, DIM, count, escaped, page_link, shows_links, table};
use crate::view;

/// Lists models, or shows one.
pub(crate) fn run(args: &ModelsArgs, global: &Global, output: Output) -> Result<Reply> {
    match &args.command {
        Some(ModelsCommand::Show { model }) => Ok(show(find(model)?)),
        Some(ModelsCommand::Sync) => wait_for(sync::run(global, output)),
        None => list(args),
    }
}

fn list(args: &ModelsArgs) -> Result<Reply> {
    let query = args.query.join(" ");
    let found = search(&query).into_iter().filter(|model| fits(*model, args));
    let found: Vec<KnownModel> = found.collect();
    if found.is_empty() {
        return Err(Failure::usage(format!("no model fits {query:?}"))
            .fix("`rcomfy models` lists all; `--takes` and `--gives` narrow them"));
    }
    let catalog = catalog::cached();
    let text = match catalog.synced_at {
        Some(time) => format!("{}\n\n{}", linked(&priced(&found), &found), footer(&found, time)),
        None => {
            let table = linked(&unpriced(&found), &found);
            format!("{table}\n\n{}", count(found.len(), "model"))
        }
    };
    let problem = catalog.problem.as_ref().map(|problem| {
        let problem = escaped(problem);
        format!("\nthe cached catalog cannot be read: {problem}; `rcomfy models sync` replaces it")
    });
    let data: Vec<Value> = found.iter().map(|model| entry(*model)).collect();
    let synced_at = catalog.synced_at.map(view::time);
    Ok(Reply::new(
        json!({"models": data, "synced_at": synced_at}),
        text + &problem.unwrap_or_default(),
    ))
}

fn unpriced(found: &[KnownModel]) -> String {
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|model| {
            let info = model.info;
            [info.id.to_owned(), kinds(info.takes), kinds(info.gives), required(*model)]
        })
        .collect();
    let columns = [
        ("model", Align::Whole),
        ("takes", Align::Left),
        ("gives", Align::Left),
        ("required", Align::Left),
    ];
    table(columns, &rows)
}

fn priced(found: &[KnownModel]) -> String {
    let rows: Vec<[String; 5]> = found
        .iter()
        .map(|model| {
            let info = model.info;
            let id = format!("{}{}", info.id, mark(*model));
            let price = model.live.map(LiveModel::price_text).unwrap_or_default();
            [id, kinds(info.takes), kinds(info.gives), price, required(*model)]
        })
        .collect();
    let columns = [
        ("model", Align::Whole),
        ("takes", Align::Left),
        ("gives", Align::Left),
        ("price", Align::Right),
        ("required", Align::Left),
    ];
    table(columns, &rows)
}

/// Returns a table with each id at the start of a line as a link to its page, where the terminal
/// shows links. An id that is wrapped stays as it is.
fn linked(table: &str, found: &[KnownModel]) -> String {
    if !shows_links() {
        return table.to_owned();
    }
    let mut rest = found.iter();
    let lines = table.lines().map(|line| {
        let ahead = rest.clone().position(|model| is_line_of(line, model.info.id));
        let Some(model) = ahead.and_then(|ahead| rest.nth(ahead)) else { return line.to_owned() };
        let id = model.info.id;
        page_link(id, model.page()) + line.strip_prefix(id).unwrap_or_default()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns `true` if a line begins with a whole id.
fn is_line_of(line: &str, id: &str) -> bool {
    line.strip_prefix(id).is_some_and(|after| after.is_empty() || after.starts_with(' '))
}

/// Returns the mark of a model in a list: ` +` if it is not built in, and ` !` if its inputs cannot
/// be checked.
fn mark(model: KnownModel) -> &'static str {
    match (model.origin, model.live) {
        (Origin::Catalog, Some(LiveModel { problem: Some(_), .. })) => " !",
        (Origin::Catalog, _) => " +",
        (Origin::BuiltIn, _) => "",
    }
}

/// Returns the number of models, and what their marks mean.
fn footer(found: &[KnownModel], synced_at: SystemTime) -> String {
    let mut parts = vec![count(found.len(), "model")];
    if found.iter().any(|model| mark(*model) == " +") {
        parts.push("+ not built in, checked by its live schema".to_owned());
    }
    if found.iter().any(|model| mark(*model) == " !") {
        parts.push("! cannot be checked: `rcomfy models show <model>` says why".to_owned());
    }
    let time = view::time(synced_at);
    let day = time.split('T').next().unwrap_or_default();
    parts.push(format!("catalog of {day}"));
    parts.join(" · ")
}

fn fits(model: KnownModel, args: &ModelsArgs) -> bool {
    args.takes.iter().all(|kind| model.info.takes.contains(kind))
        && args.gives.iter().all(|kind| model.info.gives.contains(kind))
}

fn kinds(kinds: &[ContentKind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

fn required(model: KnownModel) -> String {
    let flags: Vec<String> =
        model.required().into_iter().map(|name| format!("--{}", flags::name(name))).collect();
    flags.join(" ")
}

fn entry(model: KnownModel) -> Value {
    let info = model.info;
    let price = model.live.and_then(|live| live.price.as_ref());
    json!({
        "id": info.id,
        "title": info.title,
        "category": info.category,
        "takes": info.takes,
        "gives": info.gives,
        "page": model.page(),
        "required": model.required(),
        "built_in": model.origin == Origin::BuiltIn,
        "price": price.map(|price| json!({
            "usd": price.usd,
            "unit": price.unit.as_ref().map(ToString::to_string),
            "note": price.note,
        })),
        "problem": model.live.and_then(|live| live.problem.as_ref()),
    })
}

fn show(model: KnownModel) -> Reply {
    let rows: Vec<[String; 4]> = model.fields().into_iter().map(row).collect();
    let columns = [
        ("flag", Align::Whole),
        ("type", Align::Left),
        ("bounds", Align::Left),
        ("default", Align::Left),
    ];
    let info = model.info;
    let page = model.page().map(|page| page_link(&escaped(page), Some(page)));
    let about = [info.title, info.category].into_iter().flatten().map(escaped);
    let about: Vec<String> = about.chain(page).collect();
    let id = escaped(info.id);
    let text = format!(
        "{BOLD}{}{BOLD:#}\n{DIM}{}{DIM:#}\n{}\n{}\n\n* required. \
         {DIM}Run it: rcomfy run '{}' {}{DIM:#}",
        page_link(&id, model.page()),
        about.join(" · "),
        live_facts(model),
        table(columns, &rows),
        id,
        escaped(&required(model)),
    );
    let mut data = entry(model);
    let properties: Vec<Value> = info.fields.iter().map(property).collect();
    data["properties"] = properties.into();
    Reply::new(data, text)
}

/// Returns the lines about a model that the cached catalog adds, each with its line break.
fn live_facts(model: KnownModel) -> String {
    let mut lines = String::new();
    let (loose, problem) = model
        .live
        .filter(|_| model.origin == Origin::Catalog)
        .map_or((None, None), |live| (live.loose.as_ref(), live.problem.as_ref()));
    match (model.origin, loose, problem) {
        (Origin::BuiltIn, ..) => {}
        (_, _, Some(problem)) => lines.push_str(&format!(
            "not built in, and its inputs cannot be checked: {}\n\
             `--no-check` sends one as it is\n",
            escaped(problem)
        )),
        (_, Some(reason), None) => lines.push_str(&format!(
            "not built in: checked by the JSON Schema of the cached catalog, whose {} \
             this table lacks\n",
            escaped(reason)
        )),
        (_, None, None) => {
            lines.push_str("not built in: checked by the schema of the cached catalog\n");
        }
    }
    if let Some(price) = model.live.and_then(|live| live.price.as_ref()) {
        let note = price.note.as_ref().map(|note| format!(" · {}", escaped(note)));
        lines.push_str(&format!(
            "price {}{}\n",
            catalog::price_text(price),
            note.unwrap_or_default()
        ));
    }
    lines
}

fn row(field: &'static Field) -> [String; 4] {
    let star = if field.required { "*" } else { "" };
    [
        format!("--{}{star}", flags::name(field.name)),
        bounds::kind(&field.schema),
        bounds::bounds(&field.schema),
        bounds::default(field),
    ]
}

fn property(field: &Field) -> Value {
    json!({
        "name": field.name,
        "flag": format!("--{}", flags::name(field.name)),
        "required": field.required,
        "type": bounds::kind(&field.schema),
        "bounds": bounds::bounds(&field.schema),
        "choices": choices(flags::plain(&field.schema).rules),
        "default": field.default.and_then(|json| serde_json::from_str::<Value>(json).ok()),
        "title": field.title.map(escaped),
        "description": field.description.map(escaped),
    })
}
