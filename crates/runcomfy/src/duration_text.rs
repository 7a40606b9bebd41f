//! Shows a duration to people, in the unit in which they gave it.

use std::fmt;
use std::time::Duration;

/// A duration that `Display` shows as `500 ms` below a second, as `1.5 s` below a minute, and in
/// whole seconds from there.
pub(crate) struct DurationText(pub Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, tenths) = (self.0.as_secs(), self.0.subsec_millis() / 100);
        match (seconds, tenths) {
            (0, _) => write!(f, "{} ms", self.0.as_millis()),
            (60.., _) | (_, 0) => write!(f, "{seconds} s"),
            _ => write!(f, "{seconds}.{tenths} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_unit() {
        let cases = [
            (0, "0 ms"),
            (500, "500 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1039, "1 s"),
            (1500, "1.5 s"),
            (59_999, "59.9 s"),
            (60_000, "60 s"),
            (1_800_400, "1800 s"),
        ];
        for (millis, shown) in cases {
            assert_eq!(DurationText(Duration::from_millis(millis)).to_string(), shown);
        }
    }
}
