//! Runs many jobs at once, three of them in flight, and goes on if one fails.

use std::sync::Mutex;

use futures_util::future::join_all;
use runcomfy::{Client, ClientBuilder, Model, RequestId};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = ClientBuilder::from_env()?.max_jobs_in_flight(3).build()?;
    let prompts = ["a paper boat", "a kite", "a tin robot", "a lighthouse"];
    // A real program stores each id in a file or a database.
    let ids = Mutex::new(Vec::new());

    let videos = prompts.iter().enumerate().map(|(index, prompt)| {
        // RunComfy accepts 4 to 30 seconds, so the last input is not even sent.
        make_video(&client, prompt, 10 * (index as i64 + 1), &ids)
    });
    for (prompt, video) in prompts.iter().zip(join_all(videos).await) {
        match video {
            Ok(cost) => println!("{prompt}: ${cost:.2}"),
            Err(error) => println!("{prompt}: {error}"),
        }
    }
    println!("{} jobs were accepted", ids.lock().expect("no thread panicked").len());
    Ok(())
}

/// Returns the cost of a video.
async fn make_video(
    client: &Client,
    prompt: &str,
    seconds: i64,
    ids: &Mutex<Vec<RequestId>>,
) -> Result<f64, runcomfy::Error> {
    let input = seedance::Input::new(prompt).with_duration(seconds).validate()?;
    let completed = client
        .run(&input)
        // From here on, the job is paid for.
        .on_submitted(|job| ids.lock().expect("no thread panicked").push(job.id().clone()))
        .await?;
    Ok(completed.cost.unwrap_or_default())
}
