//! The catalog: a page of it, one entry, the categories.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::App;
use super::queue::model_id;
use super::reply::{no_such_model, problem};
use crate::catalog::{Entry, Schema, Served};

/// How many entries a page has unless told otherwise. What RunComfy does is not documented.
const PAGE: usize = 100;
/// The numbers of entries that may be asked for.
const LIMITS: RangeInclusive<usize> = 1..=500;

/// What a query asks for.
type Asked = HashMap<String, String>;

#[derive(Serialize)]
struct Page<'a> {
    models: Vec<Served<'a>>,
    total: usize,
}

pub(super) async fn page(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Response {
    let limit = number(&asked, "limit", PAGE).filter(|limit| LIMITS.contains(limit));
    let (Some(limit), Some(offset)) = (limit, number(&asked, "offset", 0)) else {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`limit` is a number from 1 to 500, and `offset` one from 0 on",
        );
    };
    let schema = match asked.get("include_schema").map(String::as_str) {
        Some("true") => Schema::Shown,
        Some(_) | None => Schema::LeftOut,
    };
    let found: Vec<&Entry> = app.models.catalog().filter(|entry| fits(entry, &asked)).collect();
    let total = found.len();
    let models = found.into_iter().skip(offset).take(limit);
    Json(Page { models: models.map(|entry| entry.served(schema)).collect(), total }).into_response()
}

pub(super) async fn one(State(app): State<Arc<App>>, uri: Uri) -> Response {
    match model_id(uri.path()).and_then(|id| app.models.get(&id)) {
        Some(model) if model.entry.is_listed() => {
            Json(model.entry.served(Schema::Shown)).into_response()
        }
        Some(_) | None => no_such_model(),
    }
}

pub(super) async fn categories(State(app): State<Arc<App>>) -> Response {
    let categories: BTreeSet<&str> = app.models.catalog().flat_map(Entry::categories).collect();
    Json(json!({"categories": categories})).into_response()
}

/// A number of the query, `otherwise` where it is not asked for, nothing where it is no number.
fn number(asked: &Asked, name: &str, otherwise: usize) -> Option<usize> {
    match asked.get(name).map(String::as_str) {
        None | Some("") => Some(otherwise),
        Some(text) => text.parse().ok(),
    }
}

fn fits(entry: &Entry, asked: &Asked) -> bool {
    let given = |name: &str| asked.get(name).map(String::as_str).filter(|text| !text.is_empty());
    given("search").is_none_or(|text| entry.mentions(text))
        && given("kind").is_none_or(|kind| entry.is_of_kind(kind))
        && given("category").is_none_or(|name| entry.categories().any(|category| category == name))
}
