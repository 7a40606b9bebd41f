//! The verdict on a case.

use runcomfy_codegen::{Code, Diagnostic};
use serde_json::Value;

use super::line::{Answer, Outcome};
use super::suite::{Test, Tested};

/// Verdict on a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The instance is accepted or refused as the test expects.
    Exact,
    /// An invalid instance is accepted, and only these keywords make it invalid. A diagnostic of
    /// the schema names each of them as unchecked.
    Declared { keywords: Vec<String> },
    /// The schema is refused, by this code.
    Refused { code: &'static str },
    /// An invalid instance is accepted.
    TooLax,
    /// A valid instance is refused, with this violation.
    TooStrict { detail: String },
    /// The generated code does not compile, a stage panicked, or a table that was made at run time
    /// finds other violations.
    BrokenBuild { detail: String },
}

impl Verdict {
    /// The names of the verdicts, in the order of reports.
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

    /// Returns `true` for a fault of ours.
    pub(crate) fn fails(&self) -> bool {
        match self {
            Self::Exact | Self::Declared { .. } | Self::Refused { .. } => false,
            Self::TooLax | Self::TooStrict { .. } | Self::BrokenBuild { .. } => true,
        }
    }

    /// Returns the violation or the reason.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::TooStrict { detail } | Self::BrokenBuild { detail } => Some(detail),
            Self::Exact | Self::Declared { .. } | Self::Refused { .. } | Self::TooLax => None,
        }
    }
}

/// Returns the keywords that diagnostics name as unchecked, if an invalid instance is valid
/// without them by the `jsonschema` crate. Returns nothing if it is not: then something else
/// was lost too.
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
    fn only_keywords_that_a_diagnostic_names_make_a_case_declared() {
        let schema = r#"{"properties": {"v": {"format": "date", "maxLength": 3}}}"#;
        let format = [unknown_format("/properties/v/format")];
        let elsewhere = [unknown_format("/properties/w/format")];
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &format), ["format"]);
        assert_eq!(declared(schema, r#"{"v": "abcd"}"#, &format), [""; 0]);
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &[]), [""; 0]);
        assert_eq!(declared(schema, r#"{"v": "abc"}"#, &elsewhere), [""; 0]);
    }

    fn unknown_format(pointer: &str) -> Diagnostic {
        Diagnostic {
            code: Code::UnknownFormat,
            place: Place { pointer: pointer.to_owned(), ..Place::default() },
            message: String::new(),
            help: String::new(),
        }
    }
}
