//! What must never leave a payslip but with the payslip itself: social security numbers and bank accounts.

/// Whether a text holds a social security number or the number of a bank account.
///
/// A number of 15 digits (or with `2A`, `2B` for Corsica) is one if its key is right; one of 13 digits has no key, so
/// each counts. Bank account numbers count if their check digits are right; French ones always, so that a misprint does
/// not slip through.
///
/// Spec: shape P9
///
/// ```
/// use cartable::ingest::payslips::private::is_private;
/// assert!(is_private("FR76 3000 6000 0112 3456 7890 189"));
/// assert!(!is_private("99999990700010"), "a SIRET");
/// ```
pub fn is_private(text: &str) -> bool {
    let tokens: Vec<&str> =
        text.split(|character: char| !character.is_alphanumeric()).filter(|token| !token.is_empty()).collect();
    (0..tokens.len()).any(|start| begins_private(&tokens[start..]))
}

/// Numbers are printed in groups: each beginning of the text that is as long as one of the numbers is looked at.
fn begins_private(tokens: &[&str]) -> bool {
    let mut joined = String::new();
    for token in tokens {
        if !token.is_ascii() || joined.len() + token.len() > LONGEST {
            return false;
        }
        joined.extend(token.chars().map(|character| character.to_ascii_uppercase()));
        if is_social_security(&joined) || is_bank_account(&joined) {
            return true;
        }
    }
    false
}

/// The longest number of a bank account.
const LONGEST: usize = 34;

fn is_social_security(text: &str) -> bool {
    let corsican = text.get(5..7).and_then(|department| match department {
        "2A" => Some(("19", text)),
        "2B" => Some(("18", text)),
        _ => None,
    });
    let digits =
        corsican.map_or_else(|| text.to_owned(), |(as_if, text)| format!("{}{as_if}{}", &text[..5], &text[7..]));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    match digits.len() {
        13 => true,
        15 => has_key(&digits[..13], &digits[13..]),
        _ => false,
    }
}

/// The key is what is missing to the next multiple of 97.
fn has_key(number: &str, key: &str) -> bool {
    let (Ok(number), Ok(key)) = (number.parse::<u64>(), key.parse::<u64>()) else { return false };
    97 - number % 97 == key
}

fn is_bank_account(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shaped = (15..=LONGEST).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    shaped && (text.starts_with("FR") && bytes.len() == 27 || remainder(text) == 1)
}

/// The number with its first four characters moved to the end and letters as 10 to 35, modulo 97 (ISO 7064).
fn remainder(text: &str) -> u32 {
    let (head, tail) = text.split_at(4);
    let values = tail.chars().chain(head.chars()).filter_map(|character| character.to_digit(36));
    values.fold(0, |sum, value| (sum * if value > 9 { 100 } else { 10 } + value) % 97)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows: shape P9
    #[test]
    fn numbers_that_are_nobodys_business() {
        for (text, private) in [
            ("999999999999983", true),
            ("9999999999999", true),
            ("9 99 99 99 999 999 83", true),
            ("Dossier 999999999999983, suite", true),
            ("999999999999984", false),
            ("2 69 05 49 588 157 80", true),
            ("FR00 9999 9999 9999 9999 9999 999", true),
            ("fr0099999999999999999999999", true),
            ("BE68 5390 0754 7034", true),
            ("BE69 5390 0754 7034", false),
            ("99999990700010", false),
            ("2025-12-01", false),
            ("28618.40", false),
            ("LYCÉE FICTIF AR MOR GLAS", false),
            ("67d28143ac96451121b3f9a11747ff67f0157fcd753aaecc9e4d87812c480d00", false),
            ("d0c00000-0000-4000-8000-000000000112", false),
            ("", false),
        ] {
            assert_eq!(is_private(text), private, "{text}");
        }
    }

    /// Shows: shape P9
    #[test]
    fn numbers_of_corsica_have_letters() {
        let number = 1_850_519_999_999_u64;
        let key = 97 - number % 97;
        assert!(is_private(&format!("185052A999999{key:02}")));
        let wrong = if key == 97 { 1 } else { key + 1 };
        assert!(!is_private(&format!("185052A999999{wrong:02}")));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,60}") {
            let _ = is_private(&text);
        }

        /// Shows: shape P9
        #[test]
        fn a_number_is_found_wherever_it_stands(before in "[a-z ]{0,10} ", number in 1_000_000_000_000_u64..8_000_000_000_000) {
            let text = format!("{before}{number}{:02}", 97 - number % 97);
            prop_assert!(is_private(&text), "{}", text);
        }
    }
}
