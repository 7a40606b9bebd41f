//! Violations: what an input breaks, where, and what would be right.

pub(crate) mod message;
pub(crate) mod pending;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use pending::Faults;

/// One rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Where. A missing or unknown property's path is that property's.
    pub path: InputPath,
    /// The schema keyword verbatim (`maxLength`, `required`), or the custom rule
    /// verbatim (`width_pixels>`); `file` where a local file cannot be used, and `request`
    /// where the whole is too large to be sent. Stable: compare this, not the message.
    pub rule: Cow<'static, str>,
    /// What would be right, in the schema's own words where it has them. It never
    /// repeats what was given.
    pub message: String,
    /// What was counted or measured, such as `1996 characters` or `200 × 200 px`.
    pub found: Option<String>,
}

/// Where in an input, in the wire's names. Shown as `loras[1].scale`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InputPath(Vec<PathSegment>);

/// One step of an [`InputPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// Into the property of this name.
    Name(String),
    /// Into the list element at this index, from 0.
    Index(usize),
}

/// Every violation of one input, in the order of the schema. Shown a line each;
/// those of one place that share a message share a line.
///
/// Their words are made when they are first looked at.
#[derive(Clone, Default)]
pub struct Violations(Option<Box<Found>>);

/// What makes an input invalid: apart, so that a valid one costs nothing.
#[derive(Clone, Default)]
struct Found {
    faults: Faults,
    /// The faults in words, once somebody has looked.
    all: OnceLock<Vec<Violation>>,
}

impl InputPath {
    /// The steps from the top of the input.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    /// The same place as a JSON pointer (RFC 6901), such as `/loras/1/scale`.
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

/// Whether a name can stand in a shown path without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

impl Violations {
    /// Where a check puts what it finds, before anybody looks.
    pub(crate) fn faults(&mut self) -> &mut Faults {
        &mut self.0.get_or_insert_default().faults
    }

    /// Adds one that no check found, such as that of measured media.
    #[cfg(any(feature = "client", feature = "from-json"))]
    pub(crate) fn push(&mut self, violation: Violation) {
        let found = self.0.get_or_insert_default();
        let mut all = found.all.take().unwrap_or_else(|| found.faults.violations());
        all.push(violation);
        found.all = all.into();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let len = |found: &Found| found.all.get().map_or(found.faults.len(), Vec::len);
        self.0.as_deref().map_or(0, len)
    }

    /// Whether there are none: the input keeps every rule that was asked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(all: Vec<Violation>) -> Self {
        Self(Some(Box::new(Found { faults: Faults::default(), all: all.into() })))
    }
}

impl Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        match &self.0 {
            Some(found) => found.all.get_or_init(|| found.faults.violations()),
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
        let Found { faults, all } = self.0.map(|found| *found).unwrap_or_default();
        all.into_inner().unwrap_or_else(|| faults.violations()).into_iter()
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

/// `prompt: At most 1995 characters. [maxLength; found 1996 characters]`, for
/// violations that share a path and a message.
fn write_line(f: &mut fmt::Formatter<'_>, group: &[Violation]) -> fmt::Result {
    let [first, ..] = group else { return Ok(()) };
    write!(f, "{}: {} [", first.path, first.message)?;
    for (position, violation) in group.iter().enumerate() {
        write!(f, "{}{}", if position > 0 { ", " } else { "" }, violation.rule)?;
    }
    match &first.found {
        Some(found) => write!(f, "; found {found}]"),
        None => f.write_str("]"),
    }
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
    fn violations_of_one_place_with_one_message_share_a_line_and_stay_two() {
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
            "image_url: Both sides over 300. [width_pixels>, height_pixels>; found 200 × 200 px]\n\
             image_url: Not so wide. [width/height<; found 200 × 200 px]"
        );
    }

    #[test]
    #[cfg(any(feature = "client", feature = "from-json"))]
    fn what_no_check_found_comes_after_what_one_did() {
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
