//! The command line, run as a person or a program runs it, against the simulator.

mod catalog;
mod completions;
mod docs;
mod errors;
mod help;
mod jobs;
mod kills;
mod models;
mod running;
mod support;
mod terminal;
