//! `rcomfy completions` and `rcomfy man`: made from the command line itself.

use std::path::Path;

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use serde_json::json;

use crate::args::{self, Shell};
use crate::failure::{Failure, Result};
use crate::output::Reply;
use crate::style::count;

/// Returns the script that a shell sources.
pub(crate) fn script(shell: Shell) -> Result<Reply> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut script = Vec::new();
    completer
        .write_registration("COMPLETE", "rcomfy", "rcomfy", "rcomfy", &mut script)
        .map_err(|error| Failure::io("write the script", error))?;
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Reply::new(json!({"script": script}), script.trim_end()))
}

/// Writes a man page for each command.
pub(crate) fn man(folder: &Path) -> Result<Reply> {
    let shown = folder.display().to_string();
    let failed = |error: std::io::Error| Failure::io(&format!("write man pages to {shown}"), error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(args::command(), folder).map_err(failed)?;
    let pages = count_pages(&args::command());
    Ok(Reply::new(
        json!({"folder": shown, "pages": pages}),
        format!("Wrote {} to {shown}", count(pages, "page")),
    ))
}

/// Returns the number of pages: one for the command, and one for each below it.
fn count_pages(command: &clap::Command) -> usize {
    command.get_subcommands().map(count_pages).sum::<usize>() + 1
}
