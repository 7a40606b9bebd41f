//! The catalog: what RunComfy says of its models. What does not fit its type is left to the
//! entry's JSON, never an error.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Client;
use super::error::CallError;
use super::model_id::checked;
use super::reply::{self, ApiFailure, Reply};
use super::request::ApiRequest;
use super::retry::{Call, Failure};
use crate::codegen_support::from_output::{FromOutput, OutputReader};

/// More of a page is not read: 500 entries, the most there are, may have 128 KiB each.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long one page may take: with schemas it is far larger than any other reply.
const PAGE_TIMEOUT: Duration = Duration::from_secs(120);

/// One page of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogPage {
    /// How many models the whole catalog has, where the reply says it.
    pub total: Option<usize>,
    /// How many entries this page has.
    pub entries: usize,
    /// The reply as it came, since the order of a schema's keys and the spelling of its
    /// numbers have a meaning to whoever generates from it.
    pub text: String,
}

/// Which entries of the catalog are asked for. All of them unless told otherwise, without
/// their schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct CatalogQuery {
    parameters: Vec<(&'static str, String)>,
}

/// Entries of the catalog, as far as they fit their types.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Catalog {
    /// How many models the query matches in all, where the reply says it.
    pub total: Option<usize>,
    /// The entries of this page, in the reply's order.
    pub models: Vec<CatalogEntry>,
}

/// What RunComfy says of one model.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CatalogEntry {
    /// The model's id, such as `minimax/Hailuo Video 01 Live`.
    pub model_id: Option<String>,
    /// Its name for people.
    pub display_name: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// The categories that it is in.
    pub categories: Vec<String>,
    /// What kind of model it is, in RunComfy's words.
    pub kind: Option<String>,
    /// The JSON Schema of its input, where it was asked for.
    pub input_schema: Option<Value>,
    /// What it costs in US dollars a `price_unit`, at least.
    pub base_price_usd: Option<f64>,
    /// What the price is for: `output`, `second`, `image`.
    pub price_unit: Option<String>,
    /// What else there is to say of its price.
    pub pricing_note: Option<String>,
    /// Its page.
    pub model_url: Option<String>,
    /// What else came, and what did not fit, by name.
    pub others: Map<String, Value>,
}

/// What is left to spend.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Balance {
    /// In US dollars, where the reply says it.
    pub balance_usd: Option<f64>,
    /// The account's currency, in RunComfy's words.
    pub currency: Option<String>,
    /// What else came, and what did not fit, by name.
    pub others: Map<String, Value>,
}

impl CatalogQuery {
    /// Only models that these words find.
    pub fn search(self, words: impl Into<String>) -> Self {
        self.with("search", words.into())
    }

    /// Only models of this category: see [`Client::categories`].
    pub fn category(self, category: impl Into<String>) -> Self {
        self.with("category", category.into())
    }

    /// Only models of this kind.
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.with("kind", kind.into())
    }

    /// At most this many entries; RunComfy gives 500 at most.
    pub fn limit(self, limit: usize) -> Self {
        self.with("limit", limit.to_string())
    }

    /// From this entry on, from 0.
    pub fn offset(self, offset: usize) -> Self {
        self.with("offset", offset.to_string())
    }

    /// With each model's input schema.
    pub fn with_schemas(self) -> Self {
        self.with("include_schema", "true".to_owned())
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        self.parameters.push((name, value));
        self
    }
}

impl Client {
    /// Models of the catalog.
    ///
    /// # Errors
    ///
    /// When RunComfy answers with an error, with something that is no catalog, or not at
    /// all, as often as [`Retry`](super::Retry) tries.
    pub async fn catalog(&self, query: &CatalogQuery) -> Result<Catalog, CallError> {
        let page = self.page(query).await?;
        // What is no number here was seen to be one by the same parser of its own text.
        let body: Value = serde_json::from_str(&page.text).map_err(|error| {
            let body = page.text.chars().take(1024).collect();
            CallError::Unreadable { reason: format!("an entry cannot be read: {error}"), body }
        })?;
        let models = body.get("models").and_then(Value::as_array).into_iter().flatten();
        let models =
            models.map(|entry| CatalogEntry::from_output(entry).unwrap_or_default()).collect();
        Ok(Catalog { total: page.total, models })
    }

    /// One page of the catalog as it came, with every model's input schema: `limit` entries
    /// (RunComfy gives 500 at most) from the entry `offset` on.
    ///
    /// # Errors
    ///
    /// As for [`Client::catalog`].
    pub async fn catalog_page(
        &self,
        offset: usize,
        limit: usize,
    ) -> Result<CatalogPage, CallError> {
        let query = CatalogQuery::default().with_schemas().limit(limit).offset(offset);
        self.page(&query).await
    }

    /// What RunComfy says of one model, its input schema included.
    ///
    /// # Errors
    ///
    /// When the text is no model id, there is no such model, and as for [`Client::catalog`].
    pub async fn model(&self, model: &str) -> Result<CatalogEntry, CallError> {
        checked(model)?;
        let url = self.url(["models"].into_iter().chain(model.split('/')));
        let body = self.ask_json(ApiRequest::new(Method::GET, url)).await?;
        Ok(CatalogEntry::from_output(&body).unwrap_or_default())
    }

    /// The categories of the catalog.
    ///
    /// # Errors
    ///
    /// As for [`Client::catalog`].
    pub async fn categories(&self) -> Result<Vec<String>, CallError> {
        let url = self.url(["models", "categories"]);
        let read = |reply: Reply| {
            let body = reply::json(&reply)?;
            let categories = body.get("categories").and_then(Vec::<String>::from_output);
            categories.ok_or_else(|| reply.incomplete("it has no list of words `categories`"))
        };
        let asked = self.send_with_retry(Call::Read, ApiRequest::new(Method::GET, url), read).await;
        asked.map(|(categories, _)| categories).map_err(ApiFailure::of_call)
    }

    /// What is left to spend.
    ///
    /// It stands at another address than the rest of the API: see
    /// [`ClientBuilder::balance_url`](super::ClientBuilder::balance_url).
    ///
    /// # Errors
    ///
    /// As for [`Client::catalog`].
    pub async fn balance(&self) -> Result<Balance, CallError> {
        let ask = ApiRequest::new(Method::GET, self.inner.balance.clone());
        let body = self.ask_json(ask).await?;
        Ok(Balance::from_output(&body).unwrap_or_default())
    }

    async fn page(&self, query: &CatalogQuery) -> Result<CatalogPage, CallError> {
        let mut url = self.url(["models"]);
        if !query.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&query.parameters);
        }
        let ask = ApiRequest {
            timeout: PAGE_TIMEOUT,
            most: MOST_BYTES,
            ..ApiRequest::new(Method::GET, url)
        };
        let asked = self.send_with_retry(Call::Read, ask, page).await;
        asked.map(|(page, _)| page).map_err(ApiFailure::of_call)
    }

    async fn ask_json(&self, ask: ApiRequest) -> Result<Value, CallError> {
        let asked = self.send_with_retry(Call::Read, ask, |reply| reply::json(&reply)).await;
        asked.map(|(body, _)| body).map_err(ApiFailure::of_call)
    }
}

impl FromOutput for CatalogEntry {
    fn from_output(value: &Value) -> Option<Self> {
        let mut object = OutputReader::new(value)?;
        Some(Self {
            model_id: object.optional("model_id"),
            display_name: object.optional("display_name"),
            description: object.optional("description"),
            categories: object.list("categories"),
            kind: object.optional("kind"),
            input_schema: object.optional("input_schema"),
            base_price_usd: object.optional("base_price_usd"),
            price_unit: object.optional("price_unit"),
            pricing_note: object.optional("pricing_note"),
            model_url: object.optional("model_url"),
            others: object.others(),
        })
    }
}

impl FromOutput for Balance {
    fn from_output(value: &Value) -> Option<Self> {
        let mut object = OutputReader::new(value)?;
        Some(Self {
            balance_usd: object.optional("balance_usd"),
            currency: object.optional("currency"),
            others: object.others(),
        })
    }
}

/// Reads the reply around its entries, and leaves these as they are.
pub(super) fn page(reply: Reply) -> Result<CatalogPage, ApiFailure> {
    if reply.body.len() > MOST_BYTES {
        return Err(reply.incomplete("it is larger than 64 MiB; ask for fewer entries at once"));
    }
    let around = reply::answer(&reply, around_models(&reply.body))?;
    let total = match around.get("total") {
        None | Some(Value::Null) => None,
        Some(total) => match total.as_u64().and_then(|total| usize::try_from(total).ok()) {
            Some(total) => Some(total),
            None => return Err(reply.incomplete("its `total` is no number of models")),
        },
    };
    let Some(entries) = entries(&reply.body) else {
        return Err(reply.incomplete("it has no list `models`"));
    };
    match String::from_utf8(reply.body) {
        Ok(text) => Ok(CatalogPage { total, entries, text }),
        Err(error) => Err(ApiFailure::Unreadable {
            failure: Failure::NotJson,
            reason: "it is not UTF-8 text".to_owned(),
            body: String::from_utf8_lossy(error.as_bytes()).chars().take(1024).collect(),
        }),
    }
}

/// The reply without its entries: one of them may hold a number that only its own text can
/// carry.
fn around_models(body: &[u8]) -> Result<Value, serde_json::Error> {
    let Ok(members) = serde_json::from_slice::<HashMap<String, &RawValue>>(body) else {
        return serde_json::from_slice(body);
    };
    let around = members.into_iter().filter(|(key, _)| key != "models");
    around.map(|(key, value)| Ok((key, serde_json::from_str::<Value>(value.get())?))).collect()
}

fn entries(body: &[u8]) -> Option<usize> {
    let members: HashMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let models: Vec<&RawValue> = serde_json::from_str(members.get("models")?.get()).ok()?;
    Some(models.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ApiErrorKind;

    fn read(http_status: u16, body: &str) -> Result<CatalogPage, CallError> {
        let body = body.as_bytes().to_vec();
        page(Reply { http_status, retry_after: None, body }).map_err(ApiFailure::of_call)
    }

    #[test]
    fn a_page_keeps_its_text_and_counts_its_entries() {
        let cases = [
            (r#"{"models": [], "total": 0}"#, Some(0), 0),
            (r#"{"total":7,"models":[{"b": 1e400, "a": 1.0}, 3]}"#, Some(7), 2),
            (r#"{"models": [{}], "error_code": 0, "error": null}"#, None, 1),
            (r#"{"models": [{}], "total": null}"#, None, 1),
        ];
        for (text, total, entries) in cases {
            let page = read(200, text).expect("it is a page");
            assert_eq!(page, CatalogPage { total, entries, text: text.to_owned() });
        }
    }

    #[test]
    fn an_error_is_found_whatever_the_status_and_whatever_stands_beside_it() {
        let cases = [
            (200, r#"{"models": [1e400], "error_code": 400004}"#, ApiErrorKind::Token),
            (401, r#"{"detail": "no"}"#, ApiErrorKind::Token),
            (403, r#"{"error_code": 403003, "error_message": "no"}"#, ApiErrorKind::Forbidden),
            (429, "slow down", ApiErrorKind::RateLimit),
            (502, "<html>bad gateway</html>", ApiErrorKind::Server),
            (500, r#"{"models": [], "total": 0}"#, ApiErrorKind::Server),
        ];
        for (status, body, kind) in cases {
            let error = read(status, body).expect_err("it is an error");
            let CallError::Api(error) = error else { panic!("{status} {body}: {error}") };
            assert_eq!(error.kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused_in_words() {
        let cases = [
            (200, "", "it is not JSON"),
            (200, "<html>hello</html>", "it is not JSON"),
            (200, r#"{"models": [{"model_id": "a/b""#, "it is not JSON"),
            (200, "[]", "it is no JSON object"),
            (200, "{}", "no list `models`"),
            (200, r#"{"models": {"a": 1}}"#, "no list `models`"),
            (200, r#"{"models": [], "total": -1}"#, "`total`"),
            (200, r#"{"models": [], "total": "3"}"#, "`total`"),
            (302, r#"{"models": []}"#, "redirect"),
        ];
        for (status, body, words) in cases {
            let error = read(status, body).expect_err("it is no page").to_string();
            assert!(error.contains(words), "{status} {body}: {error}");
        }
    }
}
