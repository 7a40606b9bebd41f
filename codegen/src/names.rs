//! Makes every identifier of the generated code.
//!
//! A name comes from the characters of the thing it names, never from a counter, so a new
//! neighbour does not rename it. If two things share a name, each gets a suffix, which is
//! reported.

use std::collections::HashMap;

/// Keywords of Rust. The first four cannot be written `r#…`.
const KEYWORDS: [&str; 52] = [
    "self", "Self", "super", "crate", "abstract", "as", "async", "await", "become", "box", "break",
    "const", "continue", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for",
    "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
    "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types that generated code uses, or that every Rust program expects.
const TAKEN_TYPES: [&str; 72] = [
    "Input",
    "Output",
    "Required",
    "Field",
    "Media",
    "Members",
    "ValueSchema",
    "Url",
    "Value",
    "Map",
    "BTreeMap",
    "Box",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "ToString",
    "Vec",
    "Into",
    "From",
    "TryFrom",
    "TryInto",
    "AsRef",
    "AsMut",
    "Iterator",
    "IntoIterator",
    "Extend",
    "Default",
    "Clone",
    "Copy",
    "Debug",
    "PartialEq",
    "Eq",
    "Send",
    "Sync",
    "Sized",
    "Drop",
    "Fn",
    "Hash",
    "Annotation",
    "ExclusiveMaximum",
    "ExclusiveMinimum",
    "FileSizeMb",
    "HeightPixels",
    "Integers",
    "List",
    "MaxItems",
    "MaxLength",
    "Maximum",
    "Measured",
    "MinItems",
    "MinLength",
    "Minimum",
    "Object",
    "Over",
    "Unchecked",
    "Under",
    "Strings",
    "MaxProperties",
    "MaximumInteger",
    "MinProperties",
    "MinimumInteger",
    "MultipleOf",
    "Shape",
    "UniqueItems",
    "Values",
    "Rule",
    "WidthPixels",
    "WidthOverHeight",
];

/// Returns the name of a field or module: `promptImage` → `prompt_image`, `600_prompt` →
/// `prompt_600`, `type` → `r#type`.
pub(crate) fn snake(wire: &str) -> String {
    let words: Vec<String> = words(wire).into_iter().map(|word| word.to_lowercase()).collect();
    let numbers = words.iter().take_while(|word| starts_with_digit(word)).count();
    // A node's number goes behind the input's name.
    let turned: Vec<&str> =
        words[numbers..].iter().chain(&words[..numbers]).map(String::as_str).collect();
    let name = turned.join("_");
    match name.as_str() {
        "" => "empty".to_owned(),
        name if starts_with_digit(name) => format!("n{name}"),
        "self" | "super" | "crate" => format!("{name}_"),
        name if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name,
    }
}

/// Returns the name of a module, which is also a file. A keyword gets a suffix, since a file
/// cannot be called `r#type`.
pub(crate) fn module(text: &str) -> String {
    match snake(text) {
        name if name.starts_with("r#") => format!("{}_", &name[2..]),
        // Rust's own name for the file of a module with children.
        name if name == "mod" => "mod_".to_owned(),
        name => name,
    }
}

/// Returns the name of a type: `voice_setting` → `VoiceSetting`. A reserved name gets the suffix,
/// such as `Choice`.
pub(crate) fn type_name(wire: &str, suffix: &str) -> String {
    let name: String = words(wire).iter().map(|word| capitalised(word)).collect();
    match name.as_str() {
        "" => format!("Empty{suffix}"),
        name if starts_with_digit(name) => format!("N{name}"),
        // The struct of named arguments of `new` has such a name: `VoiceRequired`.
        name if name.ends_with("Required") => format!("{name}{suffix}"),
        name if TAKEN_TYPES.contains(&name) || name == "Self" => format!("{name}{suffix}"),
        _ => name,
    }
}

/// Returns the singular of a property that holds a list: `loras` → `lora`.
pub(crate) fn singular(wire: &str) -> String {
    if wire.ends_with("ss") || wire.len() < 4 {
        return wire.to_owned();
    }
    const ENDINGS: [(&str, &str); 6] =
        [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")];
    let singular = ENDINGS.iter().find_map(|(plural, singular)| {
        wire.strip_suffix(plural).map(|stem| format!("{stem}{singular}"))
    });
    singular.unwrap_or_else(|| wire.to_owned())
}

/// Returns the name of a value of an `enum`: `16:9` → `Ratio16x9`, `1024x768` → `Size1024x768`, `1080p` →
/// `P1080`, `5` → `N5`, `auto` → `Auto`; text after it is appended.
pub(crate) fn variant(word: &str) -> String {
    let mut name = String::new();
    for token in tokens(word) {
        let part = match &token {
            Token::Ratio(a, b) => format!("Ratio{}x{}", number(a), number(b)),
            Token::Size(a, b) => format!("Size{}x{}", number(a), number(b)),
            Token::Unit(value, unit) => format!("{}{}", capitalised(unit), number(value)),
            Token::Number(value) if name.is_empty() => format!("N{}", number(value)),
            Token::Number(value) => number(value),
            Token::Word(word) => capitalised(word),
            Token::Symbol(name) => (*name).to_owned(),
            Token::Other(other) => format!("U{:x}", u32::from(*other)),
        };
        if name.ends_with(|c: char| c.is_ascii_digit()) && starts_with_digit(&part) {
            name.push('_');
        }
        name.push_str(&part);
    }
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Self" => "Self_".to_owned(),
        _ => name,
    }
}

/// Returns a distinct name for each. Those that share one get a suffix made from their own
/// characters.
pub(crate) fn distinct<'a>(
    wires: impl IntoIterator<Item = &'a str>,
    name: impl Fn(&str) -> String,
    suffix: impl Fn(&str) -> String,
) -> Vec<String> {
    let named: Vec<(&str, String)> = wires.into_iter().map(|wire| (wire, name(wire))).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for (_, name) in &named {
        *count.entry(name.as_str()).or_default() += 1;
    }
    let names = named.iter().map(|(wire, name)| match count.get(name.as_str()) {
        Some(1) => name.clone(),
        _ => format!("{}{}", name.trim_start_matches("r#"), suffix(wire)),
    });
    names.collect()
}

/// Returns the suffix of a field or module that shares its name.
pub(crate) fn snake_suffix(wire: &str) -> String {
    format!("_{}", hex(wire))
}

/// Returns the suffix of a value of an `enum` that shares its name.
pub(crate) fn variant_suffix(word: &str) -> String {
    format!("X{}", hex(word))
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the words in a name: letters and digits, split where a small letter meets a capital
/// one. A character outside ASCII becomes its number, since Rust warns about some.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let joins = c.is_ascii_alphanumeric();
        let humps = before.is_ascii_lowercase() && c.is_ascii_uppercase();
        if !joins || humps {
            words.push(String::new());
        }
        let word = if joins {
            c.to_string()
        } else if c.is_ascii() {
            String::new()
        } else {
            format!("u{:x}", u32::from(c))
        };
        if let Some(last) = words.last_mut() {
            last.push_str(&word);
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A part of a value of an `enum`.
enum Token {
    Ratio(String, String),
    Size(String, String),
    Unit(String, String),
    Number(String),
    Word(String),
    Symbol(&'static str),
    Other(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, length) = if c.is_ascii_digit() {
            // `1024_1024` is a size, `mp3_44100_128` is not.
            numeric(rest, tokens.is_empty())
        } else if c.is_ascii_alphabetic() {
            word(rest)
        } else {
            (symbol(c, rest, tokens.is_empty()), c.len_utf8())
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

fn numeric(text: &str, first: bool) -> (Option<Token>, usize) {
    let a = &text[..digits(text)];
    let rest = &text[a.len()..];
    let sign = rest.chars().next().unwrap_or(' ');
    let after = &rest[sign.len_utf8().min(rest.len())..];
    let b = &after[..digits(after)];
    let pair = a.len() + sign.len_utf8() + b.len();
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (a, b) = (a.to_owned(), b.to_owned());
    match sign {
        ':' if !b.is_empty() => (Some(Token::Ratio(a, b)), pair),
        'x' | 'X' | '×' | '*' if !b.is_empty() => (Some(Token::Size(a, b)), pair),
        '_' if !b.is_empty() && first && after.len() == b.len() => (Some(Token::Size(a, b)), pair),
        _ if letters > 0 => {
            let length = a.len() + letters;
            (Some(Token::Unit(a, rest[..letters].to_owned())), length)
        }
        _ => {
            let length = a.len();
            (Some(Token::Number(a)), length)
        }
    }
}

/// Returns the length of the digits, with one decimal point, at the start of a text.
fn digits(text: &str) -> usize {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    let decimals = text[whole..]
        .strip_prefix('.')
        .map_or(0, |text| text.bytes().take_while(u8::is_ascii_digit).count());
    if whole == 0 || decimals == 0 { whole } else { whole + 1 + decimals }
}

/// Returns a word with the digits that belong to it: `mp3`, `v2.5`.
fn word(text: &str) -> (Option<Token>, usize) {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    // `textToVideo` is three words.
    let hump = text.as_bytes()[..letters]
        .windows(2)
        .position(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let length = match hump {
        Some(position) => position + 1,
        None => letters + digits(&text[letters..]),
    };
    (Some(Token::Word(text[..length].to_owned())), length)
}

fn symbol(c: char, rest: &str, first: bool) -> Option<Token> {
    let before_digit = rest[c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    match c {
        '-' if first && before_digit => Some(Token::Symbol("Minus")),
        '+' => Some(Token::Symbol("Plus")),
        '%' => Some(Token::Symbol("Percent")),
        '#' => Some(Token::Symbol("Sharp")),
        '&' => Some(Token::Symbol("And")),
        c if c.is_ascii() => None,
        c => Some(Token::Other(c)),
    }
}

fn number(text: &str) -> String {
    text.replace('.', "_")
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn capitalised(word: &str) -> String {
    let word = number(word);
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_modules_get_natural_names() {
        let cases = [
            ("prompt", "prompt"),
            ("image_url", "image_url"),
            ("promptImage", "prompt_image"),
            ("600_prompt", "prompt_600"),
            ("110_image", "image_110"),
            ("Hailuo Video 01 Live", "hailuo_video_01_live"),
            ("kling-3.0 4k text-to-video", "kling_3_0_4k_text_to_video"),
            ("type", "r#type"),
            ("loop", "r#loop"),
            ("self", "self_"),
            ("crate", "crate_"),
            ("5", "n5"),
            ("", "empty"),
            ("___", "empty"),
            ("größe", "gr_u00f6_u00dfe"),
            ("with space", "with_space"),
            ("CFGScale", "cfgscale"),
        ];
        for (wire, name) in cases {
            let expected = name.replace("u00f6_u00dfe", "uf6_udfe");
            assert_eq!(snake(wire), expected, "{wire}");
        }
        assert_eq!(module("type"), "type_");
        assert_eq!(module("mod"), "mod_");
    }

    #[test]
    fn types_avoid_reserved_names() {
        let cases = [
            ("aspect_ratio", "AspectRatio"),
            ("model", "Model"),
            ("option", "OptionChoice"),
            ("string", "StringChoice"),
            ("self", "SelfChoice"),
            ("input", "InputChoice"),
            ("3d_mode", "N3dMode"),
            ("", "EmptyChoice"),
        ];
        for (wire, name) in cases {
            assert_eq!(type_name(wire, "Choice"), name, "{wire}");
        }
        let singulars = [
            ("loras", "lora"),
            ("entries", "entry"),
            ("boxes", "box"),
            ("glass", "glass"),
            ("class", "class"),
            ("bus", "bus"),
            ("images", "image"),
            ("phases", "phase"),
        ];
        for (plural, one) in singulars {
            assert_eq!(singular(plural), one);
        }
    }

    #[test]
    fn every_metric_is_a_reserved_name() {
        for metric in runcomfy::media::Metric::ALL {
            assert!(TAKEN_TYPES.contains(&format!("{metric:?}").as_str()), "{metric:?}");
        }
    }

    #[test]
    fn enum_values_are_named_by_one_scheme() {
        let cases = [
            ("16:9", "Ratio16x9"),
            ("1024_1024", "Size1024x1024"),
            ("1024x768", "Size1024x768"),
            ("1152:864 (4:3)", "Ratio1152x864Ratio4x3"),
            ("1080p", "P1080"),
            ("1080P", "P1080"),
            ("0.5K", "K0_5"),
            ("2k", "K2"),
            ("5", "N5"),
            ("1.5", "N1_5"),
            ("-1", "Minus1"),
            ("5s", "S5"),
            ("10 seconds", "N10Seconds"),
            ("auto", "Auto"),
            ("text-to-video", "TextToVideo"),
            ("textToVideo", "TextToVideo"),
            ("mp3_44100_128", "Mp3_44100_128"),
            ("v2.5-turbo", "V2_5Turbo"),
            ("DPM++ 2M Karras", "DpmPlusPlusM2Karras"),
            ("self", "Self_"),
            ("", "Empty"),
            ("*", "Empty"),
            ("中", "U4e2d"),
            ("PNG", "Png"),
        ];
        for (word, name) in cases {
            assert_eq!(variant(word), name, "{word}");
        }
    }

    #[test]
    fn clashing_names_get_suffixes_from_their_own_characters() {
        let names = distinct(["4K", "auto", "4k"], variant, variant_suffix);
        assert_eq!(names, ["K4X344b", "Auto", "K4X346b"]);
        let fields = distinct(["a-b", "a_b", "c"], snake, snake_suffix);
        assert_eq!(fields, ["a_b_612d62", "a_b_615f62", "c"]);
        let keywords = distinct(["type", "Type"], snake, snake_suffix);
        assert_eq!(keywords, ["type_74797065", "type_54797065"]);
    }
}
