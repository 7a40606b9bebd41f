//! The tests of the ledger on PostgreSQL: the same as on SQLite, and those of several machines.
//! They need a server, which `.ci/postgres` starts:
//!
//! ```sh
//! .ci/postgres cargo test -p runcomfy-ledger --features postgres --test postgres
//! ```

#[path = "../ledger/adding.rs"]
mod adding;
#[path = "../ledger/batch_kills.rs"]
mod batch_kills;
#[path = "../ledger/batches.rs"]
mod batches;
#[path = "../ledger/growth.rs"]
mod growth;
#[path = "../ledger/jobs.rs"]
mod jobs;
#[path = "../ledger/kills.rs"]
mod kills;
#[path = "../ledger/money.rs"]
mod money;
#[path = "../ledger/moving.rs"]
mod moving;
#[path = "../ledger/processes.rs"]
mod processes;
#[path = "../ledger/schema.rs"]
mod schema;
#[path = "../ledger/support.rs"]
mod support;
#[path = "../ledger/workers.rs"]
mod workers;

mod again;
mod conflicts;
mod connections;
mod fleet;
mod machines;
mod place;
mod pooler;
mod proxy;
mod races;
mod rights;
