//! A program, and its tests against a simulator: `cargo test --example testing`.

use runcomfy::{Client, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

#[tokio::main]
async fn main() -> Result<(), runcomfy::Error> {
    let client = Client::from_env()?;
    println!("{:?}", animate(&client, Media::file("boat.png")).await?);
    Ok(())
}

/// Returns the URL of a video of the image.
async fn animate(client: &Client, image: Media) -> Result<Option<String>, runcomfy::Error> {
    let input = hailuo::Input::new("it drifts away", image).validate()?;
    let completed = client.run(&input).await?;
    Ok(completed.output.video.map(String::from))
}

#[cfg(test)]
mod tests {
    use runcomfy::client::Polling;
    use runcomfy_simulator::{Call, Fault, Pace, Processed, Simulator};
    use std::time::Duration;

    use super::*;

    async fn simulator() -> (Simulator, Client) {
        let pace = Pace { queue: Duration::ZERO, run: Duration::from_millis(20) };
        let simulator = Simulator::builder().pace(pace).start().await.expect("it starts");
        let client = Client::builder()
            .api_base(simulator.api_base())
            .token("any")
            .polling(Polling::every(Duration::from_millis(10)))
            .allow_local_media() // the simulator's images are on this machine
            .build();
        (simulator, client.expect("the settings are right"))
    }

    #[tokio::test]
    async fn an_image_becomes_a_video_and_is_paid_for_once() {
        let (simulator, client) = simulator().await;
        simulator.script(Call::Status, [Fault::Reset { processed: Processed::No }]);
        let image = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
        let video = animate(&client, image).await.expect("it succeeds");
        assert!(video.is_some_and(|url| url.ends_with(".mp4")));
        assert_eq!(simulator.ledger().len(), 1);
    }

    #[tokio::test]
    async fn a_small_image_costs_nothing() {
        let (simulator, client) = simulator().await;
        let image = Media::url(simulator.picture_url(200, 150)).expect("it is a URL");
        let error = animate(&client, image).await.expect_err("it is too small");
        assert!(error.to_string().contains("must both exceed 300 pixels"), "{error}");
        assert!(simulator.ledger().is_empty());
    }
}
