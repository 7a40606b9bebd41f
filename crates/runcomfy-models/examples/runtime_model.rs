//! Calls models that the program was not built with: their tables are made while it runs.

use runcomfy::{AnyInput, Client};
use runcomfy_codegen::runtime::RuntimeModel;
use serde_json::json;

/// A schema that is read from a file or a database.
const SCHEMA: &str = r#"{
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string", "maxLength": 40, "glow": 3}}
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // From RunComfy's live catalog:
    let client = Client::from_env()?;
    let id = "bytedance/seedance-2.5/text-to-video/480p";
    let schema = client.model(id).await?.input_schema.ok_or("the catalog has no schema of it")?;
    let model = RuntimeModel::from_schema(id, &schema.to_string())?;

    let input = AnyInput::new(model.info(), json!({"prompt": "a paper boat", "duration": 90}));
    println!("{}", input.violations());

    let input = AnyInput::new(model.info(), json!({"prompt": "a paper boat", "duration": 8}));
    let completed = client.run(&input.validate()?).await?;
    println!("{}", completed.output);

    // From a text:
    let model = RuntimeModel::from_schema("acme/poster", SCHEMA)?;
    for found in model.unchecked() {
        println!("not checked: {found}");
    }
    println!("{}", AnyInput::new(model.info(), json!({"titel": "Regatta"})).violations());
    Ok(())
}
