//! Checks an input, submits it, waits for the video and saves it.

use runcomfy::client::DownloadOptions;
use runcomfy::{Client, Model};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let input = seedance::Input::new("a paper boat drifts downstream")
        .with_aspect_ratio(seedance::AspectRatio::Ratio16x9)
        .with_duration(5)
        .validate()?;

    let client = Client::from_env()?;
    let job = client.submit(&input).await?;
    println!("request {}", job.id());

    let completed = job.wait().await?;
    for file in client.download(&completed, &DownloadOptions::into_folder("videos")).await? {
        println!("saved {}", file.path.display());
    }
    Ok(())
}
