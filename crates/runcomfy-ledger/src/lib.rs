#![doc = include_str!("../README.md")]
// Links from other crates lead here if this crate is not documented beside them.
#![doc(html_root_url = "https://docs.rs/runcomfy-ledger/latest")]

mod accounts;
mod again;
mod batch;
mod books;
mod canonical;
mod clock;
mod database;
mod deliver;
mod engine;
mod error;
mod id;
mod intent;
mod job;
mod ledger;
mod limits;
mod migrations;
mod owner;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod presence;
mod row;
mod settle;
mod sqlite;
mod state;
mod step;
mod store;
mod submit;
mod usd;
mod worker;

pub use batch::{Batch, BatchOptions, BatchRun, BatchStatus, Cancelled, NewBatch, WorkerStatus};
pub use books::{Discrepancy, Spend, Usage};
pub use deliver::output_files;
pub use error::Error;
pub use id::{BatchId, InvalidId, JobId};
pub use intent::{InputFileError, Intent, IntoIntent};
pub use job::{InputFile, Job, OutputFile, OutputKind, Price, Problem, ProblemKind};
pub use ledger::{Filter, Ledger};
pub use limits::{LimitName, Limits};
pub use place::default_path;
#[cfg(feature = "postgres")]
pub use postgres::Address;
pub use settle::Settlement;
pub use state::{InvalidState, State};
pub use step::{Step, StepOptions, Wait};
pub use usd::{InvalidUsd, Usd};
pub use worker::Worker;
