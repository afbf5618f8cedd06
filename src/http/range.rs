//! Byte ranges: which part of a representation a GET asks for.

use http::header::{HeaderMap, HeaderValue, RANGE};

use super::headers::members;

/// What to send of a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    /// All of it, with 200.
    Whole,
    /// With 206.
    Part(Part),
    /// The range begins behind the end: 416.
    Unsatisfiable,
}

/// Bytes `first` to `last`, both included, of a representation that has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub first: u64,
    pub last: u64,
}

impl Part {
    pub const fn size(self) -> u64 {
        self.last - self.first + 1
    }

    /// The value of `Content-Range`, of a representation of `total` bytes.
    ///
    /// Spec: P-110
    pub fn content_range(self, total: u64) -> HeaderValue {
        printed(format!("bytes {}-{}/{total}", self.first, self.last))
    }
}

/// The value of `Content-Range` where no part could be selected.
///
/// Spec: P-111
pub fn unsatisfied(total: u64) -> HeaderValue {
    printed(format!("bytes */{total}"))
}

fn printed(value: String) -> HeaderValue {
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("bytes */*"))
}

/// Selects what the `Range` of a GET asks for, of a representation of `total` bytes.
///
/// Only one range of bytes is served; several, another unit, or what makes no sense, mean the whole.
///
/// Spec: P-110, P-111, P-112, rfc9110 §14.2
///
/// ```
/// use cartable::http::range::{Part, Selected, select};
/// let headers = http::HeaderMap::from_iter([(http::header::RANGE, "bytes=-3".parse().unwrap())]);
/// assert_eq!(select(&headers, 10), Selected::Part(Part { first: 7, last: 9 }));
/// ```
pub fn select(headers: &HeaderMap, total: u64) -> Selected {
    match asked(headers) {
        None => Selected::Whole,
        // There is no way to say "no bytes of none", so that of nothing the whole is sent.
        Some(Asked::Last(count)) if total == 0 && count > 0 => Selected::Whole,
        Some(Asked::Last(0)) => Selected::Unsatisfiable,
        Some(Asked::Last(count)) => part(total.saturating_sub(count), u64::MAX, total),
        Some(Asked::From(first, last)) => part(first, last, total),
    }
}

fn part(first: u64, last: u64, total: u64) -> Selected {
    if first >= total {
        return Selected::Unsatisfiable;
    }
    Selected::Part(Part { first, last: last.min(total - 1) })
}

/// A range before the size is known.
enum Asked {
    From(u64, u64),
    Last(u64),
}

fn asked(headers: &HeaderMap) -> Option<Asked> {
    let mut fields = headers.get_all(RANGE).iter();
    let field = fields.next()?.to_str().ok()?;
    if fields.next().is_some() {
        return None;
    }
    let (unit, ranges) = field.split_once('=')?;
    let mut ranges = members(ranges, ',');
    let (first, last) = ranges.next()?.split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.next().is_some() {
        return None;
    }
    match (first, last) {
        ("", count) => Some(Asked::Last(number(count)?)),
        (first, "") => Some(Asked::From(number(first)?, u64::MAX)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::From(first, last))
        }
    }
}

/// Digits only. What does not fit is as large as can be.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str, total: u64) -> Selected {
        select(&HeaderMap::from_iter([(RANGE, HeaderValue::from_str(value).unwrap())]), total)
    }

    /// Shows: P-110, P-111, P-112
    #[test]
    fn one_range_is_selected_and_clamped() {
        let part = |first, last| Selected::Part(Part { first, last });
        for (value, selected) in [
            ("bytes=0-4", part(0, 4)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=5-", part(5, 9)),
            ("bytes=5-99", part(5, 9)),
            ("bytes=0-99999999999999999999999", part(0, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("Bytes= 1-2 ,", part(1, 2)),
            ("bytes=10-", Selected::Unsatisfiable),
            ("bytes=10-11", Selected::Unsatisfiable),
            ("bytes=99999999999999999999999-", Selected::Unsatisfiable),
            ("bytes=-0", Selected::Unsatisfiable),
            ("bytes=4-2", Selected::Whole),
            ("bytes=0-1,3-4", Selected::Whole),
            ("bytes=", Selected::Whole),
            ("bytes=-", Selected::Whole),
            ("bytes=a-b", Selected::Whole),
            ("bytes=+1-2", Selected::Whole),
            ("bytes", Selected::Whole),
            ("lines=0-1", Selected::Whole),
        ] {
            assert_eq!(of(value, 10), selected, "{value}");
        }
    }

    #[test]
    fn nothing_has_no_first_byte() {
        assert_eq!(of("bytes=0-", 0), Selected::Unsatisfiable);
        assert_eq!(of("bytes=-5", 0), Selected::Whole);
        assert_eq!(select(&HeaderMap::new(), 10), Selected::Whole);
    }

    #[test]
    fn two_fields_are_ignored() {
        let mut headers = HeaderMap::new();
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(select(&headers, 10), Selected::Whole);
    }

    /// Shows: P-110, P-111
    #[test]
    fn content_range_is_printed() {
        assert_eq!(Part { first: 2, last: 5 }.content_range(10), "bytes 2-5/10");
        assert_eq!(Part { first: 2, last: 5 }.size(), 4);
        assert_eq!(unsatisfied(10), "bytes */10");
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_whole(value in "(bytes=)?[-0-9, a]{0,24}", total: u64) {
            if let Selected::Part(part) = of(&value, total) {
                prop_assert!(part.first <= part.last && part.last < total);
            }
        }
    }
}
