//! Amounts of money, exact: whole cents, never floating point.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Below this an amount must stay, in cents: ten million euros.
///
/// Spec: shape P4
const BOUND: i64 = 1_000_000_000;

/// An amount in euros, positive or negative (what was paid too much is asked back).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i64);

impl Amount {
    pub const ZERO: Self = Self(0);

    /// `None` if it is too large to be anybody's pay.
    pub const fn of_cents(cents: i64) -> Option<Self> {
        if cents > -BOUND && cents < BOUND { Some(Self(cents)) } else { None }
    }

    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Reads a text that is one amount as people write it in French: `2 104,37 €`. The space may be a plain, a no-break
    /// or a narrow one; the sign may stand before or behind.
    ///
    /// ```
    /// use cartable::ingest::payslips::amount::Amount;
    /// assert_eq!(Amount::parse("12\u{202f}345,60 €").unwrap().to_string(), "12345.60");
    /// assert_eq!(Amount::parse("abc"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text =
            ["€", "EUR", "EUROS", "euros", "eur"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
        let (amount, rest) = Self::at_start(text.trim())?;
        rest.is_empty().then_some(amount)
    }

    /// Reads the amount that a text begins with, and gives back the rest. A number with other than two decimals is no
    /// amount, and neither is a percentage.
    pub fn at_start(text: &str) -> Option<(Self, &str)> {
        let (before, unsigned) = sign(text);
        let (cents, rest) = number(unsigned.trim_start_matches(is_space))?;
        if rest.trim_start_matches(is_space).starts_with('%') {
            return None;
        }
        let (behind, rest) = if before { (false, rest) } else { sign(rest) };
        Some((Self::of_cents(if before || behind { -cents } else { cents })?, rest))
    }
}

/// A sign, if the text begins with one: whether it is a minus, and what follows.
fn sign(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix('+') {
        return (false, rest);
    }
    text.strip_prefix(['-', '\u{2212}', '\u{2013}']).map_or((false, text), |rest| (true, rest))
}

/// Digits in groups of three or in one piece, a comma or point, two digits: in cents, with what follows.
fn number(text: &str) -> Option<(i64, &str)> {
    let (whole, mut rest) = digits(text);
    let mut value: i64 = whole.parse().ok()?;
    while whole.len() <= 3
        && let Some((group, behind)) = rest.strip_prefix(is_space).map(digits)
        && group.len() == 3
    {
        value = value.checked_mul(1000)?.checked_add(group.parse().ok()?)?;
        rest = behind;
    }
    let (cents, rest) = digits(rest.strip_prefix([',', '.'])?);
    let ends = !rest.starts_with(|next: char| next.is_alphanumeric() || next == ',' || next == '.');
    if cents.len() != 2 || !ends {
        return None;
    }
    Some((value.checked_mul(100)?.checked_add(cents.parse().ok()?)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn is_space(character: char) -> bool {
    character.is_whitespace()
}

impl TryFrom<i64> for Amount {
    type Error = &'static str;

    fn try_from(cents: i64) -> Result<Self, Self::Error> {
        Self::of_cents(cents).ok_or("too large an amount")
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

/// As `xsd:decimal`, with two fraction digits.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows: shape P4
    #[test]
    fn amounts_as_people_write_them() {
        for (text, amount) in [
            ("2 104,37 €", Some("2104.37")),
            ("2\u{a0}104,37\u{a0}€", Some("2104.37")),
            ("12\u{202f}345,60 €", Some("12345.60")),
            ("1 234 567,89", Some("1234567.89")),
            ("732,53 €", Some("732.53")),
            ("2104.37", Some("2104.37")),
            ("0,00 EUR", Some("0.00")),
            ("-21,00", Some("-21.00")),
            ("\u{2212} 21,00", Some("-21.00")),
            ("21,00-", Some("-21.00")),
            ("+21,00", Some("21.00")),
            ("-0,05", Some("-0.05")),
            ("", None),
            ("abc", None),
            ("€", None),
            ("2 104", None),
            ("2 10,37", None),
            ("21 04,37", None),
            ("2104,3", None),
            ("2104,375", None),
            ("3,10 %", None),
            ("23.12.2025", None),
            ("10 000 000,00", None),
            ("99999999999999999999,00", None),
        ] {
            assert_eq!(Amount::parse(text).map(|amount| amount.to_string()).as_deref(), amount, "{text}");
        }
    }

    #[test]
    fn amounts_in_one_line_are_told_apart() {
        let (first, rest) = Amount::at_start("2 719,43 615,26 1 750,21").unwrap();
        let (second, rest) = Amount::at_start(rest.trim_start()).unwrap();
        let (third, rest) = Amount::at_start(rest.trim_start()).unwrap();
        assert_eq!([first, second, third].map(|amount| amount.to_string()), ["2719.43", "615.26", "1750.21"]);
        assert_eq!(rest, "");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(cents in -999_999_999_i64..=999_999_999) {
            let amount = Amount::of_cents(cents).unwrap();
            prop_assert_eq!(Amount::parse(&amount.to_string()), Some(amount));
        }

        #[test]
        fn nothing_makes_it_panic(text in "[0-9 ,.€%+\u{a0}\u{2212}-]{0,40}") {
            let _ = Amount::parse(&text);
        }
    }
}
