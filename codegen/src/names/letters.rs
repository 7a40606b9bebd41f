//! The letters that an identifier may have.
//!
//! rustc takes letters of any script, but warns about unusual ones, and about those that look like
//! a letter of another script if nothing around them shows their script.

use unicode_normalization::UnicodeNormalization;
use unicode_security::general_security_profile::GeneralSecurityProfile;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{is_potential_mixed_script_confusable_char, skeleton};

/// A character of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// A letter or a digit, which stays.
    Kept(char),
    /// Punctuation or white space.
    Separator(char),
    /// A character that no identifier can have, such as an emoji.
    Other(char),
}

/// Returns the characters of a text. Characters that only differ in form, such as full-width
/// letters, are the same.
pub(super) fn letters(text: &str) -> Vec<Letter> {
    // Most names. Of ASCII, nothing has another form or looks like a letter of another script.
    if text.is_ascii() {
        let letters = text.chars().map(|c| match c.is_ascii_alphanumeric() {
            true => Letter::Kept(c),
            false => Letter::Separator(c),
        });
        return letters.collect();
    }
    let chars: Vec<char> = text.nfkc().collect();
    let shown: Vec<AugmentedScriptSet> = chars
        .iter()
        .filter(|c| is_letter(**c) && !c.is_ascii() && !is_confusable(**c))
        .map(|c| AugmentedScriptSet::for_char(*c))
        .collect();
    let letters = chars.into_iter().map(|c| {
        if is_letter(c) && (c.is_ascii() || !is_confusable(c) || shows_script(c, &shown)) {
            Letter::Kept(c)
        } else if c.is_ascii() || is_separator(c) {
            Letter::Separator(c)
        } else {
            Letter::Other(c)
        }
    });
    letters.collect()
}

/// Folds the case of a word, to compare words without case: `ß` becomes `ss`.
pub(super) fn folded(word: &str) -> String {
    word.to_uppercase().to_lowercase()
}

/// Returns the look of a name. rustc warns about two names that look alike.
pub(super) fn look(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { skeleton(name).collect() }
}

/// Returns `true` if an identifier can begin like this.
pub(super) fn begins_name(name: &str) -> bool {
    name.chars().next().is_some_and(unicode_ident::is_xid_start)
}

fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let folded = folded(c.encode_utf8(&mut [0; 4]));
    let is_allowed = |c: char| unicode_ident::is_xid_continue(c) && c.identifier_allowed();
    // A small letter without a capital would be small in the name of a constant.
    let has_case = folded.chars().all(|c| !c.is_lowercase() || c.to_uppercase().next() != Some(c));
    is_allowed(c) && folded.chars().all(is_allowed) && has_case && folded.nfkc().eq(folded.chars())
}

/// Returns `true` if the character, small or capital, looks like one of another script.
fn is_confusable(c: char) -> bool {
    let folded = folded(c.encode_utf8(&mut [0; 4]));
    let forms = folded.chars().chain(folded.chars().flat_map(char::to_uppercase));
    forms.filter(|c| !c.is_ascii()).any(|c| {
        let text = c.to_string();
        is_potential_mixed_script_confusable_char(c) || skeleton(&text).ne(text.nfd())
    })
}

/// Returns `true` if another character shows the script of this one.
fn shows_script(c: char, shown: &[AugmentedScriptSet]) -> bool {
    let own = AugmentedScriptSet::for_char(c);
    shown.iter().any(|set| {
        let mut both = own;
        both.intersect_with(*set);
        !both.is_empty() && !both.is_all()
    })
}

/// Returns `true` for punctuation and white space outside of ASCII.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
            | '\u{2000}'..='\u{206f}' | '\u{2e00}'..='\u{2e7f}' | '\u{3000}'..='\u{3003}'
            | '\u{3008}'..='\u{3020}' | '\u{30a0}' | '\u{30fb}' | '\u{fe10}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff65}')
}
