//! Catalog: pages, one entry, categories.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reply::{error_with_detail, model_id, no_such_model};
use crate::app::App;
use crate::catalog::{CatalogEntry, SchemaField, ServedEntry};

/// Default page length. RunComfy's is not documented.
const PAGE: u32 = 100;
/// Allowed page lengths.
const LIMITS: RangeInclusive<u32> = 1..=500;

/// Query parameters. An empty string counts as absent.
#[derive(Deserialize)]
pub(super) struct PageQuery {
    #[serde(default = "page_length")]
    limit: u32,
    #[serde(default)]
    offset: u32,
    #[serde(default)]
    search: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    include_schema: bool,
}

fn page_length() -> u32 {
    PAGE
}

#[derive(Serialize)]
struct Page<'a> {
    models: Vec<ServedEntry<'a>>,
    total: usize,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Response {
    let query = query.ok().filter(|Query(query)| LIMITS.contains(&query.limit));
    let Some(Query(query)) = query else {
        return error_with_detail(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`limit` must be a number from 1 to 500, `offset` at least 0 and `include_schema` `true` \
             or `false`, each given once",
        );
    };
    let schema = if query.include_schema { SchemaField::Included } else { SchemaField::Omitted };
    let found: Vec<&CatalogEntry> =
        app.models.catalog().filter(|entry| matches_query(entry, &query)).collect();
    let total = found.len();
    let models = found.into_iter().skip(query.offset as usize).take(query.limit as usize);
    Json(Page { models: models.map(|entry| entry.served(schema)).collect(), total }).into_response()
}

pub(super) async fn one(State(app): State<Arc<App>>, uri: Uri) -> Response {
    match model_id(uri.path()).and_then(|id| app.models.get(&id)) {
        Some(model) if model.entry.is_listed() => {
            Json(model.entry.served(SchemaField::Included)).into_response()
        }
        Some(_) | None => no_such_model(),
    }
}

pub(super) async fn categories(State(app): State<Arc<App>>) -> Response {
    let categories: BTreeSet<&str> =
        app.models.catalog().flat_map(CatalogEntry::categories).collect();
    Json(json!({"categories": categories})).into_response()
}

fn matches_query(
    entry: &CatalogEntry,
    PageQuery { search, category, kind, .. }: &PageQuery,
) -> bool {
    (search.is_empty() || entry.mentions(search))
        && (kind.is_empty() || entry.is_of_kind(kind))
        && (category.is_empty() || entry.categories().any(|name| name == category))
}
