//! What guards the workspace as a whole, in one binary.

mod conformance;
mod diagnostics;
mod end_to_end;
mod fixtures;
mod fixups;
mod from_json;
mod fuzz;
mod hostile;
mod judged;
mod media_facts;
mod media_files;
mod must_not_compile;
mod preflight;
mod preflight_hosts;
mod regenerating;
mod round_trip;
mod schema_changes;
mod schema_mutations;
mod support;
mod sync;
mod tidy;
mod twin;
mod waiting;
