//! Checks an input that arrives as JSON, such as the body of a request or a line of a file.

use runcomfy::{Client, JsonInput};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

const LINES: [&str; 3] = [
    r#"{"prompt": "a paper boat", "duration": 90, "aspect": "16:9"}"#,
    r#"{"prompt": "a paper boat", "duration": 5.5, "aspect_ratio": "16x9"}"#,
    r#"{"prompt": "a paper boat", "duration": 8}"#,
];

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    for (line, text) in (1..).zip(LINES) {
        let json = JsonInput::<seedance::Input>::parse(text)?;
        match json.validate() {
            Ok(input) => println!("line {line}: request {}", client.submit(&input).await?.id()),
            Err(invalid) => {
                for violation in &invalid.violations {
                    println!("line {line}: {violation}");
                }
            }
        }
    }

    // As the model's own type, with an enum for the aspect ratio (feature `from-json`):
    let json = JsonInput::<seedance::Input>::parse(LINES[2])?;
    let input: seedance::Input = json.typed()?;
    println!("{:?} s of {:?}", input.duration, input.prompt);
    Ok(())
}
