//! The wording of every violation, wherever it is found: what is expected, and what was
//! found instead. Lower case, without a full stop.

use std::fmt::Debug;

use crate::media::{Bound, MediaKind, Metric};
use crate::schema::{Field, Rule, Shape, ValueSchema};

/// A required property is not there.
pub(crate) const MISSING_PROPERTY: &str = "missing required property";
/// A file or data URI has no bytes.
#[cfg(feature = "client")]
pub(crate) const NOT_EMPTY: &str = "must not be empty";
/// A value fits more than one branch of a `oneOf`.
pub(crate) const ONE_ALTERNATIVE: &str = "must match exactly one alternative of the schema";
/// The branches of unions became too many to try them all.
#[cfg(feature = "from-json")]
pub(crate) const FEWER_ALTERNATIVES: &str =
    "must match an alternative of the schema with fewer attempts";

/// The most names that are listed for a property that resembles none of them.
const MAX_LISTED: usize = 24;
/// The most characters of a text that are shown as what was found.
const MAX_SHOWN: usize = 60;

/// The observation of a check about a value that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observed {
    /// The length of the string, list or object.
    Length(usize),
    /// The index of a list item that equals an earlier one.
    RepeatedAt(usize),
    /// Nothing beyond the value itself.
    Value,
}

/// The type of a value, as a noun. It is small: a check keeps one for each violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Any,
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    Media,
    List,
    Object,
    Several,
    /// A whole number that a typed input can hold.
    #[cfg(feature = "from-json")]
    IntegerOf64Bits,
    /// A number that a typed input can hold without rounding.
    #[cfg(feature = "from-json")]
    ExactFloat,
}

/// Returns what a rule expects of a value.
pub(crate) fn expected(rule: &Rule) -> String {
    match *rule {
        Rule::MinLength(bound) => format!("must be at least {}", characters(bound)),
        Rule::MaxLength(bound) => format!("must be at most {}", characters(bound)),
        Rule::MinItems(bound) => format!("must have at least {}", items(bound)),
        Rule::MaxItems(bound) => format!("must have at most {}", items(bound)),
        Rule::MinProperties(bound) => format!("must have at least {}", properties(bound)),
        Rule::MaxProperties(bound) => format!("must have at most {}", properties(bound)),
        Rule::UniqueItems => "must not repeat items".to_owned(),
        Rule::Minimum(bound) => format!("must be at least {bound}"),
        Rule::Maximum(bound) => format!("must be at most {bound}"),
        Rule::MinimumInteger(bound) => format!("must be at least {bound}"),
        Rule::MaximumInteger(bound) => format!("must be at most {bound}"),
        Rule::ExclusiveMinimum(bound) => format!("must be greater than {bound}"),
        Rule::ExclusiveMaximum(bound) => format!("must be less than {bound}"),
        Rule::MultipleOf(step) => format!("must be a multiple of {step}"),
        #[cfg(feature = "pattern")]
        Rule::Pattern(pattern, _) => format!("must match the pattern `{pattern}`"),
        Rule::Strings(values) => one_of(values),
        Rule::Integers(values) => one_of(values),
        Rule::Values(values) => format!("must be one of {}", values.join(", ")),
        Rule::Measured(metric, bound, own) => measured(metric, bound, own),
        Rule::Unchecked(_, _, own) => own.to_owned(),
        // It is never broken.
        Rule::Annotation(..) => String::new(),
    }
}

/// Returns what a custom rule expects, in the schema's own words if it has them.
fn measured(metric: Metric, bound: Bound, own: &str) -> String {
    match own.trim() {
        "" => format!("must have a {} {bound}{}", metric.noun(), metric.unit()),
        own => own.to_owned(),
    }
}

/// Returns what an enum of these values expects.
pub(crate) fn one_of<T: Debug>(values: &[T]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("must be one of {}", quoted.join(", "))
}

/// Returns what a media property of this kind expects of a file.
pub(crate) fn of_media_kind(kind: MediaKind) -> String {
    format!("must be {}", media_noun(kind))
}

/// Returns the message for media that is neither a URL nor a data URI, with a hint what to write.
#[cfg(feature = "client")]
pub(crate) fn not_a_url(hint: &str) -> String {
    format!("must be an https:// URL or a data URI{hint}")
}

/// The message for the URL of media that does not exist.
#[cfg(feature = "client")]
pub(crate) const NOT_FOUND: &str = "must be a URL at which there is a file";

/// The message for the URL of media at a host that does not exist.
#[cfg(feature = "client")]
pub(crate) const NO_SUCH_HOST: &str = "must be a URL with a host that exists";

/// Returns the message for an unknown property: the nearest known name, or all known names.
pub(crate) fn unknown_property(fields: &'static [Field], name: &str) -> String {
    if fields.is_empty() {
        return "unknown property; the schema has none".to_owned();
    }
    if let Some(nearest) = nearest_name(fields, name) {
        return format!("unknown property; did you mean `{nearest}`?");
    }
    let listed = fields.iter().take(MAX_LISTED).map(|field| format!("`{}`", field.name));
    let listed = listed.collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(MAX_LISTED) {
        0 => format!("unknown property; the schema has {listed}"),
        more => format!("unknown property; the schema has {listed} and {more} more"),
    }
}

fn nearest_name(fields: &'static [Field], name: &str) -> Option<&'static str> {
    let length = name.chars().count();
    let near = fields.iter().filter_map(|field| {
        let known = field.name.chars().count();
        let max_distance = 1 + known / 4;
        // The lengths bound the distance from below: a name from a stranger may be long.
        let distance = (known.abs_diff(length) <= max_distance)
            .then(|| strsim::damerau_levenshtein(field.name, name))?;
        (distance <= max_distance).then_some((distance, max_distance, field.name))
    });
    near.min().map(|(.., name)| name)
}

/// Returns what a union of these branches expects.
pub(crate) fn alternative(branches: &[ValueSchema]) -> String {
    let mut nouns: Vec<&str> = Vec::new();
    for noun in branches.iter().map(|branch| noun(branch.shape).as_str()) {
        if !nouns.contains(&noun) {
            nouns.push(noun);
        }
    }
    if nouns.is_empty() {
        "must match an alternative of the schema".to_owned()
    } else {
        format!("must match an alternative of the schema: {}", nouns.join(", or "))
    }
}

/// Returns what a request expects of its body.
#[cfg(feature = "client")]
pub(crate) fn request_of_at_most(bytes: u64) -> String {
    format!("must be at most {bytes} bytes as JSON; put large media where RunComfy can fetch it")
}

/// Returns what a request expects of an input that could not be written.
#[cfg(feature = "client")]
pub(crate) fn not_json(error: &serde_json::Error) -> String {
    format!("must be writable as JSON: {error}")
}

/// Returns what a data URI expects of its data.
#[cfg(feature = "client")]
pub(crate) fn not_base64(error: impl std::fmt::Display) -> String {
    format!("must be in base64: {error}")
}

/// Returns the type of a shape.
pub(crate) fn noun(shape: Shape) -> Noun {
    match shape.resolved() {
        Shape::Any | Shape::ByKind(_) | Shape::Recursive(_) => Noun::Any,
        Shape::Null => Noun::Null,
        Shape::Boolean => Noun::Boolean,
        Shape::Integer => Noun::Integer,
        Shape::Number => Noun::Number,
        Shape::Text => Noun::Text,
        Shape::Media(_) => Noun::Media,
        Shape::List(_) => Noun::List,
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => Noun::Object,
        Shape::Nullable(inner) => noun(inner.shape),
        Shape::AnyOf(_) | Shape::OneOf(_) => Noun::Several,
    }
}

impl Noun {
    /// Returns the type in words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Media => "a string with the URL of media",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Several => "a value of several types",
            #[cfg(feature = "from-json")]
            Self::IntegerOf64Bits => "a whole number of at most 64 bits",
            #[cfg(feature = "from-json")]
            Self::ExactFloat => "a number that a 64-bit float holds exactly",
        }
    }
}

/// Returns a kind of media as a noun.
pub(crate) fn media_noun(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Any => "media",
        MediaKind::Image => "an image",
        MediaKind::Video => "a video",
        MediaKind::Audio => "audio",
    }
}

/// Returns as much of a text as [`quoted`] needs.
pub(crate) fn excerpt(text: &str) -> &str {
    text.char_indices().nth(MAX_SHOWN + 1).map_or(text, |(end, _)| &text[..end])
}

/// Returns a text as what was found: quoted, escaped, and cut if it is long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Returns an item of a list as what was found.
pub(crate) fn found_repeated(index: usize) -> String {
    format!("item {index} again")
}

fn characters(count: u64) -> String {
    counted(count, "character", "characters")
}

fn items(count: u64) -> String {
    counted(count, "item", "items")
}

fn properties(count: u64) -> String {
    counted(count, "property", "properties")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_says_what_it_expects() {
        let cases = [
            (Rule::MinLength(1), "must be at least 1 character"),
            (Rule::MaxLength(2), "must be at most 2 characters"),
            (Rule::MinItems(2), "must have at least 2 items"),
            (Rule::MaxItems(1), "must have at most 1 item"),
            (Rule::MinProperties(1), "must have at least 1 property"),
            (Rule::MaxProperties(0), "must have at most 0 properties"),
            (Rule::UniqueItems, "must not repeat items"),
            (Rule::Minimum(0.5), "must be at least 0.5"),
            (Rule::Maximum(0.5), "must be at most 0.5"),
            (Rule::ExclusiveMinimum(1.0), "must be greater than 1"),
            (Rule::ExclusiveMaximum(1.0), "must be less than 1"),
            (Rule::MinimumInteger(3), "must be at least 3"),
            (Rule::MaximumInteger(3), "must be at most 3"),
            (Rule::MultipleOf(0.1), "must be a multiple of 0.1"),
            (Rule::Strings(&["16:9", "a"]), "must be one of \"16:9\", \"a\""),
            (Rule::Integers(&[5, -1]), "must be one of 5, -1"),
            (Rule::Values(&["null", "2.5"]), "must be one of null, 2.5"),
            (
                Rule::Measured(Metric::WidthPixels, Bound::Over(300.0), ""),
                "must have a width over 300 px",
            ),
            (Rule::Measured(Metric::WidthPixels, Bound::Over(300.0), " Own. "), "Own."),
        ];
        for (rule, message) in cases {
            assert_eq!(expected(&rule), message, "{rule:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(quoted("a\n\u{1b}"), r#""a\n\u{1b}""#);
        let long = "波".repeat(MAX_SHOWN);
        assert_eq!(quoted(&long), format!("{long:?}"));
        assert_eq!(quoted(excerpt(&format!("{long}xyz"))), format!("{long:?}…"));
    }
}
