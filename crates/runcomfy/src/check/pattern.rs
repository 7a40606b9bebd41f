//! Matches text against patterns, each compiled once (feature `pattern`).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use regex::Regex;

/// The compiled patterns. `None` is one that does not compile, which the generator rules out.
static COMPILED: RwLock<Option<HashMap<&'static str, Option<Regex>>>> = RwLock::new(None);

/// Returns `true` if a pattern matches anywhere in a text, in linear time.
pub(super) fn is_match(pattern: &'static str, text: &str) -> bool {
    let compiled = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
    let known = compiled.as_ref().and_then(|known| known.get(pattern)).cloned();
    drop(compiled);
    let regex = known.unwrap_or_else(|| {
        let regex = Regex::new(pattern).ok();
        let mut compiled = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        compiled.get_or_insert_default().insert(pattern, regex.clone());
        regex
    });
    regex.is_none_or(|regex| regex.is_match(text))
}
