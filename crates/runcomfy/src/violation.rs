//! Violations: what an input breaks, where, and what is expected instead.

pub(crate) mod message;
pub(crate) mod pending;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::escape::escape_control;
use pending::PendingViolations;

/// One rule that a value breaks.
///
/// It is shown as `prompt: must be at most 1995 characters (found 1996) [maxLength]`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Violation {
    /// The place in the input. For a missing or unknown property, that property's.
    pub path: InputPath,
    /// The schema keyword verbatim (`maxLength`, `required`), or the custom rule verbatim
    /// (`width_pixels>`); `file` if a local file cannot be used, and `request` if the request
    /// is too large to be sent. It is stable: compare this, not the message.
    pub rule: Cow<'static, str>,
    /// The expectation, in the schema's own words if it has them.
    pub message: String,
    /// The observation: a length or number such as `1996`, a short value, the type of any other
    /// value, a measured size such as `200 × 200 px`, or the path of a file.
    pub found: Option<String>,
}

/// A place in an input, in the names of the wire. It is shown as `loras[1].scale`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InputPath(Vec<PathSegment>);

/// One step of an [`InputPath`]. With serde, a name is a string and an index a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(untagged))]
pub enum PathSegment {
    /// Into the property of this name.
    Name(String),
    /// Into the list item at this index, from 0.
    Index(usize),
}

/// Every violation of one input, in the order of the schema.
///
/// It is shown with one line each; violations of one place that share a message share a
/// line. Messages are made when they are first read.
#[derive(Clone, Default)]
pub struct Violations(Option<Box<Found>>);

/// The violations of an invalid input, in a box: a valid input costs no allocation.
#[derive(Clone, Default)]
struct Found {
    pending: PendingViolations,
    /// The violations as text, once they have been read.
    all: OnceLock<Vec<Violation>>,
}

impl InputPath {
    /// Returns the steps from the top of the input.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    /// Returns the same place as a JSON pointer (RFC 6901), such as `/loras/1/scale`.
    pub fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |pointer, segment| match segment {
            PathSegment::Name(name) => pointer + "/" + &name.replace('~', "~0").replace('/', "~1"),
            PathSegment::Index(index) => format!("{pointer}/{index}"),
        })
    }
}

impl FromIterator<PathSegment> for InputPath {
    fn from_iter<I: IntoIterator<Item = PathSegment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for InputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("input");
        }
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Index(index) => write!(f, "[{index}]")?,
                PathSegment::Name(name) if !is_plain(name) => write!(f, "[{name:?}]")?,
                PathSegment::Name(name) if position == 0 => f.write_str(name)?,
                PathSegment::Name(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// Returns `true` if a name needs no quotes in a shown path.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

impl Violations {
    /// Returns the number of violations.
    pub fn len(&self) -> usize {
        match self.0.as_deref() {
            Some(found) => found.all.get().map_or(found.pending.len(), Vec::len),
            None => 0,
        }
    }

    /// Returns `true` if the input keeps every rule that was checked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the pending violations, for a check to add to.
    pub(crate) fn pending(&mut self) -> &mut PendingViolations {
        &mut self.0.get_or_insert_default().pending
    }

    /// Adds a violation that no check found, such as that of measured media.
    #[cfg(any(feature = "client", feature = "from-json"))]
    pub(crate) fn push(&mut self, violation: Violation) {
        let found = self.0.get_or_insert_default();
        let mut all = found.all.take().unwrap_or_else(|| found.pending.violations());
        all.push(violation);
        found.all = all.into();
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Violations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Violations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|all: Vec<Violation>| all.into())
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(all: Vec<Violation>) -> Self {
        Self(Some(Box::new(Found { pending: PendingViolations::default(), all: all.into() })))
    }
}

impl Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        match &self.0 {
            Some(found) => found.all.get_or_init(|| found.pending.violations()),
            None => &[],
        }
    }
}

impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Violations {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Violations {}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        let Found { pending, all } = self.0.map(|found| *found).unwrap_or_default();
        all.into_inner().unwrap_or_else(|| pending.violations()).into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.deref().iter()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, std::slice::from_ref(self))
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.chunk_by(|a, b| a.path == b.path && a.message == b.message);
        for (position, group) in groups.enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write_line(f, group)?;
        }
        Ok(())
    }
}

/// Writes the line of violations that share a path and a message.
fn write_line(f: &mut fmt::Formatter<'_>, group: &[Violation]) -> fmt::Result {
    let [first, ..] = group else { return Ok(()) };
    fmt::Display::fmt(&first.path, f)?;
    f.write_str(": ")?;
    f.write_str(&escape_control(&first.message))?;
    if let Some(found) = &first.found {
        f.write_str(" (found ")?;
        f.write_str(&escape_control(found))?;
        f.write_str(")")?;
    }
    for (position, violation) in group.iter().enumerate() {
        f.write_str(if position > 0 { ", " } else { " [" })?;
        f.write_str(&escape_control(&violation.rule))?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> InputPath {
        let segment = |name: &&str| match name.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::Name((*name).to_owned()),
        };
        names.iter().map(segment).collect()
    }

    #[test]
    fn a_path_is_shown_in_words_and_as_a_pointer() {
        let cases: [(&[&str], &str, &str); 5] = [
            (&[], "input", ""),
            (&["prompt"], "prompt", "/prompt"),
            (&["loras", "1", "scale"], "loras[1].scale", "/loras/1/scale"),
            (&["600_prompt"], "600_prompt", "/600_prompt"),
            (&["a/b~c", "d e"], "[\"a/b~c\"][\"d e\"]", "/a~1b~0c/d e"),
        ];
        for (segments, shown, pointer) in cases {
            assert_eq!(path(segments).to_string(), shown);
            assert_eq!(path(segments).pointer(), pointer);
        }
    }

    #[test]
    fn two_violations_with_one_message_share_a_line() {
        let violation = |rule: &'static str, message: &str| Violation {
            path: path(&["image_url"]),
            rule: rule.into(),
            message: message.to_owned(),
            found: Some("200 × 200 px".to_owned()),
        };
        let both = "Both sides over 300.";
        let violations = Violations::from(vec![
            violation("width_pixels>", both),
            violation("height_pixels>", both),
            violation("width/height<", "Not so wide."),
        ]);
        assert_eq!(violations.len(), 3);
        assert_eq!(
            violations.to_string(),
            "image_url: Both sides over 300. (found 200 × 200 px) [width_pixels>, height_pixels>]\n\
             image_url: Not so wide. (found 200 × 200 px) [width/height<]"
        );
    }

    #[test]
    fn outside_text_cannot_control_the_terminal() {
        let hostile = "\u{1b}[2J\n";
        let violation = Violation {
            path: path(&[hostile, "x"]),
            rule: hostile.to_owned().into(),
            message: hostile.to_owned(),
            found: Some(hostile.to_owned()),
        };
        assert_eq!(
            violation.to_string(),
            r#"["\u{1b}[2J\n"].x: \u{1b}[2J\n (found \u{1b}[2J\n) [\u{1b}[2J\n]"#
        );
    }

    #[test]
    #[cfg(any(feature = "client", feature = "from-json"))]
    fn new_violations_follow_those_of_the_check() {
        let violation = |rule: &'static str| Violation {
            path: path(&["a"]),
            rule: rule.into(),
            message: String::new(),
            found: None,
        };
        let mut violations = Violations::from(vec![violation("type")]);
        violations.push(violation("width_pixels>"));
        let mut none = Violations::default();
        none.push(violation("width_pixels>"));
        let rules = |violations: &Violations| -> Vec<String> {
            violations.iter().map(|violation| violation.rule.to_string()).collect()
        };
        assert_eq!(rules(&violations), ["type", "width_pixels>"]);
        assert_eq!((rules(&none), none.len()), (vec!["width_pixels>".to_owned()], 1));
    }
}
