//! The program, run as a user would.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// A running program. Dropping it kills the process.
pub(crate) struct Program {
    child: Child,
    origin: String,
}

impl Program {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-simulator"));
        command.arg("--schemas").arg(folder).args(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let origin = lines
            .map(|line| line.expect("text"))
            .find_map(|line| {
                let url = line.split(' ').find(|word| word.starts_with("http://"))?;
                Some(url.trim_end_matches("/v1").to_owned())
            })
            .expect("an address");
        Self { child, origin }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn api_base(&self) -> String {
        format!("{}/v1", self.origin)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process and returns what it wrote to stderr.
    pub(crate) fn stop(mut self) -> String {
        let _ = self.child.kill();
        let stderr: ChildStderr = self.child.stderr.take().expect("an output");
        let mut text = String::new();
        BufReader::new(stderr).read_to_string(&mut text).expect("text");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
