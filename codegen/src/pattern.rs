//! Translates a `pattern`, a regular expression of ECMA-262 with its `u` flag, into the syntax of
//! the `regex` crate, which matches in linear time.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

/// The maximum size of a compiled pattern in bytes.
const MAX_COMPILED: usize = 1 << 20;
/// The maximum nesting of groups.
const MAX_LEVELS: usize = 50;
/// The maximum count in a quantifier. Larger ones exceed the compiled size.
const MAX_REPEAT: u32 = 100_000;

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
    let mut parser = Parser { rest: pattern.chars().peekable(), out: String::new() };
    parser.disjunction(0)?;
    if parser.rest.next().is_some() {
        return Err(malformed("a `)` without its `(`"));
    }
    compile(&parser.out)?;
    Ok(parser.out)
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
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
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
            return Err(malformed("a `?` that begins no known group"));
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
        } else if !self.counts()? {
            return Ok(());
        }
        // A lazy match matches the same texts.
        self.takes('?');
        if self.rest.peek().is_some_and(|c| ['*', '+', '?'].contains(c)) {
            return Err(malformed("a quantifier of a quantifier"));
        }
        Ok(())
    }

    /// Reads `{2}`, `{2,}` or `{2,5}`, if it is next.
    fn counts(&mut self) -> Result<bool, PatternError> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('{') {
            return Ok(false);
        }
        let inner: String = ahead.by_ref().take_while(|c| *c != '}').collect();
        let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_quantifier = is_number(least) && (is_number(most) || most.is_empty());
        let length = self.rest.clone().count() - ahead.clone().count();
        if !is_quantifier || length != inner.chars().count() + 2 {
            return Ok(false);
        }
        for number in [least, most] {
            if number.parse::<u32>().is_ok_and(|number| number > MAX_REPEAT) || number.len() > 9 {
                return Err(PatternError::Unsupported("repeats this large"));
            }
        }
        let _ = write!(self.out, "{{{inner}}}");
        self.rest = ahead;
        Ok(true)
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
            'p' | 'P' => Escaped::Set(format!(r"\{c}{{{}}}", self.property()?)),
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

/// An escape: a character, or the inside of a class.
enum Escaped {
    Char(char),
    Set(String),
}

fn scalar(code: u32) -> Result<char, PatternError> {
    char::from_u32(code).ok_or(PatternError::Unsupported("half of a surrogate pair"))
}

/// Writes a character within a class.
fn in_class(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Field case: pattern.
    #[test]
    fn patterns_match_as_in_ecma_262() {
        let cases: [(&str, &[&str], &[&str]); 32] = [
            (r"^\d+x\d+$", &["1x1", "12x345"], &["x", "1x1\n", "1x", "١x١"]),
            ("b", &["abc", "b"], &["ac", ""]),
            (r"^\w+$", &["a_1Z"], &["é", "a-b"]),
            (r"^\W$", &["é", " "], &["a"]),
            (r"^\s$", &[" ", "\u{a0}", "\u{feff}", "\u{2029}", "\u{b}"], &["\u{200b}", "\u{85}"]),
            (r"^\S$", &["\u{85}", "x"], &["\u{3000}"]),
            (r"^.$", &["a", "🐲"], &["\n", "\r", "\u{2028}", "ab"]),
            (r"^\/a\-b\.\:$", &["/a-b.:"], &["/a-bx:"]),
            (r"^\cA\x41\u0042\u{1F432}\uD83D\uDC32$", &["\u{1}AB🐲🐲"], &["AB"]),
            (r"^🐲*$", &["", "🐲🐲"], &["🐉"]),
            (r"^[^x]$", &["🐲"], &["x", "ab"]),
            ("^[a-c]$", &["b"], &["d", "-"]),
            (r"^[a\-c]$", &["-"], &["b"]),
            (r"^[\w-]$", &["-", "a"], &["."]),
            (r"^[a-\d]$", &["a", "-", "7"], &["b"]),
            (r"^[\d-x]$", &["-", "7", "x"], &["y"]),
            ("^[[a&&b~~c-]+$", &["[&~-abc"], &["]"]),
            (r"^[\]\\^]$", &["]", "\\", "^"], &["a"]),
            (r"^[^\D]$", &["5"], &["a"]),
            (r"^[\b]$", &["\u{8}"], &["b"]),
            ("^[]$", &[], &["", "a"]),
            ("^[^]$", &["a", "\n"], &[""]),
            (r"\bcat\b", &["a cat.", "écaté cat"], &["concat"]),
            (r"^(?<year>\d{4})-(\d{2})$", &["2024-01"], &["24-01"]),
            ("^(?:a|b){2,3}?$", &["ab", "bab"], &["a", "abab"]),
            ("^a{2}b{1,}c{0}$", &["aabb"], &["ab", "aabc"]),
            ("^a{,2}$", &["a{,2}"], &["aa", ""]),
            ("^{}x{y}$", &["{}x{y}"], &["x"]),
            ("^$", &[""], &["\n"]),
            (r"^\p{Lu}\p{Script=Greek}\P{L}$", &["Aα1"], &["aα1"]),
            ("^a|b$", &["ax", "xb"], &["xa"]),
            (r"^\t\n\v\f\r\0$", &["\t\n\u{b}\u{c}\r\0"], &["t"]),
        ];
        for (pattern, matching, others) in cases {
            let translated = translate(pattern).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
            let regex = compile(&translated).expect("it was compiled before");
            for text in matching {
                assert!(regex.is_match(text), "{pattern} ({translated}) and {text:?}");
            }
            for text in others {
                assert!(!regex.is_match(text), "{pattern} ({translated}) and {text:?}");
            }
        }
    }

    #[test]
    fn unsupported_constructs_are_named() {
        let cases = [
            (r"(?=a)", "look-ahead"),
            (r"(?!a)", "look-ahead"),
            (r"(?<=a)b", "look-behind"),
            (r"(?<!a)b", "look-behind"),
            (r"(a)\1", "a back-reference"),
            (r"(?<n>a)\k<n>", "a back-reference"),
            (r"\ud83d", "half of a surrogate pair"),
            (r"[\ud83d-\ud83e]", "half of a surrogate pair"),
            (r"\Ba", "`\\B`"),
            ("a{200000}", "repeats this large"),
            ("(?:(?:a{1000}){1000}){1000}", "repeats this large"),
        ];
        for (pattern, construct) in cases {
            let expected = Err(PatternError::Unsupported(construct));
            assert_eq!(translate(pattern), expected, "{pattern}");
        }
        assert_eq!(
            translate(&"(".repeat(9999)),
            Err(PatternError::Unsupported("groups this deep"))
        );
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for pattern in
            ["(", ")", "[a", "a**", "*", "+a", "^*", "a{3,2}", r"\", r"\c1", r"\q", "[z-a]", "(?x)"]
        {
            let found = translate(pattern);
            assert!(matches!(found, Err(PatternError::Malformed(_))), "{pattern}: {found:?}");
        }
    }
}
