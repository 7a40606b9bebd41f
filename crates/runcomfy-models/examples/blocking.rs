//! The same calls in a program without an async runtime.

use runcomfy::Model;
use runcomfy::blocking::Client;
use runcomfy::client::DownloadOptions;
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let input = seedance::Input::new("a paper boat drifts downstream").validate()?;
    let job = client.submit(&input)?;
    println!("request {}", job.id());
    let completed = job.wait()?;
    for file in client.download(&completed, &DownloadOptions::into_folder("videos"))? {
        println!("saved {}", file.path.display());
    }
    Ok(())
}
