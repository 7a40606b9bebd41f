//! The command line, run as a person or a program runs it, against the simulator.

mod batch;
mod catalog;
mod completions;
mod docs;
mod errors;
mod escaping;
mod help;
mod jobs;
mod kills;
mod models;
mod money;
mod outcomes;
mod postgres;
mod references;
mod running;
mod schemas;
mod support;
mod terminal;
mod trouble;
mod worker;
