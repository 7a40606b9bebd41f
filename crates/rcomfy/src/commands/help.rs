//! `rcomfy help`: the help of a command, or the whole command line as data.

use clap::Command;
use serde_json::{Value, json};

use crate::args;
use crate::failure::{Failure, Kind, Result};
use crate::output::{Format, Output, Reply};

/// Shows the help of a command.
pub(crate) fn run(words: &[String], output: Output) -> Result<Reply> {
    let mut root = args::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        let name = command.get_name().to_owned();
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Failure::usage(format!("`{name}` has no command `{word}`"))
                .fix("`rcomfy help` lists the commands")
        })?;
    }
    let data = if output.format == Format::Human { Value::Null } else { tree(command) };
    Ok(Reply::new(data, command.render_long_help().ansi().to_string().trim_end()))
}

/// Returns a command with its arguments and its commands.
fn tree(command: &Command) -> Value {
    let arguments: Vec<Value> =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).map(argument).collect();
    let commands: Vec<Value> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(tree).collect();
    let mut tree = json!({
        "name": command.get_name(),
        "about": command.get_about().map(ToString::to_string),
        "arguments": arguments,
        "commands": commands,
    });
    if command.get_name() == "rcomfy" {
        tree["exit_codes"] = Kind::ALL
            .iter()
            .map(|kind| json!({"exit_code": kind.exit_code(), "code": kind.code(), "meaning": kind.meaning()}))
            .collect();
    }
    tree
}

fn argument(arg: &clap::Arg) -> Value {
    json!({
        "name": arg.get_id().as_str(),
        "long": arg.get_long(),
        "short": arg.get_short(),
        "help": arg.get_help().map(ToString::to_string),
        "required": arg.is_required_set(),
        "takes_value": arg.get_action().takes_values(),
        "choices": arg.get_possible_values().iter().map(|value| value.get_name()).collect::<Vec<_>>(),
    })
}
