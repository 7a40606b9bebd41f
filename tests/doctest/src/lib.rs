//! Runs an example of the docs of `runcomfy` against a simulator.

use std::time::Duration;

use runcomfy::client::Polling;
use runcomfy::{Client, Error, Model, Valid};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
use runcomfy_simulator::{Pace, Simulator};

pub use runcomfy_simulator as simulator;

/// A pace of jobs that do not end while an example runs.
pub const ENDLESS: Pace = Pace { queue: Duration::from_secs(3600), run: Duration::ZERO };

/// Calls `example` with a client of a simulator, whose jobs take no time, and a valid input.
///
/// # Panics
///
/// If the example returns an error.
pub fn run(example: impl AsyncFnOnce(Client, Valid<seedance::Input>) -> Result<(), Error>) {
    run_beside(async |simulator, input| {
        let client = Client::builder()
            .api_base(simulator.api_base())
            .token("any")
            .polling(Polling::every(Duration::from_millis(1)))
            .build()?;
        example(client, input).await
    });
}

/// Calls `example` with a simulator, whose jobs take no time, and a valid input. The example builds
/// its own client.
///
/// # Panics
///
/// If the example returns an error.
pub fn run_beside(
    example: impl AsyncFnOnce(&Simulator, Valid<seedance::Input>) -> Result<(), Error>,
) {
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    let ended = runtime.block_on(async {
        let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
        let price = "0.05/second".parse().expect("it is a price");
        let simulator = Simulator::builder().pace(pace).price(price).start().await;
        let simulator = simulator.expect("the simulator starts");
        let input = seedance::Input::new("a paper boat drifts downstream").validate()?;
        example(&simulator, input).await
    });
    ended.expect("the example succeeds");
}
