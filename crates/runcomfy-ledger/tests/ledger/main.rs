//! Integration tests of the ledger, in one binary.

mod adding;
mod asked_delays;
mod batch_kills;
mod batches;
mod growth;
mod jobs;
mod kills;
mod loops;
mod money;
mod moving;
mod opening;
mod place;
mod power;
mod processes;
mod schema;
mod support;
mod workers;
