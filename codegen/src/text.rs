//! Text from schemas, made inert: plain words of one paragraph or code, never markup.

/// A text as inert words.
pub(crate) fn plain(text: &str) -> String {
    let words: Vec<String> = readable(text).split_whitespace().map(inert).collect();
    words.join(" ")
}

/// A text as inert words that end like a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let text = plain(text);
    if text.ends_with(['.', '!', '?', ':', '。', '！', '？']) { text } else { text + "." }
}

/// A text as code.
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

/// Control characters become spaces; characters that turn or hide text are spelt out.
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

/// One word, with every character that Markdown would read as markup escaped.
fn inert(word: &str) -> String {
    let address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    if is_address(address) {
        return format!("<{address}>{}", &word[address.len()..]);
    }
    let chars: Vec<char> = word.chars().collect();
    let is_rule = chars.iter().all(|c| "#=+-".contains(*c));
    let is_number = |chars: &[char]| !chars.is_empty() && chars.iter().all(char::is_ascii_digit);
    let mut inert = String::new();
    for (position, c) in chars.iter().enumerate() {
        let within = |offset: usize| chars.get(offset).is_some_and(|c| c.is_alphanumeric());
        let inside_word = position > 0 && within(position - 1) && within(position + 1);
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

/// Whether a word is an address that can stand between `<` and `>`.
fn is_address(word: &str) -> bool {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?#@!&=+%:".contains(c);
    rest.is_some_and(|rest| rest.contains('.') && rest.chars().all(plain))
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

pub(crate) fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
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
