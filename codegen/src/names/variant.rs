//! Names the values of an enum.

use super::letters::{Letter, letters};
use super::words::first_hump;
use super::{begins_name, capitalized, folded};

/// Units that follow a number without a space: `1080p`, `4k`, `5s`.
const UNITS: [&str; 12] = ["p", "k", "s", "x", "fps", "hz", "khz", "ms", "min", "mb", "gb", "px"];

/// A part of a value.
enum Token {
    Ratio(String, String),
    Size(String, String),
    /// A word, or a number with what follows it.
    Word(String),
    Symbol(&'static str),
    Other(char),
}

/// Returns the name of a value: `16:9` → `Ratio16x9`, `1024x768` → `Size1024x768`, `1080p` →
/// `P1080`, `5` → `N5`, `auto` → `Auto`; text after it is appended.
pub(crate) fn variant(value: &str) -> String {
    let letters = letters(value);
    if let Some(name) = number_with_unit(&letters) {
        return name;
    }
    let mut name = String::new();
    for token in tokens(&letters) {
        let part = match token {
            Token::Ratio(a, b) => format!("Ratio{a}x{b}"),
            Token::Size(a, b) => format!("Size{a}x{b}"),
            Token::Word(word) => capitalized(&word),
            Token::Symbol(name) => name.to_owned(),
            Token::Other(c) => format!("U{:x}", u32::from(c)),
        }
        .replace('.', "_");
        if name.ends_with(|c: char| c.is_ascii_digit())
            && part.starts_with(|c: char| c.is_ascii_digit())
        {
            name.push('_');
        } else if name.is_empty() && !begins_name(&part) {
            name.push('N');
        }
        name.push_str(&part);
    }
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Self" => "Self_".to_owned(),
        _ => name,
    }
}

/// Returns the name of a value that is a number with a unit.
fn number_with_unit(letters: &[Letter]) -> Option<String> {
    let (number, unit) = letters.split_at(number(letters));
    let name = capitalized(&text(unit));
    let is_unit = UNITS.contains(&folded(&name).as_str()) && text(unit).len() == unit.len();
    (is_unit && !number.is_empty()).then(|| name + &text(number).replace('.', "_"))
}

fn tokens(letters: &[Letter]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = letters;
    while let [first, after @ ..] = rest {
        let is_first = rest.len() == letters.len();
        let (token, length) = match first {
            Letter::Kept(_) => {
                let (token, length) = pair(rest, is_first).unwrap_or_else(|| word(rest));
                (Some(token), length)
            }
            Letter::Separator(c) => (symbol(*c, is_first && number(after) > 0), 1),
            Letter::Other(c) => (Some(Token::Other(*c)), 1),
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// Returns two numbers that are a ratio or a size.
fn pair(letters: &[Letter], is_first: bool) -> Option<(Token, usize)> {
    let (a, rest) = letters.split_at(number(letters));
    let (sign, rest) = rest.split_first()?;
    let (b, rest) = rest.split_at(number(rest));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let length = letters.len() - rest.len();
    let (a, b) = (text(a), text(b));
    match sign {
        Letter::Separator(':') => Some((Token::Ratio(a, b), length)),
        Letter::Kept('x' | 'X') | Letter::Other('×') | Letter::Separator('*') => {
            Some((Token::Size(a, b), length))
        }
        // `1024_1024` is a size, `mp3_44100_128` is not.
        Letter::Separator('_') if is_first && rest.is_empty() => Some((Token::Size(a, b), length)),
        _ => None,
    }
}

/// Returns the first word: letters and digits up to a capital letter that begins another, with the
/// decimal point of a number.
fn word(letters: &[Letter]) -> (Token, usize) {
    let is_digit = |at: usize| matches!(letters.get(at), Some(Letter::Kept('0'..='9')));
    let length = (0..letters.len()).find(|at| match letters[*at] {
        Letter::Kept(_) => false,
        Letter::Separator('.') => !(*at > 0 && is_digit(*at - 1) && is_digit(*at + 1)),
        Letter::Separator(_) | Letter::Other(_) => true,
    });
    let run: Vec<char> = text(&letters[..length.unwrap_or(letters.len())]).chars().collect();
    let length = first_hump(&run);
    (Token::Word(run[..length].iter().collect()), length)
}

/// Returns the number of characters of the number at the start, with one decimal point.
fn number(letters: &[Letter]) -> usize {
    let whole = digits(letters);
    match letters.get(whole) {
        Some(Letter::Separator('.')) if whole > 0 => match digits(&letters[whole + 1..]) {
            0 => whole,
            decimals => whole + 1 + decimals,
        },
        _ => whole,
    }
}

fn digits(letters: &[Letter]) -> usize {
    letters.iter().take_while(|letter| matches!(letter, Letter::Kept('0'..='9'))).count()
}

fn text(letters: &[Letter]) -> String {
    let chars = letters.iter().map(|letter| match letter {
        Letter::Kept(c) | Letter::Separator(c) | Letter::Other(c) => *c,
    });
    chars.collect()
}

fn symbol(c: char, is_sign: bool) -> Option<Token> {
    match c {
        '-' if is_sign => Some(Token::Symbol("Minus")),
        '+' => Some(Token::Symbol("Plus")),
        '%' => Some(Token::Symbol("Percent")),
        '#' => Some(Token::Symbol("Sharp")),
        '&' => Some(Token::Symbol("And")),
        _ => None,
    }
}
