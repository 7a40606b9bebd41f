//! Text from outside, made safe to show in a terminal or a log.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes control characters, line breaks, and characters that hide or reorder text, so
/// that shown text cannot move a cursor, start a new line or read otherwise than it is.
/// Returns the text itself if it has none.
pub fn escape_control(text: &str) -> Cow<'_, str> {
    // Most text is printable ASCII, which is seen at once.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(is_unsafe) else { return Cow::Borrowed(text) };
    let (safe, rest) = text.split_at(first);
    let mut escaped = String::with_capacity(text.len() + 8);
    escaped.push_str(safe);
    for c in rest.chars() {
        if is_unsafe(c) {
            // Writing to a string does not fail.
            _ = write!(escaped, "{}", c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// The most characters of a text that a message shows.
#[cfg(feature = "client")]
const MAX_SHOWN: usize = 2000;

/// Returns the beginning of a text from outside for a message: [`escape_control`] of it, and how long
/// it is if that is not all.
#[cfg(feature = "client")]
pub(crate) fn shown_text(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_SHOWN) {
        None => escape_control(text),
        Some((end, _)) => {
            let (start, length) = (escape_control(&text[..end]), text.chars().count());
            Cow::Owned(format!("{start}… ({length} characters)"))
        }
    }
}

/// Returns a path to show.
#[cfg(feature = "client")]
pub(crate) fn shown_path(path: &std::path::Path) -> String {
    escape_control(&path.display().to_string()).into_owned()
}

/// Returns `true` for a control character, and for one that hides or reorders text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_others_kept() {
        let cases = [
            ("a boat, 波 🌊 é \"q\" \\", "a boat, 波 🌊 é \"q\" \\"),
            ("", ""),
            ("\u{1b}[2Jgone\u{7}", "\\u{1b}[2Jgone\\u{7}"),
            ("a\r\n\tb", "a\\r\\n\\tb"),
            ("\u{9b}31m \u{7f}", "\\u{9b}31m \\u{7f}"),
            ("x\u{202e}y\u{200b}\u{feff}\u{2028}", "x\\u{202e}y\\u{200b}\\u{feff}\\u{2028}"),
        ];
        for (text, escaped) in cases {
            assert_eq!(escape_control(text), escaped);
        }
        assert!(matches!(escape_control("plain"), Cow::Borrowed(_)));
    }

    #[cfg(feature = "client")]
    #[test]
    fn long_text_is_shown_with_its_length() {
        let text = "é".repeat(2000);
        assert_eq!(shown_text(&text), text);
        assert_eq!(shown_text(&format!("{text}\u{1b}")), format!("{text}… (2001 characters)"));
        assert_eq!(shown_text("a\u{1b}"), "a\\u{1b}");
    }
}
