//! CPU time to build a client, and to start a program that has one, beside one client of reqwest.

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use runcomfy::Client;

use crate::polls::cpu_time;
use crate::{Outcome, TOKEN};

/// Maximum CPU time of a client, and of a program that builds one and ends, as a multiple of that
/// with reqwest's.
const MAX_RATIO: f64 = 1.1;
const ROUNDS: usize = 30;
const STARTS: u32 = 100;
/// A tick of the CPU time in `/proc`.
const TICK: Duration = Duration::from_millis(10);

fn ours() -> Outcome<Client> {
    Ok(Client::builder().token(TOKEN).build()?)
}

fn theirs() -> Outcome<reqwest::Client> {
    Ok(reqwest::Client::builder().build()?)
}

/// Builds one client. This is the program whose start is measured.
pub(crate) fn start(which: &str) -> Outcome<()> {
    match which {
        "ours" => drop(black_box(ours()?)),
        "reqwest" => drop(black_box(theirs()?)),
        _ => {}
    }
    Ok(())
}

/// Builds both in turns, and starts programs that build one.
pub(crate) fn building() -> Outcome<()> {
    let mut least = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        let begin = cpu_time();
        black_box(ours()?);
        let between = cpu_time();
        black_box(theirs()?);
        least[0] = least[0].min(between - begin);
        least[1] = least[1].min(cpu_time() - between);
    }
    let ratio = least[0].as_secs_f64() / least[1].as_secs_f64();
    println!("a client: {:.2?} of CPU time, {:.2?} by reqwest: {ratio:.2}", least[0], least[1]);
    let [nothing, ours, theirs] =
        ["nothing", "ours", "reqwest"].map(|which| cpu_of_start(which).unwrap_or(Duration::MAX));
    println!("a program that builds it: {ours:.1?}, reqwest's {theirs:.1?}, none {nothing:.1?}");
    match () {
        () if ratio > MAX_RATIO => Err(format!("more than {MAX_RATIO}").into()),
        () if ours > theirs.mul_f64(MAX_RATIO) => Err("a program starts too late".into()),
        () => Ok(()),
    }
}

/// Returns the mean CPU time of a program.
fn cpu_of_start(which: &str) -> Outcome<Duration> {
    let before = cpu_of_children()?;
    for _ in 0..STARTS {
        let status = Command::new(std::env::current_exe()?).args(["start", which]).status()?;
        if !status.success() {
            return Err("it failed".into());
        }
    }
    Ok((cpu_of_children()? - before) / STARTS)
}

/// Returns the CPU time of all children that ended.
fn cpu_of_children() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The fields 16 and 17; the name of the program, which may hold spaces, is the second.
    let (_, rest) = stat.rsplit_once(')').ok_or("no name")?;
    let ticks: u32 =
        rest.split_whitespace().skip(13).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}
