//! Sizes as people say them: "1,5 Mo", "1.5 MB".

use crate::language::Language;

const FRENCH: [&str; 4] = ["octets", "Ko", "Mo", "Go"];
const ENGLISH: [&str; 4] = ["bytes", "kB", "MB", "GB"];

/// A number of bytes, with one decimal where that tells something.
pub fn size(bytes: u64, language: Language) -> String {
    let units = language.choose(&FRENCH, &ENGLISH);
    // In tenths of the unit.
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_000 && unit + 1 < units.len() {
        (tenths, unit) = (tenths.div_ceil(1000), unit + 1);
    }
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let name = units.get(unit).copied().unwrap_or_default();
    let point = language.choose(",", ".");
    if tenth == 0 || whole >= 100 {
        format!("{whole}\u{a0}{name}")
    } else {
        format!("{whole}{point}{tenth}\u{a0}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_largest_unit() {
        for (bytes, french, english) in [
            (0, "0 octets", "0 bytes"),
            (999, "999 octets", "999 bytes"),
            (1000, "1 Ko", "1 kB"),
            (1501, "1,6 Ko", "1.6 kB"),
            (2_000_000_000, "2 Go", "2 GB"),
            (12_340_000, "12,4 Mo", "12.4 MB"),
            (250_100_000, "250 Mo", "250 MB"),
            (5_000_000_000_000, "5000 Go", "5000 GB"),
        ] {
            let said = |language| size(bytes, language).replace('\u{a0}', " ");
            assert_eq!(said(Language::French), french, "{bytes}");
            assert_eq!(said(Language::English), english, "{bytes}");
        }
    }
}
