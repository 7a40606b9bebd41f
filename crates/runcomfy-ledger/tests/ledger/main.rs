//! Integration tests of the ledger, in one binary.

mod jobs;
mod kills;
mod money;
mod opening;
mod power;
mod processes;
mod support;
