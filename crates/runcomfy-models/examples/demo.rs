//! A whole job against a simulator on this machine: bad inputs are refused, a good one is
//! submitted, followed and saved. Run it with `cargo xtask demo`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use anstream::println;
use anstyle::{AnsiColor, Style};
use runcomfy::client::{Polling, SubmitError};
use runcomfy::{Client, JsonInput, Media, Model, Violations};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;
use runcomfy_simulator::{Pace, Simulator};

const HEADING: Style = Style::new().bold();
const REFUSED: Style = AnsiColor::BrightRed.on_default();
const ACCEPTED: Style = AnsiColor::Green.on_default();

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pace = Pace { queue: Duration::from_millis(1500), run: Duration::from_millis(1000) };
    let simulator = Simulator::builder().pace(pace).start().await?;
    println!("{HEADING}2. A simulator listens on {}{HEADING:#}", simulator.api_base());
    println!(
        "   It is not RunComfy: no model runs, no money is spent, nothing leaves this machine."
    );
    let client = Client::builder()
        .api_base(simulator.api_base())
        .token("any-token-will-do")
        .polling(Polling::every(Duration::from_millis(400)))
        // The simulator's images are on this machine, from which the client fetches nothing by default.
        .allow_local_media()
        .build()?;
    println!(
        "\n{HEADING}3. Bad inputs are refused on this machine, before they cost anything{HEADING:#}"
    );
    refuse_bad_inputs(&client, &simulator).await?;
    println!("\n{HEADING}4. A good input is submitted, followed and saved{HEADING:#}");
    let path = submit_a_good_one(&client, &simulator).await?;
    println!("\n{ACCEPTED}Done{ACCEPTED:#}: the simulator's video is in {}", path.display());
    Ok(())
}

async fn refuse_bad_inputs(client: &Client, simulator: &Simulator) -> Result<(), Box<dyn Error>> {
    let picture = simulator.picture_url(640, 480);
    let long = hailuo::Input::new("a".repeat(1996), Media::url(&picture)?);
    show("a prompt of 1996 characters", &long.violations());

    for (width, height) in [(200, 200), (900, 300)] {
        let media = Media::url(simulator.picture_url(width, height))?;
        let input = hailuo::Input::new("a paper boat drifts", media).validate()?;
        match client.submit(&input).await {
            Err(SubmitError::Refused(report)) => {
                show(&format!("an image of {width} × {height}, measured"), &report.violations);
                println!("     measured from {}", report.stats);
            }
            other => {
                return Err(format!("an image that breaks a rule was submitted: {other:?}").into());
            }
        }
    }

    let gif = Media::bytes(b"GIF89a\xc8\x00\xc8\x00\x00\x00\x00");
    let input = hailuo::Input::new("a paper boat drifts", gif).validate()?;
    show("a GIF in memory, of 200 × 200", &client.preflight(&input).await.violations);
    let file = hailuo::Input::new("a paper boat drifts", PathBuf::from("no-such-boat.png"));
    let report = client.preflight(&file.validate()?).await;
    show("a missing local file", &report.violations);

    let json = [
        ("JSON without `image_url`", r#"{"prompt": "a paper boat drifts"}"#.to_owned()),
        (
            "JSON with a misspelled `promt_optimizer`",
            format!(r#"{{"prompt": "drift", "image_url": "{picture}", "promt_optimizer": false}}"#),
        ),
    ];
    for (what, text) in json {
        show(what, &JsonInput::<hailuo::Input>::parse(&text)?.violations());
    }
    Ok(())
}

fn show(what: &str, violations: &Violations) {
    println!("   {what}");
    for line in violations.to_string().lines() {
        println!("     {REFUSED}{line}{REFUSED:#}");
    }
}

async fn submit_a_good_one(
    client: &Client,
    simulator: &Simulator,
) -> Result<PathBuf, Box<dyn Error>> {
    let picture = Media::url(simulator.picture_url(640, 480))?;
    let input = hailuo::Input::new("a paper boat drifts downstream", picture)
        .with_prompt_optimizer(false)
        .validate()?;
    let job = client.submit(&input).await?;
    println!("   request {ACCEPTED}{}{ACCEPTED:#}", job.id());
    let mut updates = job.updates();
    let mut last = None;
    while let Some(update) = updates.next().await? {
        if last.as_ref() != Some(&update.status) {
            println!("   {}", update.status);
        }
        last = Some(update.status);
    }
    let success = job.wait().await?;
    let video = success.output.video.ok_or("the output has no video")?;
    println!("   video {video}");
    let bytes = reqwest::get(video).await?.error_for_status()?.bytes().await?;
    let folder = std::env::temp_dir().join("runcomfy-demo");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.mp4", success.id));
    std::fs::write(&path, &bytes)?;
    println!("   saved {} bytes", bytes.len());
    Ok(path)
}
