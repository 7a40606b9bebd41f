//! The place of the ledger: a file, or a schema of a PostgreSQL server.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use runcomfy_ledger::{Address, Ledger, default_path};

use crate::args::Global;
use crate::config::{Config, LEDGER_VARIABLE, Sourced};
use crate::failure::Result;

/// The place of the ledger. It is shown without its password.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    File(PathBuf),
    Server(Box<Address>),
}

impl Place {
    /// Returns the place by the option, its variable, the configuration, or else that of this user.
    pub(crate) fn chosen(global: &Global, config: &Config) -> Result<Self> {
        match Self::named(global, config)? {
            Some(place) => Ok(place.value),
            None => Ok(Self::File(default_path()?)),
        }
    }

    /// Returns the place that somebody named, with the source of the name.
    pub(crate) fn named(global: &Global, config: &Config) -> Result<Option<Sourced<Self>>> {
        let by_option = global.ledger.as_ref().map(|text| {
            let is_variable = std::env::var_os(LEDGER_VARIABLE).as_ref() == Some(text);
            (text.clone(), if is_variable { LEDGER_VARIABLE } else { "--ledger" }.to_owned())
        });
        let by_file = config.file.ledger.as_ref();
        let by_file = by_file.map(|text| (text.into(), config.path.display().to_string()));
        let Some((text, source)) = by_option.or(by_file) else { return Ok(None) };
        Ok(Some(Sourced { value: Self::read(text)?, source }))
    }

    /// Reads a path, or the address of a server.
    pub(crate) fn read(text: OsString) -> Result<Self> {
        match text.to_str().filter(|text| is_address(text)) {
            Some(address) => Ok(Self::Server(Box::new(address.parse()?))),
            None => Ok(Self::File(text.into())),
        }
    }

    /// Opens the ledger.
    pub(crate) async fn open(&self) -> Result<Ledger> {
        Ok(match self {
            Self::File(path) => Ledger::open(path).await?,
            Self::Server(address) => Ledger::connect(address).await?,
        })
    }
}

/// Returns `true` for the address of a server. Anything else is a path.
fn is_address(text: &str) -> bool {
    let text = text.trim_start();
    ["postgres:", "postgresql:"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}
