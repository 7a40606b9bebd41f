//! Makes text from schemas inert: plain words of one paragraph or inline code, never markup.

use std::borrow::Cow;

use runcomfy::codegen_support::{self, is_unsafe};

/// A space without a line break. Schema text cannot contain it.
pub(crate) const UNBROKEN: char = '\u{1}';

/// Escapes what a terminal would obey or hide: control characters, line breaks, and characters that
/// reorder or hide text.
pub fn escape_control(text: &str) -> String {
    codegen_support::escape_control(text).into_owned()
}

/// Replaces control characters and invisible characters with a mark of the same length in bytes, to
/// keep the places within the text. Line breaks and tabs stay.
pub fn mask_control(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_line_break = c == '\r' && chars.peek() == Some(&'\n');
        match c.len_utf8() {
            _ if is_line_break || matches!(c, '\n' | '\t') || !is_unsafe(c) => masked.push(c),
            1 => masked.push('?'),
            2 => masked.push('¿'),
            3 => masked.push('\u{fffd}'),
            _ => masked.push_str("\u{fffd}?"),
        }
    }
    Cow::Owned(masked)
}

/// Returns a text as inert words. Inline code stays code, and a link to a web page stays a link.
pub(crate) fn plain(text: &str) -> String {
    let text: Vec<String> = readable(text).split_whitespace().map(str::to_owned).collect();
    let text = text.join(" ");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mark = rest.find(['`', '[']).unwrap_or(rest.len());
        let (words, after) = rest.split_at(mark);
        let found = code_span(after).or_else(|| link(after));
        let (marked, length) = found.unwrap_or_else(|| {
            // What opens nothing is a word.
            let run = (after.len() - after.trim_start_matches('`').len()).max(1).min(after.len());
            (inert_words(&after[..run]), run)
        });
        let is_image = words.ends_with('!') && marked.starts_with('[');
        plain.push_str(&inert_words(if is_image { &words[..words.len() - 1] } else { words }));
        plain.push_str(if is_image { "\\!" } else { "" });
        plain.push_str(&marked);
        rest = &after[length..];
    }
    plain
}

/// Returns the inline code at the start of a text, and its length there.
fn code_span(text: &str) -> Option<(String, usize)> {
    let fence = text.len() - text.trim_start_matches('`').len();
    if fence == 0 {
        return None;
    }
    let mut at = fence;
    loop {
        let run = at + text[at..].find('`')?;
        let end = text.len() - text[run..].trim_start_matches('`').len();
        if end - run == fence {
            let content = text[fence..run].trim();
            return (!content.is_empty()).then(|| (code_in_prose(content), end));
        }
        at = end;
    }
}

/// Returns the link to a web page at the start of a text, and its length there.
fn link(text: &str) -> Option<(String, usize)> {
    let label = text.strip_prefix('[')?;
    let (label, after) = label.split_at(label.find(['[', ']'])?);
    let (address, _) = after.strip_prefix("](")?.split_once(')')?;
    if label.trim().is_empty() || !is_address(address) {
        return None;
    }
    let label: Vec<String> = label.split(' ').map(inert_letters).collect();
    let length = "[](".len() + label_len(text) + address.len() + ")".len();
    Some((format!("[{}](<{address}>)", label.join(" ")), length))
}

/// Returns the length of a link's label.
fn label_len(text: &str) -> usize {
    text.find(']').map_or(0, |end| end - 1)
}

fn inert_words(text: &str) -> String {
    text.split(' ').map(inert).collect::<Vec<_>>().join(" ")
}

/// Returns a text as inert words with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = plain(text);
    if text.ends_with(['.', '!', '?', ':', '。', '！', '？']) { text } else { text + "." }
}

/// Returns a text as inline code.
pub(crate) fn code(text: &str) -> String {
    let text = readable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.trim().is_empty() {
        "(blank)".to_owned()
    } else {
        format!("{fence}{pad}{text}{pad}{fence}")
    }
}

/// Returns inline code without line breaks. A line within it that starts with Markdown, such as
/// `<!--`, would end the code.
pub(crate) fn code_in_prose(text: &str) -> String {
    code(text).replace(' ', &UNBROKEN.to_string())
}

/// Replaces control characters by spaces, and spells out characters that reorder or hide text.
fn readable(text: &str) -> String {
    let mut readable = String::new();
    for c in text.chars() {
        if c.is_control() {
            readable.push(' ');
        } else if is_unsafe(c) {
            readable.push_str(&format!("U+{:04X}", u32::from(c)));
        } else {
            readable.push(c);
        }
    }
    readable
}

/// Escapes every character of a word that Markdown would read as markup. An address is a link.
fn inert(word: &str) -> String {
    let address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    if is_address(address) {
        return format!("<{address}>{}", &word[address.len()..]);
    }
    inert_letters(word)
}

fn inert_letters(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let is_rule = chars.iter().all(|c| "#=+-".contains(*c));
    let mut inert = String::new();
    for (position, c) in chars.iter().enumerate() {
        let inside_word = position > 0
            && chars[position - 1].is_alphanumeric()
            && chars.get(position + 1).is_some_and(|c| c.is_alphanumeric());
        let markup = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' => true,
            '_' => !inside_word,
            '#' | '=' | '+' | '-' => is_rule && position == 0,
            '.' | ')' => position + 1 == chars.len() && is_number(&chars[..position]),
            ':' => chars[position..].starts_with(&[':', '/', '/']),
            _ => false,
        };
        if markup {
            inert.push('\\');
        }
        inert.push(*c);
    }
    inert
}

/// Returns `true` for an address that Markdown takes between `<` and `>`.
pub(crate) fn is_address(word: &str) -> bool {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.contains('.') && rest.chars().all(is_plain_in_address))
}

pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

pub(crate) fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn is_number(chars: &[char]) -> bool {
    !chars.is_empty() && chars.iter().all(char::is_ascii_digit)
}

fn is_plain_in_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/?#@!&=+%:".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_for_a_terminal_has_no_control_characters() {
        // Field case terminal-escape.
        let cases = [
            ("p\u{1b}[31mRED", "p\\u{1b}[31mRED"),
            ("q\nerror: fake\r\t", "q\\nerror: fake\\r\\t"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("a\u{202e}b\u{200b}\u{ad}", "a\\u{202e}b\\u{200b}\\u{ad}"),
            ("größe 中 \\ \"", "größe 中 \\ \""),
        ];
        for (text, escaped) in cases {
            assert_eq!(escape_control(text), escaped);
        }
    }

    #[test]
    fn a_mask_is_as_long_as_what_it_hides() {
        let text = "a\u{1b}[\u{9b}\u{202e}\u{e0041}\r\n\r\t\u{7f}é中";
        let masked = mask_control(text);
        assert_eq!(masked, "a?[¿\u{fffd}\u{fffd}?\r\n?\t?é中");
        assert_eq!(masked.len(), text.len());
        assert!(matches!(mask_control("größe 中"), Cow::Borrowed(_)));
    }

    #[test]
    fn hostile_text_is_plain_words() {
        let cases = [
            ("a `b *c* *d*", "a \\`b \\*c\\* \\*d\\*"),
            ("a *c* _d_ e_f", "a \\*c\\* \\_d\\_ e_f"),
            ("``` a", "\\`\\`\\` a"),
            ("[link][x] [`Input`] [a](#b)", "\\[link\\]\\[x\\] \\[`Input`\\] \\[a\\](#b)"),
            ("[a](javascript:b) [a](https://x.y", "\\[a\\](javascript:b) \\[a\\](https\\://x.y"),
            ("[](https://x.y)", "\\[\\](https\\://x.y)"),
            ("# title\n\n- item\n1. one", "\\# title \\- item 1\\. one"),
            ("[link](x) <b> &lt; */", "\\[link\\](x) \\<b\\> \\&lt; \\*/"),
            ("a\u{202e}b\u{7}c", "aU+202Eb c"),
            ("see https://example.com/a_b?c=d now", "see <https://example.com/a_b?c=d> now"),
            ("at https://example.com.", "at <https://example.com>."),
            ("at https://[x]", "at https\\://\\[x\\]"),
            ("---", "\\---"),
            ("#[derive(X)]", "\\#\\[derive(X)\\]"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn inline_code_and_links_stay() {
        // Field case: code and links of descriptions were escaped.
        let cases = [
            ("use `a_b` or `c`.", "use `a_b` or `c`."),
            ("```\npanic!()\n```", "`panic!()`"),
            ("`` a`b `` and `*`", "``a`b`` and `*`"),
            ("(`x`)`y`", "(`x`)`y`"),
            ("`<b>` <b>", "`<b>` \\<b\\>"),
            ("see [the docs](https://x.y/z?a=b) now", "see [the docs](<https://x.y/z?a=b>) now"),
            ("[a *b* `c`](https://x.y)", "[a \\*b\\* \\`c\\`](<https://x.y>)"),
            ("[https://x.y](https://x.y)", "[https\\://x.y](<https://x.y>)"),
            ("![a](https://x.y/a.png)", "\\![a](<https://x.y/a.png>)"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).replace(UNBROKEN, " "), expected);
        }
        assert_eq!(plain("`a b` c"), format!("`a{UNBROKEN}b` c"));
    }

    #[test]
    fn code_keeps_its_back_ticks_inside() {
        assert_eq!(code("true"), "`true`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
