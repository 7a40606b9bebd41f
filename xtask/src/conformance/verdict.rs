//! What became of a case.

use runcomfy_codegen::{Code, Diagnostic};
use serde_json::Value;

use super::line::{Answer, Outcome};
use super::suite::{Test, Tested};

/// What became of a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The instance is judged as the test says.
    Exact,
    /// An instance that is not valid is taken, and were it not for these keywords, which
    /// a diagnostic of the schema names, it would be valid.
    Declared { keywords: Vec<String> },
    /// The schema is refused, by this code.
    Refused { code: &'static str },
    /// An instance that is not valid is taken.
    TooLax,
    /// A valid instance is refused, for this.
    TooStrict { detail: String },
    /// What was generated does not compile, or some part of the line panicked.
    BrokenBuild { detail: String },
}

impl Verdict {
    /// The names, in the order in which they are counted.
    pub(crate) const NAMES: [&'static str; 6] =
        ["exact", "declared", "refused", "too lax", "too strict", "broken build"];

    pub(crate) fn of(tested: &Tested, test: &Test, index: usize, outcome: &Outcome) -> Self {
        let (input, diagnostics, answer) = match outcome {
            Outcome::Refused { code } => return Self::Refused { code },
            Outcome::Broken { detail } => return Self::BrokenBuild { detail: detail.clone() },
            Outcome::Answered { input, diagnostics, answers } => {
                (input, diagnostics, answers.get(index))
            }
        };
        match (answer, test.valid) {
            (Some(Answer::Fits), true) | (Some(Answer::Breaks(_)), false) => Self::Exact,
            (Some(Answer::Breaks(detail)), true) => Self::TooStrict { detail: detail.clone() },
            (Some(Answer::Fits), false) => {
                let instance = input.instance(&test.data);
                match declared(&input.text, &instance, diagnostics) {
                    keywords if keywords.is_empty() => Self::TooLax,
                    keywords => Self::Declared { keywords },
                }
            }
            (Some(Answer::Panicked(detail)), _) => Self::BrokenBuild { detail: detail.clone() },
            (None, _) => Self::BrokenBuild {
                detail: format!("no answer on a test of `{}`", tested.description),
            },
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        let [exact, declared, refused, lax, strict, broken] = Self::NAMES;
        match self {
            Self::Exact => exact,
            Self::Declared { .. } => declared,
            Self::Refused { .. } => refused,
            Self::TooLax => lax,
            Self::TooStrict { .. } => strict,
            Self::BrokenBuild { .. } => broken,
        }
    }

    /// Whether it is a fault of ours.
    pub(crate) fn fails(&self) -> bool {
        match self {
            Self::Exact | Self::Declared { .. } | Self::Refused { .. } => false,
            Self::TooLax | Self::TooStrict { .. } | Self::BrokenBuild { .. } => true,
        }
    }

    /// What was said of the instance.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::TooStrict { detail } | Self::BrokenBuild { detail } => Some(detail),
            Self::Exact | Self::Declared { .. } | Self::Refused { .. } | Self::TooLax => None,
        }
    }
}

/// The keywords that diagnostics name as unchecked, if an instance that is not valid is
/// valid without them, as the `jsonschema` crate judges. Nothing where it is not: then
/// something else was lost too.
fn declared(input: &str, instance: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let (Ok(mut schema), Ok(instance)) =
        (serde_json::from_str::<Value>(input), serde_json::from_str::<Value>(instance))
    else {
        return Vec::new();
    };
    let unchecked = diagnostics.iter().filter(|diagnostic| {
        matches!(diagnostic.code, Code::UnknownFormat | Code::UnknownKeyword | Code::UnknownType)
    });
    let mut keywords = Vec::new();
    for diagnostic in unchecked {
        let Some((above, keyword)) = diagnostic.place.pointer.rsplit_once('/') else { continue };
        let keyword = keyword.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Object(above)) = schema.pointer_mut(above) {
            above.remove(&keyword);
            if !keywords.contains(&keyword) {
                keywords.push(keyword);
            }
        }
    }
    if keywords.is_empty() {
        return keywords;
    }
    let judge = jsonschema::validator_for(&schema).or_else(|_| {
        // A draft that it does not know.
        if let Some(whole) = schema.as_object_mut() {
            whole.remove("$schema");
        }
        jsonschema::validator_for(&schema)
    });
    if judge.is_ok_and(|judge| judge.is_valid(&instance)) { keywords } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use runcomfy_codegen::Place;

    use super::*;

    #[test]
    fn what_is_too_lax_is_declared_only_if_it_hangs_on_what_a_diagnostic_names() {
        let schema = r#"{"properties": {"v": {"format": "date", "maxLength": 3}}}"#;
        let named = |pointer: &str| Diagnostic {
            code: Code::UnknownFormat,
            place: Place { pointer: pointer.to_owned(), ..Place::default() },
            message: String::new(),
            help: String::new(),
        };
        let format = [named("/properties/v/format")];
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &format), ["format"]);
        assert_eq!(declared(schema, r#"{"v": "abcd"}"#, &format), [""; 0]);
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &[]), [""; 0]);
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &[named("/properties/w/format")]), [""; 0]);
    }
}
