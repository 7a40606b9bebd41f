//! RunComfy's queue API in one process, for tests, demos and offline work.
//!
//! **This is a simulator, not RunComfy.** It runs no model, costs nothing and needs no account. It
//! serves the built-in models, or those of a `schemas/` folder, on the loopback address, validates
//! inputs against their published schemas, moves each job through the queue by the clock, and answers
//! with small real media files. Every reply has the header `server: runcomfy-simulator`.
//!
//! ```no_run
//! use std::time::Duration;
//! use runcomfy_simulator::{Pace, Simulator};
//!
//! # async fn example() -> Result<(), runcomfy_simulator::SimulatorError> {
//! let simulator = Simulator::builder()
//!     .pace(Pace { queue: Duration::ZERO, run: Duration::from_millis(50) })
//!     .start()
//!     .await?;
//! println!("point a client at {}", simulator.api_base());
//! # Ok(())
//! # }
//! ```
//!
//! Each model has a [`Price`], and each job a [`Pace`]. Calls and jobs can fail on demand or at
//! random ([`Fault`], [`JobScenario`], [`Random`]), and replies can have a [`Quirk`]. A test
//! can advance the clock ([`Simulator::advance`]) and read what was accepted, and so paid for
//! ([`Simulator::ledger`]). A test in another process has the same under `/_simulator`.
//!
//! Media of an input is measured if it is at the simulator's own URLs or in a `data:` URI, and is
//! refused if it breaks the schema's `validations`. [`TestMedia`] describes media that the simulator
//! serves for this: pictures of any size and real samples of other formats, served well or with any
//! [`MediaFault`].
//!
//! [`SchemaValidator`] validates inputs alone, for tests that need a second opinion.
//!
//! The simulator fetches nothing from other hosts and asserts no `format`.

#![warn(missing_docs)]

mod app;
mod budget;
mod catalog;
mod clock;
mod dialect;
mod error;
mod escape;
mod facts;
mod faults;
mod jobs;
mod ledger;
mod measure;
mod media;
mod models;
mod openapi;
mod output;
mod pricing;
mod seed;
mod server;
mod simulator;
mod validations;
mod validator;

pub use app::{RequestLog, Traffic};
pub use error::SimulatorError;
pub use facts::Measuring;
pub use faults::{Call, Failure, Fault, JobScenario, Processed, Quirk, Random, RetryAfter};
pub use jobs::Pace;
pub use ledger::{Accepted, State};
pub use media::{Header, Kind as MediaKind, MediaFault, PictureFormat, Sample, TestMedia};
pub use pricing::{Price, PriceUnit};
pub use simulator::{Simulator, SimulatorBuilder};
pub use validator::{Refusal, SchemaValidator, ValidationFlaw};

/// The README's examples are compiled with the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
