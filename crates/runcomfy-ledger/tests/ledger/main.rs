//! Integration tests of the ledger, in one binary.

mod jobs;
mod money;
mod opening;
mod support;
