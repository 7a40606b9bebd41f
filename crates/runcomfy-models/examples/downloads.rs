//! Saves the outputs of a job, with names and limits of one's own.

use runcomfy::client::DownloadOptions;
use runcomfy::{Client, Model};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let input = seedance::Input::new("a paper boat drifts downstream").validate()?;
    let completed = client.run(&input).await?;

    let options = DownloadOptions::into_folder("videos")
        .named("{model}-{index}.{ext}")?
        .max_bytes(100_000_000);
    for file in client.download(&completed, &options).await? {
        println!("{} from {}", file.path.display(), file.output_path);
    }

    // A single output can have a path of its own. A file that exists is not replaced.
    let options = DownloadOptions::to_file("boat.mp4");
    client.download(&completed, &options).await?;
    let again = client.download(&completed, &options).await;
    println!("{}", again.expect_err("it exists"));
    client.download(&completed, &options.replace()).await?;
    Ok(())
}
