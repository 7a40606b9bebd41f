//! Metrics of custom rules: the one place that knows what a rule measures.
//!
//! To add a metric, add a variant, name it in [`Metric::ALL`], and write its row in
//! `Metric::definition`. The checker, the report, the generator and the docs all read that row.
//! A metric about a field that [`MediaInfo`] already has needs nothing else in this crate;
//! `CONTRIBUTING.md` lists the rest.

use std::cmp::Ordering;
use std::fmt;

use super::{Format, MediaInfo};
use crate::number::Ratio;

/// A quantity that a custom rule of RunComfy's schema dialect measures.
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

/// The strict bound of a custom rule: a value equal to it breaks the rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The rule ends in `>`.
    Over(f64),
    /// The rule ends in `<`.
    Under(f64),
}

/// The outcome of a rule for one piece of media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RuleOutcome {
    /// The rule holds.
    Kept,
    /// The rule is broken, by this measured value.
    Broken(String),
    /// Something that the rule needs is unknown.
    Unknown(MissingInfo),
}

/// The information that is missing to check a rule about media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingInfo {
    /// A fact from the header, which not every format has.
    Header,
    /// The size of the file, which its host reports.
    FileSize,
    /// The metric or the operator: this version does not know the rule.
    Rule,
}

/// Everything about one metric.
struct Definition {
    name: &'static str,
    noun: &'static str,
    unit: &'static str,
    /// `true` if only visible media has it: a sound never does.
    is_visual: bool,
    /// Returns its value if the facts that it needs are known.
    value: fn(&MediaInfo) -> Option<Ratio>,
    /// Shows what was measured.
    found: fn(&MediaInfo) -> Option<String>,
    /// The missing information if there is no value although the file was read.
    missing: MissingInfo,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 4] =
        [Self::WidthPixels, Self::HeightPixels, Self::WidthOverHeight, Self::FileSizeMb];

    fn definition(self) -> Definition {
        match self {
            Self::WidthPixels => Definition {
                name: "width_pixels",
                noun: "width",
                unit: " px",
                is_visual: true,
                value: |info| info.width.map(Ratio::whole),
                found: shown_size,
                missing: MissingInfo::Header,
            },
            Self::HeightPixels => Definition {
                name: "height_pixels",
                noun: "height",
                unit: " px",
                is_visual: true,
                value: |info| info.height.map(Ratio::whole),
                found: shown_size,
                missing: MissingInfo::Header,
            },
            Self::WidthOverHeight => Definition {
                name: "width/height",
                noun: "width/height",
                unit: "",
                is_visual: true,
                value: |info| Ratio::of(info.width?.into(), info.height?.into()),
                found: shown_size,
                missing: MissingInfo::Header,
            },
            Self::FileSizeMb => Definition {
                name: "file_size_mb",
                noun: "file size",
                unit: " MB",
                is_visual: false,
                value: |info| Ratio::of(info.bytes?, 1_000_000),
                found: |info| Some(format!("{} MB", info.bytes? as f64 / 1e6)),
                missing: MissingInfo::FileSize,
            },
        }
    }

    /// Returns the metric with this name on the wire, such as `width_pixels`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Returns its name on the wire.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// Returns its name in words, such as `width`.
    pub fn noun(self) -> &'static str {
        self.definition().noun
    }

    /// Returns its unit as written after a number, such as ` px`; empty for a ratio.
    pub fn unit(self) -> &'static str {
        self.definition().unit
    }

    /// Returns `true` if the media keeps within a bound, compared without rounding. Returns
    /// `None` if a fact that this needs is unknown.
    pub fn keeps(self, bound: Bound, info: &MediaInfo) -> Option<bool> {
        match self.evaluate(bound, info) {
            RuleOutcome::Kept => Some(true),
            RuleOutcome::Broken(_) => Some(false),
            RuleOutcome::Unknown(_) => None,
        }
    }

    pub(crate) fn evaluate(self, bound: Bound, info: &MediaInfo) -> RuleOutcome {
        let definition = self.definition();
        if definition.is_visual && info.is_visible() == Some(false) {
            let format = info.format.map_or("a sound", Format::content_type);
            return RuleOutcome::Broken(format!("{format}, which has no {}", definition.noun));
        }
        match (definition.value)(info) {
            Some(value) if bound.allows(value) => RuleOutcome::Kept,
            Some(_) => RuleOutcome::Broken((definition.found)(info).unwrap_or_default()),
            None => RuleOutcome::Unknown(definition.missing),
        }
    }
}

fn shown_size(info: &MediaInfo) -> Option<String> {
    Some(format!("{} × {} px", info.width?, info.height?))
}

impl Bound {
    /// Splits a custom rule into its metric's name and its bound. `width_pixels>` with 300 is
    /// `width_pixels` and [`Bound::Over`]`(300.0)`.
    pub fn split(rule: &str, value: f64) -> Option<(&str, Self)> {
        match rule.strip_suffix('>') {
            Some(name) => Some((name, Self::Over(value))),
            None => rule.strip_suffix('<').map(|name| (name, Self::Under(value))),
        }
    }

    fn allows(self, value: Ratio) -> bool {
        match self {
            Self::Over(bound) => value.compare(bound) == Some(Ordering::Greater),
            Self::Under(bound) => value.compare(bound) == Some(Ordering::Less),
        }
    }

    /// Returns the operator as it ends a rule.
    pub fn operator(self) -> char {
        match self {
            Self::Over(_) => '>',
            Self::Under(_) => '<',
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Over(bound) => write!(f, "over {bound}"),
            Self::Under(bound) => write!(f, "under {bound}"),
        }
    }
}

impl fmt::Display for MissingInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "it is not measured in a file of this format",
            Self::FileSize => "its host does not report the size of the file",
            Self::Rule => "this version does not know the rule",
        })
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
    fn a_rule_is_split_into_its_metric_and_its_bound() {
        for (rule, name, limit) in [
            ("width_pixels>", "width_pixels", Bound::Over(3.0)),
            ("width/height<", "width/height", Bound::Under(3.0)),
        ] {
            assert_eq!(Bound::split(rule, 3.0), Some((name, limit)));
            assert_eq!(format!("{name}{}", limit.operator()), rule);
        }
        assert_eq!(Bound::split("width_pixels", 3.0), None);
    }

    #[test]
    fn a_value_equal_to_its_bound_breaks_the_rule() {
        let ratio = Metric::WidthOverHeight;
        let size = Metric::FileSizeMb;
        let bytes = |bytes| MediaInfo::default().with_bytes(bytes);
        let cases = [
            (Metric::WidthPixels, Bound::Over(300.0), MediaInfo::of_size(300, 600), false),
            (Metric::WidthPixels, Bound::Over(300.0), MediaInfo::of_size(301, 600), true),
            (Metric::HeightPixels, Bound::Over(299.5), MediaInfo::of_size(301, 300), true),
            (Metric::WidthPixels, Bound::Over(-1.0), MediaInfo::of_size(0, 1), true),
            (ratio, Bound::Over(0.4), MediaInfo::of_size(400, 1000), false),
            (ratio, Bound::Over(0.4), MediaInfo::of_size(401, 1000), true),
            (ratio, Bound::Over(0.4), MediaInfo::of_size(4_294_967, 10_737_418), false),
            (ratio, Bound::Under(2.5), MediaInfo::of_size(1000, 400), false),
            (ratio, Bound::Under(2.5), MediaInfo::of_size(999, 400), true),
            (size, Bound::Under(30.0), bytes(30_000_000), false),
            (size, Bound::Under(30.0), bytes(29_999_999), true),
            (size, Bound::Under(0.3), bytes(300_000), false),
            (size, Bound::Under(0.3), bytes(299_999), true),
        ];
        for (metric, limit, facts, allowed) in cases {
            let kept = metric.keeps(limit, &facts);
            assert_eq!(kept, Some(allowed), "{} {limit} for {facts:?}", metric.name());
        }
    }

    #[test]
    fn a_metric_without_its_facts_has_no_answer() {
        for metric in Metric::ALL {
            assert_eq!(metric.keeps(Bound::Over(0.0), &MediaInfo::default()), None);
        }
        let flat = MediaInfo::of_size(1, 0);
        assert_eq!(Metric::WidthOverHeight.keeps(Bound::Over(0.0), &flat), None);
    }

    #[test]
    fn a_sound_has_no_width_for_any_bound() {
        let sound = MediaInfo::default().with_format(Format::Mp3).with_bytes(1);
        for metric in [Metric::WidthPixels, Metric::HeightPixels, Metric::WidthOverHeight] {
            assert_eq!(metric.keeps(Bound::Over(-1.0), &sound), Some(false));
        }
        assert_eq!(Metric::FileSizeMb.keeps(Bound::Under(1.0), &sound), Some(true));
    }
}
