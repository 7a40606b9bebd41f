//! What guards the workspace as a whole, in one binary.

mod blocking;
mod diagnostics;
mod downloading;
mod end_to_end;
mod fixtures;
mod fixups;
mod from_json;
mod fuzz;
mod hostile;
mod jobs;
mod ledger;
mod must_not_compile;
mod regenerating;
mod retrying;
mod scripted;
mod secrets;
mod support;
mod sync;
mod tidy;
mod waiting;
