//! Finds the token in the environment, where RunComfy's own tools keep it.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::lenient_json;
use super::token::Secret;
use super::{TOKEN_VARIABLE, TOKEN_VARIABLES};

/// Maximum size of the token file.
const MAX_BYTES: u64 = 64 * 1024;

/// Returns the token in the first variable that is set, or else the one in the token file of
/// RunComfy's own command line, which is `runcomfy/token.json` in `config`.
pub(super) fn find(
    variable: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    config: Option<PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    for name in TOKEN_VARIABLES {
        if let Some(token) = variable(name)? {
            return Ok(Some(Secret(token)));
        }
    }
    config.map_or(Ok(None), |config| read(&config.join("runcomfy").join("token.json")))
}

/// Returns the folder of the user's configuration.
pub(super) fn config_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = std::env::home_dir().filter(|home| home.as_os_str() != OsString::new());
    folder.filter(|folder| folder.is_absolute()).or_else(|| Some(home?.join(".config")))
}

fn read(path: &Path) -> Result<Option<Secret>, ConfigError> {
    let text = match std::fs::metadata(path) {
        Ok(file) if !file.is_file() || file.len() > MAX_BYTES => {
            return Err(unusable(path, format!("must be a file of at most {MAX_BYTES} bytes")));
        }
        Ok(_) => std::fs::read(path),
        Err(error) => Err(error),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unusable(path, format!("cannot be read: {error}"))),
    };
    let json = lenient_json::parse(&text).ok();
    let token = json.as_ref().and_then(|json| json.get("access_token")?.as_str());
    match token {
        Some(token) if !token.trim().is_empty() => Ok(Some(Secret(token.to_owned()))),
        _ => Err(unusable(path, "must be JSON with the string `access_token`".to_owned())),
    }
}

fn unusable(path: &Path, reason: String) -> ConfigError {
    let reason =
        format!("{reason}; sign in again with the official command line, or set {TOKEN_VARIABLE}");
    ConfigError::TokenFile { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], config: &Path) -> Result<Option<String>, ConfigError> {
        let variable = |name: &'static str| {
            let set = variables.iter().find(|(set, _)| *set == name);
            Ok(set.map(|(_, value)| (*value).to_owned()))
        };
        Ok(find(variable, Some(config.to_owned()))?.map(|Secret(token)| token))
    }

    /// Field case F20.
    #[test]
    fn a_token_is_found_wherever_official_tools_look() {
        let config = tempfile::tempdir().expect("there is room");
        let none = found(&[], config.path());
        assert!(matches!(none, Ok(None)), "{none:?}");
        std::fs::create_dir(config.path().join("runcomfy")).expect("there is room");
        let file = config.path().join("runcomfy/token.json");
        std::fs::write(&file, "\u{feff}{\"access_token\": \"from-file\"}").expect("there is room");
        let variables = [
            ("RUNCOMFY_TOKEN", "first"),
            ("RUNCOMFY_API_TOKEN", "second"),
            ("RUNCOMFY_API_KEY", "third"),
        ];
        for (skipped, expected) in ["first", "second", "third", "from-file"].iter().enumerate() {
            let token = found(&variables[skipped..], config.path()).expect("there is one");
            assert_eq!(token.as_deref(), Some(*expected));
        }
        for wrong in ["", "token", "{}", r#"{"access_token": ""}"#, r#"{"access_token": 7}"#] {
            std::fs::write(&file, wrong).expect("there is room");
            let error = found(&[], config.path()).expect_err("there is none").to_string();
            assert!(error.contains("token.json") && error.contains("RUNCOMFY_TOKEN"), "{error}");
            assert!(found(&variables, config.path()).is_ok(), "the file is not read");
        }
    }

    #[test]
    fn an_error_of_the_token_file_shows_nothing_of_it() {
        let config = tempfile::tempdir().expect("there is room");
        std::fs::create_dir(config.path().join("runcomfy")).expect("there is room");
        let file = config.path().join("runcomfy/token.json");
        std::fs::write(&file, r#"{"token": "hush-hush""#).expect("there is room");
        let error = found(&[], config.path()).expect_err("it is unusable");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}
