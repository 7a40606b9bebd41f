//! The catalog of models, and the balance. A member that does not fit its type is kept as JSON, and
//! is never an error.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Client;
use super::error::CallError;
use super::lenient_json::{self, without_bom};
use super::model_id;
use super::reply::{self, ApiFailure, BodyLimits, MIB, Reply};
use super::request::ApiRequest;
use super::retry::{Call, Failure};
use crate::codegen_support::from_output::{FromOutput, OutputReader};
use crate::discovery::{normalized, phrases};

/// Limits of a page: 500 entries, the most there are, of 128 KiB each.
const LIMITS: BodyLimits = BodyLimits { max_bytes: 64 * MIB, ..BodyLimits::USUAL };
/// Maximum size of a member of a page that is read, beside its entries.
const MAX_MEMBER: usize = 64 * 1024;
/// Maximum number of entries of a page. RunComfy returns at most 500.
const MAX_ENTRIES: usize = 10_000;
/// Number of entries that a search asks for at once: as many as RunComfy returns.
const PAGE_LENGTH: usize = 500;
/// Maximum number of values in the entries of a page. A value takes up to 16 times the memory of its
/// text.
const MAX_VALUES: usize = 4_000_000;
/// Timeout of one page. With schemas it is far larger than any other reply.
const PAGE_TIMEOUT: Duration = Duration::from_secs(120);

/// One page of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CatalogPage {
    /// Number of models in the whole catalog, if the reply says it.
    pub total: Option<usize>,
    /// Number of entries on this page.
    pub entries: usize,
    /// The reply, byte for byte. The order of a schema's keys and the spelling of its numbers matter
    /// to a generator.
    pub text: String,
}

/// A query of the catalog. Defaults to all entries, without their schemas.
///
/// ```
/// use runcomfy::client::CatalogQuery;
///
/// # runcomfy_doctest::run(async |client, input| {
/// let query = CatalogQuery::default().search("image to video").limit(2).with_schemas();
/// let found = client.catalog(&query).await?;
/// for model in &found.models {
///     println!("{:?}: {:?}", model.model_id, model.kind);
///     assert!(model.input_schema.is_some());
/// }
/// assert_eq!(found.models.len(), 2);
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct CatalogQuery {
    parameters: Vec<(&'static str, String)>,
}

/// Entries of the catalog.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Catalog {
    /// Number of models that match the query, if the reply says it.
    pub total: Option<usize>,
    /// The entries of this page, in the order of the reply.
    pub models: Vec<CatalogEntry>,
}

/// One model in the catalog.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CatalogEntry {
    /// The model's id, such as `minimax/Hailuo Video 01 Live`.
    pub model_id: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Its categories.
    pub categories: Vec<String>,
    /// The kind of model, such as `image-to-video`.
    pub kind: Option<String>,
    /// The JSON Schema of its input, if the query asked for it.
    pub input_schema: Option<Value>,
    /// The lowest price in US dollars per `price_unit`.
    pub base_price_usd: Option<f64>,
    /// The unit of the price: `output`, `second`, `image`.
    pub price_unit: Option<String>,
    /// A note on the price.
    pub pricing_note: Option<String>,
    /// The URL of its page.
    pub model_url: Option<String>,
    /// Other members, and those of the above that did not fit their type.
    pub others: Map<String, Value>,
}

/// The balance of the account.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Balance {
    /// The balance in US dollars, if the reply says it.
    pub balance_usd: Option<f64>,
    /// The currency of the account.
    pub currency: Option<String>,
    /// Other members, and those of the above that did not fit their type.
    pub others: Map<String, Value>,
}

impl CatalogQuery {
    /// Sets the search text. Blanks, hyphens, underscores and slashes in it are alike: `text to video`
    /// finds `text-to-video`.
    ///
    /// RunComfy's own search is asked for one word. With several words, the client asks for the
    /// longest one, reads every page of the answer, and keeps the entries that have them all. Words
    /// around a `to` belong together.
    pub fn search(self, words: impl Into<String>) -> Self {
        self.with("search", words.into())
    }

    /// Sets the category: see [`Client::categories`].
    pub fn category(self, category: impl Into<String>) -> Self {
        self.with("category", category.into())
    }

    /// Sets the kind of model.
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.with("kind", kind.into())
    }

    /// Sets the maximum number of entries. RunComfy returns at most 500.
    pub fn limit(self, limit: usize) -> Self {
        self.with("limit", limit.to_string())
    }

    /// Sets the index of the first entry, from 0.
    pub fn offset(self, offset: usize) -> Self {
        self.with("offset", offset.to_string())
    }

    /// Includes each model's input schema.
    pub fn with_schemas(self) -> Self {
        self.with("include_schema", "true".to_owned())
    }

    /// Returns the phrases of the search text, if there are several words.
    fn phrases(&self) -> Option<Vec<String>> {
        let text = normalized(self.parameter("search")?);
        text.contains(' ').then(|| phrases(&text))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters.find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.parameter(name)?.parse().ok()
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        self.parameters.push((name, value));
        self
    }
}

impl Client {
    /// Returns models of the catalog.
    ///
    /// # Errors
    ///
    /// If no response comes, it is an error, or it is not a catalog, after the retries that
    /// [`Retry`](super::Retry) allows.
    ///
    /// ```
    /// use runcomfy::client::CatalogQuery;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let query = CatalogQuery::default().search("hailuo").limit(10);
    /// for model in client.catalog(&query).await?.models {
    ///     println!("{:?} costs {:?}", model.model_id, model.base_price_usd);
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn catalog(&self, query: &CatalogQuery) -> Result<Catalog, CallError> {
        match query.phrases() {
            Some(phrases) => self.search_catalog(query, &phrases).await,
            None => self.entries(query).await,
        }
    }

    /// Returns the entries that have all of the phrases, of those that RunComfy finds for their
    /// longest word.
    async fn search_catalog(
        &self,
        query: &CatalogQuery,
        phrases: &[String],
    ) -> Result<Catalog, CallError> {
        let words = phrases.iter().flat_map(|phrase| phrase.split(' '));
        let word = words.max_by_key(|word| word.chars().count()).unwrap_or_default();
        let all = query.clone().search(word).limit(PAGE_LENGTH);
        let (mut found, mut offset) = (Vec::new(), 0);
        loop {
            let page = self.entries(&all.clone().offset(offset)).await?;
            let entries = page.models.len();
            found.extend(page.models.into_iter().filter(|entry| entry.mentions(phrases)));
            offset += entries;
            let is_last = page.total.map_or(entries < PAGE_LENGTH, |total| offset >= total);
            if is_last || entries == 0 || offset >= MAX_ENTRIES {
                break;
            }
        }
        let total = Some(found.len());
        let from = found.into_iter().skip(query.number("offset").unwrap_or(0));
        let models = from.take(query.number("limit").unwrap_or(usize::MAX)).collect();
        Ok(Catalog { total, models })
    }

    async fn entries(&self, query: &CatalogQuery) -> Result<Catalog, CallError> {
        let page = self.page(query).await?;
        let models = models(&page.text).map_err(|reason| {
            let body = page.text.chars().take(1024).collect();
            CallError::Unreadable { reason, body }
        })?;
        Ok(Catalog { total: page.total, models })
    }

    /// Returns one page of the catalog byte for byte, with every model's input schema: at most
    /// `limit` entries (RunComfy returns at most 500), from the entry `offset` on.
    ///
    /// # Errors
    ///
    /// The errors of [`Client::catalog`].
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let (mut pages, mut offset) = (Vec::new(), 0);
    /// loop {
    ///     let page = client.catalog_page(offset, 50).await?;
    ///     offset += page.entries;
    ///     let is_last = page.entries < 50;
    ///     pages.push(page.text); // as JSON, for a file
    ///     if is_last {
    ///         break;
    ///     }
    /// }
    /// assert_eq!((pages.len(), offset), (2, 89));
    /// # Ok(()) });
    /// ```
    pub async fn catalog_page(
        &self,
        offset: usize,
        limit: usize,
    ) -> Result<CatalogPage, CallError> {
        let query = CatalogQuery::default().with_schemas().limit(limit).offset(offset);
        self.page(&query).await
    }

    /// Returns one model of the catalog, with its input schema.
    ///
    /// # Errors
    ///
    /// If `model` is not a model id, there is no such model, and the errors of [`Client::catalog`].
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let model = client.model("minimax/Hailuo Video 01 Live").await?;
    /// assert!(model.input_schema.is_some());
    /// # Ok(()) });
    /// ```
    pub async fn model(&self, model: &str) -> Result<CatalogEntry, CallError> {
        let model = model_id::parse(model)?;
        let url = self.url(["models"].into_iter().chain(model.split('/')));
        let body = self.json(ApiRequest::new(Method::GET, url)).await?;
        Ok(CatalogEntry::from_output(&body).unwrap_or_default())
    }

    /// Returns the categories of the catalog.
    ///
    /// # Errors
    ///
    /// The errors of [`Client::catalog`].
    ///
    /// ```
    /// use runcomfy::client::CatalogQuery;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let categories = client.categories().await?;
    /// assert!(categories.contains(&"text-to-image".to_owned()));
    ///
    /// let query = CatalogQuery::default().category("text-to-image");
    /// assert!(!client.catalog(&query).await?.models.is_empty());
    /// # Ok(()) });
    /// ```
    pub async fn categories(&self) -> Result<Vec<String>, CallError> {
        let url = self.url(["models", "categories"]);
        let sent =
            self.send_with_retry(Call::Read, ApiRequest::new(Method::GET, url), categories).await;
        sent.map(|(categories, _)| categories).map_err(CallError::from)
    }

    /// Returns the balance.
    ///
    /// It has another URL than the rest of the API: see
    /// [`ClientBuilder::balance_url`](super::ClientBuilder::balance_url).
    ///
    /// # Errors
    ///
    /// The errors of [`Client::catalog`].
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// println!("US$ {:?}", client.balance().await?.balance_usd);
    /// # Ok(()) });
    /// ```
    pub async fn balance(&self) -> Result<Balance, CallError> {
        let request = ApiRequest::new(Method::GET, self.inner.balance.clone());
        let body = self.json(request).await?;
        Ok(Balance::from_output(&body).unwrap_or_default())
    }

    async fn page(&self, query: &CatalogQuery) -> Result<CatalogPage, CallError> {
        let mut url = self.url(["models"]);
        if !query.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&query.parameters);
        }
        let request = ApiRequest {
            timeout: PAGE_TIMEOUT,
            limits: LIMITS,
            ..ApiRequest::new(Method::GET, url)
        };
        let sent = self.send_with_retry(Call::Read, request, page).await;
        sent.map(|(page, _)| page).map_err(CallError::from)
    }

    async fn json(&self, request: ApiRequest) -> Result<Value, CallError> {
        let sent = self.send_with_retry(Call::Read, request, |reply| reply::json(&reply)).await;
        sent.map(|(body, _)| body).map_err(CallError::from)
    }
}

impl CatalogEntry {
    /// Returns `true` if each phrase is in the id, the name, the description, the kind or a category.
    fn mentions(&self, phrases: &[String]) -> bool {
        let texts = [&self.model_id, &self.display_name, &self.description, &self.kind];
        let texts = texts.into_iter().flatten().chain(&self.categories);
        let texts: Vec<String> = texts.map(|text| normalized(text)).collect();
        phrases.iter().all(|phrase| texts.iter().any(|text| text.contains(phrase)))
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

fn categories(reply: Reply) -> Result<Vec<String>, ApiFailure> {
    let body = reply::json(&reply)?;
    let categories = body.get("categories").and_then(Vec::<String>::from_output);
    categories.ok_or_else(|| reply.incomplete("`categories` must be a list of strings"))
}

/// Reads a page without parsing its entries.
pub(super) fn page(reply: Reply) -> Result<CatalogPage, ApiFailure> {
    let page = serde_json::from_slice::<PageMembers<'_>>(without_bom(&reply.body));
    let models = page.as_ref().ok().and_then(|page| page.models);
    let entries = models.and_then(|models| serde_json::from_str::<Count>(models.get()).ok());
    let members = page.map(|page| Value::Object(page.members));
    let members =
        reply::answer(&reply, members.map_err(|error| format!("it is not JSON: {error}")))?;
    let total = match members.get("total") {
        None | Some(Value::Null) => None,
        Some(total) => match total.as_u64().and_then(|total| usize::try_from(total).ok()) {
            Some(total) => Some(total),
            None => return Err(reply.incomplete("`total` must be a number of models")),
        },
    };
    let entries = match entries {
        Some(Count(entries @ 0..=MAX_ENTRIES)) => entries,
        Some(_) => return Err(reply.incomplete("it must have at most 10,000 entries")),
        None => return Err(reply.incomplete("it must have a list `models`")),
    };
    let mut body = reply.body;
    body.drain(..body.len() - without_bom(&body).len());
    match String::from_utf8(body) {
        Ok(text) => Ok(CatalogPage { total, entries, text }),
        Err(error) => Err(ApiFailure::Unreadable {
            failure: Failure::NotJson,
            reason: "it must be UTF-8 text".to_owned(),
            body: String::from_utf8_lossy(error.as_bytes()).chars().take(1024).collect(),
        }),
    }
}

/// Reads the entries of a page. What is not an object is passed over.
fn models(page: &str) -> Result<Vec<CatalogEntry>, String> {
    if lenient_json::count_values(page.as_bytes()) > MAX_VALUES {
        return Err(format!("it must have at most {MAX_VALUES} values"));
    }
    let page: PageMembers<'_> = serde_json::from_str(page).map_err(|error| error.to_string())?;
    let entries = page.models.map(|models| serde_json::from_str::<Vec<&RawValue>>(models.get()));
    let entries = entries.into_iter().flatten().flatten();
    let objects = entries.filter(|entry| entry.get().starts_with('{'));
    let parsed = objects.filter_map(|entry| lenient_json::parse(entry.get().as_bytes()).ok());
    Ok(parsed.map(|entry| CatalogEntry::from_output(&entry).unwrap_or_default()).collect())
}

/// The members of a page that say if it is an error, and its entries as text. These may be any JSON,
/// such as a number that no float can hold.
struct PageMembers<'a> {
    members: Map<String, Value>,
    models: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for PageMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PageVisitor)
    }
}

struct PageVisitor;

impl<'de> Visitor<'de> for PageVisitor {
    type Value = PageMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PageMembers<'de>, A::Error> {
        let mut page = PageMembers { members: Map::new(), models: None };
        while let Some(name) = map.next_key::<String>()? {
            let value: &'de RawValue = map.next_value()?;
            if name == "models" {
                page.models = Some(value);
            } else if reply::says_outcome(&name) || name == "total" {
                let small = Some(value.get()).filter(|text| text.len() <= MAX_MEMBER);
                let value = small.and_then(|text| serde_json::from_str(text).ok());
                page.members.insert(name, value.unwrap_or_default());
            }
        }
        Ok(page)
    }
}

/// The length of a list.
struct Count(usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Count(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ApiErrorKind;

    fn read(http_status: u16, body: &str) -> Result<CatalogPage, CallError> {
        let body = body.as_bytes().to_vec();
        page(Reply { http_status, retry_after: None, encoding: None, body, limits: LIMITS })
            .map_err(CallError::from)
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
    fn an_error_is_found_under_any_status() {
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
    fn text_that_is_not_a_page_is_refused() {
        let cases = [
            (200, "", "it is not JSON"),
            (200, "<html>hello</html>", "it is not JSON"),
            (200, r#"{"models": [{"model_id": "a/b""#, "it is not JSON"),
            (200, "[]", "expected a JSON object"),
            (200, "{}", "a list `models`"),
            (200, r#"{"models": {"a": 1}}"#, "a list `models`"),
            (200, r#"{"models": [], "total": -1}"#, "`total`"),
            (200, r#"{"models": [], "total": "3"}"#, "`total`"),
            (302, r#"{"models": []}"#, "redirect"),
        ];
        for (status, body, words) in cases {
            let error = read(status, body).expect_err("it is not a page").to_string();
            assert!(error.contains(words), "{status} {body}: {error}");
        }
    }

    /// Field case M6.
    #[test]
    fn a_page_takes_memory_in_proportion_to_its_entries() {
        assert_eq!(
            models(r#"{"models": [0, null, [], {"model_id": "a/b"}, "x"]}"#).map(|m| m.len()),
            Ok(1)
        );
        let zeros = format!(r#"{{"models": [0{}]}}"#, ",0".repeat(MAX_ENTRIES));
        assert!(read(200, &zeros).is_err_and(|error| error.to_string().contains("10,000")));
        let zeros = format!(r#"{{"models": [[0{}]]}}"#, ",0".repeat(MAX_VALUES));
        assert!(models(&zeros).is_err_and(|reason| reason.contains("values")));
        let members: Vec<String> = (0..100_000).map(|index| format!("\"m{index}\": 0")).collect();
        let page = format!(r#"{{{}, "models": []}}"#, members.join(","));
        let page = serde_json::from_str::<PageMembers<'_>>(&page).expect("it is a page");
        assert!(page.members.is_empty());
    }

    #[test]
    fn one_entry_that_no_float_can_hold_leaves_the_others() {
        let found = models(r#"{"models": [{"model_id": "a/b", "x": 1e400}, {"model_id": "c/d"}]}"#);
        let ids: Vec<_> = found.expect("it is a page").into_iter().map(|e| e.model_id).collect();
        assert_eq!(ids, [Some("a/b".to_owned()), Some("c/d".to_owned())]);
    }
}
