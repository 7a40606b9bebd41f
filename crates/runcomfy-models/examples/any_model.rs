//! Finds a model by words, and calls it with JSON: a program whose user chooses the model.

use runcomfy::{AnyInput, Client, Media};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    for model in runcomfy_models::search("minimax image to video") {
        println!("{}: {}", model.category.unwrap_or("?"), model.id);
    }

    let model = runcomfy_models::model("minimax/Hailuo Video 01 Live")?;
    let input = AnyInput::new(model, json!({"prompt": "the boat drifts away", "seconds": 6}));
    println!("{}", input.violations());

    // JSON never becomes a local file. It has its own method.
    let input = AnyInput::new(model, json!({"prompt": "the boat drifts away"}))
        .with_media("/image_url", Media::file("boat.png"))?
        .validate()?;
    let completed = Client::from_env()?.run(&input).await?;
    println!("{}", completed.output);
    Ok(())
}
