//! A minute of `rcomfy` against the simulator, for the demo.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The command lines, and the exit code that each has to have.
const COMMANDS: [(&str, i32); 9] = [
    ("models kling text to video", 0),
    ("check flux-2-klein/4b --prompt boat --width 9000", 3),
    ("run seedance-2.5/text-to-video/480p --prompt boat --output boats", 0),
    ("run seedance-2.5/text-to-video/480p --prompt boat", 12),
    ("run flux-2-klein/4b --prompt boat --output boats", 0),
    (
        "run flux-3/image-to-video/draft --prompt drift --image-url @job:sim-000002 --output boats",
        0,
    ),
    ("run flux-2-klein/4b --prompt boat --simulate=lost-reply", 10),
    ("jobs", 0),
    ("spend", 0),
];

/// Runs the commands in a folder of their own, with a ledger of their own.
pub(crate) fn demo(binary: &Path) -> Result<ExitCode> {
    println!("\n5. The same at a prompt, with rcomfy, a ledger of its own and a simulator");
    let home = std::env::temp_dir().join(format!("rcomfy-demo-{}", std::process::id()));
    std::fs::create_dir_all(&home).context("creating a folder")?;
    let mut simulator = rcomfy(binary, &home)
        .args(["simulate", "--port", "0", "--events"])
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the simulator")?;
    let shown = show(&mut simulator, binary, &home);
    // It may have ended.
    let _ = simulator.kill();
    simulator.wait().context("ending the simulator")?;
    std::fs::remove_dir_all(&home).context("removing the folder")?;
    shown.map(|()| ExitCode::SUCCESS)
}

fn show(simulator: &mut Child, binary: &Path, home: &Path) -> Result<()> {
    let stdout = simulator.stdout.take().context("the simulator prints nothing")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).context("reading the simulator's address")?;
    let event: Value = serde_json::from_str(&line).context("reading the simulator's address")?;
    let base = event["api_base"].as_str().context("the simulator does not listen")?;
    for (line, code) in COMMANDS {
        println!("\n$ rcomfy {line}");
        let status = rcomfy(binary, home)
            .args(line.split(' '))
            .env("RUNCOMFY_MODEL_API_BASE", base)
            .env("RUNCOMFY_TOKEN", "any-token-will-do")
            .status()
            .context("starting rcomfy")?;
        ensure!(status.code() == Some(code), "rcomfy {line} ended with {status}, not {code}");
        if code != 0 {
            println!("[exit code {code}]");
        }
    }
    Ok(())
}

/// Returns the binary in a home of its own.
fn rcomfy(binary: &Path, home: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(home).env("HOME", home);
    for (name, folder) in
        [("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config")]
    {
        command.env(name, home.join(folder));
    }
    command
}
