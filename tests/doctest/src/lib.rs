//! Runs an example of the docs of `runcomfy` against a simulator, with a client and an input.

use std::time::Duration;

use runcomfy::client::Polling;
use runcomfy::{Client, Error, Model, Valid};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
use runcomfy_simulator::{Pace, Simulator};

/// Calls `example` with a client of a simulator, whose jobs take no time, and a valid input.
///
/// # Panics
///
/// If the example returns an error.
pub fn run(example: impl AsyncFnOnce(Client, Valid<seedance::Input>) -> Result<(), Error>) {
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    let ended = runtime.block_on(async {
        let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
        let price = "0.05/second".parse().expect("it is a price");
        let simulator = Simulator::builder().pace(pace).price(price).start().await;
        let simulator = simulator.expect("the simulator starts");
        let client = Client::builder()
            .api_base(simulator.api_base())
            .token("any")
            .polling(Polling::every(Duration::from_millis(1)))
            .build()?;
        let input = seedance::Input::new("a paper boat drifts downstream").validate()?;
        example(client, input).await
    });
    ended.expect("the example succeeds");
}
