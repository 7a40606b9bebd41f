//! Finds the known word that a misspelt one is nearest to.

/// Returns the known word that `word` is a misspelling of: by case, or by few letters.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let near = known.into_iter().filter_map(|known| {
        if known.eq_ignore_ascii_case(word) {
            return Some((0, known));
        }
        let known_length = known.chars().count();
        let max_distance = match known_length {
            0..=3 => return None,
            4..=5 => 1,
            _ => 2,
        };
        // The lengths bound the distance from below: a word from a schema may be long.
        if known_length.abs_diff(length) > max_distance {
            return None;
        }
        let distance = strsim::damerau_levenshtein(known, word);
        (distance <= max_distance).then_some((distance, known))
    });
    near.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_finds_its_word() {
        let known = ["maxLength", "minLength", "type", "not", "items"];
        let cases = [
            ("maxLenght", Some("maxLength")),
            ("maxlength", Some("maxLength")),
            ("MINLENGTH", Some("minLength")),
            ("tpye", Some("type")),
            ("itmes", Some("items")),
            ("knot", None),
            ("maxWords", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        assert_eq!(nearest(&"maxLength".repeat(9999), known), None);
    }
}
