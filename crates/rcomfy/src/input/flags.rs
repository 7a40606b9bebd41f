//! The flags of a model: one for each property of its input, made from its table.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use runcomfy::codegen_support::escape_control;
use runcomfy::codegen_support::schema::{Field, Shape, ValueSchema};

use crate::model::bounds;
use crate::model::find::{KnownModel, choices};
use crate::style::escaped;

/// The heading of a model's flags in help.
const HEADING: &str = "Input of the model";
/// Start of the id of a model's flag among the arguments of the command.
const ID: &str = "input:";

/// Returns the flag of a property, such as `image-url` for `image_url`.
pub(crate) fn name(property: &str) -> String {
    property.trim_start_matches('-').replace(['_', ' '], "-")
}

/// Adds the flags of a model to a command that takes its input. A property that shares its name
/// with an option of the command, or whose name is no word at a prompt, is set with `--set`.
pub(crate) fn add(command: Command, model: KnownModel) -> Command {
    let taken: Vec<String> = command
        .get_arguments()
        .flat_map(|arg| arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default()))
        .map(str::to_owned)
        .collect();
    let mut names = taken;
    let mut command = command;
    for field in model.fields() {
        let flag = name(field.name);
        if names.contains(&flag) || !is_word(&flag) {
            continue;
        }
        names.push(flag.clone());
        let mut arg = argument(field, &flag);
        if flag != field.name && !names.contains(&field.name.to_owned()) && is_word(field.name) {
            names.push(field.name.to_owned());
            arg = arg.alias(field.name);
        }
        command = command.arg(arg);
    }
    command
}

/// Returns `true` if a name can be typed as a flag, and shown as it is.
fn is_word(name: &str) -> bool {
    let is_shown = matches!(escape_control(name), Cow::Borrowed(_));
    is_shown && !name.is_empty() && !name.contains(|c: char| c == '=' || c.is_whitespace())
}

fn argument(field: &Field, flag: &str) -> Arg {
    let arg = Arg::new(format!("{ID}{}", field.name))
        .long(flag.to_owned())
        .help(help(field))
        .help_heading(HEADING)
        .value_parser(Hinted(hints(&field.schema)))
        .hide_possible_values(true)
        .allow_hyphen_values(true);
    match plain(&field.schema).shape {
        Shape::Boolean => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .action(ArgAction::Append),
        Shape::List(_) => arg.value_name(value_name(&field.schema)).action(ArgAction::Append),
        _ => arg.value_name(value_name(&field.schema)).action(ArgAction::Append),
    }
}

/// Returns the schema without `null`.
pub(crate) fn plain(schema: &ValueSchema) -> &ValueSchema {
    match schema.shape {
        Shape::Nullable(inner) => plain(inner),
        _ => schema,
    }
}

fn value_name(schema: &ValueSchema) -> &'static str {
    match plain(schema).shape {
        Shape::Integer => "INTEGER",
        Shape::Number => "NUMBER",
        Shape::Text if !choices(schema.rules).is_empty() => "CHOICE",
        Shape::Text => "TEXT",
        Shape::Media(_) => "FILE|URL",
        Shape::List(items) if matches!(plain(items).shape, Shape::Media(_)) => "FILE|URL",
        Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "JSON",
        _ => "VALUE",
    }
}

/// Returns the help of a flag: title, type, bounds, default, and whether it is required.
fn help(field: &Field) -> String {
    let mut parts = Vec::new();
    if let Some(title) = field.title.filter(|title| !title.is_empty()) {
        parts.push(format!("{}:", escaped(title)));
    }
    parts.push(bounds::kind(&field.schema));
    let bounds = bounds::bounds(&field.schema);
    if !bounds.is_empty() {
        parts.push(format!("({bounds})"));
    }
    let default = bounds::default(field);
    if field.required {
        parts.push("[required]".to_owned());
    } else if !default.is_empty() {
        parts.push(format!("[default: {default}]"));
    }
    parts.join(" ")
}

fn hints(schema: &ValueSchema) -> Vec<String> {
    let plain = plain(schema);
    match plain.shape {
        Shape::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Shape::List(items) => choices(items.rules),
        _ => [choices(schema.rules), choices(plain.rules)].concat(),
    }
}

/// A parser that takes any text, and completes to the choices: the check of the table reports a
/// wrong one, in the schema's own words.
#[derive(Debug, Clone)]
struct Hinted(Vec<String>);

impl TypedValueParser for Hinted {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        (!self.0.is_empty()).then(|| -> Box<dyn Iterator<Item = PossibleValue>> {
            Box::new(self.0.iter().map(PossibleValue::new))
        })
    }
}

/// Returns the values of a model's flags, in the order of the table.
pub(crate) fn values(
    matches: &ArgMatches,
    model: KnownModel,
) -> Vec<(&'static Field, Vec<String>)> {
    let given = model.info.fields.iter().filter_map(|field| {
        let id = format!("{ID}{}", field.name);
        let values = matches.try_get_many::<String>(&id).ok().flatten()?;
        Some((field, values.cloned().collect()))
    });
    given.collect()
}

/// Rewrites flags with a path, `--loras.0.path x`, as `--set loras.0.path=x`.
pub(crate) fn rewrite_paths(args: Vec<OsString>, model: KnownModel) -> Vec<OsString> {
    let mut rewritten = Vec::with_capacity(args.len());
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let Some((path, value)) = arg.to_str().and_then(|text| path_flag(text, model)) else {
            rewritten.push(arg);
            continue;
        };
        let value = value.or_else(|| args.next()?.into_string().ok()).unwrap_or_default();
        rewritten.push("--set".into());
        rewritten.push(format!("{path}={value}").into());
    }
    rewritten
}

/// Returns the path of a flag into a property of the model, and its value after `=`.
fn path_flag(text: &str, model: KnownModel) -> Option<(String, Option<String>)> {
    let flag = text.strip_prefix("--")?;
    let (path, value) = match flag.split_once('=') {
        Some((path, value)) => (path, Some(value.to_owned())),
        None => (flag, None),
    };
    let (first, rest) = path.split_once('.')?;
    let field =
        model.info.fields.iter().find(|field| field.name == first || name(field.name) == first)?;
    Some((format!("{}.{rest}", field.name), value))
}
