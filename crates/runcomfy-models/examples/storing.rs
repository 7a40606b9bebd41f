//! Stores an input before it is submitted, then its id, then its result (feature `serde`).

use std::error::Error;
use std::fs;

use runcomfy::client::CompletedJob;
use runcomfy::{Client, Job, Media, MediaOutput, Model, RequestId, Stored};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;

    // `Stored` keeps an input with its local files, as a program writes it for itself.
    let input = hailuo::Input::new("the boat drifts away", Media::file("boat.png"));
    fs::write("input.json", serde_json::to_string(&Stored(input.clone()))?)?;
    println!("{}", fs::read_to_string("input.json")?);

    // Later, perhaps in another process:
    let Stored(again) =
        serde_json::from_str::<Stored<hailuo::Input>>(&fs::read_to_string("input.json")?)?;
    assert_eq!(again, input);
    let job = client.submit(&again.validate()?).await?;
    fs::write("id.json", serde_json::to_string(job.id())?)?;
    println!("{}", fs::read_to_string("id.json")?);

    // And in yet another one:
    let id: RequestId = serde_json::from_str(&fs::read_to_string("id.json")?)?;
    let job: Job<hailuo::Input> = client.job(id);
    fs::write("result.json", serde_json::to_string(&job.wait().await?)?)?;
    let result: CompletedJob<MediaOutput> =
        serde_json::from_str(&fs::read_to_string("result.json")?)?;
    println!("{} cost {:?}", result.id, result.cost);
    Ok(())
}
