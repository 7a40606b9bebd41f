//! Splits a name into its words.

use super::letters::{Letter, letters};

/// Splits a name into words, with their spelling: `promptImage` is `prompt`, `Image`; `imageURLs`
/// is `image`, `URLs`; `CFGScale` is `CFG`, `Scale`. A character that no identifier can have becomes
/// a separate word, its number.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut run: Vec<char> = Vec::new();
    for letter in letters(text) {
        match letter {
            Letter::Kept(c) => run.push(c),
            Letter::Separator(_) => words.extend(split_humps(&std::mem::take(&mut run))),
            Letter::Other(c) => {
                words.extend(split_humps(&std::mem::take(&mut run)));
                words.push(format!("u{:x}", u32::from(c)));
            }
        }
    }
    words.extend(split_humps(&run));
    words
}

/// Returns a name in words for docs: `promptImage` is `prompt image`, `useHDR` is `use HDR`.
pub(crate) fn readable(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut run: Vec<char> = Vec::new();
    for letter in letters(text) {
        match letter {
            Letter::Kept(c) | Letter::Other(c) => run.push(c),
            Letter::Separator(_) => words.extend(split_humps(&std::mem::take(&mut run))),
        }
    }
    words.extend(split_humps(&run));
    let words = words.into_iter().map(|word| match word.chars().nth(1) {
        // An acronym keeps its capitals.
        Some(second) if second.is_uppercase() => word,
        Some(_) | None => word.to_lowercase(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Splits letters and digits where a word begins with a capital letter.
fn split_humps(run: &[char]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = run;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(first_hump(rest));
        words.push(word.iter().collect());
        rest = after;
    }
    words
}

/// Returns the length of the first word.
pub(super) fn first_hump(run: &[char]) -> usize {
    (1..run.len()).find(|at| is_hump(run, *at)).unwrap_or(run.len())
}

/// Returns `true` if a word begins at `at`: at a capital letter after a small one, or at the last
/// capital letter of several that a small one follows. The `s` of a plural, as in `URLs`, does not
/// count as that small letter.
fn is_hump(run: &[char], at: usize) -> bool {
    let (before, c) = (run[at - 1], run[at]);
    if !c.is_uppercase() {
        return false;
    }
    let is_small = |at: usize| run.get(at).is_some_and(|c| c.is_lowercase());
    let is_plural = run.get(at + 1) == Some(&'s') && !is_small(at + 2);
    before.is_lowercase() || (is_small(at + 1) && !(is_plural && before.is_uppercase()))
}
