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
//! On demand or by chance calls and jobs go wrong ([`Fault`], [`JobScenario`], [`Random`]), the time by
//! which jobs walk can be moved ([`Simulator::advance`]), and [`Simulator::ledger`] says what was
//! accepted, and so paid for. A test in another process has the same under `/_simulator`.
//!
//! Media that an input points to is measured where it is at the simulator's own addresses or in a
//! `data:` URI, and refused where it breaks the schema's `validations`. [`TestMedia`] is what the
//! simulator serves for that: pictures of any size, real samples of other formats, served well or
//! with any [`MediaFault`].
//!
//! [`SchemaValidator`] is what it judges inputs by, alone: for tests that ask for a second opinion.
//!
//! What it does not do: it fetches nothing from elsewhere, and it asserts no `format`.

#![warn(missing_docs)]

mod app;
mod catalog;
mod clock;
mod dialect;
mod error;
mod facts;
mod faults;
mod jobs;
mod ledger;
mod measure;
mod media;
mod models;
mod openapi;
mod output;
mod seed;
mod server;
mod simulator;
mod validations;
mod validator;

pub use app::Traffic;
pub use error::SimulatorError;
pub use facts::Measuring;
pub use faults::{Call, Failure, Fault, JobScenario, Processed, Random, RetryAfter};
pub use jobs::Pace;
pub use ledger::{Accepted, State};
pub use media::{Header, Kind as MediaKind, MediaFault, PictureFormat, Sample, TestMedia};
pub use simulator::{Simulator, SimulatorBuilder};
pub use validator::{Refusal, SchemaValidator, ValidationFlaw};

/// The README's examples are compiled with the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
