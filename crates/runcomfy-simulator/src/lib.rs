//! RunComfy's queue API in one process, for tests, demos and offline work.
//!
//! **This is a simulator, not RunComfy.** It runs no model, costs nothing and needs no account. It
//! serves the models of a `schemas/` folder on this machine's loopback address, judges inputs by
//! their published schemas, walks every job through the queue by the clock, and answers with small
//! real media files. Every reply carries the header `server: runcomfy-simulator`.
//!
//! ```no_run
//! use std::time::Duration;
//! use runcomfy_simulator::{Pace, Simulator};
//!
//! # async fn example() -> Result<(), runcomfy_simulator::SimulatorError> {
//! let simulator = Simulator::builder("schemas")
//!     .pace(Pace { queue: Duration::from_millis(50), run: Duration::from_millis(50) })
//!     .start()
//!     .await?;
//! println!("point a client at {}", simulator.api_base());
//! # Ok(())
//! # }
//! ```
//!
//! [`Judge`] is what it judges inputs by, alone: for tests that ask for a second opinion.
//!
//! What it does not do: it does not fetch or measure input media (the `validations` of a schema),
//! and it asserts no `format`.

#![warn(missing_docs)]

mod catalog;
mod dialect;
mod error;
mod jobs;
mod judge;
mod media;
mod models;
mod output;
mod server;
mod simulator;

pub use error::SimulatorError;
pub use jobs::Pace;
pub use judge::{Flaw, Judge, Refusal};
pub use simulator::{Simulator, SimulatorBuilder};
