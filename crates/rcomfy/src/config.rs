//! Settings and the token, each with the source that won.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use etcetera::{BaseStrategy, choose_base_strategy};
use runcomfy_ledger::{Limits, Usd};
use serde::Deserialize;

use crate::failure::{Failure, Kind, Result};
use crate::style::escaped_lines;

/// The environment variables that may hold the token, in the order in which they are read.
const TOKEN_VARIABLES: [&str; 3] = ["RUNCOMFY_TOKEN", "RUNCOMFY_API_TOKEN", "RUNCOMFY_API_KEY"];
/// The environment variable of another API, such as a simulator.
pub(crate) const API_VARIABLE: &str = "RUNCOMFY_MODEL_API_BASE";
/// The environment variable of the ledger.
pub(crate) const LEDGER_VARIABLE: &str = "RCOMFY_LEDGER";
/// The base URL of RunComfy's API.
const API_BASE: &str = "https://model-api.runcomfy.net/v1";
/// The most bytes of a configuration or token file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// A command whose first line of output is the token, as a list of words.
    pub token_command: Option<Vec<String>>,
    /// The base URL of the API, with its version.
    pub api_base: Option<String>,
    /// The ledger: a path, or the address of a server, which may have a password.
    pub ledger: Option<String>,
    /// Template of the paths of saved outputs.
    pub output: Option<String>,
    /// The most US dollars that all jobs of a day may cost.
    pub budget_per_day: Option<f64>,
    /// The most US dollars that one job may cost.
    pub max_cost_per_job: Option<f64>,
    /// The US dollars above which a job needs the consent of the person at the terminal.
    pub ask_above: Option<f64>,
}

/// A value and its source, such as an environment variable.
#[derive(Debug, Clone)]
pub(crate) struct Sourced<T> {
    pub value: T,
    pub source: String,
}

/// The configuration of this user.
#[derive(Debug)]
pub(crate) struct Config {
    /// The configuration file's path.
    pub path: PathBuf,
    pub file: File,
    folder: PathBuf,
    cache: PathBuf,
    official_token: PathBuf,
}

/// The official tool's token file.
#[derive(Deserialize)]
struct OfficialToken {
    access_token: Option<String>,
}

/// Returns the failure of a configuration file that cannot be read, with its place drawn.
fn unreadable(path: &Path, error: &toml::de::Error) -> Failure {
    let message = format!("{}: {}", path.display(), error.message());
    let mut failure = Failure::usage(message).fix(
        "correct the file; its keys are token_command, api_base, ledger, output, budget_per_day, \
         max_cost_per_job and ask_above",
    );
    let drawing = error.to_string();
    let lines: Vec<&str> = drawing.lines().filter(|line| line.contains('|')).collect();
    failure.drawing = (!lines.is_empty()).then(|| escaped_lines(&lines.join("\n")));
    failure
}

impl Config {
    /// Reads the configuration file, if there is one.
    pub(crate) fn read() -> Result<Self> {
        let base = choose_base_strategy().map_err(|error| {
            Failure::new(Kind::Internal, format!("no home folder: {error}"))
                .fix("set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME")
        })?;
        let folder = base.config_dir().join("rcomfy");
        let path = folder.join("config.toml");
        let file = match read_limited(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| unreadable(&path, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(Failure::io(&format!("read {}", path.display()), error)),
        };
        // The official tool keeps its token there on every platform.
        let official_token = base.home_dir().join(".config/runcomfy/token.json");
        let cache = base.cache_dir().join("rcomfy");
        Ok(Self { path, file, folder, cache, official_token })
    }

    /// Returns the path of the token that `rcomfy login` saves.
    pub(crate) fn token_path(&self) -> PathBuf {
        self.folder.join("token")
    }

    /// Returns the base URL of the API, if it is not RunComfy's.
    pub(crate) fn api_base(&self) -> Option<Sourced<String>> {
        let from_variable = variable(API_VARIABLE);
        from_variable.or_else(|| {
            let value = self.file.api_base.clone()?;
            Some(Sourced { value, source: self.path.display().to_string() })
        })
    }

    /// Returns the cost above which a person is asked.
    pub(crate) fn ask_above(&self) -> Result<Option<Usd>> {
        self.file.ask_above.map(|dollars| usd("ask_above", dollars)).transpose()
    }

    /// Returns the limits on money.
    pub(crate) fn limits(&self) -> Result<Limits> {
        let mut limits = Limits::default();
        if let Some(budget) = self.file.budget_per_day {
            limits = limits.with_budget_per_day(usd("budget_per_day", budget)?);
        }
        if let Some(max) = self.file.max_cost_per_job {
            limits = limits.with_max_cost_per_job(usd("max_cost_per_job", max)?);
        }
        Ok(limits)
    }

    /// Returns the base URL of the API: RunComfy's, unless another is configured.
    pub(crate) fn api(&self) -> String {
        self.api_base().map_or_else(|| API_BASE.to_owned(), |base| base.value)
    }

    /// Returns the path of the cached catalog. Each API has its own: a simulator has other models.
    pub(crate) fn catalog_path(&self) -> PathBuf {
        let api = self.api();
        let host = api.split_once("://").map_or(api.as_str(), |(_, rest)| rest);
        let name: String = host
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .collect();
        self.cache.join(format!("catalog-{name}.jsonl"))
    }

    /// Returns the token, or `None` if no source has one.
    pub(crate) fn token(&self) -> Result<Option<Sourced<String>>> {
        if let Some(found) = TOKEN_VARIABLES.into_iter().find_map(variable) {
            return Ok(Some(found));
        }
        if let Some(words) = &self.file.token_command {
            return run_token_command(words).map(Some);
        }
        if let Some(found) = saved_token(&self.token_path(), |text| Some(text.to_owned()))? {
            return Ok(Some(found));
        }
        saved_token(&self.official_token, |text| {
            serde_json::from_str::<OfficialToken>(text).ok()?.access_token
        })
    }

    /// Returns the token, or the failure that says how to get one.
    pub(crate) fn required_token(&self) -> Result<String> {
        let found = self.token()?;
        found.map(|found| found.value).ok_or_else(|| {
            Failure::new(Kind::Authentication, "no token")
                .fix("run `rcomfy login`, or set RUNCOMFY_TOKEN; `--simulate` needs none")
        })
    }
}

fn usd(name: &str, dollars: f64) -> Result<Usd> {
    Usd::from_dollars(dollars).map_err(|error| {
        Failure::usage(format!("{name}: {error}"))
            .fix("correct it in the configuration file, which `rcomfy config` names")
    })
}

/// Returns the value of an environment variable that is set and not empty.
fn variable(name: &str) -> Option<Sourced<String>> {
    let value = std::env::var(name).ok().filter(|value| !value.trim().is_empty())?;
    Some(Sourced { value: value.trim().to_owned(), source: name.to_owned() })
}

fn run_token_command(words: &[String]) -> Result<Sourced<String>> {
    let shown = words.join(" ");
    let failed = |problem: String| {
        Failure::new(Kind::Authentication, format!("token_command `{shown}` {problem}"))
            .fix("correct `token_command` in the configuration file, which `rcomfy config` names")
    };
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("is an empty list".to_owned()));
    };
    let output =
        Command::new(program).args(arguments).stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next().map(str::trim) {
        Some(token) if !token.is_empty() => {
            Ok(Sourced { value: token.to_owned(), source: format!("token_command `{shown}`") })
        }
        _ => Err(failed("printed nothing".to_owned())),
    }
}

/// Reads a token from a file, if it exists and holds one.
fn saved_token(path: &Path, token: fn(&str) -> Option<String>) -> Result<Option<Sourced<String>>> {
    let text = match read_limited(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(&format!("read {}", path.display()), error)),
    };
    let token = token(&text).map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
    Ok(token.map(|value| Sourced { value, source: path.display().to_string() }))
}

fn read_limited(path: &Path) -> io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("{length} bytes are too many for this file")));
    }
    std::fs::read_to_string(path)
}
