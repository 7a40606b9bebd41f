//! Integration tests of the ledger, in one binary.

mod batch_kills;
mod batches;
mod jobs;
mod kills;
mod money;
mod opening;
mod place;
mod plain_loop;
mod power;
mod processes;
mod scale;
mod schema;
mod support;
