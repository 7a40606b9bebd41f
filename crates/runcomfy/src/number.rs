//! Numbers compared without rounding.

use std::cmp::Ordering;

/// A number. Holds every integer exactly that JSON libraries keep exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number, from `i64` or `u64`.
    Integer(i128),
    /// Any other number.
    Float(f64),
}

/// A measured value as a fraction: rounding cannot move it over a bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    pub(crate) fn whole(number: u32) -> Self {
        Self { numerator: number.into(), denominator: 1 }
    }

    pub(crate) fn of(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator > 0).then_some(Self { numerator, denominator })
    }

    /// Compares this value with a bound, which is read as the decimal that it is written as: 0.4
    /// is two fifths, which no float is. Returns `None` for a bound of NaN.
    pub(crate) fn compare(self, bound: f64) -> Option<Ordering> {
        // A float is written with at most 17 digits. `digits` therefore has less than 58 bits, and
        // its product with a denominator of 64 bits fits.
        let (digits, exponent) = decimal(&format!("{bound:e}"))?;
        let power = 10_i128.checked_pow(exponent.unsigned_abs());
        let value = i128::from(self.numerator);
        let bound = digits.checked_mul(i128::from(self.denominator))?;
        let (value, bound) = match exponent {
            ..0 => (power.and_then(|power| value.checked_mul(power)), Some(bound)),
            0.. => (Some(value), power.and_then(|power| bound.checked_mul(power))),
        };
        // A product that does not fit is larger than one that does; zero always fits.
        Some(match (value, bound) {
            (Some(value), Some(bound)) => value.cmp(&bound),
            (None, _) if self.numerator == 0 => 0.cmp(&digits),
            (None, _) => Ordering::Greater,
            (_, None) => 0.cmp(&digits),
        })
    }
}

impl Number {
    pub(crate) fn from_json(number: &serde_json::Number) -> Self {
        match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => Self::Integer(whole),
            (None, Some(float)) => Self::Float(float),
            // No float holds this number: it breaks `type`, as infinity does.
            (None, None) => Self::Float(f64::INFINITY),
        }
    }

    /// Returns `true` for a whole number, such as `1.0`.
    pub(crate) fn is_whole(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.is_finite() && float.fract() == 0.0,
        }
    }

    /// Returns `true` for a number that JSON has: not NaN, not infinite.
    pub(crate) fn is_finite(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.is_finite(),
        }
    }

    /// Returns `true` if two numbers are equal: `1` equals `1.0`.
    pub(crate) fn is_same(self, other: Self) -> bool {
        let same = Some(Ordering::Equal);
        match (self, other) {
            (number, Self::Float(float)) => number.compare(float) == same,
            (number, Self::Integer(whole)) => number.compare_integer(whole) == same,
        }
    }

    /// Compares this number with a whole number, without rounding.
    pub(crate) fn compare_integer(self, bound: i128) -> Option<Ordering> {
        match self {
            Self::Integer(whole) => Some(whole.cmp(&bound)),
            Self::Float(float) => Self::Integer(bound).compare(float).map(Ordering::reverse),
        }
    }

    /// Returns `true` for a multiple of a step. Both are read as the decimals that they are written
    /// as: 4.35 is a multiple of 0.01.
    pub(crate) fn is_multiple_of(self, step: f64) -> bool {
        let number = match self {
            Self::Integer(whole) => decimal(&whole.to_string()),
            Self::Float(float) => decimal(&format!("{float:e}")),
        };
        let (Some((a, a_exponent)), Some((b, b_exponent))) =
            (number, decimal(&format!("{step:e}")))
        else {
            return false;
        };
        if b == 0 {
            return a == 0;
        }
        match u32::try_from(a_exponent - b_exponent) {
            // Only the remainder counts, so no number is too large.
            Ok(shift) => (0..shift).fold(a % b, |rest, _| rest * 10 % b) == 0,
            Err(_) => {
                let shift = u32::try_from(b_exponent - a_exponent).unwrap_or(u32::MAX);
                let step = 10_i128.checked_pow(shift).and_then(|power| power.checked_mul(b));
                // Only zero is a multiple of a step that is larger than any number.
                step.map_or(a == 0, |step| a % step == 0)
            }
        }
    }

    /// Compares this number with a bound, without rounding. Returns `None` for NaN.
    pub(crate) fn compare(self, bound: f64) -> Option<Ordering> {
        match self {
            Self::Float(float) => float.partial_cmp(&bound),
            Self::Integer(whole) => {
                let floor = bound.floor();
                // The cast is exact up to 2^127. It saturates beyond, where every integer of JSON is
                // on one side of the bound.
                let order = whole.cmp(&(floor as i128));
                Some(order.then(floor.total_cmp(&bound)))
            }
        }
    }
}

/// A number as written, such as `4.35` or `1e-8`, as digits and a power of ten.
fn decimal(text: &str) -> Option<(i128, i32)> {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?;
    Some((digits, exponent.parse::<i32>().ok()? - shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiple_is_computed_in_decimal() {
        let (whole, float) = (Number::Integer, Number::Float);
        let power = f64::from(1_u32 << 15);
        let cases = [
            (whole(1000), 100.0, true),
            (whole(1050), 100.0, false),
            (whole(0), 1e300, true),
            (whole(5), 1e300, false),
            (float(0.5), 1.0, false),
            (float(0.5), 10.0, false),
            (whole(i128::MAX), 1.0, true),
            (float(4.35), 0.01, true),
            (float(4.355), 0.01, false),
            // A power of ten has as many factors of two.
            (float(1e14), power, false),
            (float(1e15), power, true),
            (float(1e16), 2.0 * power, true),
            (float(5e15), 2.0 * power, false),
            (float(6e15), 2.0 * power, true),
            (float(3e15), 2.0 * power, false),
            (float(1e49), 1_125_899_906_842_624.0, false),
            (float(1e50), 1_125_899_906_842_624.0, true),
            (float(7e300), 7.0, true),
            (float(1e300), 7.0, false),
            (float(1e308), 0.123456789, false),
            (whole(i128::from(u64::MAX)), 5e-324, true),
            // A schema cannot have such a step.
            (whole(0), 0.0, true),
            (whole(1), 0.0, false),
            (float(f64::NAN), 1.0, false),
        ];
        for (number, step, expected) in cases {
            assert_eq!(number.is_multiple_of(step), expected, "{number:?} of {step}");
        }
    }

    #[test]
    fn numbers_are_compared_without_rounding() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (whole, float) = (Number::Integer, Number::Float);
        let large = (1_i128 << 53) + 1;
        let cases = [
            (whole(1), 1.5, Some(Less)),
            (whole(2), 1.5, Some(Greater)),
            (whole(-1), -1.5, Some(Greater)),
            (whole(-2), -1.5, Some(Less)),
            (whole(1), 1.0, Some(Equal)),
            (whole(large), 9007199254740992.0, Some(Greater)),
            (float(0.1), 0.1, Some(Equal)),
            (float(f64::NAN), 0.0, None),
        ];
        for (number, bound, expected) in cases {
            assert_eq!(number.compare(bound), expected, "{number:?} and {bound}");
            assert_eq!(number.is_same(float(bound)), expected == Some(Equal), "{number:?}");
        }
        assert_eq!(float(9007199254740992.0).compare_integer(large), Some(Less));
        assert_eq!(whole(large).compare_integer(large), Some(Equal));
        assert!(whole(3).is_same(whole(3)) && !whole(3).is_same(whole(4)));
        assert!(float(3.0).is_same(whole(3)) && !float(3.5).is_same(whole(3)));
    }

    #[test]
    fn a_ratio_is_compared_without_rounding() {
        // As floats, each of these two is equal to its bound, or on its other side.
        let third = 0.333_333_333_333_333_3;
        let cases = [
            (Ratio::of(1, 3), third, Ordering::Greater),
            (Ratio::of(9_007_199_254_740_993, 1), 9_007_199_254_740_992.0, Ordering::Greater),
            (Ratio::of(2, 5), 0.4, Ordering::Equal),
            (Ratio::of(1, 10), 0.1, Ordering::Equal),
            (Ratio::of(u64::MAX, 1), 1e300, Ordering::Less),
            (Ratio::of(u64::MAX, 1), -1e300, Ordering::Greater),
            (Ratio::of(1, u64::MAX), 1e-300, Ordering::Greater),
            (Ratio::of(0, 1), 1e-300, Ordering::Less),
            (Ratio::of(0, 1), -1e-300, Ordering::Greater),
            (Ratio::of(0, 1), 0.0, Ordering::Equal),
        ];
        for (ratio, bound, order) in cases {
            let ratio = ratio.expect("it is a ratio");
            assert_eq!(ratio.compare(bound), Some(order), "{ratio:?} and {bound:e}");
        }
        let one = Ratio::whole(1);
        assert_eq!((one.compare(f64::NAN), one.compare(f64::INFINITY)), (None, None));
    }
}
