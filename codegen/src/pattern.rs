//! Translates a `pattern`, a regular expression of ECMA-262 with its `u` flag, into the syntax of
//! the `regex` crate, which matches in linear time. A pattern that only the older syntax without
//! the flag allows, such as `\@`, has the meaning that it has there.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use regress::{Flags, Regex};

/// The maximum size of a compiled pattern in bytes.
const MAX_COMPILED: usize = 1 << 20;
/// The maximum nesting of groups.
const MAX_LEVELS: usize = 50;
/// The maximum count in a quantifier. Larger ones exceed the compiled size.
const MAX_REPEAT: u32 = 100_000;

/// The `u` flag.
const WITH_FLAG: Flags = Flags {
    icase: false,
    multiline: false,
    dot_all: false,
    no_opt: false,
    unicode: true,
    unicode_sets: false,
};

const DIGITS: &str = "0-9";
const WORD: &str = "A-Za-z0-9_";
/// White space and line ends of ECMA-262.
const SPACE: &str = r"\t\n\x0B\x0C\r\x20\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// Why a pattern is not supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PatternError {
    /// A construct that needs more than linear time, or that text in UTF-8 cannot have.
    Unsupported(&'static str),
    /// Not a regular expression of ECMA-262.
    Malformed(String),
}

/// Translates a pattern. The result matches anywhere in a text, like the original.
pub(crate) fn translate(pattern: &str) -> Result<String, PatternError> {
    let mut parser =
        Parser { rest: pattern.chars().peekable(), out: String::new(), needs_flag: false };
    parser.disjunction(0)?;
    if parser.rest.next().is_some() {
        return Err(malformed("a `)` without its `(`"));
    }
    // Without the flag, `\p{L}` is other characters than it looks like.
    match parse_ecma(pattern, WITH_FLAG) {
        Err(error) if parser.needs_flag => return Err(error),
        Err(_) => parse_ecma(pattern, Flags::default())?,
        Ok(()) => {}
    }
    compile(&parser.out)?;
    Ok(parser.out)
}

/// Checks that a pattern is in the syntax of ECMA-262 with these flags.
fn parse_ecma(pattern: &str, flags: Flags) -> Result<(), PatternError> {
    let parsed = Regex::with_flags(pattern, Flags { no_opt: true, ..flags });
    parsed.map(drop).map_err(|error| malformed(&error.text))
}

/// Compiles a translated pattern.
pub(crate) fn compile(translated: &str) -> Result<regex::Regex, PatternError> {
    let compiled = regex::RegexBuilder::new(translated).size_limit(MAX_COMPILED).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::Unsupported("repeats this large"),
        error => malformed(error.to_string().lines().last().unwrap_or_default()),
    })
}

fn malformed(why: &str) -> PatternError {
    PatternError::Malformed(why.to_owned())
}

/// A recursive-descent parser that writes the translation as it reads.
struct Parser<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    /// The pattern has a construct that means something else without the `u` flag.
    needs_flag: bool,
}

impl Parser<'_> {
    fn takes(&mut self, expected: char) -> bool {
        self.rest.next_if_eq(&expected).is_some()
    }

    /// Takes a text if it is next.
    fn takes_text(&mut self, expected: &str) -> bool {
        let mut ahead = self.rest.clone();
        if !expected.chars().all(|expected| ahead.next() == Some(expected)) {
            return false;
        }
        self.rest = ahead;
        true
    }

    fn disjunction(&mut self, level: usize) -> Result<(), PatternError> {
        if level > MAX_LEVELS {
            return Err(PatternError::Unsupported("groups this deep"));
        }
        while let Some(c) = self.rest.peek().copied().filter(|c| *c != ')') {
            if self.counts()?.is_some() {
                return Err(malformed("a quantifier with nothing to repeat"));
            }
            self.rest.next();
            match c {
                '|' => self.out.push('|'),
                '^' => self.out.push_str(r"\A"),
                '$' => self.out.push_str(r"\z"),
                '*' | '+' | '?' => return Err(malformed("a quantifier with nothing to repeat")),
                _ if c == '\\' && self.takes('b') => self.out.push_str(r"(?-u:\b)"),
                _ if c == '\\' && self.takes('B') => {
                    return Err(PatternError::Unsupported("`\\B`"));
                }
                _ => {
                    self.atom(c, level)?;
                    self.quantifier()?;
                }
            }
        }
        Ok(())
    }

    /// Reads an atom that begins with `c`.
    fn atom(&mut self, c: char, level: usize) -> Result<(), PatternError> {
        match c {
            '(' => self.group(level),
            '[' => self.class(),
            '.' => {
                self.out.push_str(r"[^\n\r\u{2028}\u{2029}]");
                Ok(())
            }
            '\\' => self.escape(),
            c => {
                self.literal(c);
                Ok(())
            }
        }
    }

    fn group(&mut self, level: usize) -> Result<(), PatternError> {
        if self.takes_text("?=") || self.takes_text("?!") {
            return Err(PatternError::Unsupported("look-ahead"));
        }
        if self.takes_text("?<=") || self.takes_text("?<!") {
            return Err(PatternError::Unsupported("look-behind"));
        }
        if self.takes_text("?<") {
            while self.rest.next().ok_or_else(|| malformed("a group name without its end"))? != '>'
            {
            }
        } else if self.takes('?') && !self.takes(':') {
            return Err(match self.rest.peek() {
                Some('i' | 'm' | 's' | '-') => PatternError::Unsupported("flags within it"),
                _ => malformed("a `?` that begins no known group"),
            });
        }
        self.out.push_str("(?:");
        self.disjunction(level + 1)?;
        if !self.takes(')') {
            return Err(malformed("a `(` without its `)`"));
        }
        self.out.push(')');
        Ok(())
    }

    /// Reads a quantifier, if there is one. A `{` that begins none is a literal.
    fn quantifier(&mut self) -> Result<(), PatternError> {
        if let Some(c) = self.rest.next_if(|c| ['*', '+', '?'].contains(c)) {
            self.out.push(c);
        } else if let Some(counts) = self.counts()? {
            self.out.push_str(&counts);
        } else {
            return Ok(());
        }
        // A lazy match matches the same texts.
        self.takes('?');
        Ok(())
    }

    /// Reads `{2}`, `{2,}` or `{2,5}`, if it is next.
    fn counts(&mut self) -> Result<Option<String>, PatternError> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('{') {
            return Ok(None);
        }
        let least = digits(&mut ahead);
        let is_range = ahead.next_if_eq(&',').is_some();
        let most = if is_range { digits(&mut ahead) } else { String::new() };
        if least.is_empty() || ahead.next() != Some('}') {
            return Ok(None);
        }
        for number in [&least, &most] {
            if number.parse::<u32>().is_ok_and(|number| number > MAX_REPEAT) || number.len() > 9 {
                return Err(PatternError::Unsupported("repeats this large"));
            }
        }
        self.rest = ahead;
        Ok(Some(if is_range { format!("{{{least},{most}}}") } else { format!("{{{least}}}") }))
    }

    /// Reads an escape outside of a class.
    fn escape(&mut self) -> Result<(), PatternError> {
        match self.rest.peek() {
            Some('1'..='9') | Some('k') => Err(PatternError::Unsupported("a back-reference")),
            _ => match self.escaped()? {
                Escaped::Char(c) => {
                    self.literal(c);
                    Ok(())
                }
                Escaped::Set(set) => {
                    let _ = write!(self.out, "[{set}]");
                    Ok(())
                }
            },
        }
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<Escaped, PatternError> {
        let Some(c) = self.rest.next() else { return Err(malformed("a `\\` at the end")) };
        Ok(match c {
            'd' => Escaped::Set(DIGITS.to_owned()),
            'w' => Escaped::Set(WORD.to_owned()),
            's' => Escaped::Set(SPACE.to_owned()),
            'D' => Escaped::Set(format!("^{DIGITS}")),
            'W' => Escaped::Set(format!("^{WORD}")),
            'S' => Escaped::Set(format!("^{SPACE}")),
            'p' | 'P' => {
                self.needs_flag = true;
                Escaped::Set(format!(r"\{c}{{{}}}", self.property()?))
            }
            't' => Escaped::Char('\t'),
            'n' => Escaped::Char('\n'),
            'v' => Escaped::Char('\u{b}'),
            'f' => Escaped::Char('\u{c}'),
            'r' => Escaped::Char('\r'),
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => Escaped::Char('\0'),
            'c' => {
                let letter = self.rest.next_if(char::is_ascii_alphabetic);
                let letter = letter.ok_or_else(|| malformed("a `\\c` without its letter"))?;
                Escaped::Char(char::from(letter as u8 % 32))
            }
            'x' => Escaped::Char(scalar(self.hex(2)?)?),
            'u' => Escaped::Char(self.unicode()?),
            c if c.is_ascii_alphanumeric() => {
                return Err(malformed(&format!("the unknown escape `\\{c}`")));
            }
            c => Escaped::Char(c),
        })
    }

    /// Reads the name of a Unicode property.
    fn property(&mut self) -> Result<String, PatternError> {
        if !self.takes('{') {
            return Err(malformed("a `\\p` without its `{…}`"));
        }
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('}') => return Ok(name),
                Some(c) if c.is_ascii_alphanumeric() || c == '_' || c == '=' => name.push(c),
                _ => return Err(malformed("a `\\p` without its `{…}`")),
            }
        }
    }

    /// Reads `XXXX`, `{X…}`, or the two halves of a surrogate pair.
    fn unicode(&mut self) -> Result<char, PatternError> {
        if self.takes('{') {
            self.needs_flag = true;
            let mut code = 0_u32;
            while !self.takes('}') {
                code = code.saturating_mul(16).saturating_add(self.hex(1)?);
            }
            return scalar(code);
        }
        let high = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return scalar(high);
        }
        if !self.takes_text("\\u") {
            return Err(PatternError::Unsupported("half of a surrogate pair"));
        }
        let low = self.hex(4)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(PatternError::Unsupported("half of a surrogate pair"));
        }
        scalar(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn hex(&mut self, digits: usize) -> Result<u32, PatternError> {
        (0..digits).try_fold(0, |code, _| {
            let digit = self.rest.next().and_then(|c| c.to_digit(16));
            digit.map(|digit| code * 16 + digit).ok_or_else(|| malformed("an escape in hex"))
        })
    }

    fn class(&mut self) -> Result<(), PatternError> {
        let is_negated = self.takes('^');
        let mut set = String::new();
        while let Some(first) = self.class_atom()? {
            let is_range = self.rest.peek() == Some(&'-') && {
                let mut ahead = self.rest.clone();
                ahead.next();
                ahead.peek().is_some_and(|c| *c != ']')
            };
            match (first, is_range) {
                (Escaped::Char(from), true) => {
                    self.takes('-');
                    match self.class_atom()? {
                        Some(Escaped::Char(to)) if from <= to => {
                            let _ = write!(set, "{}-{}", in_class(from), in_class(to));
                        }
                        Some(Escaped::Char(_)) => return Err(malformed("a range out of order")),
                        // `[a-\d]` has a hyphen.
                        Some(Escaped::Set(other)) => {
                            let _ = write!(set, "{}\\-[{other}]", in_class(from));
                        }
                        None => return Err(malformed("a `[` without its `]`")),
                    }
                }
                (Escaped::Char(c), false) => set.push_str(&in_class(c)),
                (Escaped::Set(other), _) => {
                    let _ = write!(set, "[{other}]");
                }
            }
        }
        // An empty class matches nothing, and its negation every character.
        let set = match (set.as_str(), is_negated) {
            ("", false) => r"[^\u{0}-\u{10ffff}]".to_owned(),
            ("", true) => r"[\u{0}-\u{10ffff}]".to_owned(),
            (set, false) => format!("[{set}]"),
            (set, true) => format!("[^{set}]"),
        };
        self.out.push_str(&set);
        Ok(())
    }

    /// Reads a member of a class. Returns `None` at its end.
    fn class_atom(&mut self) -> Result<Option<Escaped>, PatternError> {
        match self.rest.next() {
            None => Err(malformed("a `[` without its `]`")),
            Some(']') => Ok(None),
            Some('\\') if self.takes('b') => Ok(Some(Escaped::Char('\u{8}'))),
            Some('\\') => self.escaped().map(Some),
            Some(c) => Ok(Some(Escaped::Char(c))),
        }
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }
}

fn digits(rest: &mut Peekable<Chars<'_>>) -> String {
    std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).collect()
}

/// An escape: a character, or the inside of a class.
enum Escaped {
    Char(char),
    Set(String),
}

fn scalar(code: u32) -> Result<char, PatternError> {
    char::from_u32(code).ok_or_else(|| match code {
        0xd800..0xe000 => PatternError::Unsupported("half of a surrogate pair"),
        _ => malformed("a character past U+10FFFF"),
    })
}

/// Writes a character within a class.
fn in_class(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }
}

#[cfg(test)]
mod tests;
