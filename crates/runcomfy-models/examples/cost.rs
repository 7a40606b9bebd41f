//! Estimates what inputs will cost, then asks for the balance and for what a job did cost.

use std::time::Duration;

use runcomfy::{Client, Media, Model};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    let input =
        seedance::Input::new("a paper boat drifts downstream").with_duration(8).validate()?;
    let image = Media::url("https://example.com/boat.png")?;
    let other = hailuo::Input::new("the boat drifts away", image).validate()?;

    // Nothing is submitted. `None` means that the catalog has no price.
    if let Some(estimate) = client.estimate(&input).await? {
        println!("estimate: {estimate}");
    }
    if let Some(estimate) = client.estimate(&other).await? {
        println!("estimate: {estimate}");
    }

    let before = client.balance().await?.balance_usd;
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
