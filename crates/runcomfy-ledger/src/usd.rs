//! Money in exact decimals.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// US dollars, as a whole number of micro-dollars: the unit in which RunComfy counts.
///
/// ```
/// use runcomfy_ledger::Usd;
///
/// let price: Usd = "0.25".parse()?;
/// assert_eq!(price, Usd::from_micros(250_000));
/// assert_eq!((price + price).to_string(), "0.50");
/// # Ok::<(), runcomfy_ledger::InvalidUsd>(())
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Usd(i64);

/// A text or number that is not an amount of dollars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be US dollars from 0 to 1000000000 with at most six decimals, such as `0.25` (found `{0}`)"
)]
pub struct InvalidUsd(String);

/// Micro-dollars in a dollar.
const MICROS: i64 = 1_000_000;
/// The maximum, in dollars.
const MAX_DOLLARS: i64 = 1_000_000_000;

impl Usd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Creates an amount from micro-dollars. A negative number is zero, and one above a billion
    /// dollars is a billion dollars.
    pub const fn from_micros(micros: i64) -> Self {
        match micros {
            ..0 => Self(0),
            micros if micros > MAX_DOLLARS * MICROS => Self(MAX_DOLLARS * MICROS),
            micros => Self(micros),
        }
    }

    /// Returns the amount in micro-dollars.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Creates an amount from a float such as RunComfy reports, rounded to micro-dollars.
    ///
    /// # Errors
    ///
    /// If it is negative, not a number, or more than a billion.
    pub fn from_dollars(dollars: f64) -> Result<Self, InvalidUsd> {
        if (0.0..=MAX_DOLLARS as f64).contains(&dollars) {
            Ok(Self((dollars * MICROS as f64).round() as i64))
        } else {
            Err(InvalidUsd(dollars.to_string()))
        }
    }
}

impl FromStr for Usd {
    type Err = InvalidUsd;

    fn from_str(text: &str) -> Result<Self, InvalidUsd> {
        parse(text.trim()).ok_or_else(|| InvalidUsd(text.chars().take(64).collect()))
    }
}

/// Reads decimal digits, with at most six after the point.
fn parse(text: &str) -> Option<Usd> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = !whole.is_empty()
        && (1..=6).contains(&decimals.len())
        && whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit());
    if !are_digits {
        return None;
    }
    let dollars: i64 = whole.parse().ok()?;
    let micros: i64 = format!("{decimals:0<6}").parse().ok()?;
    let total = dollars.checked_mul(MICROS)?.checked_add(micros)?;
    (total <= MAX_DOLLARS * MICROS).then_some(Usd(total))
}

/// Writes at least two decimals, and no more than the amount has.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % MICROS);
        let (cents, rest) = decimals.split_at(2);
        write!(f, "{}.{cents}{}", self.0 / MICROS, rest.trim_end_matches('0'))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_micros(self.0.saturating_add(other.0))
    }
}

impl TryFrom<String> for Usd {
    type Error = InvalidUsd;

    fn try_from(text: String) -> Result<Self, InvalidUsd> {
        text.parse()
    }
}

impl From<Usd> for String {
    fn from(amount: Usd) -> Self {
        amount.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_and_read_back_equal() {
        for (text, micros, shown) in [
            ("0", 0, "0.00"),
            ("0.1", 100_000, "0.10"),
            ("12.345678", 12_345_678, "12.345678"),
            ("0.000001", 1, "0.000001"),
            (" 7 ", 7_000_000, "7.00"),
            ("1000000000", 1_000_000_000_000_000, "1000000000.00"),
        ] {
            let amount: Usd = text.parse().expect("it is an amount");
            assert_eq!((amount.micros(), amount.to_string().as_str()), (micros, shown));
            assert_eq!(shown.parse(), Ok(amount));
        }
        assert_eq!(Usd::from_dollars(0.1 + 0.2), Ok(Usd(300_000)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0.1234567", "1000000000.01"] {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
        for dollars in [-0.01, f64::NAN, f64::INFINITY, 1e10] {
            assert!(Usd::from_dollars(dollars).is_err(), "{dollars}");
        }
        assert_eq!(Usd::from_micros(-5), Usd::ZERO);
        assert_eq!(Usd::from_micros(i64::MAX) + Usd(1), Usd::from_micros(i64::MAX));
    }
}
