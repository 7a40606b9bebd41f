//! `rcomfy`: RunComfy's hosted models at a prompt.

use std::process::ExitCode;

fn main() -> ExitCode {
    rcomfy::run(std::env::args_os().collect())
}
