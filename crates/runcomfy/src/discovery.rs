//! Finds models: by their id, or by words.

use crate::content_kind::ContentKind;
use crate::escape::escape_control;
use crate::info::ModelInfo;

/// Maximum number of suggestions for an unknown id.
const MAX_SUGGESTIONS: usize = 3;
/// Similarity from which an id is suggested, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.6;
/// Maximum length in characters of a text that is compared with ids.
const MAX_COMPARED: usize = 256;

/// An id that no model has.
///
/// ```
/// let found = runcomfy_models::model("bytedance/seedance-2-5/text-to-video/480p");
/// let error = found.unwrap_err();
/// assert_eq!(error.suggestions[0], "bytedance/seedance-2.5/text-to-video/480p");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("there is no model `{}`{}", escape_control(id), self.advice())]
pub struct UnknownModel {
    /// The id, truncated to 256 characters.
    pub id: String,
    /// The ids that it may mean, the nearest first: at most three.
    pub suggestions: Vec<String>,
}

impl UnknownModel {
    fn advice(&self) -> String {
        let quoted: Vec<String> = self.suggestions.iter().map(|id| format!("`{id}`")).collect();
        match quoted.as_slice() {
            [] => "; search finds models by words".to_owned(),
            [one] => format!("; did you mean {one}?"),
            [all @ .., last] => format!("; did you mean {} or {last}?", all.join(", ")),
        }
    }
}

/// Returns the model with an id. Case, blanks and hyphens count, as they do for RunComfy.
///
/// # Errors
///
/// Returns the nearest ids if no model has this one.
pub fn find_model<'m>(
    models: impl IntoIterator<Item = &'m ModelInfo>,
    id: &str,
) -> Result<&'m ModelInfo, UnknownModel> {
    let models: Vec<&ModelInfo> = models.into_iter().collect();
    match models.iter().find(|model| model.id == id) {
        Some(model) => Ok(model),
        None => Err(UnknownModel {
            id: truncated(id).to_owned(),
            suggestions: nearest(&models, truncated(id)),
        }),
    }
}

/// Returns the models that have every word of a query in their id, title, category or kinds of
/// content, the best match first. Case does not count, and blanks, hyphens, underscores and slashes
/// are alike: `text to video` finds the category `text-to-video`. An empty query finds every model.
///
/// Words around a `to` belong together, so `image to video` does not find models that make an image.
/// It finds the models that may take an image and give a video too, after those that must have
/// one.
pub fn search_models<'m>(
    models: impl IntoIterator<Item = &'m ModelInfo>,
    query: &str,
) -> Vec<&'m ModelInfo> {
    let query = normalized(truncated(query));
    let phrases = phrases(&query);
    let mut found: Vec<(u32, &ModelInfo)> = models
        .into_iter()
        .filter_map(|model| Some((score(model, &query, &phrases)?, model)))
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, model)| model).collect()
}

/// Lowers a text, and writes what separates its words as one blank.
pub(crate) fn normalized(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '/'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the words of a normalized query. Those around a `to` are one phrase.
pub(crate) fn phrases(query: &str) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    let mut words = query.split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        match (word, phrases.last_mut(), words.peek()) {
            ("to", Some(before), Some(after)) => {
                before.push_str(&format!(" to {after}"));
                words.next();
            }
            _ => phrases.push(word.to_owned()),
        }
    }
    phrases
}

/// Returns how well a model matches, or `None` if a phrase is nowhere in it.
fn score(model: &ModelInfo, query: &str, phrases: &[String]) -> Option<u32> {
    let id = normalized(model.id);
    let title = normalized(model.title.unwrap_or_default());
    let category = normalized(model.category.unwrap_or_default());
    let kinds: Vec<&str> =
        model.takes.iter().chain(model.gives).copied().map(ContentKind::as_str).collect();
    let mut total = 0;
    for phrase in phrases {
        total += [
            (category == *phrase, 8),
            (has_word(&id, phrase) || has_word(&title, phrase), 6),
            (starts_word(&id, phrase) || starts_word(&title, phrase), 5),
            (has_word(&category, phrase), 4),
            (kinds.contains(&phrase.as_str()) || may_make(model, phrase), 3),
            (id.contains(phrase) || title.contains(phrase), 1),
        ]
        .into_iter()
        .find_map(|(is_match, points)| is_match.then_some(points))?;
    }
    let is_whole = !query.is_empty() && (id == query || title == query);
    Some(total + if is_whole { 16 } else { 0 })
}

/// Returns `true` if a phrase such as `image to video` names media that the model may take, and
/// what it gives.
fn may_make(model: &ModelInfo, phrase: &str) -> bool {
    let Some((from, to)) = phrase.split_once(" to ") else { return false };
    let takes = model.takes.iter().any(|kind| *kind != ContentKind::Text && kind.as_str() == from);
    takes && model.gives.iter().any(|kind| kind.as_str() == to)
}

/// Returns `true` if a text has a phrase, as whole words.
fn has_word(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(start, _)| {
        let before = text.get(..start).is_some_and(|text| text.is_empty() || text.ends_with(' '));
        let after = text.get(start + phrase.len()..);
        before && after.is_some_and(|text| text.is_empty() || text.starts_with(' '))
    })
}

/// Returns `true` if a text has a phrase, from the start of a word.
fn starts_word(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(start, _)| {
        text.get(..start).is_some_and(|text| text.is_empty() || text.ends_with(' '))
    })
}

/// Returns the ids that an unknown one may mean.
fn nearest(models: &[&ModelInfo], id: &str) -> Vec<String> {
    let wanted = normalized(id);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut near: Vec<(f64, &str)> = models
        .iter()
        .map(|model| (similarity(&normalized(model.id), &wanted), model.id))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().take(MAX_SUGGESTIONS).map(|(_, id)| id.to_owned()).collect()
}

/// Returns the similarity of an id and a text, from 0 to 1. An id that contains the text is similar,
/// the more the shorter it is.
fn similarity(id: &str, wanted: &str) -> f64 {
    let letters = strsim::normalized_damerau_levenshtein(id, wanted);
    if id.contains(wanted) {
        let part = wanted.len() as f64 / id.len().max(1) as f64;
        return letters.max(MIN_SIMILARITY + (1.0 - MIN_SIMILARITY) * part);
    }
    letters
}

fn truncated(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_COMPARED).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use ContentKind::{Audio, Image, Text, Video};

    use super::*;

    static MODELS: [ModelInfo; 5] = [
        model("acme/Boat Video 01 Live", "Boat Video 01 Live", "image-to-video", &[Text, Image]),
        model("acme/boat-2.0/pro", "Boat 2.0 Pro", "text-to-video", &[Text, Image, Audio]),
        model("acme/boat-2.0/text-to-video", "Boat 2.0 Text to Video", "text-to-video", &[Text]),
        model("pond/duck/edit", "Duck Edit", "image-to-image", &[Text, Image]).giving(&[Image]),
        model("pond/duck/image-to-video", "Duck Image to Video", "image-to-video", &[Image]),
    ];

    const fn model(
        id: &'static str,
        title: &'static str,
        category: &'static str,
        takes: &'static [ContentKind],
    ) -> ModelInfo {
        let info = ModelInfo::from_table(id, &[], None, &[]).titled(title);
        info.categorized(category).taking(takes).giving(&[Video])
    }

    fn found(query: &str) -> Vec<usize> {
        let of = |model: &ModelInfo| MODELS.iter().position(|known| known.id == model.id);
        search_models(&MODELS, query).into_iter().filter_map(of).collect()
    }

    #[test]
    fn a_query_finds_every_model_with_its_words() {
        let cases: [(&str, &[usize]); 12] = [
            ("text to video", &[1, 2]),
            ("Text-To_Video", &[1, 2]),
            ("text/to video", &[1, 2]),
            ("image to video", &[0, 4, 1]),
            ("boat 2.0", &[1, 2]),
            ("boat image to video", &[0, 1]),
            ("duck", &[3, 4]),
            ("uck", &[3, 4]),
            ("audio", &[1]),
            ("edit image", &[3]),
            ("duck audio", &[]),
            ("", &[0, 1, 2, 3, 4]),
        ];
        for (query, expected) in cases {
            assert_eq!(found(query), expected, "{query}");
        }
    }

    #[test]
    fn the_best_match_comes_first() {
        assert_eq!(found("acme boat 2.0 text to video"), [2, 1]);
        assert_eq!(found("acme/boat-2.0/pro"), [1]);
        assert_eq!(found("boat video 01 live"), [0]);
        assert_eq!(found("video").first(), Some(&0), "a word of the id beats the category");
    }

    #[test]
    fn an_unknown_id_gets_the_nearest() {
        let cases: [(&str, &[&str]); 6] = [
            ("acme/boat-video-01-live", &["acme/Boat Video 01 Live"]),
            ("acme/Boat Video 01 Life", &["acme/Boat Video 01 Live"]),
            ("Boat Video", &["acme/Boat Video 01 Live"]),
            ("duck", &["pond/duck/edit", "pond/duck/image-to-video"]),
            ("something else", &[]),
            ("", &[]),
        ];
        for (id, expected) in cases {
            let error = find_model(&MODELS, id).expect_err("there is none");
            assert_eq!(error.suggestions, expected, "{id}");
        }
        let found = find_model(&MODELS, "pond/duck/edit").expect("there is one");
        assert_eq!(found.id, "pond/duck/edit");
        let error = find_model(&MODELS, "duck").expect_err("there is none");
        assert_eq!(
            error.to_string(),
            "there is no model `duck`; did you mean `pond/duck/edit` or `pond/duck/image-to-video`?"
        );
        let long = find_model(&MODELS, &"é".repeat(100_000)).expect_err("there is none");
        assert_eq!(long.id.chars().count(), MAX_COMPARED);
    }
}
