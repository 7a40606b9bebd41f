//! The title of a model that RunComfy publishes none for.

use crate::import::ModelId;

/// Returns the title of an id: the words after the provider.
pub(crate) fn title_of(id: &ModelId) -> String {
    let name = id.as_str().split_once('/').map_or(id.as_str(), |(_, name)| name);
    let words = name.split(|c: char| matches!(c, '/' | '-' | '_') || c.is_whitespace());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(capitalized).collect();
    words.join(" ")
}

/// Returns a word of an id as a title has it: `video` as `Video`, `gpt` as `GPT`, `4k` as `4K`, and
/// `1080p`, `to` and a word with capitals as they are.
fn capitalized(word: &str) -> String {
    let has_vowel = word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let is_resolution = word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with('p');
    if word.chars().any(char::is_uppercase) || is_resolution || matches!(word, "to" | "and" | "of")
    {
        return word.to_owned();
    }
    if !has_vowel {
        return word.to_uppercase();
    }
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_made_of_the_words_of_an_id() {
        let cases = [
            ("minimax/Hailuo Video 01 Live", "Hailuo Video 01 Live"),
            ("kling/kling-3.0/4k/text-to-video", "Kling 3.0 4K Text to Video"),
            ("openai/gpt-image-2.5/flare/text-to-image", "GPT Image 2.5 Flare Text to Image"),
            ("bytedance/seedance-2.5/image-to-video/1080p", "Seedance 2.5 Image to Video 1080p"),
            ("blackforestlabs/flux-2-klein/4b/edit_it", "Flux 2 Klein 4B Edit It"),
            ("minimax/minimax-h3", "Minimax H3"),
        ];
        for (id, title) in cases {
            assert_eq!(title_of(&ModelId::parse(id).expect("it is an id")), title);
        }
    }
}
