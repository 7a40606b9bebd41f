//! Makes every identifier of the generated code, by these rules:
//!
//! - A name has the words of the thing it names: `promptImage` is the field `prompt_image`,
//!   `useHDR` is `use_hdr`, `gpt-4o` is the variant `Gpt4o`. Words keep their order and digits
//!   stay where they are, so a name is never the name of something else.
//! - A name that would begin with a digit begins with `n` or `N`: `3D Model` is `N3dModel`. There
//!   are three exceptions. A field's leading numbers move to the end, as one says them:
//!   `600_prompt` is `prompt_600`. A value that is a number with a unit begins with the unit:
//!   `1080p` is `P1080`. A ratio or a size says so: `16:9` is `Ratio16x9`.
//! - Letters of any script stay if rustc takes them without a warning; others become their number:
//!   `u1f3a8`.
//! - Things that share a name are numbered: `4K` is `K4`, `4k` is `K4_2`. The order is that of
//!   their own spellings, and a spelling that is already the name comes first. It does not depend
//!   on the order in a schema. Modules of models have a suffix instead, see [`modules`].

mod letters;
mod singular;
mod variant;
mod words;

use std::collections::{HashMap, HashSet};

pub(crate) use singular::singular;
pub(crate) use variant::variant;
pub(crate) use words::readable;

use letters::{begins_name, folded, look};
use words::words;

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

/// Names that Windows reserves for its devices. No file can have one, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The style of a name, which decides how it is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A field or a feature.
    Snake,
    /// A type or a variant.
    Camel,
}

/// Returns the name of a field: `promptImage` → `prompt_image`, `600_prompt` → `prompt_600`,
/// `type` → `r#type`.
pub(crate) fn snake(wire: &str) -> String {
    let words: Vec<String> = words(wire).iter().map(|word| folded(word)).collect();
    let is_number = |word: &&String| word.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = words.iter().take_while(is_number).count();
    let words: Vec<&str> =
        words[numbers..].iter().chain(&words[..numbers]).map(String::as_str).collect();
    match words.join("_") {
        name if name.is_empty() => "empty".to_owned(),
        name if !begins_name(&name) => format!("n{name}"),
        name if matches!(name.as_str(), "self" | "super" | "crate") => format!("{name}_"),
        name if KEYWORDS.contains(&name.as_str()) => format!("r#{name}"),
        name => name,
    }
}

/// Returns the name of a module, which is also a file. A keyword gets a suffix, since a file
/// cannot be called `r#type`, and so does a name that Windows reserves.
pub(crate) fn module(text: &str) -> String {
    match snake(text) {
        name if name.starts_with("r#") => format!("{}_", &name[2..]),
        // Rust's own name for the file of a module with children, and the module around all others.
        name if name == "mod" || name == "generated" => format!("{name}_"),
        name if is_device(&name) => format!("{name}_"),
        name => name,
    }
}

/// Returns the name of a provider's cargo feature, which must differ from a crate's other features.
pub(crate) fn feature(provider: &str) -> String {
    match provider.trim_start_matches(['-', '+', '.']) {
        "" => "empty".to_owned(),
        name if matches!(name, "default" | "full") => format!("{name}_"),
        name => name.to_owned(),
    }
}

/// Returns the name of a type: `voice_setting` → `VoiceSetting`. A reserved name gets the suffix,
/// such as `Choice`.
pub(crate) fn type_name(wire: &str, suffix: &str) -> String {
    match words(wire).iter().map(|word| capitalized(word)).collect::<String>() {
        name if name.is_empty() => format!("Empty{suffix}"),
        name if !begins_name(&name) => format!("N{name}"),
        // The struct that names the arguments of `new` is called so: `VoiceRequired`.
        name if name.ends_with("Required") => format!("{name}{suffix}"),
        name if TAKEN_TYPES.contains(&name.as_str()) || name == "Self" => format!("{name}{suffix}"),
        name => name,
    }
}

/// Returns the modules of models or providers. Those that share a name each get a suffix from their
/// own characters: with a number, a new neighbour could get the name of another model, and callers
/// would build and call the wrong one.
pub(crate) fn modules<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let named: Vec<(&str, String)> = texts.into_iter().map(|text| (text, module(text))).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for (_, name) in &named {
        *count.entry(name).or_default() += 1;
    }
    let names = named.iter().map(|(text, name)| match count[name.as_str()] {
        1 => name.clone(),
        _ => {
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("{}_{hex}", plain(name))
        }
    });
    names.collect()
}

/// Returns a name for each thing. Things that share one are numbered.
pub(crate) fn distinct<'a>(
    wires: impl IntoIterator<Item = &'a str>,
    name: impl Fn(&str) -> String,
    style: Style,
) -> Vec<String> {
    let named = wires.into_iter().map(|wire| {
        let name = name(wire);
        ((wire != plain(&name), wire), name)
    });
    numbered(&named.collect::<Vec<_>>(), &HashSet::new(), style)
}

/// Returns `true` if the name is already a field name in snake case.
pub(crate) fn is_snake(wire: &str) -> bool {
    wire == plain(&snake(wire))
}

/// Numbers names that occur more than once, in the order of their keys. A name in `taken` is already
/// in use.
pub(crate) fn numbered<K: Ord>(
    named: &[(K, String)],
    taken: &HashSet<String>,
    style: Style,
) -> Vec<String> {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|index| &named[*index].0);
    // A numbered name, such as `a_2`, must not replace a name that exists.
    let mut used: HashSet<String> = named.iter().map(|(_, name)| look(name)).collect();
    used.extend(taken.iter().map(|name| look(name)));
    let mut names = vec![String::new(); named.len()];
    let mut next: HashMap<String, usize> = HashMap::new();
    for index in order {
        let base = named[index].1.as_str();
        let number = next.entry(look(base)).or_insert(1 + usize::from(taken.contains(base)));
        let mut name = base.to_owned();
        while *number > 1 && used.contains(&look(&name)) {
            name = with_number(base, *number, style);
            *number += 1;
        }
        *number = (*number).max(2);
        used.insert(look(&name));
        names[index] = name;
    }
    names
}

/// Returns a name without what makes it an identifier: `r#type` and `self_` are `type` and `self`.
fn plain(name: &str) -> &str {
    name.trim_start_matches("r#").trim_end_matches('_')
}

fn with_number(name: &str, number: usize, style: Style) -> String {
    let name = plain(name);
    // rustc takes an underscore in the name of a type between digits only.
    if style == Style::Camel && !name.ends_with(|c: char| c.is_ascii_digit()) {
        format!("{name}{number}")
    } else {
        format!("{name}_{number}")
    }
}

fn is_device(name: &str) -> bool {
    let port = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    DEVICES.contains(&name)
        || port.is_some_and(|port| port.len() == 1 && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns a word with a capital first letter and small others.
fn capitalized(word: &str) -> String {
    let word = folded(word);
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}

#[cfg(test)]
mod tests;
