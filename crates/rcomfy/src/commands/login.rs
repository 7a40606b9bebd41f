//! `rcomfy login` and `rcomfy logout`: the saved token.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use crate::config::Config;
use crate::failure::{Failure, Result};
use crate::output::{Output, Reply};

/// The most characters of a token.
const MAX_TOKEN: usize = 4096;

/// Asks for a token, without showing it, and saves it for this user alone.
pub(crate) fn login(output: Output) -> Result<Reply> {
    let config = Config::read()?;
    let token = if io::stdin().is_terminal() {
        output.note("Paste the token from your RunComfy account. It is not shown.");
        rpassword::prompt_password("Token: ")
            .map_err(|error| Failure::io("read the token", error))?
    } else {
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| Failure::io("read stdin", error))?;
        line
    };
    let token = token.trim();
    let is_token =
        (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if !is_token {
        return Err(Failure::usage("that is no token: it must be printable ASCII without blanks")
            .fix("copy it from your account at RunComfy, and run `rcomfy login` again"));
    }
    let path = config.token_path();
    save(&path, token).map_err(|error| Failure::io(&format!("write {}", path.display()), error))?;
    let shown = path.display().to_string();
    Ok(Reply::new(json!({"saved": shown}), format!("Saved to {shown}")))
}

/// Removes the saved token.
pub(crate) fn logout() -> Result<Reply> {
    let path = Config::read()?.token_path();
    let shown = path.display().to_string();
    match fs::remove_file(&path) {
        Ok(()) => Ok(Reply::new(json!({"removed": shown}), format!("Removed {shown}"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Reply::new(json!({"removed": null}), "No token was saved."))
        }
        Err(error) => Err(Failure::io(&format!("remove {shown}"), error)),
    }
}

/// Writes a file that only this user can read, in one step.
fn save(path: &Path, token: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{token}")?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
