//! `rcomfy models`: the built-in catalog, without a network.

use runcomfy::ContentKind;
use runcomfy::codegen_support::schema::Field;
use serde_json::{Value, json};

use crate::args::{ModelsArgs, ModelsCommand};
use crate::failure::{Failure, Result};
use crate::input::flags;
use crate::model::find::{KnownModel, choices};
use crate::model::{bounds, find};
use crate::output::Reply;
use crate::style::{Align, BOLD, DIM, count, escaped, table};

/// Lists models, or shows one.
pub(crate) fn run(args: &ModelsArgs) -> Result<Reply> {
    match &args.command {
        Some(ModelsCommand::Show { model }) => Ok(show(find(model)?)),
        None => list(args),
    }
}

fn list(args: &ModelsArgs) -> Result<Reply> {
    let query = args.query.join(" ");
    let found = runcomfy_models::search(&query).into_iter().map(|info| KnownModel { info });
    let found: Vec<KnownModel> = found.filter(|model| fits(*model, args)).collect();
    if found.is_empty() {
        return Err(Failure::usage(format!("no model fits {query:?}"))
            .fix("`rcomfy models` lists all; `--takes` and `--gives` narrow them"));
    }
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
    let text = format!("{}\n\n{}", table(columns, &rows), count(found.len(), "model"));
    let data: Vec<Value> = found.iter().map(|model| entry(*model)).collect();
    Ok(Reply::new(json!({"models": data}), text))
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
    let names: Vec<String> = model
        .fields()
        .into_iter()
        .filter(|field| field.required)
        .map(|field| format!("--{}", flags::name(field)))
        .collect();
    names.join(" ")
}

fn entry(model: KnownModel) -> Value {
    let info = model.info;
    let required = info.fields.iter().filter(|field| field.required);
    json!({
        "id": info.id,
        "title": info.title,
        "category": info.category,
        "takes": info.takes,
        "gives": info.gives,
        "page": info.page,
        "required": required.map(|field| field.name).collect::<Vec<_>>(),
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
    let about = [info.title, info.category, info.page];
    let about: Vec<&str> = about.into_iter().flatten().collect();
    let text = format!(
        "{BOLD}{}{BOLD:#}\n{DIM}{}{DIM:#}\n\n{}\n\n* required. \
         {DIM}Run it: rcomfy run '{}' {}{DIM:#}",
        info.id,
        about.join(" · "),
        table(columns, &rows),
        info.id,
        required(model),
    );
    let mut data = entry(model);
    let properties: Vec<Value> = info.fields.iter().map(property).collect();
    data["properties"] = properties.into();
    Reply::new(data, text)
}

fn row(field: &'static Field) -> [String; 4] {
    let star = if field.required { "*" } else { "" };
    [
        format!("--{}{star}", flags::name(field)),
        bounds::kind(&field.schema),
        bounds::bounds(&field.schema),
        bounds::default(field),
    ]
}

fn property(field: &Field) -> Value {
    json!({
        "name": field.name,
        "flag": format!("--{}", flags::name(field)),
        "required": field.required,
        "type": bounds::kind(&field.schema),
        "bounds": bounds::bounds(&field.schema),
        "choices": choices(flags::plain(&field.schema).rules),
        "default": field.default.and_then(|json| serde_json::from_str::<Value>(json).ok()),
        "title": field.title.map(escaped),
        "description": field.description.map(escaped),
    })
}
