//! Animates an image of this machine: `cargo run --example local_files -- boat.png`.

use runcomfy::client::SubmitError;
use runcomfy::{Client, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let path = std::env::args().nth(1).unwrap_or("boat.png".to_owned());
    let input = hailuo::Input::new("the boat drifts away", Media::file(path)).validate()?;

    let client = Client::from_env()?;
    match client.submit(&input).await {
        Ok(job) => {
            println!("request {}", job.id());
            let video = job.wait().await?.output.video.expect("this model makes a video");
            println!("{video}");
        }
        Err(SubmitError::Refused(report)) => println!("{}", report.violations),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
