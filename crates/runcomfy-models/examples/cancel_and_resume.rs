//! Resumes a job from its id, as another process would, and cancels one in the queue.

use runcomfy::client::JobErrorReason;
use runcomfy::{Client, Job, Model, RequestId};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let input = seedance::Input::new("a paper boat drifts downstream").validate()?;

    // One process submits, stores the id, and ends.
    let stored: String = client.submit(&input).await?.id().to_string();

    // Another one reads the id, and goes on.
    let id: RequestId = stored.parse()?;
    let job: Job<seedance::Input> = client.job(id);
    println!("resumed {}: {}", job.id(), job.status().await?.status);
    println!("it cost {:?}", job.wait().await?.cost);

    // A job can be cancelled while it is in the queue.
    let unwanted = client.submit(&input).await?;
    println!("cancelling {}: {}", unwanted.id(), unwanted.cancel().await?);
    match unwanted.wait().await {
        Err(error) if matches!(error.reason, JobErrorReason::Cancelled) => println!("{error}"),
        other => println!("it was too late: {other:?}"),
    }

    // This one is cancelled if the program leaves the block early.
    let guard = client.submit(&input).await?.cancel_on_drop();
    println!("{} is {}", guard.id(), guard.wait().await.map(|_| "completed")?);
    Ok(())
}
