//! `rcomfy check`: everything that can be known about an input without paying.

use clap::ArgMatches;
use serde_json::json;

use super::run::{checked, measure};
use crate::args::{CheckArgs, Global};
use crate::failure::Result;
use crate::input;
use crate::input::references::Lookup;
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::style::GOOD;

/// Checks an input.
pub(crate) async fn run(
    args: &CheckArgs,
    matches: &ArgMatches,
    global: &Global,
    output: Output,
) -> Result<Reply> {
    let is_live = !args.offline && args.simulate.simulate.is_none();
    let lookup = if is_live { Lookup::RunComfy } else { Lookup::Ledger };
    let input = input::read(&args.input, matches, global, output, lookup).await?;
    let valid = checked(&input)?;
    let id = input.model.info.id;
    let data = json!({"model": id, "measured": !args.offline});
    if args.offline {
        let text = format!("{GOOD}ok{GOOD:#}: keeps every rule of {id} that needs no measuring");
        return Ok(Reply::new(data, text));
    }
    let backend = match args.simulate.simulate {
        Some(trouble) => Backend::Simulator(input.model, trouble),
        None => Backend::Measuring,
    };
    let session = Session::open(global, output, backend).await?;
    measure(&session, &input, &valid).await?;
    Ok(Reply::new(data, format!("{GOOD}ok{GOOD:#}: keeps every rule of {id}; nothing was sent")))
}
