//! Trouble that a simulator makes on purpose, to try how a command takes it.

use std::iter::repeat_n;
use std::time::Duration;

use runcomfy_simulator::{
    Call, Failure, Fault, JobScenario, Pace, Processed, Random, Simulator, SimulatorBuilder,
};

/// Number of calls that a lasting trouble is arranged for.
const CALLS: usize = 1000;
/// Share of calls that fail by chance.
const RATE: f64 = 0.2;
/// The time that a slow job runs.
const SLOW: Duration = Duration::from_secs(600);
/// Price of a job that the balance does not cover, in US dollars per output.
const PRICE: &str = "0.25/output";

/// A trouble. Each of the lasting ones ends a run with its own exit code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Trouble {
    /// Nothing goes wrong
    #[default]
    None,
    /// Every fifth call fails in some way, which a run survives
    Random,
    /// The token is refused: exit code 4
    BadToken,
    /// The balance is empty: exit code 5
    NoBalance,
    /// The job fails: exit code 6
    FailedJob,
    /// RunComfy cancels the job: exit code 7
    CancelledJob,
    /// The job runs for ten minutes: exit code 8 with a shorter `--timeout`
    SlowJob,
    /// Nothing answers: exit code 9
    Offline,
    /// The job is accepted and the reply is lost: exit code 10
    LostReply,
    /// The outputs cannot be fetched: exit code 11
    LostOutput,
}

impl Trouble {
    /// Prepares a simulator.
    pub(crate) fn prepare(self, builder: SimulatorBuilder, pace: Pace) -> SimulatorBuilder {
        let builder = builder.pace(pace);
        match self {
            Self::Random => builder.random(Random::calls(RATE)),
            Self::BadToken => builder.token("another token"),
            Self::NoBalance => match PRICE.parse() {
                Ok(price) => builder.price(price).funds_usd(0.0),
                Err(_) => builder,
            },
            Self::SlowJob => builder.pace(Pace { run: SLOW, ..pace }),
            Self::None
            | Self::FailedJob
            | Self::CancelledJob
            | Self::Offline
            | Self::LostReply
            | Self::LostOutput => builder,
        }
    }

    /// Arranges the trouble at a simulator that runs.
    pub(crate) fn arrange(self, simulator: &Simulator) {
        let gone = Fault::Error { status: 404, code: None, processed: Processed::No };
        let lost = Fault::Close { processed: Processed::Yes };
        match self {
            Self::FailedJob => {
                simulator.script_jobs(repeat_n(JobScenario::Fails(Failure::Text), CALLS));
            }
            Self::CancelledJob => {
                simulator.script_jobs(repeat_n(JobScenario::EndsCancelled, CALLS));
            }
            Self::LostReply => simulator.script(Call::Submit, repeat_n(lost, CALLS)),
            Self::LostOutput => simulator.script(Call::Output, repeat_n(gone, CALLS)),
            Self::None
            | Self::Random
            | Self::BadToken
            | Self::NoBalance
            | Self::SlowJob
            | Self::Offline => {}
        }
    }
}
