//! What custom rules measure: the one place that knows a metric.
//!
//! To add a metric, add a variant and follow the compiler through this file. One that
//! needs a new fact adds that to [`Facts`], and `client/preflight.rs` measures it.

use std::fmt;

/// What a custom rule of RunComfy's schema dialect measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// `width_pixels`: the width of an image or video.
    WidthPixels,
    /// `height_pixels`: the height of an image or video.
    HeightPixels,
    /// `width/height`: the aspect ratio.
    WidthOverHeight,
    /// `file_size_mb`: the size of the file; 1 MB is 1,000,000 bytes.
    FileSizeMb,
}

/// The strict bound of a custom rule: a value that equals it breaks the rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// The rule ends in `>`.
    Over(f64),
    /// The rule ends in `<`.
    Under(f64),
}

/// What is known of one piece of media. What is not known is `None`, and rules
/// about it are left unchecked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// Size of the file in bytes.
    pub bytes: Option<u64>,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 4] =
        [Self::WidthPixels, Self::HeightPixels, Self::WidthOverHeight, Self::FileSizeMb];

    /// The metric with this name on the wire, such as `width_pixels`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// Its name in words, such as `width`.
    pub fn noun(self) -> &'static str {
        self.words().1
    }

    /// Its unit as written after a number, such as ` px`; empty for a ratio.
    pub fn unit(self) -> &'static str {
        self.words().2
    }

    /// Its name on the wire, its name in words, and its unit.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::WidthPixels => ("width_pixels", "width", " px"),
            Self::HeightPixels => ("height_pixels", "height", " px"),
            Self::WidthOverHeight => ("width/height", "width/height", ""),
            Self::FileSizeMb => ("file_size_mb", "file size", " MB"),
        }
    }

    /// The value of this metric, where the facts that it needs are known.
    pub fn of(self, facts: &Facts) -> Option<f64> {
        match self {
            Self::WidthPixels => facts.width.map(f64::from),
            Self::HeightPixels => facts.height.map(f64::from),
            // Both sides have at most 32 bits, so that the quotient, correctly
            // rounded, is equal to a bound written in decimal only where the
            // ratio is, and never crosses it.
            Self::WidthOverHeight => match (facts.width, facts.height) {
                (Some(width), Some(height)) if height > 0 => {
                    Some(f64::from(width) / f64::from(height))
                }
                _ => None,
            },
            Self::FileSizeMb => facts.bytes.map(|bytes| bytes as f64 / 1e6),
        }
    }

    /// What was measured for this metric, such as `200 × 300 px`: the facts that a
    /// person needs to see why a rule about it is broken.
    pub(crate) fn found(self, facts: &Facts) -> Option<String> {
        match self {
            Self::WidthPixels | Self::HeightPixels | Self::WidthOverHeight => {
                Some(format!("{} × {} px", facts.width?, facts.height?))
            }
            Self::FileSizeMb => Some(format!("{} MB", self.of(facts)?)),
        }
    }
}

impl Limit {
    /// Reads the operator at the end of a custom rule: `width_pixels>` with 300 is
    /// the name `width_pixels` and the limit [`Limit::Over`]`(300.0)`.
    pub fn split(rule: &str, value: f64) -> Option<(&str, Self)> {
        match rule.strip_suffix('>') {
            Some(name) => Some((name, Self::Over(value))),
            None => rule.strip_suffix('<').map(|name| (name, Self::Under(value))),
        }
    }

    /// Whether a measured value keeps within this limit.
    pub fn allows(self, value: f64) -> bool {
        match self {
            Self::Over(bound) => value > bound,
            Self::Under(bound) => value < bound,
        }
    }

    /// The operator as it stands at the end of a rule.
    pub fn operator(self) -> char {
        match self {
            Self::Over(_) => '>',
            Self::Under(_) => '<',
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Over(bound) => write!(f, "over {bound}"),
            Self::Under(bound) => write!(f, "under {bound}"),
        }
    }
}

impl Facts {
    /// Facts of a picture or video of this size in pixels.
    pub fn of_size(width: u32, height: u32) -> Self {
        Self { width: Some(width), height: Some(height), bytes: None }
    }

    /// The same, and the size of the file.
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_found_by_its_name() {
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
        }
        assert_eq!(Metric::from_name("frames"), None);
    }

    #[test]
    fn a_rule_is_split_into_its_metric_and_its_limit() {
        for (rule, name, limit) in [
            ("width_pixels>", "width_pixels", Limit::Over(3.0)),
            ("width/height<", "width/height", Limit::Under(3.0)),
        ] {
            assert_eq!(Limit::split(rule, 3.0), Some((name, limit)));
            assert_eq!(format!("{name}{}", limit.operator()), rule);
        }
        assert_eq!(Limit::split("width_pixels", 3.0), None);
    }

    #[test]
    fn a_value_that_equals_its_bound_breaks_the_rule() {
        let cases = [
            (Metric::WidthPixels, Limit::Over(300.0), Facts::of_size(300, 600), false),
            (Metric::WidthPixels, Limit::Over(300.0), Facts::of_size(301, 600), true),
            (Metric::WidthOverHeight, Limit::Over(0.4), Facts::of_size(400, 1000), false),
            (Metric::WidthOverHeight, Limit::Over(0.4), Facts::of_size(401, 1000), true),
            (
                Metric::WidthOverHeight,
                Limit::Over(0.4),
                Facts::of_size(4_294_967, 10_737_418),
                false,
            ),
            (Metric::WidthOverHeight, Limit::Under(2.5), Facts::of_size(1000, 400), false),
            (Metric::WidthOverHeight, Limit::Under(2.5), Facts::of_size(999, 400), true),
            (
                Metric::FileSizeMb,
                Limit::Under(30.0),
                Facts::default().with_bytes(30_000_000),
                false,
            ),
            (Metric::FileSizeMb, Limit::Under(30.0), Facts::default().with_bytes(29_999_999), true),
        ];
        for (metric, limit, facts, allowed) in cases {
            let value = metric.of(&facts).expect("the facts are there");
            assert_eq!(limit.allows(value), allowed, "{} {limit} for {facts:?}", metric.name());
        }
    }

    #[test]
    fn a_metric_without_its_facts_has_no_value() {
        for metric in Metric::ALL {
            assert_eq!(metric.of(&Facts::default()), None);
        }
        assert_eq!(Metric::WidthOverHeight.of(&Facts::of_size(1, 0)), None);
    }
}
