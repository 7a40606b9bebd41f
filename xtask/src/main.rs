//! `cargo xtask`: the workspace's own commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
