//! `cargo xtask` as a program of this package: cargo builds it before the tests, so that no
//! test has to.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
