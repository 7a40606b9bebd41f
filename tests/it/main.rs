//! Integration tests of the workspace, in one binary.

mod any_input;
mod asked_delays;
mod blocking;
mod compiled_oracle;
mod compressed;
mod conformance;
mod delivering;
mod diagnostics;
mod differential;
mod downloading;
mod end_to_end;
mod fixtures;
mod fixups;
mod from_json;
mod fuzz;
mod guide;
mod hostile;
mod http2;
mod invented_schemas;
mod jobs;
mod ledger;
mod limits;
mod media_facts;
mod media_files;
mod media_verdicts;
mod odd_replies;
mod one_pass;
mod packaging;
mod preflight;
mod preflight_hosts;
mod promises;
mod regenerating;
mod remembering;
mod retrying;
mod round_trip;
mod runtime_models;
mod schema_changes;
mod schema_mutations;
mod scripted;
mod secrets;
#[cfg(target_os = "linux")]
mod sockets;
mod support;
mod sync;
mod terminal;
mod tidy;
mod timeouts;
mod ui;
mod waiting;
#[cfg(target_os = "linux")]
mod work;
#[cfg(target_os = "linux")]
mod work_schemas;
