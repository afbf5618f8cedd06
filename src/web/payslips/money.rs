//! Amounts as people read them. They are counted in cents, never in floating point.

use crate::language::Language;

/// The cents of a decimal such as `2104.17`; `None` if it is none, or beyond all pay.
pub(super) fn cents(decimal: &str) -> Option<i64> {
    let (negative, digits) = match decimal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, decimal.strip_prefix('+').unwrap_or(decimal)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let part = part.trim_end_matches('0');
    if whole.is_empty() || whole.len() > 12 || part.len() > 2 || !plain(whole) || !plain(part) {
        return None;
    }
    let cents = whole.parse::<i64>().ok()? * 100 + format!("{part:0<2}").parse::<i64>().ok()?;
    Some(if negative { -cents } else { cents })
}

/// "2 104,17 €", "€2,104.17".
pub(super) fn shown(cents: i64, language: Language) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    let (whole, part) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(language.choose('\u{202f}', ','));
        }
        grouped.push(digit);
    }
    language.choose(format!("{sign}{grouped},{part:02}\u{a0}€"), format!("{sign}€{grouped}.{part:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_cents() {
        for (decimal, expected) in [
            ("2104.17", Some(210_417)),
            ("2104.1", Some(210_410)),
            ("2104", Some(210_400)),
            ("2104.100", Some(210_410)),
            ("-12.05", Some(-1_205)),
            ("12.345", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("1234567890123", None),
        ] {
            assert_eq!(cents(decimal), expected, "{decimal}");
        }
    }

    #[test]
    fn amounts_are_written_as_each_language_does() {
        assert_eq!(shown(210_417, Language::French), "2\u{202f}104,17\u{a0}€");
        assert_eq!(shown(210_417, Language::English), "€2,104.17");
        assert_eq!(shown(-1_205, Language::French), "−12,05\u{a0}€");
        assert_eq!(shown(123_456_789, Language::English), "€1,234,567.89");
    }
}
