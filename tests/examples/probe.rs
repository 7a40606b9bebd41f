//! Prints what the client measures of files, one JSON object a line. `tests/media/judge.py`
//! compares it with independent tools. Reads paths from the arguments, or else from stdin.

use std::io::{BufRead, Write};

use runcomfy::measure::Probe;
use serde_json::json;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut stdout = std::io::stdout().lock();
    if arguments.is_empty() {
        for path in std::io::stdin().lock().lines() {
            measure(&path?, &mut stdout)?;
        }
    }
    for path in arguments {
        measure(&path, &mut stdout)?;
    }
    Ok(())
}

fn measure(path: &str, out: &mut impl Write) -> std::io::Result<()> {
    let result = Probe::whole(&std::fs::read(path)?).partial();
    let info = result.info;
    let line = json!({
        "path": path,
        "format": info.format.map(|format| format.content_type()),
        "kind": info.kind.map(|kind| format!("{kind:?}").to_lowercase()),
        "width": info.width,
        "height": info.height,
        "seconds": info.duration.map(|duration| duration.as_secs_f64()),
        "problem": result.problem,
    });
    writeln!(out, "{line}")?;
    out.flush()
}
