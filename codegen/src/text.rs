//! Makes text from schemas inert: plain words of one paragraph or inline code, never markup.

/// Returns a text as inert words.
pub(crate) fn plain(text: &str) -> String {
    let words: Vec<String> = readable(text).split_whitespace().map(inert).collect();
    words.join(" ")
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

/// Replaces control characters by spaces, and spells out characters that reorder or hide text.
fn readable(text: &str) -> String {
    let mut readable = String::new();
    for c in text.chars() {
        match c {
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => {
                readable.push_str(&format!("U+{:04X}", u32::from(c)));
            }
            c if c.is_control() => readable.push(' '),
            c => readable.push(c),
        }
    }
    readable
}

/// Escapes every character of a word that Markdown would read as markup.
fn inert(word: &str) -> String {
    let address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    if is_address(address) {
        return format!("<{address}>{}", &word[address.len()..]);
    }
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
    fn hostile_text_is_plain_words() {
        let cases = [
            ("a `b` *c* _d_ e_f", "a \\`b\\` \\*c\\* \\_d\\_ e_f"),
            ("```\npanic!()\n```", "\\`\\`\\` panic!() \\`\\`\\`"),
            ("# title\n\n- item\n1. one", "\\# title \\- item 1\\. one"),
            ("[link](x) <b> &lt; */", "\\[link\\](x) \\<b\\> \\&lt; \\*/"),
            ("a\u{202e}b\u{7}c", "aU+202Eb c"),
            ("see https://example.com/a_b?c=d now", "see <https://example.com/a_b?c=d> now"),
            ("at https://example.com.", "at <https://example.com>."),
            ("at https://[x]", "at https\\://\\[x\\]"),
            ("---", "\\---"),
            ("#[derive(X)]", "#\\[derive(X)\\]"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn code_keeps_its_back_ticks_inside() {
        assert_eq!(code("true"), "`true`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
