// refused: nothing
//! The control: correct code compiles, so the other programs fail for their own reason.

use runcomfy::{Client, JsonInput, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

async fn run(client: Client, image: Media) -> Result<(), Box<dyn std::error::Error>> {
    let mut input = hailuo::Input::new("a paper boat", image);
    input.prompt = "a paper ship".to_owned();
    let valid = input.validate()?;
    client.submit(&valid).await?.wait().await?;
    let valid = JsonInput::<hailuo::Input>::parse("{}")?.validate()?;
    client.submit(&valid).await?.wait().await?;
    Ok(())
}

fn main() {
    let _ = run;
}
