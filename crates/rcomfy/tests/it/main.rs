//! The command line, run as a person or a program runs it, against the simulator.

mod batch;
mod catalog;
#[cfg(target_os = "linux")]
mod clock;
mod completions;
mod coverage;
mod docs;
mod errors;
mod escaping;
mod faults;
mod help;
mod jobs;
mod kills;
mod lines;
mod loose;
mod manners;
mod models;
mod money;
mod outcomes;
mod postgres;
mod references;
mod rows;
mod running;
mod schemas;
mod support;
mod terminal;
mod trouble;
mod widths;
mod worker;
