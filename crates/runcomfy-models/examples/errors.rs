//! Tells failed calls apart by what each means for the money. A simulator makes them fail.

use runcomfy::client::{Retry, SubmitError};
use runcomfy::{Client, Model, Valid};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
use runcomfy_simulator::{Call, Failure, Fault, JobScenario, Processed, RetryAfter, Simulator};

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let simulator = Simulator::builder().token("right").start().await?;
    let client = |token: &str| {
        let builder = Client::builder().api_base(simulator.api_base()).token(token);
        builder.retry(Retry::default().with_max_retries(2)).build()
    };
    let input = seedance::Input::new("a paper boat drifts downstream").validate()?;

    println!("1. {}", submit(&client("wrong")?, &input).await?);

    // Certainly not accepted, so the client itself submits again.
    simulator.script(Call::Submit, [Fault::RateLimit(RetryAfter::Seconds(1))]);
    println!("2. {}", submit(&client("right")?, &input).await?);

    // Accepted, but the reply was lost. Nobody can know that, so it is not repeated.
    simulator.script(Call::Submit, [Fault::Reset { processed: Processed::Yes }]);
    println!("3. {}", submit(&client("right")?, &input).await?);
    println!("   in fact, {} jobs were paid for", simulator.ledger().len());

    // Status and result calls are repeated as often as `Retry` says.
    simulator.script(Call::Status, [Fault::Reset { processed: Processed::No }]);
    simulator.script_jobs([JobScenario::Fails(Failure::Text)]);
    let job = client("right")?.submit(&input).await?;
    println!("4. {}", job.wait().await.expect_err("the job fails"));
    Ok(())
}

async fn submit(client: &Client, input: &Valid<seedance::Input>) -> Result<String, Error> {
    Ok(match client.submit(input).await {
        Ok(job) => format!("accepted: {}", job.id()),
        Err(SubmitError::NotSent(cause)) => format!("not sent, try again: {cause}"),
        Err(SubmitError::Refused(report)) => format!("not sent, mend the media: {report}"),
        Err(SubmitError::Rejected(error)) => format!("not accepted ({:?}): {error}", error.kind),
        Err(error @ SubmitError::OutcomeUnknown { .. }) => format!("perhaps paid for: {error}"),
        Err(error) => return Err(error.into()),
    })
}
