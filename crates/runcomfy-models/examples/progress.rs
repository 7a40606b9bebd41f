//! Shows the status of a job while it is worked on, and the bytes of its video.

use runcomfy::client::DownloadOptions;
use runcomfy::{Client, Model};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let input = seedance::Input::new("a paper boat drifts downstream").validate()?;
    let job = client.submit(&input).await?;

    let mut last = None;
    let mut updates = job.updates();
    while let Some(update) = updates.next().await? {
        // While the job is in the queue, `update.queue_position` is the number of jobs before it.
        if last.as_ref() != Some(&update.status) {
            println!("{}", update.status);
        }
        last = Some(update.status);
    }

    let completed = job.wait().await?;
    let options = DownloadOptions::into_folder("videos").on_progress(|progress| {
        // This is called whenever more of a file was received.
        if progress.total == Some(progress.bytes) {
            println!("{} is complete", progress.path.display());
        }
    });
    client.download(&completed, &options).await?;
    Ok(())
}
