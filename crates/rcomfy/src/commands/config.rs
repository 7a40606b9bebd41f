//! `rcomfy config`: every setting, with the source that won.

use serde_json::{Map, Value, json};

use crate::args::Global;
use crate::config::{Config, Sourced};
use crate::failure::Result;
use crate::output::Reply;
use crate::place::Place;
use crate::style::{Align, escaped, table};

/// Shows the configuration.
pub(crate) fn run(global: &Global) -> Result<Reply> {
    let config = Config::read()?;
    let path = config.path.display().to_string();
    let from_file =
        |value: Option<String>| value.map(|value| Sourced { value, source: path.clone() });
    let token = config.token()?.map(|token| Sourced { value: hidden(&token.value), ..token });
    let ledger = Place::named(global, &config)?
        .map(|place| Sourced { value: place.value.to_string(), source: place.source });
    let file = &config.file;
    let settings = [
        ("token", token),
        ("api_base", config.api_base()),
        ("ledger", ledger),
        ("output", from_file(file.output.clone())),
        ("budget_per_day", from_file(file.budget_per_day.map(|usd| usd.to_string()))),
        ("max_cost_per_job", from_file(file.max_cost_per_job.map(|usd| usd.to_string()))),
        ("ask_above", from_file(file.ask_above.map(|usd| usd.to_string()))),
    ];
    let mut data = Map::new();
    let mut rows = Vec::new();
    for (name, setting) in settings {
        let value = setting.as_ref().map(|setting| setting.value.clone());
        let source = setting.map(|setting| setting.source);
        rows.push([
            name.to_owned(),
            value.clone().unwrap_or_else(|| "not set".to_owned()),
            source.clone().unwrap_or_else(|| "default".to_owned()),
        ]);
        data.insert(name.to_owned(), json!({"value": value, "source": source}));
    }
    let columns = [("setting", Align::Whole), ("value", Align::Left), ("source", Align::Left)];
    let text = format!("{}\n\nconfiguration file: {}", table(columns, &rows), escaped(&path));
    data.insert("file".to_owned(), path.clone().into());
    Ok(Reply::new(Value::Object(data), text))
}

/// Returns a token of which only the end can be read.
fn hidden(token: &str) -> String {
    let end: Vec<char> = token.chars().rev().take(4).collect();
    match token.chars().count() {
        0..=11 => "…".to_owned(),
        _ => format!("…{}", end.into_iter().rev().collect::<String>()),
    }
}
