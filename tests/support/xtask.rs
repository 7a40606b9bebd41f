//! `cargo xtask` as a binary of this package: cargo builds it before the tests run.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
