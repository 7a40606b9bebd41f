//! Judges JSON inputs by a lowered model, without generated code.

use serde_json::Value;

use crate::check;
use crate::diagnostic::{Diagnostic, Findings};
use crate::fixup::PatchedSchemas;
use crate::model::{Model, Module};
use crate::pipeline::lower_source;
use crate::settings::{Settings, Source};

/// A judge of one model's inputs. Enforces what the generated code enforces, media aside.
///
/// ```
/// use runcomfy_codegen::{Judge, Settings, Source};
/// use serde_json::json;
///
/// let source = Source {
///     folder: "acme/boats",
///     model: r#"{"id": "acme/boats"}"#,
///     input: r#"{"properties": {"count": {"type": "integer", "maximum": 4}}}"#,
///     output: None,
///     fixup: None,
/// };
/// let judge = Judge::new(&source, &Settings::default()).expect("the schema is supported");
/// assert!(judge.accepts(&json!({"count": 4})));
/// assert!(!judge.accepts(&json!({"count": 5})));
/// ```
#[derive(Debug, Clone)]
pub struct Judge {
    model: Model,
}

impl Judge {
    /// Lowers the schemas of a model.
    ///
    /// # Errors
    ///
    /// Returns the diagnostics of a model that would not be generated.
    pub fn new(source: &Source<'_>, settings: &Settings) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Findings::default();
        let patched = PatchedSchemas::new(source, &mut findings);
        let module = Module { provider: String::new(), name: String::new() };
        let model = lower_source(source, &patched, &module, settings.objects, &mut findings);
        let place = source.file("model.json", source.model).range();
        let model = check::check(model, &place, settings, &mut findings);
        model.map(|model| Self { model }).ok_or(findings.0)
    }

    /// Returns `true` if the model accepts an input. Does not measure its media.
    pub fn accepts(&self, input: &Value) -> bool {
        check::accepts(&self.model, input)
    }
}
