//! Times as options take them.

use std::time::Duration;

/// Reads a time, such as `90s`, `10m` or `2days`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write a time such as `90s`, `10m` or `2days`"))
}
