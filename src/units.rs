//! Sizes and spans of time as people write them in settings: `16 MiB`, `30 s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is no size or span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("`{0}` is not a size: write a whole number and a unit, such as 500 MB or 16 MiB")]
    Size(String),
    #[error("`{0}` is not a length of time: write a whole number and a unit, such as 30 s, 10 min, 1 h or 365 d")]
    Span(String),
}

/// A number of bytes.
///
/// ```
/// use cartable::units::Size;
/// assert_eq!("16 MiB".parse(), Ok(Size(16 << 20)));
/// assert_eq!(Size(16 << 20).to_string(), "16 MiB");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// A length of time.
///
/// ```
/// use cartable::units::Span;
/// use std::time::Duration;
/// assert_eq!("2 min".parse(), Ok(Span(Duration::from_secs(120))));
/// assert_eq!(Span(Duration::from_secs(120)).to_string(), "2 min");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

const SPANS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

impl Span {
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

/// Reads `number unit`; without a unit the number counts ones.
fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.trim().find(|c: char| !c.is_ascii_digit()).unwrap_or(text.trim().len());
    let (number, unit) = text.trim().split_at(digits);
    let unit = unit.trim();
    let factor = match unit {
        "" => 1,
        _ => units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes a number in the largest unit that divides it.
fn write(f: &mut fmt::Formatter<'_>, number: u64, units: &[(&str, u64)]) -> fmt::Result {
    match units.iter().find(|(_, factor)| number != 0 && number.is_multiple_of(*factor)) {
        Some((unit, factor)) => write!(f, "{} {unit}", number / factor),
        None => write!(f, "{number}"),
    }
}

impl FromStr for Size {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        read(text, &SIZES).map(Self).ok_or_else(|| Malformed::Size(text.to_owned()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, &SIZES)
    }
}

impl FromStr for Span {
    type Err = Malformed;

    /// A number without unit is no span: nobody could tell seconds from days.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bare = text.trim().bytes().all(|byte| byte.is_ascii_digit()) && text.trim() != "0";
        let millis = if bare { None } else { read(text, &SPANS) };
        millis.map(|millis| Self(Duration::from_millis(millis))).ok_or_else(|| Malformed::Span(text.to_owned()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), &SPANS)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Both are written as text; a size may also be a plain number of bytes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Self(bytes)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string().parse().map_err(de::Error::custom),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_are_read_as_written() {
        let sizes =
            [("0", 0), ("12", 12), ("1 kB", 1000), ("1KiB", 1024), (" 500  mb ", 500_000_000), ("2 TiB", 2 << 40)];
        for (text, bytes) in sizes {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MB", "-1 B", "1.5 GB", "1 Mo", "99999999999 TiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        for (text, millis) in [("0", 0), ("250 ms", 250), ("30s", 30_000), ("1 d", 86_400_000)] {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))), "{text}");
        }
        for text in ["30", "", "s", "1 week"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_is_read_back(number: u64) {
            proptest::prop_assert_eq!(Size(number).to_string().parse(), Ok(Size(number)));
            let span = Span(Duration::from_millis(number));
            proptest::prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
