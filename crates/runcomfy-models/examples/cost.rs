//! Asks for the balance, and what a job cost.

use std::time::Duration;

use runcomfy::{Client, Model};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let before = client.balance().await?.balance_usd;

    let input =
        seedance::Input::new("a paper boat drifts downstream").with_duration(8).validate()?;
    let job = client.submit(&input).await?;
    let completed = job.wait().await?;

    // RunComfy may say the cost some time after the job is finished.
    let cost = match completed.cost {
        Some(cost) => Some(cost),
        None => job.cost_within(Duration::from_secs(60)).await?,
    };
    let after = client.balance().await?.balance_usd;
    println!("cost {cost:?}; the balance was {before:?}, and is {after:?}");
    Ok(())
}
