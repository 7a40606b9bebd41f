//! The schemas as one file of the simulator's crate, which lets it start without this repository.

use runcomfy_codegen::Source;
use runcomfy_codegen_cli::Model;
use serde::de::IgnoredAny;
use serde_json::json;

pub(crate) const PATH: &str = "crates/runcomfy-simulator/assets/schemas.json";

/// Returns the content of the file: a list of models, each with its folder and its files as they
/// are written. A model with a file that is not JSON is left out; its diagnostics say why.
pub(crate) fn text(models: &[Model]) -> String {
    let entries: Vec<String> = models.iter().map(Model::source).filter_map(entry).collect();
    format!("[\n{}\n]\n", entries.join(",\n"))
}

fn entry(source: Source<'_>) -> Option<String> {
    let Source { folder, model, input, output, .. } = source;
    let mut entry = format!("{{\"folder\": {}", json!(folder));
    for (name, text) in [("model", Some(model)), ("input", Some(input)), ("output", output)] {
        if let Some(text) = text {
            serde_json::from_str::<IgnoredAny>(text).ok()?;
            entry.push_str(&format!(", \"{name}\":\n{}", text.trim()));
        }
    }
    Some(entry + "}")
}
