//! The catalog: what RunComfy says of its models.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Client;
use super::error::ApiError;
use super::reply::{self, Problem, Reply};

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

/// A call about the catalog that gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// RunComfy answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No answer came, or not all of it.
    #[error("no whole answer from RunComfy; check the API base and the connection")]
    Transport(#[source] reqwest::Error),
    /// An answer came that cannot be read.
    #[error("RunComfy's answer cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
        /// The answer, cut at 64 KiB.
        body: String,
    },
}

impl Client {
    /// One page of the catalog, with every model's input schema: `limit` entries (RunComfy
    /// gives 500 at most) from the entry `offset` on.
    ///
    /// # Errors
    ///
    /// When RunComfy answers with an error, with something that is no catalog, or not at
    /// all. Nothing is tried again.
    pub async fn catalog_page(
        &self,
        offset: usize,
        limit: usize,
    ) -> Result<CatalogPage, CatalogError> {
        let mut url = self.url(["models"]);
        url.query_pairs_mut()
            .append_pair("include_schema", "true")
            .append_pair("limit", &limit.to_string())
            .append_pair("offset", &offset.to_string());
        let request = self.request(Method::GET, url).timeout(PAGE_TIMEOUT);
        let reply = match request.send().await {
            Ok(response) => {
                let reply = reply::read_up_to(MOST_BYTES, response).await;
                reply.map_err(|broken| broken.error)
            }
            Err(error) => Err(error),
        };
        reply.map_err(Problem::Transport).and_then(page).map_err(CatalogError::from)
    }
}

/// Reads the reply around its entries, and leaves these as they are.
fn page(reply: Reply) -> Result<CatalogPage, Problem> {
    if reply.body.len() > MOST_BYTES {
        return Err(reply.unreadable("it is larger than 64 MiB; ask for fewer entries at once"));
    }
    let around = reply::answer(&reply, around_models(&reply.body))?;
    let total = match around.get("total") {
        None | Some(Value::Null) => None,
        Some(total) => match total.as_u64().and_then(|total| usize::try_from(total).ok()) {
            Some(total) => Some(total),
            None => return Err(reply.unreadable("its `total` is no number of models")),
        },
    };
    let Some(entries) = entries(&reply.body) else {
        return Err(reply.unreadable("it has no list `models`"));
    };
    match String::from_utf8(reply.body) {
        Ok(text) => Ok(CatalogPage { total, entries, text }),
        Err(error) => Err(Problem::Unreadable {
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

impl From<Problem> for CatalogError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Api(error) => Self::Api(error),
            Problem::Transport(error) => Self::Transport(error),
            Problem::Unreadable { reason, body } => Self::Unreadable { reason, body },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ApiErrorKind;

    fn read(http_status: u16, body: &str) -> Result<CatalogPage, CatalogError> {
        let body = body.as_bytes().to_vec();
        page(Reply { http_status, retry_after: None, body }).map_err(CatalogError::from)
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
            let CatalogError::Api(error) = error else { panic!("{status} {body}: {error}") };
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
